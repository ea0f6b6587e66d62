package ingest

import (
	"slices"
)

// headlinesFollow says whether the file's headlines stand after the bodies: no block at the top, one at the end.
func (s *segmenter) headlinesFollow() bool {
	if len(s.blocks) == 0 || len(s.entries) > 0 || slices.ContainsFunc(s.rows, func(r row) bool { return r.level == 1 }) {
		return false
	}
	last := s.blocks[len(s.blocks)-1]
	return s.statements(0, s.blocks[0].from) > 0 && s.statements(last.to, len(s.rows)) == 0
}

// statements counts the rows with the end of a sentence that are not furniture.
func (s *segmenter) statements(from, to int) (n int) {
	for i := from; i < to; i++ {
		if !s.rows[i].dropped && s.rows[i].is(statement) {
			n++
		}
	}
	return n
}

// cut is where an article begins, and its block if it has one.
type cut struct {
	at    int
	block *block
}

// boxAfter is how many rows an article has at least before a box that begins the next one.
const boxAfter = 6

// boundaries gives the starts of the articles, in order, 0 first.
func (s *segmenter) boundaries() []cut {
	cuts := []cut{{at: 0}}
	follow := s.headlinesFollow()
	for n := range s.blocks {
		b := &s.blocks[n]
		if follow {
			cuts[len(cuts)-1].block = b
			cuts = append(cuts, cut{at: b.to})
		} else {
			cuts = append(cuts, cut{at: b.from, block: b})
		}
	}
	for i := range s.rows {
		r := &s.rows[i]
		switch {
		case r.dropped || r.titled:
		case i > 0 && !follow && (s.closes(i-1) && !s.isMatter(i) || s.resumes(i) || s.afterEnding(i)), r.is(editorial) && !s.underHeadline(i):
			cuts = append(cuts, cut{at: i})
		case follow && r.is(box) && i > 0 && s.ended(i-1):
			cuts = s.boxCut(cuts, i)
		}
	}
	slices.SortStableFunc(cuts, func(a, b cut) int { return a.at - b.at })
	return cuts
}

// afterEnding says whether row i is the first after what a site prints when a text is over.
func (s *segmenter) afterEnding(i int) bool {
	if !s.rows[i].is(statement) && s.rows[i].columns < longLine {
		return false
	}
	for j := i - 1; j >= 0 && s.rows[j].dropped; j-- {
		if s.rows[j].is(ending) {
			return true
		}
	}
	return false
}

// resumes says whether row i goes on with the text that the article above it has split.
func (s *segmenter) resumes(i int) bool {
	if !s.rows[i].afterBlank || s.rows[i].indented || !s.signs(i-1) {
		return false
	}
	n := s.blockBefore(i)
	if n < 0 || s.blocks[n].from == 0 {
		return false
	}
	above := &s.rows[s.blocks[n].from-1]
	return !above.dropped && !above.is(statement) && above.imp == nil
}

// blockBefore is the last block that ends at row i or before, -1: none. The blocks are in order.
func (s *segmenter) blockBefore(i int) int {
	n, _ := slices.BinarySearchFunc(s.blocks, i+1, func(b block, i int) int { return b.to - i })
	return n - 1
}

// underHeadline says whether row i stands right under a headline.
func (s *segmenter) underHeadline(i int) bool { return i > 0 && s.rows[i-1].titled }

// boxCut begins an article at a box of highlights where headlines follow their bodies: the headline found
// below belongs to the box's article, the text above has lost its own.
func (s *segmenter) boxCut(cuts []cut, i int) []cut {
	for n, c := range cuts {
		if c.block != nil && c.at < i && i < c.block.from && i-c.at >= boxAfter {
			cuts[n].block = nil
			return append(cuts, cut{at: i, block: c.block})
		}
	}
	return cuts
}

// rejoin puts an article that another one splits together again: where a text breaks off within a sentence
// above a headline, and goes on, without a headline, after the end of the article under it.
func rejoin(pieces []piece) []piece {
	var out []piece
	for i, p := range pieces {
		n := len(out)
		if n < 2 || !goesOnFrom(out[n-2], pieces[i-1], p) {
			out = append(out, p)
			continue
		}
		first := &out[n-2]
		p.rows[0].torn = true
		first.rows = append(first.rows, p.rows...)
		fromRows(&first.article, p.rows)
	}
	return out
}

// goesOnFrom says whether p goes on from first, over the article that stands between.
func goesOnFrom(first, between, p piece) bool {
	a, b := &first.rows[len(first.rows)-1], &p.rows[0]
	return p.article.Title == "" && len(p.article.Authors) == 0 && between.article.Title != "" && !b.indented && !b.heading &&
		a.imp == nil && b.imp == nil && !a.is(statement) && !endsBracket(a.content()) && !a.heading && a.columns > titleColumns/3 && len(first.rows) > 2
}
