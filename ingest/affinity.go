package ingest

import (
	"slices"
	"strings"

	"yinju/rag"
)

// Columns read in the wrong order put a headline above another article's body. Its words tell: they stand
// in the body that has no headline, and hardly in the one under it.
const (
	affinityAhead = 3   // articles after a body in which its headline is looked for
	affinityHere  = 0.6 // of the headline's terms in the body that has none
	affinityThere = 0.3 // at most, in the body under it
)

// returnHeadlines gives an untitled body a headline that stands above another one and speaks of it.
func returnHeadlines(pieces []piece) {
	for i := range pieces {
		if pieces[i].article.Title != "" || pieces[i].block > 0 {
			continue
		}
		for j := i + 1; j < min(len(pieces), i+1+affinityAhead); j++ {
			if from := &pieces[j]; from.block > 0 && belongs(from, &pieces[i]) {
				handOver(from, &pieces[i])
				break
			}
		}
	}
}

// belongs says whether the headline of one piece speaks of the body of another.
func belongs(from, to *piece) bool {
	here := coverage(from.article.Title, to.rows)
	return here >= affinityHere && coverage(from.article.Title, from.rows[from.block:]) <= affinityThere
}

// coverage is the share of a headline's terms that a body has, 0..1.
func coverage(title string, body []row) float64 {
	terms := rag.Terms(title)
	var text strings.Builder
	for i := range body {
		text.WriteString(body[i].content())
	}
	in := 0
	for _, t := range terms {
		if strings.Contains(text.String(), t) {
			in++
		}
	}
	return float64(in) / float64(max(1, len(terms)))
}

// handOver moves a headline with its byline from one piece to the end of another.
func handOver(from, to *piece) {
	head := from.rows[:from.block]
	head[0].torn = true
	to.article.Title, to.article.Section = from.article.Title, from.article.Section
	to.article.Authors, to.article.Affiliation = from.article.Authors, from.article.Affiliation
	for _, field := range []rag.Field{rag.TitleField, rag.SectionField, rag.AuthorsField, rag.AffiliationField} {
		moveFact(&from.article, &to.article, field)
	}
	to.rows = append(to.rows, head...)
	from.rows, from.block = from.rows[from.block:], 0
	from.article.Title, from.article.Authors, from.article.Affiliation, from.article.Section = "", nil, "", ""
	fromRows(&from.article, from.rows)
}

// dropBare makes furniture of a headline without a body at the top, which is the file's own.
func dropBare(pieces []piece, furniture []row) ([]piece, []row) {
	if len(pieces) < 2 || !pieces[0].isBare() {
		return pieces, furniture
	}
	return pieces[1:], append(slices.Clone(pieces[0].rows), furniture...)
}

// isBare says whether a piece is a headline and nothing else.
func (p *piece) isBare() bool {
	return p.block == len(p.rows) && p.article.Authors == nil && p.article.Publication == "" && p.article.Date == ""
}

// joinBare joins a headline that has no body, and is none of the contents, to the article before it: it is a
// subhead, or a part of a headline that the page has torn off.
func joinBare(pieces []piece) []piece {
	var out []piece
	for _, p := range pieces {
		if n := len(out); n > 0 && p.isBare() {
			out[n-1].rows = append(out[n-1].rows, p.rows...)
			continue
		}
		out = append(out, p)
	}
	return out
}
