package queue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"yinju/ingest"
	"yinju/ingest/queue"
	"yinju/rag"
	"yinju/rag/ragtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errOwnFault = errors.New("the file is broken")
	errPassing  = errors.New("the model is away")
	errFull     = errors.New("the disk is full")
	errGone     = errors.New("the folder is gone")
)

// desk is work that is noted and not done.
type desk struct {
	spec    string
	whole   bool
	planErr error
	hold    chan struct{} // files named "held" wait for it, or for their end

	mu       sync.Mutex
	files    map[string]int // how often each still fails, -1: always for a fault of its own
	worked   map[string]int // how often each was done
	tries    map[string]int
	large    int // large files that are worked now
	together int // and at once, at most
	plans    int
	finished int
	begun    chan string
}

func newDesk(files ...string) *desk {
	d := &desk{spec: "desk", hold: make(chan struct{}), files: map[string]int{}, worked: map[string]int{}, tries: map[string]int{}, begun: make(chan string, 1000)}
	for _, f := range files {
		d.files[f] = 0
	}
	return d
}

func (d *desk) Spec() string { return d.spec }

func (d *desk) Plan(_ context.Context, forced bool) (queue.Plan, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.plans++
	if d.planErr != nil && !forced {
		return queue.Plan{}, d.planErr
	}
	p := queue.Plan{Whole: d.whole, Report: queue.Report{Files: len(d.files)}}
	for name := range d.files {
		if d.worked[name] > 0 {
			p.Report.Unchanged++
			continue
		}
		f := queue.File{Path: name, Size: 1000}
		if isLarge(name) {
			f.Size = ingest.LargeFile
		}
		p.Files = append(p.Files, f)
	}
	return p, nil
}

func (d *desk) File(ctx context.Context, f queue.File, progress func(embedded, passages int)) (queue.Outcome, error) {
	progress(0, 2)
	d.begun <- f.Path
	if isLarge(f.Path) {
		d.countLarge(1)
		defer d.countLarge(-1)
	}
	if strings.HasPrefix(f.Path, "held") {
		select {
		case <-d.hold:
		case <-ctx.Done():
			return queue.Outcome{}, fmt.Errorf("embed: %w", ctx.Err())
		}
	}
	return d.end(f, progress)
}

func isLarge(name string) bool { return strings.Contains(name, "large") }

func (d *desk) countLarge(change int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.large += change
	d.together = max(d.together, d.large)
}

func (d *desk) end(f queue.File, progress func(embedded, passages int)) (queue.Outcome, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries[f.Path]++
	switch n := d.files[f.Path]; {
	case strings.HasPrefix(f.Path, "full"):
		return queue.Outcome{}, errFull
	case n < 0:
		return queue.Outcome{}, errOwnFault
	case n > 0:
		d.files[f.Path]--
		return queue.Outcome{}, errPassing
	}
	d.worked[f.Path]++
	progress(2, 2)
	return queue.Outcome{Added: true, Articles: 1, Passages: 2}, nil
}

func (d *desk) Finish(context.Context, bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.finished++
	return nil
}

func (d *desk) Lasting(err error) bool { return errors.Is(err, errOwnFault) || errors.Is(err, errGone) }
func (d *desk) Fatal(err error) bool   { return errors.Is(err, errFull) }

// open is a process of its own on the database, but for the killing.
func open(t *testing.T, url string, o queue.Options) (*queue.Queue, *rag.Store) {
	t.Helper()
	store, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	o.Pool = store.Pool()
	o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if o.Backoff == nil {
		o.Backoff = []time.Duration{10 * time.Millisecond, 10 * time.Millisecond}
	}
	if o.Look == 0 {
		o.Look = 100 * time.Millisecond
	}
	q, err := queue.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return q, store
}

func start(t *testing.T, q *queue.Queue) {
	t.Helper()
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Abandon(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

func request(t *testing.T, q *queue.Queue, forced bool) int64 {
	t.Helper()
	job, err := q.Request(t.Context(), forced)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// wait waits for the end of the sync that a job plans.
func wait(t *testing.T, store *rag.Store, job int64) queue.Ended {
	t.Helper()
	var end queue.Ended
	until(t, "the end of the sync", func() bool {
		e, over, err := queue.EndOf(t.Context(), store.Pool(), job)
		if err != nil {
			t.Fatal(err)
		}
		end = e
		return over
	})
	return end
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 3000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("waited for half a minute for %s", what)
}

func names(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%03d.txt", i)
	}
	return list
}

func TestTwoProcessesWorkEachFileOnce(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	d := newDesk(names(60)...)
	a, store := open(t, url, queue.Options{Work: d})
	b, _ := open(t, url, queue.Options{Work: d})
	start(t, a)
	start(t, b)
	end := wait(t, store, request(t, a, false))
	if end.Error != "" || end.Report.Added != 60 || end.Report.Passages != 120 || end.Report.Articles != 60 || len(end.Report.Failed) != 0 {
		t.Errorf("the sync ended with %+v", end)
	}
	for name, n := range d.tries {
		if n != 1 {
			t.Errorf("%s was worked %d times", name, n)
		}
	}
	again := wait(t, store, request(t, b, false))
	if again.Report.Unchanged != 60 || again.Report.Added != 0 || len(d.tries) != 60 || d.finished < 2 {
		t.Errorf("a second sync did %+v", again.Report)
	}
}

// Large files take much memory: one at a time is worked, and the small ones do not wait for them.
func TestLargeFilesAreWorkedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	d := newDesk(append(names(20), "held large 1", "held large 2", "held large 3", "held large 4", "held large 5", "held large 6")...)
	q, store := open(t, ragtest.Database(t), queue.Options{Work: d, Look: 50 * time.Millisecond})
	start(t, q)
	job := request(t, q, false)
	until(t, "the small files", func() bool { s, _ := queue.StateOf(t.Context(), store.Pool()); return s.Now != nil && s.Now.Done == 20 })
	close(d.hold)
	end := wait(t, store, job)
	if end.Error != "" || end.Report.Added != 26 || len(end.Report.Failed) > 0 {
		t.Errorf("the sync ended with %+v", end)
	}
	if d.together != 1 {
		t.Errorf("%d large files were worked at once", d.together)
	}
}

func TestAFailedFileIsReportedAndBlocksNoOther(t *testing.T) {
	t.Parallel()
	d := newDesk("a.txt", "b.txt", "broken.txt", "later.txt", "never.txt")
	d.files["broken.txt"], d.files["later.txt"], d.files["never.txt"] = -1, 2, 100
	q, store := open(t, ragtest.Database(t), queue.Options{Work: d})
	start(t, q)
	end := wait(t, store, request(t, q, false))
	want := []queue.Failure{{File: "broken.txt", Error: errOwnFault.Error(), Attempts: 1}, {File: "never.txt", Error: errPassing.Error(), Attempts: 3}}
	if diff := cmp.Diff(want, end.Report.Failed); diff != "" {
		t.Errorf("failed (-want +got):\n%s%s", diff, end.Error)
	}
	if end.Report.Added != 3 || d.tries["broken.txt"] != 1 || d.tries["later.txt"] != 3 {
		t.Errorf("added %d, tries %v", end.Report.Added, d.tries)
	}
	first := failures(t, store)
	if len(first) != 2 || first[0].Since.IsZero() {
		t.Fatalf("kept failures: %+v", first)
	}
	d.mu.Lock()
	d.files["never.txt"] = 0
	d.mu.Unlock()
	wait(t, store, request(t, q, false))
	second := failures(t, store)
	if len(second) != 1 || second[0].File != "broken.txt" || !second[0].Since.Equal(first[0].Since) || !second[0].Last.After(first[0].Last) || second[0].Attempts != 2 {
		t.Errorf("after the next sync: %+v, before it: %+v", second, first)
	}
}

func failures(t *testing.T, store *rag.Store) []queue.Failure {
	t.Helper()
	all, err := queue.Failures(t.Context(), store.Pool())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b queue.Failure) int { return strings.Compare(a.File, b.File) })
	return all
}

func TestWhatAProcessLeavesAnotherGoesOnWith(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	d := newDesk("a.txt", "held.txt")
	q, store := open(t, url, queue.Options{Work: d})
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	job := request(t, q, false)
	until(t, "a.txt", func() bool { s, _ := queue.StateOf(t.Context(), store.Pool()); return s.Now != nil && s.Now.Done == 1 })
	if err := q.Abandon(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, over, _ := queue.EndOf(t.Context(), store.Pool(), job); over {
		t.Fatal("the sync ended with its process")
	}
	close(d.hold)
	next, _ := open(t, url, queue.Options{Work: d})
	start(t, next)
	end := wait(t, store, job)
	if end.Error != "" || end.Report.Added != 2 || d.tries["a.txt"] != 1 || d.tries["held.txt"] != 1 {
		t.Errorf("%+v, tries %v", end, d.tries)
	}
}

func TestJobsOfADeadProcessAreTakenBack(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	d := newDesk("held.txt")
	q, store := open(t, url, queue.Options{Work: d, Look: time.Hour})
	start(t, q)
	job := request(t, q, false)
	<-d.begun
	// What is left of a killed process: a job that runs, and no connection.
	if _, err := store.Pool().Exec(t.Context(), `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and objsubid = 1
		and database = (select oid from pg_database where datname = current_database()) and mode = 'ShareLock'`); err != nil {
		t.Fatal(err)
	}
	other := newDesk("held.txt")
	close(other.hold)
	next, _ := open(t, url, queue.Options{Work: other})
	start(t, next)
	if end := wait(t, store, job); end.Error != "" || end.Report.Added != 1 || other.worked["held.txt"] != 1 {
		t.Errorf("%+v", end)
	}
}

func TestASyncOfACorpusThatNobodyWorksIsBrokenOff(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	d := newDesk("held.txt")
	q, store := open(t, url, queue.Options{Work: d})
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	job := request(t, q, false)
	<-d.begun
	other := newDesk("a.txt")
	other.spec = "other"
	next, _ := open(t, url, queue.Options{Work: other})
	start(t, next)
	later := request(t, next, false)
	until(t, "the other sync to wait", func() bool { s, _ := queue.StateOf(t.Context(), store.Pool()); return s.Waiting == 1 })
	if other.plans != 0 {
		t.Fatal("two syncs went on at once")
	}
	if err := q.Abandon(t.Context()); err != nil {
		t.Fatal(err)
	}
	if end := wait(t, store, later); end.Error != "" || end.Report.Added != 1 {
		t.Errorf("the other sync: %+v", end)
	}
	if end := wait(t, store, job); !strings.Contains(end.Error, "nobody") {
		t.Errorf("the first sync: %+v", end)
	}
}

func TestASyncThatCannotGoOnStops(t *testing.T) {
	t.Parallel()
	d := newDesk("full.txt")
	q, store := open(t, ragtest.Database(t), queue.Options{Work: d})
	start(t, q)
	if end := wait(t, store, request(t, q, false)); !strings.Contains(end.Error, errFull.Error()) {
		t.Errorf("a full disk: %+v", end)
	}
	d.mu.Lock()
	d.files = map[string]int{}
	for _, name := range names(40) {
		d.files[name] = 1000
	}
	d.mu.Unlock()
	end := wait(t, store, request(t, q, false))
	if !strings.Contains(end.Error, errPassing.Error()) || len(end.Report.Failed) < 5 || len(end.Report.Failed) > 12 {
		t.Errorf("a model that is away: %d failed, %q", len(end.Report.Failed), end.Error)
	}
	d.mu.Lock()
	d.planErr = errGone
	d.mu.Unlock()
	if end := wait(t, store, request(t, q, false)); end.Error != errGone.Error() || d.plans != 3 {
		t.Errorf("a folder that is gone: %+v after %d plans", end, d.plans)
	}
	d.mu.Lock()
	d.files = map[string]int{"a.txt": 0}
	d.mu.Unlock()
	if end := wait(t, store, request(t, q, true)); end.Error != "" || end.Report.Added != 1 {
		t.Errorf("forced: %+v", end)
	}
}

func TestSyncsThatWaitAreOne(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	d := newDesk("held.txt")
	d.planErr = nil
	q, store := open(t, url, queue.Options{Work: d})
	start(t, q)
	first := request(t, q, false)
	<-d.begun
	second := request(t, q, false)
	third := request(t, q, true)
	if first == second || second != third {
		t.Fatalf("jobs %d, %d, %d", first, second, third)
	}
	s, err := queue.StateOf(t.Context(), store.Pool())
	if err != nil || s.Waiting != 1 || s.Now == nil || s.Now.Files != 1 || s.Now.Total != 2 || s.Now.Left != -1 {
		t.Errorf("state %+v, %+v, %v", s, s.Now, err)
	}
	d.mu.Lock()
	d.planErr = errGone // which a forced one passes over
	d.mu.Unlock()
	close(d.hold)
	wait(t, store, first)
	if end := wait(t, store, third); end.Error != "" || end.Report.Unchanged != 1 {
		t.Errorf("the second sync: %+v", end)
	}
}

// atThree is due each day at three.
type atThree struct{}

func (atThree) Next(t time.Time) time.Time {
	return t.UTC().Add(-3 * time.Hour).Truncate(24 * time.Hour).Add(27 * time.Hour)
}

func TestAMissedScheduleRunsAtTheNextStart(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	d := newDesk("a.txt")
	o := queue.Options{Work: d, Schedule: atThree{}}
	q, store := open(t, url, o)
	due := atThree{}.Next(time.Now().Add(-time.Minute)).AddDate(0, 0, -1)
	ran := func(began time.Time) {
		t.Helper()
		if _, err := store.Pool().Exec(t.Context(), `insert into ingest_runs (started_at, ended_at, report, corpus) values ($1, $1, '{}', 'desk')`, began); err != nil {
			t.Fatal(err)
		}
	}
	ran(due.Add(time.Second))
	start(t, q)
	time.Sleep(500 * time.Millisecond) // five looks
	if d.plans != 0 {
		t.Fatal("a sync began though none was due")
	}
	if err := q.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Pool().Exec(t.Context(), `update ingest_runs set started_at = $1`, due.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	next, _ := open(t, url, o)
	start(t, next)
	until(t, "the missed sync", func() bool { d.mu.Lock(); defer d.mu.Unlock(); return d.finished > 0 })
	time.Sleep(500 * time.Millisecond)
	if d.plans != 1 {
		t.Errorf("one missed hour made %d syncs", d.plans)
	}
}

func TestWaitingShowsProgressAndGivesUpASyncThatWasCancelled(t *testing.T) {
	t.Parallel()
	d := newDesk("a.txt", "held.txt")
	q, store := open(t, ragtest.Database(t), queue.Options{Work: d})
	job := request(t, q, false)
	if _, err := store.Pool().Exec(t.Context(), `update river.river_job set state = 'cancelled', finalized_at = now()`); err != nil {
		t.Fatal(err)
	}
	if _, err := queue.Wait(t.Context(), store.Pool(), job, nil); !errors.Is(err, queue.ErrLost) {
		t.Errorf("a cancelled sync: %v", err)
	}
	start(t, q)
	var once sync.Once
	end, err := queue.Wait(t.Context(), store.Pool(), request(t, q, false), func(s queue.State) {
		if n := s.Now; n != nil && n.Done == 1 && n.Passages == 2 {
			if n.Files != 2 || n.Total != 4 || n.Left < 0 {
				t.Errorf("progress %+v", n)
			}
			once.Do(func() { close(d.hold) })
		}
	})
	if err != nil || end.Report.Added != 2 {
		t.Errorf("%+v, %v", end, err)
	}
}

func TestAFileWhoseJobIsLostIsWorkedAllTheSame(t *testing.T) {
	t.Parallel()
	d := newDesk("a.txt", "held.txt", "b.txt", "c.txt")
	q, store := open(t, ragtest.Database(t), queue.Options{Work: d, Workers: 1, Look: 300 * time.Millisecond})
	start(t, q)
	job := request(t, q, false)
	until(t, "the held file", func() bool { return d.isHeld() })
	if _, err := store.Pool().Exec(t.Context(), `delete from river.river_job where kind = 'corpus_file' and state = 'available'`); err != nil {
		t.Fatal(err)
	}
	close(d.hold)
	if end := wait(t, store, job); end.Error != "" || end.Report.Added != 4 {
		t.Errorf("%+v", end)
	}
}

// isHeld says whether the held file is being worked.
func (d *desk) isHeld() bool {
	select {
	case name := <-d.begun:
		return name == "held.txt"
	default:
		return false
	}
}

// What cannot be kept of one sync costs its report, and no other sync.
func TestAReportThatCannotBeKeptHoldsUpNoOtherSync(t *testing.T) {
	t.Parallel()
	d := newDesk("a.txt", "held.txt")
	q, store := open(t, ragtest.Database(t), queue.Options{Work: d})
	start(t, q)
	job := request(t, q, false)
	until(t, "a.txt", func() bool { s, _ := queue.StateOf(t.Context(), store.Pool()); return s.Now != nil && s.Now.Done == 1 })
	if _, err := store.Pool().Exec(t.Context(), `update ingest_files set outcome = '["no outcome"]' where path = 'a.txt'`); err != nil {
		t.Fatal(err)
	}
	close(d.hold)
	if end := wait(t, store, job); !strings.Contains(end.Error, "report cannot be kept") || end.Report.Added != 0 {
		t.Errorf("%+v", end)
	}
	if end := wait(t, store, request(t, q, false)); end.Error != "" || end.Report.Unchanged != 2 {
		t.Errorf("the next sync: %+v", end)
	}
}

// Two files of one name, as it is kept, are one failure.
func TestTwoFailuresOfOneNameAreKeptOnce(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 3000)
	d := newDesk(long+"1", long+"2", "a.txt")
	d.files[long+"1"], d.files[long+"2"] = -1, -1
	q, store := open(t, ragtest.Database(t), queue.Options{Work: d})
	start(t, q)
	if end := wait(t, store, request(t, q, false)); end.Error != "" || end.Report.Added != 1 || len(end.Report.Failed) != 2 {
		t.Errorf("ended with %q, %d failed", end.Error, len(end.Report.Failed))
	}
	if all := failures(t, store); len(all) != 1 {
		t.Errorf("%d failures are kept", len(all))
	}
}

// The store is what the last whole corpus is, and so are the failures; files by name leave those of others.
func TestFailuresOfAnotherCorpusGoWithIt(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	sync := func(spec string, whole bool, broken ...string) []string {
		t.Helper()
		d := newDesk(append(broken, "good.txt")...)
		d.spec, d.whole = spec, whole
		for _, name := range broken {
			d.files[name] = -1
		}
		q, store := open(t, url, queue.Options{Work: d})
		if err := q.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if end := wait(t, store, request(t, q, false)); end.Error != "" {
			t.Fatalf("%s: %+v", spec, end)
		}
		if err := q.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range failures(t, store) {
			names = append(names, f.File)
		}
		return names
	}
	for _, c := range []struct {
		spec   string
		whole  bool
		broken []string
		want   []string
	}{
		{"/a", true, []string{"a1.txt", "a2.txt"}, []string{"a1.txt", "a2.txt"}},
		{"/b/b.txt", false, []string{"b.txt"}, []string{"a1.txt", "a2.txt", "b.txt"}},
		{"/b/b.txt", false, nil, []string{"a1.txt", "a2.txt"}},
		{"/b/c.txt", false, []string{"c.txt"}, []string{"a1.txt", "a2.txt", "c.txt"}},
		{"/a", true, []string{"a2.txt"}, []string{"a2.txt"}},
		{"/other", true, []string{"o.txt"}, []string{"o.txt"}},
		{"/a", true, nil, nil},
	} {
		if diff := cmp.Diff(c.want, sync(c.spec, c.whole, c.broken...)); diff != "" {
			t.Errorf("after %s with %v (-want +got):\n%s", c.spec, c.broken, diff)
		}
	}
}

// What the store is not any more, because nothing was stored, is no reason to forget what failed.
func TestASyncThatBrokeOffForgetsNoFailure(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	d := newDesk("broken.txt")
	d.files["broken.txt"], d.whole = -1, true
	q, store := open(t, url, queue.Options{Work: d})
	start(t, q)
	wait(t, store, request(t, q, false))
	other := newDesk("full.txt")
	other.spec, other.whole = "other", true
	next, _ := open(t, url, queue.Options{Work: other})
	start(t, next)
	if end := wait(t, store, request(t, next, false)); !strings.Contains(end.Error, errFull.Error()) {
		t.Errorf("%+v", end)
	}
	if all := failures(t, store); len(all) != 1 || all[0].File != "broken.txt" {
		t.Errorf("%+v", all)
	}
}

// A process that is stopped holds its locks: it is told by its silence. When it wakes up it does no harm.
func TestAStoppedProcessHoldsNothingUp(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	d := newDesk("a.txt", "held.txt")
	stopped, store := open(t, url, queue.Options{Work: d, Look: time.Hour}) // it shows once that it lives
	start(t, stopped)
	job := request(t, stopped, false)
	until(t, "the held file", d.isHeld)
	mate, other := newDesk("a.txt", "held.txt"), newDesk("b.txt")
	close(mate.hold)
	other.spec = "other"
	next, _ := open(t, url, queue.Options{Work: mate})
	start(t, next)
	another, _ := open(t, url, queue.Options{Work: other})
	start(t, another)
	later := request(t, another, false)
	until(t, "the other sync to wait", func() bool { s, _ := queue.StateOf(t.Context(), store.Pool()); return s.Waiting == 1 })
	time.Sleep(500 * time.Millisecond) // five looks
	if _, over, _ := queue.EndOf(t.Context(), store.Pool(), job); over {
		t.Fatal("a process that has shown that it lives was taken for dead")
	}
	silence(t, store, "order by seen_at limit 1")
	if end := wait(t, store, job); end.Error != "" || end.Report.Added != 2 || mate.tries["held.txt"] != 1 {
		t.Errorf("the sync of the stopped process: %+v, %v", end, mate.tries)
	}
	if end := wait(t, store, later); end.Error != "" || end.Report.Added != 1 {
		t.Errorf("the other sync: %+v", end)
	}
	close(d.hold) // it wakes up
	until(t, "the end of its work", func() bool { d.mu.Lock(); defer d.mu.Unlock(); return d.worked["held.txt"] > 0 })
	if end := wait(t, store, request(t, next, false)); end.Error != "" || len(end.Report.Failed) > 0 {
		t.Errorf("the sync after that: %+v", end)
	}
	var runs int
	if err := store.Pool().QueryRow(t.Context(), `select count(*) from ingest_runs`).Scan(&runs); err != nil || runs != 3 {
		t.Errorf("%d syncs ended, %v", runs, err)
	}
}

// silence lets processes have said nothing for longer than any may.
func silence(t *testing.T, store *rag.Store, which string) {
	t.Helper()
	tag, err := store.Pool().Exec(t.Context(), `update ingest_processes set seen_at = seen_at - interval '1 hour' where client in (select client from ingest_processes `+which+`)`)
	if err != nil || tag.RowsAffected() == 0 {
		t.Fatal(tag, err)
	}
}

func TestAProcessThatWakesUpTakesItsLocksAgain(t *testing.T) {
	t.Parallel()
	q, store := open(t, ragtest.Database(t), queue.Options{Work: newDesk()})
	start(t, q)
	holder := func() (pid, noted int) {
		_ = store.Pool().QueryRow(t.Context(), `select pid, (select count(*) from ingest_processes) from pg_locks where locktype = 'advisory' and granted and objsubid = 1
			and database = (select oid from pg_database where datname = current_database()) and mode = 'ShareLock'`).Scan(&pid, &noted)
		return pid, noted
	}
	first, noted := holder()
	if first == 0 || noted != 1 {
		t.Fatalf("held by %d, %d processes are noted", first, noted)
	}
	if _, err := store.Pool().Exec(t.Context(), `with gone as (delete from ingest_processes) select pg_terminate_backend($1)`, first); err != nil {
		t.Fatal(err)
	}
	until(t, "the locks", func() bool { pid, noted := holder(); return pid != 0 && pid != first && noted == 1 })
}
