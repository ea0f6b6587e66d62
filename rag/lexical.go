package rag

// lexical is what the lexical leg found, and how much of the question a text has.
type lexical struct {
	reading
	score  map[int64]float64 // by passage id; one without anything of the question is not in it
	number map[string]int    // of every term of the question
	all    float64           // idf of all groups together
}

// newLexical scores the passages for a question whose homophones have been heard.
func newLexical(q reading, f frequencies, passages int64) lexical {
	lex := lexical{reading: q, score: f.score(q.groups, passages), number: map[string]int{}}
	for _, term := range q.terms() {
		lex.number[term] = len(lex.number)
	}
	for i := range lex.groups {
		g := &lex.groups[i]
		lex.all += g.idf
		g.numbers = make([][]int, len(g.renderings))
		for k, r := range g.renderings {
			for _, term := range r.terms {
				g.numbers[k] = append(g.numbers[k], lex.number[term])
			}
		}
	}
	return lex
}

func (l *lexical) newBits() termBits { return newBits(len(l.number)) }

// termsIn are the question's terms that a text has.
func (l *lexical) termsIn(text string) termBits { return l.bitsOf(Terms(text)) }

// bitsOf are the question's terms among others.
func (l *lexical) bitsOf(terms []string) termBits {
	has := l.newBits()
	for _, term := range terms {
		if n, asked := l.number[term]; asked {
			has.set(n)
		}
	}
	return has
}

// bitsAmong are the question's terms in a set.
func (l *lexical) bitsAmong(set map[string]bool) termBits {
	has := l.newBits()
	for term, n := range l.number {
		if set[term] {
			has.set(n)
		}
	}
	return has
}

// coverage is the share of the question's groups of which a set of terms has a rendering, weighted by idf, 0..1.
func (l *lexical) coverage(has termBits) float64 {
	var have float64
	for _, g := range l.groups {
		if l.holds(has, g) {
			have += g.idf
		}
	}
	return have / max(l.all, 1e-9)
}

// beyond is the share of the question's groups of which one set of terms has a rendering and another has none, weighted
// by idf, 0..1.
func (l *lexical) beyond(has, other termBits) float64 {
	var more float64
	for _, g := range l.groups {
		if l.holds(has, g) && !l.holds(other, g) {
			more += g.idf
		}
	}
	return more / max(l.all, 1e-9)
}

func (l *lexical) holds(has termBits, g group) bool {
next:
	for _, terms := range g.numbers {
		for _, n := range terms {
			if !has.has(n) {
				continue next
			}
		}
		return true
	}
	return false
}

// best is the score of the best passage.
func (l *lexical) best() (best float64) {
	for _, score := range l.score {
		best = max(best, score)
	}
	return best
}
