package rag

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Generation is one index of the corpus, made with one embedding model and one set of rules. One is live; another may be
// built beside it, and take its place.
type Generation struct {
	ID       int
	Schema   string // of its tables
	Embedder string // "": what the sources say
	Rules    string
	IsLive   bool
}

const (
	generationsAge = time.Second  // after which a process looks again which one is live
	oldKept        = time.Hour    // answers that have begun with an old one have ended by then, and programs with its model were told
	buildLock      = 0x6275696c64 // of whoever makes a generation: "build" in ASCII
)

// BehindError says that a generation does not have all that the live one has, so that it cannot take its place yet.
type BehindError struct{ Missing []string } // files

func (e *BehindError) Error() string {
	const shown = 5
	names := strings.Join(e.Missing[:min(shown, len(e.Missing))], ", ")
	return fmt.Sprintf("the new index has nothing of %d files that the old one has, which goes on answering: mend or remove them, or use --force: %s", len(e.Missing), names)
}

// ErrReplaced says that a program with other rules, or another model, has replaced the index of this one.
var ErrReplaced = errors.New("another yinju, newer or with another model, has replaced this one's index: run the same program everywhere, or use --force to go back to this one's")

type pinKey struct{}

// In has what is done with the context done in a generation, whatever is live.
func (s *Store) In(ctx context.Context, g Generation) context.Context {
	return context.WithValue(ctx, pinKey{}, g)
}

func pinned(ctx context.Context) (Generation, bool) {
	g, ok := ctx.Value(pinKey{}).(Generation)
	return g, ok
}

// pin has everything of one answer done in one generation: the live one, if it is of the caller's model, or else the newest
// that is; the live one where none is. One that is pinned already stays.
func (s *Store) pin(ctx context.Context, embedder string) (context.Context, error) {
	if _, ok := pinned(ctx); ok {
		return ctx, nil
	}
	all, err := s.generations.get(ctx, s)
	if err != nil {
		return ctx, err
	}
	g := all[0]
	if i := slices.IndexFunc(all, func(g Generation) bool { return g.Embedder == "" || g.Embedder == embedder }); i >= 0 {
		g = all[i]
	}
	return s.In(ctx, g), nil
}

// generationsOf are those for which a condition holds, with what may stand behind it.
func generationsOf(ctx context.Context, db interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}, where string,
) ([]Generation, error) {
	rows, _ := db.Query(ctx, `select id, schema, embedder, rules, state = 'live' from generations where `+where)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Generation])
	if err != nil {
		return nil, fmt.Errorf("look for the index: %w", err)
	}
	return all, nil
}

// inEach does something in every generation there is.
func (s *Store) inEach(ctx context.Context, do func(ctx context.Context) error) error {
	all, err := generationsOf(ctx, s.pool, `state <> 'gone' order by id`)
	if err != nil {
		return err
	}
	for _, g := range all {
		if err := do(s.In(ctx, g)); err != nil {
			return err
		}
	}
	return nil
}

// Live is the generation that answers.
func (s *Store) Live(ctx context.Context) (Generation, error) {
	all, err := s.generations.get(ctx, s)
	if err != nil {
		return Generation{}, err
	}
	return all[0], nil
}

// generations are those that can answer, the live one first, then the others, the newest first. They are looked up again
// when a connection is taken and they have not been for a while.
type generations struct {
	mu  sync.Mutex
	all []Generation
	at  time.Time
}

func (g *generations) known() (all []Generation, isFresh bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all, time.Since(g.at) < generationsAge
}

func (g *generations) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at = time.Time{}
}

// get gives them, looked up again if need be.
func (g *generations) get(ctx context.Context, s *Store) ([]Generation, error) {
	if all, isFresh := g.known(); isFresh {
		return all, nil
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for the index: %w", err)
	}
	conn.Release()
	all, _ := g.known()
	return all, nil
}

func (g *generations) look(ctx context.Context, conn *pgx.Conn) error {
	all, err := generationsOf(ctx, conn, `state in ('live', 'old') order by state = 'live' desc, changed_at desc`)
	if err != nil {
		return err
	}
	if len(all) == 0 || !all[0].IsLive {
		return errNoneLive
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all, g.at = all, time.Now()
	return nil
}

// What is remembered of a connection.
const (
	basePath  = "yinju.base"  // its search_path as it came
	indexPath = "yinju.index" // the schema before that
)

// point prepares a connection that is taken from the pool: the generation that the context asks for, or the live one, is
// before its own schemas in the search_path.
func (s *Store) point(ctx context.Context, conn *pgx.Conn) (bool, error) {
	known := conn.PgConn().CustomData()
	if known[basePath] == nil {
		var path string
		if err := conn.QueryRow(ctx, `select current_setting('search_path')`).Scan(&path); err != nil {
			return false, unlessClosed(conn, err)
		}
		known[basePath] = path
	}
	g, ok := pinned(ctx)
	if !ok {
		all, isFresh := s.generations.known()
		if !isFresh {
			if err := s.generations.look(ctx, conn); err != nil {
				return !conn.IsClosed(), unlessClosed(conn, err) // a connection that was lost while it lay in the pool: another is taken
			}
			all, _ = s.generations.known()
		}
		g = all[0]
	}
	if known[indexPath] == g.Schema {
		return true, nil
	}
	path := pgx.Identifier{g.Schema}.Sanitize() + ", " + known[basePath].(string)
	if _, err := conn.Exec(ctx, `select set_config('search_path', $1, false)`, path); err != nil {
		return false, unlessClosed(conn, err)
	}
	known[indexPath] = g.Schema
	return true, nil
}

func unlessClosed(conn *pgx.Conn, err error) error {
	if conn.IsClosed() {
		return nil
	}
	return err
}

// Building is the generation that an ingest with this model and these rules fills: the live one where it was made with
// them, else one beside it, which is made if there is none. What was begun with others is given up. One that was live before
// is not made again, unless that is forced: two programs would replace each other's for ever.
func (s *Store) Building(ctx context.Context, embedder, rules string, force bool) (g Generation, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(buildLock)); err != nil {
			return err
		}
		live, err := liveGeneration(ctx, tx)
		if err != nil {
			return err
		}
		isEmpty, err := settle(ctx, tx, &live)
		if err != nil {
			return err
		}
		if isEmpty {
			live.Embedder, live.Rules = embedder, rules
			if err := setMadeWith(ctx, tx, live); err != nil {
				return err
			}
		}
		if live.Embedder == embedder && live.Rules == rules {
			g = live
			return nil
		}
		if err := dropGenerations(ctx, tx, `state = 'building' and (embedder, rules) <> ($1, $2)`, embedder, rules); err != nil {
			return err
		}
		begun, err := generationsOf(ctx, tx, `state = 'building'`)
		if err != nil {
			return err
		}
		if len(begun) > 0 {
			g = begun[0]
			return nil
		}
		if err := mayMake(ctx, tx, embedder, rules, force); err != nil {
			return err
		}
		g, err = makeGeneration(ctx, tx, live, embedder, rules)
		return err
	})
	if errors.Is(err, ErrReplaced) {
		return g, ErrReplaced
	}
	if err != nil {
		return g, fmt.Errorf("prepare the index: %w", err)
	}
	s.generations.forget()
	return g, nil
}

func mayMake(ctx context.Context, tx pgx.Tx, embedder, rules string, force bool) error {
	var wasLive bool
	err := tx.QueryRow(ctx, `select exists (select from generations where state in ('old', 'gone') and (embedder, rules) = ($1, $2))`, embedder, rules).Scan(&wasLive)
	if err == nil && wasLive && !force {
		err = ErrReplaced
	}
	return err
}

func liveGeneration(ctx context.Context, tx pgx.Tx) (Generation, error) {
	all, err := generationsOf(ctx, tx, `state = 'live'`)
	if err == nil && len(all) != 1 {
		err = errNoneLive
	}
	if err != nil {
		return Generation{}, err
	}
	return all[0], nil
}

var errNoneLive = errors.New("look for the index: none is live")

// settle learns from the sources what a generation was made with, where nothing says so. One of several is none that is asked
// for.
func settle(ctx context.Context, tx pgx.Tx, g *Generation) (isEmpty bool, err error) {
	rows, _ := tx.Query(ctx, //nolint:rowserrcheck // ForEachRow checks it
		`select distinct embedder, split_part(made_by, ' ', 1) from `+pgx.Identifier{g.Schema, "sources"}.Sanitize())
	var embedder, rules string
	n := 0
	_, err = pgx.ForEachRow(rows, []any{&embedder, &rules}, func() error { n++; return nil })
	if err != nil || n == 0 || g.Embedder != "" {
		return n == 0, err
	}
	g.Embedder, g.Rules = embedder, rules
	if n > 1 {
		g.Rules = "several"
	}
	return false, setMadeWith(ctx, tx, *g)
}

// setMadeWith notes with which model and rules a generation is made.
func setMadeWith(ctx context.Context, tx pgx.Tx, g Generation) error {
	_, err := tx.Exec(ctx, `update generations set embedder = $2, rules = $3 where id = $1`, g.ID, g.Embedder, g.Rules)
	return err
}

// makeGeneration makes the tables of a generation in the shape of those of another one.
func makeGeneration(ctx context.Context, tx pgx.Tx, like Generation, embedder, rules string) (g Generation, err error) {
	rows, _ := tx.Query(ctx, `insert into generations (schema, embedder, rules)
		values ((select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = 'generations'::regclass) || '_index_' || nextval(pg_get_serial_sequence('generations', 'id')), $1, $2)
		returning id, schema, embedder, rules, false`, embedder, rules)
	if g, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Generation]); err != nil {
		return g, err
	}
	from, to := pgx.Identifier{like.Schema}.Sanitize(), pgx.Identifier{g.Schema}.Sanitize()
	if _, err := tx.Exec(ctx, `create schema `+to); err != nil {
		return g, err
	}
	rows, _ = tx.Query(ctx, `select quote_ident(relname) from pg_class where relnamespace = $1::regnamespace and relkind = 'r' order by oid`, from)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return g, err
	}
	for _, t := range tables {
		if _, err := tx.Exec(ctx, `create table `+to+`.`+t+` (like `+from+`.`+t+` including all)`); err != nil {
			return g, err
		}
	}
	return g, addReferences(ctx, tx, from, to)
}

// addReferences adds the foreign keys, which are not made with a table like another one.
func addReferences(ctx context.Context, tx pgx.Tx, from, to string) error {
	rows, _ := tx.Query(ctx, `select quote_ident(c.relname), quote_ident(a.attname), quote_ident(f.relname)
		from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class f on f.oid = k.confrelid
			join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
		where k.contype = 'f' and c.relnamespace = $1::regnamespace`, from)
	type reference struct{ Table, Column, To string }
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[reference])
	if err != nil {
		return err
	}
	for _, r := range all {
		if _, err := tx.Exec(ctx, `alter table `+to+`.`+r.Table+` add foreign key (`+r.Column+`) references `+to+`.`+r.To+` on delete cascade`); err != nil {
			return err
		}
	}
	return nil
}

// Switch makes a generation live, at once for whoever asks from then on. Unless it is forced, it has to have every source
// that the live one has: *BehindError.
func (s *Store) Switch(ctx context.Context, g Generation, force bool) error {
	if g.IsLive {
		return nil
	}
	if _, err := s.pool.Exec(s.In(ctx, g), `analyze sources, articles, passages, passage_vectors, passage_codes, postings, term_sounds, article_names, article_twins, article_samples`); err != nil {
		return fmt.Errorf("switch to the new index: %w", err)
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(buildLock)); err != nil {
			return err
		}
		live, err := liveGeneration(ctx, tx)
		if err != nil || live.ID == g.ID { // another process was faster
			return err
		}
		rows, _ := tx.Query(ctx, `select path from `+pgx.Identifier{live.Schema, "sources"}.Sanitize()+` except select path from `+pgx.Identifier{g.Schema, "sources"}.Sanitize()+` order by path`)
		missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		if len(missing) > 0 && !force {
			return &BehindError{missing}
		}
		if _, err := tx.Exec(ctx, `update generations set state = 'old', changed_at = now() where id = $1`, live.ID); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update generations set state = 'live', changed_at = now() where id = $1`, g.ID)
		return err
	})
	s.generations.forget()
	if behind := (*BehindError)(nil); errors.As(err, &behind) {
		return behind
	}
	if err != nil {
		return fmt.Errorf("switch to the new index: %w", err)
	}
	return nil
}

// DropOld drops the generations that have not been live for an hour.
func (s *Store) DropOld(ctx context.Context) error { return s.dropOld(ctx, oldKept) }

func (s *Store) dropOld(ctx context.Context, kept time.Duration) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(buildLock)); err != nil {
			return err
		}
		return dropGenerations(ctx, tx, `state = 'old' and changed_at < now() - $1::interval`, kept)
	})
	if err != nil && !isBusy(err) { // somebody reads there: another run drops it
		return fmt.Errorf("drop an old index: %w", err)
	}
	return nil
}

// lockWait is how long dropping waits for whoever reads there.
const lockWait = "2s"

func dropGenerations(ctx context.Context, tx pgx.Tx, where string, args ...any) error {
	rows, _ := tx.Query(ctx, `update generations set state = 'gone', schema = schema || ' ' || id, embedder = case state when 'building' then '' else embedder end
		where `+where+` returning old.schema`, args...)
	schemas, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(schemas) == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, `select set_config('lock_timeout', $1, true)`, lockWait); err != nil {
		return err
	}
	for _, schema := range schemas {
		if _, err := tx.Exec(ctx, `drop schema if exists `+pgx.Identifier{schema}.Sanitize()+` cascade`); err != nil {
			return err
		}
	}
	return nil
}

// isBusy says whether an error is that a lock could not be had in time.
func isBusy(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "55P03"
}
