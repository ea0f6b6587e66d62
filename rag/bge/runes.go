package bge

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// isDropped tells whether the original's clean_text removes r: control, format and private characters,
// and the replacement character, which also stands for invalid UTF-8 here. Tab and line ends are space.
func isDropped(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return false
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7F
	case isUnified(r):
		return false
	case r == utf8.RuneError:
		return true
	default:
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) && !newerFormat.contain(r)
	}
}

// isHan tells whether r is one of the characters that become words of their own. The list is the
// original's: it begins at U+2B920 what Unicode begins at U+2B820, and knows nothing after extension E.
func isHan(r rune) bool {
	return isUnified(r) ||
		0x3400 <= r && r <= 0x4DBF || 0x20000 <= r && r <= 0x2A6DF || 0x2A700 <= r && r <= 0x2B81F ||
		0x2B920 <= r && r <= 0x2CEAF || 0xF900 <= r && r <= 0xFAFF || 0x2F800 <= r && r <= 0x2FA1F
}

// isUnified is most of a Chinese text, and quick to tell.
func isUnified(r rune) bool { return 0x4E00 <= r && r <= 0x9FFF }

func isSpace(r rune) bool {
	return r == ' ' || !isUnified(r) && unicode.IsSpace(r)
}

// isPunctuation counts every ASCII symbol, as BERT does.
func isPunctuation(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return '!' <= r && r <= '/' || ':' <= r && r <= '@' || '[' <= r && r <= '`' || '{' <= r && r <= '~'
	case isUnified(r):
		return false
	case r == oncePunctuationChi, r == oncePunctuationSandhi:
		return true
	default:
		return unicode.Is(unicode.P, r) && !newerPunctuation.contain(r)
	}
}

// isMark tells which characters strip_accents removes once letters are decomposed.
func isMark(r rune) bool {
	return r == onceMarkPamudpod || unicode.Is(unicode.Mn, r) && !newerMarks.contain(r)
}

// fold appends to folded what strip_accents and lowercase make of one rune: none, one or several.
func (t *Tokenizer) fold(folded []rune, r rune) []rune {
	if !t.stripAccents || r < utf8.RuneSelf || isUnified(r) {
		return t.lower(folded, r)
	}
	for _, d := range norm.NFD.String(string(r)) {
		if !isMark(d) {
			folded = t.lower(folded, d)
		}
	}
	return folded
}

func (t *Tokenizer) lower(folded []rune, r rune) []rune {
	switch {
	case !t.lowercase || isUnified(r):
		return append(folded, r)
	case r == 'İ': // the one letter whose lower case is two runes
		return append(folded, 'i', '\u0307')
	default:
		return append(folded, unicode.ToLower(r))
	}
}
