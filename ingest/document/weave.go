package document

import (
	"bytes"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// piece says that from a byte of Document.Text on, the text stands in the decoded file from a byte on,
// until the next piece begins.
type piece struct{ text, src uint32 }

// sourceOf is the byte of the decoded file where a byte of the text stands.
func sourceOf(pieces []piece, at int) int {
	i := sort.Search(len(pieces), func(i int) bool { return int(pieces[i].text) > at }) - 1
	return int(pieces[i].src) + at - int(pieces[i].text)
}

// weaver puts the pieces of text of a marked-up file together to lines, with their places. White space
// collapses as HTML has it.
type weaver struct {
	src string
	cut bool // a line break of the file within a paragraph ends the line, too
	end byte // that ends a line of src

	text   []byte
	pieces []piece
	lines  []Line // of which only Byte, Number, Page, Level and Break are set until the end
	open   bool   // text goes on in the last line
	last   int    // byte of src after the last text

	seam    seam // what stands between the last text and the next
	opening seam // what stood before the last line
	blank   bool // white space does
	blankAt int  // from this byte of src on
	wrapped bool // with a line break in it
	cell    bool // a table cell ended, and another one began
	broken  bool // the cell holds several lines

	level, page int
	counted     int // bytes of src whose line breaks have been counted
	number      int // 1-based line of src at counted
}

// seam is what marks say of the place between two texts.
type seam struct {
	block bool // a block began or ended
	hard  bool // and it parts even the cells of a table row
	brs   int  // line breaks
	pres  int  // ends of lines of preformatted text
}

// parts says whether a new line begins behind the seam, white space aside.
func (s seam) parts() bool { return s.block || s.brs > 0 || s.pres > 0 }

func newWeaver(src string, cut bool) *weaver {
	const share = 4 // of a page is text, about
	return &weaver{text: make([]byte, 0, len(src)/share), src: src, cut: cut, end: lineEnd(src), number: 1, seam: seam{block: true, hard: true}}
}

// part marks the end of a block. A hard one parts cells of the same row, too.
func (w *weaver) part(hard bool) {
	w.seam.block = true
	w.seam.hard = w.seam.hard || hard
	w.closeBlank()
}

// breakLine marks a <br>.
func (w *weaver) breakLine() {
	w.seam.brs++
	w.closeBlank()
}

// endPre marks the end of a line of preformatted text.
func (w *weaver) endPre() {
	w.seam.pres++
	w.closeBlank()
}

// beginCell marks the beginning of a table cell.
func (w *weaver) beginCell() {
	if w.broken {
		w.part(true)
	}
	w.cell, w.broken = true, false
	w.seam.block = true
}

// beginRow marks the beginning or end of a table row.
func (w *weaver) beginRow() {
	w.broken = false
	w.part(true)
}

// space marks a byte of white space.
func (w *weaver) space(at int) {
	if !w.blank {
		w.blank, w.blankAt, w.wrapped = true, at, false
	}
	w.wrapped = w.wrapped || w.src[at] == w.end
}

// put adds text without white space in it that collapses. It stands at a byte of src and takes up size
// bytes there.
func (w *weaver) put(text string, at, size int) {
	w.meet(text, at)
	w.add(text, at)
	w.last = at + size
	w.blank, w.cell, w.seam = false, false, seam{}
}

// meet writes what parts the last text from the next one.
func (w *weaver) meet(text string, at int) {
	w.closeBlank()
	if !w.open {
		w.openLine(w.breakBefore(text), at)
		return
	}
	line := &w.lines[len(w.lines)-1]
	switch {
	case w.cell && !w.seam.hard && (!w.cut || w.lineOf(at) == line.Number) && line.Page == w.page:
		w.add(" ", w.last)
	case w.cell && !w.seam.hard:
		w.openLine(Cell, at)
	case w.seam.parts():
		w.broken = !w.cell
		w.openLine(w.breakBefore(text), at)
	case line.Page != w.page, w.blank && w.wrapped && w.cut:
		w.openLine(Continues, at)
	case w.blank && w.wrapped && isWide(lastRune(w.text)) && isWide(firstRune(text)):
	case w.blank:
		w.add(" ", w.blankAt)
	}
}

// closeBlank takes back the last line where it holds nothing but white space.
func (w *weaver) closeBlank() {
	if !w.open || !w.seam.parts() && (!w.blank || !w.wrapped) {
		return
	}
	line := w.lines[len(w.lines)-1]
	if bytes.ContainsFunc(w.text[line.Byte:], isNoSpace) {
		return
	}
	before := max(0, line.Byte-1)
	w.text = w.text[:before]
	for len(w.pieces) > 0 && int(w.pieces[len(w.pieces)-1].text) >= before {
		w.pieces = w.pieces[:len(w.pieces)-1]
	}
	w.lines = w.lines[:len(w.lines)-1]
	w.open = false
	w.seam.block = w.seam.block || w.opening.block
	w.seam.hard = w.seam.hard || w.opening.hard
	w.seam.brs += w.opening.brs
	w.seam.pres += w.opening.pres
}

// paragraphRunes is the length from which a line that ends a sentence before a <br> is a paragraph.
const paragraphRunes = 60

// breakBefore says what begins with a text. Lines that a single <br> parts are paragraphs when they look
// like them: indented, or after a long line that ends a sentence.
func (w *weaver) breakBefore(text string) Break {
	first := firstRune(text)
	switch {
	case w.seam.block || w.seam.brs > 1 || w.seam.pres > 1 || len(w.lines) == 0:
		return Begins
	case w.seam.pres == 1:
		return Unknown
	case first == '　' || first == '\u00A0':
		return Begins
	}
	before := strings.TrimRightFunc(string(w.text[w.lines[len(w.lines)-1].Byte:]), unicode.IsSpace)
	if endsSentence(before) && utf8.RuneCountInString(before) >= paragraphRunes {
		return Begins
	}
	return Continues
}

func (w *weaver) openLine(b Break, at int) {
	if len(w.lines) > 0 {
		w.add("\n", w.last)
	}
	w.lines = append(w.lines, Line{Number: w.lineOf(at), Page: w.page, Byte: len(w.text), Level: w.level, Break: b})
	w.open, w.opening = true, w.seam
}

// add writes text and notes its place where it does not follow from the one before.
func (w *weaver) add(text string, at int) {
	n := len(w.pieces)
	if n == 0 || sourceOf(w.pieces[n-1:], len(w.text)) != at {
		w.pieces = append(w.pieces, piece{text: uint32(len(w.text)), src: uint32(at)}) //nolint:gosec // the file is below 1 GB
	}
	w.text = append(w.text, text...)
}

// lineOf is the line of src at a byte; bytes must come in rising order.
func (w *weaver) lineOf(at int) int {
	if at > w.counted {
		w.number += strings.Count(w.src[w.counted:at], string(w.end))
		w.counted = at
	}
	return w.number
}

// finish gives the text, its lines and its places, without the lines that are to be dropped.
func (w *weaver) finish(dropped func(line int) bool) (string, []Line, []piece) {
	w.part(true)
	text := make([]byte, 0, len(w.text))
	lines := make([]Line, 0, len(w.lines))
	pieces := make([]piece, 0, len(w.pieces))
	next := 0
	for i, l := range w.lines {
		if dropped(i) {
			continue
		}
		from, to := l.Byte, len(w.text)
		if i+1 < len(w.lines) {
			to = w.lines[i+1].Byte - 1
		}
		if len(lines) > 0 {
			from-- // with the line break before
		} else {
			l.Break = Begins
		}
		for next+1 < len(w.pieces) && int(w.pieces[next+1].text) <= from {
			next++
		}
		shift := from - len(text)
		pieces = append(pieces, piece{text: uint32(len(text)), src: uint32(sourceOf(w.pieces[next:next+1], from))}) //nolint:gosec // as in add
		for ; next+1 < len(w.pieces) && int(w.pieces[next+1].text) < to; next++ {
			p := w.pieces[next+1]
			pieces = append(pieces, piece{text: p.text - uint32(shift), src: p.src}) //nolint:gosec // as in add
		}
		text = append(text, w.text[from:to]...)
		l.Byte = len(text) - (to - l.Byte)
		lines = append(lines, l)
	}
	whole := string(text)
	for i := range lines {
		end := len(whole)
		if i+1 < len(lines) {
			end = lines[i+1].Byte - 1
		}
		lines[i].Text = whole[lines[i].Byte:end]
	}
	return whole, lines, slices.Clip(pieces)
}

func isNoSpace(r rune) bool { return !unicode.IsSpace(r) }

func isBlank(s string) bool { return !strings.ContainsFunc(s, isNoSpace) }

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func lastRune(b []byte) rune {
	r, _ := utf8.DecodeLastRune(b)
	return r
}

// isWide says whether a rune is of a script that is written without blanks, or its punctuation.
func isWide(r rune) bool {
	return r >= 0x2E80 && r < 0xA000 || r >= 0xF900 && r < 0xFB00 || r >= 0xFF00 && r < 0xFF61 || r >= 0x20000 && r < 0x40000
}

// endsSentence says whether a text ends with the mark of a sentence, closing quotes and brackets aside.
func endsSentence(s string) bool {
	s = strings.TrimRight(s, "”’」』）)\"' ")
	r, _ := utf8.DecodeLastRuneInString(s)
	return strings.ContainsRune("。！？…!?.；", r) && s != ""
}
