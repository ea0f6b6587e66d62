package ingest

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yinju/ingest/document"
	"yinju/rag"
)

// longLine is the width in columns from which a line is a paragraph of its own and not a wrapped one.
const longLine = 120

// reflow joins wrapped lines to paragraphs, one a line of the article's text, and maps each of its runes to
// the source. It drops layout only: page numbers alone on their line, Markdown's marks for headings and
// bold, white space around lines.
func reflow(a *rag.Article, rows []row, s style) {
	var w weaver
	for i := range rows {
		if i > 0 {
			w.seam(&rows[i-1], &rows[i], s.endsParagraph(rows, i-1))
			if rows[i].torn {
				a.Tears = append(a.Tears, w.runes)
			}
		}
		w.line(&rows[i])
	}
	a.Text, a.Places = w.text.String(), w.places
}

// style is how a source sets its paragraphs.
type style struct {
	width   int  // of most rows that are wrapped, in columns
	indents bool // a paragraph begins indented
	blanks  bool // a paragraph begins after a blank line
}

// minParagraphs is how many paragraphs tell how a source sets them.
const minParagraphs = 4

// styleOf looks at the rows after the end of a sentence: some of them begin paragraphs.
func styleOf(rows []row, spaced bool) style {
	var s style
	widths := make([]int, 0, len(rows))
	wrapped, long := 0, 0 // columns in all
	indented, parted, ended := 0, 0, 0
	for i := range rows {
		r := &rows[i]
		if r.columns < longLine {
			widths = append(widths, r.columns)
			wrapped += r.columns
		} else {
			long += r.columns
		}
		if i == 0 || r.heading || rows[i-1].heading || !rows[i-1].is(statement) {
			continue
		}
		ended++
		if r.indented && r.indent < signedIndent {
			indented++
		}
		if r.afterBlank && !spaced {
			parted++
		}
	}
	if s.width = longLine; wrapped > long {
		slices.Sort(widths)
		s.width = widths[len(widths)*8/10]
	}
	s.indents = indented >= minParagraphs && indented*2 > ended
	s.blanks = parted >= minParagraphs && parted*2 > ended
	return s
}

// endsParagraph says whether a paragraph ends between row i and the next.
func (s style) endsParagraph(rows []row, i int) bool {
	a, b := &rows[i], &rows[i+1]
	switch b.Break {
	case document.Begins:
		return true
	case document.Continues, document.Cell:
		return false
	case document.Unknown:
	}
	switch {
	case a.heading || b.heading || b.is(field) || a.is(greeting) && b.indent >= a.indent:
		return true
	case b.is(listed) && (a.is(statement) || endsItem(a.content())):
		return true
	}
	full := a.reach()*100 >= localWidth(rows, i)*85
	short := a.columns*100 < s.width*85
	switch {
	case a.is(statement):
		return b.indented || b.parted || a.columns >= longLine || !full && !s.indents && !s.blanks || a.reach()*100 < s.width*60 && s.width < longLine
	case b.indented && a.indented && a.columns*2 < localWidth(rows, i), b.is(listed) && a.is(listed) && !full:
		return true
	case b.indented && endsItem(a.content()):
		return !full
	case a.columns >= longLine || endsOpen(a.content()) || isLoneNumber(a.content()) || isLoneNumber(b.content()):
		return false
	case b.indented:
		return !full
	case s.verses(rows, i):
		return true
	default:
		return b.afterBlank && a.columns*100 < localWidth(rows, i)*70 || b.parted && short && s.blanks
	}
}

// endsItem says whether text ends as an item of a list or the words before one do.
func endsItem(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	return strings.ContainsRune("；;：:", r)
}

// neighbours is how many rows on each side tell how wide the column is here.
const neighbours = 4

func localWidth(rows []row, i int) int {
	widest := 0
	near := rows[max(0, i-neighbours):min(len(rows), i+neighbours+1)]
	for j := range near {
		if near[j].columns < longLine {
			widest = max(widest, near[j].reach())
		}
	}
	return widest
}

// verses says whether the rows around row i are verses, in Chinese: hardly a mark in them, and narrower than the page
// or of any width, where the rows of a column are full.
func (s style) verses(rows []row, i int) bool {
	if rows[i].has&rows[i+1].has&points != 0 || needsBlank(rows[i].content(), rows[i+1].content()) {
		return false
	}
	near := rows[max(0, i-neighbours):min(len(rows), i+neighbours+1)]
	widest, all, full, marked := 0, 0, 0, 0
	for j := range near {
		if near[j].heading || near[j].columns >= longLine {
			continue
		}
		widest = max(widest, near[j].columns)
		all++
		if near[j].has&(points|colons) != 0 {
			marked++
		}
	}
	for j := range near {
		if !near[j].heading && near[j].columns < longLine && near[j].columns >= widest-2 {
			full++
		}
	}
	return all >= neighbours && marked*10 < all*3 && (widest*100 < s.width*65 || full*2 < all)
}

// endsSentence says whether text ends with a sentence end, closing marks after it allowed.
func endsSentence(text string) bool {
	text = strings.TrimRight(text, "”’」』）)》〉】\"'*")
	switch r, _ := utf8.DecodeLastRuneInString(text); r {
	case '。', '！', '？', '!', '?', '…':
		return true
	case '.':
		return !endsWithDots(text)
	default:
		return false
	}
}

func endsWithDots(text string) bool { return strings.HasSuffix(text, "..") }

// endsOpen says whether text ends with a mark after which a sentence always goes on.
func endsOpen(text string) bool {
	switch r, _ := utf8.DecodeLastRuneInString(text); r {
	case '，', '、', '；', '：', ',', ';', ':', '（', '“', '‘', '《', '「', '『', '(', '—', '-':
		return true
	default:
		return false
	}
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
	if !strings.Contains(content, "**") && !hasBlanks(content) {
		return nil
	}
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

// hasBlanks says whether text has two blanks side by side.
func hasBlanks(text string) bool {
	before := false
	for _, r := range text {
		blank := unicode.IsSpace(r)
		if blank && before {
			return true
		}
		before = blank
	}
	return false
}

// line adds a row without the layout within it.
func (w *weaver) line(r *row) {
	content, start, from := r.content(), r.Byte+r.from, 0
	for _, drop := range dropsWithin(content) {
		w.add(content[from:drop[0]], &r.line, start+from)
		from = drop[1]
	}
	w.add(content[from:], &r.line, start+from)
}

// seam joins two rows: with a line break between paragraphs, with a blank between two Latin words,
// with nothing between Chinese characters. What it adds stands for the line break of the source.
func (w *weaver) seam(a, b *row, paragraph bool) {
	at := a.Byte + len(a.Text)
	if a.Number == b.Number {
		at = a.Byte + a.to
	}
	switch {
	case paragraph:
		w.add("\n", &a.line, at)
	case b.Break == document.Cell || needsBlank(a.content(), b.content()):
		w.add(" ", &a.line, at)
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

func (w *weaver) add(s string, l *line, at int) {
	if s == "" {
		return
	}
	w.places = append(w.places, rag.Run{Start: w.runes, Line: l.Number, Byte: at, Page: l.Page})
	w.text.WriteString(s)
	w.runes += utf8.RuneCountInString(s)
}
