package ingest_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/ingest"
	"yinju/rag"
)

// shelf keeps editions in memory.
type shelf struct {
	mu       sync.Mutex
	editions map[string]rag.Edition
}

func (s *shelf) Known(context.Context) (map[string]rag.Known, error) {
	known := map[string]rag.Known{}
	for path, e := range s.editions {
		known[path] = rag.Known{Path: path, Root: e.Source.Root, Hash: e.Source.Hash, MadeBy: e.MadeBy, Embedder: e.Embedder, Version: e.Source.Version, Size: e.Source.Size}
	}
	return known, nil
}

func (s *shelf) KnownAs(ctx context.Context, path string) (rag.Known, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, err := s.Known(ctx)
	k, ok := known[path]
	return k, ok, err
}

func (s *shelf) Encodings(_ context.Context, embedder string, digests []rag.Digest) (map[rag.Digest]rag.Encoding, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[rag.Digest]rag.Encoding{}
	for _, e := range s.editions {
		for i := range e.Passages {
			if p := &e.Passages[i]; e.Embedder == embedder && slices.Contains(digests, p.Digest()) {
				found[p.Digest()] = rag.Encoding{Vector: p.Vector, Codes: p.Codes, Starts: p.Starts}
			}
		}
	}
	return found, nil
}

func (s *shelf) Rename(_ context.Context, moves []rag.Move) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	moved := map[string]rag.Edition{}
	for _, m := range moves {
		e := s.editions[m.From]
		delete(s.editions, m.From)
		e.Source.Path, e.Source.Root, e.Source.Version = m.To.Path, m.To.Root, m.To.Version
		moved[m.To.Path] = e
	}
	maps.Copy(s.editions, moved)
	return nil
}

func (s *shelf) Holding(_ context.Context, passages []rag.Digest, paths []string) (best string, most int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range paths {
		n := 0
		for i := range s.editions[path].Passages {
			if slices.Contains(passages, s.editions[path].Passages[i].Digest()) {
				n++
			}
		}
		if n > most {
			best, most = path, n
		}
	}
	return best, most, nil
}

func (s *shelf) Replace(_ context.Context, e rag.Edition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.editions[e.Source.Path] = e
	return nil
}

func (s *shelf) Touch(_ context.Context, seen []rag.Seen) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range seen {
		e := s.editions[x.Path]
		e.Source.Root, e.Source.Version = x.Root, x.Version
		s.editions[x.Path] = e
	}
	return nil
}

func (s *shelf) Remove(_ context.Context, paths []string) error {
	for _, p := range paths {
		delete(s.editions, p)
	}
	return nil
}

// counter is an embedder that counts what it embeds, and refuses what holds "毒".
type counter struct {
	mu    sync.Mutex
	texts int
}

var errRefused = errors.New("refused")

func (c *counter) EmbedDocuments(_ context.Context, texts []string) ([][]float32, error) {
	if strings.Contains(strings.Join(texts, ""), "毒") {
		return nil, errRefused
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts += len(texts)
	return make([][]float32, len(texts)), nil
}

// coder is a counter that makes a code a text, and no vector.
type coder struct{ counter }

func (c *coder) EncodeDocuments(ctx context.Context, texts []string) ([]rag.Encoded, error) {
	if _, err := c.EmbedDocuments(ctx, texts); err != nil {
		return nil, err
	}
	encoded := make([]rag.Encoded, len(texts))
	for i, text := range texts {
		encoded[i] = rag.Encoded{Codes: []rag.Code{{uint64(len(text))}}, Starts: []int{len([]rune(text)) - 1}}
	}
	return encoded, nil
}

type world struct {
	shelf    *shelf
	embedder *counter
	dir      string
}

func newWorld(t *testing.T) world {
	t.Helper()
	return world{&shelf{editions: map[string]rag.Edition{}}, &counter{}, t.TempDir()}
}

func (w world) write(t *testing.T, path, text string) {
	t.Helper()
	full := filepath.Join(w.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (w world) run(t *testing.T, paths ...string) ingest.Report {
	t.Helper()
	for i := range paths {
		paths[i] = filepath.Join(w.dir, paths[i])
	}
	job := ingest.Job{Library: w.shelf, Embedder: w.embedder, Model: "m", Count: func(s string) int { return len([]rune(s)) + 2 }, MaxTokens: 512, MaxRemoved: 1}
	r, err := job.Run(t.Context(), ingest.Local{Paths: paths})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w world) stored() string {
	return strings.Join(slices.Sorted(maps.Keys(w.shelf.editions)), " ")
}

func TestUnchangedFilesCostNoEmbeddingAndRemovedOnesLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", "甲桥通车了。")
	w.write(t, "c/sub/b.md", "乙桥通车了。")
	w.run(t, "c")
	if w.embedder.texts != 2 {
		t.Fatalf("%d texts embedded", w.embedder.texts)
	}
	if err := os.Remove(filepath.Join(w.dir, "c/a.txt")); err != nil {
		t.Fatal(err)
	}
	r := w.run(t, "c")
	if w.embedder.texts != 2 || r.Unchanged != 1 || w.stored() != "sub/b.md" {
		t.Errorf("%d embedded, %+v, stored %s", w.embedder.texts, r, w.stored())
	}
}

func TestWhatCannotBeSeenStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", "甲桥通车了。")
	w.write(t, "c/b.txt", "乙桥通车了。")
	w.write(t, "c/gone.txt", "丙桥通车了。")
	w.run(t, "c")
	for _, p := range []string{"c/a.txt", "c/gone.txt"} {
		if err := os.Remove(filepath.Join(w.dir, p)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(w.dir, "c/a.txt")); err != nil {
		t.Fatal(err)
	}
	w.write(t, "c/b.txt", "毒")
	w.write(t, "c/\xd6\xd0.txt", "名字不是 UTF-8。")
	if err := os.Symlink(t.TempDir(), filepath.Join(w.dir, "c/link")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(w.dir, "c/pipe.txt"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := w.run(t, "c")
	failed := map[string]error{}
	for _, f := range r.Failed {
		failed[f.Path] = f.Err
	}
	if !errors.Is(failed["a.txt"], os.ErrNotExist) || !errors.Is(failed["b.txt"], errRefused) ||
		!errors.Is(failed[`\xD6\xD0.txt`], ingest.ErrName) || !errors.Is(failed["link"], ingest.ErrLink) ||
		!errors.Is(failed["pipe.txt"], ingest.ErrNotAFile) {
		t.Errorf("failures: %v", failed)
	}
	if diff := cmp.Diff([]string{"gone.txt"}, r.Removed); diff != "" || w.stored() != "a.txt b.txt" {
		t.Errorf("removed %v, stored %s", r.Removed, w.stored())
	}
}

func TestSeveralFoldersAndFilesByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "one/a.txt", "甲桥通车了。")
	w.write(t, "two/a.txt", "乙桥通车了。")
	w.run(t, "one", "two", "one/", "one/a.txt")
	if w.stored() != "one/a.txt two/a.txt" {
		t.Fatalf("stored %s", w.stored())
	}
	w.write(t, "one/a.txt", "甲桥拆掉了。")
	if r := w.run(t, "one/a.txt"); r.Changed != 1 || w.stored() != "one/a.txt two/a.txt" {
		t.Errorf("%+v, stored %s", r, w.stored())
	}
	w.write(t, "new.txt", "丙桥动工了。")
	if r := w.run(t, "new.txt"); r.Added != 1 || len(r.Removed) != 0 || w.stored() != "new.txt one/a.txt two/a.txt" {
		t.Errorf("%+v, stored %s", r, w.stored())
	}
	w.write(t, "other/new.txt", "丁桥动工了。")
	_, err := ingest.Job{Library: w.shelf, Embedder: w.embedder, Count: func(string) int { return 9 }, MaxTokens: 512, MaxRemoved: 1}.
		Run(t.Context(), ingest.Local{Paths: []string{filepath.Join(w.dir, "other/new.txt")}})
	if err == nil || !strings.Contains(err.Error(), `cited as "new.txt" already`) {
		t.Errorf("a file took another one's name: %v", err)
	}
}

func TestCodesAreStoredWhereTheEmbedderHasThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", "甲桥通车了。")
	w.run(t, "c")
	if p := w.shelf.editions["a.txt"].Passages[0]; len(p.Codes) != 0 || len(p.Starts) != 0 {
		t.Errorf("codes out of nowhere: %+v", p)
	}
	job := ingest.Job{Library: w.shelf, Embedder: &coder{}, Model: "m+codes", Count: func(string) int { return 9 }, MaxTokens: 512, MaxRemoved: 1}
	r, err := job.Run(t.Context(), ingest.Local{Paths: []string{filepath.Join(w.dir, "c")}})
	if err != nil || r.Changed != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	p := w.shelf.editions["a.txt"].Passages[0]
	want := rag.Passage{Codes: []rag.Code{{uint64(len(p.IndexText()))}}, Starts: []int32{5}} // the full stop
	if diff := cmp.Diff(want.Codes, p.Codes) + cmp.Diff(want.Starts, p.Starts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
