package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yinju/bot"
	"yinju/ingest"
	"yinju/ingest/queue"
	"yinju/rag"
)

const keepWait = 5 * time.Second // for the database to keep a run

// runJob runs a sync and keeps what it did, also of one that broke off or was called off. unkept is why it could not
// be kept.
func runJob(ctx context.Context, store *rag.Store, job ingest.Job, corpus ingest.Corpus) (report ingest.Report, err, unkept error) {
	begin := time.Now()
	report, err = job.Run(ctx, corpus)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepWait)
	defer cancel()
	text, unkept := json.Marshal(queue.ReportOf(report).Kept())
	if unkept != nil {
		return report, err, unkept
	}
	run := rag.IngestRun{Started: begin, Ended: time.Now(), Report: text}
	if err != nil {
		run.Error = err.Error()
	}
	return report, err, store.KeepRun(ctx, run)
}

type runsCommand struct {
	JSON bool `help:"${json}"`
	N    int  `short:"n" default:"20" help:"${nruns}"`
}

// Run prints what the syncs of the corpus did, newest first.
func (c *runsCommand) Run(ctx context.Context, a *app) error {
	if c.N < 1 || c.N > rag.MaxRuns {
		return usageError{fmt.Errorf("runs: -n %d is not a number of runs from 1 to %d", c.N, rag.MaxRuns)}
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return err
	}
	runs, err := store.Runs(ctx, c.N)
	if err != nil {
		return err
	}
	if err := printEach(a, runs, c.JSON, func(r rag.IngestRun) any { return r }, a.showRun); err != nil || c.JSON {
		return err
	}
	return a.showStanding(ctx)
}

// showStanding shows how the sync that goes on is doing, and the files that are not in the store as they are in the
// corpus, since when.
func (a *app) showStanding(ctx context.Context) error {
	s, err := queue.StateOf(ctx, a.db.Pool())
	if err != nil {
		return err
	}
	if s.Now != nil {
		fmt.Fprintln(a.out, a.lang.Say("正在收入：", "under way: ")+progress(*s.Now).Line(a.lang))
	}
	for _, f := range s.Failed {
		if _, err := fmt.Fprintf(a.out, a.lang.Say("未收入（自 %s，共试 %d 次）%s：%s\n", "not ingested (since %s, %d attempts): %s: %s\n"),
			f.Since.Local().Format("2006-01-02 15:04"), f.Attempts, bot.OneLine(f.File), bot.OneLine(f.Error)); err != nil {
			return err
		}
	}
	return nil
}

// showRun shows when a sync began, what it changed, and what failed and why.
func (a *app) showRun(r rag.IngestRun) error {
	var report queue.Report
	if err := json.Unmarshal(r.Report, &report); err != nil {
		return fmt.Errorf("read the run of %s: %w", r.Started.Format(time.RFC3339), err)
	}
	if _, err := fmt.Fprintf(a.out, "%s  %s\n", r.Started.Local().Format("2006-01-02 15:04"), bot.IngestLine(a.lang, rag.IngestRun{Report: r.Report})); err != nil {
		return err
	}
	if r.Error != "" {
		fmt.Fprintf(a.out, "  %s%s\n", a.lang.Say("中断：", "broke off: "), bot.OneLine(r.Error))
	}
	for _, f := range report.Failed {
		fmt.Fprintf(a.out, "  %s %s: %s\n", a.lang.Say("未收入", "not ingested:"), bot.OneLine(f.File), bot.OneLine(cmp.Or(f.Error, "?")))
	}
	return nil
}
