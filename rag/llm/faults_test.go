package llm_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tmc/langchaingo/llms"

	"yinju/rag/llm"
	"yinju/rag/llm/llmtest"
)

// noKey fails when an error or a log shows the key.
func noKey(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(text, llmtest.Key) {
			t.Errorf("the key is in %q", text)
		}
	}
}

// Whatever happens within a stream: there is an error, of the right kind, and nothing is asked twice once text was
// passed on.
func TestABrokenReplyIsAnErrorAndNeverAskedForAgainOnceTextWasPassedOn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault llmtest.Fault
		want  error
	}{
		"cut":         {llmtest.Cut, llm.ErrCut},
		"no end":      {llmtest.NoEnd, llm.ErrCut},
		"error":       {llmtest.StreamError, nil},
		"silence":     {llmtest.Silence, llm.ErrSilent},
		"long line":   {llmtest.LongLine, llm.ErrTooLong},
		"wrong JSON":  {llmtest.WrongJSON, llm.ErrMalformed},
		"wrong shape": {llmtest.WrongShape, llm.ErrMalformed},
	} {
		for _, shape := range llmtest.Shapes {
			t.Run(name+" "+string(shape), func(t *testing.T) {
				t.Parallel()
				s := llmtest.New(t, shape, func(llmtest.Request) llmtest.Reply {
					return llmtest.Reply{Text: answer, Fault: tc.fault, AfterRunes: 9, Kind: "overloaded_error", Message: "the key " + llmtest.Key + " is\x1b[31m busy" + strings.Repeat("。", 999)}
				})
				var log bytes.Buffer
				m := s.Open(t, func(o *llm.Options) {
					o.APIKey = llmtest.Key
					o.Log = slog.New(slog.NewTextHandler(&log, nil))
					if tc.fault == llmtest.Silence {
						o.Silence = time.Second
					}
				})
				streamed, r, err := ask(t.Context(), m)
				if err == nil || r != nil || tc.want != nil && !errors.Is(err, tc.want) {
					t.Fatalf("%v, %v, want %v", r, err, tc.want)
				}
				if tc.want == nil {
					broken, ok := errors.AsType[*llm.StreamError](err)
					if !ok || !strings.Contains(broken.Message, "the key [hidden] is[31m busy") || len([]rune(broken.Message)) != 300 {
						t.Errorf("%v", err)
					}
				}
				if want := string([]rune(answer)[:9]); streamed != want {
					t.Errorf("streamed %q, want %q", streamed, want)
				}
				if n := len(s.Requests()); n != 1 {
					t.Errorf("asked %d times", n)
				}
				noKey(t, err.Error(), log.String())
			})
		}
	}
}

func TestWhatIsNoReplyAtAllIsAnError(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reply llmtest.Reply
		want  error
		asked int
	}{
		"a page":              {llmtest.Reply{Fault: llmtest.Garbage}, llm.ErrMalformed, 1},
		"nothing":             {llmtest.Reply{Fault: llmtest.Empty}, llm.ErrCut, 4},
		"cut before text":     {llmtest.Reply{Text: answer, Fault: llmtest.Cut}, llm.ErrCut, 4},
		"a text of 4 MB":      {llmtest.Reply{Text: strings.Repeat("磨坊", 700_000), Chunk: 100_000}, llm.ErrTooLong, 1},
		"thinking of 4 MB":    {llmtest.Reply{Thought: strings.Repeat("磨坊", 700_000), Chunk: 100_000}, llm.ErrTooLong, 1},
		"silence from before": {llmtest.Reply{Fault: llmtest.Silence}, llm.ErrSilent, 1},
	} {
		for _, shape := range llmtest.Shapes {
			t.Run(name+" "+string(shape), func(t *testing.T) {
				t.Parallel()
				s := llmtest.New(t, shape, func(llmtest.Request) llmtest.Reply { return tc.reply })
				m := s.Open(t, func(o *llm.Options) {
					if tc.reply.Fault == llmtest.Silence {
						o.Silence = time.Second
					}
				})
				m.SetClock(noWait, time.Now)
				if _, r, err := ask(t.Context(), m); r != nil || !errors.Is(err, tc.want) {
					t.Errorf("%v, %v, want %v", r, err, tc.want)
				}
				if n := len(s.Requests()); n != tc.asked {
					t.Errorf("asked %d times, want %d", n, tc.asked)
				}
			})
		}
	}
}

// A bare JSON object with status 200 is how some servers and proxies report an error.
func TestABareErrorObjectIsAnError(t *testing.T) {
	t.Parallel()
	for _, shape := range llmtest.Shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(`{"error":{"message":"no such deployment","code":"DeploymentNotFound"}}`))
			}))
			defer server.Close()
			m := open(t, llm.Options{Provider: string(shape), Model: "m", BaseURL: server.URL, APIKey: "k"})
			_, _, err := ask(t.Context(), m)
			if broken, ok := errors.AsType[*llm.StreamError](err); !ok || broken.Message != "no such deployment" {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestWhatStandsInALineDecides(t *testing.T) {
	t.Parallel()
	const (
		text = `data: {"choices":[{"delta":{"content":"磨坊"}}]}` + "\n\n"
		stop = `data: {"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	)
	for name, tc := range map[string]struct {
		raw  string
		want error
	}{
		"whole, the last line without an end": {text + stop + "data: [DONE]", nil},
		"whole, without a blank":              {text + stop + "data:[DONE]\n", nil},
		"whole, with another choice":          {`data: {"choices":[{"index":1,"delta":{"content":"other"},"finish_reason":"length"}]}` + "\n" + text + stop, nil},
		"whole, the reason not in the last":   {text + stop + `data: {"choices":[{"delta":{},"finish_reason":null}]}` + "\n\ndata: [DONE]\n", nil},
		"half a line":                         {text + `data: {"choi`, llm.ErrCut},
		"done, but why":                       {text + "data: [DONE]\n\n", llm.ErrCut},
		"broken characters":                   {text + "data: {\"choices\":[{\"delta\":{\"content\":\"\xe7\xa3\"}}]}\n" + stop, llm.ErrMalformed},
		"a text that is a number":             {text + `data: {"choices":[{"delta":{"content":1}}]}` + "\n" + stop, llm.ErrMalformed},
		"null":                                {text + "data: null\n\n" + stop, llm.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := open(t, llm.Options{Provider: llm.OpenAI, Model: "m", APIKey: "k"})
			m.SetBase(canned(tc.raw))
			streamed, r, err := ask(t.Context(), m)
			if streamed != "磨坊" || !errors.Is(err, tc.want) || err == nil && (r.Choices[0].Content != "磨坊" || r.Choices[0].StopReason != "stop") {
				t.Errorf("%v, %v, streamed %q", r, err, streamed)
			}
		})
	}
}

// taken is a network that keeps the last request.
type taken struct {
	canned
	url, body string
}

func (n *taken) RoundTrip(req *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(req.Body)
	n.url, n.body = req.URL.String(), string(raw)
	if err != nil {
		return nil, err
	}
	return n.canned.RoundTrip(req)
}

func TestWithoutAnAddressTheProvidersOwnIsAsked(t *testing.T) {
	t.Parallel()
	for provider, want := range map[string]struct{ url, field string }{
		llm.OpenAI:    {"https://api.openai.com/v1/chat/completions", `"max_completion_tokens":`},
		llm.Ollama:    {"http://127.0.0.1:11434/api/chat", `"num_predict":`},
		llm.Anthropic: {"https://api.anthropic.com/v1/messages", `"max_tokens":`},
	} {
		m := open(t, llm.Options{Provider: provider, Model: "m", APIKey: "k"})
		network := &taken{}
		m.SetBase(network)
		m.SetClock(noWait, time.Now)
		if _, _, err := ask(t.Context(), m); !errors.Is(err, llm.ErrCut) || network.url != want.url || !strings.Contains(network.body, want.field) {
			t.Errorf("%s: %v, %s, %s", provider, err, network.url, network.body)
		}
	}
}

func open(t *testing.T, o llm.Options) *llm.Model {
	t.Helper()
	m, err := llm.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAStreamingFunctionThatFailsEndsTheReplyAndItsErrorIsReturned(t *testing.T) {
	t.Parallel()
	mine := errors.New("the reader has left")
	for _, shape := range llmtest.Shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			gone := make(chan (<-chan struct{}), 1)
			m := llmtest.New(t, shape, func(r llmtest.Request) llmtest.Reply {
				gone <- r.Cancelled
				return llmtest.Reply{Text: answer, Fault: llmtest.Silence, AfterRunes: 9}
			}).Open(t)
			r, err := m.GenerateContent(t.Context(), question(), llms.WithStreamingFunc(func(context.Context, []byte) error { return mine }))
			if r != nil || err != mine { //nolint:errorlint // it is returned as it is
				t.Errorf("%v, %v", r, err)
			}
			<-<-gone // the server sees that no one listens
		})
	}
}

func TestAPanicOfTheStreamingFunctionComesOutWhereTheModelWasAsked(t *testing.T) {
	t.Parallel()
	for _, shape := range llmtest.Shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			m := llmtest.New(t, shape, llmtest.Say(answer)).Open(t)
			defer func() {
				if p := recover(); p != "mine" {
					t.Errorf("recovered %v", p)
				}
			}()
			_, _ = m.GenerateContent(t.Context(), question(), llms.WithStreamingFunc(func(context.Context, []byte) error { panic("mine") }))
		})
	}
}

// Before the first byte, in the middle, and while waiting for another attempt.
func TestACancelledCallEndsAtOnceAndTheServerSeesIt(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]int{"before": 0, "in the middle": 9} {
		for _, shape := range llmtest.Shapes {
			t.Run(name+" "+string(shape), func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				gone := make(chan (<-chan struct{}), 1)
				m := llmtest.New(t, shape, func(r llmtest.Request) llmtest.Reply {
					gone <- r.Cancelled
					if after == 0 {
						cancel()
					}
					return llmtest.Reply{Text: answer, Fault: llmtest.Silence, AfterRunes: after}
				}).Open(t)
				r, err := m.GenerateContent(ctx, question(), llms.WithStreamingFunc(func(context.Context, []byte) error {
					cancel()
					return nil
				}))
				if r != nil || !errors.Is(err, context.Canceled) {
					t.Errorf("%v, %v", r, err)
				}
				<-<-gone
			})
		}
	}
}

func TestACallThatTakesTooLongEnds(t *testing.T) {
	t.Parallel()
	for _, shape := range llmtest.Shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			m := llmtest.New(t, shape, func(llmtest.Request) llmtest.Reply {
				return llmtest.Reply{Text: answer, Fault: llmtest.Silence, AfterRunes: 9}
			}).Open(t, func(o *llm.Options) { o.Timeout = 300 * time.Millisecond })
			if _, _, err := ask(t.Context(), m); !errors.Is(err, llm.ErrTimeout) {
				t.Errorf("%v", err)
			}
		})
	}
}

// The limit of silence is the provider's, not that of who reads the text.
func TestASlowReaderIsNoSilence(t *testing.T) {
	t.Parallel()
	const silence = time.Second
	for _, shape := range llmtest.Shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			m := llmtest.New(t, shape, llmtest.Say(strings.Repeat(answer, 100))).Open(t, func(o *llm.Options) { o.Silence = silence })
			slow := true
			_, err := m.GenerateContent(t.Context(), question(), llms.WithStreamingFunc(func(context.Context, []byte) error {
				if slow {
					time.Sleep(silence + silence/4) // the very thing that is tested
				}
				slow = false
				return nil
			}))
			if err != nil {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestThereIsNoConnection(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for _, shape := range llmtest.Shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			m := open(t, llm.Options{Provider: string(shape), Model: "m", BaseURL: address, APIKey: llmtest.Key})
			waits := countWaits(m)
			_, _, err := ask(t.Context(), m)
			if !errors.Is(err, llm.ErrUnreachable) || len(*waits) != llm.DefaultRetries {
				t.Errorf("%v after %v", err, *waits)
			}
			noKey(t, err.Error())
		})
	}
}

// failing is a network that fails with an error.
type failing struct{ error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.error }

func TestNoPasswordOfAProxyIsShown(t *testing.T) {
	t.Parallel()
	m := open(t, llm.Options{Provider: llm.Ollama, Model: "m", Retries: -1})
	m.SetBase(failing{errors.New(`invalid proxy address "http://u:hunter2@proxy:x": broken`)})
	_, _, err := ask(t.Context(), m)
	if !errors.Is(err, llm.ErrUnreachable) || !strings.Contains(err.Error(), "http://proxy:x") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

func TestMessagesThatNoProviderTakesAreRefusedBeforeTheNetwork(t *testing.T) {
	t.Parallel()
	human := llms.TextParts(llms.ChatMessageTypeHuman, "磨坊何时开门？")
	for name, tc := range map[string]struct {
		messages []llms.MessageContent
		options  []llms.CallOption
	}{
		"none":          {nil, nil},
		"no parts":      {[]llms.MessageContent{{Role: llms.ChatMessageTypeAI}, human}, nil},
		"empty text":    {[]llms.MessageContent{llms.TextParts(llms.ChatMessageTypeSystem, " \n"), human}, nil},
		"a tool":        {[]llms.MessageContent{llms.TextParts(llms.ChatMessageTypeTool, "x"), human}, nil},
		"a picture":     {[]llms.MessageContent{{Role: llms.ChatMessageTypeHuman, Parts: []llms.ContentPart{llms.BinaryPart("image/png", []byte{1})}}}, nil},
		"other model":   {[]llms.MessageContent{human}, []llms.CallOption{llms.WithModel("other")}},
		"several":       {[]llms.MessageContent{human}, []llms.CallOption{llms.WithN(2)}},
		"too hot":       {[]llms.MessageContent{human}, []llms.CallOption{llms.WithTemperature(2.1)}},
		"prompt":        {[]llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, strings.Repeat("磨", llm.DefaultContext))}, nil},
		"prompt, reply": {[]llms.MessageContent{human}, []llms.CallOption{llms.WithMaxTokens(llm.DefaultContext)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, shape := range llmtest.Shapes {
				s := llmtest.New(t, shape, llmtest.Say(answer))
				m := s.Open(t)
				r, err := m.GenerateContent(t.Context(), tc.messages, tc.options...)
				if r != nil || err == nil || len(s.Requests()) > 0 {
					t.Errorf("%s: %v, %v", shape, r, err)
				}
				if strings.HasPrefix(name, "prompt") != errors.Is(err, llm.ErrPromptTooLong) {
					t.Errorf("%s: %v", shape, err)
				}
			}
		})
	}
}

func TestOptionsThatCannotBeRightAreRefusedAllAtOnceWithoutTheirSecrets(t *testing.T) {
	t.Parallel()
	_, err := llm.Open(llm.Options{Provider: "other", BaseURL: "http://u:hunter2@h/v1?token=hunter2", APIKey: "hunter2 ", Temperature: 3, TokensPerDay: 1, PriceIn: -1})
	for _, part := range []string{"provider", "no model", "the key", "base URL", "temperature", "price", "ledger"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	for _, o := range []llm.Options{
		{Provider: llm.OpenAI, Model: "m"},
		{Provider: llm.Anthropic, Model: "m", BaseURL: "http://h"},
		{Provider: llm.Anthropic, Model: "m", APIKey: "k", Temperature: 1.5},
		{Provider: llm.Ollama, Model: "m", BaseURL: "ftp://h"},
		{Provider: llm.Ollama, Model: "m", BaseURL: "localhost:11434"},
		{Provider: llm.Ollama, Model: "m", BaseURL: "http://h/%zz"},
		{Provider: llm.Ollama, Model: "m", Silence: -1},
	} {
		if _, err := llm.Open(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	for _, o := range []llm.Options{
		{Provider: llm.OpenAI, Model: "m", APIKey: "k"},
		{Provider: llm.OpenAI, Model: "m", BaseURL: "http://h/v1"},
		{Provider: llm.Ollama, Model: "m"},
		{Provider: llm.Anthropic, Model: "m", APIKey: "k"},
	} {
		if m, err := llm.Open(o); err != nil || m.Context() != llm.DefaultContext {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
