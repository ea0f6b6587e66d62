package rag

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/tmc/langchaingo/llms"

	"yinju/rag/draft"
	"yinju/rag/llm"
)

// Writing says which language model writes answers, and how.
type Writing struct {
	Model   llms.Model // calls that fail must say so: one of package llm does
	Name    string     // of the model, for people
	Context int        // tokens of prompt and reply that a call may have
	Tokens  int        // tokens that all calls for one question may use; 0: DefaultQuestionTokens
	Mark    bool       // sentences that nothing supports are marked, and not left out
}

// DefaultQuestionTokens is what the calls for one question may use where nothing else is said: some ten passages,
// and an answer.
const DefaultQuestionTokens = 16_000

// Limits of what a model is asked for.
const (
	replyTokens   = 4000 // most tokens of a written answer; a model that thinks needs most of them for that
	lineTokens    = 1000 // of a question that is rewritten or translated
	leastTokens   = 300  // with fewer left no reply is begun
	goodTokens    = 1200 // passages are left out until a reply may have so many
	formTokens    = 64   // more than the form of a chat adds
	maxSentences  = 8    // that a written answer is asked to have
	givenPassages = quotePassages
)

// Reason says why an answer is not, or not to its end, what a model wrote.
type Reason string

// The reasons.
const (
	NoAnswer         Reason = "no_answer"         // the model says that the passages do not answer
	NothingSupported Reason = "nothing_supported" // no sentence of it held
	CutOff           Reason = "cut_off"           // the reply broke off, or was too long
	Failed           Reason = "failed"            // the model could not be asked, or gave no reply
	OverBudget       Reason = "over_budget"       // the tokens of the question, or of the day, are spent
)

// Written says how a language model took part in an answer.
type Written struct {
	Model     string              `json:"model"`
	Used      bool                `json:"used"` // the text is what it wrote, as far as that holds; else it is quotes alone
	Why       Reason              `json:"why,omitempty"`
	Error     string              `json:"error,omitempty"` // of CutOff, Failed or OverBudget, for who runs the program
	Sentences []WrittenSentence   `json:"sentences"`       // those that the text has
	Dropped   map[draft.Fault]int `json:"dropped"`         // sentences left out, by each of their faults
	LeftOut   int                 `json:"left_out"`        // sentences left out, each once
	Lost      int                 `json:"lost_quotes"`     // quotations that no passage has
	Unknown   int                 `json:"unknown_handles"` // references to passages that were not given
	Usage     llm.Usage           `json:"usage"`           // of all calls for the question
}

// WrittenSentence is one sentence of a written answer.
type WrittenSentence struct {
	Text      string        `json:"text"` // without the marks of its citations
	Citations []int         `json:"citations"`
	Faults    []draft.Fault `json:"faults"`      // of one that is marked; none: supported
	Lost      int           `json:"lost_quotes"` // quotations in it that no passage has
	LeadsOn   bool          `json:"leads_on"`    // it says nothing itself
}

// errOverBudget is returned where the tokens of a question are spent.
var errOverBudget = errors.New("the tokens for one question are spent: set LLM_TOKENS_PER_QUESTION higher")

// spending are the calls for one question.
type spending struct {
	*Writing
	used llm.Usage
	left int // tokens

	failed error // of a call that the answer does without
}

func (w *Writing) spend() *spending {
	left := w.Tokens
	if left == 0 {
		left = DefaultQuestionTokens
	}
	return &spending{Writing: w, left: left}
}

// room is how many tokens a reply to messages may have, at most so many.
func (s *spending) room(messages []llms.MessageContent, most int) int {
	prompt := 0
	for _, m := range messages {
		for _, part := range m.Parts {
			if text, ok := part.(llms.TextContent); ok {
				prompt += llm.EstimateTokens(text.Text)
			}
		}
	}
	return min(most, s.left-prompt, s.Context-prompt) - formTokens
}

// call asks the model. onText, which may be nil, is given the reply as it comes; its error ends the call.
func (s *spending) call(ctx context.Context, messages []llms.MessageContent, most int, onText func(string) error) (*llms.ContentChoice, error) {
	most = s.room(messages, most)
	if most < leastTokens {
		return nil, errOverBudget
	}
	options := []llms.CallOption{llms.WithMaxTokens(most)}
	if onText != nil {
		options = append(options, llms.WithStreamingFunc(func(_ context.Context, piece []byte) error { return onText(string(piece)) }))
	}
	response, err := s.Model.GenerateContent(ctx, messages, options...)
	used := llm.UsageOf(response).Plus(llm.UsedBy(err))
	s.used = s.used.Plus(used)
	s.left -= used.Prompt + used.Completion
	switch {
	case err != nil:
		return nil, err
	case len(response.Choices) == 0:
		return nil, errors.New("the model gave no reply")
	}
	return response.Choices[0], nil
}

// line asks for one line, such as a question put otherwise. It is "" where the reply is none that can be used.
func (s *spending) line(ctx context.Context, name, lang string, data any) (string, error) {
	messages, err := messagesOf(name, lang, data)
	if err != nil {
		return "", err
	}
	choice, err := s.call(ctx, messages, lineTokens, nil)
	if err != nil {
		return "", fmt.Errorf("%s the question: %w", name, err)
	}
	text := strings.TrimSpace(draft.WithoutThoughts(choice.Content))
	text = strings.Trim(text, "“”\"`「」 ")
	if choice.StopReason != "stop" || !isLine(text) {
		return "", nil
	}
	return text, nil
}

// isLine says whether a reply is one line that can be asked: plain text, without marks, handles or addresses.
func isLine(text string) bool {
	return !strings.ContainsAny(text, "\n\r<>") && !strings.Contains(text, "://") && !strings.Contains(text, "[ref:") &&
		inOneLine(text) == strings.Join(strings.Fields(text), " ") && CheckQuestion(text) == nil
}

// translate puts a question in another language into Chinese, "" where that is not to be had.
func (s *spending) translate(ctx context.Context, question string) (string, error) {
	text, err := s.line(ctx, "translate", "", translatePrompt{Question: inOneLine(question)})
	if err != nil || !hasHan(text) {
		return "", err
	}
	return text, nil
}

// rewriteTurns is how many turns of a conversation a model is told.
const rewriteTurns = 5

// rewrite makes a question of a conversation stand by itself, "" where the model's wording cannot be used: what the
// reader named or counted must be in it still, and what it names, counts or quotes must be in the conversation.
func (s *spending) rewrite(ctx context.Context, question string, turns []Turn) (string, error) {
	data := rewritePrompt{Question: inOneLine(question)}
	said := []string{question} // in the conversation
	for _, t := range turns[max(0, len(turns)-rewriteTurns):] {
		turn := promptTurn{Question: inOneLine(t.Resolved)}
		said = append(said, t.Resolved)
		for _, c := range t.Cited[:min(2, len(t.Cited))] {
			said = append(said, titled(c.Title), strings.Join(c.Authors, "、"), c.Text)
			text := []rune(inOneLine(c.Text))
			turn.Cited += inOneLine(titled(c.Title)+" "+strings.Join(c.Authors, "、")) + "：" + string(text[:min(80, len(text))]) + " "
		}
		data.Turns = append(data.Turns, turn)
	}
	text, err := s.line(ctx, "rewrite", langOf(question), data)
	if err != nil || hasHan(question) && !hasHan(text) || !draft.Keeps(question, text) || !draft.Keeps(text, strings.Join(said, "\n")) {
		return "", err
	}
	return text, nil
}

// langOf is the language of the prompts for a question.
func langOf(question string) string {
	if asksInChinese(question) {
		return ".zh"
	}
	return ".en"
}

// asksInChinese says whether a question is in Chinese. Japanese has Chinese characters, too, and kana beside them.
func asksInChinese(question string) bool {
	return hasHan(question) && !strings.ContainsFunc(question, func(r rune) bool {
		return unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
	})
}

// tryLine gives a line of the model's, or "" where that fails: the question is understood without it then. What
// was wrong is kept for the answer.
func (s *spending) tryLine(ctx context.Context, line func() (string, error)) string {
	text, err := line()
	if err != nil && ctx.Err() == nil {
		s.failed = err
	}
	return text
}

// written begins the report of the calls for a question.
func (s *spending) written() *Written {
	w := &Written{Model: s.Name, Sentences: []WrittenSentence{}, Dropped: map[draft.Fault]int{}, Usage: s.used}
	if s.failed != nil {
		w.Error = s.failed.Error()
	}
	return w
}
