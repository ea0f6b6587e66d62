package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"yinju/bot"
	"yinju/ingest"
	"yinju/ingest/queue"
	"yinju/rag"
	"yinju/rag/bge"
)

var _ ingest.TokenEncoder = (*bge.Model)(nil)

var errNoCorpus = errors.New("no corpus named: give a folder, or set CORPUS_DIR")

type ingestCommand struct {
	JSON   bool     `help:"${json}"`
	DryRun bool     `help:"${dryrun}"`
	Force  bool     `help:"${force}"`
	Paths  []string `arg:"" optional:"" help:"${paths}"`
}

func (c *ingestCommand) Run(ctx context.Context, a *app) error {
	paths := c.Paths
	if len(paths) == 0 {
		if a.cfg.CorpusDir == "" {
			return usageError{errNoCorpus}
		}
		paths = []string{a.cfg.CorpusDir}
	}
	corpus, err := a.places().Corpus(paths)
	if err != nil {
		return usageError{err}
	}
	if err := ingest.Check(ctx, corpus); errors.Is(err, ingest.ErrNoPath) { // before anything is started
		return usageError{err}
	} else if err != nil && (!c.Force || !errors.Is(err, ingest.ErrNoSources)) {
		return err
	}
	if _, err := a.openRetriever(ctx); err != nil {
		return err
	}
	if c.DryRun {
		job := a.job()
		job.Force = c.Force
		return a.foresee(ctx, job, corpus, c.JSON)
	}
	end, err := a.sync(ctx, corpus, c.Force)
	if err != nil {
		return err
	}
	if err := a.showReport(end, c.JSON); err != nil {
		return err
	}
	switch {
	case end.Error != "":
		return told(end.Error)
	case len(end.Report.Failed) > 0:
		return quietError{fmt.Errorf("%d files failed", len(end.Report.Failed))}
	}
	return nil
}

// sync asks for a sync, works on it until it ends, and shows its progress, also where other processes make it. What is
// left undone when ctx ends, any later one goes on with.
func (a *app) sync(ctx context.Context, corpus ingest.Corpus, forced bool) (end queue.Ended, err error) {
	q, err := queue.New(ctx, queue.Options{Pool: a.db.Pool(), Work: a.work(corpus), Log: a.log()})
	if err != nil {
		return end, err
	}
	if err := q.Start(ctx); err != nil {
		return end, err
	}
	defer func() { err = errors.Join(err, q.Abandon(ctx)) }()
	job, err := q.Request(ctx, forced)
	if err != nil {
		return end, err
	}
	meter := newMeter(a)
	var first int64 // the job of another sync, which this process may have helped with
	end, err = queue.Wait(ctx, a.db.Pool(), job, func(s queue.State) {
		if s.Now != nil && s.Now.Job != job {
			first = s.Now.Job
		}
		meter.show(s)
	})
	meter.finish()
	if err == nil && first != 0 {
		err = a.showFirst(ctx, first)
	}
	return end, err
}

// showFirst says what a sync did that was waited for.
func (a *app) showFirst(ctx context.Context, job int64) error {
	end, over, err := queue.EndOf(ctx, a.db.Pool(), job)
	if err != nil || !over {
		return err
	}
	text, err := json.Marshal(end.Report)
	if err == nil {
		_, err = fmt.Fprintln(a.err, a.lang.Say("先完成了另一次收入：", "another ingest ended first: ")+bot.IngestLine(a.lang, rag.IngestRun{Report: text, Error: end.Error}))
	}
	return err
}

// job wires an ingest over the open parts.
func (a *app) job() ingest.Job {
	return ingest.Job{
		Library: a.db, Embedder: a.model, Model: a.modelName, Count: a.model.Tokenizer().Count, MaxTokens: bge.MaxTokens,
		Delimiter: a.cfg.ArticleDelimiter, MaxRemoved: a.cfg.MaxRemoved,
	}
}

// work is what a sync of a corpus consists of.
func (a *app) work(corpus ingest.Corpus) queue.Work {
	return queue.Corpus{Job: a.job(), Corpus: corpus, Store: a.db}
}

// places says how corpora are reached.
func (a *app) places() ingest.Places {
	s := a.cfg.S3
	return ingest.Places{Settle: a.cfg.Settle, S3: ingest.S3Options{Endpoint: s.Endpoint, Region: s.Region, AccessKey: s.AccessKey, SecretKey: s.SecretKey.Reveal()}}
}

// meter shows progress: a bar on a terminal, else a plain line every few seconds.
type meter struct {
	bar  *progressbar.ProgressBar
	out  io.Writer
	lang bot.Lang
	last time.Time
}

const plainEvery = 5 * time.Second

func newMeter(a *app) *meter {
	m := &meter{out: a.err, lang: a.lang, last: time.Now()}
	if isTerminal(a.err) {
		m.bar = progressbar.NewOptions(1, progressbar.OptionSetWriter(a.err), progressbar.OptionShowCount(),
			progressbar.OptionShowIts(), progressbar.OptionSetItsString(a.lang.Say("段", "passages")),
			progressbar.OptionSetDescription(a.lang.Say("向量化", "embedding")), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(24))
	}
	return m
}

func (m *meter) show(s queue.State) {
	if s.Now == nil || s.Now.Passages == 0 {
		return // nothing to reckon a rate from
	}
	if m.bar != nil {
		m.bar.ChangeMax(max(1, s.Now.Total, s.Now.Passages+1)) // never full before the end
		_ = m.bar.Set(s.Now.Passages)
		return
	}
	if time.Since(m.last) < plainEvery {
		return
	}
	m.last = time.Now()
	fmt.Fprintln(m.out, progress(*s.Now).Line(m.lang))
}

func (m *meter) finish() {
	if m.bar != nil {
		_ = m.bar.Finish()
	}
}

// showReport prints what a sync did.
func (a *app) showReport(end queue.Ended, asJSON bool) error {
	r := end.Report.Kept()
	if asJSON {
		return json.NewEncoder(a.out).Encode(r)
	}
	for _, f := range r.Failed {
		fmt.Fprintf(a.err, "%s %s: %s\n", a.lang.Say("未收入", "not ingested:"), bot.OneLine(f.File), a.explainTold(f.Error))
	}
	for _, s := range r.Strays {
		fmt.Fprintln(a.err, a.lang.Say("没有对应的源文件，未用：", "no source beside it, not used: ")+bot.OneLine(s))
	}
	for _, u := range r.Unread {
		fmt.Fprintf(a.err, a.lang.Say("%s：这些页是图片，没有文字，未收入（可先做文字识别）：%s\n", "%s: these pages are images without text and not ingested (run OCR on them): %s\n"),
			bot.OneLine(u.File), strings.Trim(fmt.Sprint(u.Pages), "[]"))
	}
	for _, m := range r.Renamed {
		fmt.Fprintln(a.err, a.lang.Say("改名：", "renamed: ")+bot.OneLine(m.From)+" → "+bot.OneLine(m.To))
	}
	if r.Files == 0 && len(r.Removed) == 0 {
		return nil
	}
	line, err := a.summary(r)
	if err == nil {
		_, err = fmt.Fprintln(a.out, line)
	}
	if len(r.Removed) > 0 {
		fmt.Fprintln(a.err, a.lang.Say("移除：", "removed: ")+bot.OneLine(strings.Join(r.Removed, " ")))
	}
	return err
}

// summary says in one line what a sync did.
func (a *app) summary(r queue.Report) (string, error) {
	text, err := json.Marshal(r)
	return bot.IngestLine(a.lang, rag.IngestRun{Report: text}), err
}
