package eval_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"yinju/rag"
	"yinju/rag/eval"
)

// with is an answerable question, answered from .5 on, whose evidence is in the passage of that rank and in the
// first quote.
func with(confidence float64, rank int) eval.Outcome {
	o := without("fact", confidence)
	o.Answerable, o.Rank, o.EvidenceAt, o.RightArticle = true, rank, 1, true
	return o
}

// without is a question that the corpus does not answer.
func without(kind string, confidence float64) eval.Outcome {
	o := eval.Outcome{Question: eval.Question{Type: kind}, Status: rag.Related, Confidence: confidence, TookMS: 100 * confidence}
	if confidence >= 0.5 {
		o.Status = rag.Answered
	}
	return o
}

func TestReportCountsEachMeasureOverItsOwnQuestions(t *testing.T) {
	t.Parallel()
	late := with(0.8, 4)
	late.EvidenceAt, late.RightArticle = 3, false
	none := with(0.7, 0)
	none.EvidenceAt = 0
	refused := with(0.4, 1) // its quotes would do, but it is not said to be answered
	wrong := without("near-miss", 0.6)
	wrong.Quotes = []eval.Quoted{{Verbatim: true}, {Verbatim: false}, {Verbatim: true}}
	r := eval.NewReport([]eval.Outcome{with(0.9, 1), late, none, refused, wrong, without("near-miss", 0.3), without("unanswerable", 0.1)})
	for name, want := range map[string]float64{
		"hit@1": 2. / 4, "hit@3": 2. / 4, "hit@5": 3. / 4, "hit@10": 3. / 4, "mrr@10": (1 + 0.25 + 1) / 4,
		"evidence": 2. / 4, "evidence@1": 1. / 4, "article": 2. / 4, "answered": 3. / 4, "false_refusals": 1. / 4,
		"refused": 2. / 3, "refused/near-miss": 1. / 2, "refused/unanswerable": 1, "verbatim": 2. / 3,
		"auc": 11. / 12, "auc/near-miss": 7. / 8, "auc/unanswerable": 1, "evidence/fact": 2. / 4,
	} {
		if got, ok := r.Value(name); !ok || math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v, %v; want %v", name, got, ok, want)
		}
	}
	for _, name := range []string{"refused/fact", "auc/fact", "hit@1/near-miss", "mrr@10/near-miss", "verbatim/fact", "hit@1/none"} {
		if got, ok := r.Value(name); ok {
			t.Errorf("%s is %v, there is nothing to measure", name, got)
		}
	}
	if l := r.All.Latency; math.Abs(l.P50-60) > 1e-9 || math.Abs(l.P95-90) > 1e-9 {
		t.Errorf("latency %+v, want 60 and 90", l)
	}
	var failed []bool
	for i := range r.Outcomes {
		failed = append(failed, r.Outcomes[i].Failed())
	}
	if want := []bool{false, false, true, true, true, false, false}; !slices.Equal(failed, want) {
		t.Errorf("failed %v, want %v", failed, want)
	}
}

// Intervals as tables of Wilson's have them.
func TestSharesHaveWilsonsInterval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, of     int
		low, high float64
	}{{5, 10, 0.2366, 0.7634}, {0, 10, 0, 0.2775}, {10, 10, 0.7225, 1}, {1, 1, 0.2065, 1}, {81, 263, 0.2553, 0.3662}} {
		outcomes := make([]eval.Outcome, c.of)
		for i := range outcomes {
			outcomes[i] = with(0.4, 0)
			if i < c.n {
				outcomes[i].Status = rag.Answered
			}
		}
		s := eval.NewReport(outcomes).All.Shares[eval.AnsweredShare]
		if s.N != c.n || s.Of != c.of || math.Abs(s.Low-c.low) > 5e-5 || math.Abs(s.High-c.high) > 5e-5 {
			t.Errorf("%d of %d: %+v, want %v to %v", c.n, c.of, s, c.low, c.high)
		}
	}
}

func TestTheRefusalCurveRisesFromNoneToAll(t *testing.T) {
	t.Parallel()
	r := eval.NewReport([]eval.Outcome{with(0.6, 1), with(0.4, 1), without("near-miss", 0.5), without("unanswerable", 0.2), without("near-miss", 0.5)})
	first, last := r.Curve[0], r.Curve[len(r.Curve)-1]
	if first.FalseRefusals != 0 || first.Refused["near-miss"] != 0 || last.FalseRefusals != 1 || last.Refused["near-miss"] != 1 || last.Refused["unanswerable"] != 1 {
		t.Errorf("from %+v to %+v", first, last)
	}
	i := slices.IndexFunc(r.Curve, func(p eval.CurvePoint) bool { return p.Threshold == 0.6 })
	if p := r.Curve[i]; p.FalseRefusals != 0.5 || p.Refused["near-miss"] != 1 {
		t.Errorf("at .6: %+v", p)
	}
	if n := len(r.Curve); n != 6 {
		t.Errorf("%d points, want one for each of 0, .2, .4, .5, .6 and 1", n)
	}
}

func TestReliabilityComparesConfidenceWithWhatIsAnswerable(t *testing.T) {
	t.Parallel()
	r := eval.NewReport([]eval.Outcome{with(0.62, 1), without("near-miss", 0.68), with(1, 1), without("unanswerable", 0)})
	if len(r.Reliability) != 3 {
		t.Fatalf("got %+v", r.Reliability)
	}
	b := r.Reliability[1]
	if b.From != 0.6 || math.Abs(b.Confidence-0.65) > 1e-12 || b.Answerable.N != 1 || b.Answerable.Of != 2 || r.Reliability[2].Answerable.Share != 1 {
		t.Errorf("got %+v", r.Reliability)
	}
}

// spread gives n outcomes whose confidences lie evenly from low to high.
func spread(n int, low, high float64, of func(confidence float64) eval.Outcome) []eval.Outcome {
	var out []eval.Outcome
	for i := range n {
		out = append(out, of(low+(high-low)*float64(i)/float64(n-1)))
	}
	return out
}

func mixed(nearMisses float64) []eval.Outcome {
	return slices.Concat(
		spread(60, 0.55, 0.95, func(c float64) eval.Outcome { return with(c, 1) }),
		spread(12, 0.30, nearMisses, func(c float64) eval.Outcome { return without("near-miss", c) }),
		spread(12, 0.05, 0.25, func(c float64) eval.Outcome { return without("unanswerable", c) }),
	)
}

func TestCalibrateFindsTheGapBetweenQuestionsWithAnswerAndWithout(t *testing.T) {
	t.Parallel()
	c, err := eval.Calibrate(mixed(0.45), rag.Thresholds{Answered: 0.9, Related: 0.6}, eval.MaxFalseRefusals)
	if err != nil {
		t.Fatal(err)
	}
	if c.New.Answered <= 0.45 || c.New.Answered > 0.55 || c.New.Related != c.New.Answered || c.Questions != 84 {
		t.Errorf("got %+v", c.New)
	}
	for name, e := range map[string]eval.Effect{"after": c.After, "cross-validated": c.CrossValidated} {
		if e.Answered.N != 60 || e.Refused["near-miss"].N != 12 || e.Refused["unanswerable"].Of != 12 {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if c.Before.Answered.N > 10 || c.Before.Refused["near-miss"].N != 12 {
		t.Errorf("before: %+v", c.Before)
	}
	again, err := eval.Calibrate(mixed(0.45), rag.Thresholds{Answered: 0.9, Related: 0.6}, eval.MaxFalseRefusals)
	if err != nil || again.New != c.New {
		t.Errorf("the same questions give %+v, then %+v; %v", c.New, again.New, err)
	}
}

// Near misses that overlap must not cost more answers than allowed.
func TestCalibrateRefusesNoMoreThanAllowed(t *testing.T) {
	t.Parallel()
	for _, most := range []float64{0, 0.05, 0.10, 0.5} {
		c, err := eval.Calibrate(mixed(0.99), rag.DefaultThresholds, most)
		if err != nil {
			t.Fatal(err)
		}
		if refused := 1 - c.After.Answered.Share; refused > most+1e-9 || c.New.Check() != nil {
			t.Errorf("at most %v may be refused, %v are by %+v", most, refused, c.New)
		}
	}
}

// One odd question moves the threshold little.
func TestCalibrateIsNotSetByASingleQuestion(t *testing.T) {
	t.Parallel()
	plain, err := eval.Calibrate(mixed(0.45), rag.DefaultThresholds, eval.MaxFalseRefusals)
	if err != nil {
		t.Fatal(err)
	}
	odd, err := eval.Calibrate(append(mixed(0.45), with(0.2, 1), without("near-miss", 0.9)), rag.DefaultThresholds, eval.MaxFalseRefusals)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(odd.New.Answered-plain.New.Answered) > 0.03 {
		t.Errorf("%v without, %v with", plain.New.Answered, odd.New.Answered)
	}
}

func TestCalibrateSaysHowManyQuestionsItNeeds(t *testing.T) {
	t.Parallel()
	few := append(spread(19, 0.5, 0.9, func(c float64) eval.Outcome { return with(c, 1) }), spread(10, 0.1, 0.4, func(c float64) eval.Outcome { return without("near-miss", c) })...)
	if _, err := eval.Calibrate(few, rag.DefaultThresholds, 0.07); !isTooFew(err, 19, 10) {
		t.Errorf("19 and 10: %v", err)
	}
	if _, err := eval.Calibrate(append(few[:28:28], with(0.7, 1)), rag.DefaultThresholds, 0.07); !isTooFew(err, 20, 9) {
		t.Errorf("20 and 9: %v", err)
	}
	if _, err := eval.Calibrate(append(few, with(0.7, 1)), rag.DefaultThresholds, 0.07); err != nil {
		t.Errorf("20 and 10: %v", err)
	}
}

func isTooFew(err error, answerable, unanswerable int) bool {
	few, ok := errors.AsType[*eval.TooFewError](err)
	return ok && few.Answerable == answerable && few.Unanswerable == unanswerable
}
