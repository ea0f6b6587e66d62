package eval_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"yinju/rag"
	"yinju/rag/draft"
	"yinju/rag/eval"
	"yinju/rag/llm"
)

// writer gives the answers of another asker, and what a model is meant to have written for each question.
type writer struct {
	eval.Asker
	written map[string]*rag.Written
}

func (w writer) Ask(ctx context.Context, question string) (rag.Answer, error) {
	a, err := w.Asker.Ask(ctx, question)
	a.Written = w.written[question]
	if a.Written != nil && a.Written.Why == rag.NoAnswer {
		a.Status = rag.Related
	}
	return a, err
}

const (
	whoKey    = `{"id": "who", "type": "fact", "question": "赵州桥由谁设计建造？", "answerable": true, "key_points": ["李春", "1937年"], "evidence": [{"article_id": "001-00", "quote": "赵州桥由隋代工匠李春设计建造", "start_line": 1, "end_line": 1}]}`
	bridgeKey = `{"id": "bridge", "type": "fact", "question": "钱塘江大桥由谁主持设计？", "answerable": true, "key_points": ["茅以升"], "evidence": [{"article_id": "001-00", "quote": "钱塘江大桥由茅以升主持设计", "start_line": 3, "end_line": 3}]}`
)

func TestRunWeighsWhatWasWritten(t *testing.T) {
	t.Parallel()
	job, _ := bridges(t)
	job.Asker = writer{job.Asker, map[string]*rag.Written{
		"赵州桥由谁设计建造？": {
			Model: "m1", Used: true, LeftOut: 1, Dropped: map[draft.Fault]int{draft.Number: 1, draft.Name: 1}, Lost: 2, Unknown: 3,
			Usage: llm.Usage{Prompt: 100, Completion: 20, Calls: 1, Cost: 0.5},
			Sentences: []rag.WrittenSentence{
				{Text: "主要有两点：", LeadsOn: true},
				{Text: "文中说“李春设计建造”赵州桥。", Citations: []int{1}},
				{Text: "赵州桥建于元代。", Faults: []draft.Fault{draft.Name}},
			},
		},
		"钱塘江大桥由谁主持设计？": {
			Model: "m1", Why: rag.NoAnswer, Dropped: map[draft.Fault]int{}, Usage: llm.Usage{Prompt: 50, Completion: 5, Calls: 2, Estimated: true},
		},
		"轮胎如何充气？": {Model: "m1", Dropped: map[draft.Fault]int{}, Error: "down"},
	}}
	r, err := job.Run(t.Context(), questions(t, whoKey, bridgeKey, tyres))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]eval.Share{
		eval.CitesRecall: {N: 1, Of: 2}, eval.CitesPrecise: {N: 1, Of: 1}, eval.SupportShare: {N: 1, Of: 3}, eval.WrittenShare: {N: 1, Of: 1},
		eval.KeyPoints: {N: 1, Of: 3}, eval.Inline: {N: 1, Of: 1}, eval.AnsweredShare: {N: 1, Of: 2}, eval.RefusedShare: {N: 1, Of: 1},
	} {
		if got := r.All.Shares[name]; got.N != want.N || got.Of != want.Of {
			t.Errorf("%s: %d of %d, want %d of %d", name, got.N, got.Of, want.N, want.Of)
		}
	}
	m := r.Model
	if m == nil || m.Name != "m1" || m.Lost != 2 || m.Unknown != 3 || m.WhyNot[rag.NoAnswer] != 1 || m.Dropped[draft.Name] != 1 || m.Error != "down" || m.Judging != nil {
		t.Errorf("model %+v", m)
	}
	if want := (llm.Usage{Prompt: 150, Completion: 25, Calls: 3, Cost: 0.5, Estimated: true}); m.Tokens != want {
		t.Errorf("tokens %+v, want %+v", m.Tokens, want)
	}
	if held := r.Outcomes[0].Held; !slices.Equal(held, []rag.Verdict{rag.Yes, rag.No}) {
		t.Errorf("key points %v", held)
	}
}

// Without a model there is nothing of one, but key points are looked for in the quotes.
func TestRunWithoutAModelLooksForKeyPointsInQuotes(t *testing.T) {
	t.Parallel()
	job, _ := bridges(t)
	r, err := job.Run(t.Context(), questions(t, whoKey, bridgeKey, tyres))
	if err != nil {
		t.Fatal(err)
	}
	if s := r.All.Shares[eval.KeyPoints]; s.N < 2 || s.Of != 3 {
		t.Errorf("key points %+v", s)
	}
	if r.Model != nil || r.Outcomes[0].Written != nil {
		t.Errorf("%+v, %+v", r.Model, r.Outcomes[0].Written)
	}
	for _, name := range []string{eval.CitesRecall, eval.CitesPrecise, eval.SupportShare, eval.WrittenShare, eval.Inline} {
		if got, ok := r.Value(name); ok {
			t.Errorf("%s is %v, there is nothing to measure", name, got)
		}
	}
}

// agreeable is a judge that says yes, but of what it does not know.
type agreeable struct{ unknown string }

func (j agreeable) Supports(_ context.Context, claim string, _ []draft.Passage) (rag.Verdict, llm.Usage, error) {
	if strings.Contains(claim, j.unknown) {
		return rag.Unjudged, llm.Usage{Calls: 1}, nil
	}
	return rag.Yes, llm.Usage{Calls: 1}, nil
}

func (j agreeable) Holds(context.Context, string, string, string) (rag.Verdict, llm.Usage, error) {
	return rag.Yes, llm.Usage{Calls: 1}, nil
}

func TestAJudgeDecidesInsteadOfWords(t *testing.T) {
	t.Parallel()
	job, _ := bridges(t)
	job.Asker = writer{job.Asker, map[string]*rag.Written{"赵州桥由谁设计建造？": {
		Used: true, Sentences: []rag.WrittenSentence{{Text: "月亮离地球很远很远。", Citations: []int{1}}, {Text: "太阳也很远。", Citations: []int{1}}},
	}}}
	job.Judge = agreeable{"太阳"}
	r, err := job.Run(t.Context(), questions(t, whoKey))
	if err != nil {
		t.Fatal(err)
	}
	recall, precise, points := r.All.Shares[eval.CitesRecall], r.All.Shares[eval.CitesPrecise], r.All.Shares[eval.KeyPoints]
	if recall.N != 1 || recall.Of != 1 || precise.Of != 1 || points.N != 2 {
		t.Errorf("recall %+v, precision %+v, key points %+v", recall, precise, points)
	}
	if j := r.Model.Judging; j == nil || j.Asked != 4 || j.Unjudged != 1 || j.Tokens.Calls != 4 {
		t.Errorf("judging %+v", j)
	}
}

// A quotation in a written text that no quote has is a broken law, and its question is shown.
func TestAnInventedQuotationIsAFailure(t *testing.T) {
	t.Parallel()
	o := with(0.9, 1)
	o.Written = &eval.Written{Used: true, Quotations: 2, Inline: 1}
	r := eval.NewReport([]eval.Outcome{o, with(0.9, 1)})
	if got, ok := r.Value("inline/fact"); !ok || math.Abs(got-0.5) > 1e-12 || !r.Outcomes[0].Failed() || r.Outcomes[1].Failed() {
		t.Errorf("inline %v, %v; failed %v, %v", got, ok, r.Outcomes[0].Failed(), r.Outcomes[1].Failed())
	}
}
