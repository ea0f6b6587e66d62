package main

import (
	"context"
	"fmt"
	"time"

	"yinju/bot"
	"yinju/rag"
)

type feedbackCommand struct {
	JSON bool `help:"${json}"`
	N    int  `short:"n" default:"20" help:"${n}"`
}

// feedbackLine is what one reader found of an answer, as `feedback --json` prints it.
type feedbackLine struct {
	Answer string    `json:"answer_id"`
	By     string    `json:"by"`
	Good   bool      `json:"good"`
	Note   string    `json:"note"`
	Given  time.Time `json:"given_at"`
}

// Run prints what readers found of answers, newest first.
func (c *feedbackCommand) Run(ctx context.Context, a *app) error {
	if c.N < 1 || c.N > 1000 {
		return usageError{fmt.Errorf("feedback: -n %d is not a number from 1 to 1000", c.N)}
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return err
	}
	all, err := store.Feedback(ctx, c.N)
	if err != nil {
		return err
	}
	return printEach(a, all, c.JSON, func(f rag.Feedback) any {
		return feedbackLine{rag.FormatID(f.Answer), f.By, f.Good, f.Note, f.Given}
	}, func(f rag.Feedback) error {
		_, err := fmt.Fprintf(a.out, "%s  #%s  %s  %s  %s\n", f.Given.Local().Format("2006-01-02 15:04"), rag.FormatID(f.Answer), mark(f.Good), bot.OneLine(f.By), bot.OneLine(f.Note))
		return err
	})
}

func mark(isGood bool) string {
	if isGood {
		return "+"
	}
	return "-"
}
