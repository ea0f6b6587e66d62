package rag

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Mention is what a question says of the articles that it is about: 李天文写的, 人民日报9月9日那篇, 《石桥》这篇. Where
// a question has several of them, each names articles by itself.
type Mention struct {
	Filter   Filter
	Articles []int64 // that the filter leaves, sorted, at most 200; none where it has only dates
	Text     string  // the words of the question
	Span     Span    // of the question's runes
	Guessed  bool    // the question spells a name otherwise than the store
	Undated  bool    // the store has no such article of the date that the question says, which the filter is without
	Shared   bool    // the question names something else beside it, which may be no mention: 王立文和那份党课
}

// element is one name or date of a question.
type element struct {
	span   Span
	kind   nameKind // dated where it is a date
	name   foundName
	match  matchKind
	date   askedDate
	bounds bounds
}

// dated is the kind of an element that is a date.
const dated nameKind = "date"

// matchKind is how the words of a question have a name, the surest first.
type matchKind int

const (
	exactly matchKind = iota
	bySound
	byGap
)

// bounds says which articles a date is asked for.
type bounds int

const (
	thatDate bounds = iota
	sinceDate
	untilDate
)

// readMentions are the mentions in a question, in its order. What is no use of a name or date for a text is
// left out, for a wrong filter loses the answer.
func readMentions(l *lookups, found []foundName, dates []string) []Mention {
	elements := l.nameElements(found)
	elements = append(elements, l.dateElements(elements)...)
	slices.SortStableFunc(elements, func(a, b element) int { return cmp.Compare(a.span.Start, b.span.Start) })
	var mentions []Mention
	for _, group := range l.join(elements) {
		mentions = append(mentions, l.mentionsOf(group, dates)...)
	}
	return withoutRepeats(mentions)
}

// nameElements are the names that a question uses of texts; where some overlap, the surest and longest.
func (l *lookups) nameElements(found []foundName) []element {
	names, sounds := map[string][]Span{}, map[string][]Span{} // where what was found stands
	for _, n := range found {
		names[n.Name] = nil
		for _, key := range append(nameSounds(n.Shown), gaps(n.Name)...) {
			sounds[key] = nil
		}
	}
	locate(names, l.names)
	locate(sounds, l.sounds)
	var all []element
	for _, name := range found {
		all = append(all, name.matches(names, sounds)...)
	}
	slices.SortStableFunc(all, func(a, b element) int {
		return cmp.Or(cmp.Compare(a.match, b.match), cmp.Compare(b.span.Len(), a.span.Len()), cmp.Compare(a.span.Start, b.span.Start))
	})
	var kept []element
	for _, e := range all {
		if !slices.ContainsFunc(kept, func(k element) bool { return k.hides(e) }) {
			kept = append(kept, e)
		}
	}
	return l.used(kept)
}

// hides says whether a surer name takes the place of another: where they overlap, unless they are as sure.
func (k element) hides(e element) bool {
	return overlap(k.span, e.span) && (k.span != e.span || k.match != e.match || k.kind != e.kind)
}

// locate adds to each text where it is among the spellings.
func locate(texts map[string][]Span, spellings []spelling) {
	if len(texts) == 0 {
		return
	}
	for _, s := range spellings {
		if spans, isFound := texts[s.text]; isFound {
			texts[s.text] = append(spans, s.span)
		}
	}
}

// matches are the places where a question has a name, given where it has names and sounds.
func (name foundName) matches(names, sounds map[string][]Span) (all []element) {
	seen := map[Span]bool{}
	add := func(spans []Span, how matchKind) {
		for _, s := range spans {
			if !seen[s] {
				seen[s] = true
				all = append(all, element{span: s, kind: name.Kind, name: name, match: how})
			}
		}
	}
	add(names[name.Name], exactly)
	if name.Kind == titleName {
		return all
	}
	for _, key := range nameSounds(name.Shown) {
		add(sounds[key], bySound)
	}
	for _, key := range gaps(name.Name) {
		add(sounds[key], byGap)
	}
	return all
}

// used are the elements that a question uses of a text. One that is listed beside another one that it uses so
// is used so itself: 宋义和方正坤都讲到.
func (l *lookups) used(all []element) []element {
	var kept, rest []element
	for _, e := range all {
		if l.uses(e) {
			kept = append(kept, e)
		} else if l.listable(e) {
			rest = append(rest, e)
		}
	}
	for i := 0; i < len(kept); i++ {
		rest = slices.DeleteFunc(rest, func(e element) bool {
			listed := l.listed(kept[i].span, e.span)
			if listed {
				kept = append(kept, e)
			}
			return listed
		})
	}
	return kept
}

// listable says whether a name is clear enough to be used because another one is.
func (l *lookups) listable(e element) bool {
	switch {
	case e.kind == titleName:
		return l.inMarks(e.span)
	case l.withinMarks(e.span):
		return false
	case e.match == byGap:
		return l.looksLike(e)
	default:
		return e.match == exactly || e.span.Len() > 2
	}
}

var listJoint = regexp.MustCompile(`^(?:[》”"」』\s]*(?:和|与|跟|同|及|以及|、|,|，|and|&)[《“"「『\s]*|》《)$`)

// listed says whether nothing but a joint stands between two spans.
func (l *lookups) listed(a, b Span) bool {
	if b.Start < a.Start {
		a, b = b, a
	}
	return a.End <= b.Start && listJoint.MatchString(string(l.runes[a.End:b.Start]))
}

// uses says whether a question uses a name of a text, as far as the words beside it tell.
func (l *lookups) uses(e element) bool {
	if e.kind != titleName && l.withinMarks(e.span) {
		return false
	}
	switch e.kind {
	case authorName:
		return l.usesAuthor(e)
	case publicationName:
		return l.usesPublication(e)
	case titleName:
		return l.usesTitle(e)
	case dated: // read elsewhere
	}
	return false
}

func (l *lookups) usesAuthor(e element) bool {
	length := utf8.RuneCountInString(e.name.Name)
	han := !strings.ContainsFunc(string(l.runes[e.span.Start:e.span.End]), notHan)
	text, says := l.ofText(e.span), l.ofSaying(e.span)
	before, behind := l.beside(e.span)
	switch {
	case aboutBefore.MatchString(before) && aboutBehind.MatchString(behind), spokenOf.MatchString(behind):
		return false
	case !isPersonal(e.name.Name):
		return text && e.match == exactly
	case length == 2 && han && l.inLonger(e.span):
		return false
	case e.match == byGap || e.match == exactly && length == 2 && han:
		return (text || says) && (e.match == exactly || l.looksLike(e))
	case e.match == exactly:
		return true
	case length == 2:
		return text
	default:
		return !han || text || says || l.begins(e.span)
	}
}

// looksLike says whether the one character that differs looks like the right one.
func (l *lookups) looksLike(e element) bool {
	typed, meant := l.runes[e.span.Start:e.span.End], []rune(e.name.Name)
	for i := range typed {
		if typed[i] != meant[i] {
			return lookAlike(typed[i], meant[i])
		}
	}
	return false
}

func (l *lookups) usesPublication(e element) bool {
	_, behind := l.beside(e.span)
	if paperItself.MatchString(behind) {
		return false
	}
	cue := l.ofText(e.span) || l.ofSaying(e.span) || l.inMarks(e.span)
	switch {
	case e.match == bySound && utf8.RuneCountInString(e.name.Name) == 2:
		return false
	case e.match == byGap && !l.slipped(e):
		return false
	default:
		return cue || paperEnds.MatchString(e.name.Name) || l.nextToDate(e.span)
	}
}

// slipped says whether a name of a paper with one other character is meant for it, and is not another paper.
func (l *lookups) slipped(e element) bool {
	typed := string(l.runes[e.span.Start:e.span.End])
	if l.looksLike(e) {
		return true
	}
	return e.span.Len() >= 6 && !paperEnds.MatchString(typed) && !paperKinds.MatchString(typed)
}

// clearTitle is how many characters of a title name it without more words.
const clearTitle = 8

func (l *lookups) usesTitle(e element) bool {
	n := utf8.RuneCountInString(e.name.Name)
	if !l.inMarks(e.span) {
		return n >= clearTitle-2 && l.ofText(e.span)
	}
	return n >= clearTitle || l.ofText(e.span) || l.nextToPublication(e.span)
}

// nextToDate says whether a date stands beside a span.
func (l *lookups) nextToDate(s Span) bool {
	return slices.ContainsFunc(l.dates, func(d askedDate) bool { return l.joined(s, d.span) })
}

// nextToPublication says whether what a paper's name ends with stands before a span.
func (l *lookups) nextToPublication(s Span) bool {
	before, _ := l.beside(s)
	return paperEnds.MatchString(strings.TrimRight(before, "《〈“「『\"》 的"))
}

var filler = regexp.MustCompile(`^[\s》《“”"「」『』（）()的在于上刊登发表载今去年杂志期]*$|^(?:['’]s)?\s*(?:publish(?:ed)?\s+)?(?:on|of|in|from|dated)?\s*(?:the)?\s*(?:article|piece|issue|editorial|commentary)?\s*(?:on|of|in|from|dated)?\s*$`)

// fillerRunes is the most that stands between two things that are said of one text.
const fillerRunes = 16

// joined says whether two spans say something of one text, as nothing of weight stands between them.
func (l *lookups) joined(a, b Span) bool {
	if b.Start < a.Start {
		a, b = b, a
	}
	return a.End <= b.Start && b.Start-a.End <= fillerRunes && filler.MatchString(string(l.runes[a.End:b.Start]))
}

// dateElements are the dates that a question uses of texts: beside a name, with words that say so, or beside
// another such date.
func (l *lookups) dateElements(names []element) []element {
	var used, rest []element
	for _, d := range l.dates {
		if l.withinMarks(d.span) {
			continue
		}
		e := element{span: d.span, kind: dated, date: d}
		cue, ok := l.dateCue(d)
		if e.bounds = cue; ok || l.datesName(d, names) {
			used = append(used, e)
		} else {
			rest = append(rest, e)
		}
	}
	for _, e := range rest {
		if slices.ContainsFunc(used, func(u element) bool { return l.listed(u.span, e.span) || l.ranges(u.span, e.span) }) {
			used = append(used, e)
		}
	}
	return used
}

// datesName says whether a date belongs to a name beside it. A year or month alone may be that of what the text
// is about, 人民日报2024年经济目标; not so before a name with a text, 2024年人民日报的文章, or a
// paper's that it is said to be of, 2024年的人民日报.
func (l *lookups) datesName(d askedDate, names []element) bool {
	dates := d.day > 0 || l.ofText(d.span)
	_, behind := l.beside(d.span)
	of := strings.HasPrefix(behind, "的")
	return slices.ContainsFunc(names, func(n element) bool {
		before := d.span.End <= n.span.Start && (l.ofText(n.span) || of && n.kind == publicationName)
		return (dates || before) && l.joined(n.span, d.span)
	})
}

// ranges says whether two dates are the ends of a range.
func (l *lookups) ranges(a, b Span) bool {
	if b.Start < a.Start {
		a, b = b, a
	}
	return a.End <= b.Start && rangeJoint.MatchString(string(l.runes[a.End:b.Start]))
}

// dateCue says whether the words beside a date use it of a text, and how.
func (l *lookups) dateCue(d askedDate) (bounds, bool) {
	before, behind := l.beside(d.span)
	switch {
	case eventBehind.MatchString(behind):
		return thatDate, false
	case sinceBehind.MatchString(behind) || sinceBefore.MatchString(before):
		return sinceDate, true
	case untilBehind.MatchString(behind) || untilBefore.MatchString(before):
		return untilDate, true
	default:
		return thatDate, dateBehind.MatchString(behind) || dateBefore.MatchString(before) || dateOfEnglish.MatchString(behind)
	}
}

// join puts together what is said of one text: elements of several kinds beside each other. Of dates in a list
// each has the names that stand before the first.
func (l *lookups) join(elements []element) [][]element {
	var groups [][]element
	for _, e := range elements {
		n := len(groups)
		switch {
		case n > 0 && l.extends(groups[n-1], e):
			groups[n-1] = append(groups[n-1], e)
		case n > 0 && e.kind == dated && l.listed(last(groups[n-1]).span, e.span) && last(groups[n-1]).kind == dated:
			groups = append(groups, append(slices.DeleteFunc(slices.Clone(groups[n-1]), isDated), e))
		default:
			groups = append(groups, []element{e})
		}
	}
	return groups
}

func isDated(e element) bool { return e.kind == dated }

func last[T any](all []T) T { return all[len(all)-1] }

func (l *lookups) extends(group []element, e element) bool {
	last := last(group)
	if last.span == e.span {
		return last.kind == e.kind // names that sound alike
	}
	if slices.ContainsFunc(group, func(g element) bool { return g.kind == e.kind && g.kind != dated }) {
		return false
	}
	if last.kind == dated && e.kind == dated {
		return l.ranges(last.span, e.span)
	}
	return l.joined(last.span, e.span)
}

var rangeJoint = regexp.MustCompile(`^\s*(?:到|至|—+|-|~|～|to|and)\s*$`)

// mentionsOf makes the mentions of one group: one, or one for each name that sounds alike and each year that fits.
func (l *lookups) mentionsOf(group []element, dates []string) []Mention {
	span := Span{group[0].span.Start, group[0].span.End}
	for _, e := range group {
		span.End = max(span.End, e.span.End)
	}
	base := Mention{Text: string(l.runes[span.Start:span.End]), Span: span, Shared: l.shared(span)}
	variants := []variant{{Mention: base}}
	parts := byPlace(group)
	slices.SortStableFunc(parts, func(a, b []element) int { return cmp.Compare(weight(b[0].kind), weight(a[0].kind)) })
	for _, part := range parts {
		var next []variant
		for _, v := range variants {
			for _, e := range part {
				next = append(next, v.with(e))
			}
		}
		variants = next
	}
	return l.dateAll(variants, group, dates)
}

// weight says which of two names is right where no article has both.
func weight(kind nameKind) int {
	return slices.Index([]nameKind{publicationName, authorName, titleName}, kind)
}

// variant is a mention in the making, with the articles of its names.
type variant struct {
	Mention
	left  map[int64]string // articles by id, with their dates
	named bool
}

// with narrows a variant by one more name, unless that would leave nothing; dates come last.
func (v variant) with(e element) variant {
	if e.kind == dated {
		return v
	}
	left := map[int64]string{}
	for i, id := range e.name.Articles {
		if _, in := v.left[id]; in || !v.named {
			left[id] = e.name.Dates[i]
		}
	}
	if len(left) == 0 && v.named && len(e.name.Articles) < articlesFound && len(v.left) < articlesFound {
		return v
	}
	v.left, v.named, v.Guessed = left, true, v.Guessed || e.match != exactly
	switch e.kind {
	case authorName:
		v.Filter.Author = e.name.Shown
	case publicationName:
		v.Filter.Publication = e.name.Shown
	case titleName, dated:
		v.Filter.Title = e.name.Shown
	}
	return v
}

// byPlace parts a group into the names of one place each.
func byPlace(group []element) [][]element {
	var parts [][]element
	for _, e := range group {
		if n := len(parts); n > 0 && parts[n-1][0].span == e.span {
			parts[n-1] = append(parts[n-1], e)
			continue
		}
		parts = append(parts, []element{e})
	}
	return parts
}

// dateAll narrows variants by the dates of their group.
func (l *lookups) dateAll(variants []variant, group []element, known []string) []Mention {
	asked := slices.DeleteFunc(slices.Clone(group), func(e element) bool { return !isDated(e) })
	var all []Mention
	for _, v := range variants {
		for _, f := range dateFilters(asked, v.datesOr(known)) {
			m := v.Mention
			m.Filter.From, m.Filter.To = f.From, f.To
			if m.Articles = v.within(f); v.named || len(asked) > 0 && f.From+f.To != "" {
				m.Undated = len(asked) > 0 && f.From+f.To == ""
				all = append(all, m)
			}
		}
	}
	return all
}

func (v variant) datesOr(known []string) []string {
	if !v.named {
		return known
	}
	var dates []string
	for _, d := range v.left {
		dates = append(dates, d)
	}
	slices.Sort(dates)
	return slices.Compact(dates)
}

func (v variant) within(f Filter) []int64 {
	var ids []int64
	for id, date := range v.left {
		if f.covers(date) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// dateFilters are the filters by date that a group asks for and that leave one of the dates: one, or where it
// says no year, one for each year that fits. It is the empty filter where there are none.
func dateFilters(asked []element, dates []string) []Filter {
	var all []Filter
	for _, date := range dates {
		if f, ok := dateFilter(asked, date); ok && f.covers(date) && !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	if len(all) == 0 && len(asked) > 0 && asked[0].bounds != thatDate && asked[0].date.year > 0 {
		f, _ := dateFilter(asked, asked[0].date.in(""))
		return []Filter{f}
	}
	if len(all) == 0 {
		return []Filter{{}}
	}
	return all
}

// dateFilter is what a group asks for in the year of a date; false where it asks for nothing.
func dateFilter(asked []element, date string) (f Filter, ok bool) {
	if len(asked) == 0 || len(date) < 4 {
		return Filter{}, false
	}
	first, last := asked[0], asked[len(asked)-1]
	year := date[:4]
	switch {
	case len(asked) > 1:
		if first.date.year > 0 {
			year = first.date.in("")[:4]
		}
		f.From, f.To = first.date.in(year), last.date.in(year)
	case first.bounds == sinceDate:
		f.From = first.date.in(year)
	case first.bounds == untilDate:
		f.To = first.date.in(year)
	default:
		f.From, f.To = first.date.in(year), first.date.in(year)
	}
	return f, f.Check() == nil
}

var (
	sharedBehind = regexp.MustCompile(closing + `(?:的文章|那篇|这篇|一文)?(?:和|与|跟|同|以及|、)`)
	sharedBefore = regexp.MustCompile(`(?:和|与|跟|同|以及|、|比)[《“"「『]?$`)
)

// shared says whether something is named beside a span.
func (l *lookups) shared(s Span) bool {
	before, behind := l.beside(s)
	return sharedBehind.MatchString(behind) || sharedBefore.MatchString(before)
}

// withoutRepeats leaves out mentions that say no more than another one.
func withoutRepeats(all []Mention) []Mention {
	var kept []Mention
	for i, m := range all {
		if !slices.ContainsFunc(all[:i], func(o Mention) bool { return m.Filter.saysNoMoreThan(o.Filter) }) &&
			!slices.ContainsFunc(all[i+1:], func(o Mention) bool { return m.Filter != o.Filter && m.Filter.saysNoMoreThan(o.Filter) }) {
			kept = append(kept, m)
		}
	}
	return kept
}

// saysNoMoreThan says whether every field of f that is set is the same in g.
func (f Filter) saysNoMoreThan(g Filter) bool {
	for _, pair := range [][2]string{{f.Author, g.Author}, {f.Publication, g.Publication}, {f.Title, g.Title}, {f.File, g.File}, {f.From, g.From}, {f.To, g.To}} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return true
}
