package ingest

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// dropFurniture marks the rows that are in no article by what they are: tables of contents, pages'
// numbers and running heads, what sites print around a text, lists of other texts, advertisements.
func (s *segmenter) dropFurniture() {
	s.entries = contents(s.rows)
	s.dropMasthead()
	s.dropNumberedHeads()
	s.dropHeads()
	s.markLabels()
	for i := range s.rows {
		r := &s.rows[i]
		switch {
		case r.dropped:
		case r.is(related) && r.level == 0:
			s.dropRelated(i)
		case r.is(advert) && r.level == 0:
			s.dropGroup(i)
		case r.is(rule):
			r.dropped = true
		case r.is(folio):
			r.dropped = isFolioForm(r.content()) || s.atEdge(i) || s.beside(i, folio|chrome)
		case r.columns <= titleColumns && r.has&digits != 0 && pageHead.MatchString(r.content()):
			r.dropped = s.atEdge(i) || s.beside(i, folio|chrome)
		case r.is(chrome):
			r.dropped = !s.running(i)
		case r.is(menu):
			r.dropped = s.atEdge(i) || s.beside(i, chrome|related)
		case r.is(likely) || r.columns <= titleColumns && r.has&arrows != 0 && trail.MatchString(r.content()):
			r.dropped = !s.running(i) && (s.atEdge(i) || s.beside(i, chrome|likely|related))
		}
	}
	s.dropPinyin()
	s.dropPageEdges()
}

// folioForm is a page's number that is set as one: — 21 —, 第3页, Page 3 of 12.
var folioForm = compile(`^(?:[—–\-·•~〜]|第|[Pp]age )`)

func isFolioForm(text string) bool { return folioForm.MatchString(text) }

// atEdge says whether row i stands before the first statement of the file or after the last one.
func (s *segmenter) atEdge(i int) bool { return i < s.firstSaid || i > s.lastSaid }

// beside says whether a row with one of the marks, or one that is dropped, stands right above or below row i.
func (s *segmenter) beside(i int, m mark) bool {
	for _, j := range []int{i - 1, i + 1} {
		if j >= 0 && j < len(s.rows) && (s.rows[j].dropped && !s.rows[j].is(rule) || s.rows[j].is(m)) {
			return true
		}
	}
	return false
}

// dropPageEdges drops the running heads of a document that has pages: rows at the top or the foot of a page
// whose words stand there on another page, too.
func (s *segmenter) dropPageEdges() {
	edges := map[string][]int{}
	for i := range s.rows {
		r := &s.rows[i]
		top := i == 0 || s.rows[i-1].Page != r.Page
		foot := i+1 == len(s.rows) || s.rows[i+1].Page != r.Page
		if r.Page > 0 && (top || foot) && r.columns <= imprintColumns && !r.is(statement) {
			key := headKey(r.content())
			edges[key] = append(edges[key], i)
		}
	}
	for _, rows := range edges {
		if len(rows) < 3 {
			continue
		}
		for _, i := range rows {
			s.rows[i].dropped, s.rows[i].head = true, true
		}
	}
}

// mastheadRows is how far down a file its masthead may stand.
const mastheadRows = 12

// dropMasthead drops what names the paper, its issue and its day at the top of a file.
func (s *segmenter) dropMasthead() {
	for i := range s.rows[:min(len(s.rows), mastheadRows)] {
		r := &s.rows[i]
		switch {
		case r.is(statement) || r.columns > titleColumns:
			return
		case r.imp != nil && (len(r.imp.authors) > 0 || r.imp.heads):
		case isMasthead(r.content()) && s.inMasthead(i), i > 0 && s.rows[i-1].dropped && r.imp != nil && r.imp.date != "" && len(r.imp.authors) == 0 && !r.imp.source:
			r.dropped = true
		}
	}
}

// inMasthead says whether a second row near row i names the paper, its issue, its day or its page, too, or
// row i does all that by itself.
func (s *segmenter) inMasthead(i int) bool {
	if text := s.rows[i].content(); !isPaper(unspaced(text)) && !isPageDate(text) {
		return true
	}
	for j := max(0, i-2); j <= min(len(s.rows)-1, i+2); j++ {
		if r := &s.rows[j]; j != i && !r.is(statement) && (r.dropped || isMasthead(r.content()) || r.is(folio|chrome|likely) || pageHead.MatchString(r.content()) || r.imp != nil && r.imp.date != "" && len(r.imp.authors) == 0) {
			return true
		}
	}
	return false
}

// numberedHead is a running head with the page's number at one end, a gap between.
var numberedHead = regexp.MustCompile(`^(?:\d{1,4}[\s\p{Zs}]{2,}(.{2,40}?)|(.{2,40}?)[\s\p{Zs}]{2,}\d{1,4})$`)

// dropNumberedHeads drops running heads that have the page's number in them, when their words stand in
// another row, too.
func (s *segmenter) dropNumberedHeads() {
	var heads []int
	for i := range s.rows {
		if r := &s.rows[i]; r.columns <= imprintColumns && r.has&digits != 0 && !r.dropped && hasBlanks(r.content()) && numberedHead.MatchString(r.content()) {
			heads = append(heads, i)
		}
	}
	if len(heads) == 0 {
		return
	}
	firsts := map[rune]bool{}
	for _, i := range heads {
		firsts[unicode.ToLower(leading(s.rows[i].content()))] = true
	}
	count := map[string]int{}
	for i := range s.rows {
		if r := &s.rows[i]; r.columns <= imprintColumns && firsts[unicode.ToLower(leading(r.content()))] {
			count[strings.ToLower(headKey(r.content()))]++
		}
	}
	if !s.countPages(heads) {
		return
	}
	for _, i := range heads {
		if key := strings.ToLower(headKey(s.rows[i].content())); utf8.RuneCountInString(key) >= 2 && count[key] > 1 {
			s.rows[i].dropped, s.rows[i].head, s.rows[i].marks = true, true, s.rows[i].marks|folio
		}
	}
}

// pageRows is how many rows a page has at least.
const pageRows = 4

// countPages says whether rows with a number at one end count pages: rising, with rows between.
func (s *segmenter) countPages(heads []int) bool {
	last, at := 0, -pageRows
	for _, i := range heads {
		m := endNumber.FindString(s.rows[i].content())
		n := numeral(strings.TrimFunc(m, isBlank))
		if n <= last || i-at < pageRows && at >= 0 {
			return false
		}
		last, at = n, i
	}
	return len(heads) > 1
}

// endNumber is the number at an end of a running head.
var endNumber = regexp.MustCompile(`^\d{1,4}\b|\b\d{1,4}$`)

// markLabels marks labels of columns by their return: short rows of letters alone that stand several times at
// the head of a group or after furniture.
func (s *segmenter) markLabels() {
	mayBe := func(i int) bool {
		r := &s.rows[i]
		return !r.dropped && r.columns <= labelColumns && r.has&(points|colons|digits|bars|books) == 0 && r.imp == nil && !r.indented &&
			!r.is(statement|listed|greeting|rule) && (r.afterBlank || i == 0 || s.rows[i-1].dropped)
	}
	count := map[string]int{}
	for i := range s.rows {
		if mayBe(i) {
			count[headKey(s.rows[i].content())]++
		}
	}
	for i := range s.rows {
		if mayBe(i) && count[headKey(s.rows[i].content())] > 1 && !s.besideVerse(i) {
			s.rows[i].marks |= labelled
			if i > 0 && s.rows[i-1].dropped && s.interrupts(i) { // it came with the page
				s.rows[i].dropped, s.rows[i].head = true, true
			}
		}
	}
}

// besideVerse says whether row i stands among rows as short as itself, as a refrain does.
func (s *segmenter) besideVerse(i int) bool {
	short := 0
	for j := max(0, i-2); j <= min(len(s.rows)-1, i+2); j++ {
		if !s.rows[j].dropped && s.rows[j].columns <= labelColumns {
			short++
		}
	}
	return short > 3
}

// dropRelated drops a list of other texts: short rows without a statement, up to the headline of an article.
// Where a text follows its heading, the heading is one of that text.
func (s *segmenter) dropRelated(i int) {
	end := i + 1
	for end < len(s.rows) && s.rows[end].columns <= titleColumns && !s.rows[end].is(statement) && s.rows[end].level == 0 && s.rows[end].imp == nil {
		end++
	}
	if end < len(s.rows) && (s.rows[end].imp != nil || !s.rows[end].afterBlank) { // the group above belongs to what follows
		end--
		for end > i && !s.rows[end].afterBlank {
			end--
		}
	}
	if i > s.lastSaid { // nothing is said any more
		end = len(s.rows)
	}
	if end <= i+1 && !s.beside(i, chrome|likely) && !s.atEdge(i) {
		return
	}
	for j := i; j < max(end, i+1); j++ {
		s.rows[j].dropped = true
	}
}

// maxAdvertRows is how many rows are taken for an advertisement under its label.
const maxAdvertRows = 6

// dropGroup drops an advertisement: its label and the short rows under it up to a blank line. A text under
// the label is none.
func (s *segmenter) dropGroup(i int) {
	end := i + 1
	for end < min(len(s.rows), i+maxAdvertRows) && !s.rows[end].afterBlank {
		if s.rows[end].is(statement) || s.rows[end].columns > titleColumns || s.rows[end].has&points != 0 && strings.ContainsAny(s.rows[end].content(), "，。") {
			return
		}
		end++
	}
	for j := i; j < end; j++ {
		s.rows[j].dropped = true
	}
}

// headKey is what the prints of a running head have in common: its letters.
func headKey(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) && !unicode.IsSpace(r) {
			return r
		}
		return -1
	}, text)
}

// dropHeads drops running heads: short rows beside a page's number that stand elsewhere in the file, too.
// The first of them that does not interrupt a sentence is the headline that the others repeat, unless it
// names an issue.
func (s *segmenter) dropHeads() {
	same := map[string][]int{}
	firsts := map[rune]bool{}
	for i := range s.rows {
		if s.mayBeHead(i) && s.besideFolio(i) {
			firsts[leading(s.rows[i].content())] = true
		}
	}
	for i := range s.rows {
		if s.mayBeHead(i) && firsts[leading(s.rows[i].content())] {
			if key := headKey(s.rows[i].content()); utf8.RuneCountInString(key) >= 2 {
				same[key] = append(same[key], i)
			}
		}
	}
	for _, rows := range same {
		if len(rows) < 2 {
			continue
		}
		beside, kept := 0, false
		for _, i := range rows {
			if s.besideFolio(i) {
				beside++
			}
		}
		if beside*2 < len(rows) {
			continue
		}
		for _, i := range rows {
			if !kept && !s.interrupts(i) && !isMasthead(s.rows[i].content()) {
				kept = true
				continue
			}
			s.rows[i].dropped, s.rows[i].head = true, true
			s.dropNumberBeside(i)
		}
	}
}

func (s *segmenter) mayBeHead(i int) bool {
	r := &s.rows[i]
	return r.columns <= titleColumns && !r.is(statement|listed|leader|field) && !r.dropped && r.imp == nil
}

// leading is the first letter of a text.
func leading(text string) rune {
	for _, r := range text {
		if unicode.IsLetter(r) {
			return r
		}
	}
	return 0
}

// besideFolio says whether row i stands beside a page's number, another short row between them at most.
func (s *segmenter) besideFolio(i int) bool {
	for j := max(0, i-2); j <= min(len(s.rows)-1, i+2); j++ {
		r := &s.rows[j]
		if j == i && (r.afterFolio || r.beforeFolio) || j != i && (r.is(folio) || isLoneNumber(r.content())) {
			return true
		}
		if j == i-1 && r.columns <= titleColumns && r.afterFolio || j == i+1 && r.columns <= titleColumns && r.beforeFolio {
			return true
		}
	}
	return false
}

// interrupts says whether row i stands within a sentence.
func (s *segmenter) interrupts(i int) bool {
	for j := i - 1; j >= 0; j-- {
		r := &s.rows[j]
		if r.dropped || r.is(folio) || isLoneNumber(r.content()) {
			continue
		}
		return !r.is(statement) && r.imp == nil && r.columns > titleColumns/3 && !endsBracket(r.content())
	}
	return false
}

func (s *segmenter) dropNumberBeside(i int) {
	for _, j := range []int{i - 1, i + 1} {
		if j >= 0 && j < len(s.rows) && isLoneNumber(s.rows[j].content()) {
			s.rows[j].dropped, s.rows[j].marks = true, s.rows[j].marks|folio
		}
	}
}

var (
	// trail is where a site says that its page stands: 维港时报 > 社区.
	trail = compile(`^[^>»›，。]{2,16}` + blanks + `[>»›]` + blanks + `[^>»›，。]{2,16}(?:[>»›][^>»›，。]{2,16})*$`)
	// issueHead names a publication and an issue or a day: 江州调研　2021年第5期.
	issueHead = compile(`^[《]?([^\d《》，。：:|〔［]{2,40}?)[》]?` + blanks + `[·•|｜—-]?` + blanks + `(?:[（(]?总?第?` + blanks + `[\d一二三四五六七八九十百]+` + blanks + `[期辑卷輯號号页版]|(?:(?:Jan|Febr)uary|March|April|May|June|July|August|(?:Septem|Octo|Novem|Decem)ber) \d{4}|(?:Issue|Vol(?:ume)?|No)\.?` + blanks + `\d+|\d{4}` + blanks + `年?` + blanks + `(?:第` + blanks + `\d+` + blanks + `[期辑卷]|\d{1,2}月|[.\-/]\d{1,2})|[一二三四五六七八九〇○]{4}年)`)
	// bareIssue is an issue without the name: 2021年第3期.
	bareIssue = compile(`^(?:\d{4}` + blanks + `年)?` + blanks + `第` + blanks + `\d+` + blanks + `[卷期](?:` + blanks + `第` + blanks + `\d+` + blanks + `期)?$`)
	// pageHead is a page's number with the name of its section: 第4版　要闻.
	pageHead = compile(`^(?:第` + blanks + `[A-D]?\d{1,2}` + blanks + `版|[A-D]\d{1,2}版?|\d{1,2}版)[\s\p{Zs}:：|｜]+([^\s\p{Zs}，。：:]{2,10})$|^(\p{Han}{2,6})[\s\p{Zs}]+(?:[A-D]?\d{1,2}|第\d{1,2})版?$`)
	// pinyin is a column's label in capitals, which newspapers print over the Chinese one.
	pinyin = compile(`^(?:(?:[BPMFDTNLGKHJQXRZCSYW]|ZH|CH|SH)?(?:A|O|E|AI|EI|UI|AO|OU|IU|IE|UE|ER|AN|EN|IN|UN|ANG|ENG|ING|ONG|I|U|V|IA|IAN|IANG|IAO|IONG|UA|UAI|UAN|UANG|UO)(?:\s+|$)){2,8}$`)
)

// dropPinyin drops labels of columns printed in pinyin and, beside it, in as many characters.
func (s *segmenter) dropPinyin() {
	for i := range s.rows {
		text := s.rows[i].content()
		if text[0] < 'A' || text[0] > 'Z' || s.rows[i].columns > titleColumns || !pinyin.MatchString(text) {
			continue
		}
		for _, j := range []int{i - 1, i + 1} {
			if j >= 0 && j < len(s.rows) && utf8.RuneCountInString(s.rows[j].content()) == len(strings.Fields(text)) {
				s.rows[i].dropped, s.rows[j].dropped = true, true
			}
		}
	}
}

// dropEchoes drops running heads that repeat an article's headline beside a page's number, with its
// authors in front, perhaps.
func (s *segmenter) dropEchoes() {
	var titles []string
	for n := range s.blocks {
		if key := titleKey(s.title(&s.blocks[n])); utf8.RuneCountInString(key) >= 4 {
			titles = append(titles, key)
		}
	}
	for i := range s.rows {
		r := &s.rows[i]
		if r.dropped || r.titled || r.columns > titleColumns || r.is(statement) || !s.besideFolio(i) {
			continue
		}
		key := titleKey(r.content())
		r.dropped = slices.ContainsFunc(titles, func(title string) bool { return strings.HasSuffix(key, title) })
	}
}

// dropAfterChrome drops the short rows that follow a site's own rows up to the next headline or the end, when
// there is no text among them.
func (s *segmenter) dropAfterChrome() {
	for i := 0; i < len(s.rows); i++ {
		r := &s.rows[i]
		if !r.dropped || !r.is(chrome|likely|menu|related|rule) {
			continue
		}
		end := i + 1
		for end < len(s.rows) && !s.rows[end].titled && s.isTrifle(end) {
			end++
		}
		ends := end == len(s.rows) || s.rows[end].titled
		if r.is(rule) {
			ends = ends && end < len(s.rows) && end-i <= 3 && s.hasSubject(end)
		}
		for j := i + 1; ends && j < end; j++ {
			s.rows[j].dropped = true
		}
	}
}

// isTrifle says whether row i is no part of a text: a short one without a statement, or one that is dropped.
func (s *segmenter) isTrifle(i int) bool {
	r := &s.rows[i]
	if r.dropped {
		return true
	}
	return !r.titled && r.columns <= titleColumns && !r.is(statement|note|listed|reported|field) && r.imp == nil && !strings.Contains(r.content(), "。") && !s.running(i)
}

// dropTopLabels drops what stands above a body whose headline follows below it: groups of short rows,
// set apart by a blank line, that make no statement and are no box of highlights.
func (s *segmenter) dropTopLabels(from, to int) {
	for from < to {
		end := from + 1
		for end < to && !s.rows[end].afterBlank {
			end++
		}
		if end == to || s.spaced || s.statements(from, end) > 0 {
			return
		}
		for i := from; i < end; i++ {
			if s.rows[i].columns*10 > localWidth(s.rows, i)*9 || s.rows[i].is(box) {
				return
			}
		}
		for i := from; i < end; i++ {
			s.rows[i].dropped = true
		}
		from = end
	}
}
