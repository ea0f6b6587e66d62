package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// turnWait is how long a sync that has to wait for another one sleeps between two looks.
const turnWait = time.Second

type syncArgs struct {
	Forced bool `json:"forced"`
}

func (syncArgs) Kind() string { return syncKind }

// sync plans a sync: it looks at the corpus and enqueues a job a file.
func (q *Queue) sync(ctx context.Context, job *river.Job[syncArgs]) error {
	s, turn, err := q.claim(ctx, job.ID, job.Args.Forced)
	switch {
	case err != nil:
		return err
	case turn == waits:
		return river.JobSnooze(turnWait)
	case turn == over:
		return nil
	}
	plan, err := q.work.Plan(ctx, s.Forced)
	if ctx.Err() != nil {
		return ctx.Err() // given back
	}
	if err != nil {
		if !q.work.Lasting(err) && job.Attempt < job.MaxAttempts {
			return err
		}
		if brokenErr := q.end(ctx, s.ID, err.Error()); brokenErr != nil {
			return errors.Join(err, brokenErr)
		}
		return river.JobCancel(err)
	}
	if err := q.enqueue(ctx, s.ID, plan); err != nil {
		return fmt.Errorf("enqueue %d files: %w", len(plan.Files), err)
	}
	if len(plan.Files) == 0 {
		return q.finish(ctx, s.ID)
	}
	return nil
}

// turn is whose turn it is.
type turn int

const (
	ours  turn = iota // plan
	waits             // another sync goes on
	over              // this job has done its part
)

// claim makes the job's sync the one that goes on, if none does. A sync that nobody can end is broken off.
func (q *Queue) claim(ctx context.Context, job int64, forced bool) (s syncRow, t turn, err error) {
	err = pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `insert into ingest_syncs (id, job, corpus, queue, forced)
			values (nextval(pg_get_serial_sequence('ingest_runs', 'id')), $1, $2, $3, $4)
			on conflict (single) do update set forced = ingest_syncs.forced or ($4 and ingest_syncs.job = $1)
			returning id, job, queue, forced, planned`, job, q.work.Spec(), q.name, forced)
		if s, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[syncRow]); err != nil {
			return err
		}
		switch {
		case s.Job == job && s.Planned:
			t = over
		case s.Job == job:
			t = ours
		default:
			t = waits
		}
		return nil
	})
	if err != nil || t != waits {
		return s, t, err
	}
	return s, t, q.breakOffDead(ctx, s)
}

// syncRow is the sync that goes on.
type syncRow struct {
	ID      int64
	Job     int64
	Queue   string
	Forced  bool
	Planned bool
}

// breakOffDead ends a sync that nobody goes on with: one of another corpus without a living process, or one whose
// planning was given up. Whether it is planned is asked anew, with the job that plans: it may have been since s was read.
func (q *Queue) breakOffDead(ctx context.Context, s syncRow) error {
	var dead bool
	err := q.pool.QueryRow(ctx, `select case when queue <> $2 then not `+isHeld(`queue`)+`
		else not planned and not exists (select from river.river_job where id = job and finalized_at is null) end
		from ingest_syncs where id = $1`, s.ID, q.name).Scan(&dead)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil || !dead {
		return err
	}
	return q.end(ctx, s.ID, "nobody went on with it")
}

// enqueue notes what the plan has to do and asks for it, all or nothing.
func (q *Queue) enqueue(ctx context.Context, sync int64, plan Plan) error {
	report, err := json.Marshal(plan.Report)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update ingest_syncs set planned = true, report = $2, whole = $3, resumed_at = now() where id = $1 and not planned`, sync, report, plan.Whole)
		if err != nil || tag.RowsAffected() == 0 { // another process did it, as this one's locks were lost
			return err
		}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{"ingest_files"}, []string{"sync", "path", "bytes", "file"},
			pgx.CopyFromSlice(len(plan.Files), func(i int) ([]any, error) {
				f := plan.Files[i]
				return []any{sync, f.Path, f.Size, f}, nil
			}))
		if err != nil {
			return err
		}
		return q.insertFiles(ctx, tx, sync, plan.Files)
	})
}

// insertFiles asks for the work on files of a sync.
func (q *Queue) insertFiles(ctx context.Context, tx pgx.Tx, sync int64, files []File) error {
	if len(files) == 0 {
		return nil
	}
	jobs := make([]river.InsertManyParams, len(files))
	for i, f := range files {
		jobs[i] = river.InsertManyParams{
			Args:       fileArgs{Sync: sync, Path: f.Path},
			InsertOpts: &river.InsertOpts{Queue: q.name, MaxAttempts: len(q.backoff) + 1, Priority: 2},
		}
	}
	_, err := q.client.InsertManyFastTx(ctx, tx, jobs)
	return err
}

// nextTry is when a job is tried again after so many attempts.
func (q *Queue) nextTry(attempt int) time.Time {
	if len(q.backoff) == 0 {
		return time.Now()
	}
	return time.Now().Add(q.backoff[min(max(attempt, 1), len(q.backoff))-1])
}

// mend goes on with the sync of this corpus where its jobs were lost, or its last file was worked by a process that
// was killed before it could say so.
func (q *Queue) mend(ctx context.Context) error {
	s, err := q.current(ctx)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && s.Queue != q.name {
		return nil
	}
	if err != nil {
		return err
	}
	if !s.Planned {
		return q.breakOffDead(ctx, s)
	}
	lost, left, err := q.lost(ctx, s.ID)
	switch {
	case err != nil:
		return err
	case left == 0:
		return q.finish(ctx, s.ID)
	case len(lost) == 0:
		return nil
	}
	return pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select from ingest_syncs where id = $1 for update`, s.ID); err != nil {
			return err
		}
		return q.insertFiles(ctx, tx, s.ID, lost)
	})
}

func (q *Queue) current(ctx context.Context) (syncRow, error) {
	rows, _ := q.pool.Query(ctx, `select id, job, queue, forced, planned from ingest_syncs`)
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[syncRow])
}

// lost lists the files without a job, and counts all that are left.
func (q *Queue) lost(ctx context.Context, sync int64) (files []File, left int, err error) {
	var jobs int
	if err := q.pool.QueryRow(ctx, `select (select count(*) from river.river_job where kind = $2 and queue = $3 and state in ('available', 'running', 'retryable', 'scheduled', 'pending')),
		(select count(*) from ingest_files where sync = $1 and outcome is null)`, sync, fileKind, q.name).Scan(&jobs, &left); err != nil || jobs >= left {
		return nil, left, err
	}
	rows, _ := q.pool.Query(ctx, `select path, bytes from ingest_files f where sync = $1 and outcome is null and not exists (
		select from river.river_job where kind = $2 and queue = $3 and finalized_at is null
			and args @> jsonb_build_object('sync', $1::bigint, 'path', f.path))`, sync, fileKind, q.name)
	files, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (f File, err error) {
		return f, row.Scan(&f.Path, &f.Size)
	})
	return files, left, err
}

// resume notes that the sync of this corpus is gone on with, where nobody did.
func (q *Queue) resume(ctx context.Context) error {
	_, err := q.pool.Exec(ctx, `update ingest_syncs set resumed_at = now(),
			resumed_passages = (select coalesce(sum(embedded), 0) from ingest_files where sync = ingest_syncs.id)
		where queue = $1 and not `+isHeld(`$1`), q.name)
	if err != nil {
		return fmt.Errorf("open the queue: %w", err)
	}
	return nil
}
