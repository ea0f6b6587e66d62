package draft

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// segment is a part of a sentence: the model's own words, or what stood between quotation marks.
type segment struct {
	text   string
	quoted bool
}

// segments parts a sentence at its outermost quotation marks. A mark without its other half quotes nothing; lost
// is how many there were of these.
func segments(text string) (all []segment, lost int) {
	runes := []rune(text)
	var own strings.Builder
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		closing, isOpening := quoteMarks[r]
		if isSingle(runes, i) {
			closing, isOpening = '’', true
			if r == '\'' {
				closing = '\''
			}
		}
		switch {
		case isOpening:
			end := closes(runes, i, closing)
			if end < 0 {
				lost++
				continue
			}
			all = append(all, segment{text: own.String()}, segment{text: string(runes[i+1 : end]), quoted: true})
			own.Reset()
			i = end
		case strings.ContainsRune("”」』»〞", r):
			lost++
		default:
			own.WriteRune(r)
		}
	}
	return append(all, segment{text: own.String()}), lost
}

// withoutMarks takes all quotation marks away.
func withoutMarks(text string) string {
	runes := []rune(text)
	var b strings.Builder
	for i, r := range runes {
		if _, opens := quoteMarks[r]; !opens && !strings.ContainsRune("”」』»〞‘’", r) && !isSingle(runes, i) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isSingle says whether a single quotation mark opens at i: not within or behind a word, as an apostrophe does.
func isSingle(runes []rune, i int) bool {
	if runes[i] != '‘' && runes[i] != '\'' {
		return false
	}
	return (i == 0 || !unicode.IsLetter(runes[i-1]) || unicode.Is(unicode.Han, runes[i-1])) &&
		i+1 < len(runes) && !unicode.IsSpace(runes[i+1])
}

// closes is where the mark at i is closed, -1 where it is not.
func closes(runes []rune, i int, closing rune) int {
	depth := 0
	for n := i + 1; n < len(runes); n++ {
		switch r := runes[n]; {
		case (r == closing || closing == '“' && r == '”') && (closing != '\'' && closing != '’' || n+1 == len(runes) || !unicode.IsLetter(runes[n+1]) || unicode.Is(unicode.Han, runes[n+1])):
			if depth == 0 {
				return n
			}
			depth--
		case r == runes[i]:
			depth++
		}
	}
	return -1
}

// ellipsis is where a quotation leaves something out.
var ellipsis = regexp.MustCompile(`…+|⋯+|\.{3,}|。{3,}|\[…\]|（略）`)

// leastPart is how many characters each part of a quotation has at the least that leaves something out: of shorter
// ones any sentence could be put together.
const leastPart = 4

// clauseMarks end a clause, within which what is denied stands behind its denial.
const clauseMarks = "，。；！？,.;!?\n"

// leastQuote is how many characters a quotation has at the least. Of one alone any sentence could be put together.
const leastQuote = 2

// match finds a quotation in the passages, those in first before the others. before are the model's words so far.
func (c *checker) match(text, before string, first []int) (found []Quote, ok bool) {
	var parts [][]rune
	least := leastPart
	for _, part := range ellipsis.Split(text, -1) {
		if f := fold([]rune(part), nil); len(f.runes) > 0 {
			parts = append(parts, f.runes)
			least = min(least, len(f.runes))
		}
	}
	if len(parts) == 0 || len(parts) > 1 && least < leastPart {
		return nil, false
	}
	order := slices.Clone(first)
	for i := range c.passages {
		if !slices.Contains(first, i) {
			order = append(order, i)
		}
	}
	denies := len(denials(before[strings.LastIndexAny(before, clauseMarks)+1:])) > 0
	for _, i := range order {
		if found, ok = matchIn(c.passages[i].folded, parts, i, denies); ok {
			return found, true
		}
	}
	if c.simplify == nil {
		return nil, false
	}
	for n := range parts {
		parts[n] = fold(parts[n], c.simplify).runes
	}
	for _, i := range order {
		if found, ok = matchIn(c.simplified(i), parts, i, denies); ok {
			return found, true
		}
	}
	return nil, false
}

// matchIn finds the parts of a quotation in a passage, one behind the other.
func matchIn(in folded, parts [][]rune, passage int, denies bool) (found []Quote, ok bool) {
	from := 0
	for _, part := range parts {
		at := indexFrom(in, part, from, denies)
		if at < 0 {
			return nil, false
		}
		last := at + len(part)
		found = append(found, Quote{Passage: passage, Span: Span{in.at[at], in.at[last-1] + 1}})
		from = last
	}
	return found, true
}

// indexFrom is where a part stands in a text, from a place on, such that it means there what it does alone: it
// is not the end of a longer number or word, and nothing that denies it was cut off.
func indexFrom(in folded, part []rune, from int, denies bool) int {
	for i := from; i+len(part) <= len(in.runes); i++ {
		if slices.Equal(in.runes[i:i+len(part)], part) && in.isWhole(i, i+len(part)) && (denies || !denied(in.runes[:i])) {
			return i
		}
	}
	return -1
}

// isWhole says whether a part of a text begins and ends outside of numbers and words of letters.
func (f folded) isWhole(start, end int) bool {
	return !f.isWithin(start) && !f.isWithin(end)
}

// isWithin says whether the place before the rune at i is within a number or a word of letters.
func (f folded) isWithin(i int) bool {
	text := f.runes
	if i == 0 || i == len(text) {
		return false
	}
	if joins(text[i-1], text[i]) {
		return true
	}
	if f.at[i-1]+1 != f.at[i] || !isChineseDigit(text[i]) { // a mark between: 三万。二是
		return text[i] == '点' && i+1 < len(text) && isChineseDigit(text[i-1]) && isChineseDigit(text[i+1]) && f.at[i-1]+2 == f.at[i+1]
	}
	behindPoint := i > 1 && text[i-1] == '点' && isChineseDigit(text[i-2])
	return isChineseDigit(text[i-1]) || behindPoint || i > 1 && string(text[i-2:i]) == "分之"
}

func isChineseDigit(r rune) bool {
	return strings.ContainsRune("〇零一二两三四五六七八九十百千万亿", r)
}

// joins says whether two neighbouring runes belong to one number or word.
func joins(a, b rune) bool {
	isNumber := func(r rune) bool { return unicode.IsDigit(r) || r == '.' || r == ',' || r == '-' }
	switch {
	case isNumber(a) && isNumber(b), unicode.IsDigit(a) && strings.ContainsRune("%‰万亿千百", b):
		return true
	}
	return unicode.Is(unicode.Latin, a) && unicode.Is(unicode.Latin, b)
}

// spell is how quotations stand in a sentence: as their passages have them, in one line.
func (c *checker) spell(found []Quote) (text string, at []Span) {
	var b strings.Builder
	n := 0
	for i, q := range found {
		if i > 0 {
			b.WriteString("……")
			n += 2
		}
		part := oneLine(c.passages[q.Passage].runes[q.Span.Start:q.Span.End])
		b.WriteString(part)
		length := len([]rune(part))
		at = append(at, Span{n, n + length})
		n += length
	}
	return b.String(), at
}

// oneLine takes the line breaks out of a text: between Chinese characters nothing comes in their place.
func oneLine(text []rune) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r != '\n':
			b.WriteRune(r)
		case i > 0 && i+1 < len(text) && text[i-1] < 0x2000 && text[i+1] < 0x2000:
			b.WriteByte(' ')
		}
	}
	return b.String()
}
