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

// DefaultThresholds hold where none were fitted. On 173 questions over two corpora they take 85 in 100
// answerable ones for answered and refuse 88 in 100 that are off the subject; docs/decisions.md says what
// else was tried.
var DefaultThresholds = Thresholds{Answered: 0.505, Related: 0.40}

// confidenceMadeBy names how confidence is reckoned. Thresholds that were fitted to another reckoning are
// not used, so change it with that.
const confidenceMadeBy = "nearest similarity"

// ErrThresholds is returned for thresholds that are out of order.
var ErrThresholds = errors.New("thresholds must be 0 <= related <= answered <= 1")

// Check says whether the thresholds are in order.
func (t Thresholds) Check() error {
	if t.Related >= 0 && t.Related <= t.Answered && t.Answered <= 1 { // false for NaN, too
		return nil
	}
	return fmt.Errorf("related %v, answered %v: %w", t.Related, t.Answered, ErrThresholds)
}

// confidence is how sure it is that the corpus answers the question, 0..1; 0 where there is nothing to quote.
func (s *search) confidence(picked []window) float64 {
	if len(picked) == 0 {
		return 0
	}
	return min(max(s.nearest, 0), 1)
}

// judge says how far the corpus answers the question, before any language model is asked.
func (s *search) judge(picked []window) Status {
	confidence := s.confidence(picked)
	switch {
	case len(picked) == 0:
		return NotFound
	case confidence >= s.thresholds.Answered:
		return Answered
	case confidence >= s.thresholds.Related:
		return Related
	default:
		return NotFound
	}
}
