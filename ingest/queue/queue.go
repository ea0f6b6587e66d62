// Package queue syncs the store with a corpus by way of a job queue in the same database, so that any number of
// processes and machines share the work, and what one leaves undone another goes on with.
package queue

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"yinju/ingest"
)

// Kinds of jobs.
const (
	syncKind = "corpus_sync"
	fileKind = "corpus_file"
)

const (
	defaultSettle = 3 * time.Second // between two looks at what is left lying
	jobTimeout    = 12 * time.Hour  // of one file, or one planning
	rescueAfter   = 24 * time.Hour  // river's own net, which is never needed: see takeBack
	stopSoft      = 20 * time.Second
	stopHard      = 10 * time.Second
	defaultSilent = 2 * time.Minute // longer than a look takes where the database hardly answers
)

// Options are those of New. Only Pool, Work and Log are needed.
type Options struct {
	Pool     *pgxpool.Pool
	Work     Work
	Log      *slog.Logger
	Workers  int             // files at once; 0: 4
	Schedule Schedule        // when the corpus is synced without being asked; nil: never
	Backoff  []time.Duration // waits after failures that may pass: one attempt more than there are; nil: 1 s, 4 s, 15 s
	Look     time.Duration   // between two looks at what other processes left; 0: 3 s
	Silent   time.Duration   // after which a process that does not show that it goes on is taken for dead; 0: 2 min
}

// Schedule says when a sync is due after a time; zero: never.
type Schedule interface {
	Next(after time.Time) time.Time
}

// Queue is one process's part in the syncs of a corpus.
type Queue struct {
	pool     *pgxpool.Pool
	work     Work
	log      *slog.Logger
	schedule Schedule // nil: never
	backoff  []time.Duration
	look     time.Duration
	silent   time.Duration
	name     string // of the queue
	client   *river.Client[pgx.Tx]
	presence *presence
	running  running
	large    sync.Mutex // held while a large file is worked: of those this process takes one at a time

	stop  context.CancelFunc
	looks sync.WaitGroup
}

// worker works jobs of one kind.
type worker[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	q    *Queue
	work func(ctx context.Context, job *river.Job[T]) error
}

// NextRetry is after the wait that the queue's backoff has.
func (w *worker[T]) NextRetry(job *river.Job[T]) time.Time { return w.q.nextTry(job.Attempt) }

// Work works a job, and lets others know meanwhile that it is worked.
func (w *worker[T]) Work(ctx context.Context, job *river.Job[T]) error {
	w.q.running.begin(job.ID)
	defer w.q.running.end(job.ID)
	return w.work(ctx, job)
}

// Name is the name of the queue of a corpus.
func Name(spec string) string {
	sum := sha256.Sum256([]byte(spec))
	return "corpus-" + hex.EncodeToString(sum[:8])
}

// New prepares the queue's tables. Nothing is worked before Start.
func New(ctx context.Context, o Options) (*Queue, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := migrate(ctx, o.Pool, o.Log); err != nil {
		return nil, err
	}
	q := &Queue{pool: o.Pool, work: o.Work, log: o.Log, schedule: o.Schedule, backoff: o.Backoff, look: o.Look, silent: o.Silent, name: Name(o.Work.Spec())}
	if q.backoff == nil {
		q.backoff = []time.Duration{time.Second, 4 * time.Second, 15 * time.Second}
	}
	if q.look == 0 {
		q.look = defaultSettle
	}
	if q.silent == 0 {
		q.silent = defaultSilent
	}
	workers := o.Workers
	if workers == 0 {
		workers = ingest.FilesAtOnce
	}
	id := "yinju-" + rand.Text()
	q.presence = &presence{config: o.Pool.Config().ConnConfig, client: id, queue: q.name}
	bundle := river.NewWorkers()
	river.AddWorker(bundle, &worker[syncArgs]{q: q, work: q.sync})
	river.AddWorker(bundle, &worker[fileArgs]{q: q, work: q.file})
	var err error
	q.client, err = river.NewClient(riverpgxv5.New(o.Pool), &river.Config{
		ID: id, Schema: schema, Logger: o.Log, Workers: bundle,
		Queues:     map[string]river.QueueConfig{q.name: {MaxWorkers: workers + 1}}, // one plans, and mostly waits
		JobTimeout: jobTimeout, RescueStuckJobsAfter: rescueAfter, SoftStopTimeout: stopSoft,
		CompletedJobRetentionPeriod: time.Hour, CancelledJobRetentionPeriod: time.Hour, DiscardedJobRetentionPeriod: time.Hour,
		PeriodicJobs: q.periodic(),
	})
	if err != nil {
		return nil, fmt.Errorf("open the queue: %w", err)
	}
	return q, nil
}

// periodic is the schedule, as river keeps it. Whatever process leads enqueues; a sync that is there already is enough.
func (q *Queue) periodic() []*river.PeriodicJob {
	if q.schedule == nil {
		return nil
	}
	return []*river.PeriodicJob{river.NewPeriodicJob(q.schedule, func() (river.JobArgs, *river.InsertOpts) {
		return syncArgs{}, q.syncOptions()
	}, nil)}
}

func (q *Queue) syncOptions() *river.InsertOpts {
	return &river.InsertOpts{
		Queue: q.name, MaxAttempts: len(q.backoff) + 1, Priority: 1,
		UniqueOpts: river.UniqueOpts{ByQueue: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}},
	}
}

// Start works the queue until Stop. It takes back at once what dead processes left.
func (q *Queue) Start(ctx context.Context) error {
	if err := q.resume(ctx); err != nil {
		return err
	}
	if err := q.presence.show(ctx); err != nil {
		return fmt.Errorf("open the queue: %w", err)
	}
	ctx, q.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := q.client.Start(ctx); err != nil {
		q.stop()
		q.presence.end(ctx)
		return fmt.Errorf("open the queue: %w", err)
	}
	q.looks.Go(func() { q.lookAround(ctx) })
	return nil
}

// Stop takes no more jobs, lets the running ones end for a while, and then gives them back.
func (q *Queue) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopSoft+stopHard)
	defer cancel()
	err := q.client.Stop(ctx)
	return q.closed(ctx, err)
}

// Abandon gives the running jobs back at once.
func (q *Queue) Abandon(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopHard)
	defer cancel()
	err := q.client.StopAndCancel(ctx)
	return q.closed(ctx, err)
}

func (q *Queue) closed(ctx context.Context, err error) error {
	q.stop()
	q.looks.Wait()
	q.presence.end(ctx)
	if err != nil {
		return fmt.Errorf("stop the queue: %w", err)
	}
	return nil
}

// lookAround looks now and then for what was left lying, by this process or others.
func (q *Queue) lookAround(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := q.tidy(ctx)
		if err != nil && ctx.Err() == nil && !failing { // once, not every few seconds
			q.log.WarnContext(ctx, "ingest: the queue cannot be looked after", "error", err)
		}
		failing = err != nil
		timer.Reset(q.look)
	}
}

func (q *Queue) tidy(ctx context.Context) error {
	silentErr := q.endSilent(ctx) // before this one shows itself: by that it is known whether it was silent, too
	if err := q.presence.show(ctx); err != nil {
		return errors.Join(err, silentErr)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return errors.Join(silentErr, q.takeBack(ctx), q.mend(ctx), q.catchUp(ctx))
}

// catchUp asks for a sync where one was due while no process was there to begin it.
func (q *Queue) catchUp(ctx context.Context) error {
	if q.schedule == nil {
		return nil
	}
	last, err := q.lastBegun(ctx)
	if err != nil || !isDue(q.schedule, last, time.Now().Add(-q.look)) { // river, too, takes a moment
		return err
	}
	_, err = q.client.Insert(ctx, syncArgs{}, q.syncOptions())
	return err
}

// isDue says whether a sync that began at last was followed by a time at which one was due, by now. A zero last is none.
func isDue(s Schedule, last, now time.Time) bool {
	if last.IsZero() {
		return true
	}
	next := s.Next(last)
	return !next.IsZero() && !next.After(now)
}

// Request asks for a sync and gives the job that will plan it. One that is asked for but has not begun is enough; one
// that has begun may have passed over what changed since.
func (q *Queue) Request(ctx context.Context, forced bool) (int64, error) {
	for begin := time.Now(); ; {
		job, err := q.request(ctx, forced)
		if job != 0 || err != nil && (!isAway(err) || time.Since(begin) > awayFor) {
			return job, err
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("ask for a sync: %w", context.Cause(ctx))
		case <-time.After(lookEvery):
		}
	}
}

// isAway says whether an error is that the database cannot be reached now, or is starting.
func isAway(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(pg.Code, "57P") // it is shut down, or starts
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return pgconn.SafeToRetry(err) || errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// request gives 0 while another sync is being planned.
func (q *Queue) request(ctx context.Context, forced bool) (int64, error) {
	result, err := q.client.Insert(ctx, syncArgs{Forced: forced}, q.syncOptions())
	if err != nil {
		return 0, fmt.Errorf("ask for a sync: %w", err)
	}
	if !result.UniqueSkippedAsDuplicate {
		return result.Job.ID, nil
	}
	var job int64
	err = q.pool.QueryRow(ctx, `update river.river_job set args = args || jsonb_build_object('forced', $2 or coalesce((args->>'forced')::boolean, false))
		where id = $1 and state in ('available', 'scheduled', 'retryable', 'pending')
			and not exists (select from ingest_syncs where job = $1) returning id`, result.Job.ID, forced).Scan(&job)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("ask for a sync: %w", err)
	}
	return job, nil
}
