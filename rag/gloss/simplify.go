package gloss

import (
	"strings"
	"unicode/utf8"
)

// simplifier collects what single characters are simplified to.
type simplifier struct {
	to   map[rune]rune // 0 for several
	used map[rune]bool // characters that simplified words have
}

func newSimplifier() simplifier {
	return simplifier{to: make(map[rune]rune, 1<<13), used: make(map[rune]bool, 1<<14)}
}

func (s simplifier) add(e entry) {
	for _, r := range e.simplified {
		if !s.used[r] {
			s.used[r] = true
		}
	}
	from, n := utf8.DecodeRuneInString(e.traditional)
	to, m := utf8.DecodeRuneInString(e.simplified)
	if n < len(e.traditional) || m < len(e.simplified) {
		return
	}
	if known, ok := s.to[from]; ok && known != to {
		to = 0
	}
	s.to[from] = to
}

// table leaves out what may stand in simplified text too, such as 乾 of 乾坤, and so what is simplified already.
func (s simplifier) table() map[rune]rune {
	table := make(map[rune]rune)
	for from, to := range s.to {
		if to != 0 && !s.used[from] {
			table[from] = to
		}
	}
	return table
}

// Simplify writes traditional characters simplified, each by itself. Those that are simplified to several, or
// stand in simplified text too, stay: 乾 is 干 in 乾燥 and 乾 in 乾坤.
func (d *Dictionary) Simplify(text string) string {
	return strings.Map(func(r rune) rune {
		if to, ok := d.simple[r]; ok {
			return to
		}
		return r
	}, text)
}
