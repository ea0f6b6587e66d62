package rag_test

import (
	"fmt"
	"slices"
	"testing"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// A file is replaced now and then while questions are answered out of it: each answer is of the old edition or of the new
// one, and none is without a quote.
func TestWhileAFileIsReplacedItAnswersAllTheSame(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	answerer := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(0)), "m"), s).WithoutLog()
	editionOf := func(n int) (rag.Edition, string) {
		said := fmt.Sprintf("甲桥很长，长三十米，已是第%d版。", n)
		texts := slices.Repeat([]string{"水车停了一夜。"}, n%3) // where it stands is another place each time
		return edition("a.txt", append(texts, said)...), said
	}
	first, before := editionOf(0)
	replace(t, s, first)
	for n := 1; n <= 60; n++ {
		next, after := editionOf(n)
		replaced := make(chan error, 1)
		go func() { replaced <- s.Replace(t.Context(), next) }()
		for isDone := false; !isDone; {
			select {
			case err := <-replaced:
				if isDone = true; err != nil {
					t.Fatal(err)
				}
			default:
			}
			answer, err := answerer.Ask(t.Context(), "甲桥长多少米？")
			if err != nil || len(answer.Citations) == 0 {
				t.Fatalf("edition %d: %s, %q, %d citations, %v", n, answer.Status, answer.Text, len(answer.Citations), err)
			}
			if said := answer.Citations[0].Quote.Text(); said != before && said != after {
				t.Fatalf("edition %d: %q is quoted first, want %q or %q", n, said, before, after)
			}
		}
		before = after
	}
}
