package bge

import (
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// signs is what a code is said to be, bit by bit.
func signs(hidden []float32) []Code {
	codes := make([]Code, len(hidden)/Dimensions)
	for i, x := range hidden {
		if at := i % Dimensions; x > mean[at] {
			codes[i/Dimensions][at/64] |= 1 << (at % 64)
		}
	}
	return codes
}

func startsIn(m *Model, text string) []int {
	var starts []int
	for _, t := range m.Tokenizer().Encode(text) {
		if t.End > t.Start { // no marker
			starts = append(starts, t.Start)
		}
	}
	return starts
}

func TestCodesOfDocuments(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	texts := []string{"渡船", "  GDP增长了5.2%，\n[SEP]è 𠀀\u200b见图", strings.Repeat("字", MaxTokens-2)}
	encoded, err := m.EncodeDocuments(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	vectors, err := m.EmbedDocuments(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		want := Encoded{Vector: vectors[i], Codes: signs(hiddenOf(t, m, m.Tokenizer().body(text))), Starts: startsIn(m, text)}
		if diff := cmp.Diff(want, encoded[i]); diff != "" {
			t.Errorf("%.20q (-want +got):\n%s", text, diff)
		}
	}
	if n := len(encoded[2].Codes); n != MaxTokens-2 {
		t.Errorf("%d codes of %d tokens", n, MaxTokens-2)
	}
}

func TestCodesOfAQueryAreThoseBehindThePrefix(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	const text = "渡船一天开几班？"
	got, err := m.EncodeQuery(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	vector, err := m.EmbedQuery(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	body := m.Tokenizer().body(QueryPrefix + text)
	codes := signs(hiddenOf(t, m, body))[len(m.prefix):]
	if diff := cmp.Diff(Encoded{Vector: vector, Codes: codes, Starts: startsIn(m, text)}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCodesOfALongQueryCoverIt(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	text := strings.Repeat("渡船每天清晨开出一班。", 110)
	got, err := m.EncodeQuery(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	var want []Code
	for _, ids := range m.windows(m.Tokenizer().body(text)) {
		want = append(want, signs(hiddenOf(t, m, ids[1:len(ids)-1]))[len(m.prefix):]...)
	}
	if diff := cmp.Diff(want, got.Codes); diff != "" || len(want) != 1210 {
		t.Errorf("%d codes (-want +got):\n%s", len(want), diff)
	}
	if diff := cmp.Diff(startsIn(m, text), got.Starts); diff != "" {
		t.Errorf("starts (-want +got):\n%s", diff)
	}
}

// A token is nearer to the same word elsewhere than to others: what late interaction lives on.
func TestCodesKnowTheirWord(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	query, err := m.EncodeQuery(t.Context(), "铁路")
	if err != nil {
		t.Fatal(err)
	}
	documents, err := m.EncodeDocuments(t.Context(), []string{"工人在冻土上修铁路。", "盐湖的水是粉色的。"})
	if err != nil {
		t.Fatal(err)
	}
	for i, code := range query.Codes {
		with, without := nearest(code, documents[0].Codes), nearest(code, documents[1].Codes)
		if with+40 > without {
			t.Errorf("token %d: %d of %d bits differ from a text with the word, %d from one without", i, with, Dimensions, without)
		}
	}
}

// nearest is the least number of bits in which code differs from one of codes.
func nearest(code Code, codes []Code) int {
	var distances []int
	for _, c := range codes {
		n := 0
		for i := range c {
			n += bits.OnesCount64(c[i] ^ code[i])
		}
		distances = append(distances, n)
	}
	return slices.Min(distances)
}

// Beside the pass that it takes part in; see BenchmarkEmbedTokens.
func BenchmarkCodes(b *testing.B) {
	m := testModel(b)
	hidden := hiddenOf(b, m, m.Tokenizer().body(passage))
	codes := make([]Code, 0, len(hidden)/Dimensions)
	b.ReportAllocs()
	for b.Loop() {
		codes = appendCodes(codes[:0], hidden)
	}
	b.ReportMetric(float64(len(codes)), "tokens")
}
