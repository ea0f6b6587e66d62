package ingest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"yinju/ingest/document"
	"yinju/rag"
)

// source is a file and what decides how it is cut. A word of the reader's wins over the rules: the
// sidecar over delimiter and front matter, those over segmentation.
type source struct {
	doc       *document.Document
	format    string         // that its name stands for, see document.Format
	sidecar   *sidecar       // nil: none
	delimiter *regexp.Regexp // of a whole line that parts articles; nil: none
}

// madeBy names all that decides how the source's bytes are cut: the rules, the format, and the reader's words.
func (s source) madeBy() string {
	name := Rules
	if s.sidecar != nil {
		name += " sidecar " + digest(s.sidecar.raw)
	}
	if s.delimiter != nil {
		name += " delimiter " + digest([]byte(s.delimiter.String()))
	}
	if s.format != "text" {
		name += " as " + s.format
	}
	return name
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}

// cutting is a source that has been cut. Articles are in the order of the file.
type cutting struct {
	lines     []line
	articles  []saidArticle
	furniture []row // what the cutting left out by rows; page numbers, fences and the like are in no row
}

// saidArticle is an article and what a reader has said of it.
type saidArticle struct {
	*rag.Article
	said words
}

// articlesOf reads a source's articles by the rules alone.
func articlesOf(doc *document.Document) ([]*rag.Article, error) { return source{doc: doc}.articles() }

func (s source) articles() ([]*rag.Article, error) {
	c, err := s.cut()
	if err != nil {
		return nil, err
	}
	articles := make([]*rag.Article, len(c.articles))
	for i, a := range c.articles {
		articles[i] = a.Article
	}
	return articles, nil
}

func (s source) cut() (cutting, error) {
	lines := s.doc.Lines
	var err error
	var cut []saidPiece
	c := cutting{lines: lines}
	parts := partsOf(lines, s.delimiter)
	if s.sidecar == nil {
		for _, p := range parts {
			pieces, furniture := p.cut()
			cut, c.furniture = append(cut, pieces...), append(c.furniture, furniture...)
		}
	} else if cut, c.furniture, err = s.sidecar.cut(lines, parts); err != nil {
		return cutting{}, err
	}
	if s.sidecar != nil {
		slices.SortStableFunc(cut, func(a, b saidPiece) int { return cmp.Compare(a.rows[0].offset(), b.rows[0].offset()) })
	}
	for _, p := range cut {
		a := p.article
		reflow(&a, p.rows, p.style)
		if strings.TrimFunc(a.Text, isBlank) == "" {
			c.furniture = append(c.furniture, p.rows...)
			continue
		}
		c.articles = append(c.articles, saidArticle{&a, p.said})
	}
	if len(c.articles) == 0 {
		return cutting{}, ErrNoText
	}
	if len(c.articles) == 1 {
		fromMeta(c.articles[0].Article, s.doc)
	}
	return c, nil
}

// fromMeta takes what the file's format says of its only article, where the text says nothing.
func fromMeta(a *rag.Article, doc *document.Document) {
	m := doc.Meta
	if !madeUpTitle.MatchString(m.Title) {
		give(a, rag.TitleField, m.Title, 0, guessed)
	}
	giveAuthors(a, m.Authors, 0, guessed)
	give(a, rag.PublicationField, m.Publication, 0, inferred)
	if doc.Encoding != "" && len(m.Date) > len("2006") { // elsewhere it is the day on which the file was made
		give(a, rag.DateField, m.Date, 0, inferred)
	}
}

// madeUpTitle is a title that a program has put in.
var madeUpTitle = regexp.MustCompile(`(?i)\.(?:docx?|wps|pdf|html?|txt|indd)\b|^Microsoft |^untitled|^无标题|^文档\d*$|^Document\d*$|^PowerPoint`)

// saidPiece is a piece and what a reader has said of it.
type saidPiece struct {
	piece
	said  words
	style style
}

// end is the byte of the file after the row's content.
func (r *row) end() int { return r.Byte + r.to }

// segmentUnder cuts rows with what stands over them at the top of the page, such as its masthead and its table
// of contents. Nothing of that is in the pieces.
func segmentUnder(top, rows []row) (pieces []piece, furniture []row, st style) {
	if len(top) == 0 || top[len(top)-1].offset() >= rows[0].offset() {
		return segmentRows(rows)
	}
	all := slices.Concat(top, rows)
	pieces, furniture, st = segmentRows(all)
	copy(rows, all[len(top):]) // with its marks
	isTop := func(r row) bool { return r.offset() < rows[0].offset() }
	for i := range pieces {
		pieces[i].rows = slices.DeleteFunc(pieces[i].rows, isTop)
	}
	pieces = slices.DeleteFunc(pieces, func(p piece) bool { return len(p.rows) == 0 })
	return pieces, slices.DeleteFunc(furniture, isTop), st
}

// wholeArticle makes one article of rows, whatever the rules say of its bounds; they only find title,
// authors and the like. The layout of pages is left out.
func wholeArticle(top, rows []row) (piece, []row, style) {
	rows = slices.Clone(rows)
	found, _, st := segmentUnder(top, rows)
	var p piece
	for i, f := range found {
		if i == 0 {
			p.article = f.article
		} else if p.article.Publication == "" && p.article.Date == "" { // a source line may end it
			for _, field := range []rag.Field{rag.PublicationField, rag.DateField} {
				value := map[rag.Field]string{rag.PublicationField: f.article.Publication, rag.DateField: f.article.Date}[field]
				give(&p.article, field, value, f.article.Facts[field].Line, f.article.Facts[field].Confidence)
			}
		}
	}
	var furniture []row
	for i := range rows {
		if rows[i].isPageLayout() {
			furniture = append(furniture, rows[i])
			continue
		}
		rows[i].torn = rows[i].torn || i > 0 && rows[i-1].isPageLayout()
		p.rows = append(p.rows, rows[i])
	}
	return p, furniture, st
}

// isPageLayout says whether a row that has been through the rules is a page's number, its running head, or a line
// drawn with signs.
func (r *row) isPageLayout() bool { return r.dropped && (r.head || r.is(folio|rule)) }
