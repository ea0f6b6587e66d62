package llm_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tmc/langchaingo/llms"

	"yinju/rag/llm"
	"yinju/rag/llm/llmtest"
)

// ledger is an account in memory.
type ledger struct {
	mu       sync.Mutex
	spent    int
	settled  []llm.Usage
	reserved []int
	broken   error // what Reserve and Settle fail with
}

func (l *ledger) Reserve(ctx context.Context, _ string, tokens, limit int) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil || ctx.Err() != nil {
		return false, errors.Join(l.broken, ctx.Err())
	}
	if limit > 0 && l.spent+tokens > limit {
		return false, nil
	}
	l.spent += tokens
	l.reserved = append(l.reserved, tokens)
	return true, nil
}

func (l *ledger) Settle(ctx context.Context, _ string, reserved int, used llm.Usage) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil || ctx.Err() != nil {
		return errors.Join(l.broken, ctx.Err())
	}
	l.spent += used.Prompt + used.Completion - reserved
	l.settled = append(l.settled, used)
	return nil
}

func TestTokensOfTheDayAreReservedAndThenPutRight(t *testing.T) {
	t.Parallel()
	for _, shape := range llmtest.Shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			s := llmtest.New(t, shape, func(llmtest.Request) llmtest.Reply {
				return llmtest.Reply{Text: answer, Usage: llmtest.Usage{Prompt: 30, Completion: 20}}
			})
			l := &ledger{}
			m := s.Open(t, func(o *llm.Options) { o.Ledger, o.TokensPerDay = l, 250 })
			for range 3 { // each reserves 100 and more, and uses 50
				if _, _, err := ask(t.Context(), m, llms.WithMaxTokens(100)); err != nil {
					t.Fatal(err)
				}
			}
			if l.spent != 150 || l.reserved[0] < 120 || l.reserved[0] > 150 {
				t.Errorf("%+v", l)
			}
			if _, _, err := ask(t.Context(), m, llms.WithMaxTokens(100)); !errors.Is(err, llm.ErrBudget) || len(s.Requests()) != 3 {
				t.Errorf("%v after %d requests", err, len(s.Requests()))
			}
		})
	}
}

// What a failed call has used is counted, what no provider worked on is not, also when the caller has gone.
func TestAFailedCallIsCountedForWhatItUsed(t *testing.T) {
	t.Parallel()
	for _, shape := range llmtest.Shapes {
		for name, tc := range map[string]struct {
			reply  llmtest.Reply
			calls  int
			prompt bool
			text   int // tokens
		}{
			"refused":   {llmtest.Reply{Status: 400}, 1, false, 0},
			"busy":      {llmtest.Reply{Status: 503}, 4, false, 0},
			"cut":       {llmtest.Reply{Text: answer, Fault: llmtest.Cut, AfterRunes: 9}, 1, true, 9},
			"cancelled": {llmtest.Reply{Text: answer, Fault: llmtest.Silence, AfterRunes: 9}, 1, true, 3},
		} {
			t.Run(name+" "+string(shape), func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				l := &ledger{}
				m := llmtest.New(t, shape, func(llmtest.Request) llmtest.Reply { return tc.reply }).Open(t, func(o *llm.Options) { o.Ledger = l })
				m.SetClock(noWait, time.Now)
				_, err := m.GenerateContent(ctx, question(), llms.WithStreamingFunc(func(context.Context, []byte) error {
					if name == "cancelled" {
						cancel()
					}
					return nil
				}))
				if err == nil || len(l.settled) != 1 {
					t.Fatalf("%v, %+v", err, l)
				}
				used := l.settled[0]
				if used.Calls != tc.calls || (used.Prompt > 0) != tc.prompt || used.Completion < tc.text || used.Completion > 9 || l.spent != used.Prompt+used.Completion {
					t.Errorf("%+v, spent %d", used, l.spent)
				}
			})
		}
	}
}

// An account that cannot be read stops the call; one that cannot be written after it does not take the answer away.
func TestALedgerThatFails(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.OpenAI, llmtest.Say(answer))
	l := &ledger{broken: errors.New("the account is closed")}
	m := s.Open(t, func(o *llm.Options) { o.Ledger = l })
	if _, _, err := ask(t.Context(), m); !errors.Is(err, l.broken) || len(s.Requests()) > 0 {
		t.Errorf("%v", err)
	}
	l.broken = nil
	_, err := m.GenerateContent(t.Context(), question(), llms.WithStreamingFunc(func(context.Context, []byte) error {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.broken = errors.New("the account is closed")
		return nil
	}))
	if err != nil || l.spent == 0 {
		t.Errorf("%v, %+v", err, l)
	}
}

func TestTokensAreEstimatedFromAbove(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "磨坊": 2, "磨坊。": 3, "mill": 2, "a": 1, strings.Repeat("word ", 300): 500, "🌾": 2} {
		if got := llm.EstimateTokens(text); got != want {
			t.Errorf("%.10q: %d, want %d", text, got, want)
		}
	}
	if u := llm.UsageOf(nil); u != (llm.Usage{}) {
		t.Errorf("%+v", u)
	}
	if u := llm.UsageOf(&llms.ContentResponse{Choices: []*llms.ContentChoice{{GenerationInfo: map[string]any{"PromptTokens": "many"}}}}); u != (llm.Usage{}) {
		t.Errorf("%+v", u)
	}
}
