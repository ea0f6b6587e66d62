package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yinju/bot/telegram"
)

// packed is an archive with one entry.
func packed(t *testing.T, name, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	w, err := archive.Create(name)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err := errors.Join(err, archive.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A file whose preview would take the machine's memory is refused before it is read.
func TestAFileThatIsTooMuchForAPreviewIsRefused(t *testing.T) {
	t.Parallel()
	paragraph := `<w:p><w:r><w:t>桥</w:t></w:r></w:p>`
	for name, c := range map[string]struct {
		few, many []byte
	}{
		"a.txt":   {[]byte(strings.Repeat("桥\n", 399_000)), []byte(strings.Repeat("桥\n", 401_000))},
		"b.TXT":   {[]byte(strings.Repeat("桥", 2_700_000)), []byte(strings.Repeat("桥", 2_800_000))},
		"c.md":    {[]byte(strings.Repeat("| a |\r", 399_000)), []byte(strings.Repeat("| a |\r", 401_000))},
		"d.html":  {[]byte(strings.Repeat("<div>", 399_000)), []byte(strings.Repeat("<div>", 401_000))},
		"e.docx":  {packed(t, "word/document.xml", strings.Repeat(paragraph, 399_000)), packed(t, "word/document.xml", strings.Repeat(paragraph, 401_000))},
		"f.epub":  {packed(t, "a.xhtml", strings.Repeat("<p>", 399_000)), packed(t, "a.xhtml", strings.Repeat("<p>", 401_000))},
		"g.docx":  {[]byte("no archive"), packed(t, "word/document.xml", strings.Repeat("桥", maxUnpacked/3+1))},
		"h.xhtml": {[]byte("<p>"), bytes.Repeat([]byte("<p>"), 401_000)},
	} {
		if err := checkPreview(name, c.few); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := checkPreview(name, c.many); !errors.Is(err, errUploadText) {
			t.Errorf("%s: %v", name, err)
		}
	}
	u := &uploads{log: slog.New(slog.DiscardHandler)}
	_, err := u.Preview(t.Context(), "a.txt", []byte(strings.Repeat("桥\n", 401_000)))
	var fault *telegram.FileError
	if !errors.As(err, &fault) || !strings.Contains(fault.Chinese, "文字太多") {
		t.Errorf("%v", err)
	}
}

// One preview is made at a time; who waits may go away.
func TestPreviewsTakeTurns(t *testing.T) {
	t.Parallel()
	u := &uploads{log: slog.New(slog.DiscardHandler), dir: t.TempDir(), look: make(chan struct{}, 1)}
	u.look <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := u.Preview(ctx, "渡口.txt", []byte(ferry)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-u.look
	p, err := u.Preview(t.Context(), "渡口.txt", []byte(ferry))
	if err != nil || len(p.Articles) != 1 || len(p.Page) == 0 || len(u.look) != 0 {
		t.Errorf("%+v, %v", p.Articles, err)
	}
	if p, err = u.Preview(t.Context(), "渡口.txt", []byte(ferry+strings.Repeat("大风刮了一整天。\n", 100_000))); err != nil || len(p.Page) > 0 {
		t.Errorf("a page of %d bytes, %v", len(p.Page), err)
	}
}

// What a program that was ended has left is removed, and what another one is at is not, nor anything of the corpus.
func TestWhatWasLeftBehindIsSwept(t *testing.T) {
	t.Parallel()
	dir, temporary := t.TempDir(), t.TempDir()
	now := time.Now()
	long := now.Add(-3 * time.Hour)
	made := func(dir, name string, at time.Time) {
		path := filepath.Join(dir, name)
		err := os.WriteFile(path, []byte("x"), 0o600)
		if err := errors.Join(err, os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	made(dir, ".yinju-upload-1", long) // of an older version of the program
	made(dir, ".yinju-upload-2", now)
	made(dir, "江.txt", long)
	f, err := os.CreateTemp(dir, dated(uploadPrefix))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	made(dir, filepath.Base(f.Name())+"-old", long)             // an older edition of a file that is being replaced
	old := filepath.Join(temporary, previewPrefix+"3820284723") // likewise
	if err := os.Mkdir(old, 0o700); err != nil {
		t.Fatal(err)
	}
	made(old, "a.txt", long)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	made(temporary, "other", long)
	sweep(slog.New(slog.DiscardHandler), dir, temporary, now)
	names := func(dir string) string {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return strings.Join(all, " ")
	}
	mine := filepath.Base(f.Name())
	if got, want := names(dir), mine+" "+mine+"-old .yinju-upload-2 江.txt"; got != want {
		t.Errorf("%q are left, want %q", got, want)
	}
	if got := names(temporary); got != "other" {
		t.Errorf("%q are left", got)
	}
	sweep(slog.New(slog.DiscardHandler), dir, temporary, now.Add(leftFor+time.Hour))
	if got := names(dir); got != "江.txt" {
		t.Errorf("%q are left", got)
	}
}
