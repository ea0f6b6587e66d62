package rag

import (
	"hash/fnv"
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Texts are compared by their shingles, as in Broder, "On the resemblance and containment of documents"
// (1997). Five characters: longer shingles suffer more from each character that was read wrongly, with
// shorter ones two texts on one subject look alike.
const (
	shingleRunes = 5
	comparedMost = 500_000 // characters of a text that are compared: an article, or a whole book in one
)

// shingleSet holds the hashes of all runs of shingleRunes letters and digits of a text, sorted, each once.
// White space, punctuation, case and width do not count.
type shingleSet []uint64

func shingles(text string) shingleSet {
	letters, starts := squash(text)
	hashes := make([]uint64, 0, max(0, len(starts)-shingleRunes))
	hash := fnv.New64a()
	for i := shingleRunes; i < len(starts); i++ {
		hash.Reset()
		_, _ = hash.Write(letters[starts[i-shingleRunes]:starts[i]]) // it cannot fail
		hashes = append(hashes, hash.Sum64())
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

// squash keeps the letters and digits of a text, folded, up to comparedMost of them. The starts are the
// bytes where each begins, and the end.
func squash(text string) (letters []byte, starts []int) {
	for _, r := range norm.NFKC.String(text) {
		if len(starts) == comparedMost {
			break
		}
		if isWordRune(r) {
			starts = append(starts, len(letters))
			letters = utf8.AppendRune(letters, unicode.ToLower(r))
		}
	}
	return letters, append(starts, len(letters))
}

// common counts the shingles that two texts share.
func (a shingleSet) common(b shingleSet) (n int) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			n++
			a, b = a[1:], b[1:]
		}
	}
	return n
}

// in is the share of the set that is in another one, 0..1; of an empty set, all is.
func (a shingleSet) in(b shingleSet) float64 {
	if len(a) == 0 {
		return 1
	}
	return float64(a.common(b)) / float64(len(a))
}

// sampleEvery is how many shingles there are to one of a sample.
const sampleEvery = 8

// sample holds the hashes divisible by sampleEvery: where one text is in another, so is its sample (the mod p
// sketch of the paper).
func (a shingleSet) sample() []int64 {
	sample := make([]int64, 0, 2*len(a)/sampleEvery)
	for _, h := range a {
		if h%sampleEvery == 0 {
			sample = append(sample, int64(h)) //nolint:gosec // the bits are what counts
		}
	}
	return sample
}
