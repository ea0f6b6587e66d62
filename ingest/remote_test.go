package ingest_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"yinju/ingest"
)

// remoteRun syncs a corpus that is named by its address.
func remoteRun(t *testing.T, w world, from ingest.Places, address string) (ingest.Report, error) {
	t.Helper()
	c, err := from.Corpus([]string{address})
	if err != nil {
		t.Fatal(err)
	}
	return w.job().Run(t.Context(), c)
}

// syncs is what every remote corpus has to do: put stores a file there, remove takes it away.
func syncs(t *testing.T, from ingest.Places, address string, put func(name, text string), remove func(name string)) {
	t.Helper()
	w := newWorld(t)
	for name, text := range map[string]string{
		"甲 桥.txt": "甲桥通车了。", "sub/deep/b.md": "乙桥通车了。", "sub/c#1.txt": "丙桥通车了。", ".hidden/x.txt": "不收。", "sub/.y.txt": "不收。", "picture.png": "不收。",
	} {
		put(name, text)
	}
	run := func() ingest.Report {
		t.Helper()
		r, err := remoteRun(t, w, from, address)
		if err != nil || len(r.Failed) > 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		return r
	}
	if r := run(); r.Added != 3 || w.stored() != "sub/c#1.txt sub/deep/b.md 甲 桥.txt" {
		t.Fatalf("%+v, stored %s", r, w.stored())
	}
	if r := run(); r.Unchanged != 3 || r.Touched != 0 {
		t.Errorf("again: %+v", r)
	}
	put("甲 桥.txt", "甲桥拆了。")
	put("sub/deep/b.md.articles.yaml", "articles:\n  - title: 乙桥\n    from: 1\n")
	remove("sub/c#1.txt")
	r := run()
	if r.Changed != 2 || !slices.Equal(r.Removed, []string{"sub/c#1.txt"}) {
		t.Errorf("changed: %+v", r)
	}
	for path, e := range w.shelf.editions {
		k, _, _ := w.shelf.KnownAs(t.Context(), path)
		if doc, same, err := from.ReadSource(t.Context(), k); err != nil || !same || doc == nil || !strings.HasPrefix(e.Source.Root, strings.Split(address, "?")[0][:5]) {
			t.Errorf("%s of %s is read back: %v, %v", path, e.Source.Root, same, err)
		}
	}
	if a := w.shelf.editions["sub/deep/b.md"].Articles[0]; a.Title != "乙桥" {
		t.Errorf("the sidecar was not used: %q", a.Title)
	}
	if r := run(); r.Unchanged != 2 || r.Touched != 0 {
		t.Errorf("at last: %+v", r)
	}
}

func folderOf(t *testing.T) (dir string, put func(name, text string), remove func(name string)) {
	t.Helper()
	dir = t.TempDir()
	n := 0
	put = func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		n++ // times differ, as they do in the world
		at := time.Now().Add(time.Duration(n)*time.Second - time.Hour)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, put, func(name string) {
		if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFolderThatGoServes(t *testing.T) {
	t.Parallel()
	dir, put, remove := folderOf(t)
	server := httptest.NewServer(http.StripPrefix("/library/", http.FileServer(http.Dir(dir))))
	t.Cleanup(server.Close)
	syncs(t, ingest.Places{}, server.URL+"/library/", put, remove)
}

func TestAFolderThatPythonServes(t *testing.T) {
	t.Parallel()
	dir, put, remove := folderOf(t)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	server := exec.CommandContext(ctx, "python3", "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", dir)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = server.Wait() // it was killed
	})
	for range 200 {
		if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address); err == nil {
			_ = conn.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	syncs(t, ingest.Places{}, "http://"+address, put, remove)
}

// Pages in the shapes that nginx, Apache and Caddy give them: with links that sort, lead up, or lead elsewhere.
var listings = map[string]string{
	"nginx": `<html><head><title>Index of /l/</title></head><body><h1>Index of /l/</h1><hr><pre><a href="../">../</a>
<a href="sub/">sub/</a>        02-Nov-2026 10:00       -
<a href="%E7%94%B2.txt">甲.txt</a>     02-Nov-2026 10:00      18
</pre><hr></body></html>`,
	"apache": `<html><body><h1>Index of /l</h1><table><tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th></tr>
<tr><td><a href="/">Parent Directory</a></td></tr><tr><td><a href="sub/">sub/</a></td></tr>
<tr><td><a href="%e7%94%b2.txt">甲.txt</a></td><td align="right">2026-11-02 10:00</td></tr></table></body></html>`,
	"caddy": `<!DOCTYPE html><html><body><main><a href="./sub/"><span class="name">sub</span></a><a href="./%E7%94%B2.txt"><span>甲.txt</span></a>
<a href="https://elsewhere.example/x.txt">x</a><a href="/outside.txt">y</a><a href="javascript:void(0)">z</a><a>none</a></main></body></html>`,
}

func TestPagesOfWebServersAreRead(t *testing.T) {
	t.Parallel()
	for kind, page := range listings {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/l/":
					_, _ = w.Write([]byte(page))
				case "/l/sub/":
					_, _ = w.Write([]byte(`<a href="../">up</a> <a href="乙.md">乙.md</a> <a href="/l/sub/">self</a>`))
				case "/l/甲.txt", "/l/sub/乙.md":
					w.Header().Set("Etag", `"1"`)
					_, _ = w.Write([]byte("桥通车了。"))
				default:
					http.NotFound(w, r)
				}
			}))
			t.Cleanup(server.Close)
			w := newWorld(t)
			if r, err := remoteRun(t, w, ingest.Places{}, server.URL+"/l"); err != nil || len(r.Failed) > 0 || w.stored() != "sub/乙.md 甲.txt" {
				t.Errorf("%+v, %v, stored %s", r, err, w.stored())
			}
		})
	}
}

// What a server fails to show need not be gone, and what it sends in part is not taken.
func TestAWebFolderThatFailsRemovesNothing(t *testing.T) {
	t.Parallel()
	dir, put, _ := folderOf(t)
	put("a.txt", "甲桥通车了。")
	put("sub/b.txt", "乙桥通车了。")
	var fault atomic.Value
	fault.Store("")
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case fault.Load() == "page" && r.URL.Path == "/sub/", fault.Load() == "root" && r.URL.Path == "/":
			http.Error(w, "later", http.StatusServiceUnavailable)
		case fault.Load() == "file" && r.URL.Path == "/sub/b.txt":
			http.Error(w, "later", http.StatusServiceUnavailable)
		case fault.Load() == "cut" && r.URL.Path == "/a.txt" && r.Method == http.MethodGet:
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("甲"))
		case fault.Load() == "away" && r.URL.Path == "/a.txt":
			http.Redirect(w, r, "http://169.254.169.254/latest/", http.StatusFound)
		default:
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	w := newWorld(t)
	if r, err := remoteRun(t, w, ingest.Places{}, server.URL); err != nil || r.Added != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	fault.Store("page")
	if r, err := remoteRun(t, w, ingest.Places{}, server.URL); err != nil || len(r.Failed) != 1 || len(r.Removed) != 0 || len(w.shelf.editions) != 2 {
		t.Errorf("%+v, %v, stored %s", r, err, w.stored())
	}
	fault.Store("root")
	if r, err := remoteRun(t, w, ingest.Places{}, server.URL); err == nil || len(w.shelf.editions) != 2 {
		t.Errorf("%+v, stored %s", r, w.stored())
	}
	fault.Store("file")
	if r, err := remoteRun(t, w, ingest.Places{}, server.URL); err != nil || len(r.Failed) != 1 || len(r.Removed) != 0 || len(w.shelf.editions) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, kind := range []string{"cut", "away"} {
		put("a.txt", "甲桥"+kind)
		fault.Store(kind)
		if r, err := remoteRun(t, w, ingest.Places{}, server.URL); err != nil || len(r.Failed) != 1 || r.Failed[0].Path != "a.txt" || w.shelf.editions["a.txt"].Articles[0].Text != "甲桥通车了。" {
			t.Errorf("%s: %+v, %v", kind, r, err)
		}
	}
}

func TestAddressesOfCorpora(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"http://user:hunter2@host/x/", "https://host/x/?token=hunter2", "http://", "s3://", "s3://b/p?x=hunter2"} {
		_, err := ingest.Places{}.Corpus([]string{wrong})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	for path, want := range map[string]error{
		"ftp://host/a": ingest.ErrScheme, "file:///a": ingest.ErrScheme, "HTTP://host/": ingest.ErrScheme, "S3://bucket": ingest.ErrScheme, "http:/host/": ingest.ErrScheme,
		"ftp://me:hunter2@host/a": ingest.ErrScheme, "ftp://host/?key=hunter2": ingest.ErrScheme, "~": ingest.ErrTilde, "~/texts": ingest.ErrTilde,
	} {
		if _, err := (ingest.Places{}).Corpus([]string{path}); !errors.Is(err, want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	for _, path := range []string{"~note.txt", "./~/texts", "a:b", "/2023: a/x", "./ftp://x"} {
		if _, err := (ingest.Places{}).Corpus([]string{path}); err != nil {
			t.Errorf("%s is a path of this machine: %v", path, err)
		}
	}
	if _, err := (ingest.Places{}).Corpus([]string{"folder", "s3://bucket"}); !errors.Is(err, ingest.ErrMixed) {
		t.Error(err)
	}
}

const (
	bucketKey    = "AKIATEST"
	bucketSecret = "secret-of-the-bucket"
)

func TestABucketIsACorpus(t *testing.T) {
	t.Parallel()
	backend := s3mem.New()
	if err := backend.CreateBucket("texts"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(signed(gofakes3.New(backend).Server()))
	t.Cleanup(server.Close)
	from := ingest.Places{S3: ingest.S3Options{Endpoint: server.URL, Region: "us-east-1", AccessKey: bucketKey, SecretKey: bucketSecret}}
	put := func(name, text string) {
		if _, err := backend.PutObject("texts", "corpus/"+name, map[string]string{"Last-Modified": time.Now().UTC().Format(http.TimeFormat)}, strings.NewReader(text), int64(len(text)), nil); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(name string) {
		if _, err := backend.DeleteObject("texts", "corpus/"+name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := backend.PutObject("texts", "outside.txt", map[string]string{}, bytes.NewReader([]byte("不收。")), int64(len("不收。")), nil); err != nil {
		t.Fatal(err)
	}
	syncs(t, from, "s3://texts/corpus", put, remove)

	w := newWorld(t)
	from.S3.SecretKey = "another"
	if _, err := remoteRun(t, w, from, "s3://texts/corpus"); err == nil || strings.Contains(err.Error(), "another") {
		t.Errorf("with a wrong key: %v", err)
	}
	from.S3.SecretKey = bucketSecret
	if _, err := remoteRun(t, w, from, "s3://nothing"); err == nil {
		t.Error("a bucket that is not there")
	}
}

// signed refuses what is not signed with the bucket's key, as services do (AWS Signature Version 4).
func signed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != authorization(r) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, `<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>`)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func authorization(r *http.Request) string {
	parts := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	scope := strings.Split(parts["Credential"], "/")
	if len(scope) != 5 || scope[0] != bucketKey {
		return "-"
	}
	var headers strings.Builder
	for name := range strings.SplitSeq(parts["SignedHeaders"], ";") {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		headers.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	canonical := strings.Join([]string{r.Method, r.URL.EscapedPath(), query, headers.String(), parts["SignedHeaders"], r.Header.Get("X-Amz-Content-Sha256")}, "\n")
	sum := sha256.Sum256([]byte(canonical))
	text := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), strings.Join(scope[1:], "/"), hex.EncodeToString(sum[:])}, "\n")
	key := []byte("AWS4" + bucketSecret)
	for _, part := range append(scope[1:], text) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return "AWS4-HMAC-SHA256 Credential=" + parts["Credential"] + ", SignedHeaders=" + parts["SignedHeaders"] + ", Signature=" + hex.EncodeToString(key)
}

// goFolder serves a folder; what is before it may answer in its place.
func goFolder(t *testing.T, dir string, before func(w http.ResponseWriter, r *http.Request) (answered bool)) string {
	t.Helper()
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !before(w, r) {
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A page that is cut, is no list, is not given, or belongs to another folder would hide files, which are not gone. The rest goes on.
func TestAPageThatIsNoWholeListIsNoList(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"not HTML": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{}`))
		},
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			for range 33 {
				_, _ = w.Write(bytes.Repeat([]byte(" "), 1<<20))
			}
		},
		"another folder's": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other/", http.StatusFound) },
		"gone":             func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/nowhere", http.StatusFound) },
		"forbidden":        func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"broken":           func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("<html>"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, put, remove := folderOf(t)
			put("a.txt", "甲桥通车了。")
			put("sub/b.txt", "乙桥通车了。")
			put("other/c.txt", "丙桥通车了。")
			put("sub/deep/d.txt", "丁桥通车了。")
			put("subway.txt", "戊桥通车了。")
			var fails atomic.Bool
			url := goFolder(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
				isIt := fails.Load() && r.URL.Path == "/sub/"
				if isIt {
					answer(w, r)
				}
				return isIt
			})
			w := newWorld(t)
			if r, err := remoteRun(t, w, ingest.Places{}, url); err != nil || r.Added != 5 {
				t.Fatalf("%+v, %v", r, err)
			}
			fails.Store(true)
			put("a.txt", "甲桥拆了。")
			remove("other/c.txt")
			r, err := remoteRun(t, w, ingest.Places{}, url)
			if err != nil || r.Changed != 1 || len(r.Failed) != 1 || r.Failed[0].Path != "sub" || !slices.Equal(r.Removed, []string{"other/c.txt"}) {
				t.Errorf("%+v, %v", r, err)
			}
			if w.stored() != "a.txt sub/b.txt sub/deep/d.txt subway.txt" {
				t.Errorf("stored %s", w.stored())
			}
		})
	}
}

// A page that fails once is asked for again.
func TestAPageThatFailsOnceIsRead(t *testing.T) {
	t.Parallel()
	dir, put, _ := folderOf(t)
	put("sub/b.txt", "乙桥通车了。")
	var asked atomic.Int64
	url := goFolder(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
		isIt := r.URL.Path == "/sub/" && asked.Add(1) == 1
		if isIt {
			http.Error(w, "later", http.StatusServiceUnavailable)
		}
		return isIt
	})
	w := newWorld(t)
	if r, err := remoteRun(t, w, ingest.Places{}, url); err != nil || r.Added != 1 || len(r.Failed) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A server that fails for every folder is down: nothing is known of what it has, and it is not asked about each.
func TestAServerThatFailsForEveryFolderEndsTheList(t *testing.T) {
	t.Parallel()
	dir, put, _ := folderOf(t)
	for i := range 100 {
		put(fmt.Sprintf("%d/a.txt", i), "桥。")
	}
	var asked atomic.Int64
	url := goFolder(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/" {
			asked.Add(1)
			http.Error(w, "later", http.StatusServiceUnavailable)
		}
		return r.URL.Path != "/"
	})
	c, err := ingest.Places{}.Corpus([]string{url})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.List(t.Context()); err == nil || asked.Load() > 60 {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
}

// What the server fails to tell of a file may be told when it is read, which is tried more than once. What it refuses stays so.
func TestAFileOfWhichTheServerFailsToTellIsTriedAgain(t *testing.T) {
	t.Parallel()
	for status, isRead := range map[int]bool{
		http.StatusServiceUnavailable: true, http.StatusTooManyRequests: true, http.StatusBadGateway: true,
		http.StatusNotFound: false, http.StatusGone: false, http.StatusForbidden: false, http.StatusUnauthorized: false,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			dir, put, _ := folderOf(t)
			put("a.txt", "甲桥通车了。")
			put("a.txt.articles.yaml", "articles:\n  - title: 甲\n    from: 1\n")
			var heads atomic.Int64
			heads.Store(1)
			url := goFolder(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
				isIt := r.URL.Path == "/a.txt" && r.Method == http.MethodHead && heads.Add(1) == 1
				if isIt {
					http.Error(w, "no", status)
				}
				return isIt
			})
			w := newWorld(t)
			if r, err := remoteRun(t, w, ingest.Places{}, url); err != nil || r.Added != 1 {
				t.Fatalf("%+v, %v", r, err)
			}
			heads.Store(0)
			put("a.txt", "甲桥拆了。")
			r, err := remoteRun(t, w, ingest.Places{}, url)
			if err != nil || len(r.Removed) != 0 || (r.Changed == 1) != isRead || (len(r.Failed) == 0) != isRead {
				t.Errorf("%+v, %v", r, err)
			}
			if a := w.shelf.editions["a.txt"].Articles[0]; a.Title != "甲" || (a.Text == "甲桥拆了。") != isRead {
				t.Errorf("stored %+v", a)
			}
		})
	}
}

// Where a server does not answer HEAD, it is asked with GET.
func TestAServerWithoutHeadIsACorpus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusInternalServerError} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			dir, put, remove := folderOf(t)
			url := goFolder(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodHead {
					http.Error(w, "no", status)
				}
				return r.Method == http.MethodHead
			})
			syncs(t, ingest.Places{}, url, put, remove)
		})
	}
}

// Nothing is cited by a name whose address leads to something else.
func TestAFileThatLeadsElsewhereIsNotTaken(t *testing.T) {
	t.Parallel()
	for to, said := range map[string]string{
		"/?key=hunter2": "/", "/ok.txt": "/ok.txt", "/a.txt/": "/a.txt/", "http://169.254.169.254/latest/?key=hunter2": "http://169.254.169.254/latest/",
	} {
		t.Run(said, func(t *testing.T) {
			t.Parallel()
			dir, put, _ := folderOf(t)
			put("ok.txt", "好桥通车了。")
			put("a.txt", "甲桥通车了。")
			var fails atomic.Bool
			url := goFolder(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
				switch {
				case fails.Load() && r.URL.Path == "/a.txt":
					http.Redirect(w, r, to, http.StatusFound)
				case r.URL.Path == "/a.txt/":
					w.Header().Set("Etag", `"1"`)
				default:
					return false
				}
				return true
			})
			w := newWorld(t)
			if r, err := remoteRun(t, w, ingest.Places{}, url); err != nil || r.Added != 2 {
				t.Fatalf("%+v, %v", r, err)
			}
			fails.Store(true)
			r, err := remoteRun(t, w, ingest.Places{}, url)
			if err != nil || len(r.Failed) != 1 || r.Failed[0].Path != "a.txt" || w.shelf.editions["a.txt"].Articles[0].Text != "甲桥通车了。" {
				t.Fatalf("%+v, %v", r, err)
			}
			if is := r.Failed[0].Err.Error(); !strings.Contains(is, "leads to "+said+":") && !strings.Contains(is, "leads to "+url+said+":") || strings.Contains(is, "hunter2") {
				t.Error(is)
			}
		})
	}
}

// A server may lead to the same name by another address, as some do for each request.
func TestAFileThatLeadsToItselfIsTaken(t *testing.T) {
	t.Parallel()
	dir, put, _ := folderOf(t)
	put("a.txt", "甲桥通车了。")
	url := goFolder(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
		isIt := r.URL.Path == "/a.txt" && r.URL.RawQuery == ""
		if isIt {
			http.Redirect(w, r, "/a.txt?today", http.StatusFound)
		}
		return isIt
	})
	w := newWorld(t)
	if r, err := remoteRun(t, w, ingest.Places{}, url); err != nil || r.Added != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A file whose size tells that it is not taken is not waited for.
func TestAFileThatIsTooLargeIsRefusedByItsSize(t *testing.T) {
	t.Parallel()
	dir, put, _ := folderOf(t)
	put("a.txt", "甲桥通车了。")
	huge := func(w http.ResponseWriter, r *http.Request) { // says its size, and nothing more
		w.Header().Set("Content-Length", "300000000")
		w.Header().Set("Last-Modified", "Mon, 02 Nov 2026 10:00:00 GMT")
		w.Header().Set("Etag", `"1"`)
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodGet {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	}
	url := goFolder(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/a.txt" {
			huge(w, r)
		}
		return r.URL.Path == "/a.txt"
	})
	w := newWorld(t)
	if r, err := remoteRun(t, w, ingest.Places{}, url); err != nil || len(r.Failed) != 1 || !errors.Is(r.Failed[0].Err, ingest.ErrTooLarge) {
		t.Errorf("%+v, %v", r, err)
	}

	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !r.URL.Query().Has("list-type") {
			huge(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		_, _ = fmt.Fprint(w, `<ListBucketResult><Contents><Key>a.txt</Key><ETag>"1"</ETag><Size>300000000</Size></Contents></ListBucketResult>`)
	}))
	t.Cleanup(service.Close)
	from := ingest.Places{S3: ingest.S3Options{Endpoint: service.URL, Region: "us-east-1"}}
	if r, err := remoteRun(t, w, from, "s3://texts"); err != nil || len(r.Failed) != 1 || !errors.Is(r.Failed[0].Err, ingest.ErrTooLarge) {
		t.Errorf("%+v, %v", r, err)
	}
}

// A server that says nothing of any file is not asked about each of thousands.
func TestAServerThatFailsForEveryFileIsNotAskedForEach(t *testing.T) {
	t.Parallel()
	dir, put, _ := folderOf(t)
	for i := range 300 {
		put(fmt.Sprintf("%d.txt", i), "桥。")
	}
	var asked atomic.Int64
	url := goFolder(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodHead {
			asked.Add(1)
			http.Error(w, "later", http.StatusServiceUnavailable)
		}
		return r.Method == http.MethodHead
	})
	c, err := ingest.Places{}.Corpus([]string{url})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.List(t.Context()); err == nil || asked.Load() > 100 {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
}

// Tags of most servers are made of seconds and size: what was written just now is looked at again.
func TestAFileOfTheWebThatWasWrittenJustNowIsNotTrusted(t *testing.T) {
	t.Parallel()
	dir, put, _ := folderOf(t)
	put("a.txt", "甲桥通车了。")
	at := time.Now().UTC().Format(http.TimeFormat)
	url := goFolder(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/a.txt" {
			w.Header().Set("Last-Modified", at)
			w.Header().Set("Date", at)
			w.Header().Set("Etag", `"same"`)
			raw, err := os.ReadFile(filepath.Join(dir, "a.txt"))
			if err != nil {
				t.Error(err)
			}
			_, _ = w.Write(raw)
			return true
		}
		return false
	})
	w := newWorld(t)
	if r, err := remoteRun(t, w, ingest.Places{}, url); err != nil || r.Added != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	put("a.txt", "乙桥通车了。")
	if r, err := remoteRun(t, w, ingest.Places{}, url); err != nil || r.Changed != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A file that a web server still gets is taken when it was left alone for a while.
func TestAFileOfTheWebIsTakenOnceItIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir, put, _ := folderOf(t)
	put("a.txt", "甲桥通车了。")
	written := time.Now()
	var gets atomic.Int64
	url := goFolder(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/a.txt" {
			return false
		}
		if r.Method == http.MethodGet {
			gets.Add(1)
		}
		w.Header().Set("Last-Modified", written.UTC().Format(http.TimeFormat))
		now := written
		if gets.Load() > 1 { // as if an hour had gone by
			now = written.Add(time.Hour)
		}
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		_, _ = w.Write([]byte(strings.Repeat("桥。", int(gets.Load()))))
		return true
	})
	w := newWorld(t)
	if r, err := remoteRun(t, w, ingest.Places{Settle: 50 * time.Millisecond}, url); err != nil || r.Added != 1 || w.shelf.editions["a.txt"].Articles[0].Text != "桥。桥。" {
		t.Errorf("%+v, %v, %+v", r, err, w.shelf.editions["a.txt"].Articles)
	}
}

// What the network does to a sidecar is not the file's fault: it is tried again.
func TestASidecarThatCannotBeFetchedMayPass(t *testing.T) {
	t.Parallel()
	dir, put, _ := folderOf(t)
	put("a.txt", "甲桥通车了。")
	put("a.txt.articles.yaml", "articles:\n  - title: 桥\n    from: 1\n")
	url := goFolder(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
		isIt := strings.HasSuffix(r.URL.Path, ".yaml") && r.Method == http.MethodGet
		if isIt {
			http.Error(w, "later", http.StatusBadGateway)
		}
		return isIt
	})
	w := newWorld(t)
	r, err := remoteRun(t, w, ingest.Places{}, url)
	var own *ingest.FileError
	if err != nil || len(r.Failed) != 1 || errors.As(r.Failed[0].Err, &own) {
		t.Errorf("%+v, %v", r, err)
	}
}

// A listing that breaks off in the middle is no listing.
func TestABucketThatFailsInTheMiddleIsNotListed(t *testing.T) {
	t.Parallel()
	backend := s3mem.New()
	if err := backend.CreateBucket("texts"); err != nil {
		t.Fatal(err)
	}
	for i := range 1001 { // a page has 1000
		if _, err := backend.PutObject("texts", fmt.Sprintf("%d.txt", i), map[string]string{}, strings.NewReader("x"), 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	var fails atomic.Bool
	service := signed(gofakes3.New(backend).Server())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fails.Load() && r.URL.Query().Has("continuation-token") {
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, `<Error><Code>AccessDenied</Code></Error>`)
			return
		}
		service.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c, err := ingest.Places{S3: ingest.S3Options{Endpoint: server.URL, Region: "us-east-1", AccessKey: bucketKey, SecretKey: bucketSecret}}.Corpus([]string{"s3://texts"})
	if err != nil {
		t.Fatal(err)
	}
	if l, err := c.List(t.Context()); err != nil || len(l.Files) != 1001 {
		t.Fatalf("%d files, %v", len(l.Files), err)
	}
	fails.Store(true)
	if l, err := c.List(t.Context()); err == nil {
		t.Errorf("%d files", len(l.Files))
	}
}
