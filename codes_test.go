package main

import (
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"yinju/ingest"
	"yinju/rag"
	"yinju/rag/ragtest"
)

// The real model, an ingest and the store agree on what a passage's codes are: 66 bytes a token of its index text.
func TestAnIngestStoresTheCodesOfEveryPassage(t *testing.T) {
	t.Parallel()
	url, model := ragtest.Database(t), ragtest.Model(t)
	store, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	corpus, err := filepath.Abs("examples/corpus/blog.txt")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := jobOver(store, model).Run(t.Context(), ingest.Local{Paths: []string{corpus}}); err != nil || r.Passages == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	conn, err := ragtest.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, _ := conn.Query(t.Context(), `select a.title, p.body, c.codes from passages p join articles a on a.id = p.article_id
		left join passage_codes c on c.passage_id = p.id`)
	stored, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		Title, Text string
		Codes       []byte
	}])
	count := model.Tokenizer().Count
	for _, p := range stored {
		if n := len(p.Codes) / 66; len(p.Codes)%66 != 0 || n < count(p.Title)+count(p.Text)-4 || n > 510 {
			t.Errorf("%d bytes of codes for %q", len(p.Codes), p.Text)
		}
	}
	if err != nil || len(stored) == 0 {
		t.Errorf("%d passages, %v", len(stored), err)
	}
}
