package rag

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// Quote is text that stands, character for character, in an article of the store. Its fields are
// hidden and only the store makes one, by cutting it from the article at a span: no other package and
// no model can build a quote that is not in the source. Its source text differs in white space only.
type Quote struct {
	article  *Article
	location Location
	text     string
	hash     string // SHA-256 of the article's text, in hex
	also     []Copy
}

// Text is the quoted text: whole sentences, of overlong ones whole clauses; or a row of a table, or a line that has no mark at its end.
func (q Quote) Text() string { return q.text }

// Article is where the quote stands; of its text it has the first words only.
func (q Quote) Article() *Article { return q.article }

// Location is the quote's place in the article and in the file.
func (q Quote) Location() Location { return q.location }

// Also are other articles in which the same text stands, best described first, at most maxCopies.
func (q Quote) Also() []Copy { return q.also }

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
	Hash     string     `json:"text_sha256"`
	Also     []CopyRef  `json:"also"`
}

// MarshalJSON writes the citation as the contract has it.
func (c Citation) MarshalJSON() ([]byte, error) {
	q := c.Quote
	return json.Marshal(citationJSON{N: c.N, Quote: q.text, Article: q.article.Ref(), Location: q.location, Hash: q.hash, Also: Refs(q.also)})
}

// pick is a span of an article that is wanted as a quote, and what it is expected to say.
type pick struct {
	article int64
	span    Span
	text    string
}

// quotes cuts the picks from the stored articles. One whose text stands in a twin of its article, too, is cut
// from the best described of them. One that does not say there what was expected, since a re-ingest came
// between, is left out.
func (s *Store) quotes(ctx context.Context, picks []pick) ([]Quote, error) {
	ids, starts, lengths := make([]int64, len(picks)), make([]int32, len(picks)), make([]int32, len(picks))
	for i, p := range picks {
		ids[i], starts[i], lengths[i] = p.article, int32(p.span.Start), int32(p.span.Len()) //nolint:gosec // runes of a file within the size limit
	}
	cuts := make([][]Quote, len(picks)) // of each pick, its own and then those of twins
	var batch pgx.Batch
	batch.Queue(`select w.n, substr(a.body, w.start + 1, w.len), a.places,
			encode(sha256(convert_to(a.body, 'UTF8')), 'hex'),
			a.id, a.title, a.authors, a.publication, a.published, a.section, left(a.body, 80), a.length, s.path
		from unnest($1::bigint[], $2::int[], $3::int[]) with ordinality as w(article, start, len, n)
			join articles a on a.id = w.article join sources s on s.id = a.source_id`, ids, starts, lengths).
		Query(eachText(func(n int, text, hash string, places Places, a *Article) {
			if text == picks[n].text {
				cuts[n] = append(cuts[n], Quote{article: a, location: places.Locate(picks[n].span), text: text, hash: hash})
			}
		}))
	batch.Queue(`select w.n, a.body, a.places,
			encode(sha256(convert_to(a.body, 'UTF8')), 'hex'),
			a.id, a.title, a.authors, a.publication, a.published, a.section, left(a.body, 80), a.length, s.path
		from unnest($1::bigint[]) with ordinality as w(article, n)
			cross join lateral (select twin_id from article_twins where article_id = w.article order by twin_id limit $2) t
			join articles a on a.id = t.twin_id join sources s on s.id = a.source_id`, ids, candidateTwins).
		Query(eachText(func(n int, text, hash string, places Places, a *Article) {
			if span, ok := find(text, picks[n].text); ok && len(cuts[n]) > 0 {
				cuts[n] = append(cuts[n], Quote{article: a, location: places.Locate(span), text: string([]rune(text)[span.Start:span.End]), hash: hash})
			}
		}))
	if err := s.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, fmt.Errorf("cut the quotes: %w", err)
	}
	return bestDescribed(cuts), nil
}

// eachText reads rows of the two queries of quotes: the number of a pick from 1, a text, its places, the hash of the whole, its article.
func eachText(fn func(n int, text, hash string, places Places, a *Article)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		for rows.Next() {
			var n int
			var text, hash string
			var places []int32
			var a Article
			err := rows.Scan(&n, &text, &places, &hash,
				&a.ID, &a.Title, &a.Authors, &a.Publication, &a.Date, &a.Section, &a.Text, &a.length, &a.File)
			if err != nil {
				return err
			}
			fn(n-1, text, hash, placesOf(places), &a)
		}
		return rows.Err()
	}
}

// bestDescribed takes of each pick's cuts the one whose article is described best, and names the others.
func bestDescribed(cuts [][]Quote) []Quote {
	var quotes []Quote
	for _, same := range cuts {
		if len(same) == 0 {
			continue
		}
		slices.SortFunc(same, func(a, b Quote) int { return compareDescription(a.article, b.article) })
		best := same[0]
		for _, q := range same[1:min(len(same), 1+maxCopies)] {
			best.also = append(best.also, Copy{Article: q.article, Location: q.location})
		}
		quotes = append(quotes, best)
	}
	return quotes
}

// find is where a text stands in another one, white space aside: another print breaks its lines elsewhere.
func find(text, want string) (Span, bool) {
	in, at := squeeze(text)
	what, _ := squeeze(want)
	i := strings.Index(in, what)
	if i < 0 || what == "" {
		return Span{}, false
	}
	first := utf8.RuneCountInString(in[:i])
	last := first + utf8.RuneCountInString(what) - 1
	return Span{at[first], at[last] + 1}, true
}

// squeeze takes out the white space, and says which rune of the text each of the rest was.
func squeeze(text string) (rest string, at []int) {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if !unicode.IsSpace(r) {
			b.WriteRune(r)
			at = append(at, n)
		}
		n++
	}
	return b.String(), at
}
