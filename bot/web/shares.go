package web

import (
	"context"
	"net/http"

	"yinju/rag"
)

// Shares gives answers by the ids that they are shared by. *rag.Store has it.
type Shares interface {
	// SharedAnswer gives an answer as it was given, or rag.ErrNoAnswer.
	SharedAnswer(ctx context.Context, share string) (rag.LoggedAnswer, error)
}

// sharedAnswer gives an answer to whoever was given its link.
func (s server) sharedAnswer(w http.ResponseWriter, r *http.Request) {
	if err := s.noQuery(r); err != nil {
		s.problem(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), lookWait)
	defer cancel()
	answer, err := s.Shares.SharedAnswer(ctx, r.PathValue("share"))
	if err != nil {
		s.problem(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, answer.Answer)
}
