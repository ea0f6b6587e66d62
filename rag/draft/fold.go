package draft

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// folded is a text as two prints of it are alike: without white space and punctuation, in one width and in small
// letters. at says which rune of the text each rune of it was.
type folded struct {
	runes []rune
	at    []int
}

// fold folds a text. Marks within numbers stay, for 3.5 is not 35, and so does a minus; marks of Markdown and
// numbers of notes, [1], go. simplify, which may be nil, writes characters simplified, one for one.
func fold(text []rune, simplify func(string) string) folded {
	if simplify != nil {
		if simple := []rune(simplify(string(text))); len(simple) == len(text) {
			text = simple
		}
	}
	var f folded
	for i := 0; i < len(text); i++ {
		if end := noteEnd(text, i); end > i {
			i = end - 1
			continue
		}
		for _, r := range norm.NFKC.String(string(text[i])) {
			r = unicode.ToLower(dash(r))
			if isKept(r, text, i) {
				f.runes, f.at = append(f.runes, r), append(f.at, i)
			}
		}
	}
	return f
}

// dash makes one minus of several.
func dash(r rune) rune {
	if strings.ContainsRune("−–—‐‑‒―－～~", r) {
		return '-'
	}
	return r
}

// isKept says whether a rune counts when texts are compared. i is its place in the text.
func isKept(r rune, text []rune, i int) bool {
	switch {
	case unicode.IsLetter(r), unicode.IsNumber(r), r == '%', r == '‰':
		return true
	case r == '-':
		return digitAt(text, i+1) && (i == 0 || digitAt(text, i-1) || !unicode.IsLetter(text[i-1]))
	case r == ',':
		return digitAt(text, i-1) && digitAt(text, i+1) && !groupsDigits(text, i)
	case strings.ContainsRune("./:·", r):
		return digitAt(text, i-1) && digitAt(text, i+1)
	case unicode.IsSymbol(r):
		return r != '`' && r != '^' && r != '|'
	}
	return unicode.IsMark(r)
}

func digitAt(text []rune, i int) bool {
	return i >= 0 && i < len(text) && unicode.IsDigit(text[i])
}

// groupsDigits says whether the comma at i parts thousands: three digits stand behind it, and no more.
func groupsDigits(text []rune, i int) bool {
	return digitAt(text, i+1) && digitAt(text, i+2) && digitAt(text, i+3) && !digitAt(text, i+4)
}

// noteEnd is where the number of a note that begins at i ends; i where none begins.
func noteEnd(text []rune, i int) int {
	if text[i] != '[' && text[i] != '［' && text[i] != '〔' {
		return i
	}
	for n := i + 1; n < min(i+5, len(text)); n++ {
		switch {
		case strings.ContainsRune("]］〕", text[n]) && n > i+1:
			return n + 1
		case !unicode.IsDigit(text[n]):
			return i
		}
	}
	return i
}

// has says whether a text stands in f.
func (f folded) has(text string) bool {
	want := fold([]rune(text), nil)
	return len(want.runes) > 0 && strings.Contains(string(f.runes), string(want.runes))
}
