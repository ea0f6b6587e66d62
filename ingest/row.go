package ingest

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// row is a line that has text, or a part of one, and what it looks like by itself. The rules of
// segmentation ask for its marks again and again, so they are found once.
type row struct {
	line
	from, to   int // bytes of the line's text without white space and heading marks
	columns    int // display width: a Chinese character has two
	level      int // of a Markdown heading, from 1; 0: none
	marks      mark
	heading    bool // a paragraph of its own
	indented   bool
	afterBlank bool
	glued      bool // a headline that stands in running text
	torn       bool // the source has text before it that is layout, such as a fragment's counter
	dropped    bool // furniture: in no article
	titled     bool // stands in a block of a headline
	head       bool // dropped as a running head

	afterFolio, beforeFolio bool // a page's number was dropped right above, or below

	imp *imprint // what the row says of an article when it says nothing else, or nil
}

func (r *row) content() string { return r.text[r.from:r.to] }

// offset is the byte of the file where the row's text begins.
func (r *row) offset() int { return r.byte + r.from }

func (r *row) is(m mark) bool { return r.marks&m != 0 }

// rowsOf makes rows of the lines that have text, page numbers left out.
func rowsOf(lines []line) []row {
	rows := make([]row, 0, len(lines))
	numbers := pageNumbers(lines)
	blank, numbered := false, false
	for i := range lines {
		if isBlankText(lines[i].text) {
			blank = true
			continue
		}
		if numbers[lines[i].number] {
			numbered = true
			if len(rows) > 0 {
				rows[len(rows)-1].beforeFolio = true
			}
			continue
		}
		r := rowOf(lines[i])
		r.afterBlank, blank = blank, false
		r.afterFolio, numbered = numbered, false
		rows = append(rows, r)
	}
	return rows
}

func rowOf(l line) row {
	level, start := headingMark(l.text)
	body := strings.TrimLeftFunc(l.text[start:], isBlank)
	from := len(l.text) - len(body)
	body = strings.TrimRightFunc(body, isBlank)
	if body == "" { // a heading mark without a heading
		body = strings.TrimFunc(l.text, isBlank)
		level, start, from = 0, 0, strings.Index(l.text, body)
	}
	r := row{
		line: l, from: from, to: from + len(body), columns: columns(body),
		level: level, heading: level > 0, indented: level == 0 && columns(l.text[:from]) >= 2,
	}
	r.marks = marksOf(body, r.columns)
	if !r.is(leader | folio) {
		r.imp = imprintOf(body, r.columns)
	}
	return r
}

// headingMark reads a Markdown heading's mark: its level, and where it ends; 0, 0 where there is none.
func headingMark(text string) (level, end int) {
	at := len(text) - len(strings.TrimLeftFunc(text, isBlank))
	for end = at; end < len(text) && text[end] == '#'; end++ {
		level++
	}
	next, _ := utf8.DecodeRuneInString(text[end:])
	if level == 0 || level > 6 || !isBlank(next) {
		return 0, 0
	}
	return level, end
}

// pageNumbers finds the lines that hold a page's number: alone on its line, with nothing right above or
// below, and following on another one or standing where no sentence is open.
func pageNumbers(lines []line) map[int]bool {
	var alone, values []int
	before := map[int]string{} // the text above each
	above := ""
	for i := range lines {
		text := lines[i].text
		if isBlankText(text) {
			continue
		}
		if !isLoneNumber(text) {
			above = text
			continue
		}
		if i > 0 && !isBlankText(lines[i-1].text) || i+1 < len(lines) && !isBlankText(lines[i+1].text) {
			continue
		}
		value, _ := strconv.Atoi(strings.TrimFunc(text, isBlank))
		alone, values = append(alone, lines[i].number), append(values, value)
		before[lines[i].number] = strings.TrimRightFunc(above, isBlank)
	}
	pages := map[int]bool{}
	for i, number := range alone {
		follows := i > 0 && follow(values[i-1], values[i])
		leads := i+1 < len(values) && follow(values[i], values[i+1])
		text := before[number]
		pages[number] = follows || leads || text == "" || endsSentence(text) || hasLeader(text)
	}
	return pages
}

// maxPageStep is how far apart two page numbers are that a damaged file has left.
const maxPageStep = 5

func follow(a, b int) bool { return b > a && b-a <= maxPageStep }

// isLoneNumber says whether text is a number of up to three digits and white space.
func isLoneNumber(text string) bool {
	text = strings.TrimFunc(text, isBlank)
	return text != "" && len(text) <= 3 && strings.Trim(text, "0123456789") == ""
}

func isBlankText(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return text == "" || isBlank(r) && strings.TrimFunc(text, isBlank) == ""
}

func isBlank(r rune) bool { return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' }

func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r < 0x1100:
			n++
		case r >= 0x4e00 && r <= 0x9fff:
			n += 2
		default:
			n++
			if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
				n++
			}
		}
	}
	return n
}
