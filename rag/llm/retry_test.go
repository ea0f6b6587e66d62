package llm_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"yinju/rag/llm"
	"yinju/rag/llm/llmtest"
)

func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// countWaits makes a model wait no longer, and tells how long it would have.
func countWaits(m *llm.Model) *[]time.Duration {
	var waits []time.Duration
	m.SetClock(func(ctx context.Context, d time.Duration) error {
		waits = append(waits, d)
		return ctx.Err()
	}, func() time.Time { return time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC) })
	return &waits
}

// first is a script that answers the first request with one reply and later ones with a text.
func first(reply llmtest.Reply) func(llmtest.Request) llmtest.Reply {
	return func(r llmtest.Request) llmtest.Reply {
		if r.N == 1 {
			return reply
		}
		return llmtest.Reply{Text: answer}
	}
}

func TestWhatPassesIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reply       llmtest.Reply
		least, most time.Duration // of the wait
	}{
		"429":                {llmtest.Reply{Status: 429}, 250 * time.Millisecond, 500 * time.Millisecond},
		"429 in seconds":     {llmtest.Reply{Status: 429, RetryAfter: "7"}, 7 * time.Second, 7 * time.Second},
		"429 until a time":   {llmtest.Reply{Status: 429, RetryAfter: "Wed, 25 Nov 2026 00:00:09 GMT"}, 9 * time.Second, 9 * time.Second},
		"429 in the past":    {llmtest.Reply{Status: 429, RetryAfter: "Mon, 02 Jan 2006 15:04:05 GMT"}, 250 * time.Millisecond, 500 * time.Millisecond},
		"500":                {llmtest.Reply{Status: 500}, 250 * time.Millisecond, 500 * time.Millisecond},
		"503":                {llmtest.Reply{Status: 503, RetryAfter: "soon"}, 250 * time.Millisecond, 500 * time.Millisecond},
		"529":                {llmtest.Reply{Status: 529}, 250 * time.Millisecond, 500 * time.Millisecond},
		"cut before text":    {llmtest.Reply{Fault: llmtest.Cut}, 250 * time.Millisecond, 500 * time.Millisecond},
		"an empty body":      {llmtest.Reply{Fault: llmtest.Empty}, 250 * time.Millisecond, 500 * time.Millisecond},
		"busy before a text": {llmtest.Reply{Fault: llmtest.StreamError, Kind: "overloaded_error"}, 250 * time.Millisecond, 500 * time.Millisecond},
	} {
		for _, shape := range llmtest.Shapes {
			if shape == llmtest.Ollama && tc.reply.Fault == llmtest.StreamError {
				continue // its errors have no kind
			}
			t.Run(name+" "+string(shape), func(t *testing.T) {
				t.Parallel()
				s := llmtest.New(t, shape, first(tc.reply))
				m := s.Open(t)
				waits := countWaits(m)
				streamed, r, err := ask(t.Context(), m)
				if err != nil {
					t.Fatal(err)
				}
				if r.Choices[0].Content != answer || streamed != answer || llm.UsageOf(r).Calls != 2 || len(s.Requests()) != 2 {
					t.Errorf("%+v, streamed %q", r.Choices[0], streamed)
				}
				// A provider may charge for a reply that it began: its prompt is counted.
				if u := llm.UsageOf(r); u.Estimated != (tc.reply.Fault != llmtest.None) || u.Estimated && u.Prompt < 30 {
					t.Errorf("%+v", u)
				}
				if len(*waits) != 1 || (*waits)[0] < tc.least || (*waits)[0] > tc.most {
					t.Errorf("waited %v, want %v to %v", *waits, tc.least, tc.most)
				}
			})
		}
	}
}

func TestWhatDoesNotPassIsNotTriedAgainAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reply  llmtest.Reply
		change func(*llm.Options)
		status int
		says   string
	}{
		"a wrong key":         {change: func(o *llm.Options) { o.APIKey = "sk-wrong-0123456789" }, status: 401, says: "check LLM_API_KEY"},
		"no such model":       {change: func(o *llm.Options) { o.Model = "other" }, status: 404, says: "'other' not found"},
		"no such path":        {change: func(o *llm.Options) { o.BaseURL += "/v2" }, status: 404, says: "LLM_BASE_URL"},
		"400":                 {reply: llmtest.Reply{Status: 400, Message: "bad\x07 " + llmtest.Key}, status: 400, says: "(bad [hidden])"},
		"no balance":          {reply: llmtest.Reply{Status: 402}, status: 402, says: "balance"},
		"no quota":            {reply: llmtest.Reply{Status: 429, Kind: "insufficient_quota"}, status: 429, says: "quota"},
		"wait beyond Timeout": {reply: llmtest.Reply{Status: 429, RetryAfter: "31"}, status: 429, says: "wait 31s"},
		"wait for ages":       {reply: llmtest.Reply{Status: 429, RetryAfter: "1e300"}, status: 429, says: "wait"},
		"elsewhere":           {reply: llmtest.Reply{Status: 307, Location: "http://127.0.0.1:1/v1/chat/completions"}, status: 307, says: "set LLM_BASE_URL"},
		"no content":          {reply: llmtest.Reply{Status: 202}, status: 202, says: "LLM_BASE_URL"},
	} {
		for _, shape := range llmtest.Shapes {
			if shape == llmtest.Ollama && (name == "a wrong key" || name == "no quota") {
				continue // it asks for no key, and its errors have no kind
			}
			t.Run(name+" "+string(shape), func(t *testing.T) {
				t.Parallel()
				s := llmtest.New(t, shape, func(llmtest.Request) llmtest.Reply { return tc.reply })
				var log bytes.Buffer
				o := s.Options()
				o.APIKey, o.Log = llmtest.Key, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				if tc.change != nil {
					tc.change(&o)
				}
				m := open(t, o)
				waits := countWaits(m)
				_, _, err := ask(t.Context(), m)
				refused, ok := errors.AsType[*llm.StatusError](err)
				if !ok || refused.Status != tc.status || !strings.Contains(err.Error(), tc.says) || len(*waits) > 0 {
					t.Errorf("%v after %v, want %d and %q", err, *waits, tc.status, tc.says)
				}
				noKey(t, err.Error(), log.String())
				if strings.Contains(err.Error(), "sk-wr") {
					t.Errorf("the wrong key is shown: %v", err)
				}
			})
		}
	}
}

func TestThereAreNoMoreAttemptsThanAllowed(t *testing.T) {
	t.Parallel()
	for _, retries := range []int{-1, 1, 5} {
		s := llmtest.New(t, llmtest.OpenAI, func(llmtest.Request) llmtest.Reply { return llmtest.Reply{Status: 429} })
		m := s.Open(t, func(o *llm.Options) { o.Retries = retries })
		waits := countWaits(m)
		_, _, err := ask(t.Context(), m)
		if refused, ok := errors.AsType[*llm.StatusError](err); !ok || refused.Status != 429 || len(s.Requests()) != max(retries, 0)+1 {
			t.Errorf("%d: %v after %d requests", retries, err, len(s.Requests()))
		}
		for i, wait := range *waits {
			if base := 500 * time.Millisecond << i; wait < base/2 || wait > base {
				t.Errorf("wait %d is %v", i, wait)
			}
		}
	}
}

func TestACancelledCallDoesNotWaitForAnotherAttempt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	m := llmtest.New(t, llmtest.OpenAI, func(llmtest.Request) llmtest.Reply { return llmtest.Reply{Status: 429, RetryAfter: "20"} }).Open(t)
	m.SetClock(func(ctx context.Context, _ time.Duration) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}, time.Now)
	if _, _, err := ask(ctx, m); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The key and the prompt go to no other host, and to no other address of this one.
func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var visited atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visited.Add(1) }))
	defer other.Close()
	for _, shape := range llmtest.Shapes {
		for _, status := range []int{301, 302, 303, 307, 308} {
			m := llmtest.New(t, shape, func(llmtest.Request) llmtest.Reply { return llmtest.Reply{Status: status, Location: other.URL} }).Open(t)
			_, _, err := ask(t.Context(), m)
			if refused, ok := errors.AsType[*llm.StatusError](err); !ok || refused.Status != status {
				t.Errorf("%s %d: %v", shape, status, err)
			}
		}
	}
	if visited.Load() > 0 {
		t.Errorf("the other host was visited %d times", visited.Load())
	}
}

// gate is a network on which every request waits for it to open.
type gate struct {
	now  atomic.Int32
	open chan struct{}
}

func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	g.now.Add(1)
	defer g.now.Add(-1)
	<-g.open
	return canned(`{"message":{"content":"磨坊"},"done":false}` + "\n" + `{"done":true}`).RoundTrip(req)
}

func TestNoMoreCallsAtOnceThanAllowedAndWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const most = 2
		g := &gate{open: make(chan struct{})}
		m := open(t, llm.Options{Provider: llm.Ollama, Model: "m", Concurrency: most})
		m.SetBase(g)
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		var cancelled atomic.Int32
		for range 3 * most {
			done.Go(func() {
				if _, _, err := ask(ctx, m); errors.Is(err, context.Canceled) {
					cancelled.Add(1)
				}
			})
		}
		synctest.Wait()
		if n := g.now.Load(); n != most {
			t.Errorf("%d calls at once, want %d", n, most)
		}
		cancel()
		synctest.Wait()
		if n := cancelled.Load(); n != 2*most {
			t.Errorf("%d of those that waited for a turn were cancelled, want %d", n, 2*most)
		}
		close(g.open)
		done.Wait()
		if _, _, err := ask(t.Context(), m); err != nil {
			t.Errorf("a turn is lost: %v", err)
		}
	})
}

// What is in the environment for other programs of the same libraries has no say.
func TestTheEnvironmentHasNoSay(t *testing.T) {
	for _, name := range []string{"OPENAI_API_KEY", "OPENAI_MODEL", "OPENAI_ORGANIZATION", "ANTHROPIC_API_KEY"} {
		t.Setenv(name, "from-the-environment")
	}
	for _, name := range []string{"OPENAI_BASE_URL", "OPENAI_API_BASE", "OLLAMA_HOST"} {
		t.Setenv(name, "http://127.0.0.1:1/v1")
	}
	for _, shape := range llmtest.Shapes {
		s := llmtest.New(t, shape, llmtest.Say(answer))
		if _, _, err := ask(t.Context(), s.Open(t)); err != nil {
			t.Fatal(err)
		}
		for name, values := range s.Requests()[0].Header {
			if strings.Contains(strings.Join(values, " "), "from-the-environment") {
				t.Errorf("%s: %v", name, values)
			}
		}
	}
}

// A local server gets no header that some of them refuse; one of Ollama behind a key gets it.
func TestAKeyIsSentOnlyWhereThereIsOne(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Get("Authorization")
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	for _, tc := range []struct{ provider, key, want string }{
		{llm.OpenAI, "", ""}, {llm.OpenAI, "k", "Bearer k"}, {llm.Ollama, "", ""}, {llm.Ollama, "k", "Bearer k"},
	} {
		_, _, err := ask(t.Context(), open(t, llm.Options{Provider: tc.provider, Model: "m", BaseURL: server.URL, APIKey: tc.key}))
		if header := <-got; header != tc.want || err == nil {
			t.Errorf("%+v: %q, %v", tc, header, err)
		}
	}
}
