package rag

import (
	"slices"
	"strings"
	"unicode"
)

const (
	sentenceEnds = "。！？!?"
	closers      = "”’」』）)》〉】\""
)

// Sentences cuts text after its sentence ends and paragraph ends. The spans tile the text: closing
// quotation marks, brackets and the white space that follows belong to the sentence before them.
func Sentences(text []rune) []Span {
	var spans []Span
	start := 0
	for i := 0; i < len(text); {
		end := sentenceEnd(text, start, i)
		if end < 0 {
			i++
			continue
		}
		spans = append(spans, Span{start, end})
		start, i = end, end
	}
	if start < len(text) {
		spans = append(spans, Span{start, len(text)})
	}
	return spans
}

// sentenceEnd is where the sentence from start that ends with the rune at i ends, or -1 when none does.
func sentenceEnd(text []rune, start, i int) int {
	if text[i] == '\n' {
		return skip(text, i+1, unicode.IsSpace)
	}
	if !isTerminal(text, i) {
		return -1
	}
	end := skip(text, i+1, func(r rune) bool { return strings.ContainsRune(sentenceEnds, r) })
	for end < len(text) && strings.ContainsRune(closers, text[end]) && (text[end] != '"' || isOpen(text[start:end])) {
		end++
	}
	return skip(text, end, unicode.IsSpace)
}

// isOpen says whether a straight quotation mark after text would be a closing one.
func isOpen(text []rune) bool {
	marks := 0
	for _, r := range text {
		if r == '"' {
			marks++
		}
	}
	return marks%2 == 1
}

// headlineRunes is the longest paragraph without a sentence in it that can be a headline or a name.
const headlineRunes = 48

// Opens says whether a sentence begins at a rune of text: at its start, after the end of a sentence, or
// after a headline. Where a page breaks off within a sentence, the next paragraph opens none.
func Opens(text []rune, at int) bool {
	end := at
	for end > 0 && unicode.IsSpace(text[end-1]) {
		end--
	}
	if end == 0 || endsWith(text[:end], sentenceEnds+".…：:") {
		return true
	}
	start := end
	for start > 0 && text[start-1] != '\n' {
		start--
	}
	before := text[start:end]
	return slices.Contains(text[end:at], '\n') && len(before) <= headlineRunes && !slices.ContainsFunc(before, func(r rune) bool {
		return strings.ContainsRune("。，", r)
	})
}

// endsWith says whether text ends with one of the marks, closing quotation marks and brackets after it allowed.
func endsWith(text []rune, marks string) bool {
	end := len(text)
	for end > 0 && strings.ContainsRune(closers, text[end-1]) {
		end--
	}
	return end > 0 && strings.ContainsRune(marks, text[end-1])
}

// isTerminal says whether the rune at i ends a sentence. An ellipsis and a full stop do so only before
// white space or a closing mark, for a list may trail off in the middle of a sentence; a full stop also
// only after something longer than one letter, so that "3.5", "U.S." and "J. Smith" stay whole.
func isTerminal(text []rune, i int) bool {
	switch text[i] {
	case '。', '！', '？', '!', '?': // sentenceEnds
		return true
	case '…':
		return closes(text, i+1)
	case '.':
		return closes(text, i+1) && i >= 2 && isWordRune(text[i-1]) && isWordRune(text[i-2])
	default:
		return false
	}
}

// closes says whether what stands at i may stand after the end of a sentence.
func closes(text []rune, i int) bool {
	return i >= len(text) || unicode.IsSpace(text[i]) || strings.ContainsRune(closers, text[i])
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func skip(text []rune, i int, while func(rune) bool) int {
	for i < len(text) && while(text[i]) {
		i++
	}
	return i
}

// trim takes the white space off both ends of a span.
func trim(text []rune, s Span) Span {
	for s.Start < s.End && unicode.IsSpace(text[s.Start]) {
		s.Start++
	}
	for s.End > s.Start && unicode.IsSpace(text[s.End-1]) {
		s.End--
	}
	return s
}
