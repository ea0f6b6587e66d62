package queue_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinju/ingest"
	"yinju/ingest/queue"
	"yinju/rag"
	"yinju/rag/ragtest"
)

// counter is an embedder that counts what it embeds.
type counter struct {
	mu    sync.Mutex
	texts map[string]int
	away  bool
}

func (c *counter) EmbedDocuments(_ context.Context, texts []string) ([][]float32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		return nil, errors.New("the model is away")
	}
	out := make([][]float32, len(texts))
	for i, text := range texts {
		if c.texts == nil {
			c.texts = map[string]int{}
		}
		c.texts[text]++
		out[i] = make([]float32, rag.Dimensions)
		out[i][len(text)%rag.Dimensions] = 1
	}
	return out, nil
}

// over is the work on a folder over a store of its own.
func over(t *testing.T, url, dir, model string, e ingest.Embedder) (*queue.Queue, *rag.Store) {
	t.Helper()
	return overCorpus(t, url, ingest.Local{Paths: []string{dir}}, model, e, nil)
}

func overCorpus(t *testing.T, url string, c ingest.Corpus, model string, e ingest.Embedder, backoff []time.Duration) (*queue.Queue, *rag.Store) {
	t.Helper()
	store, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	job := ingest.Job{Library: store, Embedder: e, Model: model, Count: func(s string) int { return len([]rune(s)) + 2 }, MaxTokens: 512, MaxRemoved: .5}
	q, err := queue.New(t.Context(), queue.Options{Pool: store.Pool(), Work: queue.Corpus{Job: job, Corpus: c, Store: store}, Backoff: backoff})
	if err != nil {
		t.Fatal(err)
	}
	return q, store
}

func stories(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for i := range n {
		text := fmt.Sprintf("# 第%d个故事\n\n%s", i, strings.Repeat(fmt.Sprintf("第%d年，石桥边的人家收了%d担粮。", 1900+i, i*7+1), 20))
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.md", i)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Two machines that ingest one corpus at once share it: nothing is embedded twice, and the store is as one leaves it.
func TestTwoMachinesEmbedEachPassageOnce(t *testing.T) {
	t.Parallel()
	dir := stories(t, 40)
	alone := &counter{}
	q, want := over(t, ragtest.Database(t), dir, "m", alone)
	start(t, q)
	if end := wait(t, want, request(t, q, false)); end.Error != "" || end.Report.Added != 40 {
		t.Fatalf("%+v", end)
	}
	url, both := ragtest.Database(t), &counter{}
	a, store := over(t, url, dir, "m", both)
	b, _ := over(t, url, dir, "m", both)
	start(t, a)
	start(t, b)
	first, second := request(t, a, false), request(t, b, false)
	for _, job := range []int64{first, second} {
		if end := wait(t, store, job); end.Error != "" {
			t.Errorf("%+v", end)
		}
	}
	if diff := cmp.Diff(alone.texts, both.texts); diff != "" {
		t.Errorf("embedded (-alone +both):\n%.2000s", diff)
	}
	if diff := cmp.Diff(ragtest.Contents(t, want), ragtest.Contents(t, store)); diff != "" {
		t.Errorf("stored (-alone +both):\n%.2000s", diff)
	}
}

// What a web server fails to tell of a file, it may tell later in the sync.
func TestAFileThatAWebServerFailsToGiveIsTriedFourTimes(t *testing.T) {
	t.Parallel()
	files := http.FileServer(http.Dir(stories(t, 3)))
	var later atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/000.md" || r.URL.Path == "/001.md" && later.Add(1) < 4 {
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c, err := ingest.Places{}.Corpus([]string{server.URL})
	if err != nil {
		t.Fatal(err)
	}
	q, store := overCorpus(t, ragtest.Database(t), c, "m", &counter{}, []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond})
	start(t, q)
	end := wait(t, store, request(t, q, false))
	if f := end.Report.Failed; end.Error != "" || end.Report.Added != 2 || len(f) != 1 || f[0].File != "000.md" || f[0].Attempts != 4 {
		t.Errorf("%+v", end)
	}
}

// A new model's index is built beside the old one, which answers until all is there; a build that breaks off is gone on with.
func TestANewModelTakesOverWhenAllIsThere(t *testing.T) {
	t.Parallel()
	dir, url := stories(t, 6), ragtest.Database(t)
	q, store := over(t, url, dir, "old", &counter{})
	start(t, q)
	wait(t, store, request(t, q, false))
	if err := q.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	live := func() string {
		t.Helper()
		var embedder string
		if err := store.Pool().QueryRow(t.Context(), `select embedder from generations where state = 'live'`).Scan(&embedder); err != nil {
			t.Fatal(err)
		}
		return embedder
	}
	if got := live(); got != "old" {
		t.Fatalf("live is %q", got)
	}
	next := &counter{}
	n, _ := over(t, url, dir, "new", next)
	start(t, n)
	if err := os.Remove(filepath.Join(dir, "000.md")); err != nil {
		t.Fatal(err)
	}
	end := wait(t, store, request(t, n, false))
	if end.Error != "" || end.Report.Added != 5 || len(end.Report.Removed) != 1 {
		t.Errorf("%+v", end)
	}
	if got := live(); got != "new" || len(next.texts) == 0 {
		t.Errorf("live is %q, %d texts embedded", got, len(next.texts))
	}
}

// A folder that is gone removes nothing; forced, it does.
func TestAnEmptiedCorpusIsAskedAbout(t *testing.T) {
	t.Parallel()
	dir, url := stories(t, 6), ragtest.Database(t)
	q, store := over(t, url, dir, "m", &counter{})
	start(t, q)
	wait(t, store, request(t, q, false))
	for i := range 5 {
		if err := os.Rename(filepath.Join(dir, fmt.Sprintf("%03d.md", i)), filepath.Join(t.TempDir(), "away.md")); err != nil {
			t.Fatal(err)
		}
	}
	if end := wait(t, store, request(t, q, false)); !strings.Contains(end.Error, "5 of 6 files would be removed") {
		t.Errorf("%+v", end)
	}
	if end := wait(t, store, request(t, q, true)); end.Error != "" || len(end.Report.Removed) != 5 {
		t.Errorf("forced: %+v", end)
	}
}

// A file by name is brought up to date in the index that answers, and never takes the place of all the others.
func TestAFileByNameBuildsNoIndex(t *testing.T) {
	t.Parallel()
	url, dir := ragtest.Database(t), stories(t, 4)
	q, store := over(t, url, dir, "m", &counter{})
	start(t, q)
	if end := wait(t, store, request(t, q, false)); end.Error != "" {
		t.Fatal(end.Error)
	}
	if _, err := store.Pool().Exec(t.Context(), `update generations set rules = 'older'`); err != nil { // as after an upgrade
		t.Fatal(err)
	}
	path := filepath.Join(dir, "001.md")
	if err := os.WriteFile(path, []byte("# 第一个故事\n\n石桥拆掉了，河上来了渡船。"), 0o644); err != nil {
		t.Fatal(err)
	}
	single, store := over(t, url, path, "m", &counter{})
	start(t, single)
	end := wait(t, store, request(t, single, false))
	if end.Error != "" || end.Report.Changed != 1 {
		t.Errorf("%+v", end)
	}
	if st, err := store.Stats(t.Context()); err != nil || st.Sources != 4 {
		t.Errorf("%+v, %v", st, err)
	}
	var indexes int
	if err := store.Pool().QueryRow(t.Context(), `select count(*) from generations`).Scan(&indexes); err != nil || indexes != 1 {
		t.Errorf("%d indexes, %v", indexes, err)
	}
	other, store := over(t, url, path, "n", &counter{})
	start(t, other)
	if end := wait(t, store, request(t, other, false)); !strings.Contains(end.Error, "ingest") {
		t.Errorf("with another model: %+v", end)
	}
}

// Names that are not UTF-8 are told apart, and hold nothing else up.
func TestNamesThatAreNoUTF8AreReportedEach(t *testing.T) {
	t.Parallel()
	dir := stories(t, 1)
	for _, name := range []string{"\xb4.md", "\xb5.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("石桥通车了。"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	q, store := over(t, ragtest.Database(t), dir, "m", &counter{})
	start(t, q)
	end := wait(t, store, request(t, q, false))
	if end.Error != "" || end.Report.Added != 1 || len(end.Report.Failed) != 2 {
		t.Errorf("%+v", end)
	}
	if all := failures(t, store); len(all) != 2 || all[0].File != `\xB4.md` || all[1].File != `\xB5.md` {
		t.Errorf("%+v", all)
	}
}

// The failures of a folder are those of the folder that was ingested last, under whatever name.
func TestFailuresAreThoseOfTheFolderThatWasIngestedLast(t *testing.T) {
	t.Parallel()
	url, dir := ragtest.Database(t), stories(t, 2)
	if err := os.WriteFile(filepath.Join(dir, "empty.md"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	q, store := over(t, url, dir, "m", &counter{})
	start(t, q)
	wait(t, store, request(t, q, false))
	if all := failures(t, store); len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	again, store := over(t, url, link, "m", &counter{})
	start(t, again)
	if end := wait(t, store, request(t, again, false)); end.Error != "" {
		t.Fatal(end.Error)
	}
	if all := failures(t, store); len(all) != 1 {
		t.Errorf("one file is noted %d times: %+v", len(all), all)
	}
}
