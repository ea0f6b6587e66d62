package preview

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"yinju/bot"
	"yinju/ingest"
)

// Text shows the file line by line. With Color it uses ANSI codes, else marks alone.
type Text struct {
	Out   io.Writer
	Lang  bot.Lang
	Color bool
}

// SGR codes. Articles take turns with the colours of bars.
const (
	bold = "1"
	dim  = "2"
)

var bars = []string{"36", "33", "35", "32", "34", "31"}

// Show writes the preview as it goes through the file.
func (t Text) Show(p *ingest.Preview) error {
	out := bufio.NewWriter(t.Out)
	w := words{t.Lang}
	fmt.Fprintf(out, "%s\n%s\n", t.paint(bold, bot.OneLine(p.File)+t.Lang.Say("：", ": ")+w.summary(p)), t.paint(dim, t.Lang.Say(
		"┃ 文章　# 标题　× 不属于任何文章　⟦ ⟧ 行内略去　↵ 与下一行相接　¶ 一段到此为止",
		"┃ article  # title  × in no article  ⟦ ⟧ left out within a line  ↵ joined to the next line  ¶ the paragraph ends")))
	width := len(strconv.Itoa(p.LineCount()))
	for r := range rows(p) {
		if r.Begins {
			t.heading(out, w, r.Article, p.Articles[r.Article])
		} else if r.Returns {
			fmt.Fprintf(out, "\n%s\n", t.paint(bold, fmt.Sprintf(t.Lang.Say("━━ %d（续）", "━━ %d (continued)"), r.Article+1)))
		}
		t.row(out, r, width)
	}
	return out.Flush()
}

// heading says what was found of an article and what was not.
func (t Text) heading(out io.Writer, w words, n int, a ingest.PreviewArticle) {
	head := fmt.Sprintf("━━ %d  %s", n+1, bot.OneLine(a.DisplayTitle()))
	fmt.Fprintf(out, "\n%s\n", t.paint(bold+";"+bars[n%len(bars)], head))
	for _, f := range a.Found {
		if f.Value == "" {
			continue
		}
		fmt.Fprintf(out, "   %s%s%s", w.factName(f), t.Lang.Say("：", ": "), bot.OneLine(f.Value))
		if source := w.source(f); source != "" {
			fmt.Fprint(out, t.paint(dim, t.Lang.Say("（"+source+"）", " ("+source+")")))
		}
		fmt.Fprintln(out)
	}
	if missing := w.missing(a.Found); len(missing) > 0 {
		fmt.Fprintln(out, t.paint(dim, t.Lang.Say("   没有：", "   none: ")+strings.Join(missing, t.Lang.Say("、", ", "))))
	}
}

func (t Text) row(file io.Writer, r row, width int) {
	out := &strings.Builder{}
	defer func() { fmt.Fprintln(file, strings.TrimRight(out.String(), " ")) }()
	fmt.Fprint(out, t.paint(dim, fmt.Sprintf("%*s", width, r.Place())), " ")
	switch {
	case r.Article >= 0:
		fmt.Fprint(out, t.paint(bars[r.Article%len(bars)], "┃"))
	case r.Inside >= 0:
		fmt.Fprint(out, t.paint(bars[r.Inside%len(bars)], "┊"))
	default:
		fmt.Fprint(out, " ")
	}
	switch {
	case r.Headline():
		fmt.Fprint(out, "# ")
	case r.Furniture():
		fmt.Fprint(out, "× ")
	default:
		fmt.Fprint(out, "  ")
	}
	for _, s := range r.Segments {
		t.segment(out, s)
	}
}

func (t Text) segment(out io.Writer, s ingest.Segment) {
	text := bot.OneLine(s.Text)
	switch s.Kind {
	case ingest.Headline:
		text = t.paint(bold, text)
	case ingest.Furniture:
		text = t.paint(dim, text)
	case ingest.Layout:
		text = t.paint(dim, "⟦"+text+"⟧")
	case ingest.Body, ingest.Blank:
	}
	fmt.Fprint(out, text)
	if sign := mark(s.End); sign != "" {
		fmt.Fprint(out, " ", t.paint(dim, sign), " ")
	}
}

func (t Text) paint(code, s string) string {
	if !t.Color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
