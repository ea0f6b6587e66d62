package rag

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationLock is the advisory lock under which one process at a time changes the schema: "yinju" in ASCII.
const migrationLock = 0x79696e6a75

// minServer is the oldest PostgreSQL taken, as server_version_num has it.
const minServer = 170000

// minVector is the oldest pgvector taken: 0.8.3 and 0.8.4 mend an index corruption that re-ingest provokes.
var minVector = [3]int{0, 8, 4}

// ErrNoVector is returned for a database whose server does not offer pgvector at all.
var ErrNoVector = errors.New("the server has no pgvector: install the extension \"vector\" 0.8.4 or newer, or leave DATABASE_URL empty to use the private server")

// ErrNewerSchema is returned for a database that a newer yinju has migrated.
var ErrNewerSchema = errors.New("the database was made by a newer yinju: upgrade this program, or use another database")

// OldServerError says that the server is older than minServer.
type OldServerError struct{ Have string }

func (e *OldServerError) Error() string {
	return "PostgreSQL " + e.Have + " is too old, 17 or newer is needed: use another server in DATABASE_URL, or leave it empty to use the private one"
}

// OldVectorError says that the database has a pgvector which is too old.
type OldVectorError struct{ Have string }

func (e *OldVectorError) Error() string {
	return "pgvector " + e.Have + " is too old, 0.8.4 or newer is needed: install it on the server, then run ALTER EXTENSION vector UPDATE"
}

// migrate brings the schema up to date in one transaction, which other processes wait for.
func migrate(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
			return fmt.Errorf("wait for another process that migrates: %w", err)
		}
		if err := needServer(ctx, tx); err != nil {
			return err
		}
		if err := needVector(ctx, tx); err != nil {
			return err
		}
		return applyMissing(ctx, tx)
	})
}

func needServer(ctx context.Context, tx pgx.Tx) error {
	var version string
	var number int
	err := tx.QueryRow(ctx, `select current_setting('server_version'), current_setting('server_version_num')::int`).Scan(&version, &number)
	if err != nil {
		return fmt.Errorf("ask the server for its version: %w", err)
	}
	if number < minServer {
		return &OldServerError{Have: version}
	}
	return nil
}

// needVector makes sure that a new enough pgvector is installed in the database.
func needVector(ctx context.Context, tx pgx.Tx) error {
	var offered, installed *string
	err := tx.QueryRow(ctx, `select default_version, installed_version from pg_available_extensions where name = 'vector'`).
		Scan(&offered, &installed)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoVector
	}
	if err != nil {
		return fmt.Errorf("look for pgvector: %w", err)
	}
	if installed != nil {
		return checkVersion(*installed)
	}
	if err := checkVersion(*offered); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `create extension vector`); err != nil {
		return fmt.Errorf("create extension vector (its owner, or a superuser, has to run it once): %w", err)
	}
	return nil
}

func checkVersion(have string) error {
	var v [3]int
	for i, part := range strings.SplitN(have, ".", 3) {
		v[i], _ = strconv.Atoi(part) // an odd part counts as 0, the oldest
	}
	for i, want := range minVector {
		if v[i] != want {
			if v[i] > want {
				return nil
			}
			return &OldVectorError{Have: have}
		}
	}
	return nil
}

func applyMissing(ctx context.Context, tx pgx.Tx) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return fmt.Errorf("list migrations: %w", err)
	}
	return applyNames(ctx, tx, names)
}

func applyNames(ctx context.Context, tx pgx.Tx, names []string) error {
	const table = `create table if not exists schema_version (
		version int primary key, applied_at timestamptz not null default now())`
	if _, err := tx.Exec(ctx, table); err != nil {
		return fmt.Errorf("create schema_version: %w", err)
	}
	var have int
	if err := tx.QueryRow(ctx, `select coalesce(max(version), 0) from schema_version`).Scan(&have); err != nil {
		return fmt.Errorf("read schema_version: %w", err)
	}
	if have > len(names) {
		return ErrNewerSchema
	}
	for i, name := range names[have:] {
		if err := apply(ctx, tx, have+i+1, name); err != nil {
			return fmt.Errorf("migrate with %s: %w", name, err)
		}
	}
	return nil
}

func apply(ctx context.Context, tx pgx.Tx, version int, name string) error {
	sql, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, string(sql)); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into schema_version (version) values ($1)`, version)
	return err
}
