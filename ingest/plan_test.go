package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinju/ingest"
	"yinju/rag"
)

// rewrite writes a file anew and gives it the time that it had.
func (w world) rewrite(t *testing.T, path, text string) {
	t.Helper()
	full := filepath.Join(w.dir, path)
	info, err := os.Stat(full)
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, path, text)
	if err := os.Chtimes(full, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
}

// age makes files look as if they had not been written for long.
func (w world) age(t *testing.T, paths ...string) {
	t.Helper()
	at := time.Now().Add(-time.Hour)
	for _, p := range paths {
		if err := os.Chtimes(filepath.Join(w.dir, p), at, at); err != nil {
			t.Fatal(err)
		}
	}
}

func (w world) job() ingest.Job {
	return ingest.Job{Library: w.shelf, Embedder: w.embedder, Model: "m", Count: func(s string) int { return len([]rune(s)) + 2 }, MaxTokens: 512, MaxRemoved: ingest.DefaultMaxRemoved}
}

// reads counts what is read of a corpus.
type reads struct {
	ingest.Corpus
	paths *[]string
}

func (r reads) Read(ctx context.Context, f ingest.File) (ingest.Reading, error) {
	*r.paths = append(*r.paths, f.Path)
	return r.Corpus.Read(ctx, f)
}

func (w world) corpus(paths *[]string) ingest.Corpus {
	return reads{ingest.Local{Paths: []string{filepath.Join(w.dir, "c")}}, paths}
}

// A file that looks as it did is not opened; one that was touched is read and no more; a sidecar is part of what it looks like.
func TestOnlyWhatLooksChangedIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", "甲桥通车了。")
	w.write(t, "c/b.txt", "乙桥通车了。")
	w.age(t, "c/a.txt", "c/b.txt")
	var read []string
	run := func() ingest.Report {
		read = nil
		r, err := w.job().Run(t.Context(), w.corpus(&read))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(read)
		return r
	}
	if run(); len(read) != 2 || w.embedder.texts != 2 {
		t.Fatalf("read %v, embedded %d", read, w.embedder.texts)
	}
	if r := run(); len(read) != 0 || r.Unchanged != 2 {
		t.Errorf("read %v: %+v", read, r)
	}
	at := time.Now().Add(-time.Minute)
	if err := os.Chtimes(filepath.Join(w.dir, "c/b.txt"), at, at); err != nil {
		t.Fatal(err)
	}
	if r := run(); len(read) != 1 || r.Touched != 1 || r.Unchanged != 2 || w.embedder.texts != 2 {
		t.Errorf("touched: read %v: %+v, embedded %d", read, r, w.embedder.texts)
	}
	if r := run(); len(read) != 0 || r.Touched != 0 {
		t.Errorf("after that: read %v: %+v", read, r)
	}
	w.write(t, "c/a.articles.yaml", "articles:\n  - title: 桥\n    from: 1\n")
	w.age(t, "c/a.articles.yaml")
	if r := run(); r.Changed != 1 || !slices.Equal(read, []string{"a.txt"}) {
		t.Errorf("a sidecar came: read %v, %+v", read, r)
	}
	job := w.job()
	job.Model = "other"
	if r, err := job.Run(t.Context(), w.corpus(&read)); err != nil || r.Changed != 2 {
		t.Errorf("another model: %+v, %v", r, err)
	}
}

// What was written just now may be written again with the same time and size: it is looked at again.
func TestAFileWrittenJustNowIsNotTrusted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", "甲桥通车了。")
	w.run(t, "c")
	w.rewrite(t, "c/a.txt", "乙桥通车了。")
	if r := w.run(t, "c"); r.Changed != 1 {
		t.Errorf("%+v", r)
	}
}

// Of a changed file only the passages are embedded whose text changed, and text that moved to another file is known.
func TestOnlyChangedPassagesAreEmbedded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", about("甲", "乙", "丙"))
	first := w.run(t, "c")
	if first.Passages < 3 {
		t.Fatalf("%+v", first)
	}
	w.write(t, "c/a.txt", about("甲", "乙", "丁"))
	if r := w.run(t, "c"); r.Changed != 1 || r.Reused == 0 || r.Passages == 0 || r.Passages >= first.Passages {
		t.Errorf("of %d passages: %+v", first.Passages, r)
	}
	was := w.embedder.texts
	w.write(t, "c/copy.txt", about("甲", "乙", "丁"))
	if r := w.run(t, "c"); r.Added != 1 || r.Passages != 0 || w.embedder.texts != was {
		t.Errorf("a copy: %+v, %d texts embedded", r, w.embedder.texts-was)
	}
}

func TestARenamedFileIsNeitherRemovedNorAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", "甲桥通车了。")
	w.write(t, "c/b.txt", "乙桥通车了。")
	w.run(t, "c")
	was := w.embedder.texts
	if err := os.Rename(filepath.Join(w.dir, "c/a.txt"), filepath.Join(w.dir, "c/sub.txt")); err != nil {
		t.Fatal(err)
	}
	r := w.run(t, "c")
	if len(r.Renamed) != 1 || r.Renamed[0].From != "a.txt" || r.Renamed[0].To != "sub.txt" || len(r.Removed) != 0 || r.Added != 0 || w.embedder.texts != was || w.stored() != "b.txt sub.txt" {
		t.Errorf("%+v, stored %s", r, w.stored())
	}
}

// A folder that is not mounted looks empty: the store is left alone until someone insists.
func TestASyncThatWouldRemoveMostStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"a", "b", "c", "d"} {
		w.write(t, "c/"+name+".txt", name+" 桥通车了。")
	}
	w.run(t, "c")
	for _, name := range []string{"a", "b", "c"} {
		if err := os.Remove(filepath.Join(w.dir, "c/"+name+".txt")); err != nil {
			t.Fatal(err)
		}
	}
	w.write(t, "c/new.txt", "新桥通车了。")
	var read []string
	_, err := w.job().Run(t.Context(), w.corpus(&read))
	var mass *ingest.MassRemovalError
	if !errors.As(err, &mass) || mass.Removed != 3 || mass.Known != 4 || w.stored() != "a.txt b.txt c.txt d.txt" {
		t.Errorf("%v, stored %s", err, w.stored())
	}
	for _, name := range []string{"d", "new"} {
		if err := os.Remove(filepath.Join(w.dir, "c/"+name+".txt")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.job().Run(t.Context(), w.corpus(&read)); !errors.Is(err, ingest.ErrNoSources) || len(w.shelf.editions) != 4 {
		t.Errorf("empty: %v", err)
	}
	job := w.job()
	job.Force = true
	if r, err := job.Run(t.Context(), w.corpus(&read)); err != nil || len(r.Removed) != 4 || w.stored() != "" {
		t.Errorf("forced: %+v, %v", r, err)
	}
}

// A file that is being written is taken when it is whole, and not before.
func TestAFileThatIsBeingWrittenIsTakenWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(w.dir, "c/a.txt")
	w.write(t, "c/a.txt", "甲桥")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() {
		var err error
		for range 10 {
			time.Sleep(20 * time.Millisecond)
			_, one := f.WriteString("通车了。")
			err = errors.Join(err, one)
		}
		written <- errors.Join(err, f.Close())
	}()
	job := w.job()
	if _, err := job.Run(t.Context(), ingest.Local{Paths: []string{filepath.Join(w.dir, "c")}, Settle: 300 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if got := w.shelf.editions["a.txt"].Articles[0].Text; got != "甲桥"+strings.Repeat("通车了。", 10) {
		t.Errorf("it was taken as %q", got)
	}
}

func TestAPlanSaysWhatWouldChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"same", "touched", "changed", "gone", "old"} {
		w.write(t, "c/"+name+".txt", name+"桥通车了。")
		w.age(t, "c/"+name+".txt")
	}
	w.run(t, "c")
	before := w.stored()
	w.write(t, "c/touched.txt", "touched桥通车了。")
	w.write(t, "c/changed.txt", "改了。")
	w.write(t, "c/new.txt", "新的。")
	for _, err := range []error{os.Remove(filepath.Join(w.dir, "c/gone.txt")), os.Rename(filepath.Join(w.dir, "c/old.txt"), filepath.Join(w.dir, "c/young.txt"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var read []string
	c, job := w.corpus(&read), w.job()
	p, err := job.Plan(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]ingest.Change{}
	for _, f := range p.Todo {
		if got[f.Path], err = job.Foresee(t.Context(), c, p, f); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]ingest.Change{"touched.txt": ingest.Touched, "changed.txt": ingest.Changed, "new.txt": ingest.New, "young.txt": ingest.Touched}
	if diff := cmp.Diff(want, got); diff != "" || p.Unchanged != 1 || !slices.Equal(p.Removed, []string{"gone.txt"}) || len(p.Renamed) != 1 || w.stored() != before {
		t.Errorf("%s %+v, stored %s", diff, p, w.stored())
	}
}

// fiftyThousand is a store that knows as many files.
type fiftyThousand struct {
	ingest.Library
	known map[string]rag.Known
}

func (f fiftyThousand) Known(context.Context) (map[string]rag.Known, error) { return f.known, nil }

// Files that look as they did cost a look each: none is opened, and nothing is embedded or stored.
func TestManyUnchangedFilesCostALookEach(t *testing.T) {
	t.Parallel()
	const n = 5000
	w := newWorld(t)
	for i := range n {
		w.write(t, fmt.Sprintf("c/%03d/%d.txt", i%100, i), "桥。")
	}
	local := ingest.Local{Paths: []string{filepath.Join(w.dir, "c")}}
	l, err := local.List(t.Context())
	if err != nil || len(l.Files) != n {
		t.Fatalf("%d files, %v", len(l.Files), err)
	}
	job := w.job()
	first, err := job.Plan(t.Context(), local)
	if err != nil || len(first.Todo) != n {
		t.Fatal(len(first.Todo), err)
	}
	store := fiftyThousand{known: map[string]rag.Known{}}
	for _, f := range l.Files {
		store.known[f.Path] = rag.Known{Path: f.Path, Root: f.Root, Version: f.Version, MadeBy: ingest.Rules, Embedder: "m"}
	}
	job.Library, job.Embedder = store, nil
	var read []string
	p, err := job.Plan(t.Context(), reads{local, &read})
	if err != nil || p.Unchanged != n || len(p.Todo)+len(read) != 0 {
		t.Errorf("%d unchanged, %d to do, %d read, %v", p.Unchanged, len(p.Todo), len(read), err)
	}
}

// A folder of a name of its own is as many renamed files, of which several may be alike.
func TestARenamedFolderIsRenamedFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 40 {
		w.write(t, fmt.Sprintf("c/old/%02d.txt", i), fmt.Sprintf("%02d 桥通车了。", i/2))
	}
	w.run(t, "c")
	was := w.embedder.texts
	if err := os.Rename(filepath.Join(w.dir, "c/old"), filepath.Join(w.dir, "c/new")); err != nil {
		t.Fatal(err)
	}
	r := w.run(t, "c")
	if len(r.Renamed) != 40 || len(r.Removed) != 0 || r.Touched != 40 || w.embedder.texts != was || len(w.shelf.editions) != 40 {
		t.Errorf("%d renamed, %d touched, %d removed, %d stored", len(r.Renamed), r.Touched, len(r.Removed), len(w.shelf.editions))
	}
	for _, renamed := range r.Renamed {
		if a, b := w.shelf.editions[renamed.To], renamed.From; a.Source.Path != renamed.To || !strings.HasPrefix(b, "old/") {
			t.Errorf("%+v", renamed)
		}
	}
}

// late is a store in which another process stores an edition of a file once this one has embedded it.
type late struct {
	*shelf
	looks int
	other func()
}

func (l *late) KnownAs(ctx context.Context, path string) (rag.Known, bool, error) {
	if l.looks++; l.looks == 2 {
		l.other()
	}
	return l.shelf.KnownAs(ctx, path)
}

// Of two processes that store a file, the slower one does not put older text in the place of newer one.
func TestAnotherProcessWasFaster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", "甲桥通车了。")
	w.run(t, "c")
	w.write(t, "c/a.txt", "甲桥拆了。")
	job := w.job()
	job.Library = &late{shelf: w.shelf, other: func() {
		w.write(t, "c/a.txt", "甲桥又修好了。")
		w.run(t, "c")
	}}
	r, err := job.Run(t.Context(), ingest.Local{Paths: []string{filepath.Join(w.dir, "c")}})
	if got := w.shelf.editions["a.txt"].Articles[0].Text; err != nil || len(r.Failed) > 0 || got != "甲桥又修好了。" || r.Touched != 1 {
		t.Errorf("%q, %+v, %v", got, r, err)
	}
}
