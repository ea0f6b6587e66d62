package eval

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"yinju/rag"
	"yinju/rag/draft"
	"yinju/rag/llm"
)

// Judge says what a text bears out. *rag.Writing does, by asking its model. A verdict beside an error is none.
type Judge interface {
	Supports(ctx context.Context, claim string, passages []draft.Passage) (verdict rag.Verdict, used llm.Usage, err error)
	Holds(ctx context.Context, question, point, text string) (verdict rag.Verdict, used llm.Usage, err error)
}

// Written is what the language model wrote for a question, and what holds of it.
type Written struct {
	Model      string              `json:"model"`
	Used       bool                `json:"used"` // the answer's text is the model's
	Why        rag.Reason          `json:"why"`  // it is not, or not to its end; ""
	Error      string              `json:"error,omitempty"`
	Sentences  []Sentence          `json:"sentences"`
	LeftOut    int                 `json:"left_out"` // sentences that nothing supported
	Dropped    map[draft.Fault]int `json:"dropped"`  // those, by each of their faults
	Lost       int                 `json:"lost_quotes"`
	Unknown    int                 `json:"unknown_handles"`
	Quotations int                 `json:"quotations"` // in the sentences; each side of an ellipsis is one
	Inline     int                 `json:"inline"`     // of these, those that stand in a citation
	Tokens     llm.Usage           `json:"tokens"`
}

// Sentence is one sentence of a written answer, and what its citations are worth.
type Sentence struct {
	Text      string        `json:"text"`
	LeadsOn   bool          `json:"leads_on"` // it says nothing itself, and is not counted
	Citations []int         `json:"citations"`
	Faults    []draft.Fault `json:"faults"`    // when it was written; of one that is marked
	Supported rag.Verdict   `json:"supported"` // by all its citations together; "" where it leads on
	Precise   []rag.Verdict `json:"precise"`   // of each citation: it is needed, or enough
}

// Judging is what a model was asked when it judged answers.
type Judging struct {
	Asked    int       `json:"asked"`
	Unjudged int       `json:"unjudged"`        // those that gave no yes or no: they are in no share
	Error    string    `json:"error,omitempty"` // the first of them that failed
	Tokens   llm.Usage `json:"tokens"`
}

// byWords judges without a model, by the words and numbers that texts have in common. It bounds what a reader would
// say and does not understand anything.
type byWords struct{ options draft.Options }

func (j byWords) Supports(_ context.Context, claim string, passages []draft.Passage) (rag.Verdict, llm.Usage, error) {
	return verdict(len(draft.Check(claim, passages, j.options)) == 0), llm.Usage{}, nil
}

func (j byWords) Holds(_ context.Context, _, point, text string) (rag.Verdict, llm.Usage, error) {
	return verdict(draft.Holds(text, point)), llm.Usage{}, nil
}

func verdict(is bool) rag.Verdict {
	if is {
		return rag.Yes
	}
	return rag.No
}

// bench is a judge whose questions are counted. A judge that fails has not judged: that ends nothing.
type bench struct {
	Judge
	judging Judging
}

// count takes a verdict down. The error is that of the context.
func (b *bench) count(ctx context.Context, v rag.Verdict, used llm.Usage, err error) (rag.Verdict, error) {
	b.judging.Asked++
	b.judging.Tokens = b.judging.Tokens.Plus(used)
	switch {
	case ctx.Err() != nil:
		return rag.Unjudged, context.Cause(ctx)
	case err != nil:
		b.judging.Error = cmp.Or(b.judging.Error, err.Error())
		v = rag.Unjudged
	}
	if v == rag.Unjudged {
		b.judging.Unjudged++
	}
	return v, nil
}

// weigh judges what was written of an answer, nil where no model is set.
func (b *bench) weigh(ctx context.Context, a *rag.Answer) (*Written, error) {
	if a.Written == nil {
		return nil, nil
	}
	w := &Written{
		Model: a.Written.Model, Used: a.Written.Used, Why: a.Written.Why, Error: a.Written.Error, Sentences: []Sentence{},
		LeftOut: a.Written.LeftOut, Dropped: a.Written.Dropped, Lost: a.Written.Lost, Unknown: a.Written.Unknown, Tokens: a.Written.Usage,
	}
	cited := make(map[int]draft.Passage, len(a.Citations))
	quotes := make([]string, len(a.Citations))
	for i, c := range a.Citations {
		cited[c.N], quotes[i] = c.Passage(), c.Quote.Text()
	}
	for _, s := range a.Written.Sentences {
		out := Sentence{Text: s.Text, LeadsOn: s.LeadsOn, Citations: s.Citations, Faults: s.Faults, Precise: []rag.Verdict{}}
		n, of := inline(s.Text, quotes)
		w.Inline, w.Quotations = w.Inline+n, w.Quotations+of
		if !s.LeadsOn {
			passages := make([]draft.Passage, len(s.Citations))
			for i, n := range s.Citations {
				passages[i] = cited[n]
			}
			var err error
			if out.Supported, out.Precise, err = b.sentence(ctx, s, passages); err != nil {
				return nil, err
			}
		}
		w.Sentences = append(w.Sentences, out)
	}
	return w, nil
}

// sentence judges a sentence as ALCE does (Gao et al. 2023, arXiv 2305.14627, section 3). It is recalled where its
// citations together support it. A citation is irrelevant where it does not support the sentence by itself and the
// others do without it; it is precise where it is not irrelevant and the sentence is recalled. So two citations of
// which either would do are both precise, and so are two that are needed together. A sentence that was marked as not
// supported, or cites nothing, is not recalled.
func (b *bench) sentence(ctx context.Context, s rag.WrittenSentence, cited []draft.Passage) (recalled rag.Verdict, precise []rag.Verdict, err error) {
	known := map[string]rag.Verdict{} // with two citations, each alone is the rest of the other
	ask := func(some []draft.Passage) (rag.Verdict, error) {
		key := fmt.Sprintf("%q", some)
		if v, ok := known[key]; ok {
			return v, nil
		}
		v, used, err := b.Supports(ctx, s.Text, some)
		v, err = b.count(ctx, v, used, err)
		known[key] = v
		return v, err
	}
	precise = make([]rag.Verdict, len(cited))
	recalled = rag.No
	if len(s.Faults) == 0 && len(cited) > 0 {
		if recalled, err = ask(cited); err != nil {
			return recalled, precise, err
		}
	}
	for i := range cited {
		precise[i] = recalled
		if recalled != rag.Yes {
			continue
		}
		if precise[i], err = ask(cited[i : i+1]); err != nil {
			return recalled, precise, err
		}
		if precise[i] != rag.No {
			continue
		}
		rest, err := ask(slices.Delete(slices.Clone(cited), i, i+1))
		if err != nil {
			return recalled, precise, err
		}
		precise[i] = not(rest)
	}
	return recalled, precise, nil
}

func not(v rag.Verdict) rag.Verdict {
	switch v {
	case rag.Yes:
		return rag.No
	case rag.No:
		return rag.Yes
	case rag.Unjudged:
	}
	return v
}

// inline counts the quotations in a sentence, and those that stand in one of the quotes cited, white space aside.
func inline(sentence string, quotes []string) (n, of int) {
	for _, quotation := range draft.Quotations(sentence) {
		of++
		n += one(slices.ContainsFunc(quotes, func(quote string) bool {
			return strings.Contains(withoutSpace(quote), withoutSpace(quotation))
		}))
	}
	return n, of
}

func withoutSpace(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// points judges which key points of a question its answer says: what the model wrote, or the quotes where these are
// all. An answer that is a refusal says none.
func (b *bench) points(ctx context.Context, q Question, a *rag.Answer) (held []rag.Verdict, err error) {
	held = make([]rag.Verdict, len(q.KeyPoints))
	text := said(a)
	for i, point := range q.KeyPoints {
		if held[i] = rag.No; a.Status != rag.Answered {
			continue
		}
		v, used, err := b.Holds(ctx, q.Question, point, text)
		if held[i], err = b.count(ctx, v, used, err); err != nil {
			return held, err
		}
	}
	return held, nil
}

// said is what an answer says, without the numbers of citations and what the program says about it.
func said(a *rag.Answer) string {
	var lines []string
	if a.Written != nil && a.Written.Used {
		for _, s := range a.Written.Sentences {
			lines = append(lines, s.Text)
		}
	} else {
		for _, c := range a.Citations {
			lines = append(lines, c.Quote.Text())
		}
	}
	return strings.Join(lines, "\n")
}

// Model is what a language model did for all questions.
type Model struct {
	Name    string              `json:"name"`
	WhyNot  map[rag.Reason]int  `json:"why_not"` // questions whose text is not, or not to its end, the model's
	Dropped map[draft.Fault]int `json:"dropped"` // sentences left out, by each of their faults
	Lost    int                 `json:"lost_quotes"`
	Unknown int                 `json:"unknown_handles"`
	Error   string              `json:"error,omitempty"` // the first of a call that failed
	Tokens  llm.Usage           `json:"tokens"`          // without those of judging
	Judging *Judging            `json:"judging"`         // nil: judged by words
}

// newModel adds up what the model did, nil where none took part.
func newModel(outcomes []Outcome) *Model {
	var m *Model
	for i := range outcomes {
		w := outcomes[i].Written
		if w == nil {
			continue
		}
		if m == nil {
			m = &Model{Name: w.Model, WhyNot: map[rag.Reason]int{}, Dropped: map[draft.Fault]int{}}
		}
		if w.Why != "" {
			m.WhyNot[w.Why]++
		}
		for fault, n := range w.Dropped {
			m.Dropped[fault] += n
		}
		m.Lost, m.Unknown, m.Tokens = m.Lost+w.Lost, m.Unknown+w.Unknown, m.Tokens.Plus(w.Tokens)
		m.Error = cmp.Or(m.Error, w.Error)
	}
	return m
}

// Measures of what a model wrote, and of key points.

func ofWritten(count func(w *Written) (n, of int)) func(o *Outcome) (n, of int) {
	return func(o *Outcome) (n, of int) {
		if o.Written == nil {
			return 0, 0
		}
		return count(o.Written)
	}
}

// recalled counts the sentences that say something, as far as they are judged.
func recalled(w *Written) (n, of int) {
	for _, s := range w.Sentences {
		if !s.LeadsOn {
			n, of = n+one(s.Supported == rag.Yes), of+one(s.Supported != rag.Unjudged)
		}
	}
	return n, of
}

func precise(w *Written) (n, of int) {
	for _, s := range w.Sentences {
		for _, v := range s.Precise {
			n, of = n+one(v == rag.Yes), of+one(v != rag.Unjudged)
		}
	}
	return n, of
}

// supported counts the sentences that the model wrote, those left out, too.
func supported(w *Written) (n, of int) {
	for _, s := range w.Sentences {
		if !s.LeadsOn {
			n, of = n+one(len(s.Faults) == 0), of+1
		}
	}
	return n, of + w.LeftOut
}

func heldPoints(o *Outcome) (n, of int) {
	if !o.Answerable {
		return 0, 0
	}
	for _, v := range o.Held {
		n, of = n+one(v == rag.Yes), of+one(v != rag.Unjudged)
	}
	return n, of
}
