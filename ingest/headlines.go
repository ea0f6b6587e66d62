package ingest

import (
	"slices"
	"strings"
	"unicode"
)

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
		if r := &s.rows[j]; r.imp != nil && r.imp.underHeadline() {
			continue
		}
		if !s.headlike(j) || s.rows[j].level > 0 {
			return false
		}
	}
	return false
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
	if s.bullets == 0 {
		for j := range s.rows {
			if s.rows[j].is(bulleted) && s.bulletHead(j) {
				s.bullets++
			}
		}
	}
	return newBlock(i, i+1), s.bullets > 1
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

func span(from, to int) []int {
	var out []int
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}
