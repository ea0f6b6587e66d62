package rag

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ErrNoArticle says that the store has no article of an id.
var ErrNoArticle = errors.New("there is no such article")

// wholeArticles selects what scanArticle reads, of articles a and their sources s.
const wholeArticles = `select a.id, s.path, a.title, a.authors, a.publication, a.published, a.section, a.body, a.places,
		a.affiliation, a.facts, a.tears, a.length,
		array(select twin_id from article_twins where article_id = a.id order by twin_id)
	from articles a join sources s on s.id = a.source_id `

func scanArticle(row pgx.CollectableRow) (*Article, error) {
	var a Article
	var places []int32
	err := row.Scan(&a.ID, &a.File, &a.Title, &a.Authors, &a.Publication, &a.Date, &a.Section, &a.Text, &places,
		&a.Affiliation, &a.Facts, &a.Tears, &a.length, &a.SameAs)
	a.Places = placesOf(places)
	return &a, err
}

// Articles calls fn with every article of the store, or of the files named, in the order of the files.
func (s *Store) Articles(ctx context.Context, files []string, fn func(*Article) error) error {
	rows, _ := s.pool.Query(ctx, wholeArticles+`where cardinality($1::text[]) = 0 or s.path = any($1) order by s.path, a.ordinal`, append([]string{}, files...))
	defer rows.Close()
	for rows.Next() {
		a, err := scanArticle(rows)
		if err != nil {
			return fmt.Errorf("read the articles: %w", err)
		}
		if err := fn(a); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the articles: %w", err)
	}
	return nil
}

// Article gives one article whole, as Articles does. It returns ErrNoArticle, or what the database said.
func (s *Store) Article(ctx context.Context, id int64) (*Article, error) {
	a, err := articleOf(ctx, s.pool, id)
	if err != nil {
		return nil, fmt.Errorf("read article %d: %w", id, err)
	}
	return a, nil
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func articleOf(ctx context.Context, db querier, id int64) (*Article, error) {
	rows, _ := db.Query(ctx, wholeArticles+`where a.id = $1`, id)
	a, err := pgx.CollectExactlyOneRow(rows, scanArticle)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNoArticle
	}
	return a, err
}
