package main

import (
	"context"
	"errors"
	"fmt"

	"yinju/ingest"
	"yinju/preview"
)

// previewFlags show how one file would be cut. They need neither database nor model.
type previewFlags struct {
	Preview string `placeholder:"FILE" help:"${preview}"`
	HTML    bool   `name:"html" help:"${html}"`
	Sidecar bool   `help:"${sidecar}"`
	Color   string `enum:"auto,always,never" default:"auto" help:"${color}"`
}

var errPreviewFlags = errors.New("--html and --sidecar show one file: give it with --preview FILE, one of the two, without --json and other files")

// check says whether the flags go together.
func (f previewFlags) check(others bool) error {
	if f.HTML && f.Sidecar || (f.HTML || f.Sidecar) && f.Preview == "" || f.Preview != "" && others {
		return usageError{errPreviewFlags}
	}
	return nil
}

func (a *app) preview(ctx context.Context, f previewFlags) error {
	p, err := ingest.NewPreview(ctx, f.Preview, a.cfg.ArticleDelimiter)
	if err != nil {
		return fmt.Errorf("preview %s: %w", f.Preview, err)
	}
	switch {
	case f.HTML:
		return preview.HTML(a.out, a.lang, p)
	case f.Sidecar:
		return p.WriteSidecar(a.out)
	}
	color := f.Color == "always" || f.Color == "auto" && isTerminal(a.out) && a.getenv("NO_COLOR") == ""
	return preview.Text{Out: a.out, Lang: a.lang, Color: color}.Show(p)
}
