package llmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// refusal is an answer with another status than 200.
type refusal struct {
	status  int
	kind    string
	message string
}

// refuse writes the error object of the shape.
//
// OpenAI (guide "Error codes"): {"error":{"message","type","param","code"}}. Ollama (docs/api.md): {"error":"..."}.
// Anthropic ("Errors"): {"type":"error","error":{"type","message"}}.
func (s *Server) refuse(w http.ResponseWriter, r refusal) {
	if r.message == "" {
		r.message = "scripted: " + http.StatusText(r.status)
	}
	if r.kind == "" {
		r.kind = s.kindOf(r.status)
	}
	var body any
	switch s.shape {
	case OpenAI:
		body = map[string]any{"error": map[string]any{"message": r.message, "type": r.kind, "param": nil, "code": r.kind}}
	case Anthropic:
		body = map[string]any{"type": "error", "error": map[string]any{"type": r.kind, "message": r.message}}
	case Ollama:
		body = map[string]any{"error": r.message}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(body) // a client that went away is its own fault
}

func (s *Server) kindOf(status int) string {
	kinds := map[int]string{
		400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
		429: "rate_limit_error", 500: "api_error", 503: "overloaded_error", 529: "overloaded_error",
	}
	if s.shape == OpenAI {
		kinds = map[int]string{
			400: "invalid_request_error", 401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded",
			500: "server_error", 503: "service_unavailable",
		}
	}
	return kinds[status]
}

// wire is a request of any of the shapes.
type wire struct {
	Model     string    `json:"model"`
	Stream    bool      `json:"stream"`
	Messages  []wireMsg `json:"messages"`
	System    string    `json:"system"`
	MaxTokens *int      `json:"max_tokens"`

	MaxCompletionTokens *int     `json:"max_completion_tokens"`
	Temperature         *float64 `json:"temperature"`
	StreamOptions       *struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	Options *struct {
		NumCtx      int      `json:"num_ctx"`
		NumPredict  int      `json:"num_predict"`
		Temperature *float64 `json:"temperature"`
	} `json:"options"`
}

type wireMsg struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

// text is the content as a text, or as blocks of text.
func (m wireMsg) text() (string, bool) {
	var text string
	if json.Unmarshal(m.Content, &text) == nil {
		return text, text != ""
	}
	var blocks []struct{ Type, Text string }
	if json.Unmarshal(m.Content, &blocks) != nil || len(blocks) == 0 {
		return "", false
	}
	var all strings.Builder
	for _, b := range blocks {
		if b.Type != "text" || b.Text == "" {
			return "", false
		}
		all.WriteString(b.Text)
	}
	return all.String(), true
}

func bad(format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, message: fmt.Sprintf(format, args...)}
}

// read takes a request, or says why a real server would not.
func (s *Server) read(r *http.Request) (Request, *refusal) {
	paths := map[Shape]string{OpenAI: "/v1/chat/completions", Ollama: "/api/chat", Anthropic: "/v1/messages"}
	if r.URL.Path != paths[s.shape] {
		return Request{}, &refusal{status: http.StatusNotFound, message: "no such path: " + r.URL.Path}
	}
	if r.Method != http.MethodPost {
		return Request{}, &refusal{status: http.StatusMethodNotAllowed, message: "want POST"}
	}
	if refused := s.admit(r.Header); refused != nil {
		return Request{}, refused
	}
	var in wire
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return Request{}, bad("the body is no JSON: %v", err)
	}
	if in.Model == "" {
		return Request{}, bad("you must provide a model parameter")
	}
	if in.Model != Model {
		return Request{}, &refusal{status: http.StatusNotFound, message: "model '" + in.Model + "' not found"}
	}
	if !in.Stream {
		return Request{}, bad("this server only streams")
	}
	out := Request{Model: in.Model}
	var refused *refusal
	switch s.shape {
	case OpenAI:
		refused = in.openAI(&out)
	case Ollama:
		refused = in.ollama(&out)
	case Anthropic:
		refused = in.anthropic(&out)
	}
	if refused == nil {
		refused = s.messages(in, &out)
	}
	return out, refused
}

// admit looks at the headers. OpenAI ("Authentication"): a bearer token. Anthropic ("API overview"): x-api-key, and
// anthropic-version, without which a request is invalid. Ollama asks for no key.
func (s *Server) admit(h http.Header) *refusal {
	if h.Get("Content-Type") != "application/json" {
		return bad("want content-type: application/json")
	}
	switch s.shape {
	case OpenAI:
		if h.Get("Authorization") != "Bearer "+Key {
			return &refusal{status: http.StatusUnauthorized, message: "Incorrect API key provided: " + masked(strings.TrimPrefix(h.Get("Authorization"), "Bearer "))}
		}
	case Anthropic:
		if h.Get("X-Api-Key") != Key {
			return &refusal{status: http.StatusUnauthorized, message: "invalid x-api-key " + masked(h.Get("X-Api-Key"))}
		}
		if h.Get("Anthropic-Version") != "2023-06-01" {
			return bad("anthropic-version: header is required")
		}
	case Ollama:
	}
	return nil
}

// masked is a key as OpenAI repeats it: its first eight characters and its last four.
func masked(key string) string {
	if len(key) < 12 {
		return key
	}
	return key[:8] + "****" + key[len(key)-4:]
}

// openAI: max_tokens is deprecated in favour of max_completion_tokens, and both are refused; temperature is between 0
// and 2; usage comes with stream_options.include_usage (API reference, Create chat completion).
func (in wire) openAI(out *Request) *refusal {
	if in.MaxTokens != nil && in.MaxCompletionTokens != nil {
		return bad("setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported")
	}
	out.NewMaxTokens = in.MaxCompletionTokens != nil
	for _, n := range []*int{in.MaxTokens, in.MaxCompletionTokens} {
		if n == nil {
			continue
		}
		if out.MaxTokens = *n; *n < 1 {
			return bad("max tokens: integer below minimum value")
		}
	}
	return temperature(in.Temperature, 2, out)
}

// ollama: what governs the model is in options; without num_ctx the server's default cuts long prompts silently
// (docs/faq.md, context window).
func (in wire) ollama(out *Request) *refusal {
	if in.Options == nil || in.Options.NumCtx < 1 {
		return bad("options.num_ctx is missing: a long prompt would be cut")
	}
	out.MaxTokens, out.Context = in.Options.NumPredict, in.Options.NumCtx
	return temperature(in.Options.Temperature, 2, out)
}

// anthropic: max_tokens is required, temperature between 0 and 1, the system's text a field of its own ("Messages").
func (in wire) anthropic(out *Request) *refusal {
	if in.MaxTokens == nil || *in.MaxTokens < 1 {
		return bad("max_tokens: Field required")
	}
	out.MaxTokens = *in.MaxTokens
	if in.System != "" {
		out.System = in.System
		out.Messages = append(out.Messages, Message{"system", in.System})
	}
	return temperature(in.Temperature, 1, out)
}

func temperature(t *float64, most float64, out *Request) *refusal {
	if t == nil {
		return nil
	}
	if out.Temperature = *t; *t < 0 || *t > most {
		return bad("temperature: %v is not between 0 and %v", *t, most)
	}
	return nil
}

func (s *Server) messages(in wire, out *Request) *refusal {
	if len(in.Messages) == 0 {
		return bad("messages: at least one message is required")
	}
	for i, m := range in.Messages {
		text, ok := m.text()
		if !ok || strings.TrimSpace(text) == "" || !utf8.ValidString(text) {
			return bad("messages.%d.content: text content blocks must be non-empty", i)
		}
		switch m.Role {
		case "user":
			out.Prompt = text
		case "assistant":
		case "system":
			if s.shape == Anthropic {
				return bad(`messages.%d.role: unexpected role "system"; it is a top-level parameter`, i)
			}
			out.System = strings.TrimPrefix(out.System+"\n"+text, "\n")
		default:
			return bad("messages.%d.role: %q is not one of the roles", i, m.Role)
		}
		out.Messages = append(out.Messages, Message{m.Role, text})
	}
	if out.Prompt == "" {
		return bad("messages: a message of the user is required")
	}
	return nil
}
