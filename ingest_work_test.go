package main

import (
	"context"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"yinju/bot"
	"yinju/ingest"
	"yinju/ingest/document"
	"yinju/rag"
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
