package rag

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Limits of a look through the articles.
const (
	MaxBrowse      = 100 // articles at a time
	MaxBrowseWords = 200 // characters of Browse.Words
)

// Browse says which articles are listed.
type Browse struct {
	Words  string // parted by white space; title, authors, publication, section, date or file has each of them. "": all
	Filter Filter
	Offset int // articles that are passed over
	Limit  int // articles that are given at most, 1 to MaxBrowse
}

// Listing is a part of the articles that were looked for.
type Listing struct {
	Articles []*Article // of Text and Places, the beginning only
	Total    int        // how many there are in all
}

// PageError says that a Browse asks for articles by numbers that cannot be.
type PageError struct{ Offset, Limit int }

func (e *PageError) Error() string {
	return fmt.Sprintf("list the articles: %d from %d on: want 1 to %d, from 0 or more on", e.Limit, e.Offset, MaxBrowse)
}

// Check says, as a *FilterError or a *PageError, what cannot be taken.
func (b Browse) Check() error {
	if b.Limit < 1 || b.Limit > MaxBrowse || b.Offset < 0 {
		return &PageError{b.Offset, b.Limit}
	}
	if !isText(b.Words, MaxBrowseWords) {
		return &FilterError{"words", fmt.Sprintf("%.200s", b.Words), fmt.Sprintf("at most %d characters in UTF-8", MaxBrowseWords)}
	}
	return b.Filter.Check()
}

// Browse lists articles in the order of their files and of their places in them; capitals and small letters are the
// same. It returns a *FilterError, a *PageError, or what the database said.
func (s *Store) Browse(ctx context.Context, b Browse) (Listing, error) {
	if err := b.Check(); err != nil {
		return Listing{}, err
	}
	condition, args := b.condition(3)
	var ids []int64
	var l Listing
	// Bodies and places stand apart from their rows, and are fetched for one page only.
	err := s.pool.QueryRow(ctx, `with found as materialized (
			select a.id, row_number() over (order by s.path, a.ordinal) as n from articles a join sources s on s.id = a.source_id where `+condition+`)
		select (select count(*) from found), array(select id from found where n > $1 order by n limit $2)`,
		append([]any{b.Offset, b.Limit}, args...)...).Scan(&l.Total, &ids)
	if err == nil {
		l.Articles, err = s.beginnings(ctx, ids)
	}
	if err != nil {
		return Listing{}, fmt.Errorf("list the articles: %w", err)
	}
	return l, nil
}

// condition is which articles a of sources s are listed, in SQL with its arguments, the first of them $first.
func (b Browse) condition(first int) (sql string, args []any) {
	sql, args = b.Filter.condition(first)
	words := strings.Fields(strings.ToLower(b.Words))
	if len(words) == 0 {
		return sql, args
	}
	for i, w := range words {
		words[i] = "%" + likeEscaper.Replace(w) + "%"
	}
	// Small letters by Unicode, whatever the language of the database. No word goes over the end of a line.
	return sql + fmt.Sprintf(` and lower(concat_ws(E'\n', a.title, array_to_string(a.authors, E'\n'), a.publication, a.section, a.published, s.path)
		collate "pg_c_utf8") like all ($%d)`, first+len(args)), append(args, words)
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// beginnings are articles by id, in that order, with the beginning of their text and of their places.
func (s *Store) beginnings(ctx context.Context, ids []int64) ([]*Article, error) {
	rows, _ := s.pool.Query(ctx, `select a.id, s.path, a.title, a.authors, a.publication, a.published, a.section,
			left(a.body, 80), a.places[1:$2], a.affiliation, a.length
		from articles a join sources s on s.id = a.source_id where a.id = any($1) order by array_position($1, a.id)`, ids, runInts)
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Article, error) {
		var a Article
		var places []int32
		err := row.Scan(&a.ID, &a.File, &a.Title, &a.Authors, &a.Publication, &a.Date, &a.Section, &a.Text, &places, &a.Affiliation, &a.length)
		a.Places = placesOf(places)
		return &a, err
	})
}
