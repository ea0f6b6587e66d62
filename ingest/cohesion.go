package ingest

import (
	"math"
	"slices"
	"unicode"
)

// An article whose headline and byline the page has lost runs on into the one before it. Where no mark tells
// the two apart, their words may: TextTiling (Hearst 1997) cuts where the vocabulary changes.
const (
	shiftRunes = 300 // letters on each side of a cut, at least
	// shiftRatio is how like the two sides may be, measured by how like the halves of each are to one another.
	// Of 46 whole articles with that many letters on each side none came below .58.
	shiftRatio = 0.4
	innerLeast = 0.08 // halves less like than this tell nothing
)

// splitShifts cuts pieces where the vocabulary changes: what follows has lost its headline.
func splitShifts(pieces []piece, st style) []piece {
	out := make([]piece, 0, len(pieces))
	n := &numbers{}
	for _, p := range pieces {
		at := shiftIn(p.rows, st, n)
		if at == 0 {
			out = append(out, p)
			continue
		}
		rest := piece{rows: p.rows[at:]}
		p.rows = p.rows[:at:at] // what is appended to them must not go over the rest
		fromRows(&rest.article, rest.rows)
		out = append(out, p, rest)
	}
	return out
}

// shiftIn is the row where the vocabulary of an article changes, or 0 where it does not.
func shiftIn(rows []row, st style, n *numbers) int {
	n.reset()
	if len(rows) < 4 {
		return 0
	}
	starts, ends, words := paragraphs(rows, st, n)
	if len(starts) < 4 || len(words) < 2*shiftRunes {
		return 0
	}
	k, across := leastLike(rows, starts, ends, words)
	if k == 0 {
		return 0
	}
	left, right := words[:ends[k-1]], words[ends[k-1]:]
	inner := min(likeness(left[:len(left)/2], left[len(left)/2:]), likeness(right[:len(right)/2], right[len(right)/2:]))
	if inner < innerLeast || across >= shiftRatio*inner {
		return 0
	}
	return starts[k]
}

// paragraphs gives the first row of each paragraph, where it ends in the words of all, and these: the pairs
// of neighbouring letters, numbered.
func paragraphs(rows []row, st style, n *numbers) (starts, ends []int, words []int32) {
	starts = []int{0}
	for i := range rows {
		var last rune
		for _, r := range rows[i].content() {
			if !unicode.IsLetter(r) {
				last = 0
				continue
			}
			if last != 0 {
				words = append(words, n.of(last, r))
			}
			last = r
		}
		if i+1 == len(rows) || st.endsParagraph(rows, i) {
			ends = append(ends, len(words))
			if i+1 < len(rows) {
				starts = append(starts, i+1)
			}
		}
	}
	return starts, ends, words
}

// numbers gives each pair of letters of an article a number, from 0 on. Pairs that share a bin share a
// number: one in thirty does in an article of 2,000 of them.
type numbers struct {
	bins [1 << 16]struct{ article, number int32 }
	now  int32 // the article
	next int32
}

func (n *numbers) reset() { n.now, n.next = n.now+1, 0 }

func (n *numbers) of(a, b rune) int32 {
	hash := (uint32(a)*31 + uint32(b)) * 2654435761 //nolint:gosec // runes are positive; Knuth's multiplicative hash
	bin := &n.bins[hash>>16]
	if bin.article != n.now {
		bin.article, bin.number = n.now, n.next
		n.next++
	}
	return bin.number
}

// leastLike is the paragraph whose beginning parts the words into the two sides that are least like each
// other, and how like; 0 where none may. It moves the words from one side to the other, one by one.
func leastLike(rows []row, starts, ends []int, words []int32) (paragraph int, least float64) {
	left, right := newSide(nil, words), newSide(words, words)
	both := 0.0
	least = 1
	for i, k := 0, 1; k < len(starts); k++ {
		for ; i < ends[k-1]; i++ {
			w := words[i]
			both -= left.weight(w) * right.weight(w)
			left.change(w, 1)
			right.change(w, -1)
			both += left.weight(w) * right.weight(w)
		}
		if i < shiftRunes || len(words)-i < shiftRunes || rows[starts[k]].imp != nil {
			continue
		}
		if like := both / math.Sqrt(left.square*right.square); like < least {
			paragraph, least = k, like
		}
	}
	return paragraph, least
}

// side is the vocabulary of one side of a cut: how often each word stands there, and the square of the
// vector of their damped counts.
type side struct {
	counts []int
	square float64
}

// newSide counts words; all are the words that it may ever have.
func newSide(words, all []int32) *side {
	s := &side{counts: make([]int, slices.Max(all)+1)}
	for _, w := range words {
		s.change(w, 1)
	}
	return s
}

// weight is 1 + log of a word's count: a word said often is not so much more of the subject.
func (s *side) weight(w int32) float64 {
	n := s.counts[w]
	if n < len(damped) {
		return damped[n]
	}
	return 1 + math.Log(float64(n))
}

func (s *side) change(w int32, by int) {
	before := s.weight(w)
	s.counts[w] += by
	after := s.weight(w)
	s.square += after*after - before*before
}

// damped are the weights of small counts.
var damped = func() (table [64]float64) {
	for n := 1; n < len(table); n++ {
		table[n] = 1 + math.Log(float64(n))
	}
	return table
}()

// likeness is the cosine of the vocabularies of two texts.
func likeness(a, b []int32) float64 {
	all := slices.Concat(a, b)
	x, y := newSide(a, all), newSide(b, all)
	both := 0.0
	for w := range x.counts {
		both += x.weight(int32(w)) * y.weight(int32(w))
	}
	return both / math.Sqrt(x.square*y.square)
}
