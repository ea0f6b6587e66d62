package rag_test

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"yinju/rag"
	"yinju/rag/ragtest"
)

func TestAnAnswerIsSharedByAnIDThatNobodyCanGuess(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	var given []rag.Answer
	for range 2 {
		a := rag.Answer{Question: "桥有多长？", Status: rag.NotFound, Citations: []rag.Citation{}, ConversationID: "secret"}
		if err := s.Log(t.Context(), &a); err != nil {
			t.Fatal(err)
		}
		given = append(given, a)
	}
	if given[0].Share == given[1].Share || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(given[0].Share) {
		t.Fatalf("shared as %q and %q", given[0].Share, given[1].Share)
	}
	l, err := s.SharedAnswer(t.Context(), given[1].Share)
	if err != nil || rag.FormatID(l.ID) != given[1].ID || l.Question != "桥有多长？" {
		t.Fatalf("%+v, %v", l, err)
	}
	var shown rag.Answer
	if err := json.Unmarshal(l.Answer, &shown); err != nil || shown.ID != given[1].ID || shown.Share != given[1].Share {
		t.Errorf("%s, %v", l.Answer, err)
	}
	if strings.Contains(string(l.Answer), "secret") {
		t.Errorf("whoever sees it could go on with the conversation: %s", l.Answer)
	}
	for _, none := range []string{
		"", given[1].ID, strings.Repeat("0", 32), given[0].Share[:31], given[0].Share + "0", strings.ToUpper(given[0].Share), "\x00", "\xff",
		given[0].Share + "\n", "' or true --", strings.Repeat("0", 1<<20),
	} {
		if _, err := s.SharedAnswer(t.Context(), none); !errors.Is(err, rag.ErrNoAnswer) {
			t.Errorf("%.40q: %v", none, err)
		}
	}
}

// Answers that were logged before there were share ids have each its own.
func TestOldAnswersAreShared(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	migration, err := os.ReadFile("migrations/0012_shares.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`alter table answers drop column share`,
		`insert into answers (question, status, answer) values ('一', 'not_found', '{}'), ('二', 'not_found', '{}')`, string(migration),
	} {
		if _, err := s.Pool().Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.LoggedAnswers(t.Context(), 10)
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, l := range all {
		var shown rag.Answer
		if err := json.Unmarshal(l.Answer, &shown); err != nil {
			t.Fatal(err)
		}
		if got, err := s.SharedAnswer(t.Context(), shown.Share); err != nil || got.ID != l.ID {
			t.Errorf("%q gives %+v, %v; want answer %d", shown.Share, got, err, l.ID)
		}
	}
}
