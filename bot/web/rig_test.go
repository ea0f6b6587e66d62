package web_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"yinju/bot"
	"yinju/bot/web"
	"yinju/rag"
	"yinju/rag/ragtest"
)

// corpus stores a few articles, each sentence a passage.
func corpus(t *testing.T) *rag.Store {
	t.Helper()
	s := ragtest.Store(t)
	keep := func(file string, articles ...*rag.Article) {
		e := rag.Edition{Source: rag.Source{Path: file, Root: "/corpus", Hash: []byte{1}}, MadeBy: "t", Embedder: "m"}
		for i, a := range articles {
			a.File, a.Places = file, rag.Places{{Line: 10*i + 1, Byte: 1000 * i}}
			e.Articles = append(e.Articles, a)
			runes := []rune(a.Text)
			for _, span := range rag.Sentences(runes) {
				p := rag.Passage{Article: a, Span: span, Text: string(runes[span.Start:span.End]), Opens: true}
				p.Vector, _ = subjects{}.EmbedQuery(t.Context(), p.Text)
				e.Passages = append(e.Passages, p)
			}
		}
		if err := s.Replace(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	keep(
		"桥.txt",
		&rag.Article{
			Title: "石桥", Authors: []string{"张望"}, Publication: "江畔日报", Date: "2023-05-06", Section: "第3版",
			Text: "赵州桥由李春设计。桥长六十四米，只有一个大拱。拱上两端各有两个小拱，洪水来时可以分流。", Facts: map[rag.Field]rag.Fact{rag.AuthorsField: {Line: 1, Confidence: .9}},
		},
		&rag.Article{Title: "廊桥", Authors: []string{"李远"}, Publication: "江畔日报", Date: "2023-05-07", Text: "廊桥的桥面上盖着屋顶。行人在桥上躲雨，也在桥上做买卖。屋顶护着木头的桥身，使它不受雨淋。"},
	)
	keep("瓷.txt", &rag.Article{Title: "龙窑", Authors: []string{"王鸣"}, Publication: "窑火", Date: "2024-01-02", Text: "龙窑依山而建，长几十米。烧一窑瓷器要三天三夜，用去一万斤松柴。"})
	keep("茶.txt", &rag.Article{Text: "清明前采的茶叫明前茶。一斤明前茶要采四万个芽头。"})
	return s
}

// subjects embeds a text by what it is about.
type subjects struct{}

func (subjects) EmbedQuery(_ context.Context, text string) ([]float32, error) {
	v := make([]float32, rag.Dimensions)
	for i, word := range []string{"桥", "窑", "茶", "设计", "屋顶", "松柴", "芽头"} {
		if strings.Contains(text, word) {
			v[i] = 1
		}
	}
	v[100] = .1
	return v, nil
}

// over are the options of a whole API over a store.
func over(s *rag.Store) web.Options {
	retriever := rag.NewRetriever(s, subjects{}, "m")
	return web.Options{
		Store: s, Articles: s, Asker: rag.NewAnswerer(retriever, s), Search: retriever, Browse: s, Feedback: s, Shares: s, Runs: s,
		Lang: bot.Chinese, Log: slog.New(slog.DiscardHandler),
	}
}

const (
	askKey   = "ask-key-0123456789abcdef"
	adminKey = "admin-key-0123456789abcdef"
)

func keys(pairs ...string) func() []web.Key {
	var all []web.Key
	for i := 0; i+1 < len(pairs); i += 2 {
		scope := web.AskScope
		if pairs[i] == "admin" {
			scope = web.AdminScope
		}
		all = append(all, web.Key{Name: pairs[i], Scopes: []web.Scope{scope}, Hash: sha256.Sum256([]byte(pairs[i+1]))})
	}
	return func() []web.Key { return all }
}

// client asks one handler, and holds every response against the document that it serves.
type client struct {
	*testing.T
	h    http.Handler
	doc  document
	mu   sync.Mutex
	seen map[string]bool // operation and status
}

func newClient(t *testing.T, o web.Options) *client {
	t.Helper()
	c := &client{T: t, h: web.Handler(o), seen: map[string]bool{}}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/openapi.json", nil))
	if err := json.Unmarshal(w.Body.Bytes(), &c.doc); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return c
}

// document is what the tests need of the OpenAPI document.
type document struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		RequestBody struct {
			Content map[string]struct {
				Schema json.RawMessage `json:"schema"`
			} `json:"content"`
		} `json:"requestBody"`
		Responses map[string]struct {
			Content map[string]struct {
				Schema json.RawMessage `json:"schema"`
			} `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]json.RawMessage `json:"schemas"`
	} `json:"components"`
}

// check says what of a value the schema does not have.
func (d document) check(schema json.RawMessage, value []byte) error {
	all, err := json.Marshal(map[string]any{"$defs": d.Components.Schemas, "allOf": []json.RawMessage{schema}})
	if err != nil {
		return err
	}
	var s jsonschema.Schema
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(all), "#/components/schemas/", "#/$defs/")), &s); err != nil {
		return err
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		return err
	}
	var v any
	if err := json.Unmarshal(value, &v); err != nil {
		return err
	}
	return resolved.Validate(v)
}

// do makes a request: headers are pairs. A body is JSON unless a header says otherwise.
func (c *client) do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	c.Helper()
	r := httptest.NewRequestWithContext(c.Context(), method, "http://localhost"+target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	c.hold(method, r.URL.Path, w)
	op := c.doc.Paths[r.URL.Path][strings.ToLower(method)]
	if body != "" && op.RequestBody.Content != nil && w.Code < http.StatusBadRequest {
		if err := c.doc.check(op.RequestBody.Content["application/json"].Schema, []byte(body)); err != nil {
			c.Errorf("%s takes what the document does not have: %v: %s", op.OperationID, err, body)
		}
	}
	return w
}

// hold compares a response with the document.
func (c *client) hold(method, path string, w *httptest.ResponseRecorder) {
	c.Helper()
	if w.Header().Get("X-Request-Id") == "" {
		c.Errorf("%s %s: no request id", method, path)
	}
	for prefix, pattern := range map[string]string{
		"/v1/articles/": "/v1/articles/{id}", "/v1/answers/": "/v1/answers/{share}", "/articles/": "/articles/{id}", "/page/": "/page/{file}", "/v1/models/": "/v1/models/{id}",
	} {
		if strings.HasPrefix(path, prefix) {
			path = pattern
		}
	}
	op, ok := c.doc.Paths[path][strings.ToLower(method)]
	if !ok && w.Code == http.StatusMethodNotAllowed { // said of the path's other methods
		for other := range c.doc.Paths[path] {
			c.hold(other, path, w)
		}
	}
	if !ok {
		return
	}
	c.mu.Lock()
	c.seen[op.OperationID+" "+strconv.Itoa(w.Code)] = true
	c.mu.Unlock()
	documented, ok := op.Responses[strconv.Itoa(w.Code)]
	if !ok {
		c.Errorf("%s: status %d is not documented: %s", op.OperationID, w.Code, w.Body)
		return
	}
	kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	content, ok := documented.Content[kind]
	switch {
	case len(documented.Content) == 0 && (w.Body.Len() == 0 || isLoose(op.OperationID)):
	case !ok:
		c.Errorf("%s: %d with %q is not documented", op.OperationID, w.Code, kind)
	case kind == "text/event-stream" && op.OperationID == "ask":
		c.holdEvents(content.Schema, w.Body.String())
	case strings.HasSuffix(kind, "json"):
		if err := c.doc.check(content.Schema, w.Body.Bytes()); err != nil {
			c.Errorf("%s: %d: %v: %s", op.OperationID, w.Code, err, w.Body)
		}
	}
}

// isLoose says whether an operation has responses of a form that the document does not describe.
func isLoose(operation string) bool { return operation == "readingPage" || operation == "tools" }

func (c *client) holdEvents(schema json.RawMessage, body string) {
	c.Helper()
	for _, e := range eventsOf(c.T, strings.NewReader(body)) {
		text, err := json.Marshal(map[string]string{"event": e.name, "data": e.data})
		if err != nil {
			c.Fatal(err)
		}
		if err := c.doc.check(schema, text); err != nil {
			c.Errorf("event %s: %v", e.name, err)
		}
		component := map[string]string{"status": "StatusEvent", "token": "TokenEvent", "citation": "Citation", "answer": "Answer", "error": "Problem"}[e.name]
		if err := c.doc.check(json.RawMessage(`{"$ref": "#/$defs/`+component+`"}`), []byte(e.data)); err != nil {
			c.Errorf("event %s: %v: %s", e.name, err, e.data)
		}
	}
}

// event is one server-sent event.
type event struct{ name, data string }

// eventsOf reads events to the end, or as far as they can be read.
func eventsOf(t *testing.T, r io.Reader) (all []event) {
	t.Helper()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<24)
	var e event
	for lines.Scan() {
		switch line := lines.Text(); {
		case line == "":
			if e != (event{}) {
				all = append(all, e)
			}
			e = event{}
		case strings.HasPrefix(line, ":"):
		case strings.HasPrefix(line, "event: "):
			e.name = strings.TrimPrefix(line, "event: ")
		case strings.HasPrefix(line, "data: "):
			e.data = strings.TrimPrefix(line, "data: ")
		default:
			t.Errorf("a line that is of no event: %q", line)
		}
	}
	return all
}

// jsonOf reads a response into a value.
func jsonOf[T any](t *testing.T, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%d: %v: %s", w.Code, err, w.Body)
	}
	return v
}

var errHidden = errors.New("dial db.internal: hunter2")
