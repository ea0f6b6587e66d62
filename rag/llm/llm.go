// Package llm gives the language models of langchaingo behind guards: a reply is whole or an error, and nothing hangs,
// is paid twice or shows the key.
//
// langchaingo builds the requests and calls the streaming function. Its parsers take an error inside a stream, or a
// stream that was cut, for the end of a reply, wait for ever, and leave goroutines behind (v0.1.14); so a transport of
// ours reads each line of the provider's first, keeps what it says, and hands the parsers made lines only.
package llm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/anthropic"
	"github.com/tmc/langchaingo/llms/ollama"
	"github.com/tmc/langchaingo/llms/openai"
	"golang.org/x/sync/semaphore"
)

// The providers there are.
const (
	OpenAI    = "openai"
	Ollama    = "ollama"
	Anthropic = "anthropic"
)

// Defaults of [Options].
const (
	DefaultSilence     = time.Minute
	DefaultTimeout     = 3 * time.Minute
	DefaultRetries     = 3
	DefaultConcurrency = 4
	DefaultContext     = 8192
	defaultReply       = 2048 // tokens of a reply when the caller sets no most
	settleWait         = 5 * time.Second
)

// Options say which model, and how far it may go. Every zero value but those of Provider and Model is a default.
type Options struct {
	Provider    string        // "openai" (and all that speak its protocol: vLLM, DeepSeek, Qwen, Kimi, Ollama's /v1), "ollama", "anthropic"
	Model       string        // the provider's name of it
	BaseURL     string        // http or https, without credentials and query; "": the provider's own
	APIKey      string        // "" where the server asks for none
	Silence     time.Duration // longest wait for the first, and between two, pieces of a reply; default 60 s
	Timeout     time.Duration // longest a whole call may take, retries included, waiting for a turn not; default 3 min
	Retries     int           // after 429, 5xx, or a connection that failed before anything came; default 3; less than 0: none
	Concurrency int           // calls at once; default 4; waiting for a turn ends with the context
	Context     int           // tokens of prompt and reply that a call may have; default 8192. Ollama is told it, since it cuts longer prompts silently
	Temperature float64       // 0 to 2; to 1 for anthropic

	Ledger       Ledger       // nil: nothing is counted
	TokensPerDay int          // most that the Ledger lets pass in a day; 0: no limit
	PriceIn      float64      // for a million tokens of prompts, in any currency; 0: unknown
	PriceOut     float64      // for a million tokens of replies
	Log          *slog.Logger // is told of retries and of a Ledger that fails; nil: no one
}

// Model is a langchaingo [llms.Model] with guards. It is safe for concurrent use.
type Model struct {
	options Options
	inner   llms.Model
	guard   *transport
	turns   *semaphore.Weighted
}

var _ llms.Model = (*Model)(nil)

// Open checks the options, every fault at once, and makes a model of them. It does not call the network.
func Open(o Options) (*Model, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("open language model: %w", err)
	}
	m := &Model{options: o, turns: semaphore.NewWeighted(int64(o.Concurrency))}
	m.guard = &transport{
		base: newBase(o.Concurrency), key: o.APIKey, silence: o.Silence, retries: max(o.Retries, 0), log: o.Log,
		now: time.Now, sleep: sleep,
	}
	client := &http.Client{
		Transport: m.guard,
		// The guard makes errors of redirects; this is for the day on which it does not.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var err error
	if m.inner, m.guard.protocol, err = o.provider(client); err != nil {
		return nil, fmt.Errorf("open language model: %s", clean(err.Error(), o.APIKey, maxMessage))
	}
	return m, nil
}

func (o Options) withDefaults() Options {
	def(&o.Silence, DefaultSilence)
	def(&o.Timeout, DefaultTimeout)
	def(&o.Retries, DefaultRetries)
	def(&o.Concurrency, DefaultConcurrency)
	def(&o.Context, DefaultContext)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (o Options) check() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(o.Provider != OpenAI && o.Provider != Ollama && o.Provider != Anthropic, "provider %q: want openai, ollama or anthropic", o.Provider)
	fault(o.Model == "", "no model is named")
	fault(o.Provider == Anthropic && o.APIKey == "", "anthropic needs a key")
	fault(o.Provider == OpenAI && o.APIKey == "" && o.BaseURL == "", "openai needs a key, or the address of a server that asks for none")
	fault(strings.ContainsFunc(o.APIKey, func(r rune) bool { return r <= ' ' || r > '~' }), "the key has characters that no key has")
	fault(o.Silence < 0 || o.Timeout < 0 || o.Concurrency < 0 || o.Context < 0 || o.TokensPerDay < 0, "a limit is less than 0")
	if err := o.checkTemperature(o.Temperature); err != nil {
		faults = append(faults, err)
	}
	fault(!(o.PriceIn >= 0) || !(o.PriceOut >= 0), "a price is less than 0")
	fault(o.TokensPerDay > 0 && o.Ledger == nil, "a limit of tokens a day needs a ledger")
	if err := checkURL(o.BaseURL); o.BaseURL != "" {
		fault(err != nil, "base URL: %w", err)
	}
	return errors.Join(faults...)
}

// checkTemperature knows that Anthropic refuses more than 1.
func (o Options) checkTemperature(t float64) error {
	most := 2.0
	if o.Provider == Anthropic {
		most = 1
	}
	if !(t >= 0 && t <= most) { // also what is no number
		return fmt.Errorf("temperature: want 0 to %v", most)
	}
	return nil
}

// checkURL does not repeat the address: what is wrong with it may be a password.
func checkURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("want an address that begins with http:// or https://")
	case u.User != nil:
		return errors.New("want no user or password in it")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return errors.New("want no ? or # in it")
	}
	return nil
}

// provider makes langchaingo's client. Whatever it would read from the environment is given.
func (o Options) provider(client *http.Client) (llms.Model, protocol, error) {
	switch o.Provider {
	case Ollama:
		base := o.BaseURL
		def(&base, "http://127.0.0.1:11434")
		m, err := ollama.New(ollama.WithModel(o.Model), ollama.WithServerURL(base), ollama.WithHTTPClient(client), ollama.WithRunnerNumCtx(o.Context))
		return m, ollamaStream{}, err
	case Anthropic:
		base := o.BaseURL
		def(&base, "https://api.anthropic.com/v1")
		m, err := anthropic.New(anthropic.WithModel(o.Model), anthropic.WithBaseURL(base), anthropic.WithToken(o.APIKey), anthropic.WithHTTPClient(client))
		return m, anthropicStream{}, err
	}
	base, key := o.BaseURL, o.APIKey
	def(&base, "https://api.openai.com/v1")
	def(&key, "none") // langchaingo takes no empty one; the transport removes it
	m, err := openai.New(openai.WithModel(o.Model), openai.WithBaseURL(base), openai.WithToken(key), openai.WithOrganization(""),
		openai.WithAPIType(openai.APITypeOpenAI), openai.WithHTTPClient(client))
	return m, openAI{}, err
}

// Name is the model's name.
func (m *Model) Name() string { return m.options.Model }

// Context is how many tokens prompt and reply may have together.
func (m *Model) Context() int { return m.options.Context }

// Call asks with a single prompt and gives the text of the reply.
func (m *Model) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, m, prompt, options...)
}

// GenerateContent asks the model. Messages are text, of the system, a human or the AI; their parts are joined by line
// ends. Without a most for the reply (llms.WithMaxTokens) it is 2048 tokens, or what Context leaves. A prompt that
// leaves no room for the most of its reply, by [EstimateTokens], is an [ErrPromptTooLong].
//
// It gives an error unless the provider said that the reply is complete. The reply is one choice: all the text, a
// StopReason of "stop" or "length", and in GenerationInfo what [UsageOf] reads. Thinking is dropped.
//
// A streaming function gets the text as it comes; when it fails, the connection is closed and its error returned as
// it is. What it was given is no answer until GenerateContent returns without an error.
func (m *Model) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	c, err := m.newCall(messages, options)
	if err == nil {
		err = m.turns.Acquire(ctx, 1)
	}
	if err != nil {
		return nil, m.named(err)
	}
	defer m.turns.Release(1)
	if err := m.reserve(ctx, c); err != nil {
		return nil, m.named(err)
	}
	defer m.settle(ctx, c)
	response, err := m.ask(ctx, c)
	if err != nil && c.refused == nil {
		err = &usedError{err, m.used(c)}
	}
	return response, err
}

// named says which model an error is of.
func (m *Model) named(err error) error { return fmt.Errorf("ask %s: %w", m.options.Model, err) }

// call is one call of GenerateContent.
type call struct {
	exchange exchange
	messages []llms.MessageContent
	options  llms.CallOptions
	prompt   int // tokens of it, estimated

	stream  func(context.Context, []byte) error // the caller's; may be nil
	refused error                               // what it returned
	panicky any                                 // what it panicked with
}

func (m *Model) newCall(messages []llms.MessageContent, options []llms.CallOption) (*call, error) {
	c := &call{options: llms.CallOptions{Temperature: m.options.Temperature}}
	for _, set := range options {
		set(&c.options)
	}
	if err := m.checkCall(c.options); err != nil {
		return nil, err
	}
	var err error
	if c.messages, err = plain(messages); err != nil {
		return nil, err
	}
	c.prompt = promptTokens(c.messages)
	left := m.options.Context - c.prompt
	if c.options.MaxTokens <= 0 {
		c.options.MaxTokens = min(defaultReply, max(left, 1))
	}
	if c.options.MaxTokens > left {
		return nil, fmt.Errorf("%w (about %d tokens, and %d for the reply, of %d)", ErrPromptTooLong, c.prompt, c.options.MaxTokens, m.options.Context)
	}
	if m.options.Provider == OpenAI && m.options.BaseURL != "" {
		c.options.Metadata = maps.Clone(c.options.Metadata) // the caller's stays as it is
		openai.WithLegacyMaxTokensField()(&c.options)       // servers of the protocol take max_tokens only
	}
	c.stream = c.options.StreamingFunc
	c.options.StreamingFunc = c.pass
	c.options.StreamingReasoningFunc = nil
	return c, nil
}

func (m *Model) checkCall(o llms.CallOptions) error {
	switch {
	case o.Model != "" && o.Model != m.options.Model:
		return errors.New("another model than the one that was opened is asked for")
	case o.N > 1 || o.CandidateCount > 1:
		return errors.New("more than one reply is asked for")
	}
	return m.options.checkTemperature(o.Temperature)
}

// plain brings messages into the one form that langchaingo sends alike to all providers: a part of text each.
func plain(messages []llms.MessageContent) ([]llms.MessageContent, error) {
	if len(messages) == 0 {
		return nil, errors.New("no messages to send")
	}
	made := make([]llms.MessageContent, len(messages))
	for i, message := range messages {
		if r := message.Role; r != llms.ChatMessageTypeSystem && r != llms.ChatMessageTypeAI && r != llms.ChatMessageTypeHuman {
			return nil, fmt.Errorf("message %d: role %q: want system, human or ai", i+1, message.Role)
		}
		var texts []string
		for _, part := range message.Parts {
			text, ok := part.(llms.TextContent)
			if !ok {
				return nil, fmt.Errorf("message %d: a part is %T: want text", i+1, part)
			}
			texts = append(texts, text.Text)
		}
		text := strings.ToValidUTF8(strings.Join(texts, "\n"), "\uFFFD")
		if strings.TrimSpace(text) == "" {
			return nil, fmt.Errorf("message %d is empty", i+1)
		}
		made[i] = llms.TextParts(message.Role, text)
	}
	return made, nil
}

// pass hands text to the caller's streaming function. langchaingo may call it in a goroutine of its own, where a panic
// would end the program: it is taken along.
func (c *call) pass(ctx context.Context, chunk []byte) (err error) {
	if len(chunk) == 0 || c.stream == nil {
		return nil
	}
	defer func() {
		if c.panicky = recover(); c.panicky != nil {
			err = errors.New("the streaming function panicked")
		}
		c.refused = err
	}()
	return c.stream(ctx, chunk)
}

func (m *Model) ask(ctx context.Context, c *call) (*llms.ContentResponse, error) {
	timed, cancel := context.WithTimeoutCause(ctx, m.options.Timeout, ErrTimeout)
	defer cancel()
	_, err := m.inner.GenerateContent(withExchange(timed, &c.exchange), c.messages, llms.WithOptions(c.options))
	if c.panicky != nil {
		panic(c.panicky)
	}
	if c.refused != nil {
		return nil, c.refused
	}
	text, stop, fault := c.exchange.verdict()
	switch {
	case err == nil && fault == nil:
		return &llms.ContentResponse{Choices: []*llms.ContentChoice{
			{Content: text, StopReason: stop, GenerationInfo: m.used(c).info()},
		}}, nil
	case ctx.Err() != nil:
		return nil, m.named(ctx.Err())
	case err != nil && c.exchange.untouched(): // langchaingo made no request
		return nil, m.named(errors.New(clean(err.Error(), m.options.APIKey, maxMessage)))
	case fault != nil:
		return nil, m.named(fault)
	}
	return nil, m.named(fmt.Errorf("%w (%s)", ErrMalformed, clean(err.Error(), m.options.APIKey, maxMessage)))
}

func (m *Model) used(c *call) Usage {
	u := c.exchange.usage(c.prompt)
	u.Cost = (float64(u.Prompt)*m.options.PriceIn + float64(u.Completion)*m.options.PriceOut) / 1e6
	return u
}

func (c *call) most() int { return c.prompt + c.options.MaxTokens }

func (m *Model) reserve(ctx context.Context, c *call) error {
	if m.options.Ledger == nil {
		return nil
	}
	ok, err := m.options.Ledger.Reserve(ctx, m.options.Model, c.most(), m.options.TokensPerDay)
	if err != nil {
		return fmt.Errorf("reserve today's tokens: %w", err)
	}
	if !ok {
		return ErrBudget
	}
	return nil
}

// settle counts what was used, also after ctx is done. When it fails the reservation stays, which is more.
func (m *Model) settle(ctx context.Context, c *call) {
	if m.options.Ledger == nil {
		return
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWait)
	defer cancel()
	if err := m.options.Ledger.Settle(late, m.options.Model, c.most(), m.used(c)); err != nil {
		m.options.Log.WarnContext(ctx, "the language model's tokens were not counted", "fault", err.Error())
	}
}
