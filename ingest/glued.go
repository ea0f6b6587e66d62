package ingest

import (
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"
)

// Headlines that an extraction has glued into running text, with no line break before or after them.
var (
	// genres are the words that end the headline of an occasional text and that hardly any sentence goes on from.
	genres = `(?:心得体会|学习体会|研讨发言|交流发言|表态发言|发言材料|发言提纲|发言稿|讲话稿|讲稿|演讲稿|宣讲稿|主持词|致辞|倡议书|专题党课|党课讲稿|党课|` +
		`辅导报告|述职报告|调研报告|总结报告|工作总结|工作汇报|汇报材料|学习材料|宣讲材料|剖析材料|对照检查材料|读后感|观后感|学习感悟|实施方案|工作方案)`
	gluedGenre = regexp.MustCompile(genres + `{1,3}(?:材料|讲稿|提纲|稿)?`)
	// salutation begins a speech; what stands between it and the genre is a second headline.
	salutation = compile(`^([^。！？!?；;：:]{0,48}?)(?:各位|尊敬的|敬爱的)?(?:同志们|领导|同事|代表|委员|来宾|老师|同学们|朋友们|战友们|家长)(?:们)?[，,、：:！!]`)
	gluedNews  = regexp.MustCompile(`^([^。！？!?；;，,、\s\p{Zs}][^。！？!?；;，,]{3,36}?)` + blanks + `(?:[□○●■◎◇◆]` + blanks + `\p{Han}{1,4}|` + dateline.String()[1:] + `)`)
	// compiled says that a file is a collection of such texts.
	compiled = regexp.MustCompile(`[【（(\[]?(?:[2-9二三四五六七八九十两]|\d{2})` + blanks + `篇[】）)\]]?|合集|汇编|范文|精选`)
	// dated begins the headline of an occasional text.
	dated = compile(`^(?:(?:19|20)\d\d年|关于|在[^，。]{2,30}上的)`)
	// goesOn are runes after a genre that show it to be a part of a sentence.
	goesOn = "，,。；;：:、）)！!？?的是了在与和及或等中上里后前时会将有也都为并"
)

// flow is neighbouring long rows as one text; ends[i] is where the i-th row ends in it.
type flow struct {
	first int
	text  string
	ends  []int
}

// glued is a headline within a flow, bytes from..to.
type glued struct{ from, to int }

// topRows is how far down a file its name or the site's words for it may stand.
const topRows = 40

// splitGlued cuts rows so that a headline glued into running text has a row of its own. Only long rows
// are looked at: where lines are short, headlines have their own. A headline that a fragment's end cuts in
// two becomes two rows.
func splitGlued(rows []row) []row {
	collection := false
	for i := range rows[:min(len(rows), topRows)] {
		collection = collection || rows[i].columns < longLine && compiled.MatchString(rows[i].content())
	}
	var out []row
	for i := 0; i < len(rows); {
		f := flowAt(rows, i)
		if len(f.ends) == 0 {
			out = append(out, rows[i])
			i++
			continue
		}
		out = append(out, f.split(rows, f.titles(collection))...)
		i += len(f.ends)
	}
	return out
}

func flowAt(rows []row, i int) flow {
	f := flow{first: i}
	var text strings.Builder
	for ; i < len(rows) && rows[i].columns >= longLine && !rows[i].heading; i++ {
		text.WriteString(rows[i].content())
		f.ends = append(f.ends, text.Len())
	}
	f.text = text.String()
	return f
}

// titles finds the headlines glued into the flow.
func (f flow) titles(collection bool) []glued {
	var found []glued
	for at := 0; at < len(f.text); at = f.nextSentence(at) {
		begin := at
		for _, end := range headlineAt(f.text[at:], collection) {
			found = append(found, glued{begin, at + end})
			begin = at + end
		}
	}
	return found
}

// nextSentence is where the first sentence after byte at begins.
func (f flow) nextSentence(at int) int {
	i := strings.IndexAny(f.text[at:], "。！？!?")
	if i < 0 {
		return len(f.text)
	}
	_, size := utf8.DecodeRuneInString(f.text[at+i:])
	rest := f.text[at+i+size:]
	return len(f.text) - len(strings.TrimLeft(rest, "。！？!?”’」』）) 　"))
}

// headlineAt gives the ends of the headline that is glued to the beginning of text, and of its second part
// when a salutation shows that it has one; none where text begins with no headline.
func headlineAt(text string, collection bool) []int {
	clause := firstClause(text)
	has := lookOf(clause)
	if has&reports != 0 {
		if m := gluedNews.FindStringSubmatch(text); m != nil {
			return []int{len(m[1])}
		}
	}
	if !collection && !dated.MatchString(clause) && !mayGreet(text) {
		return nil
	}
	m := gluedGenre.FindStringIndex(clause)
	if m == nil || m[0] == 0 {
		return nil
	}
	title, rest := text[:m[1]], text[m[1]:]
	if s := salutation.FindStringSubmatchIndex(rest); s != nil {
		return []int{len(title), len(title) + s[3]}
	}
	next, _ := utf8.DecodeRuneInString(rest)
	if strings.ContainsRune(goesOn, next) || !collection && !dated.MatchString(title) {
		return nil
	}
	return []int{len(title)}
}

// mayGreet says whether a salutation may stand near the beginning of a text.
func mayGreet(text string) bool {
	text = text[:min(len(text), 4*clauseRunes)]
	return strings.ContainsAny(text, "：:！，,") && (strings.Contains(text, "们") || strings.Contains(text, "各位") || strings.Contains(text, "尊敬") || strings.Contains(text, "领导"))
}

// clauseRunes is the longest headline of an occasional text, with room for the text that it is glued to.
const clauseRunes = 72

// firstClause is text up to the first mark that no headline has outside quotation marks.
func firstClause(text string) string {
	quoted, n := false, 0
	for i, r := range text {
		switch {
		case r == '“' || r == '《':
			quoted = true
		case r == '”' || r == '》':
			quoted = false
		case n == clauseRunes || strings.ContainsRune("。！？!?；;", r) || !quoted && strings.ContainsRune("，,", r):
			return text[:i]
		}
		n++
	}
	return text
}

// split cuts the flow's rows around headlines.
func (f flow) split(rows []row, titles []glued) []row {
	var out []row
	start := 0
	cut := func(to int, title bool) {
		for start < to {
			i := sort.SearchInts(f.ends, start+1)
			end := min(to, f.ends[i])
			begin := f.ends[i] - len(rows[f.first+i].content())
			r := rows[f.first+i]
			r.to, r.from = r.from+end-begin, r.from+start-begin
			if start > begin {
				r.torn, r.afterBlank, r.indented = false, false, false
			}
			if r.glued = title; title {
				r.columns = columns(r.content())
			}
			out = append(out, r)
			start = end
		}
	}
	for _, t := range titles {
		cut(t.from, false)
		cut(t.to, true)
	}
	cut(len(f.text), false)
	return out
}
