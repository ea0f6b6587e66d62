package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// Limits of one call.
const (
	maxReply    = 8 << 20  // bytes
	maxUpdates  = 64 << 20 // bytes of a reply with updates: a hundred may have 1 MB each, where all is escaped and marked; fewer are asked for then
	maxDownload = 20 << 20 // bytes: what the Bot API gives out
)

// client calls the Bot API by telegram-bot-api's MakeRequest, which reaches every method. What that lacks is put
// around it: a context, limits, and errors without the token, which stands in every address.
type client struct {
	token, base string        // base has no slash at its end
	wait        time.Duration // for one call; a long poll's comes on top
	most        int64         // bytes of a reply with updates
	http        *http.Client
	well        atomic.Int64 // when the last call went well, in nanoseconds since 1970
}

// hasWorkedSince says whether a call has gone well since then.
func (c *client) hasWorkedSince(t time.Time) bool { return c.well.Load() > t.UnixNano() }

func newClient(token, base string, wait time.Duration) *client {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: workers + 2, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true,
	}
	return &client{token: token, base: strings.TrimRight(base, "/"), wait: wait, most: maxUpdates, http: &http.Client{
		Transport: transport,
		// Another host would get the token with the address.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// callError says what the server, or the way to it, made of a call.
type callError struct {
	method     string
	status     int // of the answer as Telegram counts it; 0: none came
	message    string
	retryAfter time.Duration
	movedTo    int64 // the supergroup that the group has become
	cause      error

	isRefusal bool // Telegram has answered in its own form
	isSent    bool // the call has been sent, at least in part

	first int64 // the update that a reply begins with that is too large; 0: it is not known
}

func (e *callError) Error() string {
	if e.status == 0 {
		return fmt.Sprintf("Telegram %s: %s", e.method, e.message)
	}
	return fmt.Sprintf("Telegram %s: %d %s", e.method, e.status, e.message)
}

func (e *callError) Unwrap() error { return e.cause }

// isPassing says that the same call may go well later.
func (e *callError) isPassing() bool {
	return e.status == 0 || e.status >= 500 || e.status == http.StatusTooManyRequests
}

// isOfToken says that the token is wrong. 404 is for one that is none, in Telegram's own words or where any other call would be
// refused likewise; elsewhere it is about what was asked for.
func (e *callError) isOfToken() bool {
	isAny := e.method == "getMe" || e.method == "getUpdates"
	return e.status == http.StatusUnauthorized || e.status == http.StatusNotFound && (isAny || e.isRefusal && e.message == "Not Found")
}

// isLost says that it is not known whether what was asked for is done.
func (e *callError) isLost() bool {
	return e.isSent && e.isPassing() && e.status != http.StatusTooManyRequests
}

// isFinal says that the call fails likewise when it is made again, and others do not.
func (e *callError) isFinal() bool { return !e.isPassing() && !e.isOfToken() && e.movedTo == 0 }

func (e *callError) says(words ...string) bool {
	for _, w := range words {
		if strings.Contains(strings.ToLower(e.message), w) {
			return true
		}
	}
	return false
}

// call makes one call and reads what it gives into result, which may be nil. An error is a *callError.
func (c *client) call(ctx context.Context, method string, params tgbotapi.Params, result any) error {
	return c.do(ctx, method, c.wait, maxReply, result, func(api *tgbotapi.BotAPI) (*tgbotapi.APIResponse, error) {
		return api.MakeRequest(method, params)
	})
}

// poll is a call that the server may keep waiting for so long. Its error is around errLargeReply where the reply is larger than
// is read.
func (c *client) poll(ctx context.Context, method string, params tgbotapi.Params, wait time.Duration, result any) error {
	return c.do(ctx, method, wait+c.wait, c.most, result, func(api *tgbotapi.BotAPI) (*tgbotapi.APIResponse, error) {
		return api.MakeRequest(method, params)
	})
}

// send is a call with a file.
func (c *client) send(ctx context.Context, method string, params tgbotapi.Params, field string, file tgbotapi.FileBytes, result any) error {
	return c.do(ctx, method, 2*c.wait, maxReply, result, func(api *tgbotapi.BotAPI) (*tgbotapi.APIResponse, error) {
		return api.UploadFiles(method, params, []tgbotapi.RequestFile{{Name: field, Data: file}})
	})
}

func (c *client) do(ctx context.Context, method string, wait time.Duration, most int64, result any, request func(*tgbotapi.BotAPI) (*tgbotapi.APIResponse, error)) error {
	if _, err := url.Parse(c.base); err != nil { // telegram-bot-api would leave the file's writer behind
		return c.explain(method, 0, err)
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	line := &wire{ctx: ctx, http: c.http, most: most}
	api := &tgbotapi.BotAPI{Token: c.token, Client: line}
	api.SetAPIEndpoint(strings.ReplaceAll(c.base, "%", "%%") + "/bot%s/%s")
	reply, err := request(api)
	if err == nil && result != nil {
		err = json.Unmarshal(reply.Result, result)
	}
	if err != nil {
		e := c.explain(method, line.status, err)
		e.isSent = line.isSent.Load()
		if line.body != nil && line.body.isOver {
			e.status, e.message, e.cause, e.first = 0, errLargeReply.Error(), errLargeReply, line.body.firstUpdate()
		}
		return e
	}
	c.well.Store(time.Now().UnixNano())
	return nil
}

// explain makes a *callError of what telegram-bot-api returns.
func (c *client) explain(method string, status int, err error) *callError {
	e := &callError{method: method, message: c.scrub(err.Error())}
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} { // other causes may have the address in their texts
		if errors.Is(err, end) {
			e.cause = end
		}
	}
	if refusal, ok := errors.AsType[*tgbotapi.Error](err); ok {
		e.status, e.message, e.cause = status, c.scrub(refusal.Message), nil
		if refusal.Code != 0 {
			e.status = refusal.Code
		}
		e.retryAfter = time.Duration(max(0, min(refusal.RetryAfter, int(oldest/time.Second)))) * time.Second
		e.movedTo, e.isRefusal = refusal.MigrateToChatID, true
		return e
	}
	if status != 0 && status != http.StatusOK { // a page of some proxy
		e.status, e.message, e.cause = status, http.StatusText(status), nil
	}
	return e
}

// withoutAddress is an error without the address, and with it the token, that net/http puts around.
func withoutAddress(err error) error {
	if address, ok := errors.AsType[*url.Error](err); ok {
		return address.Err
	}
	return err
}

// scrub takes the token out of a text, whatever brought it there, and cuts what is too long to be read.
func (c *client) scrub(text string) string {
	secret := c.token[strings.IndexByte(c.token, ':')+1:]
	for _, s := range []string{c.token, url.PathEscape(c.token), url.QueryEscape(c.token), secret} {
		text = strings.ReplaceAll(text, s, "[token]")
	}
	return storable(text)
}

// wire is the HTTP client of one call.
type wire struct {
	ctx    context.Context //nolint:containedctx // telegram-bot-api takes none, and one wire is one call
	http   *http.Client
	most   int64 // bytes of the reply
	status int
	isSent atomic.Bool
	body   *bounded // of the reply
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	ctx := httptrace.WithClientTrace(w.ctx, &httptrace.ClientTrace{WroteHeaders: func() { w.isSent.Store(true) }})
	resp, err := w.http.Do(r.WithContext(ctx)) //nolint:gosec // the address is the operator's
	if err != nil {
		return nil, withoutAddress(err)
	}
	w.status = resp.StatusCode
	w.body = &bounded{ReadCloser: resp.Body, left: w.most, head: make([]byte, 0, 512)}
	resp.Body = w.body
	return resp, nil
}

var errLargeReply = errors.New("the reply is larger than is read")

// bounded is a body of which so many bytes are read.
type bounded struct {
	io.ReadCloser
	left   int64
	isOver bool
	head   []byte // how it begins
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	b.head = append(b.head, p[:min(n, cap(b.head)-len(b.head))]...)
	if b.left -= int64(n); b.left < 0 {
		b.isOver = true
		return 0, errLargeReply
	}
	return n, err
}

var updateID = regexp.MustCompile(`"update_id"\s*:\s*([0-9]{1,18})`)

// firstUpdate is the update that the body begins with, 0 where none is seen.
func (b *bounded) firstUpdate() int64 {
	found := updateID.FindSubmatch(b.head)
	if found == nil {
		return 0
	}
	id, _ := strconv.ParseInt(string(found[1]), 10, 64)
	return id
}

// errTooLarge says that a file is more than the Bot API gives out.
var errTooLarge = fmt.Errorf("the file is larger than %d MB", maxDownload>>20)

// errNotServed says that the server gives files out by their places on its own disk, as one does that is run with --local. They are
// not read from there: the program may run elsewhere, and as somebody else.
var errNotServed = errors.New("the Bot API server gives no files out by HTTP")

// download fetches a file that was sent. Errors are errTooLarge, errNotServed or a *callError.
func (c *client) download(ctx context.Context, fileID string) ([]byte, error) {
	var file struct {
		Path string `json:"file_path"`
		Size int64  `json:"file_size"`
	}
	err := c.call(ctx, "getFile", tgbotapi.Params{"file_id": fileID}, &file)
	if e, ok := errors.AsType[*callError](err); ok && e.says("file is too big") || file.Size > maxDownload {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(file.Path, "/") || strings.Contains(file.Path, `:\`) {
		return nil, errNotServed
	}
	ctx, cancel := context.WithTimeout(ctx, 4*c.wait)
	defer cancel()
	address := c.base + "/file/bot" + c.token + "/" + (&url.URL{Path: file.Path}).EscapedPath()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody) //nolint:gosec // the address is the operator's, the path Telegram's
	if err != nil {
		return nil, c.explain("download", 0, err)
	}
	resp, err := c.http.Do(req) //nolint:gosec // likewise
	if err != nil {
		return nil, c.explain("download", 0, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, c.explain("download", resp.StatusCode, errors.New(resp.Status))
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxDownload+1))
	if err != nil {
		return nil, c.explain("download", 0, err)
	}
	if len(data) > maxDownload {
		return nil, errTooLarge
	}
	return data, nil
}
