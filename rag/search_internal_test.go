package rag

import (
	"math"
	"testing"
)

// Okapi by hand: N=3, "b" in one passage: idf = ln(1+2.5/1.5); lengths 2 and 4, mean 3.
func TestBM25ScoresAsTheFormulaSays(t *testing.T) {
	t.Parallel()
	lex := bm25([]string{"a", "b", "c"}, []posting{
		{Term: "a", Passages: []int64{1, 2}, Counts: []int32{1, 2}, Lengths: []int32{2, 4}},
		{Term: "b", Passages: []int64{2}, Counts: []int32{1}, Lengths: []int32{4}},
	}, totals{Passages: 3, Terms: 9})
	idfA, idfB := math.Log(1+1.5/2.5), math.Log(1+2.5/1.5)
	tf := func(n, length float64) float64 { return n * 2.2 / (n + 1.2*(0.25+0.75*length/3)) }
	for id, want := range map[int64]float64{1: idfA * tf(1, 2), 2: idfA*tf(2, 4) + idfB*tf(1, 4)} {
		if got := lex.score[id]; math.Abs(got-want) > 1e-9 {
			t.Errorf("passage %d: %v, want %v", id, got, want)
		}
	}
	if got, want := lex.idf["c"], math.Log(1+3.5/0.5); math.Abs(got-want) > 1e-9 {
		t.Errorf("a term found nowhere has idf %v, want %v", got, want)
	}
}

func TestALegThatTellsNothingDoesNotVote(t *testing.T) {
	t.Parallel()
	hits := []Hit{{Passage: Passage{ID: 1}, Similarity: 0.2}, {Passage: Passage{ID: 2}, Similarity: 0.8}}
	fuse(hits, map[int64]float64{})
	if hits[0].Passage.ID != 2 || math.Abs(hits[0].Score-1) > 1e-9 {
		t.Errorf("without a lexical leg the order is the dense leg's at full weight, got %+v", hits)
	}
}

func TestBothLegsVoteAlike(t *testing.T) {
	t.Parallel()
	hits := []Hit{
		{Passage: Passage{ID: 1}, Similarity: 0.9},
		{Passage: Passage{ID: 2}, Similarity: 0.7},
		{Passage: Passage{ID: 3}, Similarity: 0.1},
	}
	fuse(hits, map[int64]float64{2: 30, 3: 10})
	if hits[0].Passage.ID != 2 {
		t.Errorf("the passage that both legs rank high is first, got %+v", hits)
	}
}

func TestCandidatesAreDistinctAndBounded(t *testing.T) {
	t.Parallel()
	lexical := map[int64]float64{}
	for i := range int64(500) {
		lexical[i] = float64(i)
	}
	got := candidates([]int64{499, 7}, lexical, legDepth)
	if len(got) != legDepth+1 || got[0] != 499 || got[legDepth] != 7 {
		t.Errorf("got %v", got)
	}
}
