package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yinju/bot"
	"yinju/ingest"
	"yinju/ingest/document"
	"yinju/rag"
	"yinju/rag/ragtest"
)

// Of an error that another process met there is the text alone, and it is said in the reader's language all the same.
func TestErrorsThatTheDatabaseKeptAreSaidInChinese(t *testing.T) {
	t.Parallel()
	a := &app{lang: bot.Chinese}
	for _, c := range []struct {
		err  error
		want string
	}{
		{document.ErrScanned, "请先做文字识别"},
		{&ingest.FileError{Err: ingest.ErrNoText}, "文件里没有文字"},
		{&ingest.MassRemovalError{Removed: 5, Known: 6}, "--force"},
		{&rag.BehindError{Missing: []string{"a.txt"}}, "新的索引还缺一些文件"},
		{ingest.ErrBusy, "还在写入"},
	} {
		if got := a.explainTold(c.err.Error()); !strings.Contains(got, c.want) || !strings.Contains(got, c.err.Error()) {
			t.Errorf("%q is said as %q", c.err, got)
		}
		if zh, en := a.explainIn(c.err.Error(), bot.Chinese), a.explainIn(c.err.Error(), bot.English); !strings.Contains(zh, c.want) || strings.Contains(zh, c.err.Error()) || en != bot.OneLine(c.err.Error()) {
			t.Errorf("%q is told readers as %q and %q", c.err, zh, en)
		}
	}
}

// What was waited for, and helped with, is told as well.
func TestASyncThatWasWaitedForIsTold(t *testing.T) {
	t.Parallel()
	url, dir := ragtest.Database(t), t.TempDir()
	store, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	store.Close()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("石桥在一九七三年通车。"), 0o644); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	// A sync of another corpus, by a process that lives.
	if _, err := conn.Exec(t.Context(), `insert into ingest_syncs (id, job, corpus, queue, forced, planned) values (99, 1000000, '/other', 'other', false, true)`); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `select pg_advisory_lock_shared(hashtextextended('other', 0))`); err != nil {
		t.Fatal(err)
	}
	cmd, said := program(t, url, "ingest", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 6000 { // until it has looked again whether it is its turn
		var waits bool
		if err := conn.QueryRow(t.Context(), `select to_regclass('river.river_job') is not null`).Scan(&waits); err == nil && waits {
			_ = conn.QueryRow(t.Context(), `select exists (select from river.river_job where (metadata->>'snoozes')::int > 1)`).Scan(&waits)
		}
		if waits {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := conn.Exec(t.Context(), `with over as (delete from ingest_syncs where id = 99 returning id, job)
		insert into ingest_runs (id, started_at, ended_at, report, corpus, job) overriding system value
		select id, now(), now(), '{"files": 7, "added": 7}', '/other', job from over`); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if text := said.String(); !strings.Contains(text, "another ingest ended first: 7 files: 7 added") || !strings.Contains(text, "1 files: 1 added") {
		t.Errorf("it said %s", text)
	}
}

// A time of day without its zone is none: whoever reads the log may be elsewhere than the machine, or than the schedule.
func TestTheNextIngestIsSaidWithItsTimeZone(t *testing.T) {
	t.Parallel()
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	due := time.Date(2026, 11, 28, 3, 30, 0, 0, tokyo)
	if got, want := dueLine(due), "2026-11-28 03:30 +09:00 (Asia/Tokyo)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	name, _ := due.Local().Zone()
	if got, want := dueLine(due.Local()), due.Local().Format("2006-01-02 15:04 -07:00")+" ("+name+")"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// lastRuns are the newest runs at one look after the other.
type lastRuns struct {
	errors []string
	end    context.CancelFunc
}

func (l *lastRuns) LastRun(context.Context) (rag.IngestRun, error) {
	if len(l.errors) == 0 {
		l.end()
		return rag.IngestRun{}, rag.ErrNoRun
	}
	said := l.errors[0]
	l.errors = l.errors[1:]
	if said == "none" {
		return rag.IngestRun{}, rag.ErrNoRun
	}
	return rag.IngestRun{Error: said}, nil
}

// A sync that breaks off again and again for one reason is logged once, at the level that is shown.
func TestASyncThatBreaksOffIsLogged(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var log strings.Builder
	s := &ingestService{
		runs: &lastRuns{[]string{"none", "", "no mount", "no mount", "none", "no mount", "no space", "", "", "no mount"}, cancel},
		log:  slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	s.tellBroken(ctx, time.Millisecond)
	var said []string
	for _, m := range regexp.MustCompile(`error="([^"]*)"`).FindAllStringSubmatch(log.String(), -1) {
		said = append(said, m[1])
	}
	if want := []string{"no mount", "no space", "no mount"}; !slices.Equal(said, want) {
		t.Errorf("logged %q, want %q", said, want)
	}
}
