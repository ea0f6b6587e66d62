package ingest

import (
	"slices"

	"yinju/ingest/document"
	"yinju/rag"
)

// piece is one article of a source before reflow.
type piece struct {
	article rag.Article
	rows    []row
	block   int // rows of the headline and its byline, at the top
}

// block is a headline, its byline and what stands with them: rows from..to, half open.
type block struct {
	from, to   int
	title      []int   // rows of the headline itself
	section    int     // row of the column's label above, -1: none
	confidence float64 // that it is the headline
	entry      *entry  // of the table of contents, where it has this title
}

// segmenter is one source on its way from rows to articles.
type segmenter struct {
	rows    []row
	entries []entry
	listed  map[string]*entry // entries by the keys of their titles
	firsts  map[rune]bool     // what these keys begin with
	notes   map[int]bool      // rows of notes on the author; true: the last row of one
	tails   map[int]*imprint  // sources in brackets at the end of a text, by their last row
	papers  map[string]bool   // that source lines name
	blocks  []block
	// signedHeads: headlines of the file are headings with a byline, and other headings are subheads
	signedHeads         bool
	firstSaid, lastSaid int  // first and last row with the end of a sentence
	labels              int  // rows that are labels of columns
	bullets             int  // rows that may be headlines of a digest; 0: not counted yet
	spaced              bool // nearly every row has a blank line above it
}

// segment cuts a source into its articles. Evidence of a new article are, in the order of their weight:
// a title of the table of contents, a first-level heading, a byline under a headline, a source line or
// a note on the author that closes the one before. What no rule explains stays with its neighbours. Every
// row is in one piece or in the furniture.
func segment(lines []line) (pieces []piece, furniture []row, st style) {
	return segmentRows(prepare(lines))
}

// prepare makes the rows of a text, without counters and with a row for each glued headline.
func prepare(lines []line) []row {
	rows := rowsOf(lines)
	dropCounters(rows)
	return splitGlued(rows)
}

// segmentRows cuts prepared rows, and marks on them what it finds them to be.
func segmentRows(rows []row) (pieces []piece, furniture []row, st style) {
	s := &segmenter{rows: rows}
	s.notes, s.tails, s.spaced = notesOn(s.rows), tailsOf(s.rows), isSpaced(s.rows)
	for i := range s.rows {
		s.rows[i].parted = s.rows[i].afterBlank && !s.spaced || s.rows[i].Break == document.Begins
	}
	s.firstSaid, s.lastSaid = saidWithin(s.rows)
	s.settleSources()
	s.dropFurniture()
	s.listed, s.labels, s.firsts = byTitle(s.entries), s.countLabels(), map[rune]bool{}
	for key := range s.listed {
		s.firsts[firstRune(key)] = true
	}
	s.doubtBareNames()
	for i := range s.rows {
		s.signsLatin(i)
	}
	s.papers, s.signedHeads = papersIn(s.rows), s.haveBylines()
	s.findBlocks()
	s.dropLabels()
	s.dropEchoes()
	s.dropAfterChrome()
	s.partMatter()
	pieces, furniture = s.pieces(s.boundaries())
	st = styleOf(s.rows, s.spaced)
	if len(s.entries) == 0 { // a table of contents tells better where an article ends
		pieces, furniture = dropBare(pieces, furniture)
		pieces = splitShifts(joinBare(rejoin(pieces)), st)
		returnHeadlines(pieces)
	}
	s.titlesFromContents(pieces)
	s.factsFromMasthead(pieces)
	for i := range pieces {
		pieces[i].addNumber()
	}
	return pieces, furniture, st
}

// findBlocks looks for headlines from the top; a block takes its rows away from later ones.
func (s *segmenter) findBlocks() {
	for i := 0; i < len(s.rows); i++ {
		if s.rows[i].dropped {
			continue
		}
		b, ok := s.blockAt(i)
		if !ok {
			continue
		}
		s.take(b)
		i = b.to - 1
	}
	s.startsOfSigned()
	if b, ok := s.topTitle(); ok {
		s.take(b)
		slices.SortFunc(s.blocks, func(a, b block) int { return a.from - b.from })
	}
}

func (s *segmenter) take(b block) {
	for j := b.from; j < b.to; j++ {
		s.rows[j].titled, s.rows[j].heading = true, true
	}
	s.blocks = append(s.blocks, b)
}

// partMatter makes paragraphs of their own of rows that speak of an article.
func (s *segmenter) partMatter() {
	for i := range s.rows {
		r := &s.rows[i]
		apart := i == 0 || r.afterBlank || r.indent >= signedIndent || s.rows[i-1].is(statement|field) || s.rows[i-1].heading || s.rows[i-1].dropped
		if apart && (r.imp != nil || r.is(note|number|done)) {
			r.heading = true
			for inside, ok := s.notes[i]; ok && !inside && i+1 < len(s.rows); inside, ok = s.notes[i] {
				i++ // the note itself is one paragraph
			}
		}
	}
}

// papersIn are the publications that source lines name.
func papersIn(rows []row) map[string]bool {
	papers := map[string]bool{}
	for i := range rows {
		if im := rows[i].imp; im != nil && im.source {
			papers[im.publication] = true
		}
	}
	return papers
}

// saidWithin gives the first and the last row with the end of a sentence, or that is a paragraph; all rows are
// before the first where there is none.
func saidWithin(rows []row) (first, last int) {
	first, last = len(rows), len(rows)
	for i := range rows {
		if rows[i].is(statement) && !rows[i].is(chrome) || rows[i].columns >= longLine {
			first, last = min(first, i), i
		}
	}
	return first, last
}

// isMatter says whether row i speaks of an article without being a part of its text: a source line, a
// note on the author, an origin or a date.
func (s *segmenter) isMatter(i int) bool {
	_, inNote := s.notes[i]
	return inNote || s.rows[i].imp != nil && len(s.rows[i].imp.authors) == 0
}

func isSpaced(rows []row) bool {
	n, all := 0, 0
	for i := range rows {
		if rows[i].Break != document.Unknown { // a paragraph begins there, blank line or not
			continue
		}
		all++
		if rows[i].afterBlank {
			n++
		}
	}
	return n*10 > all*8
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
			if s.rows[i].dropped {
				furniture = append(furniture, s.rows[i])
				continue
			}
			rows = append(rows, s.rows[i])
			if i > 0 && s.rows[i-1].dropped {
				rows[len(rows)-1].torn = true
			}
		}
		switch {
		case len(rows) == 0:
		case c.block == nil && len(cuts) > 1 && s.statements(c.at, end) == 0 && (len(rows) <= 2 || c.at == 0 && s.isMastheadPart(rows)):
			furniture = append(furniture, rows...)
		default:
			p := piece{article: s.describe(rows, c.block), rows: rows}
			if c.block != nil && c.at == c.block.from {
				p.block = len(rows) - len(slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.titled }))
			}
			pieces = append(pieces, p)
		}
	}
	return pieces, furniture
}

// isMastheadPart says whether rows without a statement at the top of a file are its masthead: a name, an issue, a
// day, a list of what is in it. Verses are not.
func (s *segmenter) isMastheadPart(rows []row) bool {
	for i := range rows {
		r := &rows[i]
		if isMasthead(r.content()) || r.is(folio|chrome|likely|leader|labelled) || r.imp != nil || r.has&digits != 0 {
			return true
		}
	}
	return s.rows[0].dropped
}
