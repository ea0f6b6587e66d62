package bot

import (
	"regexp"
	"strings"
	"time"
	"unicode"

	"yinju/rag"
)

// citedAuthors is how many authors a citation names before it says that there are more.
const citedAuthors = 3

// kind is what GB/T 7714 calls a document.
type kind string

const (
	newspaper kind = "N"
	journal   kind = "J"
	other     kind = "Z"
)

var (
	journalName   = regexp.MustCompile(`(?i)(学报|学刊|月刊|季刊|周刊|半月谈|旬刊|杂志|刊|求是|红旗文稿|^中国高等教育|^前线|^群众|^党建|^管理世界|^中国社会科学|瞭望|研究|评论|论坛|论丛|译丛|通讯|通报|科学|画报|\bjournal\b.*|\breview\b.*|\bmagazine\b.*|\bquarterly\b.*|\bproceedings\b.*)$`)
	newspaperName = regexp.MustCompile(`(?i)(报|報|报社|報社|电讯|周末|週末|^参考消息|^參考消息|\btimes|\bdaily|\bpost|\bnews|\bherald|\bgazette|\btribune)$`)
	// dailyName begins the names of newspapers whose end would make them journals: 人民日报评论.
	dailyName = regexp.MustCompile(`^\p{Han}{1,8}(?:日报|晚报|晨报|早报|时报|日報|晚報|晨報|早報|時報)`)
	// edition is what a paper puts behind its name: 海外版, （理论周刊）.
	edition  = regexp.MustCompile(`(?:[（(][^（）()]*[）)]|海外版|农村版)$`)
	issueOf  = regexp.MustCompile(`(?:(\d{4})\s*年\s*)?第\s*0*(\d{1,4})\s*期`)
	pageOf   = regexp.MustCompile(`第?\s*0*(\d{1,3})\s*版`)
	dayIn    = regexp.MustCompile(`((?:19|20)\d{2})\s*[年.\-/]\s*(\d{1,2})\s*[月.\-/]\s*(\d{1,2})\s*日?`)
	hollow   = regexp.MustCompile(`[（(][\s，,、]*[）)]`)
	subtitle = regexp.MustCompile(`(\S)\s*——\s*(\S)`)
	// abbreviated is an end whose period belongs to it: U.S., and so on...
	abbreviated = regexp.MustCompile(`(?:\.\p{L}|\.\.)\.$`)
)

// CiteGBT7714 cites an article after GB/T 7714-2015: an article of a newspaper [N] or a journal [J], else [Z]. What the
// source does not say is left out, as the standard lets numbered references do.
func CiteGBT7714(a *rag.Article) string {
	publication := bareName(a.Publication)
	what := kindOf(a, publication)
	title := subtitle.ReplaceAllString(withoutPeriod(citedTitle(a, publication)), "$1: $2")
	if a.Title == "" { // it is named by its first words, which the standard puts in brackets
		title = "[" + title + "]"
	}
	cited := title + "[" + string(what) + "]"
	if authors := authorsOf(a.Authors, ", ", "等", "et al"); authors != "" {
		cited = strings.TrimSuffix(authors, ".") + ". " + cited
	}
	var published []string
	for _, part := range []string{publication, publishedOf(a, what)} {
		if part != "" {
			published = append(published, part)
		}
	}
	if len(published) > 0 {
		cited += ". " + strings.Join(published, ", ")
	}
	return strings.TrimSuffix(cited, ".") + "."
}

// citedTitle is the title without the name of the paper that some prints put before it: the paper is named behind it.
func citedTitle(a *rag.Article, publication string) string {
	title := strings.Join(strings.Fields(OneLine(a.DisplayTitle())), " ")
	for _, mark := range []string{"：", ":"} {
		if rest, ok := strings.CutPrefix(title, publication+mark); ok && publication != "" && strings.TrimSpace(rest) != "" {
			return strings.TrimSpace(rest)
		}
	}
	return title
}

// withoutPeriod is a title without the period at its end: the mark of the kind follows.
func withoutPeriod(title string) string {
	if abbreviated.MatchString(title) {
		return title
	}
	return strings.TrimRight(title, "。．.")
}

// kindOf tells by the name where an article was published, its edition aside, and by a number of an issue or page. A
// newspaper counts its issues, too: a page tells more.
func kindOf(a *rag.Article, publication string) kind {
	imprint := a.Publication + " " + a.Section
	name := strings.TrimSpace(edition.ReplaceAllString(publication, ""))
	paper := dailyName.MatchString(name) || newspaperName.MatchString(name) && !journalName.MatchString(name)
	paged, issued := pageOf.MatchString(imprint), issueOf.MatchString(imprint)
	switch {
	case publication == "":
		return other
	case paper && (paged || !issued):
		return newspaper
	case issued, journalName.MatchString(name):
		return journal
	case paged:
		return newspaper
	}
	return other
}

// publishedOf is the date, with the page of a newspaper; of a journal the year, with the issue.
func publishedOf(a *rag.Article, what kind) string {
	imprint, date := a.Publication+" "+a.Section, dayOf(a)
	switch what {
	case other:
	case newspaper:
		if page := pageOf.FindStringSubmatch(imprint); page != nil && date != "" {
			return date + "(" + page[1] + ")"
		}
	case journal:
		year := date[:min(len(date), len("2006"))]
		issue := issueOf.FindStringSubmatch(imprint)
		if issue == nil {
			return year
		}
		if issue[1] != "" {
			year = issue[1]
		}
		return year + "(" + issue[2] + ")"
	}
	return date
}

// dayOf is the date of an article; where it has none, the day that stands with its publication.
func dayOf(a *rag.Article) string {
	if day := dayIn.FindStringSubmatch(a.Publication); day != nil && a.Date == "" {
		return day[1] + "-" + twoDigits(day[2]) + "-" + twoDigits(day[3])
	}
	return a.Date
}

func twoDigits(number string) string {
	if len(number) < 2 {
		return "0" + number
	}
	return number
}

// bareName is the name of a publication without the marks around it, and without the number of an issue or page, or a
// day. What stands in brackets behind it is a part of it: 人民日报（海外版）.
func bareName(publication string) string {
	name := OneLine(publication)
	for _, number := range []*regexp.Regexp{dayIn, issueOf, pageOf} {
		name = number.ReplaceAllString(name, "")
	}
	name = hollow.ReplaceAllString(bookMarks.Replace(name), "")
	for {
		name = strings.Trim(name, "<> ，,、")
		bare := withoutBracket(name)
		if bare == name {
			return name
		}
		name = bare
	}
}

// bookMarks are those around a name: 《求是》杂志.
var bookMarks = strings.NewReplacer("《", "", "》", "", "〈", "", "〉", "")

// withoutBracket takes a bracket off an end of a name where it has no other one, or two that are around the name.
func withoutBracket(name string) string {
	opened := strings.Count(name, "（") + strings.Count(name, "(")
	closed := strings.Count(name, "）") + strings.Count(name, ")")
	inside, before := strings.TrimLeft(name, "（("), strings.TrimRight(name, "）)")
	switch {
	case opened == 1 && closed == 1 && inside != name && before != name:
		return strings.TrimRight(inside, "）)")
	case opened > closed:
		return inside
	case closed > opened:
		return before
	}
	return name
}

// authorsOf are the authors, of many the first ones with a word for the others in their language.
func authorsOf(authors []string, between, others, othersLatin string) string {
	var named []string
	for _, author := range authors {
		if author = OneLine(author); author != "" {
			named = append(named, author)
		}
	}
	if len(named) > citedAuthors {
		if !hasHan(strings.Join(named[:citedAuthors], "")) {
			others = othersLatin
		}
		named = append(named[:citedAuthors:citedAuthors], others)
	}
	return strings.Join(named, between)
}

// CitePlain cites an article as a sentence of a text does.
func CitePlain(a *rag.Article, lang Lang) string {
	publication := bareName(a.Publication)
	title := citedTitle(a, publication)
	if lang == English {
		return citeEnglish(a, title, publication)
	}
	cited := "《" + inner.Replace(strings.ReplaceAll(title, " ——", "——")) + "》"
	if authors := authorsOf(a.Authors, "、", "等", "等"); authors != "" {
		cited = strings.ReplaceAll(authors, "、等", "等") + "：" + cited
	}
	date := dayOf(a)
	if publication != "" || date != "" {
		cited += "，"
	}
	if publication != "" {
		cited += "《" + publication + "》"
	}
	return cited + dateOf(date, "2006年", "2006年1月", "2006年1月2日") + "。"
}

// inner are the marks of a title within a title.
var inner = strings.NewReplacer("《", "〈", "》", "〉")

func citeEnglish(a *rag.Article, title, publication string) string {
	parts := []string{}
	if authors := authorsOf(a.Authors, ", ", "et al.", "et al."); authors != "" {
		parts = append(parts, authors)
	}
	parts = append(parts, "“"+title+"”")
	for _, part := range []string{publication, dateOf(dayOf(a), "2006", "January 2006", "2 January 2006")} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.TrimSuffix(strings.Join(parts, ", "), ".") + "."
}

// dateOf writes a date, as far as it is known, in one of the layouts for a year, a month and a day.
func dateOf(date, year, month, day string) string {
	for layout, want := range map[string]string{"2006": year, "2006-01": month, "2006-01-02": day} {
		if t, err := time.Parse(layout, date); err == nil {
			return t.Format(want)
		}
	}
	return date
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
