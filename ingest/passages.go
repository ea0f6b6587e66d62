package ingest

import (
	"strings"

	"yinju/rag"
)

// Lengths of a passage in characters. About 250 is where retrieval on the first corpus was best.
const (
	passageGoal = 250
	passageMost = 400 // a sentence longer than this is cut at its commas
)

// cutter cuts articles into passages that the embedding model takes whole.
type cutter struct {
	count     func(string) int // tokens of a text, as the model counts them
	maxTokens int
}

// passages cuts an article into whole sentences, packed to about passageGoal characters. The spans
// tile the article's text; a passage's text is exactly the runes at its span.
func (c cutter) passages(a *rag.Article) []rag.Passage {
	text := []rune(a.Text)
	var out []rag.Passage
	for _, span := range pack(clauses(text, rag.Sentences(text))) {
		out = c.appendFitting(out, a, text, span)
	}
	return out
}

// pack joins neighbouring spans as long as they come closer to the goal.
func pack(spans []rag.Span) []rag.Span {
	var out []rag.Span
	for _, s := range spans {
		if n := len(out); n > 0 {
			have, with := out[n-1].Len(), out[n-1].Len()+s.Len()
			if with <= passageGoal || with-passageGoal < passageGoal-have {
				out[n-1].End = s.End
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

// clauses cuts overlong sentences after commas and the like, or where they have none, anywhere.
func clauses(text []rune, sentences []rag.Span) []rag.Span {
	var out []rag.Span
	for _, s := range sentences {
		for s.Len() > passageMost {
			cut := s.Start + passageGoal
			for i := cut; i > s.Start+passageGoal/2; i-- {
				if strings.ContainsRune("，、；：,;: ", text[i-1]) {
					cut = i
					break
				}
			}
			out = append(out, rag.Span{Start: s.Start, End: cut})
			s.Start = cut
		}
		out = append(out, s)
	}
	return out
}

// appendFitting appends the passage, halved until the model takes it whole: nothing is ever cut off.
func (c cutter) appendFitting(out []rag.Passage, a *rag.Article, text []rune, s rag.Span) []rag.Passage {
	p := rag.Passage{Article: a, Span: s, Text: string(text[s.Start:s.End])}
	if s.Len() > 1 && c.count(p.IndexText()) > c.maxTokens {
		middle := s.Start + s.Len()/2
		out = c.appendFitting(out, a, text, rag.Span{Start: s.Start, End: middle})
		return c.appendFitting(out, a, text, rag.Span{Start: middle, End: s.End})
	}
	return append(out, p)
}
