// Package telegramtest has a server that speaks as Telegram's Bot API does, for tests. It checks what the real one
// checks and refuses what that refuses, in its words, so that a message that passes here is one that it takes.
package telegramtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Token and Username are the bot's where the options give no other.
const (
	Token    = "123456789:AAtest-token_0123456789abcdefghijklm"
	Username = "yinju_test_bot"
)

// BotID is the bot's user id.
const BotID = 123456789

// Options say how a server behaves. The zero value is fit for most tests: no limits, no faults.
type Options struct {
	Token    string // "": Token
	Username string // "": Username
	Limits   Limits // zero: none; Real are Telegram's
	Now      func() time.Time
	After    func(time.Duration) <-chan time.Time // what long polls and the webhook's next tries wait for; nil: time.After
	Script   func(Call) Fault                     // called for each request before it is handled, at once for several; nil: none
}

// Call is a request that was made.
type Call struct {
	N           int    // how many-th, from 1
	Method      string // as it was written
	Params      map[string]string
	Text        Text // of a message, a draft or a caption that could be parsed
	Code        int  // of the answer; 0: none was given yet, or a fault kept it back
	Description string
	At          time.Time
}

// Server is a Bot API server with one bot.
type Server struct {
	options Options
	server  *httptest.Server
	tb      testing.TB
	done    chan struct{} // closed when the test ends
	workers sync.WaitGroup

	mu       sync.Mutex
	calls    []Call
	faults   map[string][]Fault
	chats    map[int64]*chat
	queries  map[string]*query
	files    map[string]*File
	commands map[string][]Command
	drafts   []Draft
	actions  []Action
	limits   buckets
	updates
	nextID int64 // of queries and files
}

// New starts a server and closes it when the test ends.
func New(tb testing.TB, o Options) *Server {
	tb.Helper()
	o.Token, o.Username = cmp.Or(o.Token, Token), cmp.Or(o.Username, Username)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	s := &Server{
		options: o, tb: tb, done: make(chan struct{}), faults: map[string][]Fault{}, chats: map[int64]*chat{},
		queries: map[string]*query{}, files: map[string]*File{}, commands: map[string][]Command{},
	}
	s.changed = make(chan struct{})
	s.server = httptest.NewServer(s)
	tb.Cleanup(func() {
		close(s.done)
		s.server.CloseClientConnections()
		s.server.Close()
		s.workers.Wait()
	})
	return s
}

// URL is the server's address, without a slash at its end: what TELEGRAM_API_URL gets.
func (s *Server) URL() string { return s.server.URL }

// Endpoint is the address in the form of telegram-bot-api's SetAPIEndpoint.
func (s *Server) Endpoint() string { return s.server.URL + "/bot%s/%s" }

// Bot is the bot as others see it.
func (s *Server) Bot() User {
	return User{ID: BotID, IsBot: true, FirstName: "引据", Username: s.options.Username}
}

// Calls are the requests so far, of all methods or of some.
func (s *Server) Calls(methods ...string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []Call
	for _, c := range s.calls {
		if len(methods) == 0 || slices.ContainsFunc(methods, func(m string) bool { return strings.EqualFold(m, c.Method) }) {
			calls = append(calls, c)
		}
	}
	return calls
}

// refusal is an answer that is not ok.
type refusal struct {
	code        int
	description string
	retryAfter  int   // seconds; 0: not told
	migratedTo  int64 // 0: not told
}

func bad(format string, args ...any) *refusal {
	return &refusal{code: http.StatusBadRequest, description: "Bad Request: " + fmt.Sprintf(format, args...)}
}

func forbidden(what string) *refusal {
	return &refusal{code: http.StatusForbidden, description: "Forbidden: " + what}
}

// request is a call that is being answered.
type request struct {
	*http.Request
	params map[string]string
	upload *File // the document of a multipart request
	noted  func(Text)
}

// number reads a parameter that is a number, 0 where it is not there or none.
func (r *request) number(name string) (n int64) {
	_, _ = fmt.Sscan(r.params[name], &n)
	return n
}

func (r *request) isTrue(name string) bool {
	v := strings.ToLower(r.params[name])
	return v == "true" || v == "1" || v == "yes"
}

// object reads a parameter that is JSON; one that is not there leaves into as it is.
func (r *request) object(name string, into any, what string) *refusal {
	text := r.params[name]
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return bad("can't parse %s JSON object", what)
	}
	return nil
}

type method func(*Server, *request) (any, *refusal)

// methods are those that the server knows, in lower case: the real one does not mind how they are written.
var methods = map[string]method{
	"getme": func(s *Server, _ *request) (any, *refusal) { return s.Bot(), nil }, "getupdates": (*Server).getUpdates,
	"setwebhook": (*Server).setWebhook, "deletewebhook": (*Server).deleteWebhook, "getwebhookinfo": (*Server).webhookInfo,
	"sendmessage": (*Server).sendMessage, "editmessagetext": (*Server).editMessageText, "sendmessagedraft": (*Server).sendMessageDraft,
	"editmessagereplymarkup": (*Server).editMessageReplyMarkup, "deletemessage": (*Server).deleteMessage,
	"sendchataction": (*Server).sendChatAction, "senddocument": (*Server).sendDocument,
	"answercallbackquery": (*Server).answerCallbackQuery, "answerinlinequery": (*Server).answerInlineQuery,
	"setmycommands": (*Server).setMyCommands, "getfile": (*Server).getFile, "getchatmember": (*Server).getChatMember,
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, "/file/bot"); ok {
		s.download(w, r, rest)
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/bot")
	token, name, hasName := strings.Cut(rest, "/")
	if !ok || !hasName || !strings.Contains(token, ":") {
		refuse(w, &refusal{code: http.StatusNotFound, description: "Not Found"})
		return
	}
	if token != s.options.Token {
		refuse(w, &refusal{code: http.StatusUnauthorized, description: "Unauthorized"})
		return
	}
	params, upload, err := read(r)
	if err != nil {
		refuse(w, bad("can't read the request: %v", err))
		return
	}
	s.answer(w, &request{Request: r, params: params, upload: upload}, name)
}

// answer handles a call, with the fault that waits for it.
func (s *Server) answer(w http.ResponseWriter, r *request, name string) {
	n := s.note(name, r)
	fault := s.faultOf(n)
	if fault.isSet() && !fault.Handled {
		s.spoil(w, r, n, fault)
		return
	}
	var result any
	refused := &refusal{code: http.StatusNotFound, description: "Not Found: method not found"}
	if m := methods[strings.ToLower(name)]; m != nil {
		result, refused = m(s, r)
	}
	if fault.isSet() {
		s.spoil(w, r, n, fault)
		return
	}
	if refused != nil {
		s.outcome(n, refused.code, refused.description)
		refuse(w, refused)
		return
	}
	s.outcome(n, http.StatusOK, "")
	reply(w, http.StatusOK, map[string]any{"ok": true, "result": result})
}

// note keeps a call and returns its number.
func (s *Server) note(name string, r *request) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.calls) + 1
	s.calls = append(s.calls, Call{N: n, Method: name, Params: r.params, At: s.options.Now()})
	r.noted = func(t Text) { s.calls[n-1].Text = t } // called with the lock held
	return n
}

func (s *Server) outcome(n, code int, description string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[n-1].Code, s.calls[n-1].Description = code, description
	s.wake()
}

// Until waits until what the bot did is enough, or ctx is done. It looks after every answer and every update.
func (s *Server) Until(ctx context.Context, isEnough func(*Server) bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if isEnough(s) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for the bot: %w", context.Cause(ctx))
		}
	}
}

func refuse(w http.ResponseWriter, r *refusal) {
	body := map[string]any{"ok": false, "error_code": r.code, "description": r.description}
	if r.retryAfter > 0 {
		body["parameters"] = map[string]any{"retry_after": r.retryAfter}
		w.Header().Set("Retry-After", strconv.Itoa(r.retryAfter))
	}
	if r.migratedTo != 0 {
		body["parameters"] = map[string]any{"migrate_to_chat_id": r.migratedTo}
	}
	reply(w, r.code, body)
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // a client that went away is its own fault
}

// maxBody is the largest request that is read, in bytes: the largest document and its form.
const maxBody = 51 << 20

// read takes the parameters out of address and body: a form, JSON or multipart.
func read(r *http.Request) (map[string]string, *File, error) {
	params := map[string]string{}
	set := func(values url.Values) {
		for name, v := range values {
			params[name] = v[0]
		}
	}
	set(r.URL.Query())
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		return params, nil, readJSON(body, params)
	case "multipart/form-data":
		if err := r.ParseMultipartForm(maxBody); err != nil { //nolint:gosec // the body is bounded above
			return nil, nil, err
		}
		set(r.MultipartForm.Value)
		f, err := uploaded(r)
		return params, f, err
	case "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(body))
		set(values)
		return params, nil, err
	}
	return params, nil, nil
}

// readJSON takes the members of an object as parameters: texts as they are, all else as JSON.
func readJSON(body []byte, params map[string]string) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return err
	}
	for name, raw := range members {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		if text != "null" {
			params[name] = text
		}
	}
	return nil
}

// uploaded is the file of the field document.
func uploaded(r *http.Request) (*File, error) {
	headers := r.MultipartForm.File["document"]
	if len(headers) == 0 {
		return nil, nil
	}
	f, err := headers[0].Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	return &File{Name: headers[0].Filename, Data: data}, err
}
