package rag

import (
	"cmp"
	"iter"
	"slices"
)

// Limits of what is quoted.
const (
	quotePassages = 10  // best passages that are looked through
	quoteUnits    = 4   // most units in one quote
	quoteRunes    = 220 // about the most characters in one quote
	quoteLeast    = 6   // least characters
	maxQuotes     = 3
)

// window is a run of whole units of one passage that may become a quote.
type window struct {
	hit      int // index of its passage among the hits
	span     Span
	text     string
	coverage float64 // share of the question's groups in it, weighted by idf, 0..1
	named    float64 // the same share with what its article is called
	late     float64 // mean agreement of the question's tokens with its nearest, -1..1
	score    float64
	of       *preparedRun // nil where it was made without a passage
}

// How windows are compared: weights that were fitted on half of the questions. A penalty for length, or a bonus
// for what stands beside the window, found no more evidence.
const (
	coverageWeight = 6.0
	namedWeight    = 2.0
	lateWeight     = 12.0
	overlapLimit   = 0.6 // of the shorter one's bigrams: more says the same again
)

// windows are the candidates among the best passages, best first. Of equal ones the shorter is first.
func (s *search) windows() []window {
	var parts [][]window
	for i := range s.hits[:min(quotePassages, len(s.hits))] {
		parts = append(parts, s.windowsOf(i))
	}
	all := s.withoutGiven(slices.Concat(parts...))
	slices.SortStableFunc(all, compareWindows)
	s.expect(all[:min(expectedWindows, len(all))])
	return all
}

func compareWindows(a, b window) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.span.Len(), b.span.Len()))
}

const (
	expectedWindows = 40  // best ones that are looked at for what the question expects
	expectedWeight  = 2.0 // what a window gains for each such thing that it has
)

// expect puts windows first that have what the question asks for: a number, a time, a place, a list.
func (s *search) expect(best []window) {
	all := s.expecting()
	if len(all) == 0 {
		return
	}
	for i := range best {
		text := best[i].told()
		for _, e := range all {
			if e.isIn(text) {
				best[i].score += expectedWeight
			}
		}
	}
	slices.SortStableFunc(best, compareWindows)
}

// windowsOf are all runs of units of one passage that are short enough to quote. They stay within a
// paragraph: a headline or a name alone is no answer.
func (s *search) windowsOf(hit int) (out []window) {
	p := &s.hits[hit].Passage
	c := p.cut()
	scorer := s.scorerOf(&s.hits[hit], c)
	out = make([]window, 0, len(c.runs))
	for _, r := range c.runs {
		if r.first == r.last {
			scorer.reset()
		}
		scorer.add(r.last)
		if s.mayQuote(r) {
			out = append(out, s.score(scorer, window{hit: hit, text: r.text, span: Span{p.Span.Start + r.span.Start, p.Span.Start + r.span.End}, of: r}))
		}
	}
	return out
}

// run is some units of a passage, the first to the last one. Its span is of the passage's runes.
type run struct {
	first, last int
	span        Span
	isQuotable  bool // it begins and ends as a quote may
	isLine      bool // it is a line without a mark at its end, such as headlines are, too: see mayQuote
	isRow       bool // it is a row of a table, or a line of a list
}

// runs are all runs of units that are short enough to quote, those of one beginning behind each other and growing. Rows of
// tables and bare lines are runs by themselves.
func runs(p *Passage, text []rune, parts []Span) iter.Seq[run] {
	isBare, isListed := bareLines(p, text, parts)
	isRow := tableRows(text, parts)
	return func(yield func(run) bool) {
		for first := range parts {
			if isBare[first] || isRow[first] {
				if !yield(run{first, first, trim(text, parts[first]), true, isBare[first] && !isListed[first], isRow[first] || isListed[first]}) {
					return
				}
				continue
			}
			if !mayBegin(p, text, parts[first].Start) {
				continue
			}
			begin := trim(text, parts[first]).Start
			for last := first; last < min(first+quoteUnits, len(parts)); last++ {
				span := trim(text, Span{begin, parts[last].End})
				if last > first && (span.Len() > quoteRunes || slices.Contains(text[span.Start:span.End], '\n')) {
					break
				}
				span.End = mayEnd(text, span)
				if !yield(run{first, last, span, span.End >= 0 && span.Len() >= quoteLeast, false, false}) {
					return
				}
			}
		}
	}
}

// told is the window's text as expectations read it.
func (w *window) told() *told {
	if w.of == nil {
		return &told{text: foldText(w.text)}
	}
	return w.of.told()
}

// terms are those of the window's text.
func (w *window) terms() map[string]bool {
	if w.of == nil {
		return termSet(w.text)
	}
	return w.of.terms()
}

func (s *search) score(scorer *scorer, w window) window {
	w.coverage, w.named, w.late = scorer.coverage(), scorer.named(), scorer.late()
	w.score = s.hits[w.hit].Score + w.said()
	return w
}

// scorer reckons what a growing window has of the question. It looks at each unit of a passage once.
type scorer struct {
	question *lexical
	heading  termBits   // the question's terms in what the article is called
	terms    []termBits // and in each unit
	best     [][]int16  // of each unit, by token of the question, the agreement of the nearest token

	has  termBits // of the window
	near []int16
}

func (s *search) scorerOf(hit *Hit, c *cut) *scorer {
	sc := &scorer{question: &s.lex, heading: s.lex.bitsOf(c.heading), has: s.lex.newBits(), best: hit.near, near: make([]int16, len(s.codes))}
	for _, terms := range c.terms {
		sc.terms = append(sc.terms, s.lex.bitsOf(terms))
	}
	sc.reset()
	return sc
}

// reset begins an empty window.
func (sc *scorer) reset() {
	clear(sc.has)
	for i := range sc.near {
		sc.near[i] = -Dimensions
	}
}

// add takes one more unit into the window.
func (sc *scorer) add(unit int) {
	sc.has.add(sc.terms[unit])
	if sc.best != nil {
		raise(sc.near, sc.best[unit])
	}
}

func (sc *scorer) coverage() float64 { return sc.question.coverage(sc.has) }

func (sc *scorer) named() float64 {
	both := slices.Clone(sc.has)
	both.add(sc.heading)
	return sc.question.coverage(both)
}

func (sc *scorer) late() float64 { return agreement(sc.near) }

// lateInteraction gives for each unit of a passage the best agreement of each token of a question, and how far the question
// agrees with the whole passage, its heading too, -1..1; nil and 0 without codes.
func lateInteraction(question []Code, p *Passage) (byUnit [][]int16, whole float64) {
	if len(question) == 0 || len(p.Codes) == 0 {
		return nil, 0
	}
	units, n := p.units(), len(question)
	all := make([]int16, n*(len(units)+1))
	near := all[:n]
	headed, _ := tokensAt(p.Starts, Span{})
	maxSims(question, p.Codes[:headed], near)
	byUnit = make([][]int16, len(units))
	for i, unit := range units {
		byUnit[i] = all[n*(i+1) : n*(i+2)]
		from, to := tokensAt(p.Starts, unit)
		maxSims(question, p.Codes[from:to], byUnit[i])
		raise(near, byUnit[i])
	}
	return byUnit, agreement(near)
}

// raise puts the greater ones of two agreements in the place of the first.
func raise(near, other []int16) {
	for i, agreement := range other {
		near[i] = max(near[i], agreement)
	}
}

// agreement is the mean of the tokens' best agreements, -1..1; 0 where there are none.
func agreement(near []int16) float64 {
	if len(near) == 0 {
		return 0
	}
	sum := 0
	for _, a := range near {
		sum += int(a)
	}
	return float64(sum) / float64(len(near)*Dimensions)
}

// repeats says whether two windows overlap in their article or say the same in two.
func (s *search) repeats(a, b window) bool {
	if s.hits[a.hit].Passage.Article.ID == s.hits[b.hit].Passage.Article.ID && a.span.Start < b.span.End && b.span.Start < a.span.End {
		return true
	}
	return sayAlike(a.terms(), b.terms())
}

// sayAlike says whether a text says what a shorter one does, by the terms of both.
func sayAlike(x, y map[string]bool) bool {
	both := 0
	for t := range x {
		if y[t] {
			both++
		}
	}
	return float64(both) > overlapLimit*float64(min(len(x), len(y)))
}

func termSet(text string) map[string]bool {
	set := map[string]bool{}
	for _, t := range Terms(text) {
		set[t] = true
	}
	return set
}

// pick chooses the windows to quote, best first, none that says what a better one says. Where the question names
// several texts, each of them has one.
func (s *search) pick() []window {
	var first []window
	if len(s.scope) > 1 {
		for _, m := range s.scope {
			if at := slices.IndexFunc(s.ranked, func(w window) bool { return m.isOf(s.hits[w.hit].Passage.Article) }); at >= 0 {
				first = append(first, s.ranked[at])
			}
		}
	}
	slices.SortStableFunc(first, compareWindows)
	named := s.fill(nil, first)
	picked := s.fill(slices.Clone(named), s.ranked)
	most := s.mostGiven
	for _, w := range picked {
		most = max(most, w.said())
	}
	least := saidShare * most
	if s.followed.isAgain {
		least = againShare * most
	}
	others := slices.DeleteFunc(picked[len(named):], func(w window) bool { return w.said() < least })
	return append(named, others...)
}

// What a quote has to say of the question, beside the one that says most, to stand with it: saidShare, or
// againShare where that one was given before.
const (
	saidShare  = 0.5
	againShare = 0.7
)

// said is how much a window has of the question, whatever the passage it is from.
func (w window) said() float64 {
	return coverageWeight*w.coverage + namedWeight*w.named + lateWeight*w.late
}

// fill adds the best windows that say something new.
func (s *search) fill(picked, from []window) []window {
	for _, w := range from {
		if len(picked) < maxQuotes && !slices.ContainsFunc(picked, func(p window) bool { return s.repeats(p, w) }) {
			picked = append(picked, w)
		}
	}
	return picked
}

// rerank puts the best passages in the order of their best windows, and keeps the windows.
func (s *search) rerank() {
	s.ranked = s.windows()
	best := make([]float64, min(quotePassages, len(s.hits)))
	for i := range best {
		best[i] = s.hits[i].Score
	}
	for _, w := range slices.Backward(s.ranked) {
		best[w.hit] = w.score
	}
	order := make([]int, len(best))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(best[b], best[a]) })
	hits, place := slices.Clone(s.hits), make([]int, len(best))
	for now, was := range order {
		hits[now], place[was] = s.hits[was], now
	}
	for i := range s.ranked {
		s.ranked[i].hit = place[s.ranked[i].hit]
	}
	s.hits = hits
}

func picksOf(windows []window, hits []Hit) []pick {
	picks := make([]pick, len(windows))
	for i, w := range windows {
		picks[i] = pick{article: hits[w.hit].Passage.Article.ID, span: w.span, text: w.text}
	}
	return picks
}
