package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"yinju/ingest"
	"yinju/ingest/document"
	"yinju/rag"
	"yinju/rag/eval"
	"yinju/report"
)

type evalCommand struct {
	JSON             bool     `help:"${json}"`
	HTML             string   `name:"html" placeholder:"FILE" help:"${evalhtml}"`
	Min              []string `placeholder:"NAME=VALUE" sep:"none" help:"${min}"`
	Model            bool     `help:"${evalmodel}"`
	Judge            bool     `help:"${judge}"`
	Calibrate        bool     `xor:"calibration" help:"${calibrate}"`
	MaxFalseRefusals float64  `default:"${falserefusals}" help:"${maxfalserefusals}"`
	ResetCalibration bool     `xor:"calibration" help:"${resetcalibration}"`
	Questions        []string `arg:"" optional:"" help:"${questions}"`
}

var (
	errNoQuestionFile = errors.New("no questions named: give a file with one JSON object a line, as docs/contract.md has it")
	errJudge          = errors.New("--judge is the configured language model's judgement of what it wrote: give --model, too")
	errNoModel        = errors.New("--model needs a language model: set LLM_PROVIDER (openai, ollama or anthropic) and LLM_MODEL, and LLM_BASE_URL or LLM_API_KEY where the provider asks for them")
	errFalseRefusals  = errors.New("--max-false-refusals is a share from 0 to 1")
)

func (c *evalCommand) Run(ctx context.Context, a *app) error {
	questions, floors, err := c.read()
	if err != nil {
		return err
	}
	retriever, err := a.openRetriever(ctx)
	if err != nil {
		return err
	}
	if c.ResetCalibration {
		if err := a.resetCalibration(ctx); err != nil || len(questions) == 0 {
			return err
		}
	}
	job, err := c.job(a, retriever)
	if err != nil {
		return err
	}
	measured, err := a.evaluate(ctx, job, questions)
	if err != nil {
		return err
	}
	if c.Calibrate {
		if err := a.calibrate(ctx, &measured, c.MaxFalseRefusals); err != nil {
			return err
		}
	}
	if err := c.show(a, &measured); err != nil {
		return err
	}
	return a.hold(&measured, floors)
}

// read takes what the command line names, before anything is started.
func (c *evalCommand) read() ([]eval.Question, []eval.Floor, error) {
	if len(c.Questions) == 0 && !c.ResetCalibration {
		return nil, nil, usageError{errNoQuestionFile}
	}
	if c.Judge && !c.Model {
		return nil, nil, usageError{errJudge}
	}
	if !(c.MaxFalseRefusals >= 0 && c.MaxFalseRefusals <= 1) {
		return nil, nil, usageError{errFalseRefusals}
	}
	floors, err := eval.ReadFloors(strings.NewReader(strings.Join(c.Min, "\n")))
	if err != nil {
		return nil, nil, usageError{fmt.Errorf("--min %w", err)}
	}
	var questions []eval.Question
	for _, name := range c.Questions {
		more, err := readQuestions(name)
		if err != nil {
			return nil, nil, err
		}
		questions = append(questions, more...)
	}
	return questions, floors, nil
}

func readQuestions(name string) ([]eval.Question, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the questions: %w", err)
	}
	defer func() { _ = file.Close() }()
	questions, err := eval.Read(file)
	if err != nil {
		return nil, usageError{fmt.Errorf("read the questions of %s: %w", name, err)}
	}
	return questions, nil
}

// job asks for quotes alone unless a model is asked for, so that figures can be compared and cost nothing.
func (c *evalCommand) job(a *app, retriever *rag.Retriever) (eval.Job, error) {
	job := eval.Job{Searcher: retriever, Asker: rag.NewAnswerer(retriever, a.db).WithoutLog(), Library: a.db, Sources: &sources{store: a.db, places: a.places()}}
	if !c.Model {
		return job, nil
	}
	writing, err := a.writing()
	if err != nil {
		return job, err
	}
	if writing == nil {
		return job, usageError{errNoModel}
	}
	answerer, err := a.answerer(retriever)
	if err != nil {
		return job, err
	}
	job.Asker, job.Checks = answerer.WithoutLog(), retriever.DraftOptions()
	if c.Judge {
		job.Judge = writing
	}
	return job, nil
}

// evaluate asks the questions over the open parts, with the thresholds that are in use.
func (a *app) evaluate(ctx context.Context, job eval.Job, questions []eval.Question) (eval.Report, error) {
	progress, finish := a.counter()
	job.Progress = progress
	measured, err := job.Run(ctx, questions)
	finish()
	if err != nil {
		return measured, fmt.Errorf("eval: %w", err)
	}
	measured.Thresholds, measured.Fitted, err = a.db.Thresholds(ctx, a.modelName)
	return measured, err
}

// calibrate fits thresholds to what was measured and keeps them.
func (a *app) calibrate(ctx context.Context, measured *eval.Report, maxFalseRefusals float64) (err error) {
	measured.Calibration, err = eval.Calibrate(measured.Outcomes, measured.Thresholds, maxFalseRefusals)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	return a.db.SetThresholds(ctx, measured.Calibration.New, a.modelName, measured.Calibration.Questions)
}

func (a *app) resetCalibration(ctx context.Context) error {
	if err := a.db.ResetThresholds(ctx); err != nil {
		return err
	}
	t := rag.DefaultThresholds
	_, err := fmt.Fprintf(a.err, a.lang.Say("阈值已恢复为默认：回答 %.3f，相关 %.3f\n", "the thresholds are the program's own again: answered %.3f, related %.3f\n"), t.Answered, t.Related)
	return err
}

// show puts the report out.
func (c *evalCommand) show(a *app, measured *eval.Report) error {
	if c.JSON {
		out := json.NewEncoder(a.out)
		out.SetEscapeHTML(false)
		if err := out.Encode(measured); err != nil {
			return err
		}
	} else if err := report.Text(a.out, a.lang, measured); err != nil {
		return err
	}
	if c.HTML == "" {
		return nil
	}
	file, err := os.Create(c.HTML)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return errors.Join(report.HTML(file, a.lang, measured), file.Close())
}

// hold says which floors were missed.
func (a *app) hold(measured *eval.Report, floors []eval.Floor) error {
	missed := measured.Missed(floors)
	for _, m := range missed {
		if m.Known {
			fmt.Fprintf(a.err, a.lang.Say("未达到下限：%s 为 %.3f，应不低于 %g\n", "below the floor: %s is %.3f, at least %g is wanted\n"), m.Name, m.Have, m.Value)
		} else {
			fmt.Fprintf(a.err, a.lang.Say("无从衡量：%s（没有这类问题）\n", "nothing to measure: %s (there are no such questions)\n"), m.Name)
		}
	}
	if len(missed) > 0 {
		return quietError{fmt.Errorf("%d floors missed", len(missed))}
	}
	return nil
}

// counter shows how many questions are done: a bar on a terminal, else a plain line every few seconds.
func (a *app) counter() (progress func(done, all int), finish func()) {
	if isTerminal(a.err) {
		bar := progressbar.NewOptions(1, progressbar.OptionSetWriter(a.err), progressbar.OptionShowCount(),
			progressbar.OptionSetDescription(a.lang.Say("提问", "asking")), progressbar.OptionSetPredictTime(true),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(24))
		return func(done, all int) {
			bar.ChangeMax(all)
			_ = bar.Set(done)
		}, func() { _ = bar.Finish() }
	}
	last := time.Now()
	return func(done, all int) {
		if time.Since(last) < plainEvery {
			return
		}
		last = time.Now()
		fmt.Fprintf(a.err, a.lang.Say("已问 %d/%d 个问题\n", "%d/%d questions asked\n"), done, all)
	}, func() {}
}

// sources reads files of the corpus as they are now, each once.
type sources struct {
	store  *rag.Store
	places ingest.Places
	known  map[string]rag.Known
	docs   map[string]*document.Document
}

// Lines gives lines of a file. What stands on one line of the file is one line here, too.
func (s *sources) Lines(ctx context.Context, file string, first, last int) (string, error) {
	doc, err := s.open(ctx, file)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	before := first
	for _, l := range doc.Lines {
		if l.Number < first || l.Number > last {
			continue
		}
		if l.Number != before {
			text.WriteByte('\n')
		}
		before = l.Number
		text.WriteString(l.Text)
	}
	return text.String(), nil
}

func (s *sources) open(ctx context.Context, file string) (*document.Document, error) {
	if doc := s.docs[file]; doc != nil {
		return doc, nil
	}
	if s.known == nil {
		known, err := s.store.Known(ctx)
		if err != nil {
			return nil, err
		}
		s.known, s.docs = known, map[string]*document.Document{}
	}
	doc, _, err := s.places.ReadSource(ctx, s.known[file])
	if err != nil {
		return nil, fmt.Errorf("%w; ingest again", err)
	}
	s.docs[file] = doc
	return doc, nil
}
