package web

import (
	"context"
	"net/http"

	"yinju/rag"
)

// Feedback keeps what readers found of answers. *rag.Store has it.
type Feedback interface {
	GiveFeedback(ctx context.Context, f rag.Feedback) error
}

// feedback keeps what the caller found of an answer, in place of what he said of it before.
func (s server) feedback(w http.ResponseWriter, r *http.Request) {
	f, err := s.body(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	f.need("answer_id")
	f.need("good")
	given := rag.Feedback{By: "http:" + caller(r.Context()), Good: f.flag("good"), Note: f.text("note")}
	id := f.text("answer_id")
	if err := f.done(); err != nil {
		s.problem(w, r, err)
		return
	}
	if given.Answer, err = rag.ParseID(id); err != nil {
		s.problem(w, r, rag.ErrNoAnswer)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), lookWait)
	defer cancel()
	if err := s.Feedback.GiveFeedback(ctx, given); err != nil {
		s.problem(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
