package ingest

import (
	"slices"
	"strings"

	"yinju/rag"
)

// piece is one article of a source before reflow.
type piece struct {
	article rag.Article
	rows    []row
}

// block is a headline, its byline and what stands with them: rows from..to, half open.
type block struct {
	from, to int
	title    []int // rows of the headline itself
	authors  []string
	entry    *entry // of the table of contents, where it has this title
}

// segmenter is one source on its way from rows to articles.
type segmenter struct {
	rows    []row
	entries []entry
	listed  map[string]*entry // entries by the keys of their titles
	dropped map[int]bool      // furniture: in no article
	notes   map[int]bool      // rows of notes on the author; true: the last row of one
	blocks  []block
	titled  map[int]bool // rows that belong to a block
	spaced  bool         // nearly every row has a blank line above it
}

// segment cuts a source into its articles. Evidence of a new article are, in the order of their weight:
// a title of the table of contents, a first-level heading, a byline under a headline, a source line or
// a note on the author that closes the one before. What no rule explains stays with its neighbours. Every
// row is in one piece or in the furniture.
func segment(lines []line) (pieces []piece, furniture []row) {
	rows := rowsOf(lines)
	dropCounters(rows)
	s := &segmenter{rows: splitGlued(rows), titled: map[int]bool{}}
	s.entries, s.dropped = contents(s.rows)
	s.listed = byTitle(s.entries)
	s.notes, s.spaced = notesOn(s.rows), isSpaced(s.rows)
	for i, r := range s.rows {
		if pageFurniture.MatchString(r.content()) {
			s.dropped[i] = true
		}
	}
	s.findBlocks()
	s.dropLabels()
	pieces, furniture = s.pieces(s.boundaries())
	s.titlesFromContents(pieces)
	return pieces, furniture
}

// findBlocks looks for headlines from the top; a block takes its rows away from later ones.
func (s *segmenter) findBlocks() {
	for i := 0; i < len(s.rows); i++ {
		if s.dropped[i] {
			continue
		}
		b, ok := s.blockAt(i)
		if !ok {
			continue
		}
		for j := b.from; j < b.to; j++ {
			s.titled[j] = true
			s.rows[j].heading = true
		}
		s.blocks = append(s.blocks, b)
		i = b.to - 1
	}
}

// blockAt tries the kinds of evidence for a headline that begins at row i.
func (s *segmenter) blockAt(i int) (block, bool) {
	if b, ok := s.listedTitle(i); ok {
		return s.withByline(b), true
	}
	if s.rows[i].glued {
		return s.gluedTitle(i), true
	}
	if s.rows[i].level == 1 {
		return s.withByline(block{from: i, to: i + 1, title: []int{i}}), true
	}
	if s.closes(i - 1) {
		if b, ok := s.openingTitle(i); ok {
			return s.withByline(b), true
		}
	}
	return s.bylineTitle(i)
}

// gluedTitle takes the rows of a headline that was cut out of running text.
func (s *segmenter) gluedTitle(i int) block {
	j := i + 1
	for j < len(s.rows) && s.rows[j].glued {
		j++
	}
	return block{from: i, to: j, title: span(i, j)}
}

// maxTitleRows is how many rows a headline may be wrapped over.
const maxTitleRows = 4

// listedTitle finds a title of the table of contents, wrapped or not, with or without its "paper：".
func (s *segmenter) listedTitle(i int) (block, bool) {
	if len(s.listed) == 0 {
		return block{}, false
	}
	var key strings.Builder
	for j := i; j < min(i+maxTitleRows, len(s.rows)) && !s.dropped[j] && s.rows[j].columns < longLine; j++ {
		key.WriteString(titleKey(s.rows[j].content()))
		if e := s.listed[key.String()]; e != nil {
			return block{from: i, to: j + 1, title: span(i, j+1), entry: e}, true
		}
	}
	return block{}, false
}

func byTitle(entries []entry) map[string]*entry {
	listed := make(map[string]*entry, 2*len(entries))
	for i := range entries {
		for _, title := range []string{withoutPaper(entries[i].title), entries[i].title} {
			if key := titleKey(title); key != "" {
				listed[key] = &entries[i]
			}
		}
	}
	return listed
}

// closes says whether row i ends an article: a source line, or the end of a note on the author that does
// not stand under a headline.
func (s *segmenter) closes(i int) bool {
	return i >= 0 && !s.dropped[i] && !s.titled[i] && (isSourceLine(s.rows[i].content()) || s.notes[i])
}

// isSourceLine says whether a row names a paper and its day, and nothing else. One that is cut off after
// the paper has a bracket in front.
func isSourceLine(text string) bool {
	m := sourceLine.FindStringSubmatch(text)
	return m != nil && (m[2] != "" || strings.HasPrefix(text, "（") || strings.HasPrefix(text, "("))
}

// noteRows is how many rows a note on the author may be wrapped over.
const noteRows = 5

// notesOn finds the bracketed notes on authors.
func notesOn(rows []row) map[int]bool {
	notes := map[int]bool{}
	for i, r := range rows {
		if !noteStart.MatchString(r.content()) {
			continue
		}
		for j := i; j < min(i+noteRows, len(rows)); j++ {
			if strings.HasSuffix(rows[j].content(), "）") || strings.HasSuffix(rows[j].content(), ")") {
				for k := i; k <= j; k++ {
					notes[k] = k == j
				}
				break
			}
		}
	}
	return notes
}

// isMatter says whether row i speaks of an article without being a part of its text: a source line, a
// note on the author, an origin or a date.
func (s *segmenter) isMatter(i int) bool {
	text := s.rows[i].content()
	_, inNote := s.notes[i]
	return inNote || isSourceLine(text) || dateOnly.MatchString(text) || originLine.MatchString(text)
}

func isSpaced(rows []row) bool {
	n := 0
	for _, r := range rows {
		if r.afterBlank {
			n++
		}
	}
	return n*10 > len(rows)*8
}

// headlike says whether row i may be a row of a headline, by itself.
func (s *segmenter) headlike(i int) bool {
	return !s.dropped[i] && isTitleRow(s.rows[i]) && !s.isMatter(i) && byline(s.rows[i].content()) == nil
}

// openingTitle takes the short rows right after the end of an article for a headline, when a text follows.
func (s *segmenter) openingTitle(i int) (block, bool) {
	j := i
	for j < min(i+maxTitleRows, len(s.rows)) && s.headlike(j) && !s.running(j) {
		j++
	}
	if j == i || j >= len(s.rows) || j == i+maxTitleRows {
		return block{}, false
	}
	return block{from: i, to: j, title: span(i, j)}, true
}

// running says whether row i looks like running text that is wrapped at the width of its neighbours. A
// blank line above tells it apart, unless the file has one everywhere.
func (s *segmenter) running(i int) bool {
	if s.rows[i].afterBlank && !s.spaced {
		return false
	}
	like := 0
	for j := max(0, i-neighbours); j < min(len(s.rows), i+neighbours+1); j++ {
		if d := s.rows[j].columns - s.rows[i].columns; j != i && d*10 < s.rows[i].columns && -d*10 < s.rows[i].columns {
			like++
		}
	}
	return like >= neighbours-1
}

// bylineTitle finds a headline by the byline, or the line that names its paper, under it.
func (s *segmenter) bylineTitle(i int) (block, bool) {
	if !s.headlike(i) || i > 0 && !s.dropped[i-1] && !s.titled[i-1] && !s.ended(i-1) {
		return block{}, false
	}
	for j := i + 1; j < min(i+maxTitleRows+1, len(s.rows)); j++ {
		names := byline(s.rows[j].content())
		if names == nil && needsBlank(s.rows[j-1].content(), s.rows[j].content()) {
			names = latinByline(s.rows[j].content())
		}
		if names != nil && !s.dropped[j] && !s.rows[j].heading && !s.running(j-1) {
			return s.withByline(block{from: i, to: j + 1, title: span(i, j), authors: names}), true
		}
		if originLine.MatchString(s.rows[j].content()) && !s.running(j-1) {
			return s.withByline(block{from: i, to: j, title: span(i, j)}), true
		}
		if _, listed := s.listedTitle(j); listed || !s.headlike(j) || s.rows[j].level > 0 {
			break
		}
	}
	return block{}, false
}

// ended says whether something comes to its end with row i, so that a headline may follow.
func (s *segmenter) ended(i int) bool {
	r := s.rows[i]
	return endsSentence(r.content()) || s.closes(i) || strings.HasSuffix(r.content(), "）") || strings.HasSuffix(r.content(), ")") ||
		i+1 < len(s.rows) && s.rows[i+1].afterBlank || dateOnly.MatchString(r.content())
}

// withByline adds the byline, the date and a note on the author that stand under a headline.
func (s *segmenter) withByline(b block) block {
	for b.to < len(s.rows) && !s.dropped[b.to] {
		text := s.rows[b.to].content()
		names := byline(text)
		switch {
		case names != nil && b.authors == nil:
			b.authors = names
		case dateOnly.MatchString(text), originLine.MatchString(text):
		case noteStart.MatchString(text):
			for !s.notes[b.to] && b.to+1 < len(s.rows) && b.to < b.from+maxTitleRows+noteRows {
				b.to++
			}
		default:
			return b
		}
		b.to++
	}
	return b
}

// labelColumns is the widest row that can be a column's label above a headline.
const labelColumns = 12

// dropLabels takes labels of columns off the top of headlines: short rows that stand apart.
func (s *segmenter) dropLabels() {
	for n := range s.blocks {
		b := &s.blocks[n]
		for b.entry == nil && len(b.title) > 1 && s.rows[b.title[0]].columns <= labelColumns && s.rows[b.title[1]].afterBlank {
			s.dropped[b.title[0]] = true
			b.title = b.title[1:]
			b.from = b.title[0]
		}
	}
}

// dropTopLabels drops what stands above a body whose headline follows below it: groups of short rows,
// set apart by a blank line, that make no statement and are no box of highlights.
func (s *segmenter) dropTopLabels(from, to int) {
	for from < to {
		end := from + 1
		for end < to && !s.rows[end].afterBlank {
			end++
		}
		if end == to || s.spaced || s.statements(from, end) > 0 {
			return
		}
		for i := from; i < end; i++ {
			if s.rows[i].columns*10 > localWidth(s.rows, i)*9 || boxLabel.MatchString(s.rows[i].content()) {
				return
			}
		}
		for i := from; i < end; i++ {
			s.dropped[i] = true
		}
		from = end
	}
}

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
		if !s.dropped[i] && endsSentence(s.rows[i].content()) {
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
	for i, r := range s.rows {
		switch {
		case s.dropped[i] || s.titled[i]:
		case i > 0 && !follow && s.closes(i-1) && !s.isMatter(i), editorNote.MatchString(r.content()):
			cuts = append(cuts, cut{at: i})
		case follow && boxLabel.MatchString(r.content()) && i > 0 && s.ended(i-1):
			cuts = s.boxCut(cuts, i)
		}
	}
	slices.SortStableFunc(cuts, func(a, b cut) int { return a.at - b.at })
	return cuts
}

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

// pieces makes the articles between the cuts. Rows before a headline that make no statement are a
// masthead, not an article.
func (s *segmenter) pieces(cuts []cut) (pieces []piece, furniture []row) {
	for n, c := range cuts {
		end := len(s.rows)
		if n+1 < len(cuts) {
			end = cuts[n+1].at
		}
		if c.block != nil && c.at < c.block.from {
			s.dropTopLabels(c.at, c.block.from)
		}
		var rows []row
		for i := c.at; i < end; i++ {
			if s.dropped[i] {
				furniture = append(furniture, s.rows[i])
				continue
			}
			rows = append(rows, s.rows[i])
			if i > 0 && s.dropped[i-1] {
				rows[len(rows)-1].torn = true
			}
		}
		switch {
		case len(rows) == 0:
		case c.block == nil && len(cuts) > 1 && s.statements(c.at, end) == 0:
			furniture = append(furniture, rows...)
		default:
			pieces = append(pieces, piece{article: s.describe(rows, c.block), rows: rows})
		}
	}
	return pieces, furniture
}

func span(from, to int) []int {
	var out []int
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}
