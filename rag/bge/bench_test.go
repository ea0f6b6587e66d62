package bge

import (
	"slices"
	"strings"
	"testing"
)

// passage has 300 characters.
var passage = string([]rune(strings.Repeat("渡船每天清晨七点开出，傍晚回到对岸；涨水时停航2天。\n", 12))[:300])

func BenchmarkEncode(b *testing.B) {
	tokenizer := testTokenizer(b)
	b.SetBytes(int64(len(passage)))
	b.ReportAllocs()
	for b.Loop() {
		tokenizer.Encode(passage)
	}
}

func BenchmarkEmbedTokens(b *testing.B) {
	m := testModel(b)
	ids := idsOf(m.Tokenizer().Encode(passage))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.EmbedTokens(b.Context(), ids); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "passages/s")
}

func BenchmarkEmbedQuery(b *testing.B) {
	m := testModel(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.EmbedQuery(b.Context(), "渡船一天开几班？"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEmbedDocuments(b *testing.B) {
	m := testModel(b)
	texts := slices.Repeat([]string{passage}, 16)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.EmbedDocuments(b.Context(), texts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(texts))/b.Elapsed().Seconds(), "passages/s")
}
