package ingest

import (
	"slices"
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

// emptyTokens is what the model counts for a text that it sees nothing of: the two marks around it.
const emptyTokens = 2

// passages cuts an article into whole sentences, packed to about passageGoal characters. The spans
// tile the article's text; a passage's text is exactly the runes at its span. An article of which the
// model sees nothing, such as one of control characters, has no passages. No passage spans a tear.
func (c cutter) passages(a *rag.Article) []rag.Passage {
	text := []rune(a.Text)
	var out []rag.Passage
	var spans []rag.Span
	for _, part := range between(a.Tears, len(text)) {
		spans = append(spans, pack(clauses(text, sentences(text, part)))...)
	}
	for _, span := range c.visible(text, spans) {
		out = c.appendFitting(out, a, text, span)
	}
	return out
}

// between gives the spans that tears leave of a text of n runes.
func between(tears []int, n int) []rag.Span {
	var spans []rag.Span
	start := 0
	for _, tear := range append(slices.Clone(tears), n) {
		if tear > start {
			spans = append(spans, rag.Span{Start: start, End: tear})
			start = tear
		}
	}
	return spans
}

// sentences gives the sentences of a part of a text.
func sentences(text []rune, part rag.Span) []rag.Span {
	spans := rag.Sentences(text[part.Start:part.End])
	for i := range spans {
		spans[i].Start, spans[i].End = spans[i].Start+part.Start, spans[i].End+part.Start
	}
	return spans
}

// visible joins spans of which the model sees nothing to the one before them, or else the one after.
func (c cutter) visible(text []rune, spans []rag.Span) []rag.Span {
	var out []rag.Span
	start := 0
	for _, s := range spans {
		switch {
		case c.count(string(text[s.Start:s.End])) > emptyTokens:
			out = append(out, rag.Span{Start: start, End: s.End})
		case len(out) > 0:
			out[len(out)-1].End = s.End
		default:
			continue
		}
		start = s.End
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
	p := rag.Passage{Article: a, Span: s, Text: string(text[s.Start:s.End]), Opens: rag.Opens(text, s.Start)}
	if s.Len() > 1 && c.count(p.IndexText()) > c.maxTokens {
		middle := c.middle(text, s)
		out = c.appendFitting(out, a, text, rag.Span{Start: s.Start, End: middle})
		return c.appendFitting(out, a, text, rag.Span{Start: middle, End: s.End})
	}
	return append(out, p)
}

// middle is where to halve a span so that the model sees something of both halves.
func (c cutter) middle(text []rune, s rag.Span) int {
	middle := s.Start + s.Len()/2
	for c.count(string(text[middle:s.End])) <= emptyTokens && middle-s.Start > 1 {
		middle = s.Start + (middle-s.Start)/2
	}
	for c.count(string(text[s.Start:middle])) <= emptyTokens && s.End-middle > 1 {
		middle = s.End - (s.End-middle)/2
	}
	return middle
}
