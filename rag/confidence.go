package rag

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
)

// Confidence is the product of two probabilities, each by logistic regression: that the corpus speaks of what the
// question is about, and that the quotes say what it asks for. One tells questions off the subject apart, the
// other near misses, which are alike in every word but the one that counts. Both were fitted on 240 questions
// written for that, as many with an answer as without in weight; docs/decisions.md says how they do on others.
var (
	subjectModel = model{-11.97, map[string]float64{
		"nearest": 10.92, "near10": 5.42, "words": 4.28, "passage": 5.31, "tokens": 8.29, "foreign": 0.40,
	}}
	factModel = model{-4.97, map[string]float64{
		"nearest": 9.74, "foreign": 0.65, "focus": 0.13, "body": -0.34, "place": -1.05, "no amount": -1.85, "no time": -1.43,
		"no reason": -1.60, "far amount": -2.29, "far body": -2.01, "far place": -1.75,
	}}
)

// model is a logistic regression over features by name; one that is not there is 0.
type model struct {
	bias    float64
	weights map[string]float64
}

func (m model) probability(features map[string]float64) float64 {
	x := m.bias
	for _, name := range slices.Sorted(maps.Keys(m.weights)) { // in one order, for sums of floats depend on it
		x += m.weights[name] * features[name]
	}
	return 1 / (1 + math.Exp(-x))
}

// confidence is how sure it is that the picked quotes answer the question, 0..1; 0 where there is none.
func (s *search) confidence(picked []window) float64 {
	if len(picked) == 0 || !slices.ContainsFunc(s.lex.groups, group.saysSomething) {
		return 0
	}
	features := s.features(picked)
	return subjectModel.probability(features) * factModel.probability(features)
}

// saysSomething says whether a group names a thing, and does not just ask or join.
func (g group) saysSomething() bool {
	return len(g.renderings) > 0 && !isFunctional(g.renderings[0].terms[0])
}

// features are what both models go by: shares and similarities of 0..1 or -1..1, and for each kind of thing
// that is expected 1 where it is asked for, where the quotes have none ("no"), and where their sentences that say
// most of the question have none ("far").
func (s *search) features(picked []window) map[string]float64 {
	f := s.subject(s.sounding(picked))
	has := s.lex.newBits()
	var texts []string
	for _, w := range picked {
		has.add(s.lex.bitsAmong(w.terms()))
		texts = append(texts, w.told().text)
	}
	f["focus"] = s.focus(has)
	all, near := &told{text: strings.Join(texts, "\n")}, &told{text: s.telling(texts)}
	for _, e := range s.expecting() {
		f[e.kind.String()] = 1
		if !e.isIn(all) {
			f["no "+e.kind.String()] = 1
		}
		if !e.isIn(near) {
			f["far "+e.kind.String()] = 1
		}
	}
	return f
}

// usualTokens is what late interaction says of a subject on average, for embedders that have no codes.
const usualTokens = 0.34

const (
	subjectPassages = 5  // best passages of which one has to speak of the subject
	subjectNear     = 10 // and those that have to be near it on average
)

// subject are the features of what some hits, best first, have on the question's subject.
func (s *search) subject(hits []Hit) map[string]float64 {
	nearest, best := s.nearest, s.lex.best()
	if len(hits) < len(s.hits) { // they are of all passages
		nearest, best = -1, 0
		for i := range hits {
			nearest, best = max(nearest, hits[i].Similarity), max(best, hits[i].Lexical)
		}
	}
	f := map[string]float64{"nearest": nearest, "words": best / max(1e-9, s.lex.all*(bm25K1+1))}
	if s.lex.foreign {
		f["foreign"] = 1
	}
	for i := range hits[:min(subjectPassages, len(hits))] {
		h := &hits[i]
		f["passage"] = max(f["passage"], s.lex.coverage(s.lex.bitsOf(h.Passage.cut().whole)))
		f["tokens"] = max(f["tokens"], h.late)
	}
	if len(s.codes) == 0 {
		f["tokens"] = usualTokens
	}
	for _, h := range hits[:min(subjectNear, len(hits))] {
		f["near10"] += h.Similarity / float64(min(subjectNear, len(hits)))
	}
	return f
}

// muteShare is how much of a question a passage has where it cannot be quoted, to be left out of the confidence. Of 173
// questions over running text none has more than .13; those over lists and tables that could not be quoted had .30 and more.
const muteShare = 0.2

// sounding are the hits without mute ones: what cannot be quoted says nothing of how well the quotes answer.
func (s *search) sounding(picked []window) []Hit {
	quoted := s.lex.newBits()
	for _, w := range picked {
		quoted.add(s.lex.bitsOf(s.hits[w.hit].Passage.cut().whole))
	}
	hits := make([]Hit, 0, len(s.hits))
	for i := range s.hits {
		if i >= subjectPassages || !s.isMute(&s.hits[i].Passage, quoted) {
			hits = append(hits, s.hits[i])
		}
	}
	return hits
}

// isMute says whether a passage has much of the question that neither the passages quoted have, nor a text that could be
// quoted from it: a table that is cut off, a list in which nothing tells the lines apart. What its article is called is no
// text of it.
func (s *search) isMute(p *Passage, quoted termBits) bool {
	c := p.cut()
	has := s.lex.bitsOf(c.whole)
	if s.lex.beyond(has, quoted) < muteShare {
		return false
	}
	said := slices.Clone(quoted)
	said.add(s.lex.bitsOf(c.heading))
	for _, r := range c.runs {
		if s.mayQuote(r) {
			said.add(s.lex.bitsAmong(r.terms()))
		}
	}
	return s.lex.beyond(has, said) >= muteShare
}

// asking finds the words with which a question asks.
var asking = regexp.MustCompile(`多少|几|谁|哪|什么|啥|怎|如何|咋|为何|是否|有没有`)

const focusRunes = 7 // around a question word, what is asked for

// focus is the share of the terms beside the question words that the quotes have, weighted by idf; 0.5 where
// there are none.
func (s *search) focus(has termBits) float64 {
	var have, all float64
	for _, g := range s.focused() {
		all += g.idf
		if s.lex.holds(has, g) {
			have += g.idf
		}
	}
	if all == 0 {
		return 0.5
	}
	return have / all
}

// clausesOf are the parts of a question between its marks.
func clausesOf(question string) []string {
	return strings.FieldsFunc(question, func(r rune) bool { return strings.ContainsRune("，。；？！,;?!", r) })
}

// focused are the groups whose term stands beside a question word, in one clause with it.
func (s *search) focused() (groups []group) {
	near := map[string]bool{}
	for _, clause := range clausesOf(s.question) {
		for _, at := range asking.FindAllStringIndex(clause, -1) {
			before, after := []rune(clause[:at[0]]), []rune(clause[at[1]:])
			for _, part := range [][]rune{before[max(0, len(before)-focusRunes):], after[:min(len(after), focusRunes)]} {
				for _, term := range Terms(string(part)) {
					near[term] = true
				}
			}
		}
	}
	for _, g := range s.lex.groups {
		if g.saysSomething() && near[g.renderings[0].terms[0]] {
			groups = append(groups, g)
		}
	}
	return groups
}

// functional are characters of which a pair says little.
const functional = "的了吗呢是在有和与把被给对就也都还这那哪什么啥几多少谁怎为到从以来去上下里中等个一不没要会能说讲过"

func isFunctional(term string) bool {
	return !slices.ContainsFunc([]rune(term), func(r rune) bool { return !strings.ContainsRune(functional, r) }) ||
		strings.ContainsAny(term, "的了吗呢啥么")
}

// tellingShare is how much of the question a sentence has, beside the one that has most, to count as telling.
const tellingShare = 0.5

// telling are the sentences of quotes that have the most of the question: what is asked for stands in them, or
// beside them by chance.
func (s *search) telling(quotes []string) string {
	type sentence struct {
		text     string
		coverage float64
	}
	var all []sentence
	most := 0.0
	for _, quote := range quotes {
		text := []rune(quote)
		for _, part := range Sentences(text) {
			t := string(text[part.Start:part.End])
			c := s.lex.coverage(s.lex.termsIn(t))
			all, most = append(all, sentence{t, c}), max(most, c)
		}
	}
	var b strings.Builder
	for _, t := range all {
		if t.coverage >= tellingShare*most {
			b.WriteString(t.text)
			b.WriteByte('\n')
		}
	}
	return b.String()
}
