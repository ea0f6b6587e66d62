package preview

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"iter"
	"strings"

	"yinju/bot"
	"yinju/ingest"
	"yinju/rag"
)

//go:embed page.html
var pageSource string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Parse(pageSource))

// pageData is what the template is given.
type pageData struct {
	words
	preview *ingest.Preview
}

// HTML writes one page that needs nothing else: no script, no other file.
func HTML(out io.Writer, lang bot.Lang, p *ingest.Preview) error {
	buffered := bufio.NewWriter(out)
	if err := page.Execute(buffered, pageData{words{lang}, p}); err != nil {
		return fmt.Errorf("write the preview of %s: %w", p.File, err)
	}
	return buffered.Flush()
}

func (d pageData) Say(zh, en string) string { return d.lang.Say(zh, en) }

func (d pageData) Lang() string { return d.lang.Say("zh", "en") }

func (d pageData) Title() string { return bot.OneLine(d.preview.File) }

func (d pageData) Summary() string { return d.summary(d.preview) }

func (d pageData) Style() template.CSS { return template.CSS(style) } //nolint:gosec // it is a file of this package

// Policy allows the page's own style and nothing else.
func (d pageData) Policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// colours is how many there are in the style.
const colours = 6

// articleView is an article as the page shows it.
type articleView struct {
	ingest.PreviewArticle
	Number, Colour int
	words
}

func (d pageData) view(n int) articleView {
	return articleView{d.preview.Articles[n], n + 1, n % colours, d.words}
}

// Articles are all of them, for the list.
func (d pageData) Articles() iter.Seq[articleView] {
	return func(yield func(articleView) bool) {
		for n := range d.preview.Articles {
			if !yield(d.view(n)) {
				return
			}
		}
	}
}

func (a articleView) Name() string { return bot.OneLine(a.DisplayTitle()) }

func (a articleView) Untitled() bool { return a.Title == "" }

func (a articleView) Missing() string {
	return strings.Join(a.missing(a.Found), a.lang.Say("、", ", "))
}

// factView is a fact with its names in the reader's language.
type factView struct{ Name, Value, Source string }

// Known are the facts that were found; the title is its own heading, and has only its source here.
func (a articleView) Known() []factView {
	var out []factView
	for _, f := range a.Found {
		if f.Value == "" {
			continue
		}
		v := factView{a.factName(f), bot.OneLine(f.Value), a.source(f)}
		if f.Name == rag.TitleField {
			v.Value = ""
		}
		out = append(out, v)
	}
	return out
}

// rowView is a row with what the page says above it.
type rowView struct {
	row
	Begun *articleView // the article that begins here
	Owner int          // number of the article that it belongs to or lies in; 0: none
	Class string
}

// Rows are those of the whole file, made as the page is written.
func (d pageData) Rows() iter.Seq[rowView] {
	return func(yield func(rowView) bool) {
		for r := range rows(d.preview) {
			v := rowView{row: r, Class: "line"}
			if r.Begins {
				a := d.view(r.Article)
				v.Begun = &a
			}
			if owner := max(r.Article, r.Inside); owner >= 0 {
				v.Owner = owner + 1
				v.Class += fmt.Sprintf(" c%d", owner%colours)
			}
			if !yield(v) {
				return
			}
		}
	}
}

// pieceView is a segment as text, the element that shows it, and the sign after it.
type pieceView struct{ Text, Element, Mark string }

// elements show the kinds of segments; the others are text.
var elements = map[ingest.Kind]string{ingest.Headline: "b", ingest.Furniture: "s", ingest.Layout: "i"}

// Pieces are the row's segments.
func (v rowView) Pieces() []pieceView {
	out := make([]pieceView, len(v.Segments))
	for i, s := range v.Segments {
		out[i] = pieceView{bot.OneLine(s.Text), elements[s.Kind], mark(s.End)}
	}
	return out
}

// Sidecar is the file to correct.
func (d pageData) Sidecar() (string, error) {
	var b strings.Builder
	err := d.preview.WriteSidecar(&b)
	return b.String(), err
}

// SidecarName is where to save it.
func (d pageData) SidecarName() string {
	if d.preview.Sidecar != "" {
		return bot.OneLine(d.preview.Sidecar)
	}
	return bot.OneLine(d.preview.File) + ".articles.yaml"
}
