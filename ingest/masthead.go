package ingest

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"yinju/rag"
)

// factsFromMasthead gives articles the paper, the day and the section of the page that they stand on, from
// the furniture above them, in a file whose articles do not name their own.
func (s *segmenter) factsFromMasthead(pieces []piece) {
	m := masthead{
		ownPaper: slices.ContainsFunc(pieces, func(p piece) bool { return p.article.Publication != "" }),
		sourced:  len(s.papers) > 0,
		ownDate:  slices.ContainsFunc(pieces, func(p piece) bool { return p.article.Date != "" }),
	}
	issue := s.issue()
	issue.ownPaper, issue.ownDate, issue.sourced = m.ownPaper, m.ownDate, m.sourced
	m.publication = s.site()
	next := 0
	for i := range s.rows {
		for next < len(pieces) && pieces[next].rows[0].offset() <= s.rows[i].offset() {
			a := &pieces[next].article
			m.tell(a)
			if m.publication.value == "" {
				issue.tell(a)
			}
			if m.section.value == "" {
				m.section = saying{a.Section, a.Facts[rag.SectionField].Line}
			}
			next++
		}
		if s.rows[i].dropped || next == 0 {
			m.read(&s.rows[i], next < len(pieces) && i+1 < len(s.rows) && s.rows[i+1].titled)
		}
	}
}

// saying is a fact and the line that says it.
type saying struct {
	value string
	line  int
}

// masthead is what the furniture of a page says of all its articles.
type masthead struct {
	publication, date, section saying

	ownPaper, ownDate bool // the articles name their own
	sourced           bool // they have source lines
}

func (m *masthead) tell(a *rag.Article) {
	if !m.ownPaper {
		give(a, rag.PublicationField, m.publication.value, m.publication.line, inferred)
	}
	if !m.ownDate && !m.sourced {
		give(a, rag.DateField, m.date.value, m.date.line, inferred)
	}
	give(a, rag.SectionField, m.section.value, m.section.line, inferred)
}

// read takes what one row of furniture says; last: a headline stands right under it.
func (m *masthead) read(r *row, last bool) {
	text := r.content()
	trail := breadcrumb(text)
	if r.columns > titleColumns || r.is(statement|leader|chrome|related) && trail == "" {
		return
	}
	if at := pageSection.FindStringSubmatch(text); at != nil {
		m.section = saying{at[1], r.Number}
	}
	switch at := pageHead.FindStringSubmatch(text); {
	case at != nil:
		m.section = saying{at[1] + at[2], r.Number}
	case trail != "":
		m.section = saying{trail, r.Number}
		if site, _, _ := strings.Cut(text, ">"); isPaper(strings.TrimSpace(site)) {
			m.publication = saying{strings.TrimSpace(site), r.Number}
		}
	default:
		m.readName(r, last)
	}
}

// readName takes the name of a paper or an issue with its day, or the label of a column.
func (m *masthead) readName(r *row, last bool) {
	text := r.content()
	name := text
	found, dated := findDate(text)
	if dated {
		m.date = saying{found.date, r.Number}
		name = text[:found.from]
	}
	if issue := issueHead.FindStringSubmatch(text); issue != nil {
		if m.publication.value == "" {
			m.publication = saying{strings.Trim(unspaced(issue[1]), separators), r.Number}
		}
		return
	}
	first, _, _ := strings.Cut(strings.ReplaceAll(name, "\u3000", " "), " ")
	if name = strings.Trim(unspaced(name), "《》"+separators); !isPaper(name) && isPaper(first) {
		name = first
	}
	if isPaper(name) {
		m.publication = saying{name, r.Number}
	} else if (last || r.is(labelled)) && !dated && r.columns <= labelColumns && !r.is(folio|rule|number) && r.has&(digits|colons|bars) == 0 {
		m.section = saying{labelOf(text), r.Number}
	}
}

// isMasthead says whether a text names a paper or an issue, as the top of a page does.
func isMasthead(text string) bool {
	if last, _ := utf8.DecodeLastRuneInString(text); (last >= 0x10000 || looks[last]&bodies != 0) && isPaper(unspaced(text)) {
		return true
	}
	if has := lookOf(text); has&(digits|numerals) == 0 || has&particles != 0 {
		return false
	}
	return issueHead.MatchString(text) || bareIssue.MatchString(text) || isPageDate(text)
}

// pageSection is the name of a page behind its number, in a masthead's row.
var pageSection = regexp.MustCompile(`第` + blanks + `[A-D]?\d{1,2}` + blanks + `版[\s\p{Zs}:：|｜]+(\p{Han}{2,8})$`)

// issue is what the running heads of a file say.
func (s *segmenter) issue() (m masthead) {
	for i := range s.rows {
		if s.rows[i].head {
			m.read(&s.rows[i], false)
		}
	}
	return m
}

// unspaced takes the blanks out of a name that is printed with one between its characters.
func unspaced(name string) string {
	return strings.Join(joinAll(strings.Fields(name)), " ")
}

func joinAll(parts []string) []string {
	if slices.ContainsFunc(parts, func(p string) bool { return utf8.RuneCountInString(p) > 1 }) {
		return parts
	}
	return []string{strings.Join(parts, "")}
}

var crumbs = compile(`^(?:[^>»›：:，。]{2,10}[:：])?` + blanks + `[^>»›，。：:]{2,16}[>»›]` + blanks + `(.+)$`)

// breadcrumb is the section that a site's trail of links names: the last one that is not 正文.
func breadcrumb(text string) string {
	m := crumbs.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	steps := strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune(">»›/", r) })
	for _, step := range slices.Backward(steps) {
		if step = strings.TrimSpace(step); step != "正文" && step != "内文" && step != "內文" && step != "详情" {
			return step
		}
	}
	return ""
}

var latinPage = regexp.MustCompile(`\bPage \d{1,4}\b`)

var pageNumber = regexp.MustCompile(`第?` + blanks + `[A-D]?\d{1,2}` + blanks + `版`)

// isPageDate says whether a text is a day with a weekday or the number of a page.
func isPageDate(text string) bool {
	found, ok := findDate(text)
	if !ok {
		return false
	}
	rest := text[:found.from] + text[found.to:]
	rest = latinPage.ReplaceAllString(rest, "")
	bare := strings.Trim(pageNumber.ReplaceAllString(weekday.ReplaceAllString(rest, ""), ""), separators+wraps)
	return bare == "" && (rest != "" || strings.ContainsAny(text, "期周週") || weekday.MatchString(text))
}

// siteRows is how far down a file the name of its site may stand.
const siteRows = 6

// site is the name that stands over a site's bar of links at the top of a file.
func (s *segmenter) site() saying {
	for i := range s.rows[:max(0, min(len(s.rows)-1, siteRows))] {
		r := &s.rows[i]
		if s.rows[i+1].dropped && isMenu(s.rows[i+1].content()) && !r.titled && !r.is(rule|chrome|statement) && r.columns <= titleColumns && !isMasthead(r.content()) {
			return saying{r.content(), r.Number}
		}
	}
	return saying{}
}
