package ingest_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/ingest"
)

// A sidecar that comes, changes or goes makes its source anew, and nothing else does.
func TestSidecarAloneMakesItsSourceAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", "甲桥通车了。\n乙桥也通车了。\n")
	w.write(t, "c/b.txt", "丙桥还没有。\n")
	w.run(t, "c")
	titles := func() string {
		var all []string
		for _, a := range w.shelf.editions["a.txt"].Articles {
			all = append(all, a.Title)
		}
		return strings.Join(all, " ")
	}
	for _, step := range []struct {
		side, want string
		changed    int
	}{
		{"articles: [{from: 1, to: 1, title: 甲}, {from: 2, title: 乙}]", "甲 乙", 1},
		{"articles: [{from: 1, to: 1, title: 甲}, {from: 2, title: 乙}]", "甲 乙", 0},
		{"articles: [{from: 1, to: 1, title: 甲}, {from: 2, title: 乙桥}]", "甲 乙桥", 1},
		{"", "", 1},
		{"", "", 0},
	} {
		if path := filepath.Join(w.dir, "c/a.txt.articles.yaml"); step.side != "" {
			w.write(t, "c/a.txt.articles.yaml", step.side)
		} else if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		r := w.run(t, "c")
		if r.Changed != step.changed || r.Unchanged != 2-step.changed || r.Files != 2 || titles() != step.want {
			t.Errorf("%q: %+v, titles %q", step.side, r, titles())
		}
	}
}

// What the store holds of a source stays when its sidecar is wrong, and the others go on.
func TestWrongSidecarFailsItsSourceOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", "甲桥通车了。\n")
	w.run(t, "c")
	w.write(t, "c/a.txt", "甲桥拆掉了。\n")
	w.write(t, "c/a.articles.yaml", "articles: [{from: 7}]")
	w.write(t, "c/b.txt", "丙桥还没有。\n")
	w.write(t, "c/gone.txt.articles.yaml", "rest: auto")
	r := w.run(t, "c")
	var fault *ingest.SidecarError
	if len(r.Failed) != 1 || r.Failed[0].Path != "a.txt" || !errors.As(r.Failed[0].Err, &fault) || r.Added != 1 {
		t.Errorf("%+v", r)
	}
	if got := w.shelf.editions["a.txt"].Articles[0].Text; got != "甲桥通车了。" {
		t.Errorf("the store holds %q", got)
	}
	if diff := cmp.Diff([]string{"gone.txt.articles.yaml"}, r.Strays); diff != "" {
		t.Error(diff)
	}
	_, err := ingest.Job{Library: w.shelf}.Run(t.Context(), ingest.Local{Paths: []string{filepath.Join(w.dir, "c/a.articles.yaml")}})
	if !errors.Is(err, ingest.ErrIsSidecar) {
		t.Error(err)
	}
}

func TestDelimiterIsAPartOfTheRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", "甲桥通车了。\n====\n乙桥也通车了。\n")
	job := ingest.Job{Library: w.shelf, Embedder: w.embedder, Count: func(s string) int { return len(s) }, MaxTokens: 512, MaxRemoved: 1}
	for _, step := range []struct {
		delimiter         string
		articles, changed int
	}{{"", 1, 0}, {"^=+$", 2, 1}, {"^=+$", 2, 0}, {"^={4}$", 2, 1}, {"", 1, 1}} {
		if job.Delimiter = nil; step.delimiter != "" {
			job.Delimiter = regexp.MustCompile(step.delimiter)
		}
		r, err := job.Run(t.Context(), ingest.Local{Paths: []string{filepath.Join(w.dir, "c")}})
		if err != nil || r.Changed != step.changed || len(w.shelf.editions["a.txt"].Articles) != step.articles {
			t.Errorf("%q: %+v, %v", step.delimiter, r, err)
		}
	}
}
