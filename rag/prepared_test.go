package rag_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// onePassage is what a search finds in a corpus of one passage.
func onePassage(t *testing.T, s *rag.Store) rag.Passage {
	t.Helper()
	hits, err := rag.NewRetriever(s, fixed(axis(0)), "m").Search(t.Context(), "桥", 5)
	if err != nil || len(hits) != 1 {
		t.Fatalf("%d hits, %v", len(hits), err)
	}
	return hits[0].Passage
}

func withCodes(e rag.Edition, seed uint64) rag.Edition {
	e.Passages[0].Codes, e.Passages[0].Starts = []rag.Code{{0: seed}}, []int32{0}
	return e
}

func TestAPassageIngestedAgainIsReadAgain(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	for seed, text := range []string{"甲桥很长，长三十米。", "甲桥很长，长四十米。", "甲桥很长，长四十米。"} {
		replace(t, s, withCodes(edition("a.txt", text), uint64(seed)))
		for range 2 {
			p := onePassage(t, s)
			if diff := cmp.Diff([]rag.Code{{0: uint64(seed)}}, p.Codes); diff != "" || p.Text != text {
				t.Errorf("edition %d: %q, codes (-want +got):\n%s", seed, p.Text, diff)
			}
		}
		answer, err := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(0)), "m"), s).Ask(t.Context(), "甲桥长多少米？")
		if err != nil || len(answer.Citations) != 1 || answer.Citations[0].Quote.Text() != text {
			t.Errorf("edition %d: %+v, %v", seed, answer.Citations, err)
		}
	}
}

// As where a database is restored from a copy while the program runs: other passages come by under the old ids.
func TestAnotherPassageOfTheSameIDIsReadAgain(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, withCodes(edition("a.txt", "甲桥很长。"), 1))
	onePassage(t, s)
	for _, sql := range []string{`update passages set body = '乙桥很高。', digest = '\x0b'`, `update passage_codes set codes = overlay(codes placing '\x07' from 3)`} {
		if _, err := s.Pool().Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if p := onePassage(t, s); p.Text != "乙桥很高。" || p.Codes[0][0] != 7 {
		t.Errorf("%q with code %d", p.Text, p.Codes[0][0])
	}
	if _, err := s.Pool().Exec(t.Context(), `update articles set title = '别的标题'; update passages set digest = '\x0c'; update passage_codes set codes = overlay(codes placing '\x09' from 3)`); err != nil {
		t.Fatal(err)
	}
	if p := onePassage(t, s); p.Codes[0][0] != 9 {
		t.Errorf("under another heading it has the old code %d", p.Codes[0][0])
	}
	for _, sql := range []string{`update passages set body = '丙桥很宽。', digest = ''`, `update passages set body = '丁桥很窄。'`} {
		if _, err := s.Pool().Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		if p := onePassage(t, s); !strings.Contains(sql, p.Text) {
			t.Errorf("%q is kept of a passage without a digest", p.Text)
		}
	}
}
