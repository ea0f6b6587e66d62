package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinju/ingest"
)

// about is some passages of text about one thing.
func about(words ...string) string {
	var b strings.Builder
	for _, word := range words {
		b.WriteString(strings.Repeat(word+"的桥在去年秋天修好了，两岸的人都来看。", 14) + "\n\n")
	}
	return b.String()
}

// moved gives files of the world other names, in order.
func (w world) move(t *testing.T, moves ...[2]string) {
	t.Helper()
	for _, m := range moves {
		if err := os.Rename(filepath.Join(w.dir, "c", m[0]), filepath.Join(w.dir, "c", m[1])); err != nil {
			t.Fatal(err)
		}
	}
}

// holds says of each stored source in which file its text began.
func (w world) holds() map[string]string {
	held := map[string]string{}
	for path, e := range w.shelf.editions {
		held[path] = string([]rune(e.Articles[0].Text)[:1])
	}
	return held
}

// Each article goes with its text to the name at which that stands, whether the old name is free or not.
func TestFilesAreFoundUnderOtherNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do      func(t *testing.T, w world)
		renamed []string // from>to
		removed []string
		holds   map[string]string
		fresh   int // passages that had to be embedded
	}{
		"the old name is used again": {
			func(t *testing.T, w world) {
				t.Helper()
				w.move(t, [2]string{"a.md", "2026.md"})
				w.write(t, "c/a.md", about("丁"))
			},
			[]string{"a.md>2026.md"},
			nil,
			map[string]string{"2026.md": "甲", "a.md": "丁", "b.md": "乙", "d.md": "丙"},
			1,
		},
		"two change names": {
			func(t *testing.T, w world) {
				t.Helper()
				w.move(t, [2]string{"a.md", "x"}, [2]string{"b.md", "a.md"}, [2]string{"x", "b.md"})
			},
			[]string{"a.md>b.md", "b.md>a.md"},
			nil,
			map[string]string{"a.md": "乙", "b.md": "甲", "d.md": "丙"},
			0,
		},
		"three go round": {
			func(t *testing.T, w world) {
				t.Helper()
				w.move(t, [2]string{"a.md", "x"}, [2]string{"b.md", "a.md"}, [2]string{"d.md", "b.md"}, [2]string{"x", "d.md"})
			},
			[]string{"a.md>d.md", "b.md>a.md", "d.md>b.md"},
			nil,
			map[string]string{"a.md": "乙", "b.md": "丙", "d.md": "甲"},
			0,
		},
		"one is renamed over another": {
			func(t *testing.T, w world) { t.Helper(); w.move(t, [2]string{"a.md", "b.md"}) },
			[]string{"a.md>b.md"},
			nil,
			map[string]string{"b.md": "甲", "d.md": "丙"},
			0,
		},
		"a copy is kept and the file edited": {
			func(t *testing.T, w world) {
				t.Helper()
				w.write(t, "c/copy.md", about("甲", "戊"))
				w.write(t, "c/a.md", about("甲", "戊", "丁"))
			},
			nil, nil,
			map[string]string{"copy.md": "甲", "a.md": "甲", "b.md": "乙", "d.md": "丙"},
			1,
		},
		"renamed and edited": {
			func(t *testing.T, w world) {
				t.Helper()
				w.move(t, [2]string{"a.md", "new.md"})
				w.write(t, "c/new.md", about("甲", "戊", "丁"))
			},
			[]string{"a.md>new.md"},
			nil,
			map[string]string{"new.md": "甲", "b.md": "乙", "d.md": "丙"},
			1,
		},
		"gone, and another came": {
			func(t *testing.T, w world) {
				t.Helper()
				w.move(t, [2]string{"a.md", "new.md"})
				w.write(t, "c/new.md", about("丁", "己"))
			},
			nil,
			[]string{"a.md"},
			map[string]string{"new.md": "丁", "b.md": "乙", "d.md": "丙"},
			2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write(t, "c/a.md", about("甲", "戊"))
			w.write(t, "c/b.md", about("乙", "戊"))
			w.write(t, "c/d.md", about("丙"))
			w.run(t, "c")
			c.do(t, w)
			r := w.run(t, "c")
			var renamed []string
			for _, m := range r.Renamed {
				renamed = append(renamed, m.From+">"+m.To)
			}
			slices.Sort(renamed)
			if diff := cmp.Diff(c.renamed, renamed) + cmp.Diff(c.holds, w.holds()); diff != "" || !slices.Equal(c.removed, r.Removed) || (r.Passages == 0) != (c.fresh == 0) {
				t.Errorf("(-want +got):\n%s\nremoved %v, %d embedded", diff, r.Removed, r.Passages)
			}
			if again := w.run(t, "c"); again.Unchanged != len(c.holds) || again.Passages+len(again.Renamed)+len(again.Removed) != 0 {
				t.Errorf("a second sync: %+v", again)
			}
		})
	}
}

// What was renamed and edited answers until it is stored anew: it is not removed first.
func TestWhatIsRenamedAndEditedIsNeverAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.md", about("甲", "戊", "己"))
	w.run(t, "c")
	w.move(t, [2]string{"a.md", "new.md"})
	w.write(t, "c/new.md", about("甲", "戊", "庚"))
	var read []string
	corpus, job := w.corpus(&read), w.job()
	p, err := job.Plan(t.Context(), corpus)
	if err == nil {
		err = job.Begin(t.Context(), p)
	}
	if err != nil || w.stored() != "new.md" || len(p.Todo) != 1 {
		t.Errorf("stored %s, %d to do, %v", w.stored(), len(p.Todo), err)
	}
}

// The name of a file says how it is read.
func TestAFileOfAnotherFormatIsReadAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := "<html><head><title>桥</title></head><body><p>甲桥在去年秋天修好了，两岸的人都来看。</p></body></html>"
	w.write(t, "c/a.txt", page)
	w.write(t, "c/b.txt", "乙桥通车了。")
	w.run(t, "c")
	w.move(t, [2]string{"a.txt", "a.html"}, [2]string{"b.txt", "b.md"})
	r := w.run(t, "c")
	if text := w.shelf.editions["a.html"].Articles[0].Text; strings.Contains(text, "<") || r.Changed != 1 || r.Touched != 1 || len(r.Renamed) != 2 {
		t.Errorf("%q, %+v", text, r)
	}
	if again := w.run(t, "c"); again.Unchanged != 2 || again.Changed != 0 {
		t.Errorf("a second sync: %+v", again)
	}
}

// A file may be put in the place of another one of the same size and time.
func TestACorrectionWithTheOldTimeIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", "甲桥建于1956年。")
	w.age(t, "c/a.txt")
	w.run(t, "c")
	w.rewrite(t, "c/a.txt", "甲桥建于1965年。")
	if r := w.run(t, "c"); r.Changed != 1 {
		t.Errorf("%+v", r)
	}
}

// The clock of a file server may be ahead.
func TestAFileFromTheFutureIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, ahead := range []time.Duration{20 * time.Second, 50 * time.Second, time.Hour} {
		path := fmt.Sprintf("c/%d.txt", i)
		w.write(t, path, "甲桥通车了。")
		at := time.Now().Add(ahead)
		if err := os.Chtimes(filepath.Join(w.dir, path), at, at); err != nil {
			t.Fatal(err)
		}
	}
	r, err := w.job().Run(t.Context(), ingest.Local{Paths: []string{filepath.Join(w.dir, "c")}, Settle: 50 * time.Millisecond})
	if err != nil || r.Added != 3 || len(r.Failed) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAForeseenFileIsOneThatCanBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "c/a.txt", "甲桥通车了。")
	w.write(t, "c/b.pdf", "no PDF")
	w.run(t, "c")
	w.write(t, "c/a.txt", "")
	var read []string
	corpus, job := w.corpus(&read), w.job()
	p, err := job.Plan(t.Context(), corpus)
	if err != nil || len(p.Todo) != 2 {
		t.Fatal(len(p.Todo), err)
	}
	for _, f := range p.Todo {
		if what, err := job.Foresee(t.Context(), corpus, p, f); err == nil {
			t.Errorf("%s is foreseen as %q", f.Path, what)
		}
	}
}
