package eval

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"yinju/rag"
	"yinju/rag/draft"
)

// Searcher finds passages, best first. *rag.Retriever does.
type Searcher interface {
	Search(ctx context.Context, question string, k int) ([]rag.Hit, error)
}

// Asker answers. *rag.Answerer does; one that logs nothing is meant.
type Asker interface {
	Ask(ctx context.Context, question string) (rag.Answer, error)
}

// Library tells where the articles of the corpus stand. *rag.Store does.
type Library interface {
	Known(ctx context.Context) (map[string]rag.Known, error)
	Articles(ctx context.Context, files []string, fn func(*rag.Article) error) error
}

// Sources gives lines of the corpus' files as they are now, 1-based and inclusive.
type Sources interface {
	Lines(ctx context.Context, file string, first, last int) (string, error)
}

// Job asks questions and measures what comes.
type Job struct {
	Searcher Searcher
	Asker    Asker
	Library  Library
	Sources  Sources
	Progress func(done, all int) // called after each question; may be nil
	Checks   draft.Options       // what written answers are judged with where there is no Judge
	Judge    Judge               // nil: by words
}

// Outcome is what came of one question.
type Outcome struct {
	Question
	Status       rag.Status `json:"status"`
	Confidence   float64    `json:"confidence"`
	Rank         int        `json:"rank"`        // of the first of ten passages that holds evidence; 0: none
	EvidenceAt   int        `json:"evidence_at"` // the first quote that holds evidence; 0: none
	RightArticle bool       `json:"right_article"`
	Quotes       []Quoted   `json:"quotes"`
	TookMS       float64    `json:"took_ms"` // of the answer

	Held    []rag.Verdict `json:"held"`    // of each key point: the answer says it
	Written *Written      `json:"written"` // nil: no language model was asked to write
}

// Quoted is a quote as it was given, and whether it stands there.
type Quoted struct {
	Quote     string `json:"quote"`
	File      string `json:"file"`
	StartLine int    `json:"start_line"`
	EndLine   int    `json:"end_line"`
	Verbatim  bool   `json:"verbatim"`
}

const (
	searchDepth = 10
	quoteDepth  = 3 // quotes that are looked at for evidence
	nearLines   = 3 // a citation so near to evidence is in its article
)

// Run asks each question once, one after the other, so that the times mean something. The context ends it.
func (j Job) Run(ctx context.Context, questions []Question) (Report, error) {
	gold, missing, err := j.findEvidence(ctx, questions)
	if err != nil {
		return Report{}, fmt.Errorf("find the evidence: %w", err)
	}
	outcomes := make([]Outcome, len(questions))
	b := &bench{Judge: j.Judge}
	if j.Judge == nil {
		b.Judge = byWords{j.Checks}
	}
	for i, q := range questions {
		if outcomes[i], err = j.try(ctx, q, gold, b); err != nil {
			return Report{}, fmt.Errorf("question %s: %w", q.ID, err)
		}
		if j.Progress != nil {
			j.Progress(i+1, len(questions))
		}
	}
	report := NewReport(outcomes)
	report.Missing = missing
	if report.Model != nil && j.Judge != nil {
		report.Model.Judging = &b.judging
	}
	return report, nil
}

func (j Job) try(ctx context.Context, q Question, gold places, b *bench) (o Outcome, err error) {
	hits, err := j.Searcher.Search(ctx, q.Question, searchDepth)
	if err != nil {
		return o, err
	}
	begin := time.Now()
	answer, err := j.Asker.Ask(ctx, q.Question)
	if err != nil {
		return o, err
	}
	o = Outcome{
		Question: q, Status: answer.Status, Confidence: answer.Confidence,
		Quotes: []Quoted{}, TookMS: float64(time.Since(begin).Microseconds()) / 1000,
	}
	o.Rank = 1 + slices.IndexFunc(hits, func(h rag.Hit) bool {
		return slices.ContainsFunc(q.Evidence, func(e Evidence) bool { return holds(h.Passage.Text, e.Quote) })
	})
	o.EvidenceAt = 1 + slices.IndexFunc(answer.Citations[:min(quoteDepth, len(answer.Citations))], func(c rag.Citation) bool {
		return slices.ContainsFunc(q.Evidence, func(e Evidence) bool { return quotes(c.Quote.Text(), e.Quote) })
	})
	o.RightArticle = len(answer.Citations) > 0 && gold.cited(q, answer.Citations[0].Quote)
	for _, c := range answer.Citations {
		quoted, err := j.check(ctx, c.Quote)
		if err != nil {
			return o, err
		}
		o.Quotes = append(o.Quotes, quoted)
	}
	if o.Held, err = b.points(ctx, q, &answer); err != nil {
		return o, err
	}
	o.Written, err = b.weigh(ctx, &answer)
	return o, err
}

// check looks a quote up in its file.
func (j Job) check(ctx context.Context, q rag.Quote) (Quoted, error) {
	at := q.Location()
	out := Quoted{Quote: q.Text(), File: q.Article().File, StartLine: at.StartLine, EndLine: at.EndLine}
	raw, err := j.Sources.Lines(ctx, out.File, at.StartLine, at.EndLine)
	if err != nil {
		return out, fmt.Errorf("read lines %d to %d of %s: %w", at.StartLine, at.EndLine, out.File, err)
	}
	out.Verbatim = strings.Contains(squeeze(raw), squeeze(out.Quote))
	return out, nil
}

// places says where evidence stands in the store.
type places struct {
	files    map[string]string // by article id of the evidence
	articles map[string][]standing
}

// standing is where an article stands in its file.
type standing struct {
	article int64
	lines   []rag.LineRange
}

// findEvidence finds the files that evidence names, and the articles in them. missing are ids of which the
// store has no file.
func (j Job) findEvidence(ctx context.Context, questions []Question) (gold places, missing []string, err error) {
	known, err := j.Library.Known(ctx)
	if err != nil {
		return gold, nil, err
	}
	gold = places{files: map[string]string{}, articles: map[string][]standing{}}
	stored, unknown := slices.Sorted(maps.Keys(known)), map[string]bool{}
	for _, q := range questions {
		for _, e := range q.Evidence {
			if file, ok := fileOf(e.ArticleID, stored); ok {
				gold.files[e.ArticleID] = file
			} else {
				unknown[e.ArticleID] = true
			}
		}
	}
	missing = slices.AppendSeq([]string{}, maps.Keys(unknown))
	slices.Sort(missing)
	files := slices.Compact(slices.Sorted(maps.Values(gold.files)))
	if len(files) == 0 {
		return gold, missing, nil // no files would mean all
	}
	err = j.Library.Articles(ctx, files, func(a *rag.Article) error {
		gold.articles[a.File] = append(gold.articles[a.File], standing{a.ID, a.Ranges()})
		return ctx.Err()
	})
	return gold, missing, err
}

// cited says whether a quote, or a copy of it, is from an article that holds evidence, or stands beside evidence.
func (p places) cited(q Question, quote rag.Quote) bool {
	from := append([]rag.Copy{{Article: quote.Article(), Location: quote.Location()}}, quote.Also()...)
	return slices.ContainsFunc(q.Evidence, func(e Evidence) bool {
		file := p.files[e.ArticleID]
		return slices.ContainsFunc(from, func(c rag.Copy) bool {
			line := c.Location.StartLine
			return c.Article.File == file && (line >= e.StartLine-nearLines && line <= e.EndLine+nearLines || p.holds(c.Article, e))
		})
	})
}

// holds says whether an article stands on lines of the evidence.
func (p places) holds(a *rag.Article, e Evidence) bool {
	return slices.ContainsFunc(p.articles[a.File], func(s standing) bool {
		return s.article == a.ID && slices.ContainsFunc(s.lines, func(r rag.LineRange) bool {
			return e.StartLine <= r.End && e.EndLine >= r.Start
		})
	})
}
