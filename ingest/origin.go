package ingest

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"yinju/rag"
)

var (
	// inPage is a page of a newspaper, perhaps with the name of its section behind it: 第07版：理论.
	inPage = regexp.MustCompile(`第?` + blanks + `[A-D]?\d{1,3}` + blanks + `版(?:[\s\p{Zs}:：·]+(\p{Han}{2,6})` + blanks + `([）)]?)$)?`)
	// inIssue is an issue of a journal, perhaps with its year: 2019年第3期, 2019(3).
	inIssue = regexp.MustCompile(`(?:(?:19|20)\d{2}` + blanks + `年?` + blanks + `[，,]?` + blanks + `)?第` + blanks + `\d{1,4}` + blanks + `期(?:[（(]总第?` + blanks + `\d{1,4}` + blanks + `期[）)])?|(?:19|20)\d{2}` + blanks + `年?[，,]?` + blanks + `[（(]` + blanks + `\d{1,2}` + blanks + `[）)]`)
	// yearNumber is an issue as indexes write it: 2019(3).
	yearNumber = regexp.MustCompile(`^(\d{4})年?[，,]?[（(](\d{1,2})[）)]$`)
)

// numberIn finds the page or the issue that a text names, without its blanks, and gives the text without it.
func numberIn(text string) (number, rest string) {
	if strings.Contains(text, "版") {
		if m := inPage.FindStringSubmatchIndex(text); m != nil {
			return pageAt(text, m)
		}
	}
	if !strings.ContainsAny(text, "期)）") {
		return "", text
	}
	m := inIssue.FindStringIndex(text)
	if m == nil {
		return "", text
	}
	number = squeezed(text[m[0]:m[1]])
	if at := yearNumber.FindStringSubmatch(number); at != nil {
		number = at[1] + "年第" + at[2] + "期"
	}
	return number, text[:m[0]] + " " + text[m[1]:]
}

// pageAt gives the page that inPage has found.
func pageAt(text string, m []int) (number, rest string) {
	if m[2] < 0 {
		return squeezed(text[m[0]:m[1]]), text[:m[0]] + " " + text[m[1]:]
	}
	section := text[m[2]:m[3]]
	number = squeezed(strings.TrimRight(text[m[0]:m[2]], separators+":："))
	if isPress(section) { // not a section of the paper but the paper
		return number, text[:m[0]] + " " + text[m[2]:]
	}
	return number + "：" + section, text[:m[0]] + " " + text[m[4]:]
}

// squeezed is a text without blanks.
func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

var (
	// pressName is how those who publish are named, also where a title would not name them before a colon.
	pressName = regexp.MustCompile(`^(?:\p{Han}{1,10}(?:报|報|刊|网|網|在线|电讯|電訊|客户端|周末|消息|新闻|新聞)|求是|瞭望|半月谈|红旗文稿|南风窗)$`)
	// edition is what a paper puts behind its name: 海外版, （理论周刊）.
	edition  = regexp.MustCompile(`(?:海外版|农村版|[（(]` + blanks + `\p{Han}{2,8}` + blanks + `[）)])$`)
	hanName  = regexp.MustCompile(`^\p{Han}{2,12}$`)
	bookName = regexp.MustCompile(`^[《〈]` + blanks + `([^《》〈〉]{2,20}?)` + blanks + `[》〉]` + blanks + `([（(]\p{Han}{2,8}[）)]|海外版)?$`)
	hollow   = regexp.MustCompile(`[（(【\[][\s\p{Zs}，,；;]*[）)】\]]`)
	// fromWhere is what stands before the name of a paper.
	fromWhere = compile(`^(?:来源|來源|出处|稿源)` + blanks + `[:：]|^(?:本文|原文)?(?:(?:首|原|曾)?(?:发表|發表|刊登|刊载|刊載|转载|轉載|刊发|刊發|[发發刊载載](?:于|於|自|在))|(?:首|原|曾)[发發刊载載])(?:于|於|自|在)?` + blanks + `[:：]?|^(?:摘|选|選|转|轉)自` + blanks + `[:：]?|^据`)
)

// isPress says whether a name is made as names of papers, journals and news sites are.
func isPress(name string) bool {
	name = strings.TrimSpace(name[:len(name)-len(edition.FindString(name))])
	return pressName.MatchString(name) || isPaper(name)
}

// longestPaper is the longest row that can be a paper with its day and page, in characters.
const longestPaper = 60

// readPaper reads a row that is a paper's name with a day, a page or an issue, in any order: 人民日报 2024年3月12日
// 第07版, 《人民日报》（2024年3月12日）, 江州学刊 2019年第3期. A name without the marks of one says nothing by itself: so
// mastheads look, too.
func readPaper(text string) *imprint {
	if utf8.RuneCountInString(text) > longestPaper {
		return nil
	}
	rest := strings.TrimSpace(text)
	if startsBracket(rest) && endsBracket(rest) {
		rest = strings.TrimSpace(strings.Trim(rest, wraps))
	}
	if m := fromWhere.FindStringSubmatch(rest); m != nil {
		rest = rest[len(m[0]):]
	}
	found, dated := findDate(rest)
	if dated {
		rest = rest[:found.from] + " " + rest[found.to:]
	} else if !strings.ContainsAny(rest, "版期)）") {
		return nil
	}
	number, rest := numberIn(rest)
	_, rest = numberIn(rest) // a paper counts its issues, too
	if !dated && number == "" {
		return nil
	}
	name := strings.Trim(hollow.ReplaceAllString(rest, " "), separators)
	if m := bookName.FindStringSubmatch(name); m != nil {
		return &imprint{publication: squeezed(m[1]) + m[2], date: found.date, source: true}
	}
	name = unspaced(name)
	if !isPress(name) && (number == "" || !hanName.MatchString(name)) {
		return nil
	}
	return &imprint{publication: name, date: found.date, bare: true}
}

// appeared is where a text appeared, behind other facts or alone: 陈茶客 发表于《江城晚报》2020年5月6日.
var appeared = regexp.MustCompile(`^(.*?)[\s\p{Zs}，,；;·|｜（(]*((?:本文|原文|此文)?(?:首|原|曾)?(?:发表|發表|发|發|刊登|刊载|刊載|转载|轉載|刊发|刊發|刊|载|載)(?:于|於|自|在)?|(?:摘|选|選|转|轉)自)?` + blanks + `[:：]?` + blanks + `《([^《》]{2,20})》([^《》]{0,30})$`)

// latinAppeared is the same in English: Jane Doe, first published in The River Times.
var latinAppeared = regexp.MustCompile(`^(.*?)[\s,;(]*\b(?:(?:[Ff]irst|[Oo]riginally) )?(?:[Pp]ublished|[Aa]ppeared) in ((?:[Tt]he )?\p{Lu}[\p{L}'’& -]{2,40}?)(?:,\s*([^()]{4,24}))?\)?$`)

// cutOrigin cuts what a text says of where it appeared off the end of it; nil where it says nothing, or more.
// Without a word for it, a name needs a day, a page or an issue behind it.
func cutOrigin(text string) (before string, origin *imprint) {
	switch {
	case len(text) > 3*imprintColumns/2:
		return text, nil
	case strings.Contains(text, "ublished in ") || strings.Contains(text, "ppeared in "):
		return cutLatinOrigin(text)
	case !strings.Contains(text, "》"):
		return text, nil
	}
	m := appeared.FindStringSubmatch(text)
	if m == nil {
		return text, nil
	}
	number, rest := numberIn(m[4])
	_, rest = numberIn(rest)
	found, dated := findDate(rest)
	if dated {
		rest = rest[:found.from] + rest[found.to:]
	}
	name := squeezed(m[3])
	rest = strings.Trim(rest, separators)
	if kind := edition.FindString(rest); kind != "" && kind == rest {
		name, rest = name+kind, ""
	}
	if strings.Trim(rest, separators+wraps) != "" || m[2] == "" && (m[1] == "" || !dated && number == "") {
		return text, nil
	}
	return strings.Trim(m[1], separators), &imprint{publication: name, date: found.date, number: number}
}

func cutLatinOrigin(text string) (before string, origin *imprint) {
	m := latinAppeared.FindStringSubmatch(text)
	if m == nil {
		return text, nil
	}
	found, dated := findDate(m[3])
	if !dated && m[3] != "" {
		return text, nil
	}
	return strings.Trim(m[1], separators), &imprint{publication: strings.TrimSpace(m[2]), date: found.date}
}

// underHeadline says whether an imprint that names no one may stand between a headline and its byline.
func (im *imprint) underHeadline() bool { return !im.source && !im.bare && len(im.authors) == 0 }

// settleSources tells the source lines that stand under a headline, and speak of the text below them, from those
// that close the text above. Where a file has more of those, they all do. A paper's bare name says something only
// under a headline, or under the one text of a file.
func (s *segmenter) settleSources() {
	var heads, bare []int
	closing := 0
	for i := range s.rows {
		im := s.rows[i].imp
		switch {
		case im == nil || !im.source && !im.bare:
		case s.headsText(i):
			heads = append(heads, i)
		case im.bare:
			bare = append(bare, i)
		case i > 0 && s.rows[i-1].is(statement):
			closing++
		}
	}
	for _, i := range heads {
		im := *s.rows[i].imp
		if closing > len(heads) {
			if im.bare {
				s.rows[i].imp = nil
			}
			continue
		}
		im.source, im.bare, im.heads = false, false, true
		s.rows[i].imp = &im
	}
	for _, i := range bare {
		if last := i == len(s.rows)-1 && i > 0 && s.rows[i-1].is(statement); !last || len(bare)+len(heads) > 1 {
			s.rows[i].imp = nil
		}
	}
}

// headsText says whether row i stands under a headline, other facts between perhaps, and a text under it.
func (s *segmenter) headsText(i int) bool {
	return s.textUnder(i) && s.headlineOver(i)
}

// textUnder says whether a byline, or a text that is no headline with a byline, stands under row i.
func (s *segmenter) textUnder(i int) bool {
	j := i + 1
	for j < min(len(s.rows), i+maxHeaderRows) && s.rows[j].imp != nil && !s.rows[j].imp.source && !isSigned(&s.rows[j]) {
		if len(s.rows[j].imp.authors) > 0 {
			return j+1 < len(s.rows)
		}
		j++
	}
	if j == len(s.rows) || s.rows[j].level > 0 || s.rows[j].imp != nil {
		return false
	}
	r := &s.rows[j]
	if !s.headlike(j) || r.indented || s.running(j) {
		return !isMasthead(r.content()) && !r.is(chrome|likely|folio|rule|labelled|leader)
	}
	return j+1 < len(s.rows) && (!s.rows[j+1].afterBlank || s.spaced) && !s.rows[j+1].indented && s.rows[j+1].imp == nil && alike(r.columns, s.rows[j+1].columns)
}

// alike says whether two rows are about as wide as each other, as rows of running text are.
func alike(a, b int) bool { return (a-b)*7 < a && (b-a)*7 < a }

// headlineOver says whether the rows over row i are a headline, after facts that stand under it.
func (s *segmenter) headlineOver(i int) bool {
	k := i - 1
	for k >= 0 && i-k < maxHeaderRows && s.rows[k].imp != nil && !s.rows[k].imp.source && !isSigned(&s.rows[k]) {
		k--
	}
	from := k
	for k >= 0 && from-k < maxTitleRows && s.headlike(k) && !s.running(k) {
		if s.rows[k].level > 0 {
			return true
		}
		k--
	}
	if k == from || from-k == maxTitleRows {
		return false
	}
	return k < 0 || s.ended(k) || s.rows[k].is(labelled|folio|chrome|likely|rule) || isMasthead(s.rows[k].content())
}

// addNumber adds the page or the issue that an article's imprint names to its section.
func (p *piece) addNumber() {
	number, line := numberOf(p.rows, p.article.Publication)
	if number == "" {
		return
	}
	section := p.article.Section
	if section == "" {
		give(&p.article, rag.SectionField, number, line, stated)
	} else if had, _ := numberIn(section); had == "" {
		p.article.Section = section + " " + number
	}
}

// numberOf finds what addNumber adds: in the source line that closes an article, in the rows under its headline,
// or in the last ones.
func numberOf(rows []row, publication string) (number string, line int) {
	if im, at := closing(rows); im != nil && im.publication == publication {
		return im.number, at
	}
	for i := range rows {
		if im := rows[i].imp; im != nil && im.number != "" && im.publication == publication && (i < headRows || i >= len(rows)-tailFacts) {
			return im.number, rows[i].Number
		}
	}
	return "", 0
}
