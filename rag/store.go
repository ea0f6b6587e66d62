package rag

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxvec "github.com/pgvector/pgvector-go/pgx"
)

// Dimensions is the length of every vector in the store.
const Dimensions = 512

// leastConns is how many connections a store may have, of however few processors: an ingest and those who ask at the
// same time do not wait for each other's.
const leastConns = 10

const (
	connectWait = 15 * time.Second // for the first connection
	migrateWait = 5 * time.Minute  // for the schema, other processes' turns included
)

// Store keeps sources, articles, passages and answers in Postgres. It is safe for concurrent use.
type Store struct {
	pool        *pgxpool.Pool
	passages    *passageCache
	generations *generations
}

// Open connects to the database, brings its schema up to date and returns the store. Errors are
// ErrNoVector, *OldVectorError and ErrNewerSchema, or what the connection said.
func Open(ctx context.Context, url string) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("open the database: DATABASE_URL is not a Postgres connection string (its text is not shown, it may hold a password)")
	}
	cfg.ConnConfig.AfterConnect = endWhenGone(cfg.ConnConfig.RuntimeParams)
	if err := migrateOnce(ctx, cfg.ConnConfig); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if !strings.Contains(url, "pool_max_conns") { // else the connection string says
		cfg.MaxConns = max(cfg.MaxConns, leastConns)
	}
	s := &Store{passages: &passageCache{}, generations: &generations{}}
	cfg.AfterConnect, cfg.PrepareConn = pgxvec.RegisterTypes, s.point
	if s.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return s, nil
}

// gone is when the server ends a session whose program is gone without a word, and frees its locks: after a minute of a
// network that carries nothing, or some minutes in a transaction in which nothing is asked; none waits for a model or a file. A
// Unix socket has no use for the first four.
var gone = []struct{ name, value string }{
	{"tcp_keepalives_idle", "30s"},
	{"tcp_keepalives_interval", "10s"},
	{"tcp_keepalives_count", "3"},
	{"tcp_user_timeout", "60s"},
	{"idle_in_transaction_session_timeout", "3min"},
}

// endWhenGone sets what the connection string does not. A pooler would refuse it as part of the greeting.
func endWhenGone(own map[string]string) func(context.Context, *pgconn.PgConn) error {
	var sql strings.Builder
	for _, g := range gone {
		if _, ok := own[g.name]; !ok {
			fmt.Fprintf(&sql, "set %s = '%s'; ", g.name, g.value)
		}
	}
	return func(ctx context.Context, conn *pgconn.PgConn) error { return conn.Exec(ctx, sql.String()).Close() }
}

// migrateOnce uses a connection of its own: the pool's learn pgvector's types, which must exist by then.
func migrateOnce(ctx context.Context, cfg *pgx.ConnConfig) error {
	dial, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	conn, err := pgx.ConnectConfig(dial, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	ctx, cancelMigrate := context.WithTimeout(ctx, migrateWait)
	defer cancelMigrate()
	return migrate(ctx, conn)
}

// Pool is the store's connections, for packages that keep tables of their own beside it.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Close gives the connections back. It waits for running calls.
func (s *Store) Close() { s.pool.Close() }

// Stats counts what the store holds.
type Stats struct {
	Server   string    `json:"server"`   // version of Postgres
	Vector   string    `json:"pgvector"` // version of the extension
	Schema   int       `json:"schema"`
	Sources  int       `json:"sources"`
	Articles int       `json:"articles"`
	Passages int       `json:"passages"`
	Answers  int       `json:"answers"`
	Ingested time.Time `json:"ingested_at"` // of the newest source; zero when there is none
}

// Stats asks the database how it is and what it holds.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	rows, _ := s.pool.Query(ctx, `select current_setting('server_version') as server,
		(select extversion from pg_extension where extname = 'vector') as vector,
		(select max(version) from schema_version) as schema,
		(select count(*) from sources) as sources, (select count(*) from articles) as articles,
		(select count(*) from passages) as passages, (select count(*) from answers) as answers,
		(select coalesce(max(ingested_at), '0001-01-01T00:00:00Z') from sources) as ingested`)
	st, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Stats])
	if err != nil {
		return Stats{}, fmt.Errorf("ask the database for its figures: %w", err)
	}
	return st, nil
}

// IsAway says whether an error is that the database cannot be reached now: it is not there, ends or starts, or has no
// connection left.
func IsAway(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		const tooManyConnections, adminShutdown, crashShutdown, cannotConnectNow = "53300", "57P01", "57P02", "57P03"
		return slices.Contains([]string{tooManyConnections, adminShutdown, crashShutdown, cannotConnectNow}, pg.Code)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return !errors.Is(err, context.Canceled)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var network *net.OpError
	return pgconn.SafeToRetry(err) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// IsFull says whether an error is the database server's "no space left".
func IsFull(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "53100"
}
