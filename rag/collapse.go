package rag

import "slices"

// twinPairs are twins among some articles, by their ids, in both directions.
type twinPairs map[[2]int64]bool

// A passage says nothing new beside others of twin articles when they hold this much of its shingles, and of
// those of each of its statements: a sentence that only one copy has is not lost.
const (
	passageShare   = 0.75
	statementShare = 0.5
)

// collapse leaves each thing that twin articles say once: in the passage that ranks highest, or in one of a
// better described twin that holds all of it. The others are named in its Also. Hits come and leave best first.
func collapse(hits []Hit, twins twinPairs) []Hit {
	if len(twins) == 0 {
		return hits
	}
	hasTwin := map[int64]bool{}
	for pair := range twins {
		hasTwin[pair[0]] = true
	}
	var kept []said
	for _, h := range hits {
		if hasTwin[h.Passage.Article.ID] {
			kept = twins.keep(kept, said{h, shingles(h.Passage.Text)})
		} else {
			kept = append(kept, said{Hit: h})
		}
	}
	hits = hits[:0]
	for _, k := range kept {
		hits = append(hits, k.Hit)
	}
	return hits
}

// said is a hit with what it says.
type said struct {
	Hit
	set shingleSet // nil where it is of no twin
}

// keep adds a hit to the kept ones, which rank higher, or to the Also of one of them, or puts it in its place.
func (t twinPairs) keep(kept []said, h said) []said {
	i := t.saidBy(kept, h)
	if i >= 0 && !h.isBetterThan(kept[i]) {
		kept[i].addCopy(h.Hit)
		return kept
	}
	if i < 0 {
		i = slices.IndexFunc(kept, func(k said) bool { return t.of(h, k) && h.isBetterThan(k) })
	}
	if i < 0 {
		return append(kept, h)
	}
	h.Score, h.Also = kept[i].Score, kept[i].Also
	h.addCopy(kept[i].Hit)
	kept[i] = h
	return kept
}

// of says whether two hits are of twin articles.
func (t twinPairs) of(a, b said) bool { return t[[2]int64{a.Passage.Article.ID, b.Passage.Article.ID}] }

// saidBy is the index of the twin among the kept hits that says the most of h, where together they say all of
// it; else -1.
func (t twinPairs) saidBy(kept []said, h said) int {
	best, most := -1, 0
	var all shingleSet
	for i, k := range kept {
		if !t.of(h, k) {
			continue
		}
		if n := h.set.common(k.set); n > most {
			best, most = i, n
		}
		all = append(all, k.set...)
	}
	slices.Sort(all)
	if best >= 0 && h.isSaidIn(slices.Compact(all)) {
		return best
	}
	return -1
}

// isBetterThan says whether h may stand for k: its article is described better, and it says all that k says.
func (h said) isBetterThan(k said) bool {
	return compareDescription(h.Passage.Article, k.Passage.Article) < 0 && k.isSaidIn(h.set)
}

// isSaidIn says whether shingles hold nearly all of a hit, and of each of its statements the most.
func (h said) isSaidIn(set shingleSet) bool {
	if h.set.in(set) < passageShare {
		return false
	}
	text := []rune(h.Passage.Text)
	return !slices.ContainsFunc(Sentences(text), func(s Span) bool {
		s = trim(text, s)
		sentence := text[s.Start:s.End]
		return endsWith(sentence, sentenceEnds+".…") && shingles(string(sentence)).in(set) < statementShare
	})
}

func (h *Hit) addCopy(of Hit) {
	if len(h.Also) < maxCopies {
		h.Also = append(h.Also, Copy{Article: of.Passage.Article, Location: of.Location})
	}
}
