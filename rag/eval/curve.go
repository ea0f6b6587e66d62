package eval

import "slices"

// CurvePoint is what a threshold would do: refuse every question whose confidence is below it.
type CurvePoint struct {
	Threshold     float64            `json:"threshold"`
	FalseRefusals float64            `json:"false_refusals"` // share of answerable questions
	Refused       map[string]float64 `json:"refused"`        // share of the others, by type
}

// curve is one point for each threshold that makes a difference, from none refused to all.
func curve(outcomes []Outcome) []CurvePoint {
	thresholds := []float64{0, 1}
	for _, o := range outcomes {
		thresholds = append(thresholds, o.Confidence)
	}
	slices.Sort(thresholds)
	groups := byAnswer(outcomes)
	with := groups[answerableGroup]
	delete(groups, answerableGroup)
	points := []CurvePoint{}
	for _, t := range slices.Compact(thresholds) {
		p := CurvePoint{Threshold: t, FalseRefusals: below(with, t), Refused: map[string]float64{}}
		for name, confidences := range groups {
			p.Refused[name] = below(confidences, t)
		}
		points = append(points, p)
	}
	return points
}

// answerableGroup is what byAnswer calls the answerable questions.
const answerableGroup = ""

// byAnswer are the confidences of answerable questions, and of the others by type, each sorted.
func byAnswer(outcomes []Outcome) map[string][]float64 {
	groups := map[string][]float64{}
	for _, o := range outcomes {
		name := o.Type
		if o.Answerable {
			name = answerableGroup
		}
		groups[name] = append(groups[name], o.Confidence)
	}
	for _, confidences := range groups {
		slices.Sort(confidences)
	}
	return groups
}

// below is the share of sorted values that are less than a threshold, 0 of none.
func below(sorted []float64, threshold float64) float64 {
	n, _ := slices.BinarySearch(sorted, threshold)
	return float64(n) / float64(max(1, len(sorted)))
}

// auc is how often an answerable question of all has more confidence than one of some that is not; equal
// ones count half.
func auc(all, some []Outcome) (area float64, ok bool) {
	with := byAnswer(all)[answerableGroup]
	without := only(some, func(o *Outcome) bool { return !o.Answerable })
	if len(with) == 0 || len(without) == 0 {
		return 0, false
	}
	for _, o := range without {
		less, _ := slices.BinarySearch(with, o.Confidence)
		upTo, _ := slices.BinarySearchFunc(with, o.Confidence, func(have, want float64) int {
			if have <= want {
				return -1
			}
			return 1
		})
		area += float64(len(with)-upTo) + float64(upTo-less)/2
	}
	return area / float64(len(with)*len(without)), true
}

// Bin is questions of about one confidence: where confidence means what it says, its mean is the share of
// them that the corpus answers.
type Bin struct {
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	Confidence float64 `json:"confidence"` // their mean
	Answerable Share   `json:"answerable"`
}

// bins is how many there are.
const bins = 10

// reliability has the bins that hold questions.
func reliability(outcomes []Outcome) []Bin {
	out := []Bin{}
	for i := range bins {
		in := only(outcomes, func(o *Outcome) bool { return min(int(o.Confidence*bins), bins-1) == i })
		if len(in) == 0 {
			continue
		}
		b := Bin{From: float64(i) / bins, To: float64(i+1) / bins}
		answerable := 0
		for _, o := range in {
			b.Confidence += o.Confidence / float64(len(in))
			answerable += one(o.Answerable)
		}
		b.Answerable = newShare(answerable, len(in))
		out = append(out, b)
	}
	return out
}
