package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"yinju/bot/web"
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
