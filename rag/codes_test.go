package rag_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// encodedEdition is an edition of which all but the last passage have codes of their own.
func encodedEdition(path string, texts ...string) rag.Edition {
	e := edition(path, texts...)
	for i := range e.Passages[:len(texts)-1] {
		e.Passages[i].Codes = []rag.Code{{0: uint64(i)}, {7: 1 << 63}}
		e.Passages[i].Starts = []int32{-1, int32(i)}
	}
	return e
}

func TestCodesAreKeptWithTheirPassages(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	e := encodedEdition("a.txt", "甲桥很长。", "乙桥很高。", "没有码的话。")
	replace(t, s, e)
	ids := passageIDs(t, s)
	codes, starts, err := s.Codes(t.Context(), ids)
	if err != nil || len(codes) != 2 {
		t.Fatalf("%d passages with codes, %v", len(codes), err)
	}
	for i, p := range e.Passages[:2] {
		id := ids[i]
		if diff := cmp.Diff(p.Codes, codes[id]) + cmp.Diff(p.Starts, starts[id]); diff != "" {
			t.Errorf("passage %d (-want +got):\n%s", i, diff)
		}
	}
	replace(t, s, edition("a.txt", "不再有码。"))
	if codes, _, err := s.Codes(t.Context(), append(ids, passageIDs(t, s)...)); err != nil || len(codes) != 0 {
		t.Errorf("codes of passages that are gone: %v, %v", codes, err)
	}
}

// passageIDs are the ids of all passages, in the order in which they were stored.
func passageIDs(t *testing.T, s *rag.Store) []int64 {
	t.Helper()
	hits, err := rag.NewRetriever(s, fixed(axis(0)), "m").Search(t.Context(), "桥", 100)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int64, len(hits))
	for i, h := range hits {
		ids[i] = h.Passage.ID
	}
	slices.Sort(ids)
	return ids
}

func TestWrongCodesLoseNothing(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, encodedEdition("a.txt", "原来的桥。", "没有码。"))
	ids := passageIDs(t, s)
	for want, change := range map[string]func(p *rag.Passage){
		"starts":  func(p *rag.Passage) { p.Starts = nil },
		"at most": func(p *rag.Passage) { p.Codes, p.Starts = make([]rag.Code, 513), make([]int32, 513) },
		"order":   func(p *rag.Passage) { p.Starts = []int32{1, 0} },
	} {
		e := encodedEdition("a.txt", "新的桥。", "没有码。")
		change(&e.Passages[0])
		if err := s.Replace(t.Context(), e); err == nil || !strings.Contains(err.Error(), "passage 0") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if codes, _, err := s.Codes(t.Context(), ids); err != nil || len(codes) != 1 {
		t.Errorf("%d passages with codes are left, %v", len(codes), err)
	}
}
