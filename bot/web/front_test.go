package web_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"yinju/bot/web"
	"yinju/rag"
)

// ask gets a path with headers given as name, value.
func ask(t *testing.T, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	web.Handler(options()).ServeHTTP(w, r)
	return w
}

// The page works without a request to any other host, and without script or style within it, which its policy forbids.
func TestPageLoadsItsOwnFilesOnly(t *testing.T) {
	t.Parallel()
	w := ask(t, "/")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", w.Code, w.Header())
	}
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, want) || strings.Contains(csp, "unsafe") {
			t.Errorf("%q lacks %s", csp, want)
		}
	}
	weight := w.Body.Len()
	loaded := regexp.MustCompile(`(?:src|href)="([^"#]+)"`).FindAllStringSubmatch(w.Body.String(), -1)
	for _, m := range regexp.MustCompile(`url\(([^)]+)\)`).FindAllStringSubmatch(ask(t, "/page/style.css").Body.String(), -1) {
		loaded = append(loaded, []string{"", "/page/" + m[1]})
	}
	seen := map[string]bool{"/": true}
	for _, m := range loaded {
		if seen[m[1]] {
			continue
		}
		seen[m[1]] = true
		w := ask(t, m[1])
		weight += w.Body.Len()
		if w.Code != http.StatusOK || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", m[1], w.Code, w.Header())
		}
	}
	if weight > 150_000 {
		t.Errorf("the page weighs %d bytes", weight)
	}
	files, err := os.ReadDir("page")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() != "index.html" && !seen["/page/"+f.Name()] {
			t.Errorf("%s is served and not loaded", f.Name())
		}
		text, err := os.ReadFile("page/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		// What the server says is only ever text, nothing is of another host, and the policy lets nothing within the page run.
		unwanted := `innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|<style|\sstyle="|\son[a-z]+="|<script>|(?:src|href|url)[=(]["']?(?:https?:)?//|@import`
		if m := regexp.MustCompile(unwanted).FindString(string(text)); m != "" {
			t.Errorf("%s has %s", f.Name(), m)
		}
	}
}

func TestPageIsInTheLanguageOfTheBrowser(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ accept, lang, want, not string }{
		{"zh-CN,zh;q=0.9,en;q=0.8", "zh", "向自己的语料提问", "Ask your own corpus"},
		{"en-GB,en;q=0.9", "en", "Ask your own corpus", "语料"},
		{"fr", "zh", "向自己的语料提问", "Ask your own corpus"},
	} {
		w := ask(t, "/", "Accept-Language", tc.accept)
		if body := w.Body.String(); !strings.Contains(body, `<html lang="`+tc.lang+`"`) || !strings.Contains(body, tc.want) || strings.Contains(body, tc.not) {
			t.Errorf("%s: %s", tc.accept, body[:200])
		}
		if !strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "Accept-Language") {
			t.Errorf("%s: a cache would give it to all: %v", tc.accept, w.Header())
		}
	}
}

// The page counts a question's characters before it is sent, and has to know as many as the server takes.
func TestPageTakesQuestionsAsLongAsTheServerDoes(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"zh", "en"} {
		body := ask(t, "/", "Accept-Language", lang).Body.String()
		if want := fmt.Sprintf(`<textarea id="question" rows="1" data-most="%d"`, rag.MaxQuestion); !strings.Contains(body, want) {
			t.Errorf("%s: no %s", lang, want)
		}
	}
}

// A browser that has a file is not sent it again; one that has another edition is.
func TestFilesOfThePageAreSentOnce(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/page/app.js", "/page/style.css", "/page/icon.svg"} {
		plain := ask(t, path)
		packed := ask(t, path, "Accept-Encoding", "gzip, deflate, br")
		unpacked, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if body, err := io.ReadAll(unpacked); err != nil || string(body) != plain.Body.String() || packed.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%s is another file with gzip: %v", path, err)
		}
		if w := ask(t, path, "Accept-Encoding", "gzip;q=0"); w.Header().Get("Content-Encoding") != "" || w.Body.String() != plain.Body.String() {
			t.Errorf("%s is packed for one who refuses", path)
		}
		for _, w := range []*httptest.ResponseRecorder{plain, packed} {
			tag := w.Header().Get("Etag")
			if tag == "" || w.Header().Get("Cache-Control") != "no-cache" {
				t.Errorf("%s: %v", path, w.Header())
			}
			encoding := w.Header().Get("Content-Encoding")
			if w := ask(t, path, "If-None-Match", `"other", W/`+tag, "Accept-Encoding", encoding); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
				t.Errorf("%s, If-None-Match %s: %d", path, tag, w.Code)
			}
			if w := ask(t, path, "If-None-Match", `"other"`, "Accept-Encoding", encoding); w.Code != http.StatusOK {
				t.Errorf("%s, of another edition: %d", path, w.Code)
			}
		}
	}
	for _, path := range []string{"/page/", "/page/index.html", "/page/none.js", "/page/..%2fweb.go"} {
		if w := ask(t, path); w.Code == http.StatusOK {
			t.Errorf("%s is served", path)
		}
	}
}
