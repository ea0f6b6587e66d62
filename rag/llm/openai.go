package llm

import (
	"encoding/json"
)

// openAI is the stream of chat completions: server-sent events of "chat.completion.chunk" objects, closed by
// "data: [DONE]" (OpenAI API reference, Chat completions, Streaming).
type openAI struct{}

type openAIChunk struct {
	Choices *[]struct {
		Index int `json:"index"`
		Delta struct {
			Content          string `json:"content"`
			ReasoningContent string `json:"reasoning_content"` // DeepSeek, Qwen, Kimi, vLLM
			Reasoning        string `json:"reasoning"`         // OpenRouter, Ollama, newer vLLM
		} `json:"delta"`
		FinishReason string `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		Prompt     float64 `json:"prompt_tokens"`
		Completion float64 `json:"completion_tokens"`
	} `json:"usage"`
	Error json.RawMessage `json:"error"`
}

func (openAI) decode(line []byte) (piece, error) {
	if len(line) > 0 && line[0] == '{' { // an error object bare in the body, as some servers and proxies send
		if s, ok := readError(line); ok {
			return piece{fault: &StreamError{Message: s.message, again: s.any(passing)}}, nil
		}
	}
	data, ok, err := sseData(line)
	if !ok {
		return piece{}, err
	}
	if string(data) == "[DONE]" {
		return piece{end: true}, nil
	}
	var chunk openAIChunk
	if json.Unmarshal(data, &chunk) != nil {
		return piece{}, malformed(line)
	}
	if !empty(chunk.Error) {
		s, _ := readErrorField(chunk.Error)
		return piece{fault: &StreamError{Message: s.message, again: s.any(passing)}}, nil
	}
	if chunk.Choices == nil && chunk.Usage == nil {
		return piece{}, malformed(line)
	}
	return chunk.piece(), nil
}

func (c openAIChunk) piece() piece {
	var p piece
	if c.Usage != nil {
		p.prompt, p.completion = tokens(c.Usage.Prompt), tokens(c.Usage.Completion)
	}
	if c.Choices == nil {
		return p
	}
	for _, choice := range *c.Choices {
		if choice.Index != 0 {
			continue
		}
		p.text += choice.Delta.Content
		p.thought += choice.Delta.ReasoningContent + choice.Delta.Reasoning
		if choice.FinishReason != "" {
			p.stop = choice.FinishReason
		}
	}
	return p
}

// bodyEnds: some servers of this protocol close without [DONE].
func (openAI) bodyEnds() bool { return true }

func (openAI) head() string { return "" }

func (openAI) text(text string) []byte {
	return frame("data: ", map[string]any{"choices": []any{map[string]any{"delta": map[string]string{"content": text}}}}, "\n\n")
}

func (openAI) tail() string {
	return `data: {"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"
}
