package eval

import (
	"math"
	"slices"
	"strings"

	"yinju/rag"
)

// Report is what was measured.
type Report struct {
	Thresholds  rag.Thresholds `json:"thresholds"` // in use when the questions were asked
	Fitted      bool           `json:"fitted"`     // they were fitted, and are not the program's own
	All         Group          `json:"all"`
	Types       []Group        `json:"types"`         // by type of question, in the order of the questions
	Curve       []CurvePoint   `json:"refusal_curve"` // thresholds rising
	Reliability []Bin          `json:"reliability"`   // confidence rising
	Missing     []string       `json:"missing"`       // article ids of evidence whose file is not in the store
	Outcomes    []Outcome      `json:"questions"`
	Calibration *Calibration   `json:"calibration"` // nil unless one was asked for
	Model       *Model         `json:"model"`       // nil: answers were quotes alone
}

// Group is the figures of questions of one type, or of all.
type Group struct {
	Type      string             `json:"type"` // "" for all
	Questions int                `json:"questions"`
	Shares    map[string]Share   `json:"shares"` // by name of the measure, those of which there is anything to count
	Scores    map[string]float64 `json:"scores"` // mrr@10 and auc, as far as there is anything to reckon them from
	Latency   Latency            `json:"latency_ms"`
}

// Share is a share with its 95% interval after Wilson.
type Share struct {
	N     int     `json:"n"`
	Of    int     `json:"of"`
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Latency is how long answers took, in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
}

// Names of measures.
const (
	HitAt1        = "hit@1" // of answerable questions: evidence is in the first passage
	HitAt3        = "hit@3"
	HitAt5        = "hit@5"
	HitAt10       = "hit@10"
	EvidenceFound = "evidence"           // answered, with evidence in one of the first three quotes
	EvidenceFirst = "evidence@1"         // answered, with evidence in the first quote
	RightArticle  = "article"            // answered, first from an article that holds evidence
	AnsweredShare = "answered"           // of answerable questions
	FalseRefusals = "false_refusals"     // of answerable questions
	RefusedShare  = "refused"            // of the others
	Verbatim      = "verbatim"           // of quotes: it stands in its file
	KeyPoints     = "key_points"         // of key points of answerable questions: the answer says it
	WrittenShare  = "written"            // of answered questions: the text is the model's
	SupportShare  = "support"            // of sentences that the model wrote: it held when it was written
	CitesRecall   = "citation_recall"    // of sentences of written answers: its citations together support it
	CitesPrecise  = "citation_precision" // of citations of sentences: it is not irrelevant
	Inline        = "inline"             // of quotations in written answers: it stands in a citation
	MRR           = "mrr@10"             // of answerable questions: mean reciprocal rank of the first passage with evidence
	AUC           = "auc"                // how often an answerable question has more confidence than another
)

// measure counts what a question adds to a share.
type measure struct {
	name  string
	count func(o *Outcome) (n, of int)
}

var measures = []measure{
	{HitAt1, hitAt(1)},
	{HitAt3, hitAt(3)},
	{HitAt5, hitAt(5)},
	{HitAt10, hitAt(10)},
	{EvidenceFound, answerable(func(o *Outcome) bool { return o.answered() && o.EvidenceAt > 0 })},
	{EvidenceFirst, answerable(func(o *Outcome) bool { return o.answered() && o.EvidenceAt == 1 })},
	{RightArticle, answerable(func(o *Outcome) bool { return o.answered() && o.RightArticle })},
	{AnsweredShare, answerable((*Outcome).answered)},
	{FalseRefusals, answerable(func(o *Outcome) bool { return !o.answered() })},
	{RefusedShare, func(o *Outcome) (n, of int) { return one(!o.answered()), one(!o.Answerable) }},
	{Verbatim, func(o *Outcome) (n, of int) {
		for _, q := range o.Quotes {
			n += one(q.Verbatim)
		}
		return n, len(o.Quotes)
	}},
	{KeyPoints, heldPoints},
	{WrittenShare, func(o *Outcome) (n, of int) {
		return one(o.Written != nil && o.Written.Used), one(o.Written != nil && o.answered())
	}},
	{SupportShare, ofWritten(supported)},
	{CitesRecall, ofWritten(recalled)},
	{CitesPrecise, ofWritten(precise)},
	{Inline, ofWritten(func(w *Written) (n, of int) { return w.Inline, w.Quotations })},
}

func hitAt(k int) func(*Outcome) (n, of int) {
	return answerable(func(o *Outcome) bool { return o.Rank > 0 && o.Rank <= k })
}

func answerable(is func(*Outcome) bool) func(*Outcome) (n, of int) {
	return func(o *Outcome) (n, of int) { return one(is(o)), one(o.Answerable) }
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

func (o *Outcome) answered() bool { return o.Status == rag.Answered }

// Failed says whether a person would want to look at the question: it was not answered with evidence, or not
// refused, a quote does not stand in its file, or a quotation in a written text stands in no quote.
func (o *Outcome) Failed() bool {
	good := !o.answered()
	if o.Answerable {
		good = o.answered() && o.EvidenceAt > 0
	}
	return !good || o.Written != nil && o.Written.Inline < o.Written.Quotations || slices.ContainsFunc(o.Quotes, func(q Quoted) bool { return !q.Verbatim })
}

// Measures are the names of all measures, in the order in which they are shown.
func Measures() []string {
	var names []string
	for _, m := range measures {
		names = append(names, m.name)
	}
	return append(names, MRR, AUC)
}

// NewReport reckons the figures.
func NewReport(outcomes []Outcome) Report {
	r := Report{
		All: newGroup("", outcomes, outcomes), Types: []Group{}, Missing: []string{},
		Curve: curve(outcomes), Reliability: reliability(outcomes), Outcomes: outcomes,
		Model: newModel(outcomes),
	}
	for _, name := range types(outcomes) {
		r.Types = append(r.Types, newGroup(name, only(outcomes, func(o *Outcome) bool { return o.Type == name }), outcomes))
	}
	return r
}

// types are the types of questions, as they come.
func types(outcomes []Outcome) []string {
	var names []string
	for i := range outcomes {
		if !slices.Contains(names, outcomes[i].Type) {
			names = append(names, outcomes[i].Type)
		}
	}
	return names
}

func only(outcomes []Outcome, is func(*Outcome) bool) []Outcome {
	var some []Outcome
	for i := range outcomes {
		if is(&outcomes[i]) {
			some = append(some, outcomes[i])
		}
	}
	return some
}

// newGroup has the figures of some outcomes. Refusals among them are compared with all answerable questions.
func newGroup(name string, some, all []Outcome) Group {
	g := Group{Type: name, Questions: len(some), Shares: map[string]Share{}, Scores: map[string]float64{}, Latency: latency(some)}
	for _, m := range measures {
		var n, of int
		for i := range some {
			if x, y := m.count(&some[i]); y > 0 {
				n, of = n+x, of+y
			}
		}
		if of > 0 {
			g.Shares[m.name] = newShare(n, of)
		}
	}
	if with := only(some, func(o *Outcome) bool { return o.Answerable }); len(with) > 0 {
		for _, o := range with {
			if o.Rank > 0 {
				g.Scores[MRR] += 1 / float64(o.Rank) / float64(len(with))
			}
		}
	}
	if area, ok := auc(all, some); ok {
		g.Scores[AUC] = area
	}
	return g
}

// newShare reckons a share of something and its interval.
func newShare(n, of int) Share {
	const z = 1.959964 // 95 in 100 of a normal distribution lie within so many deviations
	p, count := float64(n)/float64(of), float64(of)
	middle := (p + z*z/(2*count)) / (1 + z*z/count)
	half := z / (1 + z*z/count) * math.Sqrt(p*(1-p)/count+z*z/(4*count*count))
	return Share{N: n, Of: of, Share: p, Low: max(0, middle-half), High: min(1, middle+half)}
}

func latency(outcomes []Outcome) Latency {
	took := make([]float64, len(outcomes))
	for i, o := range outcomes {
		took[i] = o.TookMS
	}
	slices.Sort(took)
	return Latency{P50: quantile(took, 0.5), P95: quantile(took, 0.95)}
}

// quantile is the smallest of sorted values that a share of them does not exceed; 0 of none.
func quantile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, int(math.Ceil(share*float64(len(sorted))))-1)]
}

// Value is the figure of a name: that of a measure for all questions, or measure/type for one type of them.
func (r *Report) Value(name string) (value float64, ok bool) {
	measure, kind, ofType := strings.Cut(name, "/")
	group := r.All
	if ofType {
		i := slices.IndexFunc(r.Types, func(g Group) bool { return g.Type == kind })
		if i < 0 {
			return 0, false
		}
		group = r.Types[i]
	}
	if share, ok := group.Shares[measure]; ok {
		return share.Share, true
	}
	value, ok = group.Scores[measure]
	return value, ok
}
