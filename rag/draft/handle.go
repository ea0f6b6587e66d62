package draft

import (
	"crypto/rand"
	"regexp"
	"slices"
	"strings"
)

// handleRunes is how long a handle is, handleLetters what it is made of: no vowels, so that it is no word, and
// nothing that is taken for something else. 25^5 handles cannot be guessed by a text that was written before.
const (
	handleRunes   = 5
	handleLetters = "bcdfghjkmnpqrstvwxz234679"
)

// NewHandles makes n different handles for one request. Each has a letter and a digit.
func NewHandles(n int) []string {
	seen := map[string]bool{}
	var all []string
	for len(all) < n {
		h := newHandle()
		if !seen[h] && strings.ContainsAny(h, "234679") && strings.ContainsAny(h, "bcdfghjkmnpqrstvwxz") {
			seen[h] = true
			all = append(all, h)
		}
	}
	return all
}

func newHandle() string {
	var raw [handleRunes]byte
	for i := 0; i < handleRunes; {
		var b [1]byte
		_, _ = rand.Read(b[:]) // never fails, see its documentation
		if int(b[0]) < len(handleLetters)*(256/len(handleLetters)) {
			raw[i] = handleLetters[int(b[0])%len(handleLetters)]
			i++
		}
	}
	return string(raw[:])
}

// Cite is how a handle stands in a text.
func Cite(handle string) string { return "[ref:" + handle + "]" }

// Models write references in many forms. What is one, whether its handle is known or not, is no text.
const (
	refWord  = `(?:ref(?:erence)?s?|cit(?:e|ation)s?|sources?|passages?|docs?|ids?|资料|来源|出处|引用|文献|材料|片段|段落)`
	refName  = `[0-9A-Za-z_\-†:：#=."'/ ]{1,40}`
	opening  = `[\[［【〔]`
	shutting = `[\]］】〕]`
)

var (
	// reference is a group in square brackets or a tag that holds nothing but references, or a bare "ref:x7k2p".
	reference = regexp.MustCompile(`(?i)` +
		`\^?` + opening + opening + `?\s*\^?` + refWord + `\s*[:：#=\-_ ]?\s*` + refName + `(?:[,，;；、]\s*` + refName + `)*` + shutting + shutting + `?` + // [ref:x7k2p], [source 3, source 4]
		`|\^?` + opening + opening + `?\s*\^?\d{1,3}(?:\s*[,，;；、\-–]\s*\d{1,3})*(?:†[^\]】］]{0,40})?\s*` + shutting + shutting + `?` + // [1], 【3†source】
		`|` + opening + opening + `?\s*[bcdfghjkmnpqrstvwxz234679]{5}(?:\s*[,，;；、 ]\s*[bcdfghjkmnpqrstvwxz234679]{5})*\s*` + shutting + shutting + `?` + // [x7k2p]
		`|<\s*` + refWord + `[^<>]{0,40}>[^<>\n]{1,60}</\s*` + refWord + `\s*>` + // <ref>x7k2p</ref>
		`|</?\s*` + refWord + `\b[^<>]{0,80}>` + // <ref id="x7k2p"/>
		`|[（(]\s*` + refWord + `\s*[:：#=]\s*[0-9A-Za-z_\-]{1,40}(?:\s*[,，;；、]\s*(?:` + refWord + `\s*[:：#=]\s*)?[0-9A-Za-z_\-]{1,40})*\s*[）)]` + // (ref:x7k2p)
		`|[\[［【〔（(]?\s*\bref\s*[:：]\s*[0-9A-Za-z_\-]{1,40}`)

	handleShaped = regexp.MustCompile(`[0-9A-Za-z]+`)
	refAlone     = regexp.MustCompile(`(?i)^` + refWord + `$`)
	noBrackets   = regexp.MustCompile(`[\[［【〔（(]\s*[,，;；、]?\s*[\]］】〕）)]`)
)

// indexFold is where a text has a word of ASCII letters, large or small; -1 where it has not.
func indexFold(text, word string) int {
	for i := range len(text) - len(word) + 1 {
		if strings.EqualFold(text[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}

// references takes the references out of a text. It gives the passages that are cited, in order and distinct,
// and how many references are to nothing that was given.
func (c *checker) references(text string) (rest string, cites []int, unknown int) {
	rest = reference.ReplaceAllStringFunc(text, func(group string) string {
		for _, name := range handleShaped.FindAllString(group, -1) {
			i, ok := c.handles[strings.ToLower(name)]
			switch {
			case ok:
				cites = append(cites, i)
			case !refAlone.MatchString(name):
				unknown++
			}
		}
		return ""
	})
	rest, more := c.withoutHandles(rest)
	return noBrackets.ReplaceAllLiteralString(rest, ""), distinct(append(cites, more...)), unknown
}

// withoutHandles takes out handles that stand alone: a handle is no word, wherever it stands it is a reference.
func (c *checker) withoutHandles(text string) (rest string, cites []int) {
	for i := 0; i < len(c.passages); {
		handle := c.passages[i].Handle
		at := indexFold(text, handle)
		if at < 0 {
			i++
			continue
		}
		text = text[:at] + text[at+len(handle):]
		cites = append(cites, i)
		i = 0 // what is left may be one
	}
	return text, cites
}

func distinct(all []int) (some []int) {
	for _, i := range all {
		if !slices.Contains(some, i) {
			some = append(some, i)
		}
	}
	return some
}
