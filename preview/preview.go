// Package preview shows a person how a file would be cut, before anything is stored: on a terminal or as a
// page of its own.
package preview

import (
	"fmt"
	"iter"
	"strconv"
	"unicode/utf8"

	"yinju/bot"
	"yinju/ingest"
	"yinju/rag"
)

// row is a line of the file, or what one article has of it.
type row struct {
	Number   int
	Char     int  // the character of the line that it begins with, from 1; 0: it begins with the line
	Article  int  // whose it is; -1: no one's
	Inside   int  // the article that goes on around it, where it is no one's; else -1
	Begins   bool // the article begins here
	Returns  bool // the article goes on here, after another one
	Segments []ingest.Segment
}

// rows cuts the file's lines where one article ends and another begins.
func rows(p *ingest.Preview) iter.Seq[row] {
	return func(yield func(row) bool) {
		begun := make([]bool, len(p.Articles))
		current := -1
		for l := range p.Lines() {
			for _, r := range groups(l) {
				switch a := r.Article; {
				case a >= 0:
					r.Begins, r.Returns = !begun[a], begun[a] && current != a
					begun[a], current = true, a
				case current >= 0 && l.Number < p.Articles[current].LastLine:
					r.Inside = current
				}
				if !yield(r) {
					return
				}
			}
		}
	}
}

// groups parts a line's segments by their articles. White space and marks go with what stands before them.
func groups(l ingest.PreviewLine) []row {
	out := []row{{Number: l.Number, Article: -1, Inside: -1}}
	char := 1
	for _, s := range l.Segments {
		r := &out[len(out)-1]
		follows := s.Kind == ingest.Blank || s.Kind == ingest.Layout
		if !follows && used(r.Segments) && s.Article != r.Article {
			out = append(out, row{Number: l.Number, Char: char, Article: -1, Inside: -1})
			r = &out[len(out)-1]
		}
		char += utf8.RuneCountInString(s.Text)
		r.Segments = append(r.Segments, s)
		if s.Article >= 0 {
			r.Article = s.Article
		}
	}
	return out
}

// used says whether some segment is an article's, or furniture.
func used(segments []ingest.Segment) bool {
	for _, s := range segments {
		if s.Kind == ingest.Body || s.Kind == ingest.Headline || s.Kind == ingest.Furniture {
			return true
		}
	}
	return false
}

// Furniture says whether a row is left out of every article.
func (r row) Furniture() bool { return r.Article < 0 && used(r.Segments) }

// Headline says whether a row is a part of a title.
func (r row) Headline() bool {
	for _, s := range r.Segments {
		if s.Kind == ingest.Headline {
			return true
		}
	}
	return false
}

// Place is the row's line, and its character where it does not begin the line, as a sidecar names them.
func (r row) Place() string {
	if r.Char > 0 {
		return fmt.Sprintf("%d:%d", r.Number, r.Char)
	}
	return strconv.Itoa(r.Number)
}

// mark is the sign for what becomes of a segment's end.
func mark(e ingest.End) string {
	switch e {
	case ingest.Joined:
		return "↵"
	case ingest.Paragraph:
		return "¶"
	case ingest.Open:
	}
	return ""
}

// words are the texts that both forms use.
type words struct{ lang bot.Lang }

func (w words) factName(f ingest.Fact) string {
	names := map[rag.Field][2]string{
		rag.TitleField: {"标题", "title"}, rag.AuthorsField: {"作者", "authors"}, rag.AffiliationField: {"单位", "affiliation"},
		rag.PublicationField: {"报刊", "publication"}, rag.DateField: {"日期", "date"}, rag.SectionField: {"栏目", "section"},
	}
	n := names[f.Name]
	return w.lang.Say(n[0], n[1])
}

// source says where a fact was found, "" where on no one line.
func (w words) source(f ingest.Fact) string {
	switch {
	case f.Where == ingest.InSidecar:
		return fmt.Sprintf(w.lang.Say("订正文件第 %d 行", "sidecar line %d"), f.Line)
	case f.Where == ingest.InFrontMatter:
		return fmt.Sprintf(w.lang.Say("文件开头的说明，第 %d 行", "front matter, line %d"), f.Line)
	case f.Line > 0:
		return fmt.Sprintf(w.lang.Say("第 %d 行", "line %d"), f.Line)
	}
	return ""
}

// missing are the facts that most articles have and nothing says of this one.
func (w words) missing(facts []ingest.Fact) []string {
	var out []string
	for _, f := range facts {
		if f.Value == "" && f.Name != rag.AffiliationField && f.Name != rag.SectionField {
			out = append(out, w.factName(f))
		}
	}
	return out
}

func (w words) summary(p *ingest.Preview) string {
	s := fmt.Sprintf(w.lang.Say("%d 行，%d 篇文章", "%d lines, %d articles"), p.LineCount(), len(p.Articles))
	if p.Sidecar != "" {
		s += w.lang.Say("，按订正文件 ", ", as the sidecar says: ") + bot.OneLine(p.Sidecar)
	}
	return s
}
