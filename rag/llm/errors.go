package llm

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// What can become of a call. Each says what a person can do; none holds the key or the query of an address.
var (
	// ErrSilent: nothing came for [Options].Silence.
	ErrSilent = errors.New("the language model went silent: it may be loading or overloaded; try again, or raise LLM_SILENCE")
	// ErrTimeout: the call took longer than [Options].Timeout.
	ErrTimeout = errors.New("the language model took too long: ask for less, or raise LLM_TIMEOUT")
	// ErrCut: the reply ended before the provider said that it is complete.
	ErrCut = errors.New("the language model's reply broke off: try again; if it recurs, look at the network or a proxy between")
	// ErrMalformed: what came is not what the provider's protocol has.
	ErrMalformed = errors.New("the language model's reply is not in the provider's protocol: check LLM_PROVIDER and LLM_BASE_URL (OpenAI's kind mostly ends in /v1)")
	// ErrTooLong: a line of more than 1 MB, or a reply of more than 4 MB.
	ErrTooLong = errors.New("the language model's reply is too long to be one: check LLM_BASE_URL")
	// ErrPromptTooLong: prompt and reply would not fit into [Options].Context, by [EstimateTokens].
	ErrPromptTooLong = errors.New("the prompt is too long for the language model: send less, or raise LLM_CONTEXT if the model takes more")
	// ErrBudget: today's tokens are spent.
	ErrBudget = errors.New("today's tokens for the language model are spent: wait until tomorrow, or raise LLM_TOKENS_PER_DAY")
	// ErrStopped is what every [StopError] is: the provider ended the reply for another reason than its end or its length.
	ErrStopped = errors.New("the provider stopped the language model")
	// ErrUnreachable: no connection, or it failed before an answer.
	ErrUnreachable = errors.New("the language model cannot be reached: check that it runs, LLM_BASE_URL and the network")

	// errNothing is a cut before anything came: worth another try.
	errNothing = fmt.Errorf("%w (nothing came)", ErrCut)
)

// maxMessage is how many characters of a provider's own words are kept.
const maxMessage = 300

// StatusError is a provider's refusal of a request.
type StatusError struct {
	Status     int           // of HTTP
	Message    string        // the provider's words, at most 300 characters; "" at 401, where they repeat parts of the key
	RetryAfter time.Duration // what the provider asks to wait; 0: it does not say

	final bool // asking again does not help, whatever the status
}

func (e *StatusError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the language model's provider refused: %d %s", e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		fmt.Fprintf(&b, " (%s)", e.Message)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, ", asks to wait %s", e.RetryAfter.Round(time.Second))
	}
	b.WriteString(": " + e.advice())
	return b.String()
}

func (e *StatusError) advice() string {
	switch s := e.Status; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return "check LLM_API_KEY, and that it may use LLM_MODEL"
	case s == http.StatusPaymentRequired || e.final:
		return "the account has no balance or quota left"
	case s == http.StatusNotFound || s == http.StatusMethodNotAllowed:
		return "check LLM_MODEL and LLM_BASE_URL"
	case s == http.StatusTooManyRequests:
		return "too many requests; wait, or lower LLM_CONCURRENCY"
	case s < http.StatusBadRequest:
		return "set LLM_BASE_URL to the address that it now has; no other host is given the key"
	case s < http.StatusInternalServerError:
		return "check LLM_MODEL, LLM_CONTEXT and LLM_TEMPERATURE"
	default:
		return "the fault is the provider's; try again later"
	}
}

func (e *StatusError) transient() bool {
	return !e.final && (e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError)
}

// StreamError is an error that the provider reported inside a reply that had begun.
type StreamError struct {
	Message string // the provider's words, at most 300 characters

	again bool // it is of a kind that passes
}

func (e *StreamError) Error() string {
	return fmt.Sprintf("the language model's provider broke off the reply (%s): try again later", e.Message)
}

// StopError is a reply that the provider ended for another reason than its end or its length: content_filter, refusal,
// tool_calls and the like. It is an [ErrStopped].
type StopError struct {
	Reason string // the provider's word
}

func (e *StopError) Error() string {
	return fmt.Sprintf("%s (%s): ask in other words, or another model", ErrStopped.Error(), e.Reason)
}

func (e *StopError) Unwrap() error { return ErrStopped }

// unreachableError is a connection that failed before an answer.
type unreachableError struct {
	cause string // without addresses' secrets
	again bool   // another try may do better
}

func (e *unreachableError) Error() string { return ErrUnreachable.Error() + " (" + e.cause + ")" }
func (e *unreachableError) Unwrap() error { return ErrUnreachable }

// transient says whether the same request may do better in a moment.
func transient(err error) bool {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.transient()
	}
	if stream, ok := errors.AsType[*StreamError](err); ok {
		return stream.again
	}
	if far, ok := errors.AsType[*unreachableError](err); ok {
		return far.again
	}
	return errors.Is(err, errNothing)
}

// clean is text of a provider that may be shown: one line, no control or invisible characters, not the key, at most n
// characters.
func clean(s, key string, n int) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	if key != "" {
		s = strings.ReplaceAll(s, key, "[hidden]")
	}
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > n {
		s = string(runes[:n])
	}
	return s
}

// said is a provider's error, in any of the forms that the providers have.
type said struct {
	message string
	kinds   []string // its type, code and status, whichever there are
}

// readError finds the error in a JSON object: {"error":{"message","type","code"}}, {"error":"..."}, {"message"} or
// {"detail"}. ok is false where there is none.
func readError(raw []byte) (s said, ok bool) {
	var outer struct {
		Error   json.RawMessage `json:"error"`
		Message json.RawMessage `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(raw, &outer) != nil {
		return said{}, false
	}
	for _, field := range []json.RawMessage{outer.Error, outer.Message, outer.Detail} {
		if s, ok := readErrorField(field); ok {
			return s, true
		}
	}
	return said{}, false
}

func readErrorField(field json.RawMessage) (s said, ok bool) {
	if empty(field) {
		return said{}, false
	}
	var inner struct {
		Message string `json:"message"`
		Type    any    `json:"type"`
		Code    any    `json:"code"`
	}
	if json.Unmarshal(field, &inner) == nil {
		s.message = inner.Message
		for _, kind := range []any{inner.Type, inner.Code} {
			if kind != nil {
				s.kinds = append(s.kinds, fmt.Sprint(kind))
			}
		}
	} else if json.Unmarshal(field, &s.message) != nil {
		s.message = string(field)
	}
	if s.message == "" {
		s.message = strings.Join(s.kinds, " ")
	}
	return s, true
}

// empty says that a field of JSON is not there, null, or an empty text or object.
func empty(field json.RawMessage) bool {
	switch strings.TrimSpace(string(field)) {
	case "", "null", `""`, "{}":
		return true
	}
	return false
}

// passing are kinds of errors that pass by themselves.
var passing = map[string]bool{
	"overloaded_error": true, "api_error": true, "rate_limit_error": true, "timeout_error": true, "server_error": true,
	"rate_limit_exceeded": true, "service_unavailable": true, "engine_overloaded_error": true,
	"429": true, "500": true, "502": true, "503": true, "504": true, "529": true,
}

// spent are kinds of errors that no waiting of ours mends, though their status is 429.
var spent = map[string]bool{"insufficient_quota": true, "exceeded_current_quota_error": true, "billing_hard_limit_reached": true}

func (s said) any(of map[string]bool) bool {
	for _, kind := range s.kinds {
		if of[kind] {
			return true
		}
	}
	return false
}
