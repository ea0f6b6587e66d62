package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yinju/bot"
	"yinju/rag"
)

type historyCommand struct {
	JSON bool `help:"${json}"`
	N    int  `short:"n" default:"20" help:"${n}"`
}

// historyLine is one answer as `history --json` prints it.
type historyLine struct {
	ID     string          `json:"id"`
	Asked  time.Time       `json:"asked_at"`
	Answer json.RawMessage `json:"answer"`

	Feedback *feedbackCount `json:"feedback,omitempty"` // nil where no reader gave any
}

// feedbackCount is how many readers found an answer good, and bad.
type feedbackCount struct {
	Good int `json:"good"`
	Bad  int `json:"bad"`
}

func feedbackOf(l rag.LoggedAnswer) *feedbackCount {
	if l.Good+l.Bad == 0 {
		return nil
	}
	return &feedbackCount{l.Good, l.Bad}
}

// mark is the count as one line of text has it.
func (c *feedbackCount) mark() string {
	if c == nil {
		return ""
	}
	return fmt.Sprintf("  +%d -%d", c.Good, c.Bad)
}

// Run prints answers as they were given, newest first.
func (c *historyCommand) Run(ctx context.Context, a *app) error {
	if c.N < 1 || c.N > 1000 {
		return usageError{fmt.Errorf("history: -n %d is not a number of answers from 1 to 1000", c.N)}
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return err
	}
	answers, err := store.LoggedAnswers(ctx, c.N)
	if err != nil {
		return err
	}
	return printEach(a, answers, c.JSON, func(l rag.LoggedAnswer) any {
		return historyLine{rag.FormatID(l.ID), l.Asked, l.Answer, feedbackOf(l)}
	}, a.showLogged)
}

// showLogged shows a logged answer: the question, and each quote with its place as it was then.
func (a *app) showLogged(l rag.LoggedAnswer) error {
	var given struct {
		Citations []struct {
			N       int
			Quote   string
			Article rag.ArticleRef
			Where   rag.Location `json:"location"`
		}
	}
	if err := json.Unmarshal(l.Answer, &given); err != nil {
		return fmt.Errorf("read answer %d: %w", l.ID, err)
	}
	if _, err := fmt.Fprintf(a.out, "%s  %s  [%s]%s\n",
		l.Asked.Local().Format("2006-01-02 15:04"), bot.OneLine(l.Question), l.Status, feedbackOf(l).mark()); err != nil {
		return err
	}
	for _, c := range given.Citations {
		_, err := fmt.Fprintf(a.out, "  [%d] “%s” %s:%d-%d\n", c.N, bot.OneLine(c.Quote), bot.OneLine(c.Article.File), c.Where.StartLine, c.Where.EndLine)
		if err != nil {
			return err
		}
	}
	return nil
}
