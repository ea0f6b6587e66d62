package rag

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"

	"github.com/jackc/pgx/v5"
)

// What Around may find missing.
var (
	ErrNoCitation = errors.New("the answer has no citation of that number")
	ErrGone       = errors.New("the source no longer has these words")
)

// Surroundings are where a quote that was given stands now, and what is around it.
type Surroundings struct {
	Article  *Article // whole
	Quote    Span     // runes of Article.Text: the words as they were given, white space aside
	Whole    Span     // the passages that hold the quote and one more on each side; it begins and ends where passages or the text do
	Location Location // of Quote, now
	Moved    bool     // the quote was found again elsewhere in its file, possibly in another article: the file has changed since
}

// Around finds citation n of a logged answer again. Where the article it was cut from no longer has it at its place, the
// first place in that article, or else in the file, that has its words is taken. It returns ErrNoAnswer,
// ErrNoCitation or ErrGone, or what the database said.
func (s *Store) Around(ctx context.Context, answer int64, n int) (around Surroundings, err error) {
	asOne := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly} // articles and passages of one edition
	err = pgx.BeginTxFunc(ctx, s.pool, asOne, func(tx pgx.Tx) error {
		c, err := citationOf(ctx, tx, answer, n)
		if err != nil {
			return err
		}
		if around, err = c.findAgain(ctx, tx); err != nil {
			return err
		}
		around.Location = around.Article.Places.Locate(around.Quote)
		around.Whole, err = wholeAround(ctx, tx, around.Article, around.Quote)
		return err
	})
	if err != nil {
		return Surroundings{}, fmt.Errorf("find quote %d of answer %d: %w", n, answer, err)
	}
	return around, nil
}

// citationOf reads a citation out of the log.
func citationOf(ctx context.Context, tx pgx.Tx, answer int64, n int) (c citationJSON, err error) {
	var text []byte
	err = tx.QueryRow(ctx, `select jsonb_path_query_first(answer, '$.citations[*] ? (@.n == $n)', jsonb_build_object('n', $2::bigint))
		from answers where id = $1`, answer, n).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, ErrNoAnswer
	}
	if err == nil && text == nil {
		return c, ErrNoCitation
	}
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	return c, err
}

// findAgain sets Article, Quote and Moved.
func (c citationJSON) findAgain(ctx context.Context, tx pgx.Tx) (Surroundings, error) {
	id, err := ParseID(c.Article.ID)
	if err != nil {
		return Surroundings{}, err
	}
	a, err := articleOf(ctx, tx, id)
	if err != nil && !errors.Is(err, ErrNoArticle) {
		return Surroundings{}, err
	}
	given := Span{c.Location.StartChar, c.Location.EndChar}
	if err == nil && a.File == c.Article.File {
		if says(a.Text, given, c.Quote) {
			return Surroundings{Article: a, Quote: given}, nil
		}
		if span, ok := find(a.Text, c.Quote); ok {
			return Surroundings{Article: a, Quote: span, Moved: span != given}, nil
		}
	}
	return c.findInFile(ctx, tx, id)
}

// says says whether a text has these words at a span.
func says(text string, at Span, want string) bool {
	runes := []rune(text)
	return 0 <= at.Start && at.Start < at.End && at.End <= len(runes) && string(runes[at.Start:at.End]) == want
}

// findInFile looks in all articles of the file but one.
func (c citationJSON) findInFile(ctx context.Context, tx pgx.Tx, but int64) (found Surroundings, err error) {
	rows, _ := tx.Query(ctx, wholeArticles+`where s.path = $1 and a.id <> $2 order by a.ordinal`, c.Article.File, but)
	defer rows.Close()
	for rows.Next() {
		a, err := scanArticle(rows)
		if err != nil {
			return found, err
		}
		if span, ok := find(a.Text, c.Quote); ok {
			return Surroundings{Article: a, Quote: span, Moved: true}, nil
		}
	}
	if err := rows.Err(); err != nil {
		return found, err
	}
	return found, ErrGone
}

// wholeAround is the passages that hold a span, with one more on each side. Where there is none on a side and the
// span reaches out of the last one, it goes on to the end of the text.
func wholeAround(ctx context.Context, tx pgx.Tx, a *Article, quote Span) (Span, error) {
	rows, _ := tx.Query(ctx, `select start_char, end_char from passages where article_id = $1 order by start_char`, a.ID)
	passages, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Span])
	if err != nil {
		return Span{}, err
	}
	whole := Span{0, a.length}
	if len(passages) == 0 {
		return whole, nil
	}
	first := sort.Search(len(passages), func(i int) bool { return passages[i].End > quote.Start })
	last := sort.Search(len(passages), func(i int) bool { return passages[i].Start >= quote.End }) - 1
	if start := passages[max(first-1, 0)].Start; start <= quote.Start {
		whole.Start = start
	}
	if end := passages[min(last+1, len(passages)-1)].End; end >= quote.End {
		whole.End = end
	}
	return whole, nil
}
