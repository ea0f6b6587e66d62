package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yinju/rag"
)

// finish ends a sync of which every file has been worked: its report is kept.
func (q *Queue) finish(ctx context.Context, sync int64) error {
	var forced bool
	err := q.pool.QueryRow(ctx, `select forced from ingest_syncs where id = $1`, sync).Scan(&forced)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // ended by another process
	}
	if err == nil {
		err = q.work.Finish(ctx, forced)
	}
	switch {
	case err == nil:
		return q.end(ctx, sync, "")
	case q.work.Lasting(err):
		return q.end(ctx, sync, err.Error())
	}
	return fmt.Errorf("end the sync: %w", err) // it is tried again
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// errUnreadable says that what was noted of a sync is no JSON, or not as it is written.
var errUnreadable = errors.New("what was noted of the sync cannot be read")

// begun is when and for what a sync began.
type begun struct {
	Job     int64
	Corpus  string
	Queue   string
	Started time.Time
	Whole   bool
	Report  []byte // of its plan
}

// beginning reads how a sync began, and keeps others from ending it. It returns pgx.ErrNoRows where there is no such sync.
func beginning(ctx context.Context, db querier, sync int64) (begun, error) {
	rows, _ := db.Query(ctx, `select job, corpus, queue, started_at, whole, report from ingest_syncs where id = $1 for update`, sync)
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[begun])
}

// gather adds up what a sync did.
func gather(ctx context.Context, db querier, sync int64, b begun) (r Report, err error) {
	if err := json.Unmarshal(b.Report, &r); err != nil {
		return r, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	rows, _ := db.Query(ctx, //nolint:rowserrcheck // ForEachRow checks it
		`select path, outcome from ingest_files where sync = $1 and outcome is not null order by path`, sync)
	var path string
	var text []byte
	if _, err := pgx.ForEachRow(rows, []any{&path, &text}, func() error {
		var o Outcome
		if err := json.Unmarshal(text, &o); err != nil {
			return fmt.Errorf("%w: %s: %w", errUnreadable, path, err)
		}
		r.add(path, o)
		return nil
	}); err != nil {
		return r, err
	}
	slices.SortFunc(r.Failed, func(a, b Failure) int { return strings.Compare(a.File, b.File) })
	r.TookMS = time.Since(b.Started).Milliseconds()
	return r, nil
}

// end keeps the report of a sync and makes room for the next one, all or nothing. why it broke off: what was stored stays;
// "": its files are done. A report that can never be kept is given up: else all other syncs would wait for ever.
func (q *Queue) end(ctx context.Context, sync int64, why string) error {
	err := q.endWith(ctx, sync, why, func(tx pgx.Tx, b begun) (Report, error) {
		r, err := gather(ctx, tx, sync, b)
		if err == nil {
			err = keepFailures(ctx, tx, b, sync, r, why == "")
		}
		return r, err
	})
	if isLost(err) {
		q.log.ErrorContext(ctx, "ingest: the report of a sync cannot be kept", "sync", sync, "error", err, "broke_off", why)
		why = strings.TrimPrefix(why+"; its report cannot be kept: "+err.Error(), "; ")
		err = q.endWith(ctx, sync, why, func(pgx.Tx, begun) (Report, error) { return Report{}, nil })
	}
	if err != nil {
		return fmt.Errorf("keep what the sync did: %w", err)
	}
	return nil
}

// isLost says whether an error is the fault of what would be kept, so that no later attempt keeps it.
func isLost(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return slices.Contains([]string{"21", "22", "23", "54"}, pg.Code[:min(2, len(pg.Code))]) // cardinality, data, integrity, limits
	}
	return errors.Is(err, errUnreadable)
}

// endWith ends a sync with the report that keep gives.
func (q *Queue) endWith(ctx context.Context, sync int64, why string, keep func(tx pgx.Tx, b begun) (Report, error)) error {
	return pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		b, err := beginning(ctx, tx, sync)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // another process was faster
		}
		if err != nil {
			return err
		}
		report, err := keep(tx, b)
		if err != nil {
			return err
		}
		text, err := json.Marshal(report.Kept())
		if err != nil {
			return err
		}
		var batch pgx.Batch
		batch.Queue(`insert into ingest_runs (id, started_at, ended_at, report, error, corpus, job) overriding system value
			values ($1, $2, clock_timestamp(), $3, $4, $5, $6)`, sync, b.Started, string(text), rag.PlainText(why, maxError), b.Corpus, b.Job)
		batch.Queue(`delete from ingest_runs where id <= (select id from ingest_runs order by id desc offset $1 limit 1)`, rag.MaxRuns)
		batch.Queue(`delete from ingest_syncs where id = $1`, sync)
		batch.Queue(`update river.river_job set state = 'cancelled', finalized_at = now()
			where kind = $1 and queue = $2 and state in ('available', 'retryable', 'scheduled', 'pending') and args @> jsonb_build_object('sync', $3::bigint)`, fileKind, b.Queue, sync)
		return tx.SendBatch(ctx, &batch).Close()
	})
}

const maxError = 2000 // characters of an error that are kept

// keepFailures notes the files that failed, since when; those that were taken, or are not of the corpus any more, are
// noted no longer. complete says that every file of the corpus was looked at: where that is all that there is, failures
// of other corpora are gone with them.
func keepFailures(ctx context.Context, tx pgx.Tx, b begun, sync int64, r Report, complete bool) error {
	paths := make([]string, len(r.Failed))
	errs := make([]string, len(r.Failed))
	attempts := make([]int, len(r.Failed))
	for i, f := range r.Failed {
		paths[i], errs[i], attempts[i] = rag.PlainText(f.File, maxError), rag.PlainText(f.Error, maxError), max(f.Attempts, 1)
	}
	var batch pgx.Batch
	if complete {
		batch.Queue(`delete from ingest_failures where corpus = $1 and path <> all($2) or corpus <> $1 and $3`, b.Corpus, paths, b.Whole)
	}
	// Also where it failed as a file of another corpus: named by itself, for one.
	batch.Queue(`delete from ingest_failures where path = any(select path from ingest_files where sync = $1 and not failed and outcome is not null) or path = any($2)`, sync, append([]string{}, r.Removed...))
	batch.Queue(`insert into ingest_failures (corpus, path, error, since, last, attempts)
		select distinct on (path) $1, path, error, now(), now(), attempts from unnest($2::text[], $3::text[], $4::int[]) as f(path, error, attempts)
		on conflict (corpus, path) do update set error = excluded.error, last = excluded.last, attempts = ingest_failures.attempts + excluded.attempts`,
		b.Corpus, paths, errs, attempts)
	return tx.SendBatch(ctx, &batch).Close()
}

// lastBegun is when the last sync of this corpus began; zero where none did.
func (q *Queue) lastBegun(ctx context.Context) (time.Time, error) {
	var last *time.Time
	err := q.pool.QueryRow(ctx, `select max(started_at) from (
		select started_at from ingest_runs where corpus = $1 union all select started_at from ingest_syncs where corpus = $1) as s`, q.work.Spec()).Scan(&last)
	if err != nil || last == nil {
		return time.Time{}, err
	}
	return *last, nil
}
