package rag_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// logAnswer logs an answer without citations and gives its id.
func logAnswer(t *testing.T, s *rag.Store, question string) int64 {
	t.Helper()
	a := rag.Answer{Question: question, Status: rag.NotFound, Citations: []rag.Citation{}}
	if err := s.Log(t.Context(), &a); err != nil {
		t.Fatal(err)
	}
	id, err := rag.ParseID(a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func giveFeedback(t *testing.T, s *rag.Store, f rag.Feedback) {
	t.Helper()
	if err := s.GiveFeedback(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func TestTheLastFeedbackOfAReaderCounts(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	first, second := logAnswer(t, s, "一"), logAnswer(t, s, "二")
	hostile := "'); drop table feedback; --\n" + strings.Repeat("长", rag.MaxNote-28)
	giveFeedback(t, s, rag.Feedback{Answer: first, By: "telegram:1", Good: true, Note: "好", Given: time.Unix(0, 0)})
	giveFeedback(t, s, rag.Feedback{Answer: second, By: strings.Repeat("长", rag.MaxReader), Good: true})
	giveFeedback(t, s, rag.Feedback{Answer: first, By: "http:2", Good: true})
	giveFeedback(t, s, rag.Feedback{Answer: first, By: "telegram:1", Note: hostile})
	got, err := s.Feedback(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []rag.Feedback{
		{Answer: first, By: "telegram:1", Note: hostile},
		{Answer: first, By: "http:2", Good: true},
		{Answer: second, By: strings.Repeat("长", rag.MaxReader), Good: true},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(rag.Feedback{}, "Given")); diff != "" {
		t.Error(diff)
	}
	if len(got) == 3 && !got[0].Given.After(time.Unix(0, 0)) {
		t.Errorf("given %v, which the reader says himself", got[0].Given)
	}
	if got, err := s.Feedback(t.Context(), 1); err != nil || len(got) != 1 {
		t.Errorf("at most one: %v, %v", got, err)
	}
	l, err := s.LoggedAnswer(t.Context(), first)
	if err != nil || l.ID != first || l.Question != "一" || l.Status != rag.NotFound || l.Good != 1 || l.Bad != 1 {
		t.Errorf("logged %+v, %v", l, err)
	}
	all, err := s.LoggedAnswers(t.Context(), 10)
	if err != nil || len(all) != 2 || all[0].Good != 1 || all[0].Bad != 0 || !cmp.Equal(all[1], l) {
		t.Errorf("logged %+v, %v", all, err)
	}
}

func TestFeedbackThatCannotBeTaken(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	id := logAnswer(t, s, "一")
	for _, f := range []rag.Feedback{
		{Answer: id},
		{Answer: id, By: strings.Repeat("a", rag.MaxReader+1)},
		{Answer: id, By: "a\x00"},
		{Answer: id, By: "a", Note: strings.Repeat("长", rag.MaxNote+1)},
		{Answer: id, By: "a", Note: "\xff"},
	} {
		var refused *rag.FeedbackError
		if err := s.GiveFeedback(t.Context(), f); !errors.As(err, &refused) {
			t.Errorf("%.20q, %.20q: %v", f.By, f.Note, err)
		}
	}
	if err := s.GiveFeedback(t.Context(), rag.Feedback{Answer: id + 1, By: "a"}); !errors.Is(err, rag.ErrNoAnswer) {
		t.Errorf("on an unknown answer: %v", err)
	}
	if _, err := s.LoggedAnswer(t.Context(), id+1); !errors.Is(err, rag.ErrNoAnswer) {
		t.Errorf("an unknown answer: %v", err)
	}
	if got, err := s.Feedback(t.Context(), 10); err != nil || len(got) != 0 {
		t.Errorf("kept %v, %v", got, err)
	}
}
