package rag_test

import (
	"errors"
	"math"
	"testing"

	"yinju/rag"
	"yinju/rag/ragtest"
)

func TestStoredThresholdsJudgeUnlessAnotherEmbedderMadeThem(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, edition("桥.txt", "赵州桥由李春设计。"))
	answerer := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(0)), "m"), s)
	confidence := 0.0
	status := func() rag.Status {
		t.Helper()
		a, err := answerer.Ask(t.Context(), "赵州桥由谁设计？")
		if err != nil {
			t.Fatal(err)
		}
		if confidence = a.Confidence; confidence <= 0.2 || confidence >= 1 {
			t.Errorf("confidence %v of an answer that stands there", confidence)
		}
		return a.Status
	}
	if got := status(); got != rag.Answered {
		t.Errorf("by default: %s", got)
	}
	for _, c := range []struct {
		set      rag.Thresholds
		embedder string
		want     rag.Status
	}{
		{rag.Thresholds{Answered: (1 + confidence) / 2, Related: confidence / 2}, "m", rag.Related},
		{rag.Thresholds{Answered: 1, Related: (1 + confidence) / 2}, "m", rag.NotFound},
		{rag.Thresholds{Answered: 1, Related: 1}, "another", rag.Answered},
	} {
		if err := s.SetThresholds(t.Context(), c.set, c.embedder, 50); err != nil {
			t.Fatal(err)
		}
		if got := status(); got != c.want {
			t.Errorf("with %+v of %s: %s, want %s", c.set, c.embedder, got, c.want)
		}
		in, fitted, err := s.Thresholds(t.Context(), "m")
		if err != nil || fitted != (c.embedder == "m") || fitted && in != c.set || !fitted && in != rag.DefaultThresholds {
			t.Errorf("in use with m: %+v, fitted %v, %v", in, fitted, err)
		}
	}
}

func TestThresholdsAreResetToTheDefaults(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	if err := s.SetThresholds(t.Context(), rag.Thresholds{Answered: 0.9, Related: 0.8}, "m", 50); err != nil {
		t.Fatal(err)
	}
	if err := s.ResetThresholds(t.Context()); err != nil {
		t.Fatal(err)
	}
	if in, fitted, err := s.Thresholds(t.Context(), "m"); err != nil || fitted || in != rag.DefaultThresholds {
		t.Errorf("got %+v, %v, %v", in, fitted, err)
	}
}

func TestThresholdsOutOfOrderAreNotStored(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	for _, bad := range []rag.Thresholds{{Answered: 0.3, Related: 0.4}, {Answered: 1.1}, {Answered: 0.5, Related: -0.1}, {Answered: math.NaN()}} {
		if err := s.SetThresholds(t.Context(), bad, "m", 50); !errors.Is(err, rag.ErrThresholds) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestAnAnswererWithoutLogLogsNothing(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, edition("桥.txt", "赵州桥由李春设计。"))
	answerer := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(0)), "m"), s)
	for _, c := range []struct {
		a    *rag.Answerer
		want int
	}{{answerer.WithoutLog(), 0}, {answerer, 1}} {
		if _, err := c.a.Ask(t.Context(), "赵州桥由谁设计？"); err != nil {
			t.Fatal(err)
		}
		if st, err := s.Stats(t.Context()); err != nil || st.Answers != c.want {
			t.Errorf("%d answers logged, want %d; %v", st.Answers, c.want, err)
		}
	}
}
