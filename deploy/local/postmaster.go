package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// logLimit is the size in bytes at which pg.log is begun anew at a start.
	logLimit = 5 << 20
	// stopLimit bounds a fast shutdown, killLimit the immediate one after it.
	stopLimit = 30 * time.Second
	killLimit = 10 * time.Second
	pollEvery = 20 * time.Millisecond
	// execPolls and shortPoll bound what takes the kernel moments, to a second.
	execPolls = 1000
	shortPoll = time.Millisecond
)

// postmaster is the server process of a data folder.
type postmaster struct {
	pid       int
	socketDir string
	launched  bool  // by this Start
	child     bool  // of this process
	logFrom   int64 // where in pg.log its lines begin
}

// findPostmaster gives the living server of the data folder, or nil.
func (d *dataDir) findPostmaster() (*postmaster, error) {
	file, ok := d.readPostmasterFile()
	if !ok && d.garbagePidFile() {
		file.pid, ok = d.searchProcess(d.alive)
	}
	if !ok || !d.alive(file.pid) {
		return nil, nil
	}
	_, parent := processStat(file.pid)
	pm := &postmaster{pid: file.pid, socketDir: file.socketDir, child: parent == os.Getpid()}
	if pm.socketDir == "" {
		// Still too young to have written it.
		dir, err := d.socketDir()
		pm.socketDir = dir
		return pm, err
	}
	return pm, d.checkSocketDir(pm.socketDir)
}

// alive tells whether pid is a Postgres server on our data folder. A number
// used again by another program is not, nor is a dead child nobody waited for.
func (d *dataDir) alive(pid int) bool {
	argv := arguments(pid)
	return filepath.Base(string(argv[0])) == "postgres" && d.worksOn(pid, argv)
}

// touches tells whether pid is a Postgres server on our data folder or one of
// its children, which may outlive it and show a title in place of arguments.
func (d *dataDir) touches(pid int) bool {
	argv := arguments(pid)
	return bytes.HasPrefix(argv[0], []byte("postgres: ")) && d.worksOn(pid, argv) || d.alive(pid)
}

// searchProcess looks through all processes.
func (d *dataDir) searchProcess(is func(pid int) bool) (pid int, found bool) {
	all, _ := os.ReadDir("/proc")
	for _, entry := range all {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && is(pid) {
			return pid, true
		}
	}
	return 0, false
}

// arguments gives one empty argument where there is no such process.
func arguments(pid int) [][]byte {
	raw, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	return bytes.Split(raw, []byte{0})
}

// worksOn tells whether the process, which is Postgres, works on our cluster.
func (d *dataDir) worksOn(pid int, argv [][]byte) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	if cwd, err := os.Stat(filepath.Join(proc, "cwd")); err == nil {
		return d.isCluster(cwd)
	}
	// Root without the right to trace others must do with the arguments.
	for i, arg := range argv[:len(argv)-1] {
		if string(arg) == "-D" {
			info, err := os.Stat(string(argv[i+1]))
			return err == nil && d.isCluster(info)
		}
	}
	return false
}

func (d *dataDir) isCluster(info fs.FileInfo) bool {
	own, err := os.Stat(d.pgdata())
	return err == nil && os.SameFile(info, own)
}

// launch starts the server; the caller holds the lock and found none alive.
func (d *dataDir) launch(ctx context.Context) (*postmaster, error) {
	socketDir, err := d.prepareLaunch(ctx)
	if err != nil {
		return nil, err
	}
	log, from, err := d.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	// The server outlives ctx.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), //nolint:gosec // the program of BinDir with our own arguments
		filepath.Join(d.bin, "postgres"), d.serverArgs(socketDir)...)
	cmd.Dir, cmd.Env = d.pgdata(), serverEnv()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = d.acct.sysProcAttr()
	closeOnExec()
	if err := cmd.Start(); err != nil {
		return nil, explainExec(err, cmd.Path)
	}
	pm := &postmaster{pid: cmd.Process.Pid, socketDir: socketDir, launched: true, child: true, logFrom: from}
	// It outlives us too, so nothing waits for it; see reap.
	if err := cmd.Process.Release(); err != nil {
		return nil, err
	}
	d.awaitExec(pm)
	return pm, nil
}

// awaitExec waits until the new program shows its arguments. The kernel tells
// of the exec a moment before they are there.
func (d *dataDir) awaitExec(pm *postmaster) {
	for range execPolls {
		if d.alive(pm.pid) || ended(pm.pid) {
			return
		}
		time.Sleep(shortPoll)
	}
}

// closeOnExec keeps from the server what our own parent left open in us: a pipe
// that the server held would never end for who reads it.
func closeOnExec() {
	open, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}

func (d *dataDir) prepareLaunch(ctx context.Context) (socketDir string, err error) {
	if socketDir, err = d.socketDir(); err != nil {
		return "", err
	}
	if err := clearSocket(ctx, socketDir); err != nil {
		return "", err
	}
	if err := d.clearPidFile(ctx); err != nil {
		return "", err
	}
	return socketDir, d.writeAccess()
}

// clearPidFile removes a postmaster.pid at which Postgres would refuse to
// start: one whose number another process has now, or one without a number.
// With no such process Postgres removes the file itself after better checks.
func (d *dataDir) clearPidFile(ctx context.Context) error {
	if d.garbagePidFile() {
		if err := d.awaitNoProcess(ctx); err != nil {
			return err
		}
		return d.removePidFile()
	}
	file, ok := d.readPostmasterFile()
	if !ok || errors.Is(syscall.Kill(file.pid, 0), syscall.ESRCH) {
		return nil
	}
	return d.removePidFile()
}

// awaitNoProcess waits for the last children of a dead server to end. Without
// a number in postmaster.pid Postgres could not tell whose they are.
func (d *dataDir) awaitNoProcess(ctx context.Context) error {
	giveUp := time.Now().Add(dyingLimit)
	for {
		pid, found := d.searchProcess(d.touches)
		if !found {
			return nil
		}
		if time.Now().After(giveUp) {
			return fmt.Errorf("process %d of Postgres still runs on %s, whose postmaster.pid names no process; stop it", pid, d.pgdata())
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
}

func (d *dataDir) removePidFile() error {
	err := os.Remove(d.pidFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// serverArgs go on the command line, where they win over postgresql.conf.
func (d *dataDir) serverArgs(socketDir string) []string {
	args := []string{"-D", d.pgdata()}
	for _, setting := range []string{
		"listen_addresses=",
		"port=" + socketPort,
		"unix_socket_directories=" + quoteListItem(socketDir),
		"unix_socket_permissions=0700",
		"hba_file=" + filepath.Join(d.pgdata(), "pg_hba.conf"),
		"ident_file=" + filepath.Join(d.pgdata(), "pg_ident.conf"),
		"shared_buffers=128MB",
		"max_connections=100",
		"jit=off",
		"logging_collector=off",
		"log_destination=stderr",
	} {
		args = append(args, "-c", setting)
	}
	return args
}

// openLog opens pg.log to append, begun anew when it has grown too big.
func (d *dataDir) openLog() (*os.File, int64, error) {
	file, err := openOwned(d.join("pg.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, int(d.acct.uid), int(d.acct.gid))
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err == nil && info.Size() <= logLimit {
		return file, info.Size(), nil
	}
	if err == nil {
		err = file.Truncate(0)
	}
	if err != nil {
		_ = file.Close()
		return nil, 0, err
	}
	return file, 0, nil
}

// logTail gives the end of pg.log from an offset on.
func (d *dataDir) logTail(from int64) string {
	const most = 4 << 10
	file, err := os.OpenFile(d.join("pg.log"), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err.Error()
	}
	from = max(from, info.Size()-most, 0)
	text := make([]byte, max(info.Size()-from, 0))
	n, _ := file.ReadAt(text, from)
	return lastLines(string(text[:n]), 20)
}

// stop ends the server with a fast shutdown, and if that takes too long with
// an immediate one, after which the next start recovers.
// The server own that this user knows counts when there is no postmaster.pid
// yet.
func (d *dataDir) stop(ctx context.Context, own *postmaster) error {
	pm, err := d.findPostmaster()
	if err != nil {
		return err
	}
	if pm == nil && own != nil && d.alive(own.pid) {
		pm = own
	}
	if pm == nil {
		return nil
	}
	// The handle is taken before the check, so the signals cannot reach a
	// later process of the same number.
	process, err := os.FindProcess(pm.pid)
	if err != nil {
		return err
	}
	defer func() { _ = process.Release() }()
	if err := d.signalUntilGone(ctx, process, syscall.SIGINT, stopLimit); err != nil {
		return err
	}
	if err := d.signalUntilGone(ctx, process, syscall.SIGQUIT, killLimit); err != nil {
		return err
	}
	if d.alive(pm.pid) {
		return fmt.Errorf("server %d still runs after %v; see %s", pm.pid, stopLimit+killLimit, d.join("pg.log"))
	}
	pm.reap()
	d.removeShortSocketDir(pm.socketDir)
	return nil
}

// signalUntilGone signals a living server and waits until it is gone or limit
// is over, which is no error.
func (d *dataDir) signalUntilGone(ctx context.Context, p *os.Process, signal syscall.Signal, limit time.Duration) error {
	if !d.alive(p.Pid) {
		return nil
	}
	if err := p.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal server %d: %w", p.Pid, err)
	}
	deadline := time.Now().Add(limit)
	for !ended(p.Pid) && time.Now().Before(deadline) {
		if err := sleep(ctx, pollEvery); err != nil {
			return fmt.Errorf("wait for server %d to stop (it was told to): %w", p.Pid, err)
		}
	}
	return nil
}

// removeShortSocketDir leaves nothing of ours in the folder for temporary
// files. It is no loss when it fails.
func (d *dataDir) removeShortSocketDir(dir string) {
	if dir != d.join("run") {
		_ = os.Remove(dir)
	}
}

// reap takes the exit status of a dead server that was our child, so that no
// zombie stays. Nobody else waits for it: launch let go of it.
func (pm *postmaster) reap() {
	for n := 0; pm.child && n < execPolls; n++ {
		pid, err := syscall.Wait4(pm.pid, nil, syscall.WNOHANG, nil)
		if pid == pm.pid || errors.Is(err, syscall.ECHILD) {
			pm.child = false
			return
		}
		time.Sleep(shortPoll)
	}
}

// ended tells that a process is gone but for its exit status. One that is just
// dying shows no arguments any more, but still holds its files.
func ended(pid int) bool {
	state, _ := processStat(pid)
	return state == "" || state == "Z" || state == "X"
}

// processStat gives the state letter and the parent of a process, or nothing
// where there is none.
func processStat(pid int) (state string, parent int) {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return "", 0
	}
	// The name in brackets may hold anything, brackets too.
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
	if len(fields) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(string(fields[1]))
	return string(fields[0]), parent
}
