package rag

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// What a question asks of an article itself: who wrote it, what he is, where and when it came out. The answer is
// the line of the source that says so, and no sentence of the text can stand in for it.
var imprintAsked = []imprintRule{
	{AuthorsField, regexp.MustCompile(`作者(?:都)?(?:是|叫|为|姓)?(?:谁|什么(?:[^身职头单学]|$)|啥|哪(?:个(?:[^单大学部]|$)|[^个家所]|$))|作者.{0,4}名字|署名|谁(?:在?哪篇[^，。？]{0,4}|合)?(?:写|撰|执笔|主讲|署)|(?:由|是|被)谁(?:写|撰|主讲)|(?:写|主讲).{0,30}的(?:人)?是谁|谁的(?:文章|手笔)|who (?:wrote|is the author|are the authors)|author of`)},
	{AffiliationField, regexp.MustCompile(`^[^，。？?]{2,8}(?:是)?什么(?:身份|职务|头衔)|作者.{0,12}(?:单位|职务|头衔|任教|任职|供职|大学|学校|干什么|做什么)|(?:单位|职务|头衔|身份)(?:和职务)?(?:是|呢|[?？]|$)|任(?:什么|何)?职|是干什么的|是什么单位的|work for|affiliated with`)},
	{PublicationField, regexp.MustCompile(`(?:登|刊|发表|载|发|见)(?:在|于)(?:了)?(?:什么|哪|何)(?:一)?(?:家|份|个)?(?:报|刊|杂志|媒体)|什么报|(?:登|刊)在哪|出自哪(?:份|家|张)(?:报|刊)|which (?:newspaper|paper|journal)`)},
	{DateField, regexp.MustCompile(`(?:发表|刊登|登载|登出|见报|刊发|刊载|登|发)(?:于|在|是|的)?[^，。？?、；]{0,12}(?:哪(?:一)?[年天日月]|几月|什么时候|何时)|(?:哪(?:一)?[年天日]|什么时候|何时)[^，。？?]{0,4}(?:发表|刊登|见报|刊发|登的|登出|登在)|[文篇稿](?:章|子)?(?:是)?(?:哪(?:一)?[年天日]|什么时候|何时)(?:发|写|出)的|(?:什么报|哪家报纸|哪份报纸|报上).{0,4}(?:什么时候|哪(?:一)?[天年日]|何时)|published|come out`)},
}

type imprintRule struct {
	field Field
	asked *regexp.Regexp
}

// imprintFields are the fields of an article that a question asks for, and which share of what it asks they are.
func imprintFields(question string) (fields []Field, share float64) {
	q := foldText(question)
	for _, rule := range imprintAsked {
		if rule.asked.MatchString(q) {
			fields = append(fields, rule.field)
		}
	}
	asked, other := 0, 0
	for _, clause := range clausesOf(q) {
		switch {
		case slices.ContainsFunc(imprintAsked, func(r imprintRule) bool { return r.asked.MatchString(clause) }):
			asked++
		case asking.MatchString(clause):
			other++
		}
	}
	return fields, float64(max(1, asked)) / float64(max(1, asked)+other)
}

// ofText are words for what has an imprint.
var ofText = regexp.MustCompile(`[这那哪本该几两]篇|文章|一文|文中|社论|评论|党课|讲稿|访谈|报道|材料|article|piece|essay|editorial|report`)

// imprintAsked are the imprintFields of a question that is of a text: it names one, or says so.
func (s *search) imprintAsked() (fields []Field, share float64) {
	if len(s.scope) == 0 && !ofText.MatchString(foldText(s.question)) {
		return nil, 0
	}
	return imprintFields(s.question)
}

// imprint is what the lines of one article say of it.
type imprint struct {
	article int64
	lines   map[Field]pick // of the fields that are known and stand in its text
	known   map[Field]bool
}

// imprints reads the lines that say what is asked of some articles, in their order.
func (s *Store) imprints(ctx context.Context, articles []int64, fields []Field) ([]imprint, error) {
	rows, _ := s.pool.Query(ctx, `select id, title, body, places, facts, tears from articles where id = any($1) order by array_position($1, id)`, articles)
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (imprint, error) {
		var a Article
		var places []int32
		if err := row.Scan(&a.ID, &a.Title, &a.Text, &places, &a.Facts, &a.Tears); err != nil {
			return imprint{}, err
		}
		a.Places = placesOf(places)
		return a.imprint(fields), nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what articles say of themselves: %w", err)
	}
	return all, nil
}

// imprint finds the lines of an article's text that say some of its fields.
func (a *Article) imprint(fields []Field) imprint {
	found := imprint{article: a.ID, lines: map[Field]pick{}, known: map[Field]bool{}}
	text := []rune(a.Text)
	for _, field := range fields {
		fact, known := a.Facts[field]
		found.known[field] = known
		if !known {
			continue
		}
		span, ok := a.lineOf(text, fact.Line)
		if field == AuthorsField {
			if title, has := a.lineOf(text, a.Facts[TitleField].Line); ok && has {
				span = a.joined(text, title, span)
			}
		}
		if ok {
			found.lines[field] = pick{article: a.ID, span: span, text: string(text[span.Start:span.End])}
		}
	}
	return found
}

// headingsRunes is the longest headline and byline together, that may have rows between them.
const headingsRunes = 100

// imprintRunes is about the longest line that says something of an article.
const imprintRunes = 160

// lineOf is where a line of the source stands in the article's text, up to the bracket that closes it: a note
// on the author may go on in the next line.
func (a *Article) lineOf(text []rune, line int) (Span, bool) {
	i := slices.IndexFunc(a.Places, func(r Run) bool { return r.Line == line })
	if i < 0 || line == 0 {
		return Span{}, false
	}
	s := Span{a.Places[i].Start, len(text)}
	for _, next := range a.Places[i+1:] {
		if next.Line != line {
			s.End = next.Start
			break
		}
	}
	s = trim(text, s)
	if s.Len() > 0 && strings.ContainsRune("（(", text[s.Start]) && !strings.ContainsRune("）)", text[s.End-1]) {
		if end := slices.IndexFunc(text[s.End:], func(r rune) bool { return strings.ContainsRune("）)", r) }); end >= 0 && end < imprintRunes {
			s.End += end + 1
		}
	}
	return s, s.Len() > 0 && s.Len() <= imprintRunes && !a.isTorn(s)
}

// joined is the span of headline and byline together where no sentence stands between them, else the byline's.
func (a *Article) joined(text []rune, title, byline Span) Span {
	both := Span{min(title.Start, byline.Start), max(title.End, byline.End)}
	gap := Span{min(title.End, byline.End), max(title.Start, byline.Start)}
	if gap.Start > gap.End || slices.ContainsFunc(text[gap.Start:max(gap.Start, gap.End)], func(r rune) bool { return strings.ContainsRune(sentenceEnds, r) }) || both.Len() > headingsRunes || a.isTorn(both) {
		return byline
	}
	return both
}

// isTorn says whether layout was dropped from within a span.
func (a *Article) isTorn(s Span) bool {
	return slices.ContainsFunc(a.Tears, func(at int) bool { return at > s.Start && at < s.End })
}

// maxImprints is how many articles are asked what they say of themselves.
const maxImprints = 5

// ofImprint answers a question for what articles say of themselves: the picks, and whether what is asked is known.
func (s *search) ofImprint(ctx context.Context, store *Store, fields []Field) (picks []pick, isKnown bool, err error) {
	all, err := store.imprints(ctx, s.articlesMeant(), fields)
	if err != nil {
		return nil, false, err
	}
	said := map[string]bool{}
	for _, field := range fields {
		for _, found := range all {
			isKnown = isKnown || found.known[field]
			line, ok := found.lines[field]
			if ok && !said[line.text] && !s.followed.gave(line.text) && len(picks) < maxQuotes {
				said[line.text] = true
				picks = append(picks, line)
				break
			}
		}
	}
	return picks, isKnown, nil
}

// articlesMeant are the articles that a question names, or else that of the best passage.
func (s *search) articlesMeant() []int64 {
	if named := s.meant(); len(named) > 0 {
		return named[:min(len(named), maxImprints)]
	}
	if len(s.hits) == 0 {
		return nil
	}
	return []int64{s.hits[0].Passage.Article.ID}
}
