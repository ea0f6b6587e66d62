package ingest_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/ingest"
	"yinju/ingest/document"
	"yinju/rag"
)

// A quote from a document of any program leads to the page on which its reader finds it.
func TestQuotesOfDocumentsLeadToTheirPage(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]map[string]int{
		"libreoffice.pdf":  {"最老的一座建于一九五七年": 1, "第二座桥晚了三十年": 2, "通车那天下着小雨": 2, "It carries the metro line": 4},
		"chromium.pdf":     {"最老的一座建于一九五七年": 1, "It carries the metro line": 3},
		"libreoffice.docx": {"最老的一座建于一九五七年": 0, "第二座桥晚了三十年": 0}, // it does not say where its pages end
		"pandoc.docx":      {"最老的一座建于一九五七年": 1},
		"pandoc.epub":      {"第二座桥晚了三十年": 0},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			to := &shelf{editions: map[string]rag.Edition{}}
			report, err := job(to).Run(t.Context(), ingest.Local{Paths: []string{filepath.Join("document", "testdata", file)}})
			if err != nil || len(report.Failed) > 0 {
				t.Fatal(err, report.Failed)
			}
			for quote, page := range want {
				if got := pageOf(t, to.editions[file], quote); got != page {
					t.Errorf("%s is on page %d, want %d", quote, got, page)
				}
			}
		})
	}
}

// pageOf is the page of a quote, 0 where it has none.
func pageOf(t *testing.T, e rag.Edition, quote string) int {
	t.Helper()
	for _, a := range e.Articles {
		before, _, found := strings.Cut(a.Text, quote)
		if !found {
			continue
		}
		start := len([]rune(before))
		at := a.Places.Locate(rag.Span{Start: start, End: start + len([]rune(quote))})
		if at.Page == nil {
			return 0
		}
		return *at.Page
	}
	t.Errorf("no article holds %s", quote)
	return -1
}

// Files that cannot be read, or are made to do harm, are reported with their reason; the others are taken.
func TestFilesThatCannotBeReadHoldUpNoOther(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	put := func(name string, raw []byte) {
		if err := os.WriteFile(filepath.Join(folder, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fixture := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join("document", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	pdf := fixture("chromium.pdf")
	put("bomb.docx", bomb(t))
	put("broken.pdf", pdf[:len(pdf)/2])
	put("no.epub", []byte("PK\x03\x04 not a book"))
	put("scan.pdf", fixture("scanned.pdf"))
	put("secret.pdf", fixture("encrypted.pdf"))
	put("deep.html", []byte(strings.Repeat("<div>", 200_000)+"<p>桥通车了，两岸的人都来看。</p>"))
	put("line.txt", []byte(strings.Repeat("桥通车了，两岸的人都来看。", 100_000)))
	put("mixed.pdf", fixture("mixed.pdf"))
	put("good.txt", []byte("桥通车了，两岸的人都来看。\n"))

	to := &shelf{editions: map[string]rag.Edition{}}
	report, err := job(to).Run(t.Context(), ingest.Local{Paths: []string{folder}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]error{
		"bomb.docx": document.ErrBomb, "broken.pdf": document.ErrBroken, "no.epub": document.ErrBroken,
		"scan.pdf": document.ErrScanned, "secret.pdf": document.ErrEncrypted,
	}
	for _, f := range report.Failed {
		if !errors.Is(f.Err, want[f.Path]) || want[f.Path] == nil {
			t.Errorf("%s: %v, want %v", f.Path, f.Err, want[f.Path])
		}
	}
	if len(report.Failed) != len(want) || report.Added != 4 {
		t.Errorf("%d failed, %d added", len(report.Failed), report.Added)
	}
	if diff := cmp.Diff([]ingest.Unread{{Path: "mixed.pdf", Pages: []int{2}}}, report.Unread); diff != "" {
		t.Error(diff)
	}
}

// bomb is a document that unpacks to far more than it holds.
func bomb(t *testing.T) []byte {
	t.Helper()
	var raw bytes.Buffer
	z := zip.NewWriter(&raw)
	w, err := z.Create("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 300 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return raw.Bytes()
}

func job(to *shelf) ingest.Job {
	return ingest.Job{Library: to, Embedder: &counter{}, Model: "m", Count: func(s string) int { return len([]rune(s)) + 2 }, MaxTokens: 512, MaxRemoved: 1}
}
