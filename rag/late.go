package rag

import (
	"math/bits"
	"slices"
)

// Late interaction (ColBERT, Khattab and Zaharia 2020): a question agrees with a text as far as, on average, each
// of its tokens agrees with the one token of the text that agrees with it best. Codes agree by the bits that are
// equal less those that differ, -Dimensions..Dimensions, which grows with the cosine of what they were made of.

// maxSims writes into into, for each token of the query, its best agreement with a token of the passage;
// -Dimensions where that has none. into is as long as query.
func maxSims(query, passage []Code, into []int16) {
	for i := range query {
		nearest := Dimensions
		for j := range passage {
			nearest = min(nearest, distance(&query[i], &passage[j]))
		}
		into[i] = int16(Dimensions - 2*nearest)
	}
}

// distance is the number of bits in which two codes differ.
func distance(a, b *Code) int {
	return bits.OnesCount64(a[0]^b[0]) + bits.OnesCount64(a[1]^b[1]) + bits.OnesCount64(a[2]^b[2]) +
		bits.OnesCount64(a[3]^b[3]) + bits.OnesCount64(a[4]^b[4]) + bits.OnesCount64(a[5]^b[5]) +
		bits.OnesCount64(a[6]^b[6]) + bits.OnesCount64(a[7]^b[7])
}

// agreements is how well each token of a query agrees with each of one passage, reckoned once, so that many
// windows of the passage can be scored by it.
type agreements struct {
	tokens int     // of the passage
	values []int16 // [query tokens][tokens]
}

// reckon sets a to the agreements of query and passage, in the memory it has where that is enough.
func (a *agreements) reckon(query, passage []Code) {
	a.tokens = len(passage)
	a.values = slices.Grow(a.values[:0], len(query)*len(passage))
	for i := range query {
		for j := range passage {
			a.values = append(a.values, int16(Dimensions-2*distance(&query[i], &passage[j]))) //nolint:gosec // -512..512
		}
	}
}

// best writes into into what maxSims would of the passage's tokens from to to, half open.
func (a *agreements) best(from, to int, into []int16) {
	for i := range into {
		most := int16(-Dimensions)
		for _, v := range a.values[i*a.tokens:][from:to] {
			most = max(most, v)
		}
		into[i] = most
	}
}

// tokensAt are the tokens, half open, that begin within a span of the passage's text.
func tokensAt(starts []int32, s Span) (from, to int) {
	from, _ = slices.BinarySearch(starts, int32(s.Start)) //nolint:gosec // no text has 2^31 runes
	to, _ = slices.BinarySearch(starts, int32(s.End))     //nolint:gosec // as above
	return from, to
}
