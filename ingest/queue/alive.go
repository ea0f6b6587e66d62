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
// session, one for the client and one, shared, for its queue. The server frees them when the process dies.
type presence struct {
	config *pgx.ConnConfig
	client string
	queue  string

	mu   sync.Mutex
	conn *pgx.Conn
}

// show takes the locks, again where the connection was lost.
func (p *presence) show(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	if p.conn != nil {
		if err := p.conn.Ping(ctx); err == nil {
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
	if p.conn != nil {
		_ = p.conn.Close(ctx)
		p.conn = nil
	}
}

// isHeld is SQL that says whether somebody holds the advisory lock that stands for a text.
func isHeld(text string) string {
	return `exists (select from pg_locks l, hashtextextended(` + text + `, 0) as key
		where l.locktype = 'advisory' and l.granted and l.objsubid = 1
			and l.database = (select oid from pg_database where datname = current_database())
			and l.classid = ((key >> 32) & 4294967295)::oid and l.objid = (key & 4294967295)::oid)`
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
