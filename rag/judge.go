package rag

import (
	"errors"
	"fmt"
)

// Thresholds are the confidences from which a question counts as answered, and as touched on.
type Thresholds struct {
	Answered float64 `json:"answered"`
	Related  float64 `json:"related"`
}

// DefaultThresholds hold where none were fitted to the reader's own corpus. docs/decisions.md says how many
// questions they answer and refuse.
var DefaultThresholds = Thresholds{Answered: 0.14, Related: 0.04}

// confidenceMadeBy names how confidence is reckoned. Thresholds that were fitted to another reckoning are
// not used, so change it with that.
const confidenceMadeBy = "subject and fact 1"

// ErrThresholds is returned for thresholds that are out of order.
var ErrThresholds = errors.New("thresholds must be 0 <= related <= answered <= 1")

// Check says whether the thresholds are in order.
func (t Thresholds) Check() error {
	if t.Related >= 0 && t.Related <= t.Answered && t.Answered <= 1 { // false for NaN, too
		return nil
	}
	return fmt.Errorf("related %v, answered %v: %w", t.Related, t.Answered, ErrThresholds)
}

// status is what a confidence means.
func (t Thresholds) status(confidence float64) Status {
	switch {
	case confidence >= t.Answered:
		return Answered
	case confidence >= t.Related:
		return Related
	default:
		return NotFound
	}
}

// unknownImprint is what confidence keeps where a question asks only for what its article does not say of itself.
const unknownImprint = 0.1

// imprintConfidence is how sure an answer is to a question of which a share asks for an article's imprint, which is
// known or not. Where the question does not name the article, it has to be the one that it is about.
func (s *search) imprintConfidence(confidence, share float64, isKnown bool) float64 {
	if !isKnown {
		return confidence * (1 - share*(1-unknownImprint))
	}
	sure := 1.0
	if len(s.scope) == 0 {
		sure = subjectModel.probability(s.subject(s.hits))
	}
	return max(confidence, share*sure)
}
