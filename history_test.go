package main

import (
	"strings"
	"testing"

	"yinju/bot"
	"yinju/config"
	"yinju/rag"
	"yinju/rag/ragtest"
)

// history tells how many readers found an answer good and bad, and nothing where no one said.
func TestHistoryCountsTheFeedback(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	store, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, question := range []string{"桥有多长？", "桥有多高？"} {
		if err := store.Log(t.Context(), &rag.Answer{Question: question, Status: rag.NotFound, Citations: []rag.Citation{}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []rag.Feedback{{By: "a", Good: true}, {By: "b"}, {By: "c", Note: "少了一句"}} {
		f.Answer = 1
		if err := store.GiveFeedback(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	var notes strings.Builder
	given := &app{streams: streams{out: &notes}, cfg: config.Config{DatabaseURL: config.Secret(url)}, lang: bot.English}
	if err := (&feedbackCommand{N: 2, JSON: true}).Run(t.Context(), given); err != nil {
		t.Fatal(err)
	}
	given.db.Close()
	if got := notes.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, `{"answer_id":"1","by":"c","good":false,"note":"少了一句"`) {
		t.Errorf("feedback: %s", got)
	}
	for command, want := range map[historyCommand][2]string{
		{N: 20}:             {"桥有多高？  [not_found]", "桥有多长？  [not_found]  +1 -2"},
		{N: 20, JSON: true}: {`}}`, `},"feedback":{"good":1,"bad":2}}`},
	} {
		var out strings.Builder
		a := &app{streams: streams{out: &out}, cfg: config.Config{DatabaseURL: config.Secret(url)}, lang: bot.English}
		if err := command.Run(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		a.db.Close()
		lines := strings.Split(out.String(), "\n")
		if command.JSON && strings.Count(out.String(), `"share":"`) != 2 {
			t.Errorf("no share ids: %q", lines)
		}
		if len(lines) != 3 || !strings.HasSuffix(lines[0], want[0]) || strings.Contains(lines[0], "feedback") || !strings.HasSuffix(lines[1], want[1]) {
			t.Errorf("%+v: %q", command, lines)
		}
	}
}
