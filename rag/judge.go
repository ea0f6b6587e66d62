package rag

import "math"

// judge says how far the corpus answers the question, before any language model is asked.
func (s *search) judge(picked []window) Status {
	if len(picked) == 0 {
		return NotFound
	}
	switch p := s.confidence(picked); {
	case p >= answeredFrom:
		return Answered
	case p >= relatedFrom:
		return Related
	default:
		return NotFound
	}
}

// Where a question counts as answered, and as touched on.
const (
	answeredFrom = 0.5
	relatedFrom  = 0.2
)

// confidence is the probability, by logistic regression, that the corpus answers the question.
func (s *search) confidence(picked []window) float64 {
	top, coverage := 0.0, 0.0
	for _, h := range s.hits[:min(quotePassages, len(s.hits))] {
		top = max(top, h.Similarity)
		coverage = max(coverage, s.coverage(h.Passage.Text))
	}
	z := 20*(top-0.5) + 3*coverage + 2*picked[0].coverage - 2
	return 1 / (1 + math.Exp(-z))
}
