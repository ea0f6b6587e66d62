package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	dialWait = 10 * time.Second // for a connection, and for what is asked on it
	givenUp  = 10 * time.Second // after which a job that this process does not run any more is nobody's
)

// presence shows other processes that this one lives: a connection of its own that holds two advisory locks of the
// session, one for the client and one, shared, for its queue. The server frees them when the process dies. One that is
// stopped keeps them, so that it also notes now and then that it goes on.
type presence struct {
	config *pgx.ConnConfig
	client string
	queue  string

	mu   sync.Mutex
	conn *pgx.Conn
}

const showSQL = `insert into ingest_processes (client, seen_at) values ($1, clock_timestamp())
	on conflict (client) do update set seen_at = excluded.seen_at`

// show takes the locks, again where the connection was lost, and notes that this process goes on.
func (p *presence) show(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	if p.conn != nil {
		if _, err := p.conn.Exec(ctx, showSQL, p.client); err == nil {
			return nil
		}
		_ = p.conn.Close(ctx)
		p.conn = nil
	}
	conn, err := pgx.ConnectConfig(ctx, p.config.Copy())
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	_, err = conn.Exec(ctx, `select pg_advisory_lock(hashtextextended($1, 0)), pg_advisory_lock_shared(hashtextextended($2, 0))`, p.client, p.queue)
	if err == nil {
		_, err = conn.Exec(ctx, showSQL, p.client)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("show that this process lives: %w", err), conn.Close(ctx))
	}
	p.conn = conn
	return nil
}

// end frees the locks.
func (p *presence) end(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	if p.conn != nil {
		_, _ = p.conn.Exec(ctx, `delete from ingest_processes where client = $1`, p.client) // else another one does
		_ = p.conn.Close(ctx)
		p.conn = nil
	}
}

// holders is SQL that lists the sessions that hold the advisory lock that stands for a text.
func holders(text string) string {
	return `select l.pid from pg_locks l, hashtextextended(` + text + `, 0) as key
		where l.locktype = 'advisory' and l.granted and l.objsubid = 1
			and l.database = (select oid from pg_database where datname = current_database())
			and l.classid = ((key >> 32) & 4294967295)::oid and l.objid = (key & 4294967295)::oid`
}

// isHeld is SQL that says whether somebody holds the advisory lock that stands for a text.
func isHeld(text string) string { return `exists (` + holders(text) + `)` }

// endSilent ends the sessions by which processes hold their locks that have not shown for a while that they go on: their
// jobs are taken back then. One that wakes up finds its session gone, takes its locks anew, and what it still works on
// has been done by another one. Who was silent as long, as after the sleep of the machine, is no judge of others.
func (q *Queue) endSilent(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	rows, _ := q.pool.Query(ctx, //nolint:rowserrcheck // ForEachRow checks it
		`with silent as (
			delete from ingest_processes where client <> $1 and seen_at < clock_timestamp() - $2::interval
				and exists (select from ingest_processes where client = $1 and seen_at > clock_timestamp() - $2::interval)
			returning client, seen_at)
		select s.client, s.seen_at, pg_terminate_backend(h.pid) from silent s, lateral (`+holders(`s.client`)+`) h`, q.presence.client, q.silent)
	var client string
	var seen time.Time
	var ended bool
	_, err := pgx.ForEachRow(rows, []any{&client, &seen, &ended}, func() error {
		q.log.WarnContext(ctx, "ingest: a process has been silent: others go on with its work", "process", client, "since", seen, "ended", ended)
		return nil
	})
	if err != nil {
		return fmt.Errorf("end the sessions of silent processes: %w", err)
	}
	return nil
}

// takeBack makes jobs of dead processes available again, and jobs of this one that it does not run: it may have taken
// them, or ended them, while the database could not be told. The attempt does not count.
func (q *Queue) takeBack(ctx context.Context) error {
	tag, err := q.pool.Exec(ctx, `update river.river_job set state = 'available', attempt = greatest(attempt - 1, 0), scheduled_at = now()
		where state = 'running' and kind = any($1)
			and case when attempted_by[array_upper(attempted_by, 1)] = $2
				then attempted_at < now() - $3::interval and id <> all($4)
				else not `+isHeld(`attempted_by[array_upper(attempted_by, 1)]`)+` end`,
		[]string{syncKind, fileKind}, q.presence.client, givenUp, q.running.ids())
	if err != nil {
		return fmt.Errorf("take back the jobs of dead processes: %w", err)
	}
	if n := tag.RowsAffected(); n > 0 {
		q.log.InfoContext(ctx, "took back jobs that nobody runs any more", "jobs", n)
	}
	return nil
}

// running is the jobs that this process runs, and those that it ended a moment ago, which the database may not know yet.
type running struct {
	mu   sync.Mutex
	jobs map[int64]time.Time // when it ended; zero: it runs
}

func (r *running) begin(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.jobs == nil {
		r.jobs = map[int64]time.Time{}
	}
	r.jobs[id] = time.Time{}
}

func (r *running) end(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jobs[id] = time.Now()
}

func (r *running) ids() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make([]int64, 0, len(r.jobs))
	for id, ended := range r.jobs {
		if !ended.IsZero() && time.Since(ended) > givenUp {
			delete(r.jobs, id)
			continue
		}
		ids = append(ids, id)
	}
	return ids
}
