package gloss

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// word is a word of a question or of a gloss.
type word struct {
	start, end int    // bytes of the text, without a possessive 's
	key        string // in lower case, without accents, apostrophes and full stops
	shape      shape
	first      bool // of its sentence, as far as punctuation tells
	spaced     bool // only white space lies between it and the word before
	joined     bool // only white space or a hyphen does
}

// shape is how a word is written.
type shape int

const (
	small   shape = iota
	capital       // with a capital first
	acronym       // of two capitals or more
	number        // with a digit in it
)

// wordsIn gives the words of a text in Latin letters, and its numbers. It appends to buf.
func wordsIn(buf []word, text string) []word {
	first, last := true, 0
	for i := 0; i < len(text); {
		end, ok := wordAt(text, i)
		if !ok {
			_, size := utf8.DecodeRuneInString(text[i:])
			i += size
			continue
		}
		gap := text[last:i]
		w := word{start: i, end: possessive(text, i, end)}
		w.first = first && last == 0 || strings.ContainsAny(gap, ".?!:;\n\"“”。？！：；")
		w.spaced = last > 0 && strings.TrimSpace(gap) == ""
		w.joined = w.spaced || last > 0 && strings.Trim(gap, " -‐‑–") == ""
		w.key, w.shape = fold(text[w.start:w.end])
		buf = append(buf, w)
		i, last = end, end
	}
	return buf
}

// wordAt gives the end of the word that begins at byte i, if one does.
func wordAt(text string, i int) (end int, ok bool) {
	var before rune
	for end = i; end < len(text); {
		r, size := rune(text[end]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[end:])
		}
		if !isLetter(r) && !isDigit(r) {
			after, _ := utf8.DecodeRuneInString(text[end+size:])
			if !within(before, r, after) {
				break
			}
		}
		before = r
		end += size
	}
	return end, end > i
}

// within says whether a mark belongs to the word around it: Xi'an, 2.5, U.S.
func within(before, mark, after rune) bool {
	switch mark {
	case '\'', '’':
		return isLetter(before) && isLetter(after)
	case '.':
		return isDigit(before) && isDigit(after) || unicode.IsUpper(before) && unicode.IsUpper(after)
	}
	return false
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isLetter(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	return unicode.In(r, unicode.Latin, unicode.Mn)
}

// possessive gives the end of the word without 's.
func possessive(text string, start, end int) int {
	for _, s := range []string{"'s", "’s"} {
		if strings.HasSuffix(text[start:end], s) {
			return end - len(s)
		}
	}
	return end
}

// fold gives the key of a word and its shape. Most words of a dictionary are their own key.
func fold(text string) (string, shape) {
	plain, digits, capitals, letters := true, 0, 0, 0
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z':
			letters++
			continue
		case isDigit(rune(c)):
			digits++
			continue
		case 'A' <= c && c <= 'Z':
			letters++
			capitals++
		case c >= utf8.RuneSelf:
			letters++
		}
		plain = false
	}
	key := text
	if !plain {
		key = foldLetters(text)
	}
	first, _ := utf8.DecodeRuneInString(text)
	switch {
	case digits > 0:
		return key, number
	case capitals > 1 && capitals == letters:
		return key, acronym
	case unicode.IsUpper(first):
		return key, capital
	}
	return key, small
}

func foldLetters(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		text = norm.NFKD.String(text)
	}
	return strings.Map(func(r rune) rune {
		if !isDigit(r) && !isLetter(r) || unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
}
