package ingest

import (
	"context"
	"fmt"
	"path/filepath"

	"yinju/rag"
)

// Shelf is what verification reads.
type Shelf interface {
	Articles(ctx context.Context, files []string, fn func(a *rag.Article, root string) error) error
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
	Findings  []Finding
}

// Verify reads every stored article back from its source file, checks that passages are cut from their
// articles, and that every citation of every logged answer still stands in an article of its file.
func Verify(ctx context.Context, shelf Shelf) (Verification, error) {
	var v Verification
	check := checker{}
	err := shelf.Articles(ctx, nil, func(a *rag.Article, root string) error {
		v.Articles++
		if err := check.article(a, root); err != nil {
			v.find(a.File, fmt.Sprintf("article %d: %v; ingest again", a.ID, err))
		}
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
			v.find(c.File, fmt.Sprintf("answer %d of %s: quote [%d] no longer stands in it: %s",
				c.Answer, c.Asked.Format("2006-01-02 15:04"), c.N, c.Quote))
		}
		return ctx.Err()
	})
}

func (v *Verification) find(file, problem string) {
	v.Findings = append(v.Findings, Finding{File: file, Problem: problem})
}

// checker reads each file once for all of its articles, which come one after the other.
type checker struct {
	path string
	raw  []byte
	err  error
}

func (c *checker) article(a *rag.Article, root string) error {
	if path := filepath.Join(root, filepath.FromSlash(a.File)); path != c.path {
		c.path = path
		c.raw, c.err = readFile(path)
	}
	if c.err != nil {
		return plain(c.err)
	}
	return a.Places.Check(a.Text, c.raw)
}
