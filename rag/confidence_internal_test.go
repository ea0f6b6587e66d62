package rag

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// searchOfText is a search that found one passage, with each of its sentences a quote to pick.
func searchOfText(question, text string, similarity float64) (s *search, windows []window) {
	q, _ := read(question, nil) // without a translator nothing fails
	postings := []posting{}
	for _, term := range distinct(Terms(text)) {
		postings = append(postings, posting{Term: term, Passages: []int64{1}, Counts: []int32{1}, Lengths: []int32{20}})
	}
	s = &search{question: question, nearest: similarity, timing: map[string]float64{}}
	s.lex = newLexical(q, frequenciesOf(postings, totals{Passages: 10, Terms: 200}), 10)
	s.hits = []Hit{{Passage: Passage{ID: 1, Article: &Article{ID: 1}, Text: text, Opens: true, Span: Span{0, len([]rune(text))}}, Similarity: similarity}}
	return s, s.windows()
}

func TestConfidenceIsAProbability(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	questions := []string{"塔有多高？", "渠是哪年通的？", "为什么停了，在哪里，谁是队长，有哪三样？", "How many mills?", "水", "？水！1998"}
	for _, question := range questions {
		for range 20 {
			s, windows := searchOfText(question, "塔高三十米。渠在一九五八年通水。", 2*random.Float64()-1)
			if c := s.confidence(windows); math.IsNaN(c) || c <= 0 || c >= 1 {
				t.Errorf("%q: %v", question, c)
			}
		}
	}
	for _, m := range []model{subjectModel, factModel} {
		for _, size := range []float64{-1e6, 1e6} {
			features := map[string]float64{}
			for name := range m.weights {
				features[name] = size
			}
			if p := m.probability(features); math.IsNaN(p) || p < 0 || p > 1 {
				t.Errorf("features of %v: %v", size, p)
			}
		}
	}
}

func TestWithoutQuotesThereIsNoConfidence(t *testing.T) {
	t.Parallel()
	s, _ := searchOfText("塔有多高？", "塔高三十米。", 1)
	if c := s.confidence(nil); c != 0 {
		t.Errorf("confidence %v", c)
	}
}

func TestAQuoteWithoutTheAmountAskedForIsLessSure(t *testing.T) {
	t.Parallel()
	confidence := func(text string) float64 {
		s, windows := searchOfText("砖塔有多高？", text, 0.7)
		if len(windows) == 0 {
			t.Fatalf("nothing to quote in %q", text)
		}
		return s.confidence(windows[:1])
	}
	with, other, without := confidence("山脚的砖塔高三十米。"), confidence("山脚的砖塔高三十层。"), confidence("山脚的砖塔高入云中。")
	if with <= without || with <= other {
		t.Errorf("with the amount %v, with another %v, without %v", with, other, without)
	}
}

func TestAnAmountInASentenceOfSomethingElseIsFar(t *testing.T) {
	t.Parallel()
	s, _ := searchOfText("山脚的砖塔有多高？", "山脚的砖塔高入云中。", 0.7)
	near := s.features([]window{{text: "山脚的砖塔高三十米。"}})
	far := s.features([]window{{text: "山脚的砖塔高入云中。别处的桥长三十米。"}})
	none := s.features([]window{{text: "山脚的砖塔高入云中。"}})
	for _, c := range []struct {
		f       map[string]float64
		no, far float64
	}{{near, 0, 0}, {far, 0, 1}, {none, 1, 1}} {
		if c.f["amount"] != 1 || c.f["no amount"] != c.no || c.f["far amount"] != c.far {
			t.Errorf("%v, want no amount %v and far amount %v", c.f, c.no, c.far)
		}
	}
}

func TestTheFocusIsBesideTheQuestionWord(t *testing.T) {
	t.Parallel()
	s, _ := searchOfText("石桥镇东边那座很老很老的磨坊里，砖塔有几层？", "砖塔高三十米。", 0.7)
	var terms []string
	for _, g := range s.focused() {
		terms = append(terms, g.renderings[0].terms[0])
	}
	if !slices.Contains(terms, "砖塔") || slices.Contains(terms, "磨坊") {
		t.Errorf("focused on %q", terms)
	}
	s, _ = searchOfText("砖塔高三十米", "砖塔高三十米。", 0.7)
	if f := s.focus(s.lex.newBits()); f != 0.5 {
		t.Errorf("no question word: focus %v", f)
	}
}

func TestTheStatusFollowsFromTheThresholds(t *testing.T) {
	t.Parallel()
	thresholds := Thresholds{Answered: 0.5, Related: 0.2}
	for confidence, want := range map[float64]Status{
		0: NotFound, 0.19: NotFound, 0.2: Related, 0.49: Related, 0.5: Answered, 1: Answered, math.NaN(): NotFound,
	} {
		if got := thresholds.status(confidence); got != want {
			t.Errorf("confidence %v: %s, want %s", confidence, got, want)
		}
	}
}

func TestAnImprintThatIsUnknownTakesItsShareOfTheConfidence(t *testing.T) {
	t.Parallel()
	s := &search{scope: []Mention{{}}}
	for _, tc := range []struct {
		confidence, share float64
		isKnown           bool
		want              float64
	}{
		{0.8, 1, false, 0.08}, {0.8, 0.5, false, 0.44}, {0.3, 1, true, 1}, {0.3, 0.5, true, 0.5}, {0.7, 0.5, true, 0.7},
	} {
		if got := s.imprintConfidence(tc.confidence, tc.share, tc.isKnown); math.Abs(got-tc.want) > 1e-9 {
			t.Errorf("%+v: %v", tc, got)
		}
	}
	unnamed, _ := searchOfText("那篇讲砖塔的是谁写的？", "水渠东流。", 0)
	if got := unnamed.imprintConfidence(0.1, 1, true); got >= 0.5 {
		t.Errorf("an article off the subject has confidence %v", got)
	}
}

func TestAPassageThatCannotBeQuotedLendsNoConfidenceToTheQuotesOfOthers(t *testing.T) {
	t.Parallel()
	const question = "砖塔由谁看守？"
	confidence := func(text string) float64 {
		s, _ := searchOfText(question, "山脚的砖塔由老何看守", 0.7)
		s.lex.score = map[int64]float64{1: 20}
		other := Passage{ID: 2, Article: &Article{ID: 2}, Text: "渠水东流不息。", Opens: true, Span: Span{0, 7}}
		s.hits[0].Passage.Text, s.hits[0].Passage.prepared, s.hits[0].Lexical = text, nil, 20
		s.hits = append(s.hits, Hit{Passage: other, Similarity: 0.2})
		of := slices.IndexFunc(s.windows(), func(w window) bool { return w.hit == 1 })
		return s.confidence(s.windows()[of : of+1])
	}
	quotable, mute := confidence("山脚的砖塔由老何看守。"), confidence("山脚的砖塔由老何看守")
	if mute >= quotable/2 {
		t.Errorf("confidence is %v where the passage can be quoted, %v where it cannot", quotable, mute)
	}
}

func TestHeadlinesThatCannotBeQuotedLeaveTheConfidenceAsItIs(t *testing.T) {
	t.Parallel()
	s, windows := searchOfText("砖塔由谁看守？", "砖塔由谁看守\n老何一直在山脚。", 0.7)
	if got := s.sounding(windows); len(got) != len(s.hits) {
		t.Error("the passage that is quoted is left out, for its headline")
	}
}
