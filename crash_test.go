package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"yinju/deploy/local"
	"yinju/rag"
	"yinju/rag/ragtest"
)

// crashes is how often the program, and the server of the database, are killed: as often as YINJU_CRASHES says, or a few
// times.
func crashes(usually, often int) int {
	if os.Getenv("YINJU_CRASHES") != "" {
		return often
	}
	return usually
}

// shelf is a corpus on the disk that changes from round to round, the same way each time.
type shelf struct {
	t      *testing.T
	dir    string
	random *rand.Rand
	names  []string
	next   int
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	return &shelf{t: t, dir: filepath.Join(t.TempDir(), "corpus"), random: rand.New(rand.NewPCG(7, 11))}
}

// story is a text of two articles. Those of one n are near copies of each other.
func (s *shelf) story(n, edition int) string {
	subjects := []string{"石桥", "龙窑", "茶园", "渡口", "水车", "古井", "书院", "集市"}
	var out strings.Builder
	for a := range 2 {
		fmt.Fprintf(&out, "# %s的第%d个故事（之%d）\n\n", subjects[n%len(subjects)], n, a)
		for i := range 12 {
			fmt.Fprintf(&out, "第%d年的春天，住在%s旁边的人家把%d担粮食运到了%d里以外的地方，路上遇到了大雨，大家一起把车推过了山口。", 1900+n*7+i, subjects[(n+a)%len(subjects)], n*3+i+1, i*13+n)
		}
		if edition > 0 && a == 1 {
			fmt.Fprintf(&out, "后来的人又记下了第%d回的事情，说那一年的收成比哪一年都好。", edition)
		}
		out.WriteString("\n\n")
	}
	return out.String()
}

func (s *shelf) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// turn changes the corpus: some files are new, some changed, one renamed, one gone.
func (s *shelf) turn(round int) {
	s.t.Helper()
	for range 8 {
		name := fmt.Sprintf("%d/%03d.md", s.next%3, s.next)
		s.write(name, s.story(s.next, 0))
		s.names = append(s.names, name)
		s.next++
	}
	if round == 0 {
		return
	}
	for range 2 {
		name := s.names[s.random.IntN(len(s.names))]
		n, _ := strconv.Atoi(strings.TrimSuffix(filepath.Base(name), ".md"))
		s.write(name, s.story(n%1000, round))
	}
	i := s.random.IntN(len(s.names))
	n, _ := strconv.Atoi(strings.TrimSuffix(filepath.Base(s.names[i]), ".md"))
	to := fmt.Sprintf("renamed/%d.md", 1000*round+n%1000)
	if err := os.MkdirAll(filepath.Join(s.dir, "renamed"), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(s.dir, s.names[i]), filepath.Join(s.dir, to)); err != nil {
		s.t.Fatal(err)
	}
	s.names[i] = to
	i = s.random.IntN(len(s.names))
	if err := os.Remove(filepath.Join(s.dir, s.names[i])); err != nil {
		s.t.Fatal(err)
	}
	s.names = slices.Delete(s.names, i, i+1)
}

// program is the real one, in a process of its own.
func program(t *testing.T, url string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Args[0] = "yinju"
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "DATABASE_URL="+url, "PARTS_DIR="+ragtest.Parts(t), "YINJU_LANG=en", "REINGEST_SETTLE=0s", "LOG_LEVEL=ERROR")
	return cmd, &said
}

// ingestWhole ingests the corpus without a disturbance, and says how long that took.
func ingestWhole(t *testing.T, url, dir string) time.Duration {
	t.Helper()
	begin := time.Now()
	cmd, said := program(t, url, "ingest", dir)
	if err := cmd.Run(); err != nil {
		t.Fatalf("ingest: %v: %s", err, said)
	}
	return time.Since(begin)
}

// calm is what an undisturbed store holds after so many rounds.
func calm(t *testing.T, rounds int) (contents [][]string, took time.Duration) {
	t.Helper()
	s, url := newShelf(t), ragtest.Database(t)
	for round := range rounds {
		s.turn(round)
		took = max(took, ingestWhole(t, url, s.dir))
		contents = append(contents, contentsOf(t, url))
	}
	return contents, took
}

func contentsOf(t *testing.T, url string) []string {
	t.Helper()
	store, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var left int
	if err := store.Pool().QueryRow(t.Context(), `select (select count(*) from ingest_syncs) + (select count(*) from ingest_files)`).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d syncs and files are left: %v", left, err)
	}
	return ragtest.Contents(t, store)
}

// The ingesting process is killed at random moments, and what is left is what an undisturbed one leaves.
func TestAKilledIngestIsGoneOnWith(t *testing.T) {
	t.Parallel()
	rounds, perRound := crashes(2, 20), crashes(2, 5)
	want, took := calm(t, rounds)
	s, url := newShelf(t), ragtest.Database(t)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	kills := 0
	for round := range rounds {
		s.turn(round)
		for range 3 * perRound { // one that ends before it is killed does not count
			if kills == (round+1)*perRound {
				break
			}
			runs := runsOf(t, url)
			cmd, said := program(t, url, "ingest", s.dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if kills%2 == 0 { // of two, one may be killed while it opens what it needs
				untilItGoesOn(t, url, runs)
			}
			time.AfterFunc(time.Duration(random.Int64N(int64(took/2))), func() { _ = cmd.Process.Kill() })
			if err := cmd.Wait(); err != nil {
				kills++
				if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
					t.Fatalf("%v: %s", err, said)
				}
			}
		}
		ingestWhole(t, url, s.dir)
		if diff := cmp.Diff(want[round], contentsOf(t, url)); diff != "" {
			t.Fatalf("round %d, after %d kills (-undisturbed +killed):\n%.3000s", round, kills, diff)
		}
	}
	t.Logf("%d kills", kills)
}

// Postgres is killed at random moments under an ingest, which waits for it; what is left is what an undisturbed one leaves.
func TestAKilledDatabaseLosesNothing(t *testing.T) {
	t.Parallel()
	rounds := crashes(2, 20)
	want, took := calm(t, rounds)
	s := newShelf(t)
	data := filepath.Join(openDir(t), "data")
	bin, err := local.Postgres(ragtest.Parts(t))
	if err != nil {
		t.Fatal(err)
	}
	start := func() *local.Server {
		server, err := local.Start(t.Context(), local.Options{BinDir: bin, DataDir: data})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Close(context.WithoutCancel(t.Context())) })
		return server
	}
	url := start().URL()
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 2))
	for round := range rounds {
		s.turn(round)
		runs := runsOf(t, url)
		cmd, said := program(t, url, "ingest", s.dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		untilItGoesOn(t, url, runs)
		time.Sleep(time.Duration(random.Int64N(int64(took / 2))))
		killServer(t, data)
		start()
		if err := cmd.Wait(); err != nil {
			t.Errorf("round %d: %v: %s", round, err, said)
		}
		ingestWhole(t, url, s.dir)
		if diff := cmp.Diff(want[round], contentsOf(t, url)); diff != "" {
			t.Fatalf("round %d (-undisturbed +killed):\n%.3000s", round, diff)
		}
	}
}

// A serving program starts the private Postgres again that it needs, and takes it along at its end.
func TestServeStartsItsKilledPostgresAgain(t *testing.T) {
	t.Parallel()
	data, said := filepath.Join(openDir(t), "data"), filepath.Join(t.TempDir(), "log")
	cmd, _ := program(t, "", "serve")
	log, err := os.Create(said)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	cmd.Stderr, cmd.Env = log, append(cmd.Env, "DATA_DIR="+data, "LISTEN_ADDR=127.0.0.1:0", "LOG_LEVEL=WARN")
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, scriptWait
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := until(t, said, `HTTP: (http://127\.0\.0\.1:\d+)`)
	search := func() (int, string) { return fetch(t, address+"/v1/articles") }
	if status, body := search(); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	killServer(t, data)
	until(t, said, `postgres (runs again)`)
	if status, body := search(); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, until(t, said, `(?s)(.*)`))
	}
	if left, _ := filepath.Glob(filepath.Join(data, "*", "postmaster.pid")); len(left) > 0 {
		t.Errorf("Postgres is left: %q", left)
	}
}

// until waits until a file matches, and gives the match's first group.
func until(t *testing.T, file, want string) string {
	t.Helper()
	wanted := regexp.MustCompile(want)
	for end := time.Now().Add(scriptWait); ; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(file)
		if m := wanted.FindSubmatch(text); m != nil {
			return string(m[1])
		}
		if time.Now().After(end) {
			t.Fatalf("no %s (%v): %s", want, err, text)
		}
	}
}

func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// runsOf is the id of the last sync that has ended: of old ones the store keeps a hundred, so that counting them tells nothing.
func runsOf(t *testing.T, url string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	_ = conn.QueryRow(t.Context(), `select coalesce(max(id), 0) from ingest_runs`).Scan(&n) // 0 where the table is not there yet
	return n
}

// untilItGoesOn waits until a sync has begun, or ended after so many.
func untilItGoesOn(t *testing.T, url string, ended int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for range 10_000 {
		var begun bool
		err := conn.QueryRow(t.Context(), `select exists (select from ingest_syncs) or (select coalesce(max(id), 0) from ingest_runs) > $1`, ended).Scan(&begun)
		if err == nil && begun { // else the tables are not there yet
			return
		}
		time.Sleep(3 * time.Millisecond)
	}
	t.Fatal("no sync begins")
}

// killServer ends the server of a data folder as a power cut does.
func killServer(t *testing.T, data string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(data, "*", "postmaster.pid"))
	if more, _ := filepath.Glob(filepath.Join(data, "postmaster.pid")); err == nil {
		found = append(found, more...)
	}
	if len(found) != 1 {
		t.Fatalf("postmaster.pid: %v, %v", found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(string(text), "\n", 2)[0]))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
