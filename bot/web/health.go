package web

import (
	"context"
	"net/http"
	"time"
)

// readyWait is how long the database may take to say how it is.
const readyWait = 2 * time.Second

func (s server) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, liveness{"ok"})
}

type liveness struct {
	Status string `json:"status"`
}

// readiness is whether questions can be answered, and how the bot is doing, which does not bear on it.
type readiness struct {
	Status   string        `json:"status"` // "ready" or "not_ready"
	Database part          `json:"database"`
	Corpus   part          `json:"corpus"`
	Telegram *telegramPart `json:"telegram,omitempty"` // none: there is no bot
}

type part struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

type telegramPart struct {
	Mode     string     `json:"mode"` // "polling" or "webhook"
	Username string     `json:"username"`
	Working  bool       `json:"working"`
	Error    string     `json:"error,omitempty"`
	Since    *time.Time `json:"since,omitempty"`
	Waiting  int        `json:"waiting"` // updates not answered yet
}

func (s server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyWait)
	defer cancel()
	out := readiness{Status: "ready", Database: part{OK: true}, Corpus: part{OK: true}}
	stats, err := s.Store.Stats(ctx)
	switch {
	case err != nil: // it is logged and not shown: it may name the server and its account
		s.Log.WarnContext(ctx, "http: not ready", "error", err)
		out.Database, out.Corpus = part{Error: "not reachable"}, part{Error: "unknown"}
	case stats.Passages == 0:
		out.Corpus = part{Error: "empty"}
	}
	out.Telegram = s.bot(ctx)
	status := http.StatusOK
	if !out.Database.OK || !out.Corpus.OK {
		out.Status, status = "not_ready", http.StatusServiceUnavailable
	}
	writeJSON(w, status, out)
}

// bot says how the bot is doing; nil where there is none.
func (s server) bot(ctx context.Context) *telegramPart {
	if s.Telegram == nil {
		return nil
	}
	state := s.Telegram.State(ctx)
	out := telegramPart{Mode: state.Mode, Username: state.Username, Working: state.Working, Error: state.Error, Waiting: state.Waiting}
	if !state.Since.IsZero() {
		out.Since = &state.Since
	}
	return &out
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = encode(w, v) // the reader may be gone
}
