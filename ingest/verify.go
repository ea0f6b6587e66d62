package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"yinju/ingest/document"
	"yinju/rag"
)

// Shelf is what verification reads.
type Shelf interface {
	Known(ctx context.Context) (map[string]rag.Known, error)
	Articles(ctx context.Context, files []string, fn func(*rag.Article) error) error
	LoggedCitations(ctx context.Context, fn func(rag.LoggedCitation) error) error
	MisplacedPassages(ctx context.Context) (int, error)
}

// Finding is something that does not stand in the sources as the store has it.
type Finding struct {
	File    string
	Problem string
}

// Verification counts what was checked.
type Verification struct {
	Articles  int
	Citations int
	Findings  []Finding // of the store: it has to be ingested again
	Past      []Finding // of answers given before a source changed: they were true then
}

// Verify reads every stored article back from its source file, says which files have changed since they
// were ingested, and checks that passages are cut from their articles. Then it looks up every citation
// of every logged answer among the articles that the store has of its file now.
func Verify(ctx context.Context, shelf Shelf, from Places) (Verification, error) {
	var v Verification
	known, err := shelf.Known(ctx)
	if err != nil {
		return v, err
	}
	check := checker{known: known, from: from, find: v.find}
	err = shelf.Articles(ctx, nil, func(a *rag.Article) error {
		v.Articles++
		check.article(ctx, a)
		return ctx.Err()
	})
	if err != nil {
		return v, err
	}
	misplaced, err := shelf.MisplacedPassages(ctx)
	if err != nil {
		return v, err
	}
	if misplaced > 0 {
		v.find("", fmt.Sprintf("%d passages differ from their article's text", misplaced))
	}
	return v, shelf.LoggedCitations(ctx, func(c rag.LoggedCitation) error {
		v.Citations++
		if !c.Stands {
			v.Past = append(v.Past, Finding{File: c.File, Problem: fmt.Sprintf("answer %d of %s: quote [%d] no longer stands in it: %s",
				c.Answer, c.Asked.Format("2006-01-02 15:04"), c.N, c.Quote)})
		}
		return ctx.Err()
	})
}

func (v *Verification) find(file, problem string) {
	v.Findings = append(v.Findings, Finding{File: file, Problem: problem})
}

// checker reads each file once for all of its articles, which come one after the other.
type checker struct {
	known map[string]rag.Known
	from  Places
	find  func(file, problem string)

	file string
	doc  *document.Document // nil: it cannot be read
}

// article checks one article, and its file when it is the first one of it.
func (c *checker) article(ctx context.Context, a *rag.Article) {
	if a.File != c.file {
		c.file, c.doc = a.File, nil
		if err := c.open(ctx, c.known[a.File]); err != nil {
			c.find(a.File, fmt.Sprintf("%v; ingest again", err))
		}
	}
	if c.doc == nil {
		return
	}
	if err := a.Places.Check(a.Text, c.doc.Text); err != nil {
		c.find(a.File, fmt.Sprintf("article %d: %v; ingest again", a.ID, err))
	}
	for _, run := range a.Places {
		if !c.holds(run) {
			c.find(a.File, fmt.Sprintf("article %d: what is said to be on line %d is not; ingest again", a.ID, run.Line))
			return
		}
	}
}

// open reads a source file and says whether it is the one that was ingested.
func (c *checker) open(ctx context.Context, k rag.Known) error {
	doc, same, err := c.from.ReadSource(ctx, k)
	if err == nil && !same {
		err = errChanged
	}
	c.doc = doc
	return err
}

// ReadSource reads the file of a source as it is now, and says whether it is the one that was ingested.
func (from Places) ReadSource(ctx context.Context, k rag.Known) (doc *document.Document, same bool, err error) {
	raw, err := from.raw(ctx, k)
	if err != nil {
		return nil, false, err
	}
	doc, err = document.Read(ctx, k.Path, raw)
	hash := sha256.Sum256(raw)
	return doc, bytes.Equal(hash[:], k.Hash), err
}

var errChanged = errors.New("the file has changed since it was ingested")

// holds says whether a run's byte is on its line and page.
func (c *checker) holds(r rag.Run) bool {
	if len(c.doc.Lines) == 0 {
		return false
	}
	l := lineAt(c.doc.Lines, r.Byte)
	return l.Number == r.Line && l.Page == r.Page && r.Byte >= l.Byte && r.Byte <= l.Byte+len(l.Text)
}
