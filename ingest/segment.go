package ingest

import (
	"slices"
	"strings"
	"unicode"

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

// startsOfSigned looks for the headline of a text that ends with a name, where the headline above it has a
// byline of its own: the text between is of two articles. It is the widest row that stands between the end of
// a paragraph and the beginning of the next.
func (s *segmenter) startsOfSigned() {
	for i := range s.rows {
		if !s.signs(i) && !s.signsLatin(i) {
			continue
		}
		from := 0
		signed := false
		for n := range s.blocks {
			if b := &s.blocks[n]; b.to <= i && b.to > from {
				from, signed = b.to, s.isAuthored(b)
			}
		}
		best := -1
		for j := from + 1; signed && j < i-1; j++ {
			r := &s.rows[j]
			if s.headlike(j) && !r.titled && !r.indented && s.opensText(j) && (best < 0 || r.columns > s.rows[best].columns) {
				best = j
			}
		}
		if best >= 0 {
			s.take(newBlock(best, best+1).surely(guessed))
			slices.SortFunc(s.blocks, func(a, b block) int { return a.from - b.from })
		}
	}
}

// opensText says whether row j stands between the end of a paragraph, or a label, and the beginning of the next.
func (s *segmenter) opensText(j int) bool {
	above, below := &s.rows[j-1], &s.rows[j+1]
	ended := above.is(statement|labelled) || above.dropped || j > 1 && s.headlike(j-1) && above.columns <= labelColumns && s.rows[j-2].is(statement)
	return ended && (below.indented || below.parted && s.rows[j].parted)
}

// isAuthored says whether a block names authors, or the first words of its text do.
func (s *segmenter) isAuthored(b *block) bool {
	for j := b.from; j < min(len(s.rows), b.to+1); j++ {
		if r := &s.rows[j]; r.imp != nil && len(r.imp.authors) > 0 || j >= b.to && r.is(reported) {
			return true
		}
	}
	return false
}

// signsLatin says whether row i is a name in Latin letters under the end of a text.
func (s *segmenter) signsLatin(i int) bool {
	r := &s.rows[i]
	if i == 0 || r.dropped || r.titled || r.imp != nil && len(r.imp.authors) == 0 || r.columns > titleColumns/2 || !s.rows[i-1].is(statement) || r.has&capitals == 0 || !strings.ContainsFunc(r.content(), unicode.IsLower) {
		return false
	}
	names := latinNames(strings.TrimLeft(r.content(), "-–— "))
	if names == nil {
		return false
	}
	r.imp = &imprint{authors: names, signs: true}
	return true
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

// blockAt tries the kinds of evidence for a headline that begins at row i.
func (s *segmenter) blockAt(i int) (block, bool) {
	r := &s.rows[i]
	if b, ok := s.listedTitle(i); ok {
		return s.withByline(b), true
	}
	if r.glued {
		return s.gluedTitle(i), true
	}
	if r.level == 1 && (!s.signedHeads || s.hasByline(i)) || r.is(chapter) && !r.is(leader|statement) && (r.afterBlank || i == 0 || s.rows[i-1].dropped) {
		return s.withByline(newBlock(i, i+1).surely(stated)), true
	}
	if r.is(number) || s.hasSubject(i) {
		return s.withByline(s.documentTitle(i)), true
	}
	if s.closes(i-1) || s.signs(i-1) || i > 0 && s.signsLatin(i-1) || s.underLabel(i) {
		if b, ok := s.openingTitle(i); ok {
			return s.withByline(b.surely(inferred)), true
		}
	}
	if b, ok := s.headlineAbove(i); ok {
		return b, true
	}
	if s.lostHeadline(i) {
		return s.withByline(newBlock(i, i)), true
	}
	if b, ok := s.afterRule(i); ok {
		return b, true
	}
	return s.bulletTitle(i)
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

// haveBylines says whether several headings of the file have bylines under them.
func (s *segmenter) haveBylines() bool {
	signed := 0
	for i := range s.rows {
		if s.rows[i].level > 0 && s.hasByline(i) {
			signed++
		}
	}
	return signed > 1
}

// hasByline says whether a byline stands under row i, a row of a second headline between at most.
func (s *segmenter) hasByline(i int) bool {
	for j := i + 1; j < min(len(s.rows), i+3); j++ {
		if r := &s.rows[j]; r.imp != nil && len(r.imp.authors) > 0 || s.names(j) {
			return true
		}
		if !s.headlike(j) || s.rows[j].level > 0 {
			return false
		}
	}
	return false
}

// doubtBareNames takes rows of one bare name for no bylines in a file where no such row stands under what can
// be its headline: they are headlines themselves, or words.
func (s *segmenter) doubtBareNames() {
	var bare []int
	for i := range s.rows {
		r := &s.rows[i]
		if r.imp == nil || len(r.imp.authors) != 1 || r.indent >= signedIndent || !isBareNames(r) || firstRune(r.content()) < 0x2e80 {
			continue
		}
		if i > 0 && !s.rows[i-1].dropped && s.headlike(i-1) {
			return
		}
		bare = append(bare, i)
	}
	for _, i := range bare {
		if i > 0 && s.closes(i-1) { // under the end of an article: its headline may be lost
			continue
		}
		s.rows[i].imp = nil
	}
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

// countLabels counts the rows that look like labels of columns and stand apart.
func (s *segmenter) countLabels() (n int) {
	for i := range s.rows {
		if s.rows[i].is(labelled) && !s.rows[i].dropped && (i+1 == len(s.rows) || s.rows[i+1].afterBlank) {
			n++
		}
	}
	return n
}

func newBlock(from, to int) block {
	return block{from: from, to: to, title: span(from, to), section: -1, confidence: placed}
}

// surely sets how sure it is that a block is a headline.
func (b block) surely(confidence float64) block {
	b.confidence = confidence
	return b
}

// gluedTitle takes the rows of a headline that was cut out of running text.
func (s *segmenter) gluedTitle(i int) block {
	j := i + 1
	for j < len(s.rows) && s.rows[j].glued {
		j++
	}
	return newBlock(i, j)
}

// maxTitleRows is how many rows a headline may be wrapped over.
const maxTitleRows = 4

// hasSubject says whether row i begins the header of a message: facts with labels, its subject among them.
func (s *segmenter) hasSubject(i int) bool {
	for ; i < len(s.rows) && s.rows[i].imp != nil && !s.rows[i].imp.source; i++ {
		if s.rows[i].imp.title != "" {
			return true
		}
	}
	return false
}

// lostHeadline says whether row i is a byline right under furniture: its headline is lost.
func (s *segmenter) lostHeadline(i int) bool {
	r := &s.rows[i]
	return i > 0 && (s.rows[i-1].dropped || s.rows[i-1].is(labelled)) && !s.spaced && r.imp != nil && len(r.imp.authors) > 0 && !r.imp.source && r.indent < signedIndent && !isBareNames(r)
}

// isBareNames says whether a row is names and nothing else, which two characters of a label may look like.
func isBareNames(r *row) bool {
	return len(strings.Join(r.imp.authors, "")) >= len(strings.Join(strings.Fields(r.content()), ""))
}

// afterRule takes the short rows under a row of signs for a headline, when a text follows them.
func (s *segmenter) afterRule(i int) (block, bool) {
	if i == 0 || !s.rows[i-1].is(rule) || !strings.ContainsAny(s.rows[i-1].content(), "●○◆◇■□★☆※") || !s.headlike(i) {
		return block{}, false
	}
	b, ok := s.openingTitle(i)
	if !ok || b.to >= len(s.rows) || s.rows[b.to].columns < longLine && !s.rows[b.to].is(statement) {
		return block{}, false
	}
	return s.withByline(b.surely(guessed)), true
}

// documentTitle takes a document's number and the headline under it, or the header of a message.
func (s *segmenter) documentTitle(i int) block {
	j := i + 1
	for s.rows[i].is(number) && j < min(i+1+maxTitleRows, len(s.rows)) && s.headlike(j) && !s.rows[j].is(greeting) {
		j++
	}
	b := newBlock(i, j)
	b.title = span(i+1, j)
	return b
}

// underLabel says whether row i stands under a column's label, in a file that has several of them.
func (s *segmenter) underLabel(i int) bool {
	return i > 0 && s.rows[i-1].is(labelled) && s.labels > 1 &&
		(s.rows[i].afterBlank || i+1 < len(s.rows) && !s.rows[i].indented && s.rows[i+1].indented)
}

// listedTitle finds a title of the table of contents, wrapped or not, with or without its "paper：".
func (s *segmenter) listedTitle(i int) (block, bool) {
	if len(s.listed) == 0 {
		return block{}, false
	}
	var key strings.Builder
	if !s.firsts[firstLetter(s.rows[i].content())] {
		return block{}, false
	}
	for j := i; j < min(i+maxTitleRows, len(s.rows)) && !s.rows[j].dropped && s.rows[j].columns < longLine; j++ {
		key.WriteString(titleKey(s.rows[j].content()))
		if e := s.listed[key.String()]; e != nil {
			b := newBlock(i, j+1)
			b.entry, b.confidence = e, stated
			return b, true
		}
	}
	return block{}, false
}

// firstLetter is the first character of a text that its titleKey has.
func firstLetter(text string) rune {
	for _, r := range text {
		if inKey(r) {
			return r
		}
	}
	return 0
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
	return i >= 0 && !s.rows[i].dropped && !s.rows[i].titled && (s.rows[i].imp != nil && s.rows[i].imp.source || s.tails[i] != nil || s.notes[i] || s.rows[i].is(done))
}

// noteRows is how many rows a note on the author may be wrapped over.
const noteRows = 5

// notesOn finds the bracketed notes on authors.
func notesOn(rows []row) map[int]bool {
	notes := map[int]bool{}
	for i := range rows {
		if !rows[i].is(note) {
			continue
		}
		for j := i; j < min(i+noteRows, len(rows)); j++ {
			if endsBracket(rows[j].content()) {
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

// headlike says whether row i may be a row of a headline, by itself.
func (s *segmenter) headlike(i int) bool {
	r := &s.rows[i]
	return !r.dropped && !r.is(reported|note|box|editorial|leader|labelled|field) && (!startsBracket(r.content()) || !endsBracket(r.content())) && r.imp == nil && isTitleRow(r) && !s.isMatter(i) && (!isMasthead(r.content()) || !s.inMasthead(i))
}

// openingTitle takes the short rows right after the end of an article for a headline, when a text follows.
func (s *segmenter) openingTitle(i int) (block, bool) {
	j := i
	for j < min(i+maxTitleRows, len(s.rows)) && s.headlike(j) && !s.running(j) &&
		(j == i || s.rows[j].level == s.rows[i].level && (s.rows[i].indented || !s.rows[j].indented)) {
		j++
	}
	if j == i || j >= len(s.rows) || j == i+maxTitleRows || s.flowsInto(j) {
		return block{}, false
	}
	return s.grouped(i, j), true
}

// flowsInto says whether the row above row j runs on into it as text.
func (s *segmenter) flowsInto(j int) bool {
	r, above := &s.rows[j], &s.rows[j-1]
	return !r.afterBlank && r.indent <= above.indent && r.imp == nil && !r.is(reported|box|editorial|greeting) &&
		above.columns*100 >= localWidth(s.rows, j)*85
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

// maxHeaderRows is how many rows may stand above a byline: a kicker, a wrapped headline, a second one.
const maxHeaderRows = 8

// headlineAbove finds a headline by what stands under it: a byline, the line that names its paper, or a
// text that begins as a report.
func (s *segmenter) headlineAbove(i int) (block, bool) {
	if !s.headlike(i) || i > 0 && !s.rows[i-1].dropped && !s.rows[i-1].titled && !s.rows[i-1].is(labelled) && !s.ended(i-1) || isSigning(&s.rows[i]) {
		return block{}, false
	}
	for j := i + 1; j < min(i+maxHeaderRows+1, len(s.rows)); j++ {
		r := &s.rows[j]
		if s.hasSubject(j) {
			break
		}
		if !r.dropped && !r.heading && !s.running(j-1) && (r.is(reported) || s.names(j) || r.imp != nil && !r.imp.source || s.addresses(j) || r.is(note) && s.notes[j] && s.hasByline(j)) {
			b := s.withByline(s.grouped(i, j))
			return b, r.is(reported|note) || r.imp == nil || len(r.imp.authors) > 0 || r.imp.publication != "" || !s.moreHeads(b.to)
		}
		if _, listed := s.listedTitle(j); listed || !s.headlike(j) || r.level > 0 {
			break
		}
	}
	return block{}, false
}

// addresses says whether row j under a headline addresses someone: 同志们：, and a text follows.
func (s *segmenter) addresses(j int) bool {
	return s.rows[j].is(greeting) && j+1 < len(s.rows) && s.rows[j+1].indent > s.rows[j].indent
}

// moreHeads says whether more headlines follow at row i before any text: a date above them is the page's.
func (s *segmenter) moreHeads(i int) bool {
	for i < len(s.rows) && s.rows[i].dropped {
		i++
	}
	return i < len(s.rows) && s.headlike(i) && !s.running(i) && !s.rows[i].indented
}

// names says whether row j under a headline in Latin letters is a name in them.
func (s *segmenter) names(j int) bool {
	r := &s.rows[j]
	if r.imp != nil || r.columns > titleColumns || j == 0 || !needsBlank(s.rows[j-1].content(), r.content()) {
		return false
	}
	names, affiliation := latinByline(r.content())
	if names == nil || !strings.ContainsFunc(r.content(), unicode.IsLower) || j+1 < len(s.rows) && s.rows[j+1].imp != nil && len(s.rows[j+1].imp.authors) > 0 {
		return false
	}
	r.imp = &imprint{authors: names, affiliation: affiliation}
	return true
}

// grouped makes a block of the rows above a byline. Where blank lines part them, the headline is the last
// group and the one with a dash under it; what stands above is a kicker.
func (s *segmenter) grouped(from, to int) block {
	b := newBlock(from, to)
	if s.spaced {
		return b
	}
	start := from
	for j := from + 1; j < to; j++ {
		if s.rows[j].afterBlank && !strings.HasPrefix(s.rows[j].content(), "—") {
			if j-start > 1 && from > 0 && !s.rows[from-1].dropped && !s.closes(from-1) && !s.rows[from-1].is(statement) {
				b.from = j // verses, not a kicker
			}
			start = j
		}
	}
	b.title = span(start, to)
	return b
}

// bulletTitle finds the headline of an item in a digest: a short row with a bullet that a text follows,
// and not the only one.
func (s *segmenter) bulletTitle(i int) (block, bool) {
	if s.spaced || !s.bulletHead(i) {
		return block{}, false
	}
	others := 0
	for j := range s.rows {
		if j != i && s.rows[j].is(bulleted) && s.bulletHead(j) {
			others++
		}
	}
	return newBlock(i, i+1), others > 0
}

func (s *segmenter) bulletHead(i int) bool {
	r := &s.rows[i]
	return r.is(bulleted) && !r.is(statement|labelled) && !r.dropped && r.columns <= titleColumns && !strings.ContainsAny(r.content(), "，。；") &&
		(r.afterBlank || i == 0 || s.rows[i-1].dropped) && i+1 < len(s.rows) && s.rows[i+1].indented
}

// topTitle takes the short rows right above the first text of a file for its headline, when nothing else
// told where one is.
func (s *segmenter) topTitle() (block, bool) {
	text := slices.IndexFunc(s.rows, func(r row) bool { return !r.dropped && (r.is(statement) || r.columns >= longLine || r.indented) })
	if text < 1 || len(s.blocks) > 0 && s.blocks[0].from < text || s.rows[text-1].dropped || s.rows[text].level > 0 {
		return block{}, false
	}
	from := text
	for from > 0 && text-from < maxTitleRows && s.headlike(from-1) && !s.rows[from-1].is(labelled) &&
		(from == text || (s.spaced || !s.rows[from].afterBlank) && s.rows[from-1].columns*2 >= s.rows[from].columns) {
		from--
	}
	if from == text || s.running(text-1) || !s.rows[text].afterBlank && !s.rows[text].indented {
		return block{}, false
	}
	return newBlock(from, text).surely(inferred), true
}

// ended says whether something comes to its end with row i, so that a headline may follow.
func (s *segmenter) ended(i int) bool {
	r := &s.rows[i]
	return r.is(statement) || s.closes(i) || endsBracket(r.content()) || i+1 < len(s.rows) && s.rows[i+1].afterBlank || r.imp != nil && r.imp.date != ""
}

// withByline adds the byline, the date and a note on the author that stand under a headline.
func (s *segmenter) withByline(b block) block {
	signed := false
	for b.to < len(s.rows) && !s.rows[b.to].dropped {
		r := &s.rows[b.to]
		switch {
		case s.names(b.to), r.imp != nil && len(r.imp.authors) > 0:
			if signed && r.imp.publication == "" && r.imp.date == "" {
				return b
			}
			signed = true
		case r.imp != nil && !r.imp.source:
		case signed && affiliationRow(r.content(), r.columns) != "":
			r.imp = &imprint{affiliation: affiliationRow(r.content(), r.columns)}
		case r.is(note):
			for !s.notes[b.to] && b.to+1 < len(s.rows) && b.to < b.from+maxHeaderRows+noteRows {
				b.to++
			}
		default:
			return b
		}
		b.to++
	}
	return b
}

// signs says whether row i ends an article with the name of its reporter, or with that of who signs it.
func (s *segmenter) signs(i int) bool {
	return i >= 0 && !s.rows[i].dropped && !s.rows[i].titled && (signatureAt(s.rows, i) != nil || isSigned(&s.rows[i]))
}

// signedIndent is how far a signature stands from the edge, where a paragraph begins two characters in.
const signedIndent = 8

// isSigning says whether a row set far to the right is the body that signs a notice.
func isSigning(r *row) bool { return r.indent >= signedIndent && isOrgan(r.content()) }

// isSigned says whether a row is a signature: names or a date set far to the right.
func isSigned(r *row) bool {
	return r.imp != nil && (r.indent >= signedIndent || r.imp.signs) && (len(r.imp.authors) > 0 || r.imp.date != "")
}

// labelColumns is the widest row that can be a column's label above a headline.
const labelColumns = 20

// dropLabels takes labels of columns off the top of headlines: rows that look like one, or stand above
// several headlines, or are short and stand apart. The label is the section of its article.
func (s *segmenter) dropLabels() {
	above := map[string]int{}
	for _, b := range s.blocks {
		above[titleKey(s.rows[b.from].content())]++
	}
	for n := range s.blocks {
		b := &s.blocks[n]
		for b.entry == nil && len(b.title) > 0 && b.from < b.title[len(b.title)-1] && s.isLabel(b, above) {
			b.section = b.from
			s.rows[b.from].dropped, s.rows[b.from].titled = true, false
			b.title = slices.DeleteFunc(b.title, func(i int) bool { return i == b.from })
			b.from++
		}
		if b.section < 0 && b.from > 0 && s.rows[b.from-1].is(labelled) && !s.rows[b.from-1].titled {
			b.section = b.from - 1
			s.rows[b.from-1].dropped = true
		}
	}
}

func (s *segmenter) isLabel(b *block, above map[string]int) bool {
	r, next := &s.rows[b.from], &s.rows[b.from+1]
	if r.is(number) {
		return false
	}
	if r.is(labelled) || above[titleKey(r.content())] > 1 {
		return true
	}
	if b.from > 0 && s.rows[b.from-1].dropped && r.columns <= labelColumns && next.columns*10 >= r.columns*16 {
		return true
	}
	return r.columns <= labelColumns && next.afterBlank && r.columns < next.columns && slices.Contains(b.title, b.from) == s.spaced
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
	for n := range slices.Backward(s.blocks) {
		if b := &s.blocks[n]; b.to <= i {
			return b.from > 0 && !s.rows[b.from-1].dropped && !s.rows[b.from-1].is(statement) && s.rows[b.from-1].imp == nil
		}
	}
	return false
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

func span(from, to int) []int {
	var out []int
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
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
