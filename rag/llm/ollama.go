package llm

import (
	"bytes"
	"encoding/json"
)

// ollamaStream is the stream of /api/chat: a JSON object a line, the last with done and done_reason (Ollama, docs/api.md,
// Generate a chat completion).
type ollamaStream struct{}

type ollamaLine struct {
	Message *struct {
		Content  string `json:"content"`
		Thinking string `json:"thinking"`
	} `json:"message"`
	Done       *bool   `json:"done"`
	DoneReason string  `json:"done_reason"`
	Prompt     float64 `json:"prompt_eval_count"`
	Completion float64 `json:"eval_count"`

	Error json.RawMessage `json:"error"`
}

func (ollamaStream) decode(line []byte) (piece, error) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return piece{}, nil
	}
	var l ollamaLine
	if json.Unmarshal(line, &l) != nil {
		return piece{}, malformed(line)
	}
	if !empty(l.Error) {
		s, _ := readErrorField(l.Error)
		return piece{fault: &StreamError{Message: s.message, again: s.any(passing)}}, nil
	}
	if l.Done == nil || l.Message == nil && !*l.Done {
		return piece{}, malformed(line)
	}
	var p piece
	if l.Message != nil {
		p.text, p.thought = l.Message.Content, l.Message.Thinking
	}
	if *l.Done {
		p.end, p.stop = true, l.DoneReason
		if p.stop == "" { // servers before 0.3 do not say why
			p.stop = "stop"
		}
		p.prompt, p.completion = tokens(l.Prompt), tokens(l.Completion)
	}
	return p, nil
}

func (ollamaStream) bodyEnds() bool { return false }

func (ollamaStream) head() string { return "" }

func (ollamaStream) text(text string) []byte {
	return frame("", map[string]any{"message": map[string]string{"role": "assistant", "content": text}, "done": false}, "\n")
}

func (ollamaStream) tail() string {
	return `{"message":{"role":"assistant","content":""},"done":true}` + "\n"
}
