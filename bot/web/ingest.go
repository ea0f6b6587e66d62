package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"yinju/bot"
	"yinju/rag"
)

// ingestReply is what the store holds, how the last ingest went, and how the one under way is doing.
type ingestReply struct {
	Sources  int        `json:"sources"`
	Articles int        `json:"articles"`
	Passages int        `json:"passages"`
	Ingested *time.Time `json:"ingested_at"` // of the newest source; null where there is none

	Run *rag.IngestRun `json:"run"` // null where there was none

	Waiting  bool                `json:"waiting"`
	Running  *bot.IngestProgress `json:"running"`
	Failures []bot.IngestFailure `json:"failures"`
}

type ingestRequest struct {
	Force *bool `json:"force,omitempty" jsonschema:"also where a large part of the corpus is gone"`
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
	s.tellIngest(w, r, http.StatusOK)
}

// ingest asks for a sync of the corpus.
func (s server) ingest(w http.ResponseWriter, r *http.Request) {
	f, err := s.body(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	forced := f.flag("force")
	if err := f.done(); err != nil {
		s.problem(w, r, err)
		return
	}
	if s.Ingests == nil {
		s.problem(w, r, fault(http.StatusConflict, s.lang(r).Say("这里没有设语料（CORPUS_DIR），或没有开重新收入。", "There is no corpus here (CORPUS_DIR), or ingest is off.")))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), lookWait)
	defer cancel()
	if _, err := s.Ingests.Ingest(ctx, forced); err != nil {
		s.problem(w, r, err)
		return
	}
	s.tellIngest(w, r, http.StatusAccepted)
}

func (s server) tellIngest(w http.ResponseWriter, r *http.Request, status int) {
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
	now, err := s.ingesting(ctx)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	reply.Waiting, reply.Running, reply.Failures = now.Waiting, now.Running, append([]bot.IngestFailure{}, now.Failures...)
	writeJSON(w, status, reply)
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

func (s server) ingesting(ctx context.Context) (bot.Ingesting, error) {
	if s.Ingests == nil {
		return bot.Ingesting{}, nil
	}
	return s.Ingests.Ingesting(ctx)
}
