package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"yinju/bot"
	"yinju/ingest"
	"yinju/ingest/queue"
	"yinju/rag"
)

var _ bot.Ingests = ingests{}

// ingests begins syncs of the corpus and tells how they are doing.
type ingests struct {
	queue *queue.Queue
	store *rag.Store
}

func (i ingests) Ingest(ctx context.Context, forced bool) (int64, error) {
	return i.queue.Request(ctx, forced)
}

func (i ingests) Ingesting(ctx context.Context) (bot.Ingesting, error) {
	s, err := queue.StateOf(ctx, i.store.Pool())
	return ingesting(s), err
}

func (i ingests) Ingested(ctx context.Context, sync int64) (*rag.IngestRun, error) {
	end, over, err := queue.EndOf(ctx, i.store.Pool(), sync)
	if err != nil || !over {
		return nil, err
	}
	report, err := json.Marshal(end.Report)
	return &rag.IngestRun{Report: report, Error: end.Error}, err
}

func ingesting(s queue.State) bot.Ingesting {
	out := bot.Ingesting{Waiting: s.Waiting > 0}
	if s.Now != nil {
		p := progress(*s.Now)
		out.Running = &p
	}
	for _, f := range s.Failed {
		out.Failures = append(out.Failures, bot.IngestFailure{File: f.File, Error: f.Error, Since: f.Since, Last: f.Last, Attempts: f.Attempts})
	}
	return out
}

func progress(g queue.Going) bot.IngestProgress {
	p := bot.IngestProgress{Started: g.Started, Listing: g.Listing, Files: g.Files, Done: g.Done, Failed: g.Failed, Passages: g.Passages, Total: g.Total}
	if g.Left >= 0 {
		seconds := int(g.Left / time.Second)
		p.Left = &seconds
	}
	return p
}

// ingestService keeps the store equal to the corpus while the program serves.
type ingestService struct {
	queue *queue.Queue
	runs  interface {
		LastRun(ctx context.Context) (rag.IngestRun, error)
	}
	folder string // that is watched; "": none is
	log    *slog.Logger
}

// brokenLook is how often it is looked whether a sync broke off.
const brokenLook = 15 * time.Second

// tellBroken logs why a sync broke off, whatever process ended it: once, until another one ends otherwise.
func (s *ingestService) tellBroken(ctx context.Context, look time.Duration) {
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		asking, cancel := context.WithTimeout(ctx, look)
		run, err := s.runs.LastRun(asking)
		cancel()
		if err != nil || run.Error == said { // there is none yet, or the database is away, which others say
			continue
		}
		if said = run.Error; said != "" {
			s.log.WarnContext(ctx, "ingest: a sync broke off, what was stored before stays", "ended", run.Ended, "error", said)
		}
	}
}

// corpus is what CORPUS_DIR names.
func (a *app) corpus() (ingest.Corpus, error) {
	corpus, err := a.places().Corpus([]string{a.cfg.CorpusDir})
	if err != nil {
		return nil, usageError{fmt.Errorf("CORPUS_DIR: %w", err)}
	}
	return corpus, nil
}

// openQueue prepares the work on CORPUS_DIR.
func (a *app) openQueue(ctx context.Context) (*ingestService, error) {
	corpus, err := a.corpus()
	if err != nil {
		return nil, err
	}
	o := queue.Options{Pool: a.db.Pool(), Work: a.work(corpus), Log: a.log()}
	if !a.cfg.Reingest.Schedule.IsOff() {
		o.Schedule = a.cfg.Reingest.Schedule
	}
	s := &ingestService{runs: a.db, log: a.log()}
	if a.cfg.Reingest.Watch && !ingest.IsRemote(a.cfg.CorpusDir) {
		s.folder = a.cfg.CorpusDir
	}
	s.queue, err = queue.New(ctx, o)
	return s, err
}

// watch asks for a sync when something changes in the folder. Where that cannot be seen the schedule remains.
func (s *ingestService) watch(ctx context.Context) {
	if s.folder == "" {
		return
	}
	if err := s.queue.Watch(ctx, []string{s.folder}); err != nil {
		s.log.WarnContext(ctx, "changes of the corpus are not seen at once, the schedule of REINGEST_EVERY remains", "error", err)
	}
}

// ingestLine says when the corpus is ingested again.
func (a *app) ingestLine(s *ingestService) string {
	line := bot.OneLine(a.cfg.CorpusDir)
	if next := a.cfg.Reingest.Schedule.Next(time.Now()); !next.IsZero() {
		line += fmt.Sprintf(a.lang.Say("，下次收入 %s", ", next ingest at %s"), dueLine(next))
	}
	if s.folder != "" {
		line += a.lang.Say("，有改动就收入", ", and when something changes")
	}
	return line
}

// dueLine is a time with its zone, of which the machine's own has a short name only.
func dueLine(at time.Time) string {
	zone := at.Location().String()
	if at.Location() == time.Local {
		zone, _ = at.Zone()
	}
	return at.Format("2006-01-02 15:04 -07:00 ") + "(" + zone + ")"
}

// told is an error of which the database has kept the text alone. It is every error whose text stands in it.
type told string

func (t told) Error() string { return string(t) }

func (t told) Is(target error) bool {
	return len(target.Error()) >= leastTold && strings.Contains(string(t), target.Error())
}

// leastTold keeps short texts, which may stand in anything, from being found.
const leastTold = 10

// explainIn says an error that the database has kept in a language, in one line: without the English one that stands behind a Chinese one.
func (a *app) explainIn(text string, lang bot.Lang) string {
	in := *a
	in.lang = lang
	said, _, _ := strings.Cut(in.explainTold(text), "\n  （")
	return bot.OneLine(said)
}

// explainTold says an error that the database has kept.
func (a *app) explainTold(text string) string { return a.explain(told(cmp.Or(text, "?"))) }
