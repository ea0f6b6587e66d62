package rag

import (
	"slices"
	"strconv"
	"strings"
)

// resolved is a question as its conversation lets it be understood.
type resolved struct {
	Question string       // stands by itself
	Articles []int64      // to look in; none: all
	Without  []CitedQuote // that were given before and are not wanted again
	Again    bool         // the question is the last one
}

// dialogue is a question and what was said before it.
type dialogue struct {
	question string
	turns    []Turn                      // at least one
	named    func(text string) []Mention // what a text names of the corpus
}

// resolve understands a question out of the turns before it. One that stands by itself, which is every one that
// is no clear follow-up, stays as it is: an answer to another question than was asked is worse than none.
func resolve(question string, turns []Turn, named func(text string) []Mention) resolved {
	if len(turns) > 0 {
		d := dialogue{strings.TrimSpace(question), turns, named}
		for _, read := range []func() (resolved, bool){d.more, d.nth, d.article, d.pronoun, d.elliptic, d.swap} {
			if r, ok := read(); ok && CheckQuestion(r.Question) == nil {
				return r
			}
		}
	}
	return resolved{Question: question}
}

func (d dialogue) last() Turn { return d.turns[len(d.turns)-1] }

// cited are the quotes given last, which may be some turns ago.
func (d dialogue) cited() []CitedQuote {
	for _, t := range slices.Backward(d.turns) {
		if len(t.Cited) > 0 {
			return t.Cited
		}
	}
	return nil
}

// more is the last question again: 还有呢.
func (d dialogue) more() (r resolved, ok bool) {
	if !moreAsked.MatchString(d.question) {
		return r, false
	}
	r.Question, r.Again = d.last().Resolved, true
	for _, t := range d.turns {
		for _, c := range t.Cited {
			if t.Resolved == r.Question || strings.Contains(r.Question, c.Text) { // of a quote that is asked about, that one
				r.Without = append(r.Without, c)
			}
		}
	}
	return r, true
}

// nth is about one of the quotes given last, or of the points that they count: 第二点展开说说.
func (d dialogue) nth() (r resolved, ok bool) {
	cited := d.cited()
	n, isPoint, rest, ok := d.ordinal(len(cited))
	if !ok {
		return r, false
	}
	quote, text, ok := nthOf(cited, n, isPoint)
	text = strings.ReplaceAll(text, "*", "") // Markdown's
	switch {
	case !ok:
		return r, false
	case imprintAlone.MatchString(rest):
		return ofArticle(quote, rest), true
	case elaborate.MatchString(rest):
		return resolved{Question: text, Articles: []int64{quote.Article}, Without: cited}, true
	case isElliptic(rest):
		return resolved{Question: text + "，" + rest, Articles: []int64{quote.Article}}, true
	}
	return r, false
}

// ordinal reads which one a question is about, of so many quotes, and what else it says. Points are of a text,
// the others are rather quotes.
func (d dialogue) ordinal(quotes int) (n int, isPoint bool, rest string, ok bool) {
	if m := nthInEnglish.FindStringSubmatch(d.question); m != nil {
		n = 1 + slices.Index([]string{"first", "second", "third", "fourth", "fifth"}, strings.ToLower(m[1]))
		if n == 0 {
			n = quotes
		}
		return n, strings.Contains(d.question, "point"), "", true
	}
	m := nthAsked.FindStringSubmatch(d.question)
	if m == nil {
		return 0, false, "", false
	}
	switch {
	case m[4] != "":
		n, _ = strconv.Atoi(m[4])
	case m[1] == "最后":
		n = quotes
	default:
		n = numberOf(m[2])
	}
	return n, slices.Contains([]string{"点", "项", "种", "方面", "部分"}, m[3]), strings.TrimSpace(m[5]), true
}

// nthOf is the quote, and the text in it that is meant.
func nthOf(cited []CitedQuote, n int, isPoint bool) (quote CitedQuote, text string, ok bool) {
	isQuote := n >= 1 && n <= len(cited)
	if isQuote && !isPoint {
		return cited[n-1], cited[n-1].Text, true
	}
	for _, c := range cited {
		if point := pointOf(c.Text, n); point != "" {
			return c, point, true
		}
	}
	if isQuote {
		return cited[n-1], cited[n-1].Text, true
	}
	return CitedQuote{}, "", false
}

// article is about the article cited last: 那篇是谁写的, 出处呢.
func (d dialogue) article() (r resolved, ok bool) {
	cited := d.cited()
	if len(cited) == 0 || len(d.named(d.question)) > 0 {
		return r, false
	}
	switch m := ofThatArticle.FindStringSubmatch(d.question); {
	case m != nil && Terms(m[1]) != nil && !namesItself.MatchString(m[1]):
		r = ofArticle(cited[0], m[1])
		if saidMore.MatchString(m[1]) {
			r.Without = d.givenOf(cited[0].Article)
		}
		return r, true
	case sourceAlone.MatchString(d.question) && hasHan(d.question):
		return ofArticle(cited[0], "登在哪家报纸，什么时候发表的？"), true
	case sourceAlone.MatchString(d.question):
		return ofArticle(cited[0], "Where was it published, and when?"), true
	case imprintAlone.MatchString(d.question):
		return ofArticle(cited[0], saidBy.ReplaceAllString(openers.ReplaceAllString(d.question, ""), "是谁写的")), true
	}
	return r, false
}

// ofArticle asks something of the article of a quote.
func ofArticle(c CitedQuote, rest string) resolved {
	name, question := titled(c.Title), rest
	switch {
	case hasHan(rest):
		question = name + "这篇" + strings.TrimPrefix(rest, "它")
	case name != "":
		question = thatInEnglish.ReplaceAllLiteralString(rest, name)
	}
	return resolved{Question: question, Articles: []int64{c.Article}}
}

// inTitle makes the marks of a title those of one within another.
var inTitle = strings.NewReplacer("《", "〈", "》", "〉", "\n", " ")

// titled is a title in its marks, as a question would have it; "" where there is none.
func titled(title string) string {
	if title == "" {
		return ""
	}
	return "《" + inTitle.Replace(title) + "》"
}

// givenOf are the quotes of an article that were given.
func (d dialogue) givenOf(article int64) (given []CitedQuote) {
	for _, t := range d.turns {
		for _, c := range t.Cited {
			if c.Article == article {
				given = append(given, c)
			}
		}
	}
	return given
}

// pronoun puts a name in the place of 他, 该作者 or "she"; where there is none, the last question goes before.
func (d dialogue) pronoun() (r resolved, ok bool) {
	before, word, rest := d.pronounParts()
	if word == "" {
		return r, false
	}
	name := d.referent(word, rest)
	if name == "" {
		return d.joined(), true
	}
	if possessivePronoun.MatchString(word) {
		name += "'s"
	}
	r.Question = before + name + rest
	if saidMore.MatchString(rest) {
		for _, t := range d.turns {
			r.Without = append(r.Without, t.Cited...)
		}
	}
	return r, true
}

// pronounParts are a question around its pronoun; word is "" where it has none that could mean what was said before.
func (d dialogue) pronounParts() (before, word, rest string) {
	if m := pronounAsked.FindStringSubmatch(d.question); m != nil {
		return m[1], m[2], m[3]
	}
	if m := pronounInEnglish.FindStringSubmatch(d.question); m != nil && !strings.HasPrefix(m[4], " of ") {
		return m[1], m[2], m[3] + m[4]
	}
	return "", "", ""
}

// referent is whom or what a pronoun means, "" where that is not clear.
func (d dialogue) referent(word, rest string) string {
	writer := d.writer()
	topic := topicOf(d.last())
	isWriter := strings.Contains(word, "作者") || strings.Contains(word, "author")
	switch author := d.authorNamed(); {
	case strings.HasPrefix(word, "它"):
		return topic
	case author != "":
		return author
	case d.wasOfWriter() || isWriter:
		return writer
	case len([]rune(topic)) <= 4 && isPersonal(topic):
		return topic
	case ofTheWriter.MatchString(rest) || !hasHan(rest):
		return writer
	}
	return ""
}

// authorNamed is the author that the last question names, the last of several.
func (d dialogue) authorNamed() (author string) {
	for _, m := range d.named(d.last().Resolved) {
		if m.Filter.Author != "" {
			author = asAuthor(m.Filter.Author)
		}
	}
	return author
}

// wasOfWriter says whether the last question was for who wrote an article, or for what he is.
func (d dialogue) wasOfWriter() bool {
	fields, _ := imprintFields(d.last().Resolved)
	return slices.Contains(fields, AuthorsField) || slices.Contains(fields, AffiliationField)
}

// writer is who wrote the article cited last.
func (d dialogue) writer() string {
	cited := d.cited()
	if len(cited) == 0 || len(cited[0].Authors) == 0 {
		return ""
	}
	return asAuthor(strings.Join(cited[0].Authors, "、"))
}

// asAuthor names a person as one who writes, by which a question is for his articles.
func asAuthor(name string) string {
	if hasHan(name) {
		return "作者" + name
	}
	return "the author " + name
}

// longestTopic is the longest topic looked for, in characters.
const longestTopic = 12

// topicOf is what a question begins with, as far as the quotes given for it speak of that, too; "" where they do not.
func topicOf(t Turn) string {
	text := []rune(strings.TrimLeft(openers.ReplaceAllString(t.Resolved, ""), "“”《》「」\" "))
	for n := min(longestTopic, len(text)); n >= 2; n-- {
		topic := string(text[:n])
		if !slices.ContainsFunc(t.Cited, func(c CitedQuote) bool { return strings.Contains(c.Title+"\n"+c.Text, topic) }) {
			continue
		}
		topic, _, _ = strings.Cut(topic, "的")
		topic = strings.TrimRight(topic, "在是有了于从与和对把被为及、，《“ ")
		if len([]rune(topic)) < 2 || asksItself.MatchString(topic) {
			return ""
		}
		return topic
	}
	return ""
}

// elliptic goes on from the last question: 为什么, 具体怎么做.
func (d dialogue) elliptic() (resolved, bool) {
	if !isElliptic(d.question) {
		return resolved{}, false
	}
	return d.joined(), true
}

// joined is the last question and this one. What the last one had joined itself is left out, so that a row of them does not pile up.
func (d dialogue) joined() resolved {
	last := d.last()
	before := strings.TrimSpace(last.Resolved)
	if rest := strings.TrimSuffix(before, last.Question); isElliptic(last.Question) && strings.TrimSpace(rest) != "" {
		before = strings.TrimSpace(rest)
	}
	return resolved{Question: before + " " + d.question}
}

// swap is the last question of another author, paper or thing: 那光明日报呢.
func (d dialogue) swap() (r resolved, ok bool) {
	other := otherOf(d.question)
	if other == "" {
		return r, false
	}
	last := d.last()
	mentions := d.named(asText(other))
	if coveredBy(other, mentions) {
		r.Question = withMention(last.Resolved, d.named(last.Resolved), other, mentions[0])
		return r, true
	}
	if !isTopic(d.question, other) {
		return r, false
	}
	if topic := cmpTopic(last, other); topic != "" {
		r.Question = strings.Replace(last.Resolved, topic, other, 1)
		return r, true
	}
	return d.joined(), true
}

// otherOf is what a question asks for instead, "" where it is no such question.
func otherOf(question string) string {
	if nthAsked.MatchString(question) {
		return ""
	}
	for _, form := range []interface{ FindStringSubmatch(string) []string }{swapAsked, swapInEnglish} {
		if m := form.FindStringSubmatch(question); m != nil && !asksItself.MatchString(m[1]) {
			return strings.TrimSpace(m[1])
		}
	}
	return ""
}

// asText is a name with words by which it is one of a text.
func asText(name string) string { return name + "的文章" }

// coveredBy says whether mentions are all that a text says.
func coveredBy(text string, mentions []Mention) bool {
	rest := strings.NewReplacer("的", "", "文章", "", "那篇", "", "这篇", "").Replace(text)
	for _, m := range mentions {
		rest = strings.Replace(rest, m.Text, "", 1)
	}
	return len(mentions) > 0 && bare(rest) == ""
}

// withMention puts a name in the place of the one that a question has, of its kind if there is one; before the
// question, if there is none.
func withMention(question string, has []Mention, name string, as Mention) string {
	if len(has) == 0 {
		if hasHan(question) {
			return asText(name) + "里，" + question
		}
		return "According to " + name + ", " + question
	}
	i := max(0, slices.IndexFunc(has, func(m Mention) bool { return m.Filter.kind() == as.Filter.kind() }))
	runes := []rune(question)
	before, behind := string(runes[:has[i].Span.Start]), string(runes[has[i].Span.End:])
	if has[i].Filter.kind() == titleName { // the marks are of the title
		before, behind = strings.TrimSuffix(before, "《"), strings.TrimPrefix(behind, "》")
	}
	return before + name + behind
}

// kind is what a filter names articles by, as far as one word says it.
func (f Filter) kind() nameKind {
	switch {
	case f.Author != "":
		return authorName
	case f.Publication != "":
		return publicationName
	case f.Title != "":
		return titleName
	}
	return dated
}

// isTopic says whether a question like 长江保护法呢 says nothing but a name.
func isTopic(question, other string) bool {
	tail := strings.TrimRight(question, "?？!！。. ")
	return len([]rune(other)) <= longestTopic && (strings.HasSuffix(tail, other+"呢") || !hasHan(question))
}

// cmpTopic is what of the last question another thing stands beside: what is spelt like it, or else its topic.
func cmpTopic(last Turn, other string) string {
	text, want := []rune(last.Resolved), []rune(other)
	for i := 0; i+len(want) <= len(text); i++ {
		same := 0
		for j, r := range want {
			if text[i+j] == r {
				same++
			}
		}
		if 2*same > len(want) && same < len(want) && (text[i] == want[0] || text[i+len(want)-1] == want[len(want)-1]) {
			return string(text[i : i+len(want)])
		}
	}
	return topicOf(last)
}
