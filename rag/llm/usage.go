package llm

import (
	"context"
	"errors"
	"unicode"

	"github.com/tmc/langchaingo/llms"
)

// Ledger keeps what was spent, over processes. It is safe for concurrent use.
type Ledger interface {
	// Reserve counts tokens as spent today, unless that exceeds limit (0: none); ok says which.
	Reserve(ctx context.Context, model string, tokens, limit int) (ok bool, err error)
	// Settle puts what was really used in the place of a reservation.
	Settle(ctx context.Context, model string, reserved int, used Usage) error
}

// Usage is what calls have used.
type Usage struct {
	Prompt     int     `json:"prompt"`     // tokens sent
	Completion int     `json:"completion"` // tokens that came, those of thinking included
	Calls      int     `json:"calls"`      // requests sent, retries included
	Cost       float64 `json:"cost"`       // in the currency of the prices; 0 where they are unknown
	Estimated  bool    `json:"estimated"`  // tokens were estimated, in whole or in part, for the provider did not say
}

// The keys of GenerationInfo, the same for all providers.
const (
	infoPrompt     = "PromptTokens"
	infoCompletion = "CompletionTokens"
	infoTotal      = "TotalTokens"
	infoCalls      = "Calls"
	infoCost       = "Cost"
	infoEstimated  = "Estimated"
)

func (u Usage) info() map[string]any {
	return map[string]any{
		infoPrompt: u.Prompt, infoCompletion: u.Completion, infoTotal: u.Prompt + u.Completion,
		infoCalls: u.Calls, infoCost: u.Cost, infoEstimated: u.Estimated,
	}
}

// UsageOf is what a reply of [Model.GenerateContent] has used; zero for nil and for replies of other models.
func UsageOf(r *llms.ContentResponse) Usage {
	var u Usage
	if r == nil || len(r.Choices) == 0 {
		return u
	}
	info := r.Choices[0].GenerationInfo
	u.Prompt, _ = info[infoPrompt].(int)
	u.Completion, _ = info[infoCompletion].(int)
	u.Calls, _ = info[infoCalls].(int)
	u.Cost, _ = info[infoCost].(float64)
	u.Estimated, _ = info[infoEstimated].(bool)
	return u
}

// EstimateTokens says how many tokens a text has, without a tokenizer and rather too many than too few: one for each
// Han character, one for each three bytes of anything else. Of present models Chinese prose has about .6 to 1 a
// character and English about one for four bytes, so it is an upper bound there; for rows of digits, emoji and rare
// characters it may fall short.
func EstimateTokens(text string) int {
	han, others := 0, 0
	for _, r := range text {
		if unicode.Is(unicode.Han, r) {
			han++
		} else {
			others += len(string(r))
		}
	}
	return han + (others+2)/3
}

// messageTokens is what the form of a chat adds to each message: role and marks.
const messageTokens = 8

func promptTokens(messages []llms.MessageContent) int {
	n := messageTokens // the opening of the reply
	for _, m := range messages {
		n += messageTokens
		for _, part := range m.Parts {
			if text, ok := part.(llms.TextContent); ok {
				n += EstimateTokens(text.Text)
			}
		}
	}
	return n
}

// Plus adds what further calls have used.
func (u Usage) Plus(more Usage) Usage {
	return Usage{
		Prompt: u.Prompt + more.Prompt, Completion: u.Completion + more.Completion, Calls: u.Calls + more.Calls,
		Cost: u.Cost + more.Cost, Estimated: u.Estimated || more.Estimated,
	}
}

// usedError is an error of a call that has used tokens all the same.
type usedError struct {
	error
	used Usage
}

func (e *usedError) Unwrap() error { return e.error }

// UsedBy is what a call of [Model.GenerateContent] that failed has used, as far as is known.
func UsedBy(err error) Usage {
	if e, ok := errors.AsType[*usedError](err); ok {
		return e.used
	}
	return Usage{}
}
