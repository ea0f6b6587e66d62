package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"yinju/bot"
	"yinju/bot/telegram"
	"yinju/bot/web"
	"yinju/rag"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is a store of few articles.
type store struct {
	articles map[int64]*rag.Article
	stats    rag.Stats
	err      error
}

func (s store) Article(_ context.Context, id int64) (*rag.Article, error) {
	if s.err != nil {
		return nil, s.err
	}
	if id == 13 {
		panic("unlucky")
	}
	if a := s.articles[id]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("read article %d: %w", id, rag.ErrNoArticle)
}

func (s store) Stats(context.Context) (rag.Stats, error) { return s.stats, s.err }

// fakeBot takes what it is brought.
type fakeBot struct{ state telegram.State }

func (b fakeBot) State(context.Context) telegram.State { return b.state }

func (b fakeBot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.ReadAll(r.Body); err != nil {
		http.Error(w, "too much", http.StatusRequestEntityTooLarge)
	}
}

const bridge = "渡口停航\n——大风纪事\n大风刮了一整天。<b>渡口</b>的船没有开。\n第二天风停了，𠀀船又开了。"

func shelf() store {
	return store{
		stats: rag.Stats{Articles: 3, Passages: 3},
		articles: map[int64]*rag.Article{
			3: {
				ID: 3, File: "报/江.txt", Title: "渡口停航 ——大风纪事", Authors: []string{"张正", "<i>李远"}, Affiliation: "江畔日报社",
				Publication: "江畔日报", Date: "2023-05-04", Section: "本地", Text: bridge, SameAs: []int64{5, 6},
				Places: rag.Places{{Start: 0, Line: 7}, {Start: 5, Line: 8, Byte: 20}, {Start: 12, Line: 9, Byte: 60}, {Start: 36, Line: 12, Byte: 120}},
			},
			5: {ID: 5, File: "reprint.txt", Text: "大风刮了一整天。", Places: rag.Places{{Line: 4, Page: 2}}},
		},
	}
}

func options() web.Options {
	s := shelf()
	return web.Options{Store: s, Articles: s, Lang: bot.Chinese, Log: slog.New(slog.DiscardHandler)}
}

func get(t *testing.T, o web.Options, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	web.Handler(o).ServeHTTP(w, r)
	return w
}

var (
	marks = regexp.MustCompile(`(?s)<mark[^>]*>(.*?)</mark>`)
	tags  = regexp.MustCompile(`<[^>]*>`)
)

// marked is what a page marks, paragraph by paragraph.
func marked(page string) string {
	var parts []string
	for _, m := range marks.FindAllStringSubmatch(page, -1) {
		parts = append(parts, html.UnescapeString(m[1]))
	}
	return strings.Join(parts, "\n")
}

func TestReadingPageMarksExactlyTheQuote(t *testing.T) {
	t.Parallel()
	runes := []rune(bridge)
	for start := range runes {
		for end := start + 1; end <= len(runes); end++ {
			w := get(t, options(), fmt.Sprintf("/articles/3?quote=%d-%d", start, end))
			want := strings.Trim(strings.ReplaceAll(string(runes[start:end]), "\n\n", "\n"), "\n")
			if got := marked(w.Body.String()); got != want || w.Code != http.StatusOK {
				t.Fatalf("%d-%d: %d, marked %q, want %q", start, end, w.Code, got, want)
			}
			if n := strings.Count(w.Body.String(), `id="quote" tabindex="-1" autofocus`); want != "" && n != 1 {
				t.Fatalf("%d-%d: %d places to go to", start, end, n)
			}
		}
	}
}

func TestReadingPageSaysWhatTheArticleIs(t *testing.T) {
	t.Parallel()
	w := get(t, options(), "/articles/3?quote=14-20")
	page := w.Body.String()
	for _, want := range []string{
		"<title>渡口停航 ——大风纪事</title>", `<h1 lang="zh">渡口停航<br>——大风纪事</h1>`, "张正、&lt;i&gt;李远（江畔日报社） · 江畔日报 · 2023-05-04 · 本地",
		"报/江.txt:7-12", `<a href="#quote">引文</a>：第 9 行`, "&lt;b&gt;渡口&lt;/b&gt;", `<a href="5">大风刮了一整天。</a> <code>reprint.txt:4</code>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not in the page:\n%s", want, page)
		}
	}
	if strings.Count(page, "渡口停航") != 2 || strings.Contains(page, "ZgotmplZ") {
		t.Errorf("the title stands twice, or something was refused:\n%s", page)
	}
	if shown := html.UnescapeString(tags.ReplaceAllString(page, "")); !strings.Contains(shown, "第二天风停了，𠀀船又开了。") {
		t.Errorf("the text is not whole: %s", shown)
	}
	untitled := get(t, options(), "/articles/5?quote=0-2").Body.String()
	if !strings.Contains(untitled, "（没有标题）") || !strings.Contains(untitled, "第 2 页，第 4 行") || strings.Contains(untitled, "另见") {
		t.Errorf("without a title:\n%s", untitled)
	}
}

func TestReadingPageSpeaksTheBrowsersLanguageOrTheConfiguredOne(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		lang   bot.Lang
		header string
		want   string
	}{
		{bot.Chinese, "", "zh"},
		{bot.English, "", "en"},
		{bot.Chinese, "en-GB,zh;q=0.5", "en"},
		{bot.English, "zh-TW", "zh"},
		{bot.Chinese, "fr", "zh"},
		{bot.English, "fr, *;q=0.1", "en"},
		{bot.Chinese, ";;q=9,\x00", "zh"},
	} {
		o := options()
		o.Lang = tc.lang
		if page := get(t, o, "/articles/3", "Accept-Language", tc.header).Body.String(); !strings.Contains(page, `<html lang="`+tc.want+`">`) {
			t.Errorf("%s, %q: %.60s", tc.lang, tc.header, page)
		}
	}
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	t.Parallel()
	for target, status := range map[string]int{
		"/articles/4": http.StatusNotFound, "/articles/0": http.StatusNotFound, "/articles/-3": http.StatusNotFound, "/articles/x": http.StatusNotFound,
		"/articles/99999999999999999999": http.StatusNotFound, "/articles/": http.StatusNotFound, "/telegram": http.StatusNotFound,
		"/articles/3?quote=": http.StatusBadRequest, "/articles/3?quote=5": http.StatusBadRequest, "/articles/3?quote=5-5": http.StatusBadRequest,
		"/articles/3?quote=5-4": http.StatusBadRequest, "/articles/3?quote=0-1000": http.StatusBadRequest, "/articles/3?quote=-1-4": http.StatusBadRequest,
		"/articles/3?quote=%2B1-4": http.StatusBadRequest, "/articles/3?quote=0-99999999999999999999": http.StatusBadRequest,
		"/articles/3?quote=<script>": http.StatusBadRequest, "/articles/3": http.StatusOK,
	} {
		w := get(t, options(), target)
		if w.Code != status || strings.Contains(w.Body.String(), "<script") {
			t.Errorf("%s: %d, want %d", target, w.Code, status)
		}
	}
	o := options()
	o.Articles = nil
	if w := get(t, o, "/articles/3"); w.Code != http.StatusNotFound {
		t.Errorf("articles are read where there are no reading pages: %d", w.Code)
	}
	o.Articles = store{err: errors.New("dial db.internal: hunter2")}
	if w := get(t, o, "/articles/3"); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "hunter2") {
		t.Errorf("a broken store: %d %s", w.Code, w.Body)
	}
}

// No page may load, run or send anything, be framed, or be found by a search engine.
func TestPagesAreClosed(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/articles/3?quote=0-4", "/articles/4", "/articles/3?quote=x", "/healthz", "/nowhere"} {
		w := get(t, options(), target)
		csp := w.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: %q lacks %s", target, csp, want)
			}
		}
		if h := w.Header(); strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || !strings.Contains(h.Get("X-Robots-Tag"), "noindex") {
			t.Errorf("%s: %v", target, h)
		}
		if m := regexp.MustCompile(`<script|<img|src=|style="|https?:`).FindString(w.Body.String()); m != "" {
			t.Errorf("%s has %s", target, m)
		}
	}
}

func TestReadinessIsThatOfDatabaseAndCorpus(t *testing.T) {
	t.Parallel()
	troubled := fakeBot{telegram.State{Mode: "polling", Username: "b", Error: "unauthorized", Waiting: 2}}
	for _, tc := range []struct {
		name   string
		store  store
		bot    web.Telegram
		status int
		want   string
	}{
		{"well", shelf(), nil, http.StatusOK, `{"status":"ready","database":{"ok":true},"corpus":{"ok":true}}`},
		{"empty", store{}, nil, http.StatusServiceUnavailable, `{"status":"not_ready","database":{"ok":true},"corpus":{"ok":false,"error":"empty"}}`},
		{"down", store{err: errors.New("dial db.internal")}, nil, http.StatusServiceUnavailable, `{"status":"not_ready","database":{"ok":false,"error":"not reachable"},"corpus":{"ok":false,"error":"unknown"}}`},
		{"bot in trouble", shelf(), troubled, http.StatusOK, `{"status":"ready","database":{"ok":true},"corpus":{"ok":true},"telegram":{"mode":"polling","username":"b","working":false,"error":"unauthorized","waiting":2}}`},
	} {
		o := options()
		o.Store, o.Telegram = tc.store, tc.bot
		w := get(t, o, "/readyz")
		if got := strings.TrimSpace(w.Body.String()); w.Code != tc.status || got != tc.want {
			t.Errorf("%s: %d %s", tc.name, w.Code, got)
		}
		if w := get(t, o, "/healthz"); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != `{"status":"ok"}` {
			t.Errorf("%s: healthz %d %s", tc.name, w.Code, w.Body)
		}
	}
}

func TestWebhookIsTakenByPostAndNotWithoutEnd(t *testing.T) {
	t.Parallel()
	o := options()
	o.Telegram = fakeBot{}
	post := func(body string) int {
		w := httptest.NewRecorder()
		web.Handler(o).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/telegram", strings.NewReader(body)))
		return w.Code
	}
	if code := post("{}"); code != http.StatusNotFound {
		t.Errorf("without a webhook: %d", code)
	}
	o.Webhook = true
	if code := post("{}"); code != http.StatusOK {
		t.Errorf("an update: %d", code)
	}
	if code := post(strings.Repeat(" ", 2<<20)); code != http.StatusRequestEntityTooLarge {
		t.Errorf("two megabytes: %d", code)
	}
	if w := get(t, o, "/telegram"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestRequestsAreLoggedWithoutWhatIsAsked(t *testing.T) {
	t.Parallel()
	log := &lines{}
	o := options()
	o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	get(t, o, "/articles/3?quote=0-4&token=hunter2")
	if got := log.String(); !strings.Contains(got, `route="GET /articles/{id}" status=200`) || strings.Contains(got, "quote") || strings.Contains(got, "hunter2") {
		t.Errorf("logged: %s", got)
	}
}

// A request that panics must not end the program, and the next one is served.
func TestAPanicIsOneFailedRequest(t *testing.T) {
	t.Parallel()
	log := &lines{}
	o := options()
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := web.Server(web.Handler(o), o.Log)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, tc := range []struct {
		path   string
		status int
	}{{"/articles/13", http.StatusInternalServerError}, {"/readyz", http.StatusOK}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+tc.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != tc.status || strings.Contains(string(body), "unlucky") {
			t.Errorf("%s: %d %s", tc.path, response.StatusCode, body)
		}
		if tc.path == "/readyz" && !json.Valid(body) {
			t.Errorf("no JSON: %s", body)
		}
	}
	if got := log.String(); !strings.Contains(got, "panic=unlucky") || !strings.Contains(got, "web_test.go") {
		t.Errorf("the panic is not logged with its place: %s", got)
	}
}

// A link says which words it is of. Where the article has changed, others are not marked in their place.
func TestALinkWhoseWordsHaveMovedMarksNothing(t *testing.T) {
	t.Parallel()
	whole := get(t, options(), "/articles/3?quote=14-20").Body.String()
	_, rest, _ := strings.Cut(whole, "<mark")
	_, rest, _ = strings.Cut(rest, ">")
	words, _, _ := strings.Cut(rest, "</mark>")
	for query, isMarked := range map[string]bool{
		"quote=14-20&of=" + bot.Fingerprint(words): true, "quote=14-20&of=" + bot.Fingerprint("别的话"): false, "quote=14-9999&of=" + bot.Fingerprint(words): false,
	} {
		w := get(t, options(), "/articles/3?"+query)
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "<mark") != isMarked || strings.Contains(w.Body.String(), "改动过") == isMarked {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}
