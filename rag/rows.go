package rag

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// leastBars is how many bars a row of a table has at least: around two cells.
const leastBars = 3

// rows cuts a span before the rows of a table that were joined to one paragraph: | a | b | | c | d |.
func rows(text []rune, s Span) (parts []Span) {
	for i := s.Start + 2; i < s.End; i++ {
		if text[i] == '|' && text[i-1] == ' ' && text[i-2] == '|' {
			parts = append(parts, Span{s.Start, i})
			s.Start = i
		}
	}
	return append(parts, s)
}

// tableRows says of each unit of a passage whether it is a row of a table that may be quoted: no header, and whole, with
// as many cells as the others. A cell that is empty looks like the end of a row, and a passage may begin within one.
func tableRows(text []rune, parts []Span) []bool {
	bars := make([]int, len(parts))
	most, all := 0, 0
	for i, part := range parts {
		if bars[i] = barsOf(text, part); bars[i] > 0 {
			most = max(most, bars[i])
			all++
		}
	}
	isRule := func(i int) bool {
		return bars[i] > 0 && !slices.ContainsFunc(text[parts[i].Start:parts[i].End], isWordRune)
	}
	isRow := make([]bool, len(parts))
	for i := range parts {
		isHeader := i+1 < len(parts) && isRule(i+1)
		isRow[i] = all > 1 && bars[i] > 0 && bars[i] == most && !isRule(i) && !isHeader && trim(text, parts[i]).Len() <= quoteRunes
	}
	return isRow
}

// barsOf is how many bars a unit has that begins and ends with one; 0 where that is no row.
func barsOf(text []rune, unit Span) (n int) {
	s := trim(text, unit)
	if s.Len() == 0 || text[s.Start] != '|' || text[s.End-1] != '|' {
		return 0
	}
	if n = strings.Count(string(text[s.Start:s.End]), "|"); n < leastBars {
		return 0
	}
	return n
}

// bareLines says of each unit of a passage whether it is a bare line that may be quoted, and whether it is of a list. One
// that is of none stands as it was meant where it begins as a sentence may, and what follows does not go on from it.
func bareLines(p *Passage, text []rune, parts []Span) (isBare, isListed []bool) {
	isBare = make([]bool, len(parts))
	for i, part := range parts {
		isBare[i] = isBareLine(p, text, part)
	}
	isListed = listed(text, parts, isBare)
	for i, part := range parts {
		ends := Opens(text, part.End) || part.End == len(text) && endsArticle(p)
		isBare[i] = isBare[i] && (isListed[i] || mayBegin(p, text, part.Start) && ends)
	}
	return isBare, isListed
}

// notBare begin lines that are rows of a table, notes, or the rest of a sentence.
const notBare = "|（(【[《—，,；;。、：:" + closers

// isBareLine says whether a unit is a whole line that just ends, without a mark: a line of a list, a headline, a name,
// or where a page broke off.
func isBareLine(p *Passage, text []rune, unit Span) bool {
	s := trim(text, unit)
	if s.Len() < quoteLeast || s.Len() > quoteRunes || strings.ContainsRune(notBare, text[s.Start]) ||
		endsWith(text[s.Start:s.End], sentenceEnds+"….：:"+clauseEnds) {
		return false
	}
	begins := unit.Start == 0 && p.Opens || unit.Start > 0 && text[unit.Start-1] == '\n'
	ends := slices.Contains(text[s.End:unit.End], '\n') || unit.End == len(text) && endsArticle(p)
	return begins && ends
}

// endsArticle says whether a passage is the last one of its article.
func endsArticle(p *Passage) bool { return p.Span.End == p.Article.length }

// leastListed is how many bare lines with parts behind each other are a list, and no headline with names below it.
const leastListed = 3

// listed says of which bare lines each is of a list.
func listed(text []rune, parts []Span, isBare []bool) []bool {
	isListed := make([]bool, len(parts))
	for from := 0; from < len(parts); {
		to := from
		for to < len(parts) && isBare[to] && hasParts(text, parts[to]) {
			to++
		}
		for i := from; i < to && to-from >= leastListed; i++ {
			isListed[i] = true
		}
		from = to + 1
	}
	return isListed
}

// hasParts says whether a line has figures, or marks or a space between words, as lines of lists have and names have not.
func hasParts(text []rune, unit Span) bool {
	s := trim(text, unit)
	return slices.ContainsFunc(text[s.Start:s.End], func(r rune) bool {
		return unicode.IsDigit(r) || unicode.IsSpace(r) || strings.ContainsRune("，,、：:", r)
	})
}

// mayQuote says whether a run may be quoted to the question. A row has to be named by it, for its neighbours say as much of
// everything else. A line has to have all that is asked for, an amount or a time among it, for most of them are headlines,
// which have places and offices as well.
func (s *search) mayQuote(r *preparedRun) bool {
	switch {
	case !r.isQuotable:
		return false
	case r.isRow:
		return s.names(r.told())
	case r.isLine:
		all := s.expecting()
		isFigure := func(e expectation) bool { return e.kind == expectAmount || e.kind == expectTime }
		return slices.ContainsFunc(all, isFigure) && !slices.ContainsFunc(all, func(e expectation) bool { return !e.isIn(r.told()) })
	default:
		return true
	}
}

// names says whether the question has a word of a row, of two characters or more.
func (s *search) names(row *told) bool {
	question := foldText(s.question)
	return slices.ContainsFunc(strings.FieldsFunc(row.text, func(r rune) bool { return !isWordRune(r) }), func(word string) bool {
		return utf8.RuneCountInString(word) > 1 && strings.Contains(question, word)
	})
}
