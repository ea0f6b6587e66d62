package local

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// quickPace tries often, so that tests need not wait.
var quickPace = pace{look: 5 * time.Millisecond, first: time.Millisecond, most: 10 * time.Millisecond, tries: 3, calm: time.Hour}

// Two users of one server, both of which keep it: it comes back as one server for both, and goes with the last.
func TestAKeptServerIsStartedAgainWhenItHasDied(t *testing.T) {
	t.Parallel()
	data := readyData(t, "data")
	users := []*Server{startOn(t, data), startOn(t, data)}
	query(t, users[0], "CREATE TABLE kept AS SELECT '留' AS word")
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for _, s := range users {
		group.Go(func() {
			if err := s.keep(ctx, quickPace); err != nil {
				t.Error(err)
			}
		})
	}
	former := pidOf(users[0])
	for range 2 {
		killHard(t, former)
		former = untilAnother(t, data, former)
	}
	for _, s := range users {
		untilItAnswers(t, s)
		if got := query(t, s, "SELECT word FROM kept"); got != "留" {
			t.Errorf("got %q", got)
		}
	}
	cancel()
	group.Wait()
	if pids := serversOn(t, data); len(pids) != 1 {
		t.Errorf("servers %v, want one", pids)
	}
	closeServer(t, users[0])
	query(t, users[1], "SELECT 'x'")
	closeServer(t, users[1])
	if pids := serversOn(t, data); len(pids) > 0 {
		t.Errorf("servers %v stay", pids)
	}
}

func TestAServerThatCannotBeStartedAgainIsGivenUp(t *testing.T) {
	t.Parallel()
	data := readyData(t, "data")
	s := startOn(t, data)
	must(t, os.WriteFile(filepath.Join(data, clusterName, "postgresql.auto.conf"), []byte("nonsense = 1\n"), 0o600))
	killHard(t, pidOf(s))
	contains(t, s.keep(t.Context(), quickPace), "nonsense")
}

func TestAServerThatIsLeftIsNotKept(t *testing.T) {
	t.Parallel()
	data := readyData(t, "data")
	s := startOn(t, data)
	closeServer(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	must(t, s.keep(ctx, quickPace))
	if pids := serversOn(t, data); len(pids) > 0 {
		t.Errorf("servers %v", pids)
	}
}

func pidOf(s *Server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pm.pid
}

// untilAnother waits for a server of the data folder that is not the former one, and gives its pid.
func untilAnother(t *testing.T, data string, former int) int {
	t.Helper()
	path, err := filepath.EvalSymlinks(data)
	must(t, err)
	d := &dataDir{path: path}
	for range 6000 {
		if file, ok := d.readPostmasterFile(); ok && file.pid != former && d.alive(file.pid) {
			return file.pid
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("no server comes")
	return 0
}

func untilItAnswers(t *testing.T, s *Server) {
	t.Helper()
	for range 6000 {
		if execSQL(t.Context(), s.URL(), "SELECT 1") == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the server does not answer")
}
