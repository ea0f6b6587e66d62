package gloss

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// notGlosses begin what says something about the Chinese word instead of rendering it.
var notGlosses = []string{
	"surname ", "variant of", "old variant of", "erhua variant of", "Japanese variant of", "see ", "CL:", "used in ",
	"also written", "also pr.", "abbr. ", "lit. ",
}

// notToday are the labels of words that no text of today has for the gloss.
var notToday = []string{"(archaic)", "(old)", "(vulgar)", "(arch.)", "(obscene)", "(classical)", "(in former times)"}

// senses gives the glosses of an entry with their numbers.
func senses(glosses string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		n := 0
		for gloss := range strings.FieldsFuncSeq(glosses, func(r rune) bool { return r == '/' || r == ';' }) {
			gloss = strings.TrimSpace(gloss)
			if isGloss(gloss) && !yield(n, gloss) {
				return
			}
			n++
		}
	}
}

func isGloss(gloss string) bool {
	for _, s := range notGlosses {
		if strings.HasPrefix(gloss, s) {
			return false
		}
	}
	if strings.Contains(gloss, "(") {
		for _, s := range notToday {
			if strings.Contains(gloss, s) {
				return false
			}
		}
	}
	return true
}

// addGloss takes in a gloss, a name also without what explains it ("Tu Youyou (1930-), Chinese chemist"), and
// an acronym in brackets after it.
func (b *builder) addGloss(r record, gloss string) {
	bare := gloss
	if strings.ContainsAny(gloss, "([") {
		b.addAcronym(r, gloss)
		bare = withoutBrackets(gloss)
	}
	b.addWords(r, bare)
	if name, _, found := strings.Cut(bare, ","); found && startsUpper(name) {
		b.addWords(r, name)
	}
}

func startsUpper(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(first)
}

// addAcronym takes in the GDP of "gross domestic product (GDP)": it begins as the gloss does.
func (b *builder) addAcronym(r record, gloss string) {
	text, rest, _ := strings.Cut(gloss, " (")
	inside, _, _ := strings.Cut(rest, ")")
	if len(inside) < 2 || len(inside) > maxWords || text == "" || !strings.EqualFold(text[:1], inside[:1]) {
		return
	}
	for _, c := range []byte(inside) {
		if c < 'A' || c > 'Z' {
			return
		}
	}
	b.record(r, b.hash(acronymKey, inside))
}

// withoutBrackets drops what stands in brackets, also in brackets within them.
func withoutBrackets(s string) string {
	var out strings.Builder
	depth := 0
	for _, r := range s {
		switch r {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		default:
			if depth <= 0 {
				out.WriteRune(r)
			}
		}
	}
	return strings.TrimSpace(out.String())
}

// addWords takes in the words of a gloss, if they are few.
func (b *builder) addWords(r record, gloss string) {
	if hasHan(gloss) {
		return
	}
	b.buf = bareGloss(wordsIn(b.buf[:0], gloss))
	key, n := uint64(0), 0
	for _, w := range b.buf {
		if !isArticle(w.key) {
			key = after(key, b.stem(w.key))
			n++
		}
	}
	if n == 0 || n > maxWords {
		return
	}
	b.record(r, key)
	if len(b.buf) == 1 && b.buf[0].shape == acronym {
		b.record(r, b.hash(acronymKey, strings.ToUpper(b.buf[0].key)))
	}
}

// bareGloss drops the "to" of verbs, and "sb" and "sth", which stand for their objects.
func bareGloss(words []word) []word {
	if len(words) > 1 && words[0].key == "to" {
		words = words[1:]
	}
	for len(words) > 1 && (words[len(words)-1].key == "sb" || words[len(words)-1].key == "sth") {
		words = words[:len(words)-1]
	}
	return words
}

func isArticle(key string) bool { return key == "a" || key == "an" || key == "the" }

// stem gives the hash of a word's stem.
func (b *builder) stem(key string) uint64 {
	h, ok := b.stems[key]
	if !ok {
		h = b.hash(plainKey, stem(key))
		b.stems[strings.Clone(key)] = h
	}
	return h
}

// readingOf gives the pinyin of a proper noun, which CC-CEDICT writes with a capital, in small letters without
// tones and spaces: guangdong, xijinping. "" where the word is none.
func readingOf(reading string) string {
	reading = strings.TrimLeft(reading, "[")
	if reading == "" || reading[0] < 'A' || reading[0] > 'Z' {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r
		}
		if 'A' <= r && r <= 'Z' {
			return unicode.ToLower(r)
		}
		return -1
	}, strings.ReplaceAll(reading, "u:", "u"))
}
