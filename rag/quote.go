package rag

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Quote is text that stands, character for character, in an article of the store. Its fields are
// hidden and only the store makes one, by cutting it from the article at a span: no other package and
// no model can build a quote that is not in the source. Its source text differs in white space only.
type Quote struct {
	article  *Article
	location Location
	text     string
}

// Text is the quoted text, whole sentences.
func (q Quote) Text() string { return q.text }

// Article is where the quote stands; of its text it has the first words only.
func (q Quote) Article() *Article { return q.article }

// Location is the quote's place in the article and in the file.
func (q Quote) Location() Location { return q.location }

// Citation is a numbered quote. In JSON it is one flat object, see docs/contract.md.
type Citation struct {
	N     int // from 1; answers refer to it as [N]
	Quote Quote
}

type citationJSON struct {
	N        int        `json:"n"`
	Quote    string     `json:"quote"`
	Article  ArticleRef `json:"article"`
	Location Location   `json:"location"`
}

// MarshalJSON writes the citation as the contract has it.
func (c Citation) MarshalJSON() ([]byte, error) {
	return json.Marshal(citationJSON{N: c.N, Quote: c.Quote.text, Article: c.Quote.article.Ref(), Location: c.Quote.location})
}

// pick is a span of an article that is wanted as a quote, and what it is expected to say.
type pick struct {
	article int64
	span    Span
	text    string
}

// quotes cuts the picks from the stored articles. One that does not say there what was expected, since
// a re-ingest came between, is left out.
func (s *Store) quotes(ctx context.Context, picks []pick) ([]Quote, error) {
	ids, starts, lengths := make([]int64, len(picks)), make([]int32, len(picks)), make([]int32, len(picks))
	for i, p := range picks {
		ids[i], starts[i], lengths[i] = p.article, int32(p.span.Start), int32(p.span.Len()) //nolint:gosec // runes of a file within the size limit
	}
	rows, _ := s.pool.Query(ctx, `select w.n, substr(a.body, w.start + 1, w.len), a.places,
			a.id, a.title, a.authors, a.publication, a.published, a.section, left(a.body, 80), s.path
		from unnest($1::bigint[], $2::int[], $3::int[]) with ordinality as w(article, start, len, n)
			join articles a on a.id = w.article join sources s on s.id = a.source_id
		order by w.n`, ids, starts, lengths)
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Quote, error) {
		var n int
		var q Quote
		var a Article
		var places []int32
		err := row.Scan(&n, &q.text, &places, &a.ID, &a.Title, &a.Authors, &a.Publication, &a.Date, &a.Section, &a.Text, &a.File)
		if err != nil {
			return Quote{}, err
		}
		if want := picks[n-1]; q.text == want.text {
			q.article, q.location = &a, placesOf(places).Locate(want.span)
		}
		return q, nil
	})
	if err != nil {
		return nil, fmt.Errorf("cut the quotes: %w", err)
	}
	return stillStanding(found), nil
}

func stillStanding(all []Quote) []Quote {
	var kept []Quote
	for _, q := range all {
		if q.article != nil {
			kept = append(kept, q)
		}
	}
	return kept
}
