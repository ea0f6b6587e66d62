package local

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

// helperVar makes the test binary a user of a server instead: it starts, tells
// so, and closes when its input ends.
const helperVar = "YINJU_LOCAL_TEST_HELPER"

func TestMain(m *testing.M) {
	if data := os.Getenv(helperVar); data != "" {
		if err := helper(data); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	if *relockFrom != "" {
		if err := relock("parts.lock.json", *relockFrom); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	dir, err := DefaultPartsDir(os.Getenv)
	if err == nil {
		err = Fetch(context.Background(), dir, func(line string) { fmt.Println(line) })
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(templateRoot())
		os.Exit(code)
	}))
}

func helper(data string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := Start(ctx, Options{BinDir: os.Getenv(helperVar + "_BIN"), DataDir: data})
	if err != nil {
		return err
	}
	fmt.Println("ready", s.pm.pid)
	_, _ = io.Copy(io.Discard, os.Stdin)
	return s.Close(ctx)
}

// helperUser is a helper process.
type helperUser struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *bufio.Reader
	pid    int // of the postmaster
}

// newUser starts a helper on a data folder without waiting for it.
func newUser(t *testing.T, data string, change ...func(*exec.Cmd)) *helperUser {
	t.Helper()
	// It ends with its input, not with the test's context, so that it stops its server.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
	cmd.Env = append(os.Environ(), helperVar+"="+data, helperVar+"_BIN="+binDir(t))
	for _, c := range change {
		c(cmd)
	}
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	return &helperUser{t: t, cmd: cmd, stdin: stdin, stdout: bufio.NewReader(stdout)}
}

func (u *helperUser) ready() {
	u.t.Helper()
	line, _ := u.stdout.ReadString('\n')
	if _, err := fmt.Sscanf(line, "ready %d", &u.pid); err != nil {
		u.t.Fatalf("helper said %q", line)
	}
}

func (u *helperUser) leave() {
	u.t.Helper()
	_ = u.stdin.Close()
	rest, _ := io.ReadAll(u.stdout)
	if err := u.cmd.Wait(); err != nil {
		u.t.Fatalf("helper: %v: %s", err, rest)
	}
}

func (u *helperUser) kill() {
	_ = u.cmd.Process.Kill()
	_ = u.cmd.Wait()
}

// template is a cluster that was started and stopped once. A copy of it spares
// a test the initdb.
var template = sync.OnceValues(func() (string, error) {
	dir := templateRoot()
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	parts, err := DefaultPartsDir(os.Getenv)
	if err != nil {
		return "", err
	}
	bin, err := Postgres(parts)
	if err != nil {
		return "", err
	}
	s, err := Start(context.Background(), Options{BinDir: bin, DataDir: filepath.Join(dir, "data")})
	if err != nil {
		return "", err
	}
	return s.data.path, s.Close(context.Background())
})

// templateRoot is a folder of this test process alone.
func templateRoot() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("yinju-test-template-%d", os.Getpid()))
}

// readyData is a data folder of this name with a cluster in it.
func readyData(t *testing.T, name string) string {
	t.Helper()
	from, err := template()
	must(t, err)
	data := filepath.Join(openFolder(t), name)
	pgdata := filepath.Join(data, clusterName)
	must(t, os.CopyFS(pgdata, os.DirFS(filepath.Join(from, clusterName))))
	must(t, os.Chmod(pgdata, 0o700))
	acct, err := accountFor(from)
	must(t, err)
	must(t, acct.giveTree(pgdata))
	return data
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func partsDir(t *testing.T) string {
	t.Helper()
	dir, err := DefaultPartsDir(os.Getenv)
	must(t, err)
	return dir
}

func binDir(t *testing.T) string {
	t.Helper()
	p, err := lockedPartNamed(PostgresPart)
	must(t, err)
	return filepath.Join(p.folder(partsDir(t)), postgresBin) // verified in TestMain
}

// openFolder is a temporary folder that the account of the server can enter,
// unlike t.TempDir.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "yinju-test-") //nolint:usetesting // the server's account cannot enter t.TempDir()
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// startOn starts a server that ends with the test at the latest.
func startOn(t *testing.T, data string) *Server {
	t.Helper()
	s, err := Start(t.Context(), Options{BinDir: binDir(t), DataDir: data})
	must(t, err)
	t.Cleanup(func() { closeServer(t, s) })
	return s
}

func closeServer(t *testing.T, s *Server) {
	t.Helper()
	must(t, s.Close(context.Background()))
}

func query(t *testing.T, s *Server, sql string) string {
	t.Helper()
	c, err := pgx.Connect(t.Context(), s.URL())
	must(t, err)
	defer c.Close(context.Background())
	rows, err := c.Query(t.Context(), sql)
	must(t, err)
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return strings.Join(values, ",")
}

// running tells whether any server process lives on a data folder.
func running(t *testing.T, data string, pid int) bool {
	t.Helper()
	path, err := filepath.EvalSymlinks(data)
	must(t, err)
	return (&dataDir{path: path}).alive(pid)
}

func killHard(t *testing.T, pid int) {
	t.Helper()
	must(t, syscall.Kill(pid, syscall.SIGKILL))
}

func contains(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("error %v does not say %q", err, p)
		}
	}
}
