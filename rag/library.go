package rag

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
)

// Edition is one source cut, described and embedded, ready to be stored.
type Edition struct {
	Source   Source
	MadeBy   string // names the rules that cut it; a source made by other rules is made again
	Embedder string // names the model of the vectors
	Articles []*Article
	Passages []Passage // in the order of Articles, each with its Vector
}

// Known is what the store remembers of a source, enough to tell whether it has to be read again.
type Known struct {
	Path     string
	Root     string
	Hash     []byte
	MadeBy   string
	Embedder string
}

// Known lists every source in the store, by path.
func (s *Store) Known(ctx context.Context) (map[string]Known, error) {
	rows, _ := s.pool.Query(ctx, `select path, root, hash, made_by, embedder from sources`)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Known])
	if err != nil {
		return nil, fmt.Errorf("list the sources: %w", err)
	}
	byPath := make(map[string]Known, len(all))
	for _, k := range all {
		byPath[k.Path] = k
	}
	return byPath, nil
}

// Remove deletes sources by path, with all that was made of them.
func (s *Store) Remove(ctx context.Context, paths []string) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// Sources first, then the lock, as Replace does, so that neither waits for the other in a circle.
		if _, err := tx.Exec(ctx, `select from sources where path = any($1) order by path for update`, paths); err != nil {
			return err
		}
		if err := lockTwins(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `delete from sources where path = any($1)`, paths)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove sources: %w", err)
	}
	return nil
}

// Move notes that a source stands under another root now, unchanged.
func (s *Store) Move(ctx context.Context, path, root string) error {
	if _, err := s.pool.Exec(ctx, `update sources set root = $2 where path = $1`, path, root); err != nil {
		return fmt.Errorf("note the folder of %s: %w", path, err)
	}
	return nil
}

// Replace stores an edition in place of what the store held of its source, in one transaction: a
// reader sees the old articles or the new ones. Articles keep their ids by their place in the source. Their
// twins, in this source and in others, are found anew.
func (s *Store) Replace(ctx context.Context, e Edition) error {
	index, samples := newIndex(e.Passages), samplesOf(e.Articles)
	// Read committed, whatever the server's default: twins are compared with what others stored in the meantime.
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		source, err := upsertSource(ctx, tx, e, index.terms)
		if err != nil {
			return err
		}
		if err := upsertArticles(ctx, tx, source, e.Articles, samples); err != nil {
			return err
		}
		if err := replaceNames(ctx, tx, source, e.Articles); err != nil {
			return err
		}
		if err := clearPassages(ctx, tx, source); err != nil {
			return err
		}
		ids, err := insertPassages(ctx, tx, e.Passages)
		if err != nil {
			return err
		}
		if err := insertCodes(ctx, tx, e.Passages, ids); err != nil {
			return err
		}
		if err := insertPostings(ctx, tx, source, index, ids); err != nil {
			return err
		}
		if err := insertSounds(ctx, tx, index); err != nil {
			return err
		}
		return replaceTwins(ctx, tx, source, e.Articles, samples)
	})
	if err != nil {
		return fmt.Errorf("store %s: %w", e.Source.Path, err)
	}
	return nil
}

// upsertSource also locks the source's row: two processes storing one source take turns.
func upsertSource(ctx context.Context, tx pgx.Tx, e Edition, terms int64) (id int64, err error) {
	err = tx.QueryRow(ctx, `insert into sources (path, root, hash, made_by, embedder, passages, terms)
		values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (path) do update set root = $2, hash = $3, made_by = $4, embedder = $5, passages = $6, terms = $7,
			ingested_at = now()
		returning id`,
		e.Source.Path, e.Source.Root, e.Source.Hash, e.MadeBy, e.Embedder, len(e.Passages), terms).Scan(&id)
	return id, err
}

func upsertArticles(ctx context.Context, tx pgx.Tx, source int64, articles []*Article, samples [][]int64) error {
	var batch pgx.Batch
	for i, a := range articles {
		authors := a.Authors
		if authors == nil {
			authors = []string{}
		}
		batch.Queue(`insert into articles (source_id, ordinal, title, authors, publication, published, section, body, places, samples,
				affiliation, facts, tears)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			on conflict (source_id, ordinal) do update set title = $3, authors = $4, publication = $5, published = $6,
				section = $7, body = $8, places = $9, samples = $10, affiliation = $11, facts = $12, tears = $13
			returning id`,
			source, i, a.Title, authors, a.Publication, a.Date, a.Section, a.Text, a.Places.ints(), len(samples[i]),
			a.Affiliation, facts(a), append([]int{}, a.Tears...),
		).QueryRow(func(row pgx.Row) error { return row.Scan(&a.ID) })
	}
	return tx.SendBatch(ctx, &batch).Close()
}

// facts are an article's, {} where it has none.
func facts(a *Article) map[Field]Fact {
	if a.Facts == nil {
		return map[Field]Fact{}
	}
	return a.Facts
}

func clearPassages(ctx context.Context, tx pgx.Tx, source int64) error {
	if _, err := tx.Exec(ctx, `delete from passages p using articles a where a.id = p.article_id and a.source_id = $1`, source); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `delete from postings where source_id = $1`, source)
	return err
}

func insertPassages(ctx context.Context, tx pgx.Tx, passages []Passage) ([]int64, error) {
	rows, _ := tx.Query(ctx, `select nextval(pg_get_serial_sequence('passages', 'id')) from generate_series(1, $1)`, len(passages))
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"passages"},
		[]string{"id", "article_id", "start_char", "end_char", "start_line", "end_line", "page", "body", "opens"},
		pgx.CopyFromSlice(len(passages), func(i int) ([]any, error) {
			p := passages[i]
			at := p.Article.Places.Locate(p.Span)
			return []any{ids[i], p.Article.ID, p.Span.Start, p.Span.End, at.StartLine, at.EndLine, p.Article.Places.page(p.Span.Start), p.Text, p.Opens}, nil
		}))
	if err != nil {
		return nil, err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"passage_vectors"}, []string{"passage_id", "embedding"},
		pgx.CopyFromSlice(len(passages), func(i int) ([]any, error) {
			if n := len(passages[i].Vector); n != Dimensions {
				return nil, fmt.Errorf("passage %d has a vector of %d dimensions, the store takes %d", i, n, Dimensions)
			}
			return []any{ids[i], pgvector.NewHalfVector(passages[i].Vector)}, nil
		}))
	return ids, err
}

func insertPostings(ctx context.Context, tx pgx.Tx, source int64, index index, ids []int64) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"postings"}, []string{"source_id", "term", "passages", "counts", "lengths"},
		pgx.CopyFromSlice(len(index.entries), func(i int) ([]any, error) {
			e := index.entries[i]
			return []any{source, e.term, e.ids(ids), e.counts, e.lengths}, nil
		}))
	return err
}
