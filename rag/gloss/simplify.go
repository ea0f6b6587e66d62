package gloss

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// simplifier counts what the characters of traditional words are simplified to.
type simplifier struct {
	to   map[[2]rune]int // by traditional and simplified character, where they differ
	used []uint16        // by character: in how many simplified words it is
}

func newSimplifier() simplifier {
	return simplifier{to: make(map[[2]rune]int, 1<<13), used: make([]uint16, unicode.MaxRune+1)}
}

func (s simplifier) add(e entry) {
	if utf8.RuneCountInString(e.traditional) != utf8.RuneCountInString(e.simplified) {
		return
	}
	rest := e.traditional
	for _, to := range e.simplified {
		from, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		if from != to {
			s.to[[2]rune{from, to}]++
		}
		s.used[to]++
	}
}

// oneWay is how many words a character must be simplified in for each in which it is not, or to another one.
const oneWay = 20

// table leaves out what may stand in simplified text too, and so what is simplified already.
func (s simplifier) table() map[rune]rune {
	all := make(map[rune]int)
	for pair, n := range s.to {
		all[pair[0]] += n
	}
	table := make(map[rune]rune)
	for pair, n := range s.to {
		if others := all[pair[0]] - n + int(s.used[pair[0]]); n >= oneWay*others {
			table[pair[0]] = pair[1]
		}
	}
	return table
}

// Simplify writes traditional characters simplified, each by itself. Those that are simplified to several, or
// stand in simplified text too, stay: 乾 is 干 in 乾燥 and 乾 in 乾坤. Simplified text stays as it is.
func (d *Dictionary) Simplify(text string) string {
	return strings.Map(func(r rune) rune {
		if to, ok := d.simple[r]; ok {
			return to
		}
		return r
	}, text)
}
