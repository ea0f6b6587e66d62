package bot

import (
	"fmt"
	"io"
	"strings"

	"yinju/rag"
)

// Terminal shows answers as text. With Color it uses ANSI codes.
type Terminal struct {
	Out   io.Writer
	Lang  Lang
	Color bool
}

const (
	bold  = "1"
	dim   = "2"
	green = "32"
)

func (t Terminal) paint(code, s string) string {
	if !t.Color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Answer shows an answer: how the question was understood, what the answer says of itself, the text that a model
// wrote, then every quote with its article, file and lines.
func (t Terminal) Answer(a rag.Answer) error {
	text := ""
	if a.Written != nil && a.Written.Used {
		text = "\n" + printable(a.Text) + "\n"
	}
	return t.show(a, text)
}

// Live is a terminal on which an answer appears as it is written.
type Live struct {
	Terminal
	isShown bool // something of the text
}

// Piece shows what a model wrote, as far as it is settled.
func (l *Live) Piece(e rag.Event) error {
	if !e.Written {
		return nil
	}
	l.isShown = true
	_, err := io.WriteString(l.Out, printable(e.Text))
	return err
}

// Answer shows what the pieces have not.
func (l *Live) Answer(a rag.Answer) error {
	if !l.isShown {
		return l.Terminal.Answer(a)
	}
	l.isShown = false
	if _, err := io.WriteString(l.Out, "\n"); err != nil {
		return err
	}
	return l.show(a, "")
}

// show shows an answer with a text between what is said of it and its quotes.
func (t Terminal) show(a rag.Answer, text string) error {
	var b strings.Builder
	if a.Resolved != "" {
		fmt.Fprintf(&b, "%s\n", t.paint(dim, t.Lang.Say("理解为：", "taken as: ")+OneLine(a.Resolved)))
	}
	if head := Standing(a, t.Lang); head != "" {
		fmt.Fprintf(&b, "%s\n", t.paint(bold, head))
	}
	b.WriteString(t.scopes(a.Scope, len(a.Citations)))
	b.WriteString(text)
	for _, c := range a.Citations {
		fmt.Fprintf(&b, "\n%s “%s”\n", t.paint(bold, fmt.Sprintf("[%d]", c.N)), t.paint(green, printable(c.Quote.Text())))
		if name := articleName(c.Quote.Article()); name != "" {
			fmt.Fprintf(&b, "    %s\n", OneLine(name))
		}
		fmt.Fprintf(&b, "    %s\n", t.paint(dim, place(c.Quote.Article().File, c.Quote.Location())))
		if also := t.also(c.Quote.Also()); also != "" {
			fmt.Fprintf(&b, "    %s\n", t.paint(dim, also))
		}
	}
	b.WriteString(t.spent(a.Written))
	_, err := io.WriteString(t.Out, strings.TrimLeft(b.String(), "\n"))
	return err
}

// spent says what a language model has used for an answer.
func (t Terminal) spent(w *rag.Written) string {
	if w == nil {
		return ""
	}
	fault := ""
	if w.Error != "" {
		fault = "\n" + t.paint(dim, OneLine(t.Lang.Say("语言模型：", "language model: ")+w.Error)) + "\n"
	}
	if w.Usage.Calls == 0 {
		return fault
	}
	line := fmt.Sprintf(t.Lang.Say("%s：输入 %d、输出 %d 个 token", "%s: %d tokens in, %d out"), OneLine(w.Model), w.Usage.Prompt, w.Usage.Completion)
	if w.Usage.Cost > 0 {
		line += fmt.Sprintf(t.Lang.Say("，费用 %.4f", ", cost %.4f"), w.Usage.Cost)
	}
	return fault + "\n" + t.paint(dim, line) + "\n"
}

// scopes says in which articles was looked, where that was not all.
func (t Terminal) scopes(scopes []rag.Scope, quotes int) string {
	var b strings.Builder
	for _, line := range Looked(scopes, quotes, t.Lang) {
		fmt.Fprintf(&b, "%s\n", t.paint(dim, OneLine(line)))
	}
	return b.String()
}

// Refuse says why a question cannot be taken.
func (t Terminal) Refuse(_ string, err error) error {
	_, err = fmt.Fprintln(t.Out, Explain(err, t.Lang))
	return err
}

// articleName is 《title》 authors · publication · date, as far as the source gives them.
func articleName(a *rag.Article) string {
	var parts []string
	if a.Title != "" {
		parts = append(parts, "《"+a.Title+"》")
	}
	if known := Imprint(a, OneLine); known != "" {
		parts = append(parts, known)
	}
	return strings.Join(parts, " · ")
}

// place is file:line, which editors and terminals open.
func place(file string, l rag.Location) string { return Place(OneLine(file), l) }

// also says where else a text stands, "" where nowhere.
func (t Terminal) also(copies []rag.Copy) string {
	if len(copies) == 0 {
		return ""
	}
	places := make([]string, len(copies))
	for i, c := range copies {
		places[i] = place(c.Article.File, c.Location)
	}
	return t.Lang.Say("（另见 "+strings.Join(places, "、")+"）", "(also in "+strings.Join(places, ", ")+")")
}

// Hits shows search results, one passage after the other.
func (t Terminal) Hits(hits []rag.Hit, scopes []rag.Scope) error {
	var b strings.Builder
	b.WriteString(t.scopes(scopes, len(hits)))
	for i, h := range hits {
		head := fmt.Sprintf("%.2f  %s  %s", h.Score, place(h.Passage.Article.File, h.Location), OneLine(articleName(h.Passage.Article)))
		if also := t.also(h.Also); also != "" {
			head += "  " + also
		}
		fmt.Fprintf(&b, "%s %s\n%s\n\n", t.paint(bold, fmt.Sprintf("%d.", i+1)), t.paint(dim, head),
			printable(strings.TrimSpace(h.Passage.Text)))
	}
	_, err := io.WriteString(t.Out, b.String())
	return err
}

// printable replaces control characters and those that turn the direction of text, so that no text of the
// corpus can command the terminal or show itself in another order.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '�'
		}
		return r
	}, s)
}

// OneLine makes a text of the corpus, such as a title or the name of a file, fit for one line of a terminal.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, printable(s))
}
