package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"yinju/bot"
	"yinju/bot/telegram"
	"yinju/config"
	"yinju/ingest"
	"yinju/ingest/document"
	"yinju/rag"
	"yinju/rag/ragtest"
)

const (
	ferry  = "渡口停航\n张正\n大风刮了一整天，渡口的船没有开。\n"
	ground = "操场\n李远\n下周开学，操场已经铺好了。\n"
)

// corpus is a corpus folder with the file 江.txt, ingested, and what puts files into it.
type corpus struct {
	*uploads
	app *app
	t   *testing.T
}

func newCorpus(t *testing.T) corpus {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "江.txt"), []byte("江上的桥\n江上有三座桥，最老的一座是石桥。\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{
		streams: streams{strings.NewReader(""), io.Discard, io.Discard}, lang: bot.Chinese, getenv: os.Getenv,
		cfg: config.Config{DatabaseURL: config.Secret(ragtest.Database(t)), PartsDir: ragtest.Parts(t), CorpusDir: dir, EmbedWorkers: 1},
	}
	a.words = sync.OnceValues(a.openDictionary)
	t.Cleanup(func() {
		if err := a.close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if _, err := a.openRetriever(t.Context()); err != nil {
		t.Fatal(err)
	}
	u, err := a.uploads()
	if err != nil {
		t.Fatal(err)
	}
	c := corpus{u, a, t}
	if r := c.sync(); r.Added != 1 {
		t.Fatalf("%+v", r)
	}
	return c
}

// sync ingests the whole folder.
func (c corpus) sync() ingest.Report {
	c.t.Helper()
	r, err := c.job.Run(c.t.Context(), ingest.Local{Paths: []string{c.dir}})
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// cited are the files that the store has, once an article.
func (c corpus) cited() (files []string) {
	c.t.Helper()
	err := c.store.Articles(c.t.Context(), nil, func(a *rag.Article) error {
		files = append(files, a.File+": "+a.Text)
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return files
}

// folder is everything in it, hidden files too, with their contents.
func (c corpus) folder() map[string]string {
	c.t.Helper()
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		c.t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(c.dir, e.Name()))
		if err != nil {
			c.t.Fatal(err)
		}
		all[e.Name()] = string(raw)
	}
	return all
}

// wantFault checks that a file was refused for a reason that a person is told, and nothing has changed.
func (c corpus) wantFault(err, cause error, folder map[string]string, cited []string) {
	c.t.Helper()
	var fault *telegram.FileError
	if !errors.As(err, &fault) || !errors.Is(err, cause) || fault.Chinese == "" || strings.Contains(fault.Chinese, c.dir) {
		c.t.Errorf("%#v, want one of %v", err, cause)
	}
	if got := c.folder(); fmt.Sprint(got) != fmt.Sprint(folder) {
		c.t.Errorf("the folder has changed to %q", got)
	}
	if got := c.cited(); !slices.Equal(got, cited) {
		c.t.Errorf("the store has changed to %q", got)
	}
}

func TestAFileThatIsSentIsCitedAsTheFolderCitesIt(t *testing.T) {
	t.Parallel()
	c := newCorpus(t)
	ctx := t.Context()
	added, err := c.Add(ctx, "渡口.txt", []byte(ferry+"\n"+ground), false)
	if err != nil || added.Articles != 2 || added.Passages < 2 {
		t.Fatalf("%+v, %v", added, err)
	}
	if run, err := c.store.LastRun(ctx); err != nil || !strings.Contains(string(run.Report), `"files":1,"unchanged":0,"added":1,`) || run.Error != "" {
		t.Errorf("the run that is kept: %s, %q, %v", run.Report, run.Error, err)
	}
	cited := c.cited()
	if len(cited) != 3 || !strings.HasPrefix(cited[1], "渡口.txt: ") || !strings.Contains(cited[1], "渡口的船没有开") {
		t.Errorf("cited: %q", cited)
	}
	if r := c.sync(); r.Unchanged != 2 || r.Added+r.Changed+len(r.Removed)+len(r.Failed) != 0 || !slices.Equal(c.cited(), cited) {
		t.Errorf("an ingest of the folder sees another corpus: %+v", r)
	}

	again, err := c.Add(ctx, "渡口.txt", []byte(ferry+"\n"+ground), false)
	if err != nil || again.Articles != 2 || again.Passages != 0 || !slices.Equal(c.cited(), cited) {
		t.Errorf("the same file again: %+v, %v", again, err)
	}
	_, err = c.Add(ctx, "渡口.txt", []byte(ground), false)
	c.wantFault(err, telegram.ErrFileExists, map[string]string{"江.txt": c.folder()["江.txt"], "渡口.txt": ferry + "\n" + ground}, cited)

	replaced, err := c.Add(ctx, "渡口.txt", []byte(ground), true)
	if err != nil || replaced.Articles != 1 {
		t.Errorf("replaced: %+v, %v", replaced, err)
	}
	if got := c.cited(); len(got) != 2 || !strings.Contains(got[1], "操场已经铺好了") {
		t.Errorf("cited: %q", got)
	}
	if got := c.folder(); len(got) != 2 || got["渡口.txt"] != ground {
		t.Errorf("the folder has %q", got)
	}
	if r := c.sync(); r.Unchanged != 2 || r.Files != 2 {
		t.Errorf("%+v", r)
	}
}

func TestAFileThatCannotBeIngestedLeavesEverythingAsItWas(t *testing.T) {
	t.Parallel()
	c := newCorpus(t)
	ctx := t.Context()
	binary := []byte("\x00\x01\x02\x7fELF\x00\x00\xff\xfe\x00")
	folder, cited := c.folder(), c.cited()
	_, err := c.Add(ctx, "新.txt", binary, false)
	c.wantFault(err, document.ErrBinary, folder, cited)
	if run, err := c.store.LastRun(ctx); err != nil || !strings.Contains(string(run.Report), `"failed":[{"file":"新.txt","error":"`) {
		t.Errorf("the run that is kept: %s, %v", run.Report, err)
	}
	_, err = c.Add(ctx, "新.pdf", []byte("no PDF"), false)
	c.wantFault(err, document.ErrBroken, folder, cited)
	_, err = c.Add(ctx, "江.txt", binary, true)
	c.wantFault(err, document.ErrBinary, folder, cited)
	_, err = c.Add(ctx, "空.txt", []byte(" \n\n"), false)
	c.wantFault(err, ingest.ErrNoText, folder, cited)
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, err = c.Add(stopped, "新.txt", []byte(ferry), false)
	c.wantFault(err, context.Canceled, folder, cited)
	if r := c.sync(); r.Unchanged != 1 || r.Files != 1 {
		t.Errorf("%+v", r)
	}

	// A sidecar of the corpus that is wrong is told, too.
	if err := os.WriteFile(filepath.Join(c.dir, "新.txt.articles.yaml"), []byte("articles:\n  - form: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder = c.folder()
	var sidecar *ingest.SidecarError
	var fault *telegram.FileError
	if _, err = c.Add(ctx, "新.txt", []byte(ferry), false); !errors.As(err, &sidecar) || !errors.As(err, &fault) || !strings.Contains(fault.Chinese, "第 2 行") {
		t.Errorf("%v", err)
	}
	if got := c.folder(); len(got) != len(folder) {
		t.Errorf("the folder has %q", got)
	}
}

func TestNamesThatLeadOutOfTheFolderOrHideAreRefused(t *testing.T) {
	t.Parallel()
	c := newCorpus(t)
	if err := os.Symlink("/etc/hostname", filepath.Join(c.dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(c.dir, "folder.txt"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := c.Add(t.Context(), "link.txt", []byte(ferry), true)
	if !errors.Is(err, ingest.ErrNotAFile) {
		t.Errorf("over a link: %v", err)
	}
	if _, err := c.Add(t.Context(), "folder.txt", []byte(ferry), true); !errors.Is(err, ingest.ErrNotAFile) {
		t.Errorf("over a folder: %v", err)
	}
	_ = os.Remove(filepath.Join(c.dir, "link.txt"))
	_ = os.Remove(filepath.Join(c.dir, "folder.txt"))
	folder, cited := c.folder(), c.cited()
	for _, tc := range []struct {
		name  string
		data  string
		cause error
	}{
		{"../外.txt", ferry, errUploadName},
		{"/tmp/外.txt", ferry, errUploadName},
		{`..\外.txt`, ferry, errUploadName},
		{"a/b.txt", ferry, errUploadName},
		{".隐.txt", ferry, errUploadName},
		{"..", ferry, errUploadName},
		{"", ferry, errUploadName},
		{"a\n.txt", ferry, errUploadName},
		{"a\x00.txt", ferry, errUploadName},
		{"a\u202etxt.md", ferry, errUploadName},
		{" a.txt", ferry, errUploadName},
		{"a\u200b.txt", ferry, errUploadName},
		{"a\u00ad.txt", ferry, errUploadName},
		{"a\u2060.txt", ferry, errUploadName},
		{"\u3164.txt", ferry, errUploadName},
		{"a\U000e0041.txt", ferry, errUploadName},
		{"a\ufe0f.txt", ferry, errUploadName},
		{"a\xff.txt", ferry, ingest.ErrName},
		{strings.Repeat("长", 67) + ".txt", ferry, errUploadLong},
		{"江.txt.articles.yaml", "articles: []", ingest.ErrIsSidecar},
		{"a.exe", ferry, ingest.ErrNotTaken},
		{"a", ferry, ingest.ErrNotTaken},
		{"大.txt", strings.Repeat("a", maxUploadBytes+1), errUploadSize},
		{"空.txt", "", ingest.ErrNoText},
	} {
		_, err := c.Add(t.Context(), tc.name, []byte(tc.data), true)
		c.wantFault(err, tc.cause, folder, cited)
		_, err = c.Preview(t.Context(), tc.name, []byte(tc.data))
		c.wantFault(err, tc.cause, folder, cited)
	}
}

// Two that send a file of one name at once must not both be told that theirs is in.
func TestOnlyOneOfSeveralFilesOfOneNameIsTaken(t *testing.T) {
	t.Parallel()
	c := newCorpus(t)
	var adding sync.WaitGroup
	faults := make([]error, 4)
	for i := range faults {
		adding.Go(func() {
			_, faults[i] = c.Add(t.Context(), "同名.txt", fmt.Appendf(nil, "第%d版\n这是第%d个人写的操场。\n", i, i), false)
		})
	}
	adding.Wait()
	var in []int
	for i, err := range faults {
		switch {
		case err == nil:
			in = append(in, i)
		case !errors.Is(err, telegram.ErrFileExists):
			t.Errorf("%d: %v", i, err)
		}
	}
	if len(in) != 1 || !strings.Contains(c.folder()["同名.txt"], fmt.Sprintf("第%d个人", in[0])) || len(c.folder()) != 2 {
		t.Errorf("taken: %v, the folder has %q", in, c.folder())
	}
}

func TestAFilesPreviewChangesNothingAndLeavesNothingBehind(t *testing.T) {
	c := newCorpus(t)
	t.Setenv("TMPDIR", t.TempDir())
	if err := os.WriteFile(filepath.Join(c.dir, "渡口.txt.articles.yaml"), []byte("articles:\n  - {from: 1, to: 3, title: 渡口的风}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder, cited := c.folder(), c.cited()
	p, err := c.Preview(t.Context(), "渡口.txt", []byte(ferry+"\n"+ground))
	if err != nil || len(p.Articles) != 2 || p.Exists {
		t.Fatalf("%+v, %v", p, err)
	}
	a := p.Articles[0]
	if a.Title != "渡口的风" || a.Places.Locate(rag.Span{Start: 0, End: len([]rune(a.Text))}).EndLine != 3 {
		t.Errorf("the first article is %q, %+v", a.Title, a.Places)
	}
	if page := string(p.Page); !strings.Contains(page, "<!doctype html>") || !strings.Contains(page, "操场已经铺好了") {
		t.Errorf("the page: %.300s", page)
	}
	if p, err := c.Preview(t.Context(), "江.txt", []byte(ferry)); err != nil || !p.Exists {
		t.Errorf("a name that is taken: %v, %v", p.Exists, err)
	}
	_, err = c.Preview(t.Context(), "新.txt", []byte("\x00\x01\x02"))
	c.wantFault(err, document.ErrBinary, folder, cited)
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
