package queue

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// schema is where river's tables are.
const schema = "river"

// migrationLock is the advisory lock under which one process at a time changes river's schema: "river" in ASCII.
const migrationLock = 0x7269766572

// migrate brings river's tables up to date. river commits each step by itself, so that a process killed in between
// leaves what the next one goes on with.
func migrate(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: schema, Logger: log})
	if err != nil {
		return fmt.Errorf("prepare the queue's tables: %w", err)
	}
	if isMigrated(ctx, migrator) {
		return nil
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("prepare the queue's tables: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return fmt.Errorf("wait for another process that prepares the queue's tables: %w", err)
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, int64(migrationLock))
	}()
	if _, err := conn.Exec(ctx, `create schema if not exists `+schema); err != nil {
		return fmt.Errorf("create the queue's schema: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("prepare the queue's tables: %w", err)
	}
	return nil
}

// isMigrated says whether every step has been made. An error means that it is not known: then the lock is taken.
func isMigrated[T any](ctx context.Context, m *rivermigrate.Migrator[T]) bool {
	have, err := m.ExistingVersions(ctx)
	return err == nil && len(have) >= len(m.AllVersions())
}
