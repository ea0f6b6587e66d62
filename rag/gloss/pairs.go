package gloss

import "math"

// pairs counts the pairs of neighbouring characters in all Chinese words of the dictionary, twice over, in slots
// that pairs may share: the lower count is the better one. A word that is in many others is a common one: 发展
// is in 可持续发展 and thirty more.
type pairs [2][1 << 18]uint16

func (p *pairs) slots(a, b rune) (one, two *uint16) {
	h := uint64(a)<<32 | uint64(b) //nolint:gosec // runes are not negative
	return &p[0][h*0x9e3779b97f4a7c15>>46], &p[1][h*0xc2b2ae3d27d4eb4f>>46]
}

func (p *pairs) add(word string) {
	var before rune
	for i, r := range word {
		if i > 0 {
			one, two := p.slots(before, r)
			*one += min(1, math.MaxUint16-*one)
			*two += min(1, math.MaxUint16-*two)
		}
		before = r
	}
}

// rarest gives the count of the word's rarest pair.
func (p *pairs) rarest(word string) uint16 {
	least, before := uint16(math.MaxUint16), rune(0)
	for i, r := range word {
		if i > 0 {
			one, two := p.slots(before, r)
			least = min(least, *one, *two)
		}
		before = r
	}
	return least
}
