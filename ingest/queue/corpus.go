package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"yinju/ingest"
	"yinju/rag"
)

var _ Work = Corpus{}

// Corpus is the work on one corpus as a job of package ingest does it, in the index of the job's model and rules: where
// another one is live, a new one is built beside it and takes its place at the end.
type Corpus struct {
	Job    ingest.Job // its Library is Store
	Corpus ingest.Corpus
	Store  *rag.Store
}

// Spec names the corpus and what its index is made with: programs of two versions do not do each other's work.
func (c Corpus) Spec() string { return c.Corpus.Spec() + "\n" + c.Job.Model + "\n" + ingest.Rules }

// fileOf is what the job is told of a file of a plan.
type fileOf struct {
	File  ingest.File    `json:"file"`
	Index rag.Generation `json:"index"`
}

// Plan looks for what changed, and does what takes no reading.
func (c Corpus) Plan(ctx context.Context, forced bool) (Plan, error) {
	job := c.Job
	job.Force = forced
	live, err := c.begin(ctx, job)
	if err != nil {
		return Plan{}, err
	}
	p := live
	index, err := c.index(ctx, live.Whole, forced)
	if err != nil {
		return Plan{}, err
	}
	if !index.IsLive {
		job.Force = true // of what answers, enough is left
		if p, err = c.begin(c.Store.In(ctx, index), job); err != nil {
			return Plan{}, err
		}
	}
	out := Plan{Whole: live.Whole, Report: ReportOf(ingest.Report{Files: p.Files, Unchanged: p.Unchanged, Renamed: live.Renamed, Removed: live.Removed, Failed: p.Failed, Strays: p.Strays})}
	for _, f := range p.Todo {
		args, err := json.Marshal(fileOf{f, index})
		if err != nil {
			return Plan{}, err
		}
		out.Files = append(out.Files, File{Path: f.Path, Size: f.Size, Args: args})
	}
	return out, nil
}

// index is the one that is filled. Some files by name are brought up to date in the live one, whatever rules it was made by:
// it takes the whole corpus to build another.
func (c Corpus) index(ctx context.Context, isWhole, forced bool) (rag.Generation, error) {
	if isWhole {
		return c.Store.Building(ctx, c.Job.Model, ingest.Rules, forced)
	}
	live, err := c.Store.Live(ctx)
	if err == nil && live.Embedder != "" && live.Embedder != c.Job.Model {
		err = &rag.OtherEmbedderError{Stored: live.Embedder, Used: c.Job.Model}
	}
	return live, err
}

func (c Corpus) begin(ctx context.Context, job ingest.Job) (ingest.Plan, error) {
	p, err := job.Plan(ctx, c.Corpus)
	if err != nil {
		return p, err
	}
	return p, job.Begin(ctx, p)
}

// File brings one file up to date.
func (c Corpus) File(ctx context.Context, f File, progress func(done, passages int)) (Outcome, error) {
	var of fileOf
	if err := json.Unmarshal(f.Args, &of); err != nil {
		return Outcome{}, fmt.Errorf("read what is to be done: %w", err)
	}
	o, err := c.Job.File(c.Store.In(ctx, of.Index), c.Corpus, of.File, progress)
	return Outcome{Unchanged: o.Change == ingest.Touched, Added: o.Change == ingest.New, Articles: o.Articles, Passages: o.Passages, Reused: o.Reused, Unread: o.Unread}, err
}

// Finish switches to the index that was built, where it was not live.
func (c Corpus) Finish(ctx context.Context, forced bool) error {
	live, err := c.Store.Live(ctx)
	if err != nil {
		return err
	}
	if live.Embedder != c.Job.Model || live.Rules != ingest.Rules {
		l, err := c.Corpus.List(ctx)
		if err != nil || !l.Whole { // files by name have built none
			return err
		}
		index, err := c.Store.Building(ctx, c.Job.Model, ingest.Rules, forced)
		if err != nil {
			return err
		}
		if err := c.Store.Switch(ctx, index, forced); err != nil {
			return err
		}
	}
	return c.Store.DropOld(ctx)
}

// Lasting says whether an error is the corpus's own fault, or one that has been waited for long enough.
func (c Corpus) Lasting(err error) bool {
	var own *ingest.FileError
	var mass *ingest.MassRemovalError
	var behind *rag.BehindError
	var other *rag.OtherEmbedderError
	if errors.As(err, &own) || errors.As(err, &mass) || errors.As(err, &behind) || errors.As(err, &other) {
		return true
	}
	for _, lasting := range []error{ingest.ErrBusy, rag.ErrReplaced, ingest.ErrNoSources, ingest.ErrNoPath, fs.ErrNotExist, fs.ErrPermission} {
		if errors.Is(err, lasting) {
			return true
		}
	}
	return false
}

// Fatal says whether the database has no room.
func (c Corpus) Fatal(err error) bool { return rag.IsFull(err) }
