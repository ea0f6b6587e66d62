package rag_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// sayIn adds turns with these questions to a conversation.
func sayIn(t *testing.T, s *rag.Store, conversation string, questions ...string) {
	t.Helper()
	for _, q := range questions {
		addTurn(t, s, conversation, rag.Turn{
			Question: q, Resolved: q + "？", Status: rag.Answered, Cited: []rag.CitedQuote{{Article: 1, Text: q, Authors: []string{}}},
		})
	}
}

func branch(t *testing.T, s *rag.Store, from, to string) {
	t.Helper()
	if err := s.Branch(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
}

func TestABranchGoesOnByItself(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	sayIn(t, s, "a", "一", "二")
	sayIn(t, s, "b", "旧")
	branch(t, s, "a", "b")
	branch(t, s, "a", "a")
	trunk := history(t, s, "a")
	if diff := cmp.Diff(trunk, history(t, s, "b")); diff != "" || len(trunk) != 2 {
		t.Errorf("%d turns, and the branch: %s", len(trunk), diff)
	}
	sayIn(t, s, "b", "三")
	if got := history(t, s, "b"); len(got) != 3 || got[2].Question != "三" {
		t.Errorf("the branch went on to %v", got)
	}
	if diff := cmp.Diff(trunk, history(t, s, "a")); diff != "" {
		t.Error("the trunk changed with its branch: " + diff)
	}
	branch(t, s, "unknown", "b")
	if got := history(t, s, "b"); len(got) != 0 {
		t.Errorf("a branch of nothing has %v", got)
	}
	sayIn(t, s, "c", "四")
	branch(t, s, "", "c")
	if got := history(t, s, "c"); len(got) != 0 {
		t.Errorf("a beginning has %v", got)
	}
	if err := s.Forget(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got := history(t, s, "a"); len(got) != 0 {
		t.Errorf("forgotten are all but %v", got)
	}
}

func TestABranchIsAsOldAsItsTrunk(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	sayIn(t, s, "a", "昨天", "今天")
	if _, err := s.Pool().Exec(t.Context(), `update conversation_turns set asked_at = asked_at - interval '25 hours' where question = '昨天'`); err != nil {
		t.Fatal(err)
	}
	branch(t, s, "a", "b")
	if got := history(t, s, "b"); len(got) != 1 || got[0].Question != "今天" {
		t.Errorf("the branch has %v", got)
	}
}

func TestABranchThatFailsLosesNothing(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	sayIn(t, s, "a", "一")
	sayIn(t, s, "b", "旧")
	for _, ids := range [][2]string{{"a\n", "b"}, {"a", ""}, {"", ""}, {"a", "\xff"}} {
		var refused *rag.ConversationError
		if err := s.Branch(t.Context(), ids[0], ids[1]); !errors.As(err, &refused) {
			t.Errorf("%q: %v", ids, err)
		}
	}
	if _, err := s.Pool().Exec(t.Context(), `alter table conversation_turns add check (conversation <> 'b' or question = '旧')`); err != nil {
		t.Fatal(err)
	}
	if err := s.Branch(t.Context(), "a", "b"); err == nil {
		t.Error("the database refuses the copy, and no one says so")
	}
	if got := history(t, s, "b"); len(got) != 1 || got[0].Question != "旧" {
		t.Errorf("afterwards it has %v", got)
	}
}

func TestBranchesAndTurnsThatComeAtOnceDoNotMix(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	sayIn(t, s, "a", "甲")
	sayIn(t, s, "b", "乙")
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			var err error
			switch i % 3 {
			case 0:
				err = s.Branch(t.Context(), "a", "b")
			case 1:
				err = s.Branch(t.Context(), "b", "a")
			default:
				err = s.AddTurn(t.Context(), "a", rag.Turn{Question: strconv.Itoa(i), Status: rag.NotFound})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, id := range []string{"a", "b"} {
		begins := 0
		for _, turn := range history(t, s, id) {
			if turn.Question == "甲" || turn.Question == "乙" {
				begins++
			}
		}
		if begins != 1 {
			t.Errorf("%s has %d first turns: %v", id, begins, history(t, s, id))
		}
	}
}
