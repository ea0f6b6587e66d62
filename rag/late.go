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
		q := query[i]
		nearest := Dimensions
		for j := range passage {
			p := &passage[j] // by hand what a function would say, for the compiler does not put one of this size in its place
			nearest = min(nearest, bits.OnesCount64(q[0]^p[0])+bits.OnesCount64(q[1]^p[1])+bits.OnesCount64(q[2]^p[2])+
				bits.OnesCount64(q[3]^p[3])+bits.OnesCount64(q[4]^p[4])+bits.OnesCount64(q[5]^p[5])+
				bits.OnesCount64(q[6]^p[6])+bits.OnesCount64(q[7]^p[7]))
		}
		into[i] = int16(Dimensions - 2*nearest)
	}
}

// tokensAt are the tokens, half open, that begin within a span of the passage's text.
func tokensAt(starts []int32, s Span) (from, to int) {
	from, _ = slices.BinarySearch(starts, int32(s.Start)) //nolint:gosec // no text has 2^31 runes
	to, _ = slices.BinarySearch(starts, int32(s.End))     //nolint:gosec // as above
	return from, to
}
