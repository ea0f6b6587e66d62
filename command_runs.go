package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yinju/bot"
	"yinju/ingest"
	"yinju/rag"
)

const (
	keepWait = 5 * time.Second // for the database to keep a run
	keptMost = 1000            // files that a kept report names in each of its lists
)

// runJob runs a sync and keeps what it did, also of one that broke off or was called off. unkept is why it could not
// be kept.
func runJob(ctx context.Context, store *rag.Store, job ingest.Job, corpus ingest.Corpus) (report ingest.Report, err, unkept error) {
	begin := time.Now()
	report, err = job.Run(ctx, corpus)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepWait)
	defer cancel()
	text, unkept := json.Marshal(shortened(reportOf(report)))
	if unkept != nil {
		return report, err, unkept
	}
	run := rag.IngestRun{Started: begin, Ended: time.Now(), Report: text}
	if err != nil {
		run.Error = err.Error()
	}
	return report, err, store.KeepRun(ctx, run)
}

// shortened is a report that names so many files that a hundred of them may be kept.
func shortened(r reportJSON) reportJSON {
	r.Renamed = r.Renamed[:min(len(r.Renamed), keptMost)]
	r.Removed = r.Removed[:min(len(r.Removed), keptMost)]
	r.Failed = r.Failed[:min(len(r.Failed), keptMost)]
	r.Strays = r.Strays[:min(len(r.Strays), keptMost)]
	r.Unread = r.Unread[:min(len(r.Unread), keptMost)]
	return r
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
	out := json.NewEncoder(a.out)
	out.SetEscapeHTML(false)
	for _, r := range runs {
		if c.JSON {
			err = out.Encode(r)
		} else {
			err = a.showRun(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// showRun shows when a sync began, what it changed, and what failed and why.
func (a *app) showRun(r rag.IngestRun) error {
	var report reportJSON
	if err := json.Unmarshal(r.Report, &report); err != nil {
		return fmt.Errorf("read the run of %s: %w", r.Started.Format(time.RFC3339), err)
	}
	if _, err := fmt.Fprintf(a.out, "%s  %s\n", r.Started.Local().Format("2006-01-02 15:04"), a.summary(report)); err != nil {
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
