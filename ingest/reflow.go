package ingest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"yinju/rag"
)

// longLine is the width in columns from which a line is a paragraph of its own and not a wrapped one.
const longLine = 120

var (
	loneNumber  = regexp.MustCompile(`^[\s\p{Zs}]*(\d{1,3})[\s\p{Zs}]*$`)
	headingMark = regexp.MustCompile(`^[\s\p{Zs}]*#{1,6}[\s\p{Zs}]+`)
)

// reflow joins wrapped lines to paragraphs, one a line of the article's text, and maps each of its runes to
// the source. It drops layout only: page numbers alone on their line, Markdown's marks for headings and
// bold, white space around lines.
func reflow(a *rag.Article, rows []row) {
	var w weaver
	for i, row := range rows {
		if i > 0 {
			w.seam(rows[i-1], row, endsParagraph(rows, i-1))
			if row.torn {
				a.Tears = append(a.Tears, w.runes)
			}
		}
		w.line(row)
	}
	a.Text, a.Places = w.text.String(), w.places
}

// row is a line that has text, and what the layout around it looks like.
type row struct {
	line
	from, to   int  // bytes of the line's text without white space and heading marks
	columns    int  // display width: a Chinese character has two
	level      int  // of a Markdown heading, from 1; 0: none
	heading    bool // a paragraph of its own
	indented   bool
	afterBlank bool
	glued      bool // a headline that stands in running text
	torn       bool // the source has text before it that is layout, such as a fragment's counter
}

func (r row) content() string { return r.text[r.from:r.to] }

func rowsOf(lines []line) []row {
	var rows []row
	numbers := pageNumbers(lines)
	blank := false
	for _, l := range lines {
		if isBlankLine(l) {
			blank = true
			continue
		}
		if numbers[l.number] {
			continue
		}
		r := rowOf(l)
		r.afterBlank = blank
		rows = append(rows, r)
		blank = false
	}
	return rows
}

// pageNumbers finds the lines that hold a page's number: alone on its line, with nothing right above or
// below, and following on another one or standing where no sentence is open.
func pageNumbers(lines []line) map[int]bool {
	var alone, values []int
	before := map[int]string{} // the text above each
	above := ""
	for i, l := range lines {
		m := loneNumber.FindStringSubmatch(l.text)
		if m == nil && !isBlankLine(l) {
			above = l.text
		}
		if m == nil || i > 0 && !isBlankLine(lines[i-1]) || i+1 < len(lines) && !isBlankLine(lines[i+1]) {
			continue
		}
		value, _ := strconv.Atoi(m[1])
		alone, values = append(alone, l.number), append(values, value)
		before[l.number] = strings.TrimRightFunc(above, isBlank)
	}
	pages := map[int]bool{}
	for i, number := range alone {
		follows := i > 0 && follow(values[i-1], values[i])
		leads := i+1 < len(values) && follow(values[i], values[i+1])
		text := before[number]
		pages[number] = follows || leads || text == "" || endsSentence(text) || tocLeader.MatchString(text)
	}
	return pages
}

// maxPageStep is how far apart two page numbers are that a damaged file has left.
const maxPageStep = 5

func follow(a, b int) bool { return b > a && b-a <= maxPageStep }

func isBlankLine(l line) bool { return strings.TrimFunc(l.text, isBlank) == "" }

func isBlank(r rune) bool { return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' }

func rowOf(l line) row {
	marks := headingMark.FindString(l.text)
	mark := len(marks)
	body := strings.TrimLeftFunc(l.text[mark:], isBlank)
	from := len(l.text) - len(body)
	body = strings.TrimRightFunc(body, isBlank)
	if body == "" { // a heading mark without a heading
		marks, mark, from, body = "", 0, 0, l.text
	}
	return row{
		line: l, from: from, to: from + len(body), columns: columns(body),
		level: strings.Count(marks, "#"), heading: mark > 0, indented: mark == 0 && columns(l.text[:from]) >= 2,
	}
}

func columns(s string) int {
	n := 0
	for _, r := range s {
		n++
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
	}
	return n
}

// endsParagraph says whether a paragraph ends between row i and the next.
func endsParagraph(rows []row, i int) bool {
	a, b := rows[i], rows[i+1]
	if a.heading || b.heading {
		return true
	}
	full := a.columns*100 >= localWidth(rows, i)*85
	if endsSentence(a.content()) {
		return b.indented || !full || a.columns >= longLine
	}
	switch {
	case a.columns >= longLine || endsOpen(a.content()) || loneNumber.MatchString(a.content()):
		return false
	case b.indented:
		return !full
	default:
		return b.afterBlank && a.columns*100 < localWidth(rows, i)*70
	}
}

// neighbours is how many rows on each side tell how wide the column is here.
const neighbours = 4

func localWidth(rows []row, i int) int {
	widest := 0
	for _, r := range rows[max(0, i-neighbours):min(len(rows), i+neighbours+1)] {
		if r.columns < longLine {
			widest = max(widest, r.columns)
		}
	}
	return widest
}

// endsSentence says whether text ends with a sentence end, closing marks after it allowed.
func endsSentence(text string) bool {
	text = strings.TrimRight(text, "”’」』）)》〉】\"'*")
	r, _ := utf8.DecodeLastRuneInString(text)
	return strings.ContainsRune("。！？!?…", r) || r == '.' && !endsWithDots(text)
}

func endsWithDots(text string) bool { return strings.HasSuffix(text, "..") }

// endsOpen says whether text ends with a mark after which a sentence always goes on.
func endsOpen(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	return strings.ContainsRune("，、；：,;:（“‘《「『(—-", r)
}

// weaver writes the reflowed text and the map to its source side by side.
type weaver struct {
	text   strings.Builder
	runes  int
	places rag.Places
}

// layoutWithin is white space of which all but the first is dropped.
var layoutWithin = regexp.MustCompile(`[\s\p{Zs}]{2,}`)

// bold is a pair of Markdown's marks around text. A mark without its partner is text.
var bold = regexp.MustCompile(`(\*\*)[^*\s](?:[^*]*[^*\s])?(\*\*)`)

// touchesWord says whether a letter or figure of a Latin word, or another star, stands right beside
// content[from:to]: then the stars are a power or a masked number, and text.
func touchesWord(content string, from, to int) bool {
	isPart := func(b byte) bool {
		return b == '*' || b < utf8.RuneSelf && (unicode.IsLetter(rune(b)) || unicode.IsDigit(rune(b)))
	}
	return from > 0 && isPart(content[from-1]) || to < len(content) && isPart(content[to])
}

// dropsWithin are the ranges of a line's content that are layout, in order.
func dropsWithin(content string) [][]int {
	var drops [][]int
	for _, m := range bold.FindAllStringSubmatchIndex(content, -1) {
		if !touchesWord(content, m[0], m[1]) {
			drops = append(drops, m[2:4], m[4:6])
		}
	}
	for _, m := range layoutWithin.FindAllStringIndex(content, -1) {
		_, first := utf8.DecodeRuneInString(content[m[0]:]) // one blank stays
		drops = append(drops, []int{m[0] + first, m[1]})
	}
	slices.SortFunc(drops, func(a, b []int) int { return a[0] - b[0] })
	return drops
}

// line adds a row without the layout within it.
func (w *weaver) line(r row) {
	content, start, from := r.content(), r.byte+r.from, 0
	for _, drop := range dropsWithin(content) {
		w.add(content[from:drop[0]], r.number, start+from)
		from = drop[1]
	}
	w.add(content[from:], r.number, start+from)
}

// seam joins two rows: with a line break between paragraphs, with a blank between two Latin words,
// with nothing between Chinese characters. What it adds stands for the line break of the source.
func (w *weaver) seam(a, b row, paragraph bool) {
	at := a.byte + len(a.text)
	if a.number == b.number {
		at = a.byte + a.to
	}
	switch {
	case paragraph:
		w.add("\n", a.number, at)
	case needsBlank(a.content(), b.content()):
		w.add(" ", a.number, at)
	}
}

func needsBlank(a, b string) bool {
	last, _ := utf8.DecodeLastRuneInString(a)
	first, _ := utf8.DecodeRuneInString(b)
	return isLatin(last) && isLatin(first)
}

// isLatin says whether a rune belongs to a script that puts blanks between words.
func isLatin(r rune) bool {
	return r < 0x2000 && !unicode.IsSpace(r) && r != '-'
}

func (w *weaver) add(s string, number, at int) {
	if s == "" {
		return
	}
	w.places = append(w.places, rag.Run{Start: w.runes, Line: number, Byte: at})
	w.text.WriteString(s)
	w.runes += utf8.RuneCountInString(s)
}
