package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yinju/ingest"
	"yinju/rag"
)

// tellEvery is how often the progress of a file is told to the others.
const tellEvery = 400 * time.Millisecond

type fileArgs struct {
	Sync int64  `json:"sync"`
	Path string `json:"path"`
}

func (fileArgs) Kind() string { return fileKind }

// file brings one file up to date.
func (q *Queue) file(ctx context.Context, job *river.Job[fileArgs]) error {
	sync, path := job.Args.Sync, job.Args.Path
	var f File
	err := q.pool.QueryRow(ctx, `select file from ingest_files where sync = $1 and path = $2 and outcome is null`, sync, path).Scan(&f)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // done by another process, or the sync is over
	}
	if err != nil {
		return fmt.Errorf("look for %s: %w", path, err)
	}
	if f.Size >= ingest.LargeFile {
		if !q.large.TryLock() {
			return river.JobSnooze(q.look) // small ones go on meanwhile
		}
		defer q.large.Unlock()
	}
	teller := &teller{q: q, sync: sync, path: path}
	o, err := q.work.File(ctx, f, func(embedded, passages int) { teller.tell(ctx, embedded, passages) })
	switch {
	case err == nil:
		return q.done(ctx, sync, path, o, false)
	case ctx.Err() != nil:
		return ctx.Err() // given back: the attempt does not count
	case q.work.Fatal(err):
		return q.end(ctx, sync, fmt.Sprintf("ingest stopped at %s, what was stored before stays: %v", path, err))
	case !q.work.Lasting(err) && job.Attempt < job.MaxAttempts:
		q.log.InfoContext(ctx, "ingest: a file is tried again", "file", path, "attempt", job.Attempt, "error", err)
		return err
	}
	failed := Outcome{Error: rag.PlainText(err.Error(), maxError), Attempts: job.Attempt}
	if doneErr := q.done(ctx, sync, path, failed, !q.work.Lasting(err)); doneErr != nil {
		return errors.Join(err, doneErr)
	}
	return river.JobCancel(err)
}

// done notes what became of a file, and ends the sync with the last one. broken says that it was the model or the store
// that failed.
func (q *Queue) done(ctx context.Context, sync int64, path string, o Outcome, broken bool) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	var left bool
	var inARow int
	err = pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		// The sync first, as its end does, so that neither waits for the other in a circle. It also makes the second of
		// two last files see the first.
		tag, err := tx.Exec(ctx, `select from ingest_syncs where id = $1 for update`, sync)
		if err != nil {
			return err
		}
		if left = tag.RowsAffected() == 0; left {
			return nil // the sync is over
		}
		tag, err = tx.Exec(ctx, `update ingest_files set outcome = $3, embedded = $4, passages = $4, failed = $5 where sync = $1 and path = $2 and outcome is null`,
			sync, path, string(text), o.Passages+o.Reused, o.Error != "")
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			left = true // another process was faster, and looks
			return nil
		}
		// A file that is its own fault says nothing of the model and the store.
		if err := tx.QueryRow(ctx, `update ingest_syncs set in_a_row = case when $2 then in_a_row + 1 when $3 then in_a_row else 0 end where id = $1 returning in_a_row`,
			sync, broken, o.Error != "").Scan(&inARow); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `select exists (select from ingest_files where sync = $1 and outcome is null)`, sync).Scan(&left)
	})
	switch {
	case err != nil:
		return fmt.Errorf("note what became of %s: %w", path, err)
	case inARow >= ingest.GiveUpAfter:
		return q.end(ctx, sync, fmt.Sprintf("ingest stopped at %s, what was stored before stays: %s", path, o.Error))
	case left:
		return nil
	}
	return q.finish(ctx, sync)
}

// teller tells how far a file is, now and then.
type teller struct {
	q    *Queue
	sync int64
	path string

	mu       sync.Mutex
	last     time.Time
	passages int
}

func (t *teller) tell(ctx context.Context, embedded, passages int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if passages == t.passages && time.Since(t.last) < tellEvery {
		return
	}
	t.last, t.passages = time.Now(), passages
	// An error shows where the file is stored; the figures are only looked at.
	_, _ = t.q.pool.Exec(ctx, `update ingest_files set embedded = $3, passages = $4 where sync = $1 and path = $2 and outcome is null`, t.sync, t.path, embedded, passages)
}
