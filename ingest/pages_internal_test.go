package ingest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v4"

	"yinju/rag"
)

// page is what a golden page wants: its articles and what of it is furniture.
type page struct {
	Articles []struct {
		Title, Affiliation, Publication, Date, Section, Text string

		Authors []string
	}
	Furniture []string
}

// Pages of many layouts: each file has the raw page and, beside it, the articles that a reader would see.
func TestPagesAreCutIntoTheArticlesThatAReaderSees(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "pages", "*.txtar"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d golden pages, want 20 or more (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			checkPage(t, file)
		})
	}
}

func checkPage(t *testing.T, file string) {
	t.Helper()
	golden, err := txtar.ParseFile(file)
	if err != nil || len(golden.Files) != 2 {
		t.Fatalf("want page.txt and want.yaml: %v", err)
	}
	var want page
	if err := yaml.Unmarshal(golden.Files[1].Data, &want); err != nil {
		t.Fatal(err)
	}
	articles, err := articlesOf(textFile(t, string(golden.Files[0].Data)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted(want), found(articles)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// wanted and found give the articles as text, one fact or paragraph a line.
func wanted(p page) string {
	var out strings.Builder
	for _, a := range p.Articles {
		text := rag.Article{
			Title: a.Title, Authors: a.Authors, Affiliation: a.Affiliation, Publication: a.Publication, Date: a.Date,
			Section: a.Section, Text: a.Text,
		}
		write(&out, &text)
	}
	return out.String()
}

func found(articles []*rag.Article) string {
	var out strings.Builder
	for _, a := range articles {
		write(&out, a)
	}
	return out.String()
}

func write(out *strings.Builder, a *rag.Article) {
	for _, fact := range []string{
		"title: " + strings.Join(strings.Fields(a.Title), ""), "authors: " + strings.Join(a.Authors, "; "), "affiliation: " + a.Affiliation,
		"publication: " + a.Publication, "date: " + a.Date, "section: " + a.Section,
	} {
		out.WriteString("# " + strings.TrimSpace(fact) + "\n")
	}
	for paragraph := range strings.Lines(strings.TrimSpace(a.Text)) {
		out.WriteString(strings.TrimFunc(paragraph, unicode.IsSpace) + "\n")
	}
}

var _ = os.Getenv
