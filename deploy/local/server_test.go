package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sys/unix"
)

func TestServerServes(t *testing.T) {
	t.Parallel()
	inherited, err := os.CreateTemp(t.TempDir(), "")
	must(t, err)
	defer inherited.Close()
	_, err = unix.FcntlInt(inherited.Fd(), unix.F_SETFD, 0) // as our parent may have left it
	must(t, err)
	s := startOn(t, filepath.Join(openFolder(t), "data"))
	for sql, want := range map[string]string{
		"SHOW server_encoding":             "UTF8",
		"SHOW listen_addresses":            "",
		"SHOW shared_buffers":              "128MB",
		"SHOW max_connections":             "100",
		"SHOW jit":                         "off",
		"SELECT current_user::text":        "yinju",
		"SELECT current_database()::text":  "yinju",
		"SELECT upper('é') || lower('ΑΒ')": "Éαβ",
		"SELECT string_agg(type || ' ' || auth_method, ',') FROM pg_hba_file_rules": "local peer",
	} {
		if got := query(t, s, sql); got != want {
			t.Errorf("%s: got %q, want %q", sql, got, want)
		}
	}
	query(t, s, "CREATE EXTENSION vector")
	if got := query(t, s, "SELECT ('[1,2]'::vector)::text"); got != "[1,2]" {
		t.Errorf("vector: got %q", got)
	}
	proc := "/proc/" + strconv.Itoa(s.pm.pid)
	if strings.Contains(readFile(t, proc+"/environ"), "HOME=") {
		t.Error("the server has our environment")
	}
	files, err := filepath.Glob(proc + "/fd/*")
	must(t, err)
	for _, f := range files {
		if to, _ := os.Readlink(f); to == inherited.Name() {
			t.Errorf("the server has inherited %s", to)
		}
	}
}

func TestProcessesShareOneServer(t *testing.T) {
	t.Parallel()
	data := filepath.Join(openFolder(t), "data")
	var users []*helperUser
	for range 4 {
		users = append(users, newUser(t, data))
	}
	for _, u := range users {
		u.ready()
	}
	for _, u := range users[1:] {
		if u.pid != users[0].pid {
			t.Fatalf("two servers: %d and %d", u.pid, users[0].pid)
		}
	}
	for i, u := range users {
		if !running(t, data, u.pid) {
			t.Fatalf("the server was gone before user %d left", i)
		}
		u.leave()
	}
	if running(t, data, users[0].pid) {
		t.Error("the last one out left the server running")
	}
}

func TestStartsInOneProcess(t *testing.T) {
	t.Parallel()
	data := readyData(t, "data")
	servers := make([]*Server, 4)
	var group sync.WaitGroup
	for i := range servers {
		group.Go(func() {
			var err error
			if servers[i], err = Start(t.Context(), Options{BinDir: binDir(t), DataDir: data}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	pid := servers[0].pm.pid
	for _, s := range servers {
		if !running(t, data, pid) {
			t.Error("the server was gone too early")
		}
		closeServer(t, s)
		closeServer(t, s) // does nothing
	}
	if _, err := os.Stat("/proc/" + strconv.Itoa(pid)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("server %d is still there or a zombie: %v", pid, err)
	}
}

func TestKilledUserLeavesServerToTheNext(t *testing.T) {
	t.Parallel()
	data := readyData(t, "data")
	u := newUser(t, data)
	u.ready()
	u.kill()
	if !running(t, data, u.pid) {
		t.Fatal("the server died with its user")
	}
	s := startOn(t, data)
	if s.pm.pid != u.pid {
		t.Errorf("got server %d, want the orphan %d", s.pm.pid, u.pid)
	}
	query(t, s, "SELECT 'x'")
	closeServer(t, s)
	if running(t, data, u.pid) {
		t.Error("the orphan was not stopped")
	}
}

func TestKilledServerRecovers(t *testing.T) {
	t.Parallel()
	data := readyData(t, "data")
	s := startOn(t, data)
	query(t, s, "CREATE TABLE kept AS SELECT '留' AS word")
	busy, err := pgx.Connect(t.Context(), s.URL())
	must(t, err)
	defer busy.Close(context.Background())
	killHard(t, s.pm.pid)
	again := startOn(t, data)
	if got := query(t, again, "SELECT word FROM kept"); got != "留" {
		t.Errorf("after recovery: got %q", got)
	}
	closeServer(t, s)
	query(t, again, "SELECT 'x'")
}

func TestStalePidOfAnotherProgram(t *testing.T) {
	t.Parallel()
	data := readyData(t, "data")
	s := startOn(t, data)
	query(t, s, "CREATE TABLE kept AS SELECT '留' AS word")
	pidFile := filepath.Join(s.data.pgdata(), "postmaster.pid")
	stale := readFile(t, pidFile)
	socket := filepath.Join(s.pm.socketDir, socketName)
	stop(t, s.pm.pid)
	closeServer(t, s)
	foreign := sleeper(t, s.data.acct)
	lines := strings.SplitN(stale, "\n", 2)
	for path, text := range map[string]string{
		pidFile:          strconv.Itoa(foreign) + "\n" + lines[1],
		socket + ".lock": strconv.Itoa(foreign) + "\n" + lines[1],
		socket:           "",
	} {
		must(t, os.WriteFile(path, []byte(text), 0o600))
		must(t, s.data.acct.give(path))
	}
	again := startOn(t, data)
	if got := query(t, again, "SELECT word FROM kept"); got != "留" {
		t.Errorf("got %q", got)
	}
	if err := syscall.Kill(foreign, 0); err != nil {
		t.Errorf("the foreign process was touched: %v", err)
	}
}

func TestGarbagePidFile(t *testing.T) {
	t.Parallel()
	data := readyData(t, "data")
	for _, garbage := range []string{"", "no number\n", "\x00\x00\x00\x00"} {
		s := startOn(t, data)
		pidFile, socketLock := s.data.pidFile(), filepath.Join(s.pm.socketDir, socketName+".lock")
		stop(t, s.pm.pid)
		closeServer(t, s)
		for _, path := range []string{pidFile, socketLock} {
			must(t, os.WriteFile(path, []byte(garbage), 0o600))
			must(t, s.data.acct.give(path))
		}
		again := startOn(t, data)
		if got := query(t, again, "SELECT 'x'"); got != "x" {
			t.Errorf("%q: got %q", garbage, got)
		}
		closeServer(t, again)
	}
}

// TestEmptyPidFileOfALivingServer is the instant in which a server has made
// the file, but not yet written it.
func TestEmptyPidFileOfALivingServer(t *testing.T) {
	t.Parallel()
	s := startOn(t, readyData(t, "data"))
	whole := readFile(t, s.data.pidFile())
	must(t, os.Truncate(s.data.pidFile(), 0))
	again := startOn(t, s.data.path)
	if again.pm.pid != s.pm.pid {
		t.Errorf("got server %d, want %d", again.pm.pid, s.pm.pid)
	}
	if got := readFile(t, s.data.pidFile()); got != "" {
		t.Errorf("the file was replaced: %q", got)
	}
	query(t, again, "SELECT 'x'")
	must(t, os.WriteFile(s.data.pidFile(), []byte(whole), 0o600))
}

func TestGarbagePidFileStaysWhileAChildLives(t *testing.T) {
	t.Parallel()
	data := readyData(t, "data")
	acct, err := accountFor(data)
	must(t, err)
	d := &dataDir{path: data, acct: acct}
	must(t, os.WriteFile(d.pidFile(), nil, 0o600))
	child := exec.CommandContext(t.Context(), "sleep", "60")
	child.Args[0], child.Dir = "postgres: checkpointer ", d.pgdata()
	must(t, child.Start())
	if pm, err := d.findPostmaster(); pm != nil || err != nil {
		t.Errorf("took a child for the server: %v %v", pm, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := d.clearPidFile(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	readFile(t, d.pidFile())
	must(t, child.Process.Kill())
	_ = child.Wait() // it was killed
	must(t, d.clearPidFile(t.Context()))
	if _, err := os.Stat(d.pidFile()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file stays: %v", err)
	}
	// A person's server with --single is none of our business.
	must(t, os.WriteFile(d.pidFile(), []byte("-1\n"), 0o600))
	if d.garbagePidFile() {
		t.Error("a negative number is taken for garbage")
	}
}

func TestLeftoversOfInitdb(t *testing.T) {
	t.Parallel()
	data := filepath.Join(openFolder(t), "data")
	must(t, withFile(data, lockName))
	for _, name := range []string{"pg18.new", "pg18.new-1/base"} {
		must(t, os.MkdirAll(filepath.Join(data, name), 0o700))
	}
	must(t, os.MkdirAll(filepath.Join(data, "pg16"), 0o700))
	startOn(t, data)
	left, err := filepath.Glob(filepath.Join(data, "pg*"))
	must(t, err)
	want := []string{"pg.log", "pg16", "pg18"}
	for i := range left {
		left[i] = filepath.Base(left[i])
	}
	if fmt.Sprint(left) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", left, want)
	}
}

func TestOddPaths(t *testing.T) {
	t.Parallel()
	names := []string{`with space 'and' "quotes" % & 语句`, "a,b=c", strings.Repeat("很长的名字", 12)}
	for _, name := range names {
		t.Run(name[:3], func(t *testing.T) {
			t.Parallel()
			s := startOn(t, readyData(t, name))
			query(t, s, "SELECT 'x'")
			dir := s.pm.socketDir
			closeServer(t, s)
			if strings.HasPrefix(filepath.Base(dir), "yinju-") {
				if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("the short socket folder stays: %v", err)
				}
			}
		})
	}
}

func TestRefusesStrangeClusters(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{"": "is no Postgres cluster", "17\n": "Postgres 17, not 18"} {
		data := filepath.Join(openFolder(t), "data")
		must(t, os.MkdirAll(filepath.Join(data, "pg18"), 0o700))
		if version != "" {
			must(t, os.WriteFile(filepath.Join(data, "pg18", "PG_VERSION"), []byte(version), 0o600))
		}
		err := startFails(t, data)
		if _, ok := errors.AsType[*DataDirError](err); !ok {
			t.Errorf("got %v", err)
		}
		contains(t, err, want)
	}
}

func TestRefusesFolders(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	contains(t, startFails(t, file), "is a file")
	contains(t, startFails(t, filepath.Join(file, "below")), "not a")
	closed := filepath.Join(dir, "closed")
	must(t, os.Mkdir(closed, 0o500))
	err := startFails(t, filepath.Join(closed, "data"))
	if os.Geteuid() != 0 {
		contains(t, err, "cannot be made")
		contains(t, startFails(t, "/var/lib"), "belongs to root")
		return
	}
	var shut *ClosedFolderError
	if !errors.As(err, &shut) || shut.Folder != closed {
		t.Errorf("got %v, want %s closed", err, closed)
	}
}

func TestFolderOfAnother(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		err := startFails(t, "/var/lib")
		if _, ok := errors.AsType[*DataDirError](err); !ok {
			t.Errorf("got %v", err)
		}
		return
	}
	daemon, err := accountOf(user.Lookup("daemon"))
	must(t, err)
	data := filepath.Join(openFolder(t), "data")
	must(t, os.Mkdir(data, 0o755))
	must(t, daemon.give(data))
	refusesStranger(t, data)

	// Somebody's own folder with his own cluster goes on as his.
	data = readyData(t, "data")
	must(t, daemon.giveTree(data))
	s := startOn(t, data)
	if s.data.acct.name != daemon.name {
		t.Errorf("runs as %s", s.data.acct.name)
	}
	query(t, s, "SELECT 'x'")
	closeServer(t, s)

	// Another's cluster in his folder is none.
	nobody, err := accountOf(user.Lookup("nobody"))
	must(t, err)
	must(t, nobody.giveTree(filepath.Join(data, clusterName)))
	refusesStranger(t, data)
}

// refusesStranger wants the error to say whose a folder of daemon's is.
func refusesStranger(t *testing.T, data string) {
	t.Helper()
	before, err := os.ReadDir(data)
	must(t, err)
	err = startFails(t, data)
	if _, ok := errors.AsType[*DataDirError](err); !ok {
		t.Errorf("got %v", err)
	}
	contains(t, err, "belongs to daemon", "run yinju as the user", "choose another DATA_DIR")
	if after, err := os.ReadDir(data); err != nil || len(after) != len(before) {
		t.Errorf("left %v, %v", after, err)
	}
}

func TestOnlyOurFolderIsOpened(t *testing.T) {
	t.Parallel()
	acct := account{name: "stranger", uid: 1<<31 - 2, gid: 1<<31 - 2, drop: true}
	for name, c := range map[string]struct {
		prepare func(data string) error
		opened  bool
	}{
		"new":        {func(data string) error { _, err := makeDataDir(data); return err }, true},
		"empty":      {func(data string) error { return os.Mkdir(data, 0o700) }, true},
		"a cluster":  {func(data string) error { return os.MkdirAll(filepath.Join(data, clusterName), 0o700) }, true},
		"our lock":   {func(data string) error { return withFile(data, lockName) }, true},
		"other":      {func(data string) error { return withFile(data, ".profile") }, false},
		"a lock dir": {func(data string) error { return os.MkdirAll(filepath.Join(data, lockName), 0o700) }, false},
	} {
		data := filepath.Join(openFolder(t), "data")
		must(t, c.prepare(data))
		d := &dataDir{path: data, bin: "/", acct: acct}
		err := d.openWay()
		want := fs.FileMode(0o711)
		if !c.opened {
			want = 0o700
			var shut *ClosedFolderError
			if !errors.As(err, &shut) || shut.Folder != data {
				t.Errorf("%s: got %v", name, err)
			}
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		info, err := os.Stat(data)
		must(t, err)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %v, want %v", name, got, want)
		}
	}
}

// withFile makes a private folder with one file in it.
func withFile(dir, name string) error {
	return errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, name), nil, 0o600))
}

func TestServerThatCannotStartShowsItsLog(t *testing.T) {
	t.Parallel()
	data := readyData(t, "data")
	conf := filepath.Join(data, clusterName, "postgresql.auto.conf")
	must(t, os.WriteFile(conf, []byte("nonsense = 1\n"), 0o600))
	begin := time.Now()
	contains(t, startFails(t, data), "nonsense", "pg.log")
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestRefusedByTheServerIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	if worthWaiting(&pgconn.PgError{Code: "28000"}) || worthWaiting(fmt.Errorf("x: %w", fs.ErrPermission)) {
		t.Error("waits for what will not change")
	}
	if !worthWaiting(&pgconn.PgError{Code: "57P03"}) || !worthWaiting(syscall.ECONNREFUSED) {
		t.Error("does not wait for a server that starts")
	}
}

func TestStartEndsWithContext(t *testing.T) {
	t.Parallel()
	data := filepath.Join(openFolder(t), "data")
	must(t, os.Mkdir(data, 0o755))
	d, err := openDataDir(Options{BinDir: binDir(t), DataDir: data})
	must(t, err)
	held, err := d.lock(t.Context())
	must(t, err)
	defer held.release()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := Start(ctx, Options{BinDir: binDir(t), DataDir: data}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestNoSpace(t *testing.T) {
	t.Parallel()
	var full *NoSpaceError
	if err := checkSpace(os.TempDir(), 1<<40); !errors.As(err, &full) || full.NeedMB != 1<<40 || full.FreeMB <= 0 {
		t.Errorf("got %v", err)
	}
	must(t, checkSpace(os.TempDir(), 1))
	const said = "initdb: error: could not write: No space left on device"
	if err := diskFull(said, "/data", 3); !errors.As(err, &full) || *full != (NoSpaceError{"/data", 3, needMB}) {
		t.Errorf("got %v", err)
	}
	must(t, diskFull(said, "/data", needMB))
	must(t, diskFull("all is well", "/data", 3))
}

func TestSocketFolderOfAnother(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	acct, err := accountFor(filepath.Join(dir, "none"))
	must(t, err)
	d := &dataDir{path: dir, acct: acct}
	target := filepath.Join(dir, "target")
	must(t, os.Mkdir(target, 0o700))
	link := filepath.Join(dir, "link")
	must(t, os.Symlink(target, link))
	contains(t, d.checkSocketDir(link), "not a private folder")
	wide := filepath.Join(dir, "wide")
	must(t, os.Mkdir(wide, 0o755))
	contains(t, d.checkSocketDir(wide), "not a private folder")
	must(t, d.checkSocketDir(target))
}

// TestOrdinaryUser runs a whole life of a server without root.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	home := openFolder(t)
	data := filepath.Join(home, "data")
	var change []func(*exec.Cmd)
	if os.Geteuid() == 0 {
		nobody, err := accountOf(user.Lookup("nobody"))
		must(t, err)
		must(t, nobody.give(home))
		exe := filepath.Join(home, "test.exe")
		copyFile(t, os.Args[0], exe)
		change = append(change, func(c *exec.Cmd) {
			c.Path, c.Dir, c.SysProcAttr = exe, home, nobody.sysProcAttr()
		})
	}
	for range 2 {
		u := newUser(t, data, change...)
		u.ready()
		u.leave()
		if running(t, data, u.pid) {
			t.Error("the server stays")
		}
	}
	// Root joins what an ordinary user made, and leaves it usable to him.
	closeServer(t, startOn(t, data))
	u := newUser(t, data, change...)
	u.ready()
	u.leave()
}

func TestDefaultFolders(t *testing.T) {
	t.Parallel()
	open := openFolder(t)
	env := func(vars map[string]string) func(string) string { return func(k string) string { return vars[k] } }
	got, err := DefaultDataDir(env(map[string]string{"HOME": open, "XDG_DATA_HOME": "relative"}))
	if want := open + "/.local/share/yinju"; err != nil || got != want {
		t.Errorf("got %s %v, want %s", got, err, want)
	}
	got, err = DefaultPartsDir(env(map[string]string{"XDG_CACHE_HOME": open}))
	if want := open + "/yinju"; err != nil || got != want {
		t.Errorf("got %s %v, want %s", got, err, want)
	}
	closed := filepath.Join(open, "closed")
	must(t, os.Mkdir(closed, 0o700))
	want := closed + "/.cache/yinju"
	if os.Geteuid() == 0 {
		want = systemPartsDir
	}
	if got, err = DefaultPartsDir(env(map[string]string{"HOME": closed})); err != nil || got != want {
		t.Errorf("got %s %v, want %s", got, err, want)
	}
}

func startFails(t *testing.T, data string) error {
	t.Helper()
	s, err := Start(t.Context(), Options{BinDir: binDir(t), DataDir: data})
	if err == nil {
		closeServer(t, s)
		t.Fatalf("a server starts in %s", data)
	}
	return err
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	must(t, err)
	return string(raw)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	must(t, err)
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	must(t, err)
	_, err = io.Copy(out, in)
	must(t, errors.Join(err, out.Close()))
}

// stop ends a server that is our child at once and waits for its end.
func stop(t *testing.T, pid int) {
	t.Helper()
	must(t, syscall.Kill(pid, syscall.SIGQUIT))
	if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
		t.Fatal(err)
	}
}

// sleeper is a living process of the server's account.
func sleeper(t *testing.T, a account) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sleep", "60")
	cmd.SysProcAttr = a.sysProcAttr()
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() }) // the end of the context has killed it
	return cmd.Process.Pid
}

// TestCancelledStartLeavesNoServer ends the context at several moments.
func TestCancelledStartLeavesNoServer(t *testing.T) {
	t.Parallel()
	data := readyData(t, "data")
	for after := range 6 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(after*8)*time.Millisecond)
		s, err := Start(ctx, Options{BinDir: binDir(t), DataDir: data})
		cancel()
		if err == nil {
			closeServer(t, s)
		}
		if pids := serversOn(t, data); len(pids) > 0 {
			t.Fatalf("after %d ms (%v) still running: %v", after*8, err, pids)
		}
	}
}

// serversOn looks at all processes, for servers without a postmaster.pid.
func serversOn(t *testing.T, data string) []int {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*")
	must(t, err)
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(filepath.Base(name)); err == nil && running(t, data, pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}
