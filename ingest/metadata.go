package ingest

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"yinju/rag"
)

// describe reads what the rows of one article say of it.
func (s *segmenter) describe(rows []row, b *block) rag.Article {
	var a rag.Article
	if b != nil {
		s.fromBlock(&a, b)
	} else if rows[0].is(editorial) {
		a.Title = "编者按"
	}
	fromRows(&a, rows)
	if found, ok := findDate(a.Title); ok && len(found.date) == len("2006-01-02") {
		setDefault(&a.Date, found.date)
	}
	if a.Publication == "" {
		a.Publication = s.paperOf(a.Title)
	}
	return a
}

// fromBlock takes what stands in the block of the headline.
func (s *segmenter) fromBlock(a *rag.Article, b *block) {
	a.Title = s.title(b)
	for i := b.from; i < b.to && a.Title == ""; i++ {
		if s.rows[i].imp != nil {
			a.Title = s.rows[i].imp.title
		}
	}
	if b.entry != nil {
		a.Section = b.entry.section
	} else if b.section >= 0 {
		a.Section = labelOf(s.rows[b.section].content())
	}
	for i := b.from; i < b.to; i++ {
		if im := s.rows[i].imp; im != nil {
			a.Authors = append(a.Authors, im.authors...)
			setDefault(&a.Affiliation, im.affiliation)
		}
	}
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// labelOf is the name of a column without the marks around it.
func labelOf(text string) string {
	return strings.Trim(text, "◆◇■□▲△★☆◎●【】[]〖〗 \u3000")
}

// title joins the rows of a headline: with a blank where it stands in parts, without where it is wrapped.
func (s *segmenter) title(b *block) string {
	if b.entry != nil && len(b.title) == 1 {
		return strings.TrimSpace(s.rows[b.title[0]].content())
	}
	var t strings.Builder
	for n, i := range b.title {
		text := strings.ReplaceAll(s.rows[i].content(), "**", "")
		if s.rows[i].is(bulleted) {
			text = text[len(bullet.FindString(text)):]
		}
		if n > 0 && s.inParts(i-1, i) {
			t.WriteByte(' ')
		}
		t.WriteString(text)
	}
	return t.String()
}

// inParts says whether two rows of a headline are parts of it, and not one part that is wrapped.
func (s *segmenter) inParts(i, j int) bool {
	a, b := &s.rows[i], &s.rows[j]
	if a.glued && b.glued {
		return a.number == b.number
	}
	return strings.HasPrefix(b.content(), "—") || a.columns < titleColumns/2 || needsBlank(a.content(), b.content())
}

// headRows is how far down an article its origin and date may stand.
const headRows = 8

// fromRows takes what stands around the text: under the headline, in its first words, in the line or the
// note after it.
func fromRows(a *rag.Article, rows []row) {
	if im := closing(rows); im != nil {
		a.Publication, a.Date = im.publication, im.date
		addAuthors(a, im.authors)
	}
	for i := range rows[:min(len(rows), headRows)] {
		r := &rows[i]
		if im := r.imp; im != nil && !im.source {
			setDefault(&a.Publication, im.publication)
			setDefault(&a.Date, im.date)
		}
		if r.is(reported) {
			addAuthors(a, reporters(r.content()))
		}
	}
	if im := rows[0].imp; im != nil && !im.source { // a byline whose headline the page has lost
		addAuthors(a, im.authors)
	}
	fromSignature(a, rows)
	for i := range rows {
		if rows[i].is(note) {
			fromNote(a, rows[i:])
		}
	}
	addAuthors(a, signatureAt(rows, len(rows)-1))
}

// signedRows is how far from the end of an article its signature and date may stand.
const signedRows = 8

// fromSignature takes the name and the day that a letter or a notice ends with, set far to the right.
func fromSignature(a *rag.Article, rows []row) {
	for i := len(rows) - 1; i >= max(1, len(rows)-signedRows); i-- {
		if isSigned(&rows[i]) {
			addAuthors(a, rows[i].imp.authors)
			setDefault(&a.Affiliation, rows[i].imp.affiliation)
			setDefault(&a.Date, rows[i].imp.date)
		}
	}
}

// addAuthors takes names where the article has none so far.
func addAuthors(a *rag.Article, names []string) {
	if len(a.Authors) == 0 {
		a.Authors = names
	}
}

// closing is what the last source line of an article says, or the source in brackets at its end.
func closing(rows []row) *imprint {
	for i := range slices.Backward(rows) {
		if im := rows[i].imp; im != nil && im.source {
			return im
		}
		if im := tailAt(rows, i); im != nil {
			return im
		}
	}
	return nil
}

// tailSource is a source in brackets at the end of a text: （《江州日报》2021年5月3日，作者梁田）.
var tailSource = regexp.MustCompile(`[（(]` + blanks + `(?:原载|载|据|摘自|选自)?` + blanks + `《([^《》]{2,20})》` + blanks + `[，,]?([^，,（）()]{0,20})(?:[，,；;]` + blanks + `(?:作者|文)?[:：/]?` + blanks + `([^（）()，,]{2,24}))?` + blanks + `[）)]$`)

// tailRows is how many rows a source in brackets may be wrapped over.
const tailRows = 3

func tailsOf(rows []row) map[int]*imprint {
	tails := map[int]*imprint{}
	for i := range rows {
		if im := tailAt(rows, i); im != nil {
			tails[i] = im
		}
	}
	return tails
}

// tailAt reads the source in brackets that ends with row i; it has a date, for a text may well end with
// the name of a book.
func tailAt(rows []row, i int) *imprint {
	if rows[i].imp != nil || !endsBracket(rows[i].content()) {
		return nil
	}
	text := ""
	for j := i; j > max(-1, i-tailRows) && utf8.RuneCountInString(text) < 60; j-- {
		text = rows[j].content() + text
		if m := tailSource.FindStringSubmatch(text); m != nil {
			if !hasDate(m[2]) {
				return nil
			}
			return tailImprint(text)
		}
	}
	return nil
}

func tailImprint(text string) *imprint {
	m := tailSource.FindStringSubmatch(text)
	found, _ := findDate(m[2])
	return &imprint{publication: strings.Join(strings.Fields(m[1]), ""), date: found.date, authors: byline("作者 " + m[3]), source: true}
}

// signature is a reporter's name in brackets at the end of a text: （本报记者 张三）.
var signature = regexp.MustCompile(`[（(]` + blanks + `(?:本报|本刊|本网|见习|特约|本報|見習)*(?:记者|通讯员|作者|文|記者|通訊員)` + blanks + `[:：/／]?` + blanks + `([^（）()。，]{2,24})[）)]$`)

// signatureAt are the names in brackets that a text ends with at row i, wrapped or not.
func signatureAt(rows []row, i int) []string {
	if !endsBracket(rows[i].content()) || rows[i].is(note) {
		return nil
	}
	text := ""
	for j := i; j > max(-1, i-tailRows) && utf8.RuneCountInString(text) < 60; j-- {
		text = rows[j].content() + text
		if m := signature.FindStringSubmatch(text); m != nil {
			return byline("记者 " + m[1])
		}
	}
	return nil
}

var reporter = regexp.MustCompile(`^[^。]{0,20}?[（(【]?(?:本报|本刊|本網|本報)?[记記]者` + blanks + `([^）)】，。]{2,30}?)(?:[/／][^）)】，。]{2,10})?(?:[）)】]|摄影报道|报道|報導)`)

// reporters are the names at the beginning of a report: 本报讯（记者 张三 通讯员 李四）.
func reporters(text string) []string {
	if m := reporter.FindStringSubmatch(text); m != nil {
		return byline("记者 " + m[1])
	}
	return nil
}

var (
	noteOf = compile(`^[（(]` + blanks + `(?:本文|第一)?作者(?:单位|简介)?` + blanks + `(?:[:：]|系|为|是|单位[:：])?` + blanks + `(.+?)[）)。；;]*$`)
	// postcode is the town and its code behind the name of a body.
	postcode = regexp.MustCompile(`[，,]` + blanks + `[^，,]{2,12}[\s\p{Zs}]\d{6}$`)
	noteWho  = regexp.MustCompile(`^(\p{Han}{2,4})` + blanks + `[，,：:]` + blanks + `(.+)$`)
)

// fromNote reads a note on the author: where the first one works, and the names when nothing else has them.
func fromNote(a *rag.Article, rows []row) {
	text := ""
	for i := range rows[:min(noteRows, len(rows))] {
		if text += rows[i].content(); endsBracket(text) {
			break
		}
	}
	m := noteOf.FindStringSubmatch(text)
	if m == nil {
		return
	}
	first, _, _ := strings.Cut(strings.ReplaceAll(m[1], ";", "；"), "；")
	first = postcode.ReplaceAllString(first[len(numbered.FindString(first)):], "")
	if who := noteWho.FindStringSubmatch(first); who != nil && isName(who[1]) {
		first = who[2]
	}
	setDefault(&a.Affiliation, strings.TrimSpace(first))
}

var paperPrefix = regexp.MustCompile(`^([^\s：:，。]{2,12})[：:]`)

// paperOf is the publication that a title names before its colon: one that ends like a paper's name, or
// that a source line of the file names.
func (s *segmenter) paperOf(title string) string {
	m := paperPrefix.FindStringSubmatch(title)
	if m == nil {
		return ""
	}
	if isPaper(m[1]) {
		return m[1]
	}
	for i := range s.rows {
		if im := s.rows[i].imp; im != nil && im.source && im.publication == m[1] {
			return m[1]
		}
	}
	return ""
}

// paperName is how papers and magazines are named.
var paperName = regexp.MustCompile(`^\p{Han}{1,10}(?:日报|晚报|时报|早报|晨报|周报|导报|商报|农报|学报|青年报|工人报|都市报|教育报|垦报|法制报|日報|晚報|時報|早報|晨報|週報|周刊|週刊|杂志|雜誌|新闻网|通讯社|月刊|季刊|旬刊|双月刊|调研|調研|文史|评论|評論|论坛|論壇|文萃|文摘)$`)

var latinPaper = compile(`^(?:The )?(?:\p{Lu}\p{L}+ ){1,3}(?:Gazette|Times|Post|Herald|Journal|Tribune|News|Chronicle|Observer|Review|Courier|Telegraph|Mercury|Advertiser|Bulletin|Weekly|Daily|Quarterly|Magazine)$`)

// isPaper says whether a name is made as papers' names are.
func isPaper(name string) bool {
	if last, _ := utf8.DecodeLastRuneInString(name); last < 0x10000 && looks[last]&bodies == 0 {
		return false
	}
	return paperName.MatchString(name) || latinPaper.MatchString(name) && !sectionName.MatchString(name)
}

// sectionName is how sections of papers are named, where they could be papers'.
var sectionName = compile(`^(?:Local|World|National|International|Sports?|Business|Latest|Breaking|Top|Other|More|City|Community) `)

// withoutPaper takes a "paper：" off a title.
func withoutPaper(title string) string {
	return strings.TrimPrefix(title, paperPrefix.FindString(title))
}

// factsFromMasthead gives articles the paper, the day and the section of the page that they stand on, from
// the furniture above them, in a file whose articles do not name their own.
func (s *segmenter) factsFromMasthead(pieces []piece) {
	m := masthead{
		ownPaper: slices.ContainsFunc(pieces, func(p piece) bool { return p.article.Publication != "" }),
		ownDate:  slices.ContainsFunc(pieces, func(p piece) bool { return p.article.Date != "" }),
	}
	issue := s.issue()
	m.publication = s.site()
	next := 0
	for i := range s.rows {
		for next < len(pieces) && pieces[next].rows[0].offset() <= s.rows[i].offset() {
			a := &pieces[next].article
			m.tell(a)
			if issue.ownPaper, issue.ownDate = m.ownPaper, m.ownDate; m.publication == "" {
				issue.tell(a)
			}
			setDefault(&m.section, a.Section)
			next++
		}
		if s.rows[i].dropped || next == 0 {
			m.read(&s.rows[i], next < len(pieces) && i+1 < len(s.rows) && s.rows[i+1].titled)
		}
	}
}

var pageNumber = regexp.MustCompile(`第?` + blanks + `[A-D]?\d{1,2}` + blanks + `版`)

// isPageDate says whether a text is a day with a weekday or the number of a page.
func isPageDate(text string) bool {
	found, ok := findDate(text)
	if !ok {
		return false
	}
	rest := text[:found.from] + text[found.to:]
	bare := strings.Trim(pageNumber.ReplaceAllString(weekday.ReplaceAllString(rest, ""), ""), separators+wraps)
	return bare == "" && (rest != "" || strings.ContainsAny(text, "期周週"))
}

// site is the name that stands over a site's bar of links at the top of a file.
func (s *segmenter) site() string {
	if len(s.rows) > 1 && isMenu(s.rows[1].content()) && !s.rows[0].titled && !isMenu(s.rows[0].content()) && s.rows[0].columns <= titleColumns {
		return s.rows[0].content()
	}
	return ""
}

// masthead is what the furniture of a page says of all its articles.
type masthead struct {
	publication, date, section string

	ownPaper, ownDate bool // the articles name their own
}

func (m *masthead) tell(a *rag.Article) {
	if !m.ownPaper {
		setDefault(&a.Publication, m.publication)
	}
	if !m.ownDate && !m.ownPaper {
		setDefault(&a.Date, m.date)
	}
	setDefault(&a.Section, m.section)
}

// read takes what one row of furniture says; last: a headline stands right under it.
func (m *masthead) read(r *row, last bool) {
	text := r.content()
	if r.columns > titleColumns || r.is(statement|leader|chrome|related) && breadcrumb(text) == "" {
		return
	}
	if at := pageSection.FindStringSubmatch(text); at != nil {
		m.section = at[1]
	}
	if at := pageHead.FindStringSubmatch(text); at != nil {
		m.section = at[1]
		return
	}
	if section := breadcrumb(text); section != "" {
		m.section = section
		if site, _, _ := strings.Cut(text, ">"); isPaper(strings.TrimSpace(site)) {
			m.publication = strings.TrimSpace(site)
		}
		return
	}
	name := text
	found, dated := findDate(text)
	if dated {
		m.date = found.date
		name = text[:found.from]
	}
	if issue := issueHead.FindStringSubmatch(text); issue != nil {
		setDefault(&m.publication, strings.Trim(unspaced(issue[1]), separators))
		return
	}
	if name = strings.Trim(unspaced(name), "《》"+separators); isPaper(name) {
		m.publication = name
	} else if (last || r.is(labelled)) && !dated && r.columns <= labelColumns && !r.is(folio|rule|number) && !strings.ContainsAny(text, "0123456789：:|") {
		m.section = labelOf(text)
	}
}

// isMasthead says whether a text names a paper or an issue, as the top of a page does.
func isMasthead(text string) bool {
	if isPaper(unspaced(text)) {
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

var crumbs = compile(`^(?:当前位置|您的位置|您现在的位置|位置)?` + blanks + `[:：]?` + blanks + `[^>»›，。：:]{2,16}[>»›]` + blanks + `(.+)$`)

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

// titlesFromContents gives untitled articles the titles that the table of contents has and no page
// bears: between two titled neighbours there must be as many of the one as of the other.
func (s *segmenter) titlesFromContents(pieces []piece) {
	if len(s.entries) == 0 {
		return
	}
	places := map[string]int{}
	for i := len(s.entries) - 1; i >= 0; i-- {
		places[titleKey(s.entries[i].title)] = i
	}
	entryOf := func(p piece) int {
		if at, ok := places[titleKey(p.article.Title)]; ok && p.article.Title != "" {
			return at
		}
		return -1
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
