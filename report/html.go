package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"yinju/bot"
	"yinju/rag"
	"yinju/rag/eval"
)

//go:embed page.html
var pageSource string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Parse(pageSource))

// pageData is what the template is given.
type pageData struct {
	words
	*eval.Report
}

// HTML writes one page that needs nothing else: no script, no other file.
func HTML(out io.Writer, lang bot.Lang, r *eval.Report) error {
	buffered := bufio.NewWriter(out)
	if err := page.Execute(buffered, pageData{words{lang}, r}); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return buffered.Flush()
}

func (d pageData) Say(zh, en string) string { return d.lang.Say(zh, en) }

func (d pageData) Lang() string { return d.lang.Say("zh", "en") }

func (d pageData) Summary() string { return d.summary(d.Report) }

func (d pageData) MissingNote() string { return d.missing(d.Report) }

func (d pageData) Style() template.CSS { return template.CSS(style) } //nolint:gosec // it is a file of this package

// Policy allows the page's own style and nothing else.
func (d pageData) Policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Table is all measures of all questions, the head first.
func (d pageData) Table() [][]string { return all(d.words, &d.All) }

// TypeTable is a row a type of question, the head first.
func (d pageData) TypeTable() [][]string { return byType(d.words, d.Report) }

func (d pageData) Bars() []barRow { return bars(d.words, d.Types) }

func (d pageData) Lines() []line { return refusalLines(d.words, d.Report) }

func (d pageData) Dots() []dot { return dots(d.Report) }

func (d pageData) Ticks() []tick { return ticks() }

// Fit is what a calibration says of itself.
func (d pageData) Fit() []string {
	if d.Calibration == nil {
		return nil
	}
	return d.calibration(d.Calibration)
}

// ModelNotes are what a language model did.
func (d pageData) ModelNotes() []string { return d.model(d.Report) }

// WhyTable is a row a reason for which a text is not the model's, the head first.
func (d pageData) WhyTable() [][]string { return d.whyNot(d.Report) }

// Failures are the questions that a person would want to look at.
func (d pageData) Failures() []failure {
	var out []failure
	for i := range d.Outcomes {
		if o := &d.Outcomes[i]; o.Failed() {
			out = append(out, failure{o, d.words})
		}
	}
	return out
}

// failure is a question that failed, as the page shows it.
type failure struct {
	*eval.Outcome
	words
}

func (f failure) Kind() string { return f.kind(f.Type) }

// Got is the status, confidence and rank.
func (f failure) Got() string {
	got := fmt.Sprintf("%s %.3f", f.status(f.Status), f.Confidence)
	switch {
	case !f.Answerable:
	case f.Rank > 0:
		got += fmt.Sprintf(f.lang.Say("，证据在第 %d 段", ", evidence in passage %d"), f.Rank)
	default:
		got += f.lang.Say("，前十段没有证据", ", no evidence in ten passages")
	}
	return got
}

// Sentences are those of a written answer, with what is wrong with each.
func (f failure) Sentences() []sentence {
	if f.Written == nil {
		return nil
	}
	var all []sentence
	for _, s := range f.Written.Sentences {
		all = append(all, sentence{s.Text, s.Supported == rag.No})
	}
	return all
}

// sentence is one of a written answer, as the page shows it.
type sentence struct {
	Text        string
	Unsupported bool
}
