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

// tokensAt are the tokens, half open, that begin within a span of the passage's text.
func tokensAt(starts []int32, s Span) (from, to int) {
	from, _ = slices.BinarySearch(starts, int32(s.Start)) //nolint:gosec // no text has 2^31 runes
	to, _ = slices.BinarySearch(starts, int32(s.End))     //nolint:gosec // as above
	return from, to
}
