package rag

import (
	"math"
	"slices"
)

// BM25 as in Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009),
// with the idf that cannot be negative (Lucene's). The usual constants, untuned. What it counts are not terms
// but groups of them: renderings of one thing are one term, as in the synonym operator of Indri.
const (
	bm25K1 = 1.2
	bm25B  = 0.75
)

// posting lists the passages of one source that hold a term.
type posting struct {
	Term     string
	Passages []int64 // ids
	Counts   []int32 // how often each holds the term
	Lengths  []int32 // how many terms each has
}

// totals are the statistics of the whole corpus. They are summed from live rows at each search, so
// no insert or delete can leave them wrong.
type totals struct {
	Passages int64
	Terms    int64
}

// frequencies are the saturated term frequencies of BM25, 0..bm25K1+1, by term and passage.
type frequencies map[string]map[int64]float64

func frequenciesOf(postings []posting, all totals) frequencies {
	mean := max(1, float64(all.Terms)/max(1, float64(all.Passages)))
	f := frequencies{}
	for _, p := range postings {
		in := f[p.Term]
		if in == nil {
			in = make(map[int64]float64, len(p.Passages))
			f[p.Term] = in
		}
		for i, id := range p.Passages {
			count, length := float64(p.Counts[i]), float64(p.Lengths[i])
			in[id] = (bm25K1 + 1) * count / (count + bm25K1*(1-bm25B+bm25B*length/mean))
		}
	}
	return f
}

// with calls fn for each passage that holds all terms of a rendering, with their mean frequency.
func (f frequencies) with(r rendering, fn func(passage int64, frequency float64)) {
	rarest := slices.MinFunc(r.terms, func(a, b string) int { return len(f[a]) - len(f[b]) })
next:
	for id := range f[rarest] {
		sum := 0.0
		for _, term := range r.terms {
			has := f[term][id]
			if has == 0 {
				continue next
			}
			sum += has
		}
		fn(id, sum/float64(len(r.terms)))
	}
}

// count is how many passages hold a rendering.
func (f frequencies) count(r rendering) (n int) {
	f.with(r, func(int64, float64) { n++ })
	return n
}

// score sums the groups of a question for every passage that holds one, and sets the groups' idf.
func (f frequencies) score(groups []group, passages int64) map[int64]float64 {
	scores := map[int64]float64{}
	for i := range groups {
		g := &groups[i]
		best := map[int64]float64{}
		for _, r := range g.renderings {
			f.with(r, func(id int64, frequency float64) { best[id] = max(best[id], r.weight*frequency) })
		}
		g.idf = idf(len(best), passages)
		for id, frequency := range best {
			scores[id] += g.idf * frequency
		}
	}
	return scores
}

func idf(df int, passages int64) float64 {
	return math.Log(1 + (float64(passages)-float64(df)+0.5)/(float64(df)+0.5))
}
