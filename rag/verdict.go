package rag

import (
	"context"
	"fmt"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"yinju/rag/draft"
	"yinju/rag/llm"
)

// Verdict is what a judge of an answer says.
type Verdict string

// The verdicts.
const (
	Yes      Verdict = "yes"
	No       Verdict = "no"
	Unjudged Verdict = "unjudged" // the judge could not be asked, or said neither yes nor no
)

// Passage is a citation as a text that sentences are checked against: the words quoted, and what is known of their
// article.
func (c Citation) Passage() draft.Passage {
	a := c.Quote.Article()
	return draft.Passage{Text: c.Quote.Text(), About: about(a), Authors: a.Authors, Publication: a.Publication}
}

// Supports asks the model whether passages together bear out all of a claim. used is what the call has used, also
// beside an error; the verdict beside an error is Unjudged. One call may use the tokens of one question.
func (w *Writing) Supports(ctx context.Context, claim string, passages []draft.Passage) (verdict Verdict, used llm.Usage, err error) {
	data := judgePrompt{Claim: inOneLine(claim)}
	handles := draft.NewHandles(len(passages))
	for i, p := range passages {
		data.Passages = append(data.Passages, promptPassage{Handle: handles[i], Text: inOneLine(p.About) + "\n" + asData(p.Text)})
	}
	return w.ask(ctx, "judge", langOf(claim), data)
}

// Holds asks the model whether a text that answers a question says a point, in whatever words. Verdict, used and
// err are as of Supports.
func (w *Writing) Holds(ctx context.Context, question, point, text string) (verdict Verdict, used llm.Usage, err error) {
	return w.ask(ctx, "holds", langOf(question), holdsPrompt{Question: inOneLine(question), Point: inOneLine(point), Answer: asData(text)})
}

// ask asks for yes or no. A model that thinks has room for that.
func (w *Writing) ask(ctx context.Context, name, lang string, data any) (Verdict, llm.Usage, error) {
	messages, err := messagesOf(name, lang, data)
	if err != nil {
		return Unjudged, llm.Usage{}, err
	}
	spent := w.spend()
	choice, err := spent.call(ctx, messages, replyTokens, nil)
	if err != nil {
		return Unjudged, spent.used, fmt.Errorf("ask for a verdict: %w", err)
	}
	return verdictOf(choice), spent.used, nil
}

// verdictOf reads a reply that is yes or no and nothing else, marks aside.
func verdictOf(choice *llms.ContentChoice) Verdict {
	if choice.StopReason != "stop" {
		return Unjudged
	}
	switch strings.ToLower(strings.Trim(draft.WithoutThoughts(choice.Content), " \n\r\t.。!！*\"“”")) {
	case "是", "yes":
		return Yes
	case "否", "no":
		return No
	}
	return Unjudged
}
