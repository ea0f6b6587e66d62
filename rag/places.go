package rag

import (
	"fmt"
	"slices"
	"sort"
	"unicode"
	"unicode/utf8"
)

// Run says that from rune Start of an article's text on, the text stands in the source from byte
// Byte of the file, which is on line Line, rune for rune, until the next run starts. A rune of white
// space may stand for another one, or for none: reflow puts a blank where a line ended, and a line break
// where two paragraphs are glued together.
type Run struct {
	Start int // rune of the article's text
	Line  int // 1-based
	Byte  int // 0-based, from the start of the source's text
	Page  int // 1-based; 0 where the source has no pages
}

// Places leads from every rune of an article's text to its source, in rising order of Start.
type Places []Run

// at is the index of the run that holds a rune.
func (p Places) at(char int) int {
	return sort.Search(len(p), func(i int) bool { return p[i].Start > char }) - 1
}

// Line is the source line of one rune, or 0 where the map is empty.
func (p Places) Line(char int) int {
	if i := p.at(char); i >= 0 {
		return p[i].Line
	}
	return 0
}

// Locate gives the lines of a span; an empty span has the line of its start.
func (p Places) Locate(s Span) Location {
	last := max(s.Start, s.End-1)
	return Location{
		StartLine: p.Line(s.Start), EndLine: p.Line(last), StartChar: s.Start, EndChar: s.End, Page: pageOf(p.page(s.Start)),
	}
}

// page is the source's page of one rune, or 0.
func (p Places) page(char int) int {
	if i := p.at(char); i >= 0 {
		return p[i].Page
	}
	return 0
}

// pageOf is a page as locations have it: nil where there is none.
func pageOf(page int) *int {
	if page == 0 {
		return nil
	}
	return &page
}

// LineRange is lines of a source, 1-based and inclusive.
type LineRange struct {
	Start int `json:"start_line"`
	End   int `json:"end_line"`
}

// Ranges are the lines where an article stands, one range for each of its parts, in the order of its text. It
// has several where another article splits it; blank lines, pages' numbers and the like part nothing.
func (a *Article) Ranges() []LineRange {
	var ranges []LineRange
	torn := 0
	for _, run := range a.Places {
		for torn < len(a.Tears) && a.Tears[torn] < run.Start {
			torn++
		}
		last := len(ranges) - 1
		isTorn := torn < len(a.Tears) && a.Tears[torn] == run.Start
		if last < 0 || run.Line < ranges[last].Start || isTorn && run.Line-ranges[last].End > partLines {
			ranges = append(ranges, LineRange{run.Line, run.Line})
			continue
		}
		ranges[last].End = max(ranges[last].End, run.Line)
	}
	return ranges
}

// partLines is how far apart two parts of an article are, in lines: a running head between them is nearer.
const partLines = 4

// Check reads text back from the source's text and says where they first differ.
// It is the law that citations rest on.
func (p Places) Check(text, source string) error {
	char, run, pos, line := 0, 0, 0, 0
	for _, want := range text {
		for run < len(p) && p[run].Start == char {
			pos, line = p[run].Byte, p[run].Line
			run++
		}
		if run == 0 || pos >= len(source) {
			return fmt.Errorf("character %d leads outside the file", char)
		}
		got, size := utf8.DecodeRuneInString(source[pos:])
		if unicode.IsSpace(want) && !unicode.IsSpace(got) {
			char++
			continue
		}
		if !same(got, want) {
			return fmt.Errorf("character %d is %q, line %d of the file has %q", char, want, line, got)
		}
		pos += size
		char++
	}
	return nil
}

// same says whether a rune of the source may stand for one of the text.
func same(source, text rune) bool {
	return source == text || unicode.IsSpace(source) && unicode.IsSpace(text)
}

// runInts is how many numbers a run is in the database.
const runInts = 4

// ints flattens the map for the database.
func (p Places) ints() []int32 {
	flat := make([]int32, 0, runInts*len(p))
	for _, r := range p {
		flat = append(flat, int32(r.Start), int32(r.Line), int32(r.Byte), int32(r.Page)) //nolint:gosec // files are limited to 256 MB by the reader
	}
	return flat
}

func placesOf(flat []int32) Places {
	p := make(Places, 0, len(flat)/runInts)
	for run := range slices.Chunk(flat, runInts) {
		p = append(p, Run{Start: int(run[0]), Line: int(run[1]), Byte: int(run[2]), Page: int(run[3])})
	}
	return p
}
