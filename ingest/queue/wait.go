package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	lookEvery = 300 * time.Millisecond // at a sync that is waited for
	awayFor   = time.Minute            // after which a database that does not answer is given up
	askWait   = 10 * time.Second       // for one answer of it
)

// ErrLost says that a sync which was asked for will not come: its job was cancelled.
var ErrLost = errors.New("the sync was cancelled before it began")

// Wait waits for the end of the sync that a job plans, and shows how far it is, whoever works on it. It gives up when
// the database has not answered for a minute.
func Wait(ctx context.Context, pool *pgxpool.Pool, job int64, show func(State)) (Ended, error) {
	answered := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return Ended{}, context.Cause(ctx)
		case <-timer.C:
		}
		end, over, err := lookAt(ctx, pool, job, show)
		switch {
		case over:
			return end, nil
		case err == nil:
			answered = time.Now()
		case ctx.Err() != nil:
			return Ended{}, context.Cause(ctx)
		case errors.Is(err, ErrLost), time.Since(answered) > awayFor:
			return Ended{}, fmt.Errorf("wait for the sync: %w", err)
		}
		timer.Reset(lookEvery)
	}
}

func lookAt(ctx context.Context, pool *pgxpool.Pool, job int64, show func(State)) (Ended, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	state, err := StateOf(ctx, pool)
	if err != nil {
		return Ended{}, false, err
	}
	var waits bool // read before the end is looked for: a sync that ends in between is seen
	if err := pool.QueryRow(ctx, `select exists (select from river.river_job where id = $1 and finalized_at is null)
		or exists (select from ingest_syncs where job = $1)`, job).Scan(&waits); err != nil {
		return Ended{}, false, err
	}
	end, over, err := EndOf(ctx, pool, job)
	if err == nil && !over && !waits {
		err = ErrLost
	}
	if err == nil && !over && show != nil {
		show(state)
	}
	return end, over, err
}
