package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"yinju/bot"
	"yinju/ingest"
	"yinju/ingest/queue"
)

// foreseenJSON is what `ingest --dry-run --json` prints.
type foreseenJSON struct {
	Files     int             `json:"files"`
	Unchanged int             `json:"unchanged"`
	New       []string        `json:"new"`
	Changed   []string        `json:"changed"`
	Touched   []string        `json:"touched"`
	Renamed   []queue.Rename  `json:"renamed"`
	Removed   []string        `json:"removed"`
	Failed    []queue.Failure `json:"failed"`
	Strays    []string        `json:"stray_sidecars"`
}

// foresee says what a sync would do. Nothing is changed.
func (a *app) foresee(ctx context.Context, job ingest.Job, corpus ingest.Corpus, asJSON bool) error {
	p, err := job.Plan(ctx, corpus)
	stops := (*ingest.MassRemovalError)(nil)
	if err != nil && !errors.As(err, &stops) {
		return err
	}
	out := foreseenJSON{
		Files: p.Files, Unchanged: p.Unchanged, New: []string{}, Changed: []string{}, Touched: []string{}, Renamed: []queue.Rename{},
		Removed: append([]string{}, p.Removed...), Failed: []queue.Failure{}, Strays: append([]string{}, p.Strays...),
	}
	failures := p.Failed
	for _, f := range p.Todo {
		change, err := job.Foresee(ctx, corpus, p, f)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		switch {
		case err != nil:
			failures = append(failures, ingest.Failure{Path: f.Path, Err: err})
		case change == ingest.New:
			out.New = append(out.New, f.Path)
		case change == ingest.Changed:
			out.Changed = append(out.Changed, f.Path)
		default:
			out.Touched = append(out.Touched, f.Path)
		}
	}
	for _, r := range p.Renamed {
		out.Renamed = append(out.Renamed, queue.Rename{From: r.From, To: r.To})
	}
	for _, f := range failures {
		said := f.Err.Error()
		if !asJSON {
			said = a.explain(f.Err)
		}
		out.Failed = append(out.Failed, queue.Failure{File: f.Path, Error: said})
	}
	if asJSON {
		err = json.NewEncoder(a.out).Encode(out)
	} else {
		err = a.showForeseen(out)
	}
	if err == nil && stops != nil {
		return stops
	}
	return err
}

func (a *app) showForeseen(p foreseenJSON) error {
	say := a.lang.Say
	line := func(what, path string) { fmt.Fprintf(a.out, "%s %s\n", what, bot.OneLine(path)) }
	for _, part := range []struct {
		what  string
		paths []string
	}{{say("新增", "add"), p.New}, {say("更新", "change"), p.Changed}, {say("移除", "remove"), p.Removed}} {
		for _, path := range part.paths {
			line(part.what, path)
		}
	}
	for _, r := range p.Renamed {
		line(say("改名", "rename"), r.From+" → "+r.To)
	}
	for _, f := range p.Failed {
		line(say("读不了", "cannot read"), f.File+": "+f.Error)
	}
	_, err := fmt.Fprintf(a.out, say("共 %d 个文件：将新增 %d，更新 %d，改名 %d，移除 %d，不变 %d，读不了 %d；这次没有改动任何内容。\n",
		"%d files: %d to add, %d to change, %d to rename, %d to remove, %d unchanged, %d that cannot be read. Nothing was changed.\n"),
		p.Files, len(p.New), len(p.Changed), len(p.Renamed), len(p.Removed), p.Unchanged+len(p.Touched), len(p.Failed))
	return err
}
