package ingest

import (
	"cmp"
	"fmt"
	"iter"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

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
	Facts               []Fact // all that there can be, in a fixed order
}

// Fact is one thing that a citation says of an article, and where it was found.
type Fact struct {
	Name  string // title, authors, affiliation, publication, date or section
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
func NewPreview(path string, delimiter *regexp.Regexp) (*Preview, error) {
	if !isText(path) {
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
	return newPreview(filepath.Base(path), source{raw: raw, sidecar: side, delimiter: delimiter})
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
	lookup := newWitness(c.lines)
	for i, a := range c.articles {
		a.File = name
		spans := spansOf(a.Article, i)
		first, last := spans[0].line, spans[len(spans)-1].line
		p.Articles = append(p.Articles, PreviewArticle{a.Article, first, last, lookup.facts(a, spans)})
		p.spans = append(p.spans, spans...)
	}
	lookup.elsewhere(p.Articles)
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
			end := l.byte + len(l.text)
			var own []textSpan
			own, spans = until(spans, end, func(s textSpan) int { return s.begin })
			var left []row
			left, furniture = until(furniture, end, offsetOf)
			if !yield(PreviewLine{Number: l.number, Segments: segmentsOf(l, own, left)}) {
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
	at := l.byte
	gap := func(to int) {
		text := l.text[at-l.byte : to-l.byte]
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
		out = append(out, Segment{Text: l.text[s.begin-l.byte : s.end-l.byte], Kind: kind, Article: s.article, End: s.after})
		at = s.end
	}
	gap(l.byte + len(l.text))
	return out
}

// factList are the facts of an article, with their values as text.
func factList(a *rag.Article) []Fact {
	values := map[fact]string{
		factTitle: a.Title, factAuthors: strings.Join(a.Authors, "、"), factAffiliation: a.Affiliation,
		factPublication: a.Publication, factDate: a.Date, factSection: a.Section,
	}
	all := make([]Fact, len(allFacts))
	for i, name := range allFacts {
		all[i] = Fact{Name: string(name), Value: values[name]}
	}
	return all
}

// witness looks up where in a file something is said.
type witness struct{ lines []line }

func newWitness(lines []line) witness { return witness{lines} }

// facts says where each fact of an article comes from, and marks the spans of its title.
func (w witness) facts(a saidArticle, spans []textSpan) []Fact {
	all := factList(a.Article)
	rows, at := w.rows(spans)
	headline := titleRows(rows, a.Title, nil)
	for i := range spans {
		spans[i].headline = slices.Contains(headline, at[i])
	}
	for i := range all {
		f := &all[i]
		if said, given := a.said[fact(f.Name)]; given {
			f.Line, f.Where = said.line, InSidecar
			if said.inside {
				f.Where = InFrontMatter
			}
		} else if f.Value != "" {
			f.Where = InText
			if n := rowThatSays(fact(f.Name), a.Article, rows, headline); n >= 0 {
				f.Line = rows[n].number
			}
		}
	}
	return all
}

// rows are the lines of an article's spans, cut where a paragraph ends; at leads from spans to rows.
func (w witness) rows(spans []textSpan) (rows []row, at []int) {
	at = make([]int, len(spans))
	for i := 0; i < len(spans); {
		end := i + 1
		for end < len(spans) && spans[end].line == spans[i].line && spans[end-1].after == Open {
			end++
		}
		l := w.line(spans[i].line)
		text := l.text[spans[i].begin-l.byte : spans[end-1].end-l.byte]
		for ; i < end; i++ {
			at[i] = len(rows)
		}
		rows = append(rows, rowOf(line{number: l.number, byte: l.byte, text: text}))
	}
	return rows, at
}

func (w witness) line(number int) line {
	i, _ := slices.BinarySearchFunc(w.lines, number, func(l line, n int) int { return cmp.Compare(l.number, n) })
	return w.lines[i]
}

// rowThatSays finds the row of an article that a fact was read from, or -1. Rows that say nothing else, the
// last line with the source first, go before those that hold the value in their text.
func rowThatSays(name fact, a *rag.Article, rows []row, headline []int) int {
	top := 0
	if len(headline) > 0 {
		top = headline[0]
	}
	var is, holds func(r *row) bool
	switch name {
	case factTitle:
		if len(headline) > 0 {
			return top
		}
		return -1
	case factAuthors:
		is = func(r *row) bool { return r.imp != nil && slices.Equal(r.imp.authors, a.Authors) }
		holds = func(r *row) bool { return says(r, a.Authors...) }
	case factAffiliation:
		is = func(r *row) bool { return r.imp != nil && r.imp.affiliation == a.Affiliation }
		holds = func(r *row) bool { return says(r, a.Affiliation) }
	case factPublication:
		is = func(r *row) bool { return r.imp != nil && r.imp.publication == a.Publication }
		holds = func(r *row) bool { return says(r, a.Publication) }
	case factDate:
		is = func(r *row) bool { return r.imp != nil && r.imp.date == a.Date }
		holds = func(r *row) bool {
			found, _ := findDate(r.content())
			return found.date == a.Date
		}
	case factSection:
		is = func(*row) bool { return false }
		holds = func(r *row) bool { return says(r, a.Section) }
	}
	for i := range slices.Backward(rows) {
		if rows[i].imp != nil && rows[i].imp.source && is(&rows[i]) {
			return i
		}
	}
	short := func(r row) bool { return r.columns < longLine && holds(&r) }
	for _, that := range []func(r row) bool{func(r row) bool { return is(&r) }, short} {
		if n := slices.IndexFunc(rows[top:], that); n >= 0 {
			return top + n
		}
		if n := slices.IndexFunc(rows, that); n >= 0 {
			return n
		}
	}
	return -1
}

// says whether a row holds all the values, white space aside.
func says(r *row, values ...string) bool {
	text := strings.Join(strings.Fields(r.content()), "")
	return !slices.ContainsFunc(values, func(v string) bool { return !strings.Contains(text, strings.Join(strings.Fields(v), "")) })
}

// maxPapers is how many names of papers are looked for in every line of a file.
const maxPapers = 16

// elsewhere finds the lines of facts that stand outside their article, as in a table of contents or a masthead.
func (w witness) elsewhere(articles []PreviewArticle) {
	missing := map[string][]*Fact{} // by the key of a title or section, the name of a paper, or the date
	papers := map[string]bool{}
	for i := range articles {
		for j := range articles[i].Facts {
			f := &articles[i].Facts[j]
			if f.Where != InText || f.Line > 0 {
				continue
			}
			key := titleKey(f.Value)
			switch fact(f.Name) {
			case factPublication:
				if key = f.Value; len(papers) < maxPapers {
					papers[key] = true
				}
			case factDate:
				key = f.Value
			case factTitle, factAuthors, factAffiliation, factSection:
			}
			missing[key] = append(missing[key], f)
		}
	}
	found := func(key string, line int) {
		for _, f := range missing[key] {
			f.Line = line
		}
		delete(missing, key)
		delete(papers, key)
	}
	above := ""
	for _, l := range w.lines {
		if len(missing) == 0 {
			return
		}
		if len(l.text) > 4*longLine || isBlankText(l.text) {
			continue
		}
		key := titleKey(withoutLeader(l.text))
		day, _ := findDate(l.text)
		for _, k := range []string{key, above + key, day.date} {
			found(k, l.number)
		}
		for paper := range papers {
			if strings.Contains(l.text, paper) {
				found(paper, l.number)
			}
		}
		above = key
	}
}

// String says what a fact is and where it was found, for logs and tests.
func (f Fact) String() string { return fmt.Sprintf("%s=%q@%d", f.Name, f.Value, f.Line) }
