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
	"yinju/bot/web"
	"yinju/rag"
)

// What other programs speak stands behind the same keys, in the form that its clients read.
func TestOtherProgramsNeedAKeyToo(t *testing.T) {
	t.Parallel()
	said := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("in")) })
	o := over(corpus(t))
	o.Chats, o.Tools, o.Keys = said, said, keys("reader", askKey)
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

// The time of a question holds for tools, and is said by them; every request is logged with a status.
func TestToolsHaveTheTimeOfAQuestion(t *testing.T) {
	t.Parallel()
	o := with(func(ctx context.Context, _ rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
		<-ctx.Done()
		return rag.Answer{}, ctx.Err()
	})
	var log bytes.Buffer
	o.AskTimeout, o.Log = time.Millisecond, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Tools = mcp.Handler(mcp.Options{Asker: o.Asker, Lang: bot.Chinese, Log: o.Log})
	o.Chats = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}) // which says nothing
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
