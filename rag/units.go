package rag

import (
	"slices"
	"strings"
)

// Lengths, in characters, of what quotes are made of.
const (
	longSentence = 140 // a longer one is parted at its semicolons
	longClause   = 220 // a longer part of one, at a comma
	clauseGoal   = 150 // where that comma is looked for, and the least before it is clauseLeast
	clauseLeast  = 60
)

// clauseEnds are the marks between the parts of a sentence that may be quoted alone.
const clauseEnds = "；;，,"

// units are what a quote is made of, whole sentences or rows of a table, and of overlong ones the parts between semicolons or
// commas. The spans tile the text.
func units(text []rune) []Span {
	var out []Span
	for _, sentence := range Sentences(text) {
		for _, s := range rows(text, sentence) {
			if s.Len() <= longSentence {
				out = append(out, s)
				continue
			}
			for _, part := range parted(text, s, "；;") {
				out = append(out, shortened(text, part)...)
			}
		}
	}
	return out
}

// parted cuts a span behind each of the marks.
func parted(text []rune, s Span, marks string) (parts []Span) {
	for i := s.Start; i < s.End-1; i++ {
		if strings.ContainsRune(marks, text[i]) && !strings.ContainsRune(closers, text[i+1]) {
			parts = append(parts, Span{s.Start, i + 1})
			s.Start = i + 1
		}
	}
	return append(parts, s)
}

// shortened cuts an overlong span at commas.
func shortened(text []rune, s Span) (parts []Span) {
	for s.Len() > longClause {
		comma := lastMark(text[s.Start+clauseLeast:s.Start+clauseGoal], "，,")
		if comma < 0 {
			break
		}
		cut := s.Start + clauseLeast + comma + 1
		parts = append(parts, Span{s.Start, cut})
		s.Start = cut
	}
	return append(parts, s)
}

func lastMark(text []rune, marks string) int {
	for i, r := range slices.Backward(text) {
		if strings.ContainsRune(marks, r) {
			return i
		}
	}
	return -1
}

// mayBegin says whether a quote may begin at a rune of a passage: where a sentence does, or a clause behind
// the mark of the one before it. Where a page breaks off within a sentence, neither does.
func mayBegin(p *Passage, text []rune, at int) bool {
	if at == 0 {
		return p.Opens
	}
	return Opens(text, at) || strings.ContainsRune(clauseEnds, text[at-1])
}

// mayEnd gives where a quote ends that reaches to the end of a unit: with the sentence, or before the mark
// behind a clause. It is -1 where the text just breaks off, as in a headline.
func mayEnd(text []rune, s Span) int {
	switch said := text[s.Start:s.End]; {
	case len(said) == 0:
		return -1
	case endsWith(said, sentenceEnds+"….") && !endsWith(said, "？?"):
		return s.End
	case strings.ContainsRune(clauseEnds, said[len(said)-1]):
		return s.End - 1
	default:
		return -1
	}
}

// termBits is a set of small numbers.
type termBits []uint64

func newBits(n int) termBits { return make(termBits, (n+63)/64) }

func (b termBits) set(i int) { b[i/64] |= 1 << (i % 64) }

func (b termBits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

func (b termBits) add(other termBits) {
	for i, word := range other {
		b[i] |= word
	}
}
