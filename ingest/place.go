package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

// position is a line of a file and, where char is not 0, one character of it, both 1-based.
type position struct{ line, char int }

func (p position) String() string {
	if p.char == 0 {
		return strconv.Itoa(p.line)
	}
	return fmt.Sprintf("%d:%d", p.line, p.char)
}

func (p position) compare(o position) int {
	return cmp.Or(cmp.Compare(p.line, o.line), cmp.Compare(p.char, o.char))
}

// extent is a stretch of a file, both ends inclusive, as a sidecar names it; resolved, also its bytes.
type extent struct {
	from, to   position
	begin, end int // bytes, half open
	line       int // of the sidecar, which names from
	toLine     int // and to
}

var (
	onePlace  = regexp.MustCompile(`^(\d{1,9})(?::(\d{1,9}))?$`)
	twoPlaces = regexp.MustCompile(`^(\d{1,9}(?::\d{1,9})?)\s*[-–—~～]\s*(\d{1,9}(?::\d{1,9})?)$`)
)

var errPlace = errors.New(`is no place in a file: write 18 for line 18, or "26:161" for the 161st character of line 26`)

func parsePosition(text string) (position, error) {
	m := onePlace.FindStringSubmatch(text)
	if m == nil {
		return position{}, fmt.Errorf("%q %w", text, errPlace)
	}
	line, _ := strconv.Atoi(m[1])
	char, _ := strconv.Atoi(m[2])
	if line == 0 || m[2] != "" && char == 0 {
		return position{}, fmt.Errorf("%q: lines and characters are counted from 1", text)
	}
	return position{line, char}, nil
}

// parseExtent reads "2-50", "26:161-30", "26:1-26:160" or "7".
func parseExtent(text string) (extent, error) {
	first, last := text, text
	if m := twoPlaces.FindStringSubmatch(text); m != nil {
		first, last = m[1], m[2]
	}
	from, err := parsePosition(first)
	if err != nil {
		return extent{}, err
	}
	to, err := parsePosition(last)
	if err != nil {
		return extent{}, err
	}
	return extent{from: from, to: to}, nil
}

// ruler leads from positions to bytes. Asked in rising order, it walks the lines once.
type ruler struct {
	lines []line
	at    int // index of the line that it stands on
	char  int // characters of the line before byte
	byte  int // of the file; from lines[at].Byte on
}

// begin is the byte at which a position begins, end the one after it.
func (r *ruler) begin(p position) (int, error) {
	b, _, err := r.find(p)
	return b, err
}

func (r *ruler) end(p position) (int, error) {
	b, size, err := r.find(p)
	return b + size, err
}

// find gives the byte of a position, and how many bytes it takes up: a character's, or the whole line's.
func (r *ruler) find(p position) (at, size int, err error) {
	last := 0
	if len(r.lines) > 0 {
		last = r.lines[len(r.lines)-1].Number
	}
	if p.line > last {
		return 0, 0, fmt.Errorf("line %d is outside the file, which has %d lines", p.line, last)
	}
	i, _ := slices.BinarySearchFunc(r.lines, p.line, func(l line, n int) int { return cmp.Compare(l.Number, n) })
	l := r.lines[i]
	if p.char == 0 {
		end := l.Byte
		for ; i < len(r.lines) && r.lines[i].Number == p.line; i++ { // a line of HTML may hold several of text
			end = r.lines[i].Byte + len(r.lines[i].Text)
		}
		return l.Byte, end - l.Byte, nil
	}
	if i != r.at || p.char <= r.char || r.byte < l.Byte {
		r.at, r.char, r.byte = i, 0, l.Byte
	}
	for ; i < len(r.lines) && r.lines[i].Number == p.line; i++ { // a line of HTML may hold several of text
		l = r.lines[i]
		if r.byte > l.Byte+len(l.Text) {
			continue
		}
		for left := l.Text[max(r.byte-l.Byte, 0):]; left != ""; left = left[size:] {
			_, size = utf8.DecodeRuneInString(left)
			if r.char+1 == p.char {
				return r.byte, size, nil
			}
			r.char++
			r.byte += size
		}
		if i+1 < len(r.lines) {
			r.byte = r.lines[i+1].Byte
		}
	}
	return 0, 0, fmt.Errorf("line %d has no character %d, it ends after %d", p.line, p.char, r.char)
}

// charAt is which character of a line, from 1, stands at a byte of the text. A line of HTML may hold several
// lines of text; its characters are counted through all of them.
func charAt(lines []line, number, at int) int {
	i, _ := slices.BinarySearchFunc(lines, number, func(l line, n int) int { return cmp.Compare(l.Number, n) })
	char := 1
	for ; i < len(lines) && lines[i].Number == number && lines[i].Byte <= at; i++ {
		l := lines[i]
		char += utf8.RuneCountInString(l.Text[:min(len(l.Text), at-l.Byte)])
	}
	return char
}
