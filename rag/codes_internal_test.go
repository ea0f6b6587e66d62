package rag

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTokensAsBytes(t *testing.T) {
	t.Parallel()
	codes := []Code{{0: 0x0807060504030201}, {7: 1 << 63}}
	data, err := encodeTokens(codes, []int32{-1, 258})
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Concat([]byte{0xFF, 0xFF, 1, 2, 3, 4, 5, 6, 7, 8}, make([]byte, 56), []byte{2, 1}, make([]byte, 63), []byte{0x80})
	if diff := cmp.Diff(want, data); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTokensComeBack(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 280, maxTokens} {
		codes, starts := randomCodes(7, n), make([]int32, n)
		for i := range starts {
			starts[i] = int32(i - 1)
		}
		data, err := encodeTokens(codes, starts)
		if err != nil || len(data) > 33792 {
			t.Fatalf("%d tokens: %d bytes, %v", n, len(data), err)
		}
		gotCodes, gotStarts, err := decodeTokens(data)
		if err != nil || !slices.Equal(codes, gotCodes) || !slices.Equal(starts, gotStarts) {
			t.Errorf("%d tokens came back as others, %v", n, err)
		}
	}
}

func TestAFarStartIsTheLastThatFits(t *testing.T) {
	t.Parallel()
	data, err := encodeTokens(make([]Code, 3), []int32{math.MaxInt16 - 1, math.MaxInt16, math.MaxInt32})
	if err != nil {
		t.Fatal(err)
	}
	if _, starts, err := decodeTokens(data); err != nil || !slices.Equal(starts, []int32{32766, 32767, 32767}) {
		t.Errorf("%v, %v", starts, err)
	}
}

func TestTokensThatCannotBeStored(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		codes  int
		starts []int32
	}{
		"too many":       {maxTokens + 1, make([]int32, maxTokens+1)},
		"a start short":  {2, []int32{0}},
		"before heading": {1, []int32{-2}},
		"out of order":   {2, []int32{3, 2}},
	} {
		if _, err := encodeTokens(make([]Code, c.codes), c.starts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzDecodeTokens(f *testing.F) {
	good, err := encodeTokens(randomCodes(8, 3), []int32{-1, 0, 5})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{nil, good, good[:65], append(good, 1), bytes.Repeat([]byte{0xFE}, 132), make([]byte, 66*513)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		codes, starts, err := decodeTokens(data)
		if err != nil {
			return
		}
		if len(codes) != len(data)/tokenBytes || len(starts) != len(codes) {
			t.Fatalf("%d codes, %d starts of %d bytes", len(codes), len(starts), len(data))
		}
		if back, err := encodeTokens(codes, starts); err != nil || !bytes.Equal(back, data) {
			t.Fatalf("written again it is %x, was %x, %v", back, data, err)
		}
	})
}

func BenchmarkDecodeTokens(b *testing.B) {
	starts := make([]int32, benchTokens)
	data, err := encodeTokens(randomCodes(9, benchTokens), starts)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for range benchPassages {
			if _, _, err := decodeTokens(data); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func TestStartsAreThoseOfTheText(t *testing.T) {
	t.Parallel()
	text := "桥很长。"
	p := Passage{Article: &Article{Title: "石桥", Authors: []string{"张望"}}, Text: text}
	p.Take(Encoded{Vector: make([]float32, Dimensions), Codes: randomCodes(1, 5), Starts: []int{0, 1, 3, 6, 8}}) // of "石桥 张望\n桥很长。"
	if diff := cmp.Diff([]int32{-1, -1, -1, 0, 2}, p.Starts); diff != "" || len(p.Codes) != 5 || len(p.Vector) != Dimensions {
		t.Errorf("%d codes, %d numbers, starts (-want +got):\n%s", len(p.Codes), len(p.Vector), diff)
	}
	p = Passage{Article: &Article{}, Text: text}
	p.Take(Encoded{Starts: []int{0, 3}})
	if diff := cmp.Diff([]int32{0, 3}, p.Starts); diff != "" {
		t.Errorf("without a heading (-want +got):\n%s", diff)
	}
}
