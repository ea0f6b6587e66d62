package rag

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Limits of what is kept of the corpus's syncs.
const (
	MaxRuns     = 100     // the last ones
	MaxReport   = 8 << 20 // bytes of a report
	maxRunError = 2000    // characters; the rest is cut off
)

// IngestRun is one sync of the corpus.
type IngestRun struct {
	Started time.Time       `json:"started_at"`
	Ended   time.Time       `json:"ended_at"`
	Report  json.RawMessage `json:"report"`          // what it did, see docs/contract.md
	Error   string          `json:"error,omitempty"` // why it broke off; "": it did not
}

// ErrReport says that the report of a run is no JSON, or longer than MaxReport.
var ErrReport = fmt.Errorf("the report is no JSON of at most %d bytes", MaxReport)

// KeepRun keeps what a sync did, and deletes what is older than the last MaxRuns. It returns ErrReport, or what the
// database said.
func (s *Store) KeepRun(ctx context.Context, r IngestRun) error {
	if len(r.Report) > MaxReport || !json.Valid(r.Report) {
		return fmt.Errorf("keep the run: %w", ErrReport)
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var batch pgx.Batch
		batch.Queue(`insert into ingest_runs (started_at, ended_at, report, error) values ($1, $2, $3, $4)`, r.Started, r.Ended, r.Report, PlainText(r.Error, maxRunError))
		batch.Queue(`delete from ingest_runs where id <= (select id from ingest_runs order by id desc offset $1 limit 1)`, MaxRuns)
		return tx.SendBatch(ctx, &batch).Close()
	})
	if err != nil {
		return fmt.Errorf("keep the run: %w", err)
	}
	return nil
}

// PlainText makes a text one that the database takes, and at most so many characters long.
func PlainText(s string, most int) string {
	runes := []rune(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD"))
	return string(runes[:min(len(runes), most)])
}

// Runs are the last syncs, at most limit, newest first.
func (s *Store) Runs(ctx context.Context, limit int) ([]IngestRun, error) {
	rows, _ := s.pool.Query(ctx, `select started_at, ended_at, report, error from ingest_runs order by id desc limit $1`, limit)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[IngestRun])
	if err != nil {
		return nil, fmt.Errorf("read the runs: %w", err)
	}
	return all, nil
}

// ErrNoRun says that the corpus was never synced, or before runs were kept.
var ErrNoRun = errors.New("there is no run yet")

// LastRun is the newest sync. It returns ErrNoRun, or what the database said.
func (s *Store) LastRun(ctx context.Context) (IngestRun, error) {
	runs, err := s.Runs(ctx, 1)
	switch {
	case err != nil:
		return IngestRun{}, err
	case len(runs) == 0:
		return IngestRun{}, ErrNoRun
	}
	return runs[0], nil
}
