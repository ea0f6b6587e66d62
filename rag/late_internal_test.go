package rag

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func randomCodes(seed uint64, n int) []Code {
	r := rand.New(rand.NewPCG(seed, 0))
	codes := make([]Code, n)
	for i := range codes {
		for word := range codes[i] {
			codes[i][word] = r.Uint64()
		}
	}
	return codes
}

func inverse(c Code) Code {
	for i := range c {
		c[i] = ^c[i]
	}
	return c
}

func TestMaxSims(t *testing.T) {
	t.Parallel()
	query := randomCodes(1, 3)
	near := query[2]
	near[7] ^= 0b111
	got := make([]int16, len(query))
	maxSims(query, []Code{inverse(query[0]), query[1], near, query[0]}, got)
	if diff := cmp.Diff([]int16{512, 512, 506}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	maxSims(query[:1], []Code{inverse(query[0])}, got[:1])
	maxSims(query[1:], nil, got[1:])
	if diff := cmp.Diff([]int16{-512, -512, -512}, got); diff != "" {
		t.Errorf("the opposite and nothing (-want +got):\n%s", diff)
	}
}

func TestMaxSimsCountEveryBit(t *testing.T) {
	t.Parallel()
	pair := randomCodes(4, 2)
	want := int16(Dimensions)
	for i := range Dimensions {
		want -= 2 * int16((pair[0][i/64]^pair[1][i/64])>>(i%64)&1)
	}
	got := make([]int16, 1)
	if maxSims(pair[:1], pair[1:], got); got[0] != want {
		t.Errorf("%d, want %d", got[0], want)
	}
}

func TestTokensAt(t *testing.T) {
	t.Parallel()
	starts := []int32{-1, -1, 0, 1, 1, 4, 9}
	for span, want := range map[Span][2]int{
		{0, 10}: {2, 7}, {0, 1}: {2, 3}, {1, 2}: {3, 5}, {2, 4}: {5, 5}, {4, 9}: {5, 6}, {20, 30}: {7, 7}, {0, 0}: {2, 2},
	} {
		if from, to := tokensAt(starts, span); from != want[0] || to != want[1] {
			t.Errorf("%v: %d to %d, want %v", span, from, to, want)
		}
	}
}

// 30 tokens of a query against 40 passages of 280 tokens, as a search has them.
const (
	benchQuery    = 30
	benchTokens   = 280
	benchPassages = 40
)

func BenchmarkMaxSims(b *testing.B) {
	query, passage, into := randomCodes(5, benchQuery), randomCodes(6, benchTokens*benchPassages), make([]int16, benchQuery)
	b.ReportAllocs()
	for b.Loop() {
		for p := range slices.Chunk(passage, benchTokens) {
			maxSims(query, p, into)
		}
	}
}
