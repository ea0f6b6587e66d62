package rag_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"yinju/rag"
	"yinju/rag/ragtest"
)

func addTurn(t *testing.T, s *rag.Store, conversation string, turn rag.Turn) {
	t.Helper()
	if err := s.AddTurn(t.Context(), conversation, turn); err != nil {
		t.Fatal(err)
	}
}

func history(t *testing.T, s *rag.Store, conversation string) []rag.Turn {
	t.Helper()
	turns, err := s.History(t.Context(), conversation)
	if err != nil {
		t.Fatal(err)
	}
	return turns
}

func TestAConversationKeepsItsLastTurns(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	s, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var want []rag.Turn
	for i := range rag.MaxTurns + 5 {
		turn := rag.Turn{
			Question: fmt.Sprint("问", i), Resolved: fmt.Sprint("全问", i), Status: rag.Answered,
			Cited: []rag.CitedQuote{{Article: int64(i), Title: "石桥", Authors: []string{"张望"}, Text: "“桥”\n在此。", Span: rag.Span{Start: 1, End: 9}}},
		}
		addTurn(t, s, "a b", turn)
		want = append(want, turn)
	}
	addTurn(t, s, "other", rag.Turn{Question: "别的", Resolved: "别的", Status: rag.NotFound})
	if diff := cmp.Diff(want[5:], history(t, s, "a b")); diff != "" {
		t.Error(diff)
	}
	if got := history(t, s, "unknown"); len(got) != 0 {
		t.Errorf("an unknown conversation has %v", got)
	}
	if n := turnsIn(t, url); n != rag.MaxTurns+1 {
		t.Errorf("%d turns are stored", n)
	}
}

// turnsIn counts the turns of all conversations in a database.
func turnsIn(t *testing.T, url string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), `select count(*) from conversation_turns`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTurnsThatComeAtOnceAreAllKept(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	const each = 9
	var wg sync.WaitGroup
	for i := range 2 * each {
		wg.Go(func() {
			turn := rag.Turn{Question: strconv.Itoa(i), Resolved: strconv.Itoa(i), Status: rag.NotFound}
			if err := s.AddTurn(t.Context(), fmt.Sprint("c", i%2), turn); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for c := range 2 {
		var asked []string
		for _, turn := range history(t, s, fmt.Sprint("c", c)) {
			asked = append(asked, turn.Question)
		}
		slices.Sort(asked)
		if got := slices.Compact(asked); len(got) != each {
			t.Errorf("conversation %d has %v", c, got)
		}
	}
}

func TestTurnsOfYesterdayAreForgotten(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	s, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for _, q := range []string{"昨天", "刚才"} {
		addTurn(t, s, "c", rag.Turn{Question: q, Resolved: q, Status: rag.NotFound})
	}
	if _, err := conn.Exec(t.Context(), `update conversation_turns set asked_at = now() - case question when '昨天' then interval '24 hours 1 second' else interval '23 hours 59 minutes' end`); err != nil {
		t.Fatal(err)
	}
	if got := history(t, s, "c"); len(got) != 1 || got[0].Question != "刚才" {
		t.Errorf("history %v", got)
	}
	addTurn(t, s, "other", rag.Turn{Question: "新", Resolved: "新", Status: rag.NotFound})
	if n := turnsIn(t, url); n != 2 {
		t.Errorf("%d turns are left, want the one of today and the new one", n)
	}
}

func TestIDsOfConversationsAreShortAndPrintable(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	for id, ok := range map[string]bool{
		"": false, "a\nb": false, "\xff": false, "a\x00": false, strings.Repeat("长", 129): false,
		strings.Repeat("长", 128): true, "5f2b-01 会": true,
	} {
		_, errRead := s.History(t.Context(), id)
		errAdd := s.AddTurn(t.Context(), id, rag.Turn{Status: rag.NotFound})
		for _, err := range []error{errRead, errAdd} {
			var refused *rag.ConversationError
			if ok != (err == nil) || !ok && !errors.As(err, &refused) {
				t.Errorf("%.20q: %v", id, err)
			}
		}
	}
}
