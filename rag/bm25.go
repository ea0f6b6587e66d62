package rag

import "math"

// BM25 as in Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009),
// with the idf that cannot be negative (Lucene's). The usual constants, untuned.
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

// lexical is the outcome of the lexical leg.
type lexical struct {
	score map[int64]float64  // by passage id; one without any term of the question is not in it
	idf   map[string]float64 // of every distinct term of the question, found or not
}

// bm25 scores every passage that holds a term of the question.
func bm25(terms []string, postings []posting, all totals) lexical {
	df := make(map[string]int, len(terms))
	for _, p := range postings {
		df[p.Term] += len(p.Passages)
	}
	lex := lexical{score: map[int64]float64{}, idf: make(map[string]float64, len(terms))}
	for _, t := range terms {
		lex.idf[t] = idf(df[t], all.Passages)
	}
	mean := max(1, float64(all.Terms)/max(1, float64(all.Passages)))
	for _, p := range postings {
		weight := lex.idf[p.Term] * (bm25K1 + 1)
		for i, id := range p.Passages {
			count, length := float64(p.Counts[i]), float64(p.Lengths[i])
			lex.score[id] += weight * count / (count + bm25K1*(1-bm25B+bm25B*length/mean))
		}
	}
	return lex
}

func idf(df int, passages int64) float64 {
	return math.Log(1 + (float64(passages)-float64(df)+0.5)/(float64(df)+0.5))
}
