package gloss

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// notGlosses begin what says something about the Chinese word instead of rendering it.
var notGlosses = []string{
	"surname ", "variant of", "old variant of", "erhua variant of", "Japanese variant of", "see ", "CL:", "used in ",
	"also written", "also pr.", "abbr. ", "lit. ",
}

// notToday label words that no text of today has for the gloss.
var notToday = set(`archaic arch. old classical vulgar obscene`)

// nextGloss cuts the first gloss off an entry's.
func nextGloss(glosses string) (gloss, rest string) {
	i := strings.IndexByte(glosses, '/')
	if i < 0 {
		i = len(glosses)
	}
	if j := strings.IndexByte(glosses[:i], ';'); j >= 0 {
		i = j
	}
	return strings.TrimSpace(glosses[:i]), glosses[min(i+1, len(glosses)):]
}

func isGloss(gloss string) bool {
	if gloss == "" {
		return false
	}
	for _, s := range notGlosses {
		if gloss[0] == s[0] && strings.HasPrefix(gloss, s) {
			return false
		}
	}
	_, label, _ := strings.Cut(gloss, "(")
	label, _, _ = strings.Cut(label, ")")
	return !notToday[label]
}

// addGloss takes in a gloss, an acronym in brackets after it, and of a name also its first words or each of two.
func (b *builder) addGloss(r record, gloss string) {
	bare := gloss
	if strings.ContainsAny(gloss, "([") {
		b.addAcronym(r, gloss)
		bare = withoutBrackets(gloss)
	}
	add := b.addWords
	if strings.HasSuffix(gloss, "(name)") {
		add = b.addPerson
	}
	add(r, bare)
	if !startsUpper(bare) {
		return
	}
	if name, about, found := strings.Cut(bare, ","); found && !isList(about) {
		add(r, name)
	}
	if one, other, found := strings.Cut(bare, " or "); found && isTitle(one) && isTitle(other) {
		add(r, one)
		add(r, other)
	}
}

// addPerson takes in a name that capitals alone tell from a word, as Green.
func (b *builder) addPerson(r record, name string) {
	b.buf = wordsIn(b.buf[:0], name)
	if len(b.buf) == 1 {
		b.record(r, b.hash(nameKey, b.buf[0].key))
	}
}

// isList tells "China, Japan, and Korea" from "Fudan University, Shanghai".
func isList(about string) bool {
	return startsUpper(strings.TrimSpace(about)) && strings.Contains(about, " and ")
}

// isTitle says whether each word has a capital.
func isTitle(s string) bool {
	for w := range strings.FieldsSeq(s) {
		if !startsUpper(w) {
			return false
		}
	}
	return true
}

func startsUpper(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(first)
}

// addAcronym takes in the GDP of "gross domestic product (GDP)": it begins as the gloss does.
func (b *builder) addAcronym(r record, gloss string) {
	text, rest, _ := strings.Cut(gloss, " (")
	inside, _, _ := strings.Cut(rest, ")")
	if text == "" || len(inside) < 2 || !strings.EqualFold(text[:1], inside[:1]) {
		return
	}
	if strings.Trim(inside, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		b.record(r, b.hash(acronymKey, inside))
	}
}

// withoutBrackets drops what stands in brackets, also in brackets within them.
func withoutBrackets(s string) string {
	out, depth, from := "", 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(', '[':
			if depth == 0 {
				out += s[from:i]
			}
			depth++
		case ')', ']':
			depth--
			from = i + 1
		}
	}
	if depth <= 0 {
		out += s[from:]
	}
	return strings.TrimSpace(out)
}

// addWords takes in the words of a gloss, if they are few.
func (b *builder) addWords(r record, gloss string) {
	if len(gloss) > maxGlossBytes || hasHan(gloss) {
		return
	}
	b.buf = wordsIn(b.buf[:0], gloss)
	words := bareGloss(b.buf)
	key, n := uint64(0), 0
	for _, w := range words {
		if !isArticle(w.key) {
			n++
			key = after(key, b.hash(stemKey, stem(w.key)))
		}
	}
	if n == 0 || n > maxWords {
		return
	}
	b.record(r, key)
	if n == 1 && words[len(words)-1].shape == acronym {
		b.record(r, b.hash(acronymKey, strings.ToUpper(words[len(words)-1].key)))
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

// readingOf gives the pinyin of a proper noun, which CC-CEDICT writes with a capital, in small letters without
// tones and spaces: guangdong, xijinping. "" where the word is none.
func readingOf(reading string) string {
	if !startsUpper(strings.TrimPrefix(reading, "[")) {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r = unicode.ToLower(r); 'a' <= r && r <= 'z' {
			return r
		}
		return -1
	}, reading)
}
