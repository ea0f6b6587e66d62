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

// wordsIn appends to words those of a text in Latin letters, and its numbers.
func wordsIn(words []word, text string) []word {
	for i := 0; i < len(text); {
		s := spellingAt(text, i)
		if s.end == i {
			_, size := utf8.DecodeRuneInString(text[i:])
			i += size
			continue
		}
		bare := withoutPossessive(text[i:s.end])
		s.letters -= min(1, s.end-i-len(bare)) // the s of 's
		words = append(words, word{start: i, end: i + len(bare), key: s.key(bare), shape: s.shape(bare)})
		i = s.end
	}
	return words
}

// join finds out how the words of a question hang together.
func join(words []word, text string) {
	for i := range words {
		w := &words[i]
		if i == 0 {
			w.first = true
			continue
		}
		gap := text[words[i-1].end:w.start]
		w.first = strings.ContainsAny(gap, ".?!:;\n\"“”。？！：；")
		w.spaced = strings.TrimSpace(gap) == ""
		w.joined = strings.Trim(strings.TrimPrefix(strings.TrimPrefix(gap, "'s"), "’s"), " -‐‑–") == ""
	}
}

// spelling is what a word is made of.
type spelling struct {
	end                       int // in the text; where the word would begin for none
	digits, capitals, letters int
	marks                     bool // there are more than ASCII letters and digits
}

// spellingAt reads the word that begins at byte i.
func spellingAt(text string, i int) (s spelling) {
	var before rune
	for s.end = i; s.end < len(text); {
		r, size := rune(text[s.end]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[s.end:])
		}
		switch {
		case 'a' <= r && r <= 'z':
			s.letters++
		case isDigit(r):
			s.digits++
		case isLetter(r):
			s.letters++
			s.marks = s.marks || size > 1
			if unicode.IsUpper(r) {
				s.capitals++
			}
		case within(before, r, text[s.end+size:]):
			s.marks = true
		default:
			return s
		}
		before = r
		s.end += size
	}
	return s
}

// within says whether a mark belongs to the word around it: Xi'an, 2.5, U.S.
func within(before, mark rune, rest string) bool {
	if before == 0 || mark != '.' && mark != '\'' && mark != '’' {
		return false
	}
	after, _ := utf8.DecodeRuneInString(rest)
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

func withoutPossessive(s string) string {
	if !strings.HasSuffix(s, "s") {
		return s
	}
	return strings.TrimSuffix(strings.TrimSuffix(s, "'s"), "’s")
}

// shape says how a word with this spelling is written.
func (s spelling) shape(text string) shape {
	switch {
	case s.digits > 0:
		return number
	case s.capitals > 1 && s.capitals == s.letters:
		return acronym
	case s.capitals > 0 && startsUpper(text):
		return capital
	}
	return small
}

// key folds a word. Most words of a dictionary are their own key.
func (s spelling) key(text string) string {
	switch {
	case s.marks:
		return foldMarks(text)
	case s.capitals > 0:
		return strings.ToLower(text)
	}
	return text
}

func foldMarks(text string) string {
	return strings.Map(func(r rune) rune {
		if !isDigit(r) && !isLetter(r) || unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(text))
}
