package ingest

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"yinju/ingest/document"
	"yinju/rag"
)

// Preview is a file as it would be cut. Nothing is stored.
type Preview struct {
	File     string // its name, without folders
	Sidecar  string // the name of the sidecar that was read, or ""
	Articles []PreviewArticle

	lines     []line
	spans     []textSpan // what the articles take of the file, in its order
	furniture []row      // in its order
}

// PreviewArticle is an article and what is said of it.
type PreviewArticle struct {
	*rag.Article
	FirstLine, LastLine int    // 1-based, inclusive
	Found               []Fact // all that there can be, in a fixed order
}

// Fact is one thing that a citation says of an article, and where it was found.
type Fact struct {
	Name  rag.Field
	Value string // "": nothing was found; several authors have 、 between
	Where Where
	Line  int // 1-based, of the file or the sidecar; 0: on no one line
}

// Where says who speaks of an article.
type Where uint8

// Values of Where.
const (
	Nowhere       Where = iota
	InText              // the rules found it in the file
	InFrontMatter       // of the file
	InSidecar
)

// PreviewLine is one line of the file.
type PreviewLine struct {
	Number   int       // 1-based
	Segments []Segment // all of the line's text, in order
}

// Segment is a stretch of a line that one use is made of.
type Segment struct {
	Text    string // verbatim
	Kind    Kind
	Article int // index into Preview.Articles; -1 where it is in none
	End     End
}

// Kind is the use that is made of a stretch of a line.
type Kind uint8

// Values of Kind.
const (
	Blank     Kind = iota // white space alone
	Body                  // text of an article
	Headline              // text of an article and its title
	Layout                // marks and counters left out within an article's line
	Furniture             // in no article
)

// End is what becomes of the line break, or the cut, after a segment.
type End uint8

// Values of End.
const (
	Open      End = iota // nothing ends here
	Joined               // the paragraph goes on with the article's next line
	Paragraph            // the paragraph ends here
)

// textSpan is what an article takes of one line: bytes of the file, half open.
type textSpan struct {
	begin, end int
	line       int
	article    int
	headline   bool
	after      End
}

// NewPreview cuts the file at path as ingest would.
func NewPreview(ctx context.Context, path string, delimiter *regexp.Regexp) (*Preview, error) {
	if !isRead(path) {
		return nil, ErrNotTaken
	}
	raw, err := readFile(path)
	if err != nil {
		return nil, plain(err)
	}
	side, err := sidecarOf(path)
	if err != nil {
		return nil, err
	}
	doc, err := document.Read(ctx, path, raw)
	if err != nil {
		return nil, err
	}
	return newPreview(filepath.Base(path), source{doc: doc, sidecar: side, delimiter: delimiter})
}

func newPreview(name string, s source) (*Preview, error) {
	c, err := s.cut()
	if err != nil {
		return nil, err
	}
	p := &Preview{File: name, lines: c.lines, furniture: c.furniture}
	if s.sidecar != nil {
		p.Sidecar = s.sidecar.name
	}
	slices.SortFunc(p.furniture, func(a, b row) int { return cmp.Compare(a.offset(), b.offset()) })
	for i, a := range c.articles {
		a.File = name
		spans := spansOf(a.Article, i)
		markHeadline(spans, c.lines, a.Title)
		first, last := spans[0].line, spans[len(spans)-1].line
		p.Articles = append(p.Articles, PreviewArticle{a.Article, first, last, a.facts()})
		p.spans = append(p.spans, spans...)
	}
	slices.SortStableFunc(p.spans, func(a, b textSpan) int { return cmp.Compare(a.begin, b.begin) })
	return p, nil
}

// spansOf reads an article's places as stretches of the file.
func spansOf(a *rag.Article, article int) []textSpan {
	var spans []textSpan
	text, runes := a.Text, 0
	for i, run := range a.Places {
		size := len(text)
		if i+1 < len(a.Places) {
			size = bytesOf(text, a.Places[i+1].Start-runes)
			runes = a.Places[i+1].Start
		}
		said := text[:size]
		text = text[size:]
		last := len(spans) - 1
		if said == "\n" && last >= 0 {
			spans[last].after = Paragraph
			continue
		}
		if last >= 0 && spans[last].line != run.Line && spans[last].after == Open {
			spans[last].after = Joined
		}
		if strings.TrimFunc(said, isBlank) != "" {
			spans = append(spans, textSpan{begin: run.Byte, end: run.Byte + size, line: run.Line, article: article})
		}
	}
	spans[len(spans)-1].after = Paragraph
	return spans
}

// bytesOf is how many bytes the first n runes of text take up.
func bytesOf(text string, n int) int {
	at := 0
	for ; n > 0; n-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at
}

// LineCount is the number of lines of the file.
func (p *Preview) LineCount() int { return len(p.lines) }

// Lines gives every line of the file, from the top.
func (p *Preview) Lines() iter.Seq[PreviewLine] {
	return func(yield func(PreviewLine) bool) {
		spans, furniture := p.spans, p.furniture
		for _, l := range p.lines {
			end := l.Byte + len(l.Text)
			var own []textSpan
			own, spans = until(spans, end, func(s textSpan) int { return s.begin })
			var left []row
			left, furniture = until(furniture, end, offsetOf)
			if !yield(PreviewLine{Number: l.Number, Segments: segmentsOf(l, own, left)}) {
				return
			}
		}
	}
}

func offsetOf(r row) int { return r.offset() }

// until parts what begins before a byte from what begins after it.
func until[T any](all []T, end int, begin func(T) int) (before, after []T) {
	n := 0
	for n < len(all) && begin(all[n]) < end {
		n++
	}
	return all[:n], all[n:]
}

func segmentsOf(l line, own []textSpan, furniture []row) []Segment {
	var out []Segment
	at := l.Byte
	gap := func(to int) {
		text := l.Text[at-l.Byte : to-l.Byte]
		kind := Layout
		switch {
		case strings.TrimFunc(text, isBlank) == "":
			kind = Blank
		case len(own) == 0 || slices.ContainsFunc(furniture, func(r row) bool { return r.offset() < to && r.end() > at }):
			kind = Furniture
		}
		if text != "" {
			out = append(out, Segment{Text: text, Kind: kind, Article: -1})
		}
	}
	for _, s := range own {
		gap(s.begin)
		kind := Body
		if s.headline {
			kind = Headline
		}
		out = append(out, Segment{Text: l.Text[s.begin-l.Byte : s.end-l.Byte], Kind: kind, Article: s.article, End: s.after})
		at = s.end
	}
	gap(l.Byte + len(l.Text))
	return out
}

// facts says what there is of an article, and where each comes from.
func (a saidArticle) facts() []Fact {
	values := map[rag.Field]string{
		rag.TitleField: a.Title, rag.AuthorsField: strings.Join(a.Authors, "、"), rag.AffiliationField: a.Affiliation,
		rag.PublicationField: a.Publication, rag.DateField: a.Date, rag.SectionField: a.Section,
	}
	all := make([]Fact, len(allFacts))
	for i, name := range allFacts {
		all[i] = Fact{Name: name, Value: values[name], Line: a.Facts[name].Line}
		said, given := a.said[name]
		switch {
		case given && said.inside:
			all[i].Where, all[i].Line = InFrontMatter, said.line
		case given:
			all[i].Where, all[i].Line = InSidecar, said.line
		case all[i].Value != "":
			all[i].Where = InText
		}
	}
	return all
}

// markHeadline marks the spans that are the article's title.
func markHeadline(spans []textSpan, lines []line, title string) {
	rows, at := rowsIn(spans, lines)
	headline := titleRows(rows, title, nil)
	for i := range spans {
		spans[i].headline = slices.Contains(headline, at[i])
	}
}

// rowsIn are the lines of an article's spans, cut where a paragraph ends; at leads from spans to rows.
func rowsIn(spans []textSpan, lines []line) (rows []row, at []int) {
	at = make([]int, len(spans))
	for i := 0; i < len(spans); {
		l := lineAt(lines, spans[i].begin)
		end := i + 1
		for end < len(spans) && spans[end].end <= l.Byte+len(l.Text) && spans[end].begin >= l.Byte && spans[end-1].after == Open {
			end++
		}
		text := l.Text[spans[i].begin-l.Byte : spans[end-1].end-l.Byte]
		for ; i < end; i++ {
			at[i] = len(rows)
		}
		rows = append(rows, row{line: line{Number: l.Number, Text: text}, to: len(text), columns: columns(text)})
	}
	return rows, at
}

// lineAt is the line that a byte of the text stands on, or the line break after it.
func lineAt(lines []line, at int) line {
	i, found := slices.BinarySearchFunc(lines, at, func(l line, at int) int { return cmp.Compare(l.Byte, at) })
	if !found && i > 0 {
		i--
	}
	return lines[i]
}

// String says what a fact is and where it was found, for logs and tests.
func (f Fact) String() string { return fmt.Sprintf("%s=%q@%d", f.Name, f.Value, f.Line) }
