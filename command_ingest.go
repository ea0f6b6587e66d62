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
	job := a.job()
	job.Force = c.Force
	if c.DryRun {
		return a.foresee(ctx, job, corpus, c.JSON)
	}
	meter := newMeter(a)
	job.Progress = meter.show
	report, err, unkept := runJob(ctx, a.db, job, corpus)
	meter.finish()
	if err == nil { // else the same trouble would be said twice
		err = unkept
	}
	if err := errors.Join(err, a.showReport(report, c.JSON)); err != nil {
		return err
	}
	if len(report.Failed) > 0 {
		return quietError{fmt.Errorf("%d files failed", len(report.Failed))}
	}
	return nil
}

// job wires an ingest over the open parts.
func (a *app) job() ingest.Job {
	return ingest.Job{
		Library: a.db, Embedder: a.model, Model: a.modelName, Count: a.model.Tokenizer().Count, MaxTokens: bge.MaxTokens,
		Delimiter: a.cfg.ArticleDelimiter, MaxRemoved: a.cfg.MaxRemoved,
	}
}

// places says how corpora are reached.
func (a *app) places() ingest.Places {
	s := a.cfg.S3
	return ingest.Places{Settle: a.cfg.Settle, S3: ingest.S3Options{Endpoint: s.Endpoint, Region: s.Region, AccessKey: s.AccessKey, SecretKey: s.SecretKey.Reveal()}}
}

// meter shows progress: a bar on a terminal, else a plain line every few seconds.
type meter struct {
	bar   *progressbar.ProgressBar
	out   io.Writer
	lang  func(zh, en string) string
	begin time.Time
	last  time.Time
}

const plainEvery = 5 * time.Second

func newMeter(a *app) *meter {
	m := &meter{out: a.err, lang: a.lang.Say, begin: time.Now(), last: time.Now()}
	if isTerminal(a.err) {
		m.bar = progressbar.NewOptions(1, progressbar.OptionSetWriter(a.err), progressbar.OptionShowCount(),
			progressbar.OptionShowIts(), progressbar.OptionSetItsString(a.lang.Say("段", "passages")),
			progressbar.OptionSetDescription(a.lang.Say("向量化", "embedding")), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(24))
	}
	return m
}

// show is called by the job, one call at a time.
func (m *meter) show(p ingest.Progress) {
	if p.Passages == 0 {
		return // nothing to reckon a rate from
	}
	if m.bar != nil {
		m.bar.ChangeMax(max(1, p.Total, p.Passages+1)) // never full before the end
		_ = m.bar.Set(p.Passages)
		return
	}
	if time.Since(m.last) < plainEvery {
		return
	}
	m.last = time.Now()
	rate := float64(p.Passages) / time.Since(m.begin).Seconds()
	left := time.Duration(float64(max(0, p.Total-p.Passages)) / rate * float64(time.Second)).Round(time.Second)
	fmt.Fprintf(m.out, m.lang("已处理 %d/%d 个文件，%d/约 %d 段，每秒 %.0f 段，约剩 %s\n",
		"%d/%d files, %d of about %d passages, %.0f a second, about %s left\n"),
		p.Files, p.AllFiles, p.Passages, p.Total, rate, left)
}

func (m *meter) finish() {
	if m.bar != nil {
		_ = m.bar.Finish()
	}
}

// reportJSON is an ingest report as `ingest --json` prints it.
type reportJSON struct {
	Files     int           `json:"files"`
	Unchanged int           `json:"unchanged"`
	Added     int           `json:"added"`
	Changed   int           `json:"changed"`
	Renamed   []renameJSON  `json:"renamed"`
	Removed   []string      `json:"removed"`
	Articles  int           `json:"articles"`
	Passages  int           `json:"passages_embedded"`
	Reused    int           `json:"passages_reused"` // not embedded, as the same text was before
	Touched   int           `json:"touched"`         // of the unchanged ones: those that had to be read
	Failed    []failureJSON `json:"failed"`
	Strays    []string      `json:"stray_sidecars"`
	Unread    []unreadJSON  `json:"unread_pages"`
	TookMS    int64         `json:"took_ms"`
}

type failureJSON struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

type unreadJSON struct {
	File  string `json:"file"`
	Pages []int  `json:"pages"`
}

func (a *app) showReport(r ingest.Report, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(a.out).Encode(reportOf(r))
	}
	for _, f := range r.Failed {
		fmt.Fprintf(a.err, "%s %s: %s\n", a.lang.Say("未收入", "not ingested:"), bot.OneLine(f.Path), a.explain(f.Err))
	}
	for _, s := range r.Strays {
		fmt.Fprintln(a.err, a.lang.Say("没有对应的源文件，未用：", "no source beside it, not used: ")+bot.OneLine(s))
	}
	for _, u := range r.Unread {
		fmt.Fprintf(a.err, a.lang.Say("%s：这些页是图片，没有文字，未收入（可先做文字识别）：%s\n", "%s: these pages are images without text and not ingested (run OCR on them): %s\n"),
			bot.OneLine(u.Path), strings.Trim(fmt.Sprint(u.Pages), "[]"))
	}
	if r.Files == 0 {
		return nil
	}
	_, err := fmt.Fprintln(a.out, a.summary(reportOf(r)))
	for _, x := range r.Renamed {
		fmt.Fprintln(a.err, a.lang.Say("改名：", "renamed: ")+bot.OneLine(x.From+" → "+x.To))
	}
	if len(r.Removed) > 0 {
		fmt.Fprintln(a.err, a.lang.Say("移除：", "removed: ")+bot.OneLine(strings.Join(r.Removed, " ")))
	}
	return err
}

// summary says in one line what a sync did.
func (a *app) summary(r reportJSON) string {
	return fmt.Sprintf(a.lang.Say(
		"%d 个文件：新增 %d，更新 %d，未变 %d，移除 %d，失败 %d；%d 篇文章，%d 段向量化，用时 %s",
		"%d files: %d added, %d changed, %d unchanged, %d removed, %d failed; %d articles, %d passages embedded in %s"),
		r.Files, r.Added, r.Changed, r.Unchanged, len(r.Removed), len(r.Failed), r.Articles, r.Passages, time.Duration(r.TookMS)*time.Millisecond)
}

func reportOf(r ingest.Report) reportJSON {
	out := reportJSON{
		Files: r.Files, Unchanged: r.Unchanged, Touched: r.Touched, Added: r.Added, Changed: r.Changed, Renamed: []renameJSON{}, Removed: append([]string{}, r.Removed...),
		Articles: r.Articles, Passages: r.Passages, Reused: r.Reused, Failed: []failureJSON{}, Strays: append([]string{}, r.Strays...), Unread: []unreadJSON{}, TookMS: r.Took.Milliseconds(),
	}
	for _, x := range r.Renamed {
		out.Renamed = append(out.Renamed, renameJSON{x.From, x.To})
	}
	for _, u := range r.Unread {
		out.Unread = append(out.Unread, unreadJSON{u.Path, u.Pages})
	}
	for _, f := range r.Failed {
		out.Failed = append(out.Failed, failureJSON{f.Path, f.Err.Error()})
	}
	return out
}
