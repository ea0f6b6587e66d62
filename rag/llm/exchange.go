package llm

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// maxReply is how many bytes of text and thought a reply may have.
const maxReply = 4 << 20

// piece is what one line of a reply says; most say one thing.
type piece struct {
	text    string // of the answer
	thought string // of the model's thinking: a sign of life, and counted
	stop    string // why the model ended, in the provider's word
	end     bool   // the provider's mark that nothing follows
	fault   error  // an error that the provider reports

	prompt, completion int // tokens used; 0: not said
}

// exchange is one call's requests and the reply to the last of them. It travels in the context of the call, since
// langchaingo's parsers lose what it keeps.
type exchange struct {
	mu       sync.Mutex
	requests int // sent
	charged  int // of them those that the provider may have worked on
	fault    error

	text               strings.Builder
	size, thought      int // bytes of text and thought, tokens of thought
	heard              bool
	stop               string
	ended              bool // the provider's end mark, or a clean end where the protocol has that for one
	prompt, completion int
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

func exchangeOf(ctx context.Context) (*exchange, bool) {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	return x, ok
}

// send counts a request that is about to be sent.
func (x *exchange) send() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.requests++
}

// charge counts a request as one that the provider may have worked on.
func (x *exchange) charge() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.charged++
}

// begin forgets the reply to an earlier request: none of its text was passed on.
func (x *exchange) begin() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.text.Reset()
	x.size, x.thought, x.heard, x.stop, x.ended, x.prompt, x.completion = 0, 0, false, "", false, 0, 0
}

// fail keeps the first fault and gives it back.
func (x *exchange) fail(err error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fault == nil {
		x.fault = err
	}
	return x.fault
}

// take adds a piece to the reply.
func (x *exchange) take(p piece) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.heard = true
	if p.fault != nil {
		return p.fault
	}
	if x.size += len(p.text) + len(p.thought); x.size > maxReply {
		return fmt.Errorf("%w (more than %d MB)", ErrTooLong, maxReply>>20)
	}
	x.text.WriteString(p.text)
	x.thought += EstimateTokens(p.thought)
	if p.stop != "" {
		x.stop = p.stop
	}
	if p.prompt > 0 {
		x.prompt = p.prompt
	}
	if p.completion > 0 {
		x.completion = p.completion
	}
	if p.end {
		x.ended = true
	}
	return nil
}

// over says how a body that has ended leaves the reply. bodyEnds: the protocol takes a clean end for an end mark once
// the model has said why it stopped.
func (x *exchange) over(clean, bodyEnds bool) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.ended && x.stop != "":
		return nil
	case clean && bodyEnds && x.stop != "":
		x.ended = true
		return nil
	case !x.heard:
		return errNothing
	}
	return ErrCut
}

// stops are the providers' words for an end of the reply; what is not here is a stop for another reason.
var stops = map[string]string{
	"stop": "stop", "end_turn": "stop", "stop_sequence": "stop", "eos": "stop", "eos_token": "stop",
	"length": "length", "max_tokens": "length", "model_context_window_exceeded": "length",
}

// verdict is the reply's text and why it ended, "stop" or "length", or what went wrong.
func (x *exchange) verdict() (text, stop string, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fault != nil {
		return "", "", x.fault
	}
	if !x.ended || x.stop == "" {
		return "", "", ErrCut
	}
	stop, ok := stops[x.stop]
	if !ok {
		return "", "", &StopError{Reason: clean(x.stop, "", maxMessage)}
	}
	return x.text.String(), stop, nil
}

// usage is what the call has used; prompt is the estimate of one request's prompt.
func (x *exchange) usage(prompt int) Usage {
	x.mu.Lock()
	defer x.mu.Unlock()
	u := Usage{Calls: x.requests, Prompt: x.prompt, Completion: x.completion}
	if x.charged == 0 {
		return u
	}
	if x.prompt == 0 {
		u.Prompt, u.Estimated = prompt, true
	}
	if estimate := EstimateTokens(x.text.String()) + x.thought; x.completion == 0 && estimate > 0 || !x.ended && estimate > x.completion {
		u.Completion, u.Estimated = estimate, true
	}
	if more := x.charged - 1; more > 0 {
		u.Prompt += more * prompt
		u.Estimated = true
	}
	return u
}

func (x *exchange) hasEnded() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.ended
}

// untouched says that no request was sent.
func (x *exchange) untouched() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.requests == 0
}
