package web_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"yinju/bot"
	"yinju/bot/mcp"
	"yinju/bot/openai"
	"yinju/bot/web"
	"yinju/rag"
)

// What other programs speak stands behind the same keys, in the form that its clients read.
func TestOtherProgramsNeedAKeyToo(t *testing.T) {
	t.Parallel()
	said := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("in")) })
	o := over(corpus(t))
	speaker := func(bot.Asker) http.Handler { return said }
	o.Chats, o.Tools, o.Keys = speaker, speaker, keys("reader", askKey)
	h := web.Handler(o)
	do := func(method, path string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost"+path, strings.NewReader("{}"))
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, c := range []struct{ method, path, fault string }{
		{"POST", "/v1/chat/completions", `{"error":{"message":`}, {"GET", "/v1/models", `"code":"invalid_api_key"`}, {"POST", "/mcp", `"status":401`},
	} {
		if w := do(c.method, c.path); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), c.fault) {
			t.Errorf("%s: %d %s", c.path, w.Code, w.Body)
		}
		if w := do(c.method, c.path, "Authorization", "Bearer "+askKey); w.Code != http.StatusOK || w.Body.String() != "in" {
			t.Errorf("%s with a key: %d %s", c.path, w.Code, w.Body)
		}
	}
	if w := do("POST", "/mcp", "X-Api-Key", askKey, "Origin", "https://elsewhere.example"); w.Code != http.StatusForbidden {
		t.Errorf("a page elsewhere: %d", w.Code)
	}
}

// Figures tell by which way answers were asked for.
func TestAnswersAreCountedByTheirWay(t *testing.T) {
	t.Parallel()
	o := with(func(_ context.Context, q rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
		return answered(q), nil
	})
	ask := func(asker bot.Asker) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = asker.Stream(r.Context(), rag.Query{Question: "桥"}, func(rag.Event) error { return nil })
		})
	}
	o.Chats, o.Tools = ask, ask
	c := newClient(t, o)
	c.do("POST", "/v1/ask", `{"question":"桥"}`)
	for _, path := range []string{"/v1/chat/completions", "/mcp"} {
		c.h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost"+path, strings.NewReader("{}")))
	}
	page := c.do("GET", "/metrics", "").Body.String()
	for _, way := range []string{"ask", "chat", "tool"} {
		if want := `yinju_http_answers_total{status="not_found",way="` + way + `"} 1`; !strings.Contains(page, want) {
			t.Errorf("%s is not there", want)
		}
	}
}

// The time of a question holds for tools, and is said by them; every request is logged with a status.
func TestToolsHaveTheTimeOfAQuestion(t *testing.T) {
	t.Parallel()
	o := with(func(ctx context.Context, _ rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
		<-ctx.Done()
		return rag.Answer{}, ctx.Err()
	})
	var log bytes.Buffer
	o.AskTimeout, o.Log = time.Millisecond, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Tools = func(asker bot.Asker) http.Handler {
		return mcp.Handler(mcp.Options{Asker: asker, Lang: bot.Chinese, Log: o.Log})
	}
	o.Chats = func(bot.Asker) http.Handler { return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}) } // which says nothing
	h := web.Handler(o)
	do := func(path string) string {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost"+path, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{"question":"桥"}}}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Body.String()
	}
	if said := do("/mcp"); !strings.Contains(said, `"isError":true`) || !strings.Contains(said, "没能按时答完") {
		t.Errorf("said %q", said)
	}
	do("/v1/chat/completions")
	for _, line := range []string{"route=/mcp status=200 ", "route=/v1/chat/completions status=200 "} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("no %q in %s", line, &log)
		}
	}
}

// everything are the options of all that is served over HTTP.
func everything(t *testing.T) web.Options {
	t.Helper()
	store := corpus(t)
	o := over(store)
	o.Chats = func(asker bot.Asker) http.Handler {
		return openai.Handler(openai.Options{Asker: asker, Conversations: store, Lang: bot.English, Log: o.Log})
	}
	o.Tools = func(asker bot.Asker) http.Handler {
		return mcp.Handler(mcp.Options{Asker: asker, Search: o.Search, Articles: store, Lang: bot.English, Log: o.Log})
	}
	return o
}

// Every path and method that is served is in the document, and none else. What only Telegram calls is not.
func TestTheDocumentHasEveryRoute(t *testing.T) {
	t.Parallel()
	o := everything(t)
	o.Telegram, o.Webhook = fakeBot{}, true
	c := newClient(t, o)
	served := map[string]bool{}
	for _, pattern := range web.Routes(o) {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok { // of another program's protocol, which says itself what methods there are
			method, path = "", pattern
		}
		if path = strings.TrimSuffix(path, "{$}"); path == "/telegram" {
			continue
		}
		served[path] = true
		if methods := c.doc.Paths[path]; len(methods) == 0 || method != "" && methods[strings.ToLower(method)].OperationID == "" {
			t.Errorf("%s is served, and not in the document", pattern)
		}
	}
	for path, operations := range c.doc.Paths {
		if !served[path] {
			t.Errorf("%s is in the document, and not served", path)
		}
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			w := c.do(method, strings.NewReplacer("{id}", "1", "{file}", "app.js", "{share}", "x").Replace(path), "")
			if _, ok := operations[strings.ToLower(method)]; ok != (w.Code != http.StatusMethodNotAllowed) {
				t.Errorf("%s %s: in the document %t, and %d", method, path, ok, w.Code)
			}
			if w.Code == http.StatusMethodNotAllowed && w.Header().Get("Allow") == "" {
				t.Errorf("%s %s does not say what may be done", method, path)
			}
		}
	}
}

// The document describes what other programs speak, as far as it is this server's matter.
func TestOtherProgramsAreInTheDocument(t *testing.T) {
	t.Parallel()
	c := newClient(t, everything(t))
	if c.doc.Paths["/v1/models/{id}"]["get"].OperationID != "model" || c.doc.Paths["/mcp"]["post"].OperationID != "tools" {
		t.Fatal("the document has no word of them")
	}
	both := []string{"Accept", "application/json, text/event-stream"}
	for _, tc := range []struct {
		status             int
		method, path, body string
		headers            []string
	}{
		{200, "POST", "/v1/chat/completions", `{"model":"yinju","messages":[{"role":"system","content":null},{"role":"user","content":[{"type":"text","text":"桥长多少？"}]}],"user":"1"}`, nil},
		{200, "POST", "/v1/chat/completions", `{"model":"yinju","messages":[{"role":"user","content":"桥长多少？"}],"stream":true}`, nil},
		{400, "POST", "/v1/chat/completions", `{"model":"yinju","messages":[]}`, nil},
		{404, "POST", "/v1/chat/completions", `{"model":"other","messages":[]}`, nil},
		{415, "POST", "/v1/chat/completions", `{}`, []string{"Content-Type", "text/plain"}},
		{415, "POST", "/v1/chat/completions", `{}`, []string{"Content-Encoding", "gzip"}},
		{415, "POST", "/mcp", `{}`, append([]string{"Content-Encoding", "gzip"}, both...)},
		{200, "GET", "/v1/models", "", nil},
		{200, "GET", "/v1/models/yinju", "", nil},
		{404, "GET", "/v1/models/other", "", nil},
		{200, "POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, both},
		{202, "POST", "/mcp", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, both},
		{400, "POST", "/mcp", `[]`, both},
		{415, "POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, append([]string{"Content-Type", "text/plain"}, both...)},
		{403, "GET", "/v1/models", "", []string{"Origin", "https://elsewhere.example"}},
	} {
		if w := c.do(tc.method, tc.path, tc.body, tc.headers...); w.Code != tc.status {
			t.Errorf("%s %s: %d, want %d: %s", tc.path, tc.body, w.Code, tc.status, w.Body)
		}
	}
}
