package draft

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Check says what in a claim texts do not bear out, if it rests on all of them together: no fault, it is borne out
// as far as this package can see. It checks as sentences of a draft are checked. The claim is the text of a
// sentence, without references; a quotation in it has to stand in the texts. Without texts it is NoHandle.
func Check(claim string, passages []Passage, o Options) []Fault {
	if len(passages) == 0 {
		return []Fault{NoHandle}
	}
	c := newChecker(passages, o)
	var own strings.Builder
	isMisquoted := false
	parts, _ := segments(claim)
	for _, part := range parts {
		if !part.quoted {
			own.WriteString(part.text)
			continue
		}
		isMisquoted = isMisquoted || !c.hasQuotation(part.text, own.String())
		own.WriteString("“”")
	}
	faults := c.faults(&Sentence{Text: claim, Cites: c.all}, own.String())
	if isMisquoted {
		faults = append(faults, Misquoted)
	}
	return faults
}

// hasQuotation says whether a quotation stands in the passages; what stands before and behind an ellipsis may be in
// two of them. before are the claim's words so far.
func (c *checker) hasQuotation(text, before string) bool {
	for _, part := range ellipsis.Split(text, -1) {
		if len(fold([]rune(part), nil).runes) == 0 {
			continue
		}
		if _, ok := c.match(part, before, nil); !ok {
			return false
		}
	}
	return true
}

// Quotations are what stands between the outermost quotation marks of a text, at each ellipsis in parts.
func Quotations(text string) (all []string) {
	parts, _ := segments(text)
	for _, part := range parts {
		if !part.quoted {
			continue
		}
		for _, piece := range ellipsis.Split(part.text, -1) {
			if strings.TrimSpace(piece) != "" {
				all = append(all, piece)
			}
		}
	}
	return all
}

// minHeld is the least share of a point's terms that a text must have which says it.
const minHeld = 0.6

// measured are numbers with what they measure: 120 years.
var measured = regexp.MustCompile(`(?i)(?:` + arabic + `)\s*(?:` + measures + `)`)

// Holds says whether a text says a point, by words: it has all numbers and dates of the point, and at least 6 in 10
// of its pairs of Chinese characters and words of Latin letters. A point that has none of these has to stand in the
// text as it is. It does not see what denies the point, nor the same in other words.
func Holds(text, point string) bool {
	text, point = norm.NFKC.String(text), norm.NFKC.String(point)
	have, _ := dates(text)
	said, rest := dates(point)
	if inventsDate(said, have) || inventsNumber(rest, text) {
		return false
	}
	in, want := terms(text), terms(measured.ReplaceAllString(rest, " "))
	shared := 0
	for term := range want {
		if in[term] {
			shared++
		}
	}
	switch {
	case len(want) > 0:
		return float64(shared) >= minHeld*float64(len(want))
	case len(said) > 0 || counts(rest):
		return true
	}
	return fold([]rune(text), nil).has(point)
}

// counts says whether a text has a number.
func counts(text string) bool {
	for _, a := range amounts(text) {
		if !a.alone {
			return true
		}
	}
	return false
}

// terms are a text's pairs of Chinese characters, white space aside, and its words of Latin letters. Digits are in
// none: numbers are compared by what they say.
func terms(text string) map[string]bool {
	all := map[string]bool{}
	before := ' '
	for _, r := range text {
		if unicode.IsSpace(r) {
			continue
		}
		if isWord(before) && isWord(r) {
			all[string([]rune{before, r})] = true
		}
		before = r
	}
	for _, word := range latinWords.FindAllString(strings.ToLower(text), -1) {
		if !joining.MatchString(word) {
			all[word] = true
		}
	}
	return all
}

// joining are words that say nothing by themselves.
var joining = regexp.MustCompile(`^(?:an?|the|and|or|of|in|on|at|to|by|for|with|from|is|are|was|were)$`)

// isWord says whether a rune is a Chinese character that is no digit.
func isWord(r rune) bool {
	return unicode.Is(unicode.Han, r) && !strings.ContainsRune("〇零一二两三四五六七八九十百千万亿", r)
}
