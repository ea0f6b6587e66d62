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
		give(&a, rag.TitleField, "编者按", rows[0].Number, placed)
	}
	fromRows(&a, rows)
	title := a.Facts[rag.TitleField].Line
	if found, ok := findDate(a.Title); ok && len(found.date) == len("2006-01-02") {
		give(&a, rag.DateField, found.date, title, guessed)
	}
	give(&a, rag.PublicationField, s.paperOf(a.Title), title, placed)
	return a
}

// fromBlock takes what stands in the block of the headline.
func (s *segmenter) fromBlock(a *rag.Article, b *block) {
	if len(b.title) > 0 {
		give(a, rag.TitleField, s.title(b), s.rows[b.title[0]].Number, b.confidence)
	}
	for i := b.from; i < b.to && a.Title == ""; i++ {
		if im := s.rows[i].imp; im != nil {
			give(a, rag.TitleField, im.title, s.rows[i].Number, stated)
		}
	}
	if b.entry != nil {
		give(a, rag.SectionField, b.entry.section, 0, stated)
	} else if b.section >= 0 {
		give(a, rag.SectionField, labelOf(s.rows[b.section].content()), s.rows[b.section].Number, placed)
	}
	for i := b.from; i < b.to; i++ {
		im := s.rows[i].imp
		if im == nil {
			continue
		}
		if len(im.authors) > 0 {
			a.Authors = append(a.Authors, im.authors...)
			know(a, rag.AuthorsField, s.rows[i].Number, placed)
		}
		give(a, rag.AffiliationField, im.affiliation, s.rows[i].Number, placed)
	}
}

// labelOf is the name of a column without the marks around it.
func labelOf(text string) string {
	if _, name, named := strings.Cut(strings.ReplaceAll(text, "：", ":"), ":"); named {
		text = name
	}
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
		return a.Number == b.Number
	}
	return strings.HasPrefix(b.content(), "—") || a.columns < titleColumns/2 || needsBlank(a.content(), b.content())
}

// headRows is how far down an article its origin and date may stand.
const headRows = 8

// fromRows takes what stands around the text: under the headline, in its first words, in the line or the
// note after it.
func fromRows(a *rag.Article, rows []row) {
	if im, line := closing(rows); im != nil {
		fromImprint(a, im, line)
		giveAuthors(a, im.authors, line, stated)
	}
	for i := range rows[:min(len(rows), headRows)] {
		r := &rows[i]
		if r.imp != nil && !r.imp.source {
			fromImprint(a, r.imp, r.Number)
		}
		if r.is(reported) {
			giveAuthors(a, reporters(r.content()), r.Number, placed)
			give(a, rag.PublicationField, agencyOf(r.content()), r.Number, placed)
		}
	}
	if im := rows[0].imp; im != nil && !im.source { // a byline whose headline the page has lost
		giveAuthors(a, im.authors, rows[0].Number, inferred)
	}
	fromSignature(a, rows)
	fromTail(a, rows)
	for i := range rows {
		if rows[i].is(note) {
			fromNote(a, rows[i:])
		}
	}
	last := len(rows) - 1
	giveAuthors(a, signatureAt(rows, last), rows[last].Number, placed)
}

// fromImprint takes publication and date.
func fromImprint(a *rag.Article, im *imprint, line int) {
	give(a, rag.PublicationField, im.publication, line, stated)
	give(a, rag.DateField, im.date, line, stated)
}

// signedRows is how far from the end of an article its signature and date may stand.
const signedRows = 8

// fromSignature takes the name and the day that a letter or a notice ends with, set far to the right.
func fromSignature(a *rag.Article, rows []row) {
	for i := len(rows) - 1; i >= max(1, len(rows)-signedRows); i-- {
		if r := &rows[i]; isSigned(r) {
			giveAuthors(a, r.imp.authors, r.Number, placed)
			give(a, rag.AffiliationField, r.imp.affiliation, r.Number, placed)
			give(a, rag.DateField, r.imp.date, r.Number, placed)
		}
	}
}

// tailFacts is how far from the end of an article facts with labels may stand.
const tailFacts = 4

// fromTail takes facts with labels that stand after the text: 作者：张三.
func fromTail(a *rag.Article, rows []row) {
	for i := len(rows) - 1; i >= max(headRows, len(rows)-tailFacts); i-- {
		if im := rows[i].imp; im != nil && !im.source && (rows[i].has&colons != 0 || rows[i-1].is(statement) && rows[i].afterBlank || rows[i].has&books != 0) {
			giveAuthors(a, im.authors, rows[i].Number, placed)
			fromImprint(a, im, rows[i].Number)
		}
	}
}

// closing is what the last source line of an article says, or the source in brackets at its end, and its line.
func closing(rows []row) (*imprint, int) {
	for i := range slices.Backward(rows) {
		if im := rows[i].imp; im != nil && im.source {
			return im, rows[i].Number
		}
		if im := tailAt(rows, i); im != nil {
			return im, rows[i].Number
		}
	}
	return nil, 0
}

// tailSource is a source in brackets at the end of a text: （《江州日报》2021年5月3日，作者梁田）.
var tailSource = regexp.MustCompile(`[（(]` + blanks + `(?:来源[:：]|來源[:：]|原载于?|载于?|刊于|据|摘自|选自)?` + blanks + `《([^《》]{2,20})》` + blanks + `[，,]?([^，,（）()]{0,24})(?:[，,；;]` + blanks + `(?:作者|文)?[:：/]?` + blanks + `([^（）()，,]{2,24}))?` + blanks + `[）)]$`)

// tailLabelled is one with a label and a name without marks: （来源：人民日报 2024年3月12日 第7版）.
var tailLabelled = regexp.MustCompile(`[（(]` + blanks + `(?:来源|來源)[:：]` + blanks + `([^（）()《》，,。]{4,40})[）)]$`)

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

// tailAt reads the source in brackets that ends with row i; it has a day, a page or an issue, for a text may well end with
// the name of a book.
func tailAt(rows []row, i int) *imprint {
	if rows[i].imp != nil || !endsBracket(rows[i].content()) {
		return nil
	}
	text := ""
	for j := i; j > max(-1, i-tailRows) && utf8.RuneCountInString(text) < 60; j-- {
		text = rows[j].content() + text
		if m := tailLabelled.FindStringSubmatch(text); m != nil {
			if im := readPaper(m[1]); im != nil {
				im.source, im.bare = true, false
				im.number, _ = numberIn(m[1])
				return im
			}
			return nil
		}
		if m := tailSource.FindStringSubmatch(text); m != nil {
			if number, _ := numberIn(m[2]); number == "" && !hasDate(m[2]) {
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
	number, _ := numberIn(m[2])
	return &imprint{publication: strings.Join(strings.Fields(m[1]), ""), date: found.date, number: number, authors: byline("作者 " + m[3]), source: true}
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

// agency is the news agency that a dateline begins with: 江海社临港3月4日电.
var agency = compile(`^[（(【]?据?(\p{Han}{2,5}社)\p{Han}{0,8}\d{1,2}月\d{1,2}日[电電]`)

func agencyOf(text string) string {
	if m := agency.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
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
	noteOf = compile(`^[（(]` + blanks + `(?:本文|第一)?作者(?:单位|簡介|單位|简介)?` + blanks + `(?:[:：]|系|为|是|单位[:：])?` + blanks + `(.+?)[）)。；;]*$|^作者(?:单位|單位|简介)[:：]` + blanks + `(.+?)[。；;]*$|^[\[(](?:The|About the) (?:author|writer)s? (?:is|are) (?:with|at|from|of) (?:the )?(.+?)\.?[\])]$`)
	// postcode is the town and its code behind the name of a body.
	postcode = regexp.MustCompile(`[，,]` + blanks + `[^，,]{2,12}[\s\p{Zs}]\d{6}$`)
	noteWho  = regexp.MustCompile(`^(\p{Han}{2,4})` + blanks + `[，,：:]` + blanks + `(.+)$`)
)

// fromNote reads a note on the author: where the first one works.
func fromNote(a *rag.Article, rows []row) {
	var text strings.Builder
	for i := range rows[:min(noteRows, len(rows))] {
		text.WriteString(strings.ReplaceAll(rows[i].content(), "**", ""))
		if endsBracket(text.String()) || !startsBracket(text.String()) {
			break
		}
	}
	m := noteOf.FindStringSubmatch(text.String())
	if m == nil {
		return
	}
	first, _, _ := strings.Cut(strings.ReplaceAll(m[1]+m[2]+m[3], ";", "；"), "；")
	first = postcode.ReplaceAllString(first[len(numbered.FindString(first)):], "")
	if who := noteWho.FindStringSubmatch(first); who != nil && isName(who[1]) {
		first = who[2]
	}
	give(a, rag.AffiliationField, strings.TrimSpace(first), rows[0].Number, stated)
}

var paperPrefix = regexp.MustCompile(`^([^\s：:，。]{2,12})[：:]`)

// paperOf is the publication that a title names before its colon: one that ends like a paper's name, or
// that a source line of the file names.
func (s *segmenter) paperOf(title string) string {
	m := paperPrefix.FindStringSubmatch(title)
	if m == nil || !isPaper(m[1]) && !s.papers[m[1]] {
		return ""
	}
	return m[1]
}

// paperName is how papers and magazines are named.
var paperName = regexp.MustCompile(`^\p{Han}{1,10}(?:日报|晚报|时报|早报|晨报|周报|导报|商报|农报|学报|青年报|工人报|都市报|教育报|垦报|法制报|日報|晚報|時報|早報|晨報|週報|周刊|週刊|杂志|雜誌|新闻网|通讯社|月刊|季刊|旬刊|双月刊|调研|調研|文史|评论|評論|论坛|論壇|文萃|文摘|大学报|校报|院报|通訊|通讯)$`)

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

// titlesFromContents gives untitled articles the titles that the table of contents has and no page
// bears: between two titled neighbours there must be as many of the one as of the other.
func (s *segmenter) titlesFromContents(pieces []piece) {
	if len(s.entries) == 0 {
		return
	}
	places := map[string]int{}
	for i, e := range slices.Backward(s.entries) {
		places[titleKey(e.title)] = i
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
		give(&p.article, rag.TitleField, s.entries[from+i].title, 0, inferred)
		give(&p.article, rag.SectionField, s.entries[from+i].section, 0, inferred)
		give(&p.article, rag.PublicationField, s.paperOf(p.article.Title), 0, inferred)
	}
}
