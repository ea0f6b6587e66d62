package ingest

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// imprint is what a row says of an article when it says nothing else: who wrote it, where and when it
// appeared.
type imprint struct {
	authors     []string
	affiliation string
	publication string
	date        string
	title       string // of a message that has its subject in a header
	signs       bool   // stands under the end of a text
	number      string // the page or the issue in which it appeared: 第7版, 2019年第3期
	source      bool   // names a paper as the line after an article does: 《paper》 date
	bare        bool   // names a paper without marks, as a masthead does, too
	heads       bool   // such a line that stands under a headline
}

// imprintColumns is the widest row that can be an imprint.
const imprintColumns = 120

// imprintOf reads a row as an imprint; nil where it is none.
func imprintOf(text string, columns int, has look) *imprint {
	if columns > imprintColumns || has&points != 0 && strings.Contains(text, "。") {
		return nil
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "**", ""))
	for _, r := range readers {
		if r.needs != 0 && has&r.needs == 0 || has&r.never != 0 {
			continue
		}
		if im := r.read(text); im != nil {
			if im.number == "" && im.publication != "" {
				im.number, _ = numberIn(text)
			}
			return im
		}
	}
	return nil
}

// readers are the ways an imprint is made, with the characters that each needs one of, and has never.
var readers = []struct {
	read         func(string) *imprint
	needs, never look
}{
	{read: readSource, needs: books},
	{read: readLabelled, needs: colons},
	{read: readReprint, needs: books},
	{read: readPaper, needs: digits | numerals},
	{read: readAccount},
	{read: readParts, needs: bars},
	{read: readPosted, needs: capitals},
	{read: readDate, needs: digits | numerals},
	{read: readByline, never: particles},
}

// sourceLine is 《paper》 date alone on a row, brackets around it or not; the date may be cut off.
var sourceLine = compile(`^[（(]?` + blanks + `(?:来源[:：]|原载|选自|摘自|刊于|载|來源[:：]|原載|選自|載)?` + blanks + `[《〈]` + blanks + `([^《》〈〉]{2,20}?)` + blanks + `[》〉]` +
	blanks + `[，,]?` + blanks + `((?:\d{4}|[一二三四五六七八九〇○]{4}).*?)?` + blanks + `([^。\d]{0,12})[）)]?$`)

// latinSource is a paper and its day in brackets: (Harbour Daily, May 3, 2021).
var latinSource = compile(`^\((?:From |First published in )?((?:The )?\p{Lu}[\p{L}'’ -]{2,40}), ([^()]*\d{4})\)$`)

// readSource reads the line after an article: 《paper》 date. Without a date it has brackets around it, or
// has lost the second one, or the name is made as papers' names are.
func readSource(text string) *imprint {
	if !strings.ContainsAny(text, "《〈(") {
		return nil
	}
	if m := latinSource.FindStringSubmatch(text); m != nil && hasDate(m[2]) {
		found, _ := findDate(m[2])
		return &imprint{publication: m[1], date: found.date, source: true}
	}
	if startsBracket(text) {
		if m := tailSource.FindStringSubmatchIndex(text); m != nil && m[0] == 0 && hasDate(text[m[4]:m[5]]) {
			return tailImprint(text)
		}
	}
	m := sourceLine.FindStringSubmatch(text)
	if m == nil || utf8.RuneCountInString(m[2]) > 24 || label.MatchString(m[2]+m[3]) {
		return nil
	}
	paper := strings.Join(strings.Fields(m[1]), "")
	if m[2] == "" && !strings.HasPrefix(text, "（") && !strings.HasPrefix(text, "(") && !isPaper(paper) {
		return nil
	}
	found, _ := findDate(text)
	return &imprint{publication: paper, date: found.date, source: true}
}

var (
	label = regexp.MustCompile(`(?:^|[\s\p{Zs}|｜/（(【\[·•])(信息来源|文章来源|来源|稿源|出处|來源|公众号|微信公众号|公眾號|作者|撰文|撰稿|记者|記者|文|发布时间|发布日期|发表时间|發布時間|發佈時間|刊登日期|出版日期|出版|时间|日期|時間|` +
		`更新时间|更新時間|更新|From|Source|Author|By|Date|Published|Updated|Subject)` + blanks + `[:：]`)
	aside = regexp.MustCompile(`(?:^|[\s\p{Zs}|｜/（(【\[·•])(?:编辑|编审|责任编辑|责编|校对|审核|浏览次数|浏览量|浏览|阅读次数|阅读量|阅读|点击次数|点击数|点击|字号|字体|编号|編輯|責任編輯|瀏覽|閱讀|` +
		`Editor|Views|Comments|Tags)` + blanks + `[:：].*$`)
	separators = "|｜/·•,，;；—– \t\u3000"
	wraps      = "（）()【】[]"
)

// readLabelled reads a row of labelled facts: 来源：X　作者：Y　2021-05-03.
func readLabelled(text string) *imprint {
	if !strings.ContainsAny(text, ":：") {
		return nil
	}
	text = strings.Trim(text, wraps)
	text = strings.TrimSpace(text[:len(text)-len(aside.FindString(text))])
	labels := label.FindAllStringSubmatchIndex(text, -1)
	if labels == nil {
		return nil
	}
	var im imprint
	if before := strings.Trim(text[:labels[0][0]], separators); before != "" && !im.addDate(before) {
		rest, origin := cutOrigin(before)
		if origin == nil || rest != "" {
			return nil
		}
		im.join(origin)
	}
	for i, at := range labels {
		end := len(text)
		if i+1 < len(labels) {
			end = labels[i+1][0]
		}
		if !im.add(text[at[2]:at[3]], strings.Trim(text[at[1]:end], separators)) {
			return nil
		}
	}
	if im.isEmpty() {
		return nil
	}
	return &im
}

func (im *imprint) isEmpty() bool {
	return len(im.authors) == 0 && im.publication == "" && im.date == "" && im.title == ""
}

// addDate takes text for the date when it is nothing else.
func (im *imprint) addDate(text string) bool {
	found, ok := findDate(text)
	if !ok || strings.Trim(weekday.ReplaceAllString(text[:found.from]+text[found.to:], ""), separators+wraps) != "" {
		return false
	}
	if im.date == "" {
		im.date = found.date
	}
	return true
}

// add takes a labelled value; false where it is no value of the kind. A date may stand behind any value.
func (im *imprint) add(label, value string) bool {
	if found, ok := findDate(value); ok && im.addDate(value[found.from:found.to]) {
		value = strings.Trim(value[:found.from]+value[found.to:], separators)
	}
	switch label {
	case "Subject":
		im.title = value
		return value != ""
	case "记者", "記者": // in an interview, what follows is what he asks
		im.authors = byline("记者 " + value)
		return value == "" || im.authors != nil
	case "作者", "撰文", "撰稿", "文", "Author", "By", "From":
		value, origin := cutOrigin(value)
		if origin != nil {
			im.join(origin)
		}
		im.authors = pen(value)
		return value == "" || im.authors != nil
	case "信息来源", "文章来源", "来源", "稿源", "出处", "來源", "Source", "公众号", "微信公众号", "公眾號":
		return im.addOrigin(value)
	default:
		return value == "" || im.date != ""
	}
}

// maxOrigin is the longest name of a publication, in characters.
const maxOrigin = 24

// addOrigin takes the value of 来源: a publication, with or without a date behind it.
func (im *imprint) addOrigin(value string) bool {
	im.number, value = numberIn(value)
	_, value = numberIn(value)
	value = strings.Trim(value, separators)
	if strings.HasPrefix(value, "《") {
		name, rest, _ := strings.Cut(value, "》")
		value = name + edition.FindString(rest)
	}
	name := strings.Trim(value, separators+"《》〈〉")
	if edition.FindString(name) == "" || startsBracket(name) {
		name = strings.Trim(name, separators+wraps+"《》〈〉")
	}
	if utf8.RuneCountInString(name) > maxOrigin || strings.ContainsAny(name, "，、；") {
		return false
	}
	im.publication = name
	return true
}

// pen reads the value of 作者：, which may be a pen name or a body, too.
func pen(value string) []string {
	if names := byline(value); names != nil {
		return names
	}
	if names := latinNames(value); names != nil {
		return names
	}
	if address := strings.IndexByte(value, '<'); address > 0 {
		value = strings.Trim(value[:address], ` "`)
		if latinNames(value) != nil || isName(value) {
			return []string{value}
		}
	}
	names := splitNames(value)
	for _, name := range names {
		if n := utf8.RuneCountInString(name); n > 16 || n < 2 {
			return nil
		}
	}
	return names
}

// readAccount reads the row under a public account's headline: 原创  author  account  date.
func readAccount(text string) *imprint {
	if first := firstRune(text); first != '原' && first != '转' {
		return nil
	}
	fields := strings.Fields(text)
	if len(fields) < 2 || fields[0] != "原创" && fields[0] != "转载" && fields[0] != "原創" {
		return nil
	}
	var im imprint
	if found, ok := findDate(text); ok {
		im.date = found.date
		fields = strings.Fields(text[:found.from])
	}
	for _, field := range fields[1:] {
		switch {
		case isName(field) && im.authors == nil:
			im.authors = []string{field}
		case im.publication == "" && utf8.RuneCountInString(field) <= maxOrigin:
			im.publication = field
		default:
			return nil
		}
	}
	return &im
}

// readParts reads a row whose facts are parted by bars: By Jane Doe | May 3, 2021 | 3 min read.
func readParts(text string) *imprint {
	var im imprint
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("|｜丨", r) }) {
		part = strings.Trim(part, separators)
		if part == "" || readingTime.MatchString(part) {
			continue
		}
		one := readPosted(part)
		for _, read := range []func(string) *imprint{readReprint, readLabelled, readDate, readByline} {
			if one == nil {
				one = read(part)
			}
		}
		if one == nil {
			return nil
		}
		im.join(one)
	}
	if im.isEmpty() {
		return nil
	}
	return &im
}

var (
	readingTime = compile(`^\d+ min(?:ute)?s? read$|^阅读[约需]?\s*\d+`)
	reprint     = compile(`^(?:原载|原載|载|載|转自|轉自|刊于|刊於)` + blanks + `《([^《》]{2,20})》(.{0,24})$`)
)

// readReprint reads where a text appeared first: 原載《表演筆記》第四十七期.
func readReprint(text string) *imprint {
	m := reprint.FindStringSubmatch(text)
	if m == nil {
		if before, origin := cutOrigin(text); before == "" {
			return origin
		}
		return nil
	}
	found, _ := findDate(m[2])
	return &imprint{publication: m[1], date: found.date}
}

// join takes what another imprint says and this one does not.
func (im *imprint) join(other *imprint) {
	if im.authors == nil {
		im.authors = other.authors
	}
	for _, field := range [][2]*string{{&im.affiliation, &other.affiliation}, {&im.publication, &other.publication}, {&im.date, &other.date}, {&im.number, &other.number}} {
		if *field[0] == "" {
			*field[0] = *field[1]
		}
	}
}

// longestDate is the longest row that can be a day and nothing else, in characters.
const longestDate = 40

// readDate reads a row that holds nothing but a date.
func readDate(text string) *imprint {
	if utf8.RuneCountInString(text) > longestDate {
		return nil
	}
	var im imprint
	text = strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(strings.Trim(text, wraps+separators), "写于"), "发表于"), separators)
	if !im.addDate(text) {
		return nil
	}
	return &im
}

var (
	posted = compile(`^(?:Posted|Published|Written|Updated|Filed)\b\s*(?:on|:)?\s*(.*?)(?:\s*[|·•,]?\s*\b[Bb]y\s+(.+))?$`)
	byLine = compile(`^(?:[Bb]y|BY)\s+([^|·•]+?)(?:\s*[|·•–—]\s*(.+))?$`)
)

var weekday = regexp.MustCompile(`(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?`)

// readPosted reads the lines that English papers and blogs have under a headline: By X | date, Posted on
// date by X.
func readPosted(text string) *imprint {
	var im imprint
	var names, when string
	text, origin := cutOrigin(text)
	if origin != nil {
		im.join(origin)
	}
	if m := posted.FindStringSubmatch(text); m != nil {
		names, when = m[2], m[1]
	} else if m := byLine.FindStringSubmatch(text); m != nil {
		names, when = m[1], m[2]
		if found, ok := findDate(names); ok {
			names, when = names[:found.from], names[found.from:found.to]
		}
	} else {
		return nil
	}
	if when != "" && !im.addDate(when) && names == "" {
		return nil
	}
	if names != "" {
		if im.authors, im.affiliation = latinByline(strings.Trim(names, separators)); im.authors == nil {
			return nil
		}
	}
	if im.isEmpty() {
		return nil
	}
	return &im
}

// readByline reads names, and where the text appeared when that stands behind them.
func readByline(text string) *imprint {
	before, origin := cutOrigin(text)
	names, affiliation := bylineOf(before)
	if names == nil {
		return nil
	}
	im := &imprint{authors: names, affiliation: affiliation}
	if origin != nil {
		im.join(origin)
	}
	return im
}

var (
	latinName  = compile(`^(?:Dr\.?\s+|Prof\.?\s+|Professor\s+)?((?:\p{Lu}[\p{L}'’.-]* ){1,3}\p{Lu}[\p{L}'’-]+)$`)
	latinGap   = regexp.MustCompile(`\s*(?:,\s+and\s+|,|;|&|\band\b)\s*`)
	latinNotes = regexp.MustCompile(`(\p{L})[\d¹²³⁴⁵⁶*†‡]+(?:,[\d*]+)*`) // superscripts behind a name
	// latinOrgan is a word that a name of a body has and a person's name has not.
	latinOrgan = regexp.MustCompile(`\b(?:University|College|Institute|Laborator(?:y|ies)|Department|Dept|School|Faculty|Museum|Cent(?:re|er)|Cooperative|Co-operative|Union|Trust|Parish|Ward|Clinic|Office|Club|Society|Council|Hospital|Academy|Library|Archives?|Bureau|Ministry|Agency|Association|Company|Foundation|Observatory|Institution|Staff|Writer|Reporter|Correspondent|Editor|Contributor)\b`)
	numbered   = regexp.MustCompile(`^[(（]?[\d¹²³*†][).、．\s]*`)
)

// latinByline reads names in Latin letters, and where they work when it stands behind them: Jane Doe,
// Jane Doe and John Roe, Harbour Museum.
func latinByline(text string) (names []string, affiliation string) {
	if text == "" || !unicode.IsUpper(firstRune(text)) {
		return nil, ""
	}
	text = strings.TrimSpace(latinNotes.ReplaceAllString(text, "$1"))
	parts := latinGap.Split(text, -1)
	for _, part := range parts {
		if latinOrgan.MatchString(part) {
			_, after, _ := strings.Cut(text, part)
			affiliation = part + after
			break
		}
		m := latinName.FindStringSubmatch(part)
		if m == nil {
			return nil, ""
		}
		names = append(names, m[1])
	}
	return names, affiliation
}

// latinNames reads a row that holds nothing but names in Latin letters.
func latinNames(text string) []string {
	names, affiliation := latinByline(text)
	if affiliation != "" {
		return nil
	}
	return names
}

// affiliationRow reads a row that says where authors work, and nothing else: 1 Harbour Museum, Oldport.
func affiliationRow(text string, columns int) string {
	if columns > imprintColumns || endsSentence(text) {
		return ""
	}
	first, _, _ := strings.Cut(strings.ReplaceAll(strings.Trim(text, wraps), ";", "；"), "；")
	name := strings.TrimSpace(first[len(numbered.FindString(first)):])
	main, _, _ := strings.Cut(strings.NewReplacer(",", "，", " ", "，", "\u3000", "，").Replace(name), "，")
	if unicode.IsUpper(firstRune(name)) && latinOrgan.MatchString(name) || isOrgan(main) {
		return postcode.ReplaceAllString(name, "")
	}
	return ""
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
