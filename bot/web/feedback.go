package web

import (
	"context"
	"errors"
	"net/http"
	"time"

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

// ingestReply is what the store holds, and how the last ingest went.
type ingestReply struct {
	Sources  int        `json:"sources"`
	Articles int        `json:"articles"`
	Passages int        `json:"passages"`
	Ingested *time.Time `json:"ingested_at"` // of the newest source; null where there is none

	Run *rag.IngestRun `json:"run"` // null where there was none
}

// Runs tells how ingests went. *rag.Store has it.
type Runs interface {
	// LastRun is the one that ended last, or rag.ErrNoRun.
	LastRun(ctx context.Context) (rag.IngestRun, error)
}

func (s server) ingested(w http.ResponseWriter, r *http.Request) {
	if err := s.noQuery(r); err != nil {
		s.problem(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), lookWait)
	defer cancel()
	stats, err := s.Store.Stats(ctx)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	reply := ingestReply{Sources: stats.Sources, Articles: stats.Articles, Passages: stats.Passages}
	if !stats.Ingested.IsZero() {
		reply.Ingested = &stats.Ingested
	}
	if reply.Run, err = s.lastRun(ctx); err != nil {
		s.problem(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, reply)
}

// lastRun is the ingest that ended last, nil for none.
func (s server) lastRun(ctx context.Context) (*rag.IngestRun, error) {
	if s.Runs == nil {
		return nil, nil
	}
	run, err := s.Runs.LastRun(ctx)
	if errors.Is(err, rag.ErrNoRun) {
		return nil, nil
	}
	return &run, err
}
