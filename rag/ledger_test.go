package rag_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"yinju/rag/llm"
	"yinju/rag/ragtest"
)

func TestTokensOfADayAreNeverOverspent(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	var group sync.WaitGroup
	var granted atomic.Int32
	for i := range 20 {
		group.Go(func() {
			ok, err := s.Reserve(t.Context(), []string{"a", "b"}[i%2], 100, 1000)
			if err != nil {
				t.Error(err)
			}
			if ok {
				granted.Add(1)
			}
		})
	}
	group.Wait()
	if granted.Load() != 10 {
		t.Errorf("%d reservations of 100 tokens of 1000 were granted", granted.Load())
	}
}

func TestASettledReservationLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	reserve := func(tokens int) bool {
		ok, err := s.Reserve(t.Context(), "m", tokens, 1000)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !reserve(900) || reserve(200) {
		t.Fatal("the first reservation leaves 100 tokens")
	}
	if err := s.Settle(t.Context(), "m", 900, llm.Usage{Prompt: 300, Completion: 50, Calls: 2, Cost: 0.5}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Spent(t.Context()); err != nil || got != (llm.Usage{Prompt: 300, Completion: 50, Calls: 2, Cost: 0.5}) {
		t.Errorf("spent %+v, %v", got, err)
	}
	if !reserve(650) || reserve(1) {
		t.Error("350 of 1000 tokens are spent")
	}
	if ok, err := s.Reserve(t.Context(), "m", 1<<40, 0); err != nil || !ok {
		t.Errorf("without a limit: %v, %v", ok, err)
	}
}
