package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sys/unix"
)

const (
	// lockLimit bounds the wait for others that start or stop the server; it
	// covers an initdb on a slow disk as well as a full shutdown.
	lockLimit = 4 * time.Minute
	// readyLimit bounds the wait for a server that recovers from a crash.
	readyLimit = 3 * time.Minute
	// againLimit bounds how long a server that cannot start yet is tried anew.
	againLimit = 30 * time.Second
	// connectLimit bounds one attempt to connect.
	connectLimit = 5 * time.Second
)

// Options tell Start where things are. Log may be nil.
type Options struct {
	BinDir  string // the folder of the programs, as Postgres gives it
	DataDir string // made if missing
	Log     *slog.Logger
}

// Server is one user of the shared server of a data folder. Its methods may be
// called from several goroutines.
type Server struct {
	data *dataDir
	url  string

	mu    sync.Mutex // guards what follows
	pm    *postmaster
	users *heldLock // nil after Close
}

// Start joins the server of the data folder, or makes the folder, the cluster
// and the database and starts it. It waits for others that start or stop it
// (up to 4 minutes), for initdb (3) and for recovery (3), or until ctx ends.
// Errors: *DataDirError, *NoSpaceError, *ClosedFolderError, and others that
// carry the end of pg.log. Call Close on what it gives.
func Start(ctx context.Context, opt Options) (*Server, error) {
	s, err := start(ctx, opt)
	if err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, opt Options) (*Server, error) {
	if opt.DataDir == "" || opt.BinDir == "" {
		return nil, errors.New("both the data folder and the folder of the programs must be named")
	}
	data, err := openDataDir(opt)
	if err != nil {
		return nil, err
	}
	held, err := data.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer held.release()
	users, err := data.tryUsers(unix.LOCK_SH)
	if err != nil {
		return nil, err
	}
	s := &Server{data: data, users: users}
	if err := s.bringUp(ctx); err != nil {
		// ctx may be over, and the server must stop all the same.
		return nil, errors.Join(data.explainFull(err), s.leave(context.WithoutCancel(ctx)))
	}
	s.url = connString(s.pm.socketDir, dbname)
	return s, nil
}

// lock takes the lock under which the server is started and stopped.
func (d *dataDir) lock(ctx context.Context) (*heldLock, error) {
	return waitLock(ctx, d.join(lockName), lockLimit, d.owner.uid, d.owner.gid, func() {
		d.log.Info("waiting for another process that starts or stops postgres", "data", d.path)
	})
}

// tryUsers takes the lock that every user shares. Under the other lock nobody
// holds it exclusively, so only LOCK_EX can give nil.
func (d *dataDir) tryUsers(mode int) (*heldLock, error) {
	held, err := tryLock(d.join("users"), mode, d.owner.uid, d.owner.gid)
	if err == nil && held == nil && mode == unix.LOCK_SH {
		err = fmt.Errorf("lock %s: another program holds it", d.join("users"))
	}
	return held, err
}

// URL gives the connection string of the database yinju for pgx.ParseConfig
// and psql. It holds no secret: the socket lets in by account.
func (s *Server) URL() string { return s.url }

// Close leaves the server; the last user stops it (up to 40 seconds, or until
// ctx ends, so give it a fresh one). On an error the server may go on running;
// the next Start joins it. A second Close does nothing.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == nil {
		return nil
	}
	held, err := s.data.lock(ctx)
	if err != nil {
		s.users.release()
		s.users = nil
		return fmt.Errorf("stop postgres: %w", err)
	}
	defer held.release()
	if err := s.leave(ctx); err != nil {
		return fmt.Errorf("stop postgres: %w", err)
	}
	return nil
}

// leave drops our share and stops the server if there is no other user. The
// caller holds the lock, so none can come in between.
func (s *Server) leave(ctx context.Context) error {
	s.users.release()
	s.users = nil
	alone, err := s.data.tryUsers(unix.LOCK_EX)
	if err != nil || alone == nil {
		return err
	}
	defer alone.release()
	if err := s.data.stop(ctx, s.pm); err != nil {
		return err
	}
	s.data.log.Info("postgres stopped", "data", s.data.path)
	return nil
}

// bringUp makes sure of a cluster, a ready server and the database.
func (s *Server) bringUp(ctx context.Context) error {
	d := s.data
	if err := removeLeftovers(d.path, newCluster+"*"); err != nil {
		return err
	}
	d.noteOlder()
	exists, err := d.checkCluster()
	if err != nil {
		return err
	}
	if !exists {
		d.log.Info("making a new cluster", "data", d.pgdata())
		if err := d.initCluster(ctx); err != nil {
			return err
		}
	}
	return s.runServer(ctx)
}

// runServer joins or launches until one server is ready. A joined one may just
// be shutting down, and a launched one may have to wait for the last children
// of a killed predecessor.
func (s *Server) runServer(ctx context.Context) error {
	giveUp := time.Now().Add(againLimit)
	for {
		err := s.joinOrLaunch(ctx)
		if err == nil {
			return nil
		}
		var died *diedError
		if !errors.As(err, &died) || !died.again || time.Now().After(giveUp) {
			return err
		}
		if err := sleep(ctx, 10*pollEvery); err != nil {
			return err
		}
	}
}

func (s *Server) joinOrLaunch(ctx context.Context) error {
	pm, err := s.data.findPostmaster()
	if err != nil {
		return err
	}
	if pm == nil {
		if pm, err = s.data.launch(ctx); err != nil {
			return err
		}
	}
	s.pm = pm
	s.data.log.Info("postgres", "pid", pm.pid, "launched", pm.launched, "data", s.data.path)
	return s.data.waitReady(ctx, pm)
}

// diedError says that a server ended before it took connections.
type diedError struct {
	log, tail string
	again     bool
}

func (e *diedError) Error() string {
	return fmt.Sprintf("the server ended before it was ready; the end of %s:\n%s", e.log, e.tail)
}

// waitReady polls with real connections until one works.
func (d *dataDir) waitReady(ctx context.Context, pm *postmaster) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit,
		fmt.Errorf("not ready after %v: %w", readyLimit, context.DeadlineExceeded))
	defer cancel()
	for {
		err := ensureDatabase(ctx, pm.socketDir)
		if err == nil || !worthWaiting(err) {
			return err
		}
		if !d.alive(pm.pid) {
			return d.died(pm)
		}
		if cause := sleep(ctx, pollEvery); cause != nil {
			//nolint:errorlint // a socket that is not there yet must not pass for a missing file of the user's
			return fmt.Errorf("wait for server %d (%w): %v; the end of %s:\n%s",
				pm.pid, cause, err, d.join("pg.log"), d.logTail(pm.logFrom))
		}
	}
}

// died explains the end of a server by its log.
func (d *dataDir) died(pm *postmaster) error {
	again := !pm.launched
	pm.reap()
	text := d.logTail(pm.logFrom)
	if full := d.spaceError(text); full != nil && !again {
		return full
	}
	for _, passing := range []string{"pre-existing shared memory block", "postmaster.pid\" already exists"} {
		again = again || strings.Contains(text, passing)
	}
	return &diedError{log: d.join("pg.log"), tail: text, again: again}
}

// worthWaiting tells a server that is not up yet from one that refuses us.
func worthWaiting(err error) bool {
	var refused *pgconn.PgError
	var parse *pgconn.ParseConfigError
	if !errors.As(err, &refused) {
		return !errors.As(err, &parse) && !errors.Is(err, fs.ErrPermission)
	}
	const cannotConnectNow, tooManyConnections = "57P03", "53300"
	return refused.Code == cannotConnectNow || refused.Code == tooManyConnections
}

// ensureDatabase connects to our database and creates it if it is missing.
func ensureDatabase(ctx context.Context, socketDir string) error {
	const noSuchDatabase, duplicateDatabase = "3D000", "42P04"
	err := execSQL(ctx, connString(socketDir, dbname), "SELECT 1")
	if !hasCode(err, noSuchDatabase) {
		return err
	}
	err = execSQL(ctx, connString(socketDir, "postgres"), "CREATE DATABASE "+dbname)
	if hasCode(err, duplicateDatabase) {
		return nil
	}
	return err
}

func hasCode(err error, code string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == code
}

func execSQL(ctx context.Context, conn, sql string) error {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	c, err := pgx.Connect(ctx, conn)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, sql)
	return err
}
