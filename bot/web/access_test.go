package web_test

import (
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"yinju/bot/web"
)

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	o := options()
	o.Asker = failing{}
	o.Keys = keys("reader", askKey, "admin", adminKey)
	c := newClient(t, o)
	for _, tc := range []struct {
		name, path string
		headers    []string
		status     int
	}{
		{"none", "/v1/ingest", nil, 401},
		{"bearer", "/v1/ingest", []string{"Authorization", "Bearer " + askKey}, 200},
		{"bearer in small letters", "/v1/ingest", []string{"Authorization", "bearer  " + askKey + " "}, 200},
		{"header", "/v1/ingest", []string{"X-API-Key", askKey}, 200},
		{"basic", "/v1/ingest", []string{"Authorization", "Basic " + askKey}, 401},
		{"a part of it", "/v1/ingest", []string{"X-API-Key", askKey[:len(askKey)-1]}, 401},
		{"more than it", "/v1/ingest", []string{"X-API-Key", askKey + "x"}, 401},
		{"its name", "/v1/ingest", []string{"X-API-Key", "reader"}, 401},
		{"another's scope", "/v1/ingest", []string{"X-API-Key", adminKey}, 403},
		{"no admin", "/metrics", []string{"X-API-Key", askKey}, 403},
		{"admin", "/metrics", []string{"X-API-Key", adminKey}, 200},
		{"in the query", "/v1/ingest?key=" + askKey, nil, 401},
		{"reading page", "/articles/3", nil, 401},
		{"reading page with a key", "/articles/3", []string{"X-API-Key", askKey}, 200},
		{"under any name", "/v1/ingest", []string{"X-API-Key", askKey, "Host", "yinju.example"}, 200},
		{"health", "/healthz", []string{"Host", "yinju.example"}, 200},
		{"readiness", "/readyz", nil, 200},
		{"document", "/openapi.json", nil, 200},
	} {
		if w := c.do("GET", tc.path, "", tc.headers...); w.Code != tc.status {
			t.Errorf("%s: %d, want %d: %s", tc.name, w.Code, tc.status, w.Body)
		}
	}
}

// A page of another site whose name was made to lead to this machine brings that name.
func TestWithoutKeysOnlyNamesOfThisMachineAreAnswered(t *testing.T) {
	t.Parallel()
	o := options()
	o.Asker = failing{}
	c := newClient(t, o)
	for host, status := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "LocalHost:1": 200, "127.0.0.1:8080": 200, "127.9.9.9": 200, "[::1]:8080": 200, "[::1]": 200,
		"evil.example": 403, "evil.example:8080": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example": 403, "10.0.0.1": 403, "0.0.0.0": 403, "": 403, "[::]": 403,
	} {
		for _, path := range []string{"/v1/ingest", "/metrics", "/articles/3"} {
			if w := c.do("GET", path, "", "Host", host); w.Code != status {
				t.Errorf("%s of %q: %d, want %d", path, host, w.Code, status)
			}
		}
	}
	o.OpenPages = true
	if w := newClient(t, o).do("GET", "/articles/3", "", "Host", "articles.example"); w.Code != http.StatusOK {
		t.Errorf("open pages: %d", w.Code)
	}
}

// A page of another site cannot read what is answered without keys, and may not make this machine work either. People
// follow links, and programs say nothing of sites.
func TestWithoutKeysPagesOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	o := options()
	o.Asker, o.Origins = failing{}, []string{"https://friend.example"}
	c := newClient(t, o)
	link := []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	for path, status := range map[string]int{"/articles/3": 200, "/": 200, "/page/app.js": 200, "/v1/search?q=桥": 403, "/v1/articles": 403, "/metrics": 403} {
		if w := c.do("GET", path, "", link...); w.Code != status {
			t.Errorf("a link to %s: %d, want %d", path, w.Code, status)
		}
	}
	for _, tc := range []struct {
		headers []string
		status  int
	}{
		{nil, 200},
		{[]string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"}, 200},
		{[]string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{[]string{"Origin", "http://localhost"}, 200},
		{[]string{"Origin", "https://friend.example", "Sec-Fetch-Site", "cross-site"}, 200},
		{[]string{"Origin", "https://evil.example"}, 403},
		{[]string{"Origin", "null"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
	} {
		if w := c.do("GET", "/v1/ingest", "", tc.headers...); w.Code != tc.status {
			t.Errorf("%v: %d, want %d", tc.headers, w.Code, tc.status)
		}
	}
}

// The old key works until it is taken out, the new one from when it is there, and nothing is started again.
func TestKeysChangeWhileItRuns(t *testing.T) {
	t.Parallel()
	var now atomic.Pointer[func() []web.Key]
	set := func(f func() []web.Key) { now.Store(&f) }
	set(keys("reader", askKey))
	o := options()
	o.Asker, o.Keys = failing{}, func() []web.Key { return (*now.Load())() }
	c := newClient(t, o)
	status := func(key string) int { return c.do("GET", "/v1/ingest", "", "X-Api-Key", key).Code }
	if status(askKey) != 200 || status(adminKey) != 401 {
		t.Error("before")
	}
	set(keys("reader", askKey, "reader", adminKey))
	if status(askKey) != 200 || status(adminKey) != 200 {
		t.Error("while both are there")
	}
	set(keys("reader", adminKey))
	if status(askKey) != 401 || status(adminKey) != 200 {
		t.Error("afterwards")
	}
}

// Behind a proxy everybody comes from this machine: without keys that is nobody.
func TestWithoutKeysNothingThatAProxyPassesOnIsAnswered(t *testing.T) {
	t.Parallel()
	c := newClient(t, over(corpus(t)))
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"} {
		if w := c.do("GET", "/v1/ingest", "", header, "8.8.8.8"); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", header, w.Code)
		}
	}
}

func TestOtherSitesAreLetInByNameOnly(t *testing.T) {
	t.Parallel()
	o := options()
	o.Asker, o.Keys, o.Origins = failing{}, keys("reader", askKey), []string{"https://desk.example"}
	c := newClient(t, o)
	preflight := []string{"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,x-api-key,x-stainless-os"}
	w := c.do("OPTIONS", "/v1/ask", "", append(preflight, "Origin", "https://desk.example")...)
	if h := w.Header(); w.Code != 204 || h.Get("Access-Control-Allow-Origin") != "https://desk.example" || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "x-stainless-os") || h.Get("Vary") != "Origin" {
		t.Errorf("%d %v", w.Code, h)
	}
	w = c.do("GET", "/v1/ingest", "", "Origin", "https://desk.example", "X-Api-Key", askKey)
	if h := w.Header(); w.Code != 200 || h.Get("Access-Control-Allow-Origin") != "https://desk.example" || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "X-Request-Id") {
		t.Errorf("%d %v", w.Code, h)
	}
	for _, origin := range []string{"https://desk.example:444", "http://desk.example", "https://desk.example.evil.example", "null", "https://DESK.example"} {
		w := c.do("OPTIONS", "/v1/ask", "", append(preflight, "Origin", origin)...)
		if h := w.Header(); w.Code != 405 || h.Get("Access-Control-Allow-Origin") != "" || h.Get("Vary") != "Origin" {
			t.Errorf("%s: %d %v", origin, w.Code, h)
		}
	}
	o.Origins = nil
	if w := newClient(t, o).do("GET", "/v1/ingest", "", "Origin", "https://desk.example", "X-Api-Key", askKey); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", w.Header())
	}
}

func TestRequestsHaveIDsThatTheLogHas(t *testing.T) {
	t.Parallel()
	log := &lines{}
	o := broken(errHidden)
	o.Keys = keys("reader", askKey)
	o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := newClient(t, o)
	w := c.do("GET", "/v1/articles?words=机密", "", "X-Api-Key", askKey)
	id := w.Header().Get("X-Request-Id")
	if got := log.String(); !strings.Contains(got, "request_id="+id) || !strings.Contains(got, "status=500") || strings.Contains(got, "机密") || strings.Contains(got, askKey) {
		t.Errorf("%s", got)
	}
	if got := c.do("GET", "/healthz", "", "X-Request-Id", "proxy-1.2_3").Header().Get("X-Request-Id"); got != "proxy-1.2_3" {
		t.Errorf("a proxy's id: %q", got)
	}
	for _, odd := range []string{"a b", "<script>", strings.Repeat("a", 65), "a\nb", "é"} {
		if got := c.do("GET", "/healthz", "", "X-Request-Id", odd).Header().Get("X-Request-Id"); !regexp.MustCompile(`^[A-Z2-7]{20,}$`).MatchString(got) {
			t.Errorf("%q became %q", odd, got)
		}
	}
}

func TestWhatIsNotThereIsAProblem(t *testing.T) {
	t.Parallel()
	o := options()
	o.Asker = failing{}
	c := newClient(t, o)
	for _, tc := range []struct {
		method, path, allow string
		status              int
	}{
		{"GET", "/nowhere", "", 404},
		{"GET", "/page/nothing.js", "", 404},
		{"POST", "/v1", "", 404},
		{"PUT", "/v1/ask", "POST", 405},
		{"DELETE", "/v1/articles/3", "GET, HEAD", 405},
		{"POST", "/openapi.json", "GET, HEAD", 405},
		{"TRACE", "/healthz", "GET, HEAD", 405},
	} {
		w := c.do(tc.method, tc.path, "")
		p := jsonOf[web.Problem](t, w)
		if w.Code != tc.status || p.Status != tc.status || w.Header().Get("Allow") != tc.allow || w.Header().Get("Content-Type") != "application/problem+json" || p.Instance != tc.path {
			t.Errorf("%s %s: %d %v %+v", tc.method, tc.path, w.Code, w.Header(), p)
		}
	}
	zh := jsonOf[web.Problem](t, c.do("GET", "/nowhere", "")).Detail
	if en := jsonOf[web.Problem](t, c.do("GET", "/nowhere", "", "Accept-Language", "en")).Detail; zh == en || !strings.HasPrefix(en, "There is no") {
		t.Errorf("%q, %q", zh, en)
	}
}

// Figures have no text of readers, and no label that a client makes up.
func TestFiguresSayNothingOfReaders(t *testing.T) {
	t.Parallel()
	o := options()
	o.Asker = failing{}
	c := newClient(t, o)
	c.do("GET", "/nowhere/hunter2", "")
	c.do("HUNTER2", "/v1/ask", "")
	c.do("GET", "/v1/articles/3?hunter2=1", "")
	page := c.do("GET", "/metrics", "").Body.String()
	for _, want := range []string{
		`yinju_http_requests_total{method="any",route="none",status="404"} 1`, `yinju_http_requests_total{method="any",route="none",status="405"} 1`,
		`yinju_http_requests_total{method="GET",route="GET /v1/articles/{id}",status="422"} 1`, "yinju_passages 3", "go_goroutines",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not there", want)
		}
	}
	if strings.Contains(strings.ToLower(page), "hunter2") {
		t.Errorf("%s", page)
	}
	o.Store = store{err: errHidden}
	if w := newClient(t, o).do("GET", "/metrics", ""); w.Code != 200 || strings.Contains(w.Body.String(), "yinju_passages") || !strings.Contains(w.Body.String(), "go_goroutines") {
		t.Errorf("without a database: %d", w.Code)
	}
}
