package llm_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tmc/langchaingo/llms"

	"yinju/rag/llm"
	"yinju/rag/llm/llmtest"
)

const answer = "春分那天，村里的磨坊重新开了门。第二天，磨坊主说：“水够了。”"

// ask asks a question of the system and a person, and gives what was streamed beside what was returned.
func ask(ctx context.Context, m *llm.Model, options ...llms.CallOption) (streamed string, r *llms.ContentResponse, err error) {
	var b strings.Builder
	options = append([]llms.CallOption{llms.WithStreamingFunc(func(_ context.Context, chunk []byte) error {
		b.Write(chunk)
		return nil
	})}, options...)
	r, err = m.GenerateContent(ctx, question(), options...)
	return b.String(), r, err
}

func question() []llms.MessageContent {
	return []llms.MessageContent{
		llms.TextParts(llms.ChatMessageTypeSystem, "只根据材料回答。"),
		llms.TextParts(llms.ChatMessageTypeHuman, "磨坊", "何时开门？"),
	}
}

func TestAWholeReplyIsTheSameForAllProviders(t *testing.T) {
	t.Parallel()
	for _, shape := range llmtest.Shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			s := llmtest.New(t, shape, func(llmtest.Request) llmtest.Reply {
				return llmtest.Reply{Text: answer, Thought: "想一想，再说。", Usage: llmtest.Usage{Prompt: 21, Completion: 34}}
			})
			m := s.Open(t, func(o *llm.Options) { o.PriceIn, o.PriceOut, o.Context, o.Temperature = 2, 8, 4096, .3 })
			streamed, r, err := ask(t.Context(), m, llms.WithMaxTokens(500))
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Choices) != 1 || r.Choices[0].Content != answer || r.Choices[0].StopReason != "stop" || streamed != answer {
				t.Errorf("got %+v, streamed %q", r.Choices, streamed)
			}
			want := llm.Usage{Prompt: 21, Completion: 34, Calls: 1, Cost: (21*2 + 34*8) / 1e6}
			if got := llm.UsageOf(r); got != want {
				t.Errorf("usage %+v, want %+v", got, want)
			}
			sent := s.Requests()[0]
			if sent.System != "只根据材料回答。" || sent.Prompt != "磨坊\n何时开门？" || sent.MaxTokens != 500 || sent.Temperature < .29 || sent.Temperature > .31 {
				t.Errorf("sent %+v", sent)
			}
			if shape == llmtest.Ollama && sent.Context != 4096 {
				t.Errorf("num_ctx is %d", sent.Context)
			}
			if sent.NewMaxTokens {
				t.Error("max_completion_tokens was sent to a server of one's own")
			}
			if m.Name() != llmtest.Model || m.Context() != 4096 {
				t.Errorf("%s, %d", m.Name(), m.Context())
			}
		})
	}
}

func TestCallGivesTheText(t *testing.T) {
	t.Parallel()
	for _, shape := range llmtest.Shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			m := llmtest.New(t, shape, llmtest.Say(answer)).Open(t)
			if text, err := m.Call(t.Context(), "磨坊何时开门？"); err != nil || text != answer {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}

// Each is a whole reply in an odd form.
func TestOddFormsOfAWholeReplyAreRead(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]llmtest.Reply{
		"kept alive":                {Fault: llmtest.KeepAliveComments},
		"characters in two writes":  {Fault: llmtest.SplitUTF8, Chunk: 2},
		"one piece":                 {Chunk: 1 << 20},
		"no [DONE]":                 {Fault: llmtest.NoDone},
		"several blocks":            {Fault: llmtest.SeveralBlocks},
		"a line of 900 KB":          {Text: strings.Repeat("磨坊<b>&", 90_000), Chunk: 1 << 20},
		"an empty text":             {Text: "\x00"},
		"odd characters":            {Text: "\x01\u2028 \"\\\n\U0001F33E</script>"},
		"thought, and several more": {Thought: strings.Repeat("嗯", 50), Fault: llmtest.KeepAliveComments},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := answer
			if reply.Text != "" {
				want = strings.TrimPrefix(reply.Text, "\x00")
			}
			reply.Text = want
			for _, shape := range llmtest.Shapes {
				t.Run(string(shape), func(t *testing.T) {
					t.Parallel()
					m := llmtest.New(t, shape, func(llmtest.Request) llmtest.Reply { return reply }).Open(t)
					streamed, r, err := ask(t.Context(), m)
					if err != nil {
						t.Fatal(err)
					}
					if r.Choices[0].Content != want || streamed != want {
						t.Errorf("%d bytes, streamed %d, want %d", len(r.Choices[0].Content), len(streamed), len(want))
					}
				})
			}
		})
	}
}

func TestWhyItEndedIsOneWordOrAnError(t *testing.T) {
	t.Parallel()
	words := map[llmtest.Shape]map[string]string{
		llmtest.OpenAI:    {"length": "length", "content_filter": "", "tool_calls": "", "insufficient_system_resource": ""},
		llmtest.Ollama:    {"length": "length", "load": "", "unload": ""},
		llmtest.Anthropic: {"stop_sequence": "stop", "max_tokens": "length", "refusal": "", "tool_use": "", "pause_turn": ""},
	}
	for _, shape := range llmtest.Shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			for word, want := range words[shape] {
				m := llmtest.New(t, shape, func(llmtest.Request) llmtest.Reply { return llmtest.Reply{Text: answer, Stop: word} }).Open(t)
				_, r, err := ask(t.Context(), m)
				if want != "" {
					if err != nil || r.Choices[0].StopReason != want {
						t.Errorf("%s: %v, %v", word, r, err)
					}
					continue
				}
				if stop, ok := errors.AsType[*llm.StopError](err); !ok || stop.Reason != word || !errors.Is(err, llm.ErrStopped) {
					t.Errorf("%s: %v", word, err)
				}
			}
		})
	}
}

func TestTokensAreEstimatedWhereTheProviderIsSilentOnThem(t *testing.T) {
	t.Parallel()
	for _, shape := range llmtest.Shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			m := llmtest.New(t, shape, func(llmtest.Request) llmtest.Reply {
				return llmtest.Reply{Text: answer, Thought: "想一想", Fault: llmtest.NoUsage}
			}).Open(t)
			_, r, err := ask(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			if u := llm.UsageOf(r); !u.Estimated || u.Completion < llm.EstimateTokens(answer)+3 || u.Prompt < 12 || u.Calls != 1 {
				t.Errorf("%+v", u)
			}
		})
	}
}
