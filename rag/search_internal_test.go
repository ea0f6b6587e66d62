package rag

import (
	"math"
	"testing"
)

func termGroups(terms ...string) (groups []group) {
	for _, t := range terms {
		groups = append(groups, group{renderings: []rendering{{[]string{t}, 1}}})
	}
	return groups
}

// Okapi by hand: N=3, "b" in one passage: idf = ln(1+2.5/1.5); lengths 2 and 4, mean 3.
func TestBM25ScoresAsTheFormulaSays(t *testing.T) {
	t.Parallel()
	groups := termGroups("a", "b", "c")
	score := frequenciesOf([]posting{
		{Term: "a", Passages: []int64{1, 2}, Counts: []int32{1, 2}, Lengths: []int32{2, 4}},
		{Term: "b", Passages: []int64{2}, Counts: []int32{1}, Lengths: []int32{4}},
	}, totals{Passages: 3, Terms: 9}).score(groups, 3)
	idfA, idfB := math.Log(1+1.5/2.5), math.Log(1+2.5/1.5)
	tf := func(n, length float64) float64 { return n * 2.2 / (n + 1.2*(0.25+0.75*length/3)) }
	for id, want := range map[int64]float64{1: idfA * tf(1, 2), 2: idfA*tf(2, 4) + idfB*tf(1, 4)} {
		if got := score[id]; math.Abs(got-want) > 1e-9 {
			t.Errorf("passage %d: %v, want %v", id, got, want)
		}
	}
	if got, want := groups[2].idf, math.Log(1+3.5/0.5); math.Abs(got-want) > 1e-9 {
		t.Errorf("a term found nowhere has idf %v, want %v", got, want)
	}
}

// Two words for one thing count once, by the better one, and are as rare as both together.
func TestRenderingsOfOneThingAreOneTerm(t *testing.T) {
	t.Parallel()
	groups := []group{{renderings: []rendering{{[]string{"洪水"}, 1}, {[]string{"水灾"}, 0.5}}}}
	score := frequenciesOf([]posting{
		{Term: "洪水", Passages: []int64{1}, Counts: []int32{1}, Lengths: []int32{3}},
		{Term: "水灾", Passages: []int64{1, 2}, Counts: []int32{1, 1}, Lengths: []int32{3, 3}},
	}, totals{Passages: 4, Terms: 12}).score(groups, 4)
	if want := math.Log(2); math.Abs(groups[0].idf-want) > 1e-9 || math.Abs(score[1]-2*score[2]) > 1e-9 {
		t.Errorf("idf %v, want %v; scores %v", groups[0].idf, want, score)
	}
}

func searchOf(scores map[int64]float64) *search { return &search{lex: lexical{score: scores}} }

func TestALegThatTellsNothingDoesNotVote(t *testing.T) {
	t.Parallel()
	hits := []Hit{{Passage: Passage{ID: 1, Article: &Article{}}, Similarity: 0.2}, {Passage: Passage{ID: 2, Article: &Article{}}, Similarity: 0.8}}
	searchOf(nil).rank(hits)
	if hits[0].Passage.ID != 2 || math.Abs(hits[0].Score-1) > 1e-9 {
		t.Errorf("without a lexical leg the order is the dense leg's at full weight, got %+v", hits)
	}
}

func TestBothLegsVoteAlike(t *testing.T) {
	t.Parallel()
	hits := []Hit{
		{Passage: Passage{ID: 1, Article: &Article{}}, Similarity: 0.9},
		{Passage: Passage{ID: 2, Article: &Article{}}, Similarity: 0.7},
		{Passage: Passage{ID: 3, Article: &Article{}}, Similarity: 0.1},
	}
	searchOf(map[int64]float64{2: 30, 3: 10}).rank(hits)
	if hits[0].Passage.ID != 2 {
		t.Errorf("the passage that both legs rank high is first, got %+v", hits)
	}
}

func TestLateInteractionReranks(t *testing.T) {
	t.Parallel()
	asked, far := Code{1, 2, 3, 4, 5, 6, 7, 8}, Code{^uint64(0), 0, ^uint64(0), 0, 1, 1, 1, 1}
	hits := []Hit{
		{Passage: Passage{ID: 1, Article: &Article{}, Text: "井台", Codes: []Code{far}, Starts: []int32{0}}, Similarity: 0.5},
		{Passage: Passage{ID: 2, Article: &Article{}, Text: "井台", Codes: []Code{far, asked}, Starts: []int32{0, 1}}, Similarity: 0.5},
	}
	s := searchOf(nil)
	s.codes = []Code{asked}
	if s.rank(hits); hits[0].Passage.ID != 2 {
		t.Errorf("the passage with the very token is first, got %+v", hits)
	}
}

func TestTheBestOfALegAreBoundedAndInOrder(t *testing.T) {
	t.Parallel()
	scores := lexicalScores{}
	for i := range int64(500) {
		scores[i] = float64(i)
	}
	if got := scores.best(legDepth); len(got) != legDepth || got[0] != 499 || got[1] != 498 {
		t.Errorf("got %v", got)
	}
}
