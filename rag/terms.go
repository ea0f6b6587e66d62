package rag

import (
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Terms are what the lexical leg counts: every pair of neighbouring characters in a run of Chinese,
// Japanese or Korean ones (a lone one counts by itself), and whole words and numbers of any other
// script. Case, full width and compatibility forms are folded (NFKC). Character bigrams need no
// dictionary, and on Chinese news they find as much as segmented words do; docs/decisions.md has figures.
func Terms(text string) []string {
	runes := []rune(norm.NFKC.String(text))
	var terms []string
	for i := 0; i < len(runes); {
		class := classOf(runes[i])
		end := skip(runes, i, func(r rune) bool { return classOf(r) == class })
		switch class {
		case ideograph:
			terms = appendBigrams(terms, runes[i:end])
		case word:
			terms = append(terms, lower(runes[i:end]))
		case other:
		}
		i = end
	}
	return terms
}

type runeClass int

const (
	other runeClass = iota
	ideograph
	word
)

func classOf(r rune) runeClass {
	switch {
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
		return ideograph
	case isWordRune(r), unicode.Is(unicode.Mn, r):
		return word
	default:
		return other
	}
}

func appendBigrams(terms []string, run []rune) []string {
	if len(run) == 1 {
		return append(terms, string(run))
	}
	for i := range len(run) - 1 {
		terms = append(terms, string(run[i:i+2]))
	}
	return terms
}

// maxTermRunes keeps a "word" of a broken file within what an index entry of Postgres holds.
const maxTermRunes = 64

func lower(run []rune) string {
	run = run[:min(len(run), maxTermRunes)]
	folded := make([]rune, len(run))
	for i, r := range run {
		folded[i] = unicode.ToLower(r)
	}
	return string(folded)
}
