package eval

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"yinju/rag"
)

// MaxFalseRefusals is the share of answerable questions that a fit may refuse where nothing else is said.
const MaxFalseRefusals = 0.07

// The fewest questions that thresholds are fitted to.
const (
	minAnswerable   = 20
	minUnanswerable = 10
)

// How a fit is smoothed and checked.
const (
	resamples = 200
	folds     = 5
	seed      = 20261122 // the same questions give the same thresholds
)

// TooFewError says that there are not enough questions to fit thresholds to.
type TooFewError struct{ Answerable, Unanswerable int }

func (e *TooFewError) Error() string {
	return fmt.Sprintf("%d answerable questions and %d others are too few to fit thresholds to: at least %d and %d are needed",
		e.Answerable, e.Unanswerable, minAnswerable, minUnanswerable)
}

// Calibration is thresholds that were fitted to questions, and what they do.
type Calibration struct {
	Old            rag.Thresholds `json:"old"`
	New            rag.Thresholds `json:"new"`
	Questions      int            `json:"questions"`
	Before         Effect         `json:"before"`          // of the old ones
	After          Effect         `json:"after"`           // of the new ones, on the questions that they were fitted to
	CrossValidated Effect         `json:"cross_validated"` // on each fold, of those fitted to the others
}

// Effect is what thresholds do to questions.
type Effect struct {
	Answered Share            `json:"answered"` // of answerable questions
	Refused  map[string]Share `json:"refused"`  // of the others, by type
}

// Calibrate fits the threshold of answering to outcomes, such that it tells answerable questions from the others
// best while it refuses at most a share of the answerable ones. The threshold of being related stays, unless it
// would be the higher one. The error is *TooFewError.
func Calibrate(outcomes []Outcome, old rag.Thresholds, maxFalseRefusals float64) (*Calibration, error) {
	groups := byAnswer(outcomes)
	if with := len(groups[answerableGroup]); with < minAnswerable || len(outcomes)-with < minUnanswerable {
		return nil, &TooFewError{Answerable: with, Unanswerable: len(outcomes) - with}
	}
	answered := fit(groups, maxFalseRefusals)
	return &Calibration{
		Old: old, New: rag.Thresholds{Answered: answered, Related: min(old.Related, answered)}, Questions: len(outcomes),
		Before: tally{}.add(groups, old.Answered).effect(), After: tally{}.add(groups, answered).effect(),
		CrossValidated: crossValidate(groups, maxFalseRefusals),
	}, nil
}

// fit is the mean of the best thresholds of resamples, so that no single question sets it, but no more than
// refuses the share of the answerable questions that may be.
func fit(groups map[string][]float64, maxFalseRefusals float64) float64 {
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // it has to be the same every time
	mean := 0.0
	for range resamples {
		mean += best(resample(groups, random), maxFalseRefusals) / resamples
	}
	return min(mean, ceiling(groups[answerableGroup], maxFalseRefusals))
}

// resample draws as many of each group as it has.
func resample(groups map[string][]float64, random *rand.Rand) map[string][]float64 {
	drawn := map[string][]float64{}
	for _, name := range slices.Sorted(maps.Keys(groups)) { // in one order, for the same draws
		for range groups[name] {
			drawn[name] = append(drawn[name], groups[name][random.IntN(len(groups[name]))])
		}
		slices.Sort(drawn[name])
	}
	return drawn
}

// best is the middle of the thresholds that have the greatest balanced accuracy: the mean of the share answered
// of answerable questions and the share refused of the others, each type of which weighs the same.
func best(groups map[string][]float64, maxFalseRefusals float64) float64 {
	values := []float64{0, 1}
	for _, confidences := range groups {
		values = append(values, confidences...)
	}
	slices.Sort(values)
	values = slices.Compact(values)
	top, threshold, width := -1.0, 0.0, 0.0
	for i, high := range values[1:] {
		low := values[i] // thresholds above low and up to high refuse the same questions
		if below(groups[answerableGroup], high) > maxFalseRefusals {
			break
		}
		score := balance(groups, high)
		if score > top+1e-9 || score > top-1e-9 && high-low > width {
			top, threshold, width = score, (low+high)/2, high-low
		}
	}
	return threshold
}

func balance(groups map[string][]float64, threshold float64) float64 {
	refused := 0.0
	for _, name := range slices.Sorted(maps.Keys(groups)) { // in one order, for sums of floats depend on it
		if name != answerableGroup {
			refused += below(groups[name], threshold) / float64(len(groups)-1)
		}
	}
	return (1 - below(groups[answerableGroup], threshold) + refused) / 2
}

// ceiling is the middle of the highest thresholds that refuse no more than a share of sorted confidences.
func ceiling(sorted []float64, share float64) float64 {
	may := int(share * float64(len(sorted)))
	if may >= len(sorted) {
		return 1
	}
	low := 0.0
	if may > 0 {
		low = sorted[may-1]
	}
	return (low + sorted[may]) / 2
}

// crossValidate parts each group into folds and says what thresholds do to a fold that were fitted without it.
func crossValidate(groups map[string][]float64, maxFalseRefusals float64) Effect {
	random := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // it has to be the same every time
	shuffled := map[string][]float64{}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		shuffled[name] = slices.Clone(groups[name])
		random.Shuffle(len(shuffled[name]), func(i, j int) {
			shuffled[name][i], shuffled[name][j] = shuffled[name][j], shuffled[name][i]
		})
	}
	sum := tally{}
	for fold := range folds {
		held, rest := split(shuffled, fold)
		sum.add(held, fit(rest, maxFalseRefusals))
	}
	return sum.effect()
}

// split parts one fold from the rest, each group sorted.
func split(groups map[string][]float64, fold int) (held, rest map[string][]float64) {
	held, rest = map[string][]float64{}, map[string][]float64{}
	for name, confidences := range groups {
		for i, c := range confidences {
			to := rest
			if i%folds == fold {
				to = held
			}
			to[name] = append(to[name], c)
		}
		slices.Sort(held[name])
		slices.Sort(rest[name])
	}
	return held, rest
}

// tally counts by group what thresholds refuse.
type tally map[string]struct{ refused, of int }

func (t tally) add(groups map[string][]float64, threshold float64) tally {
	for name, confidences := range groups {
		n, _ := slices.BinarySearch(confidences, threshold)
		count := t[name]
		count.refused, count.of = count.refused+n, count.of+len(confidences)
		t[name] = count
	}
	return t
}

func (t tally) effect() Effect {
	e := Effect{Refused: map[string]Share{}}
	for name, count := range t {
		if name == answerableGroup {
			e.Answered = newShare(count.of-count.refused, count.of)
		} else {
			e.Refused[name] = newShare(count.refused, count.of)
		}
	}
	return e
}
