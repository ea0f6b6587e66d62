package ingest

import (
	"regexp"
	"slices"
	"strings"

	"yinju/rag"
)

// describe reads what the rows of one article say of it.
func (s *segmenter) describe(rows []row, b *block) rag.Article {
	var a rag.Article
	if b != nil {
		a.Title, a.Authors = s.title(b), b.authors
		if b.entry != nil {
			a.Section = b.entry.section
		}
	} else if editorNote.MatchString(rows[0].content()) {
		a.Title = "编者按"
	}
	a.Publication, a.Date = origin(rows)
	if a.Publication == "" {
		a.Publication = s.paperOf(a.Title)
	}
	return a
}

// title joins the rows of a headline: with a blank where it stands in parts, without where it is wrapped.
func (s *segmenter) title(b *block) string {
	if b.entry != nil && len(b.title) == 1 {
		return strings.TrimSpace(s.rows[b.title[0]].content())
	}
	var t strings.Builder
	for n, i := range b.title {
		text := strings.ReplaceAll(s.rows[i].content(), "**", "")
		if n > 0 && s.inParts(i-1, i) {
			t.WriteByte(' ')
		}
		t.WriteString(text)
	}
	return t.String()
}

// inParts says whether two rows of a headline are parts of it, and not one part that is wrapped.
func (s *segmenter) inParts(i, j int) bool {
	a, b := s.rows[i], s.rows[j]
	if a.glued && b.glued {
		return a.number == b.number
	}
	return a.columns < titleColumns/2 || needsBlank(a.content(), b.content())
}

// origin reads publication and date from the last source line of an article, or from an origin line or a
// date on a row of its own near its top.
func origin(rows []row) (publication, day string) {
	for _, r := range slices.Backward(rows) {
		if text := r.content(); isSourceLine(text) {
			m := sourceLine.FindStringSubmatch(text)
			return strings.Join(strings.Fields(m[1]), ""), date(m[2], m[3], m[4])
		}
	}
	for _, r := range rows[:min(len(rows), headRows)] {
		text := r.content()
		named := originLine.FindStringSubmatch(text)
		if named != nil && publication == "" {
			publication = strings.Trim(named[1], "《》")
		}
		if m := fullDate.FindStringSubmatch(text); m != nil && day == "" && (named != nil || dateOnly.MatchString(text)) {
			day = date(m[1], m[2], m[3])
		}
	}
	return publication, day
}

// headRows is how far down an article its origin and date may stand.
const headRows = 8

var paperPrefix = regexp.MustCompile(`^([^\s：:，。]{2,12})[：:]`)

// paperOf is the publication that a title names before its colon: one that ends like a paper's name, or
// that a source line of the file names.
func (s *segmenter) paperOf(title string) string {
	m := paperPrefix.FindStringSubmatch(title)
	if m == nil {
		return ""
	}
	for _, suffix := range []string{"报", "周刊", "杂志", "新闻网", "通讯社", "月刊"} {
		if strings.HasSuffix(m[1], suffix) {
			return m[1]
		}
	}
	for _, r := range s.rows {
		if named := sourceLine.FindStringSubmatch(r.content()); named != nil && named[1] == m[1] {
			return m[1]
		}
	}
	return ""
}

// withoutPaper takes a "paper：" off a title.
func withoutPaper(title string) string {
	return strings.TrimPrefix(title, paperPrefix.FindString(title))
}

// titlesFromContents gives untitled articles the titles that the table of contents has and no page
// bears: between two titled neighbours there must be as many of the one as of the other.
func (s *segmenter) titlesFromContents(pieces []piece) {
	if len(s.entries) == 0 {
		return
	}
	entryOf := func(p piece) int {
		return slices.IndexFunc(s.entries, func(e entry) bool { return p.article.Title != "" && titleKey(e.title) == titleKey(p.article.Title) })
	}
	from, next := 0, 0 // piece and entry after the last titled one
	for i := 0; i <= len(pieces); i++ {
		e := len(s.entries)
		if i < len(pieces) {
			if e = entryOf(pieces[i]); e < 0 {
				continue
			}
		}
		s.fillTitles(untitled(pieces[from:i]), next, e)
		from, next = i+1, e+1
	}
}

func untitled(pieces []piece) []*piece {
	var out []*piece
	for i := range pieces {
		if pieces[i].article.Title == "" {
			out = append(out, &pieces[i])
		}
	}
	return out
}

func (s *segmenter) fillTitles(pieces []*piece, from, to int) {
	if len(pieces) != to-from {
		return
	}
	for i, p := range pieces {
		p.article.Title, p.article.Section = s.entries[from+i].title, s.entries[from+i].section
		if p.article.Publication == "" {
			p.article.Publication = s.paperOf(p.article.Title)
		}
	}
}
