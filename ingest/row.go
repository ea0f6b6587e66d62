package ingest

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"yinju/ingest/document"
)

// row is a line that has text, or a part of one, and what it looks like by itself. The rules of
// segmentation ask for its marks again and again, so they are found once.
type row struct {
	line
	from, to   int // bytes of the line's text without white space and heading marks
	columns    int // display width: a Chinese character has two
	level      int // of a Markdown heading, from 1; 0: none
	indent     int // columns of white space before it
	marks      mark
	has        look
	heading    bool // a paragraph of its own
	indented   bool
	afterBlank bool
	parted     bool // the blank line above it parts paragraphs
	glued      bool // a headline that stands in running text
	torn       bool // the source has text before it that is layout, such as a fragment's counter
	dropped    bool // furniture: in no article
	titled     bool // stands in a block of a headline
	head       bool // dropped as a running head

	afterFolio, beforeFolio bool // a page's number was dropped right above, or below

	imp *imprint // what the row says of an article when it says nothing else, or nil
}

func (r *row) content() string { return r.Text[r.from:r.to] }

// offset is the byte of the file where the row's text begins.
func (r *row) offset() int { return r.Byte + r.from }

// reach is where the row ends, in columns from the edge.
func (r *row) reach() int {
	if r.indent >= signedIndent {
		return r.columns
	}
	return r.indent + r.columns
}

func (r *row) is(m mark) bool { return r.marks&m != 0 }

// rowsOf makes rows of the lines that have text, page numbers left out.
func rowsOf(lines []line) []row {
	rows := make([]row, 0, len(lines))
	numbers := pageNumbers(lines)
	blank, numbered, fenced := false, false, false
	for i := range lines {
		if isBlankText(lines[i].Text) {
			blank = true
			continue
		}
		fence := strings.HasPrefix(strings.TrimSpace(lines[i].Text), "```")
		fenced = fenced != fence
		if numbers[lines[i].Number] {
			numbered = true
			if len(rows) > 0 {
				rows[len(rows)-1].beforeFolio = true
			}
			continue
		}
		r := rowOf(lines[i])
		r.known(lines[i].Break)
		if fenced || fence { // a listing is kept line by line, and its comments are no headings
			r = bare(lines[i])
			r.heading = true
		}
		r.afterBlank, blank = r.afterBlank || blank, false
		r.afterFolio, numbered = numbered, false
		rows = append(rows, r)
	}
	return rows
}

func rowOf(l line) row {
	level, start := 0, 0
	if l.Break == document.Unknown && l.Page == 0 { // other formats mark their headings themselves
		level, start = headingMark(l.Text)
	}
	body := strings.TrimLeftFunc(l.Text[start:], isBlank)
	from := len(l.Text) - len(body)
	body = strings.TrimRightFunc(body, isBlank)
	if body == "" { // a heading mark without a heading
		body = strings.TrimFunc(l.Text, isBlank)
		level, from = 0, strings.Index(l.Text, body)
	}
	wide, has := measure(body)
	r := row{
		line: l, from: from, to: from + len(body), columns: wide, has: has,
		level: level, heading: level > 0,
	}
	if level == 0 {
		r.indent = columns(l.Text[:from])
		r.indented = r.indent >= 2
	}
	r.marks = marksOf(body, wide, has)
	if !r.is(leader | folio) {
		r.imp = imprintOf(body, wide, has)
	}
	return r
}

// known takes what the format of the source knows of a line: its heading, and where paragraphs begin.
func (r *row) known(beginning document.Break) {
	if r.Level > 0 {
		r.level, r.heading, r.indent, r.indented = r.Level, true, 0, false
	}
	if beginning == document.Begins {
		r.afterBlank = true
	}
}

// bare makes a row of a line whose marks are text.
func bare(l line) row {
	body := strings.TrimFunc(l.Text, isBlank)
	from := strings.Index(l.Text, body)
	return row{line: l, from: from, to: from + len(body), columns: columns(body), indent: columns(l.Text[:from])}
}

// codeIndent begins a line of code in Markdown, where # is no mark.
const codeIndent = "    "

// headingMark reads a Markdown heading's mark: its level, and where it ends; 0, 0 where there is none.
func headingMark(text string) (level, end int) {
	at := len(text) - len(strings.TrimLeftFunc(text, isBlank))
	for end = at; end < len(text) && text[end] == '#'; end++ {
		level++
	}
	next, _ := utf8.DecodeRuneInString(text[end:])
	if level == 0 || level > 6 || !isBlank(next) || strings.HasPrefix(text, codeIndent) {
		return 0, 0
	}
	return level, end
}

// pageNumbers finds the lines that hold a page's number: a number alone on its line, between blank lines
// and following on another one or standing where no sentence is open; or, without blank lines, one of
// several that count up by one.
func pageNumbers(lines []line) map[int]bool {
	var found []loneNumber
	above := ""
	for i := range lines {
		text := lines[i].Text
		if isBlankText(text) {
			continue
		}
		if !isLoneNumber(text) {
			above = text
			if n := len(found); n > 0 && found[n-1].below == 0 {
				found[n-1].below = firstRune(strings.TrimLeftFunc(text, isBlank))
			}
			continue
		}
		value, _ := strconv.Atoi(strings.TrimFunc(text, isBlank))
		apart := (i == 0 || isBlankText(lines[i-1].Text)) && (i+1 == len(lines) || isBlankText(lines[i+1].Text))
		found = append(found, loneNumber{line: lines[i].Number, value: value, apart: apart, above: strings.TrimRightFunc(above, isBlank)})
	}
	pages := map[int]bool{}
	for i, n := range found {
		pages[n.line] = n.apart && n.follows(found, i) || counts(found, i)
	}
	return pages
}

// loneNumber is a number alone on its line, and the text above it.
type loneNumber struct {
	line, value int
	apart       bool // blank lines around it
	above       string
	below       rune // what the text after it begins with
}

// follows says whether a number between blank lines goes on from another one, or no sentence is open above it.
func (n loneNumber) follows(all []loneNumber, i int) bool {
	return i > 0 && all[i-1].apart && follow(all[i-1].value, n.value) || i+1 < len(all) && all[i+1].apart && follow(n.value, all[i+1].value) ||
		n.above == "" || n.below == 0 || hasLeader(n.above) || strings.HasSuffix(n.above, "。") ||
		!endsSentence(n.above) && !endsItem(n.above) && !strings.ContainsRune(counted, n.below)
}

// counted are the words that Chinese puts between a number and what is counted, units, and marks that go
// on from a number: before them it is a number of the text.
const counted = "个位名条件只头匹棵座栋间所家户台辆架艘张本册页份篇首句字行段章节次回遍场届期批组队班级年月日天周时分秒点米里尺寸丈亩斤两吨克升元角毛万千百亿度倍成人岁种类项款层楼号站路口村镇乡县市省國国國個條隻張輛間戶歲萬億號點時頁冊種類項層樓" +
	"，。、；：）)%％‰℃,.;:年多余餘几幾至到"

// minCounted is how many numbers that count up by one are no accident, and pageLines how many lines
// there are between them at least.
const (
	minCounted = 3
	pageLines  = 4
)

// counts says whether number i is one of several that count up by one, page by page.
func counts(all []loneNumber, i int) bool {
	first, last := i, i
	for first > 0 && all[first-1].value+1 == all[first].value && all[first].line-all[first-1].line >= pageLines {
		first--
	}
	for last+1 < len(all) && all[last].value+1 == all[last+1].value && all[last+1].line-all[last].line >= pageLines {
		last++
	}
	return last-first+1 >= minCounted
}

// maxPageStep is how far apart two page numbers are that a damaged file has left.
const maxPageStep = 5

func follow(a, b int) bool { return b > a && b-a <= maxPageStep }

// isLoneNumber says whether text is a number of up to three digits and white space.
func isLoneNumber(text string) bool {
	if text == "" || text[0] > '9' && text[0] < 0xC0 || text[0] > 0xE3 { // it begins with a letter
		return false
	}
	text = strings.TrimFunc(text, isBlank)
	return text != "" && len(text) <= 3 && strings.Trim(text, "0123456789") == ""
}

func isBlankText(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return text == "" || isBlank(r) && strings.TrimFunc(text, isBlank) == ""
}

func isBlank(r rune) bool { return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' }
