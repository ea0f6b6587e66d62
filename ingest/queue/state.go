package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yinju/ingest"
)

// State is how the syncs of the corpus are doing, whatever process works on them.
type State struct {
	Waiting int       // syncs that are asked for and have not begun
	Now     *Going    // nil: none goes on
	Failed  []Failure // files that are not in the store as they are in the corpus
}

// Going is a sync that goes on.
type Going struct {
	ID       int64
	Job      int64
	Started  time.Time
	Listing  bool          // the corpus is looked at, and nothing is known of it yet
	Files    int           // to be read
	Done     int           // of them
	Failed   int           // of those that are done
	Passages int           // done, embedded now or before
	Total    int           // of the files, about
	Left     time.Duration // about; -1: not known yet
}

// StateOf reads how the syncs are doing: of the database, so that it is the same in every process.
func StateOf(ctx context.Context, pool *pgxpool.Pool) (State, error) {
	var s State
	var err error
	if s.Now, err = going(ctx, pool); err != nil {
		return State{}, fmt.Errorf("read how the sync is doing: %w", err)
	}
	if s.Failed, err = Failures(ctx, pool); err != nil {
		return State{}, err
	}
	var queued bool
	if err = pool.QueryRow(ctx, `select to_regclass('river.river_job') is not null`).Scan(&queued); err == nil && queued {
		err = pool.QueryRow(ctx, `select count(*) from river.river_job j where kind = $1 and finalized_at is null
			and not exists (select from ingest_syncs where job = j.id)`, syncKind).Scan(&s.Waiting)
	}
	if err != nil {
		return State{}, fmt.Errorf("look for syncs that wait: %w", err)
	}
	return s, nil
}

func going(ctx context.Context, pool *pgxpool.Pool) (*Going, error) {
	rows, _ := pool.Query(ctx, `select s.id, s.job, s.started_at as started, not s.planned as listing, f.files, f.done, f.failed, f.passages, f.total,
			s.resumed_passages as before, extract(epoch from clock_timestamp() - s.resumed_at)::float8 as seconds
		from ingest_syncs s, lateral (
			select count(*) as files, count(outcome) as done, count(*) filter (where f.failed) as failed,
				coalesce(sum(embedded), 0) as passages, coalesce(sum(coalesce(passages, bytes / $1)), 0)::bigint as total
			from ingest_files f where sync = s.id) f`, ingest.BytesPassage)
	type row struct {
		ID       int64
		Job      int64
		Started  time.Time
		Listing  bool
		Files    int
		Done     int
		Failed   int
		Passages int
		Total    int
		Before   int
		Seconds  float64
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	g := Going{ID: r.ID, Job: r.Job, Started: r.Started, Listing: r.Listing, Files: r.Files, Done: r.Done, Failed: r.Failed, Passages: r.Passages, Total: max(r.Total, r.Passages), Left: -1}
	switch since := r.Passages - r.Before; {
	case r.Files > 0 && r.Done == r.Files:
		g.Left = 0
	case since > 0 && r.Seconds > 0:
		g.Left = time.Duration(float64(g.Total-g.Passages) / (float64(since) / r.Seconds) * float64(time.Second)).Round(time.Second)
	}
	return &g, nil
}

// Failures lists the files that are not in the store as they are in the corpus, those that failed longest ago first.
func Failures(ctx context.Context, pool *pgxpool.Pool) ([]Failure, error) {
	rows, _ := pool.Query(ctx, `select path, error, attempts, since, last from ingest_failures order by since, path limit $1`, keptMost)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Failure])
	if err != nil {
		return nil, fmt.Errorf("list the files that failed: %w", err)
	}
	return all, nil
}

// Ended is a sync that is over.
type Ended struct {
	Report Report
	Error  string // why it broke off; "": it did not
}

// EndOf gives the end of the sync that a job planned; false while it goes on or waits.
func EndOf(ctx context.Context, pool *pgxpool.Pool, job int64) (Ended, bool, error) {
	rows, _ := pool.Query(ctx, `select report, error from ingest_runs where job = $1`, job)
	e, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Ended])
	if errors.Is(err, pgx.ErrNoRows) {
		return Ended{}, false, nil
	}
	if err != nil {
		return Ended{}, false, fmt.Errorf("look for the end of the sync: %w", err)
	}
	return e, true, nil
}
