package llm

import (
	"encoding/json"
)

// anthropicStream is the stream of messages: server-sent events from message_start to message_stop, in between blocks
// with deltas, pings, and errors; events of unknown types are to be passed over (Anthropic, Streaming messages).
type anthropicStream struct{}

type anthropicEvent struct {
	Type    string `json:"type"`
	Message struct {
		Usage anthropicUsage `json:"usage"`
	} `json:"message"`
	ContentBlock struct {
		Type string `json:"type"`
		Text string `json:"text"`
	} `json:"content_block"`
	Delta struct {
		Type       string `json:"type"`
		Text       string `json:"text"`
		Thinking   string `json:"thinking"`
		StopReason string `json:"stop_reason"`
	} `json:"delta"`
	Usage anthropicUsage  `json:"usage"`
	Error json.RawMessage `json:"error"`
}

// anthropicUsage counts; what was read from or put into the provider's cache is not in input_tokens.
type anthropicUsage struct {
	Input   float64 `json:"input_tokens"`
	Created float64 `json:"cache_creation_input_tokens"`
	Read    float64 `json:"cache_read_input_tokens"`
	Output  float64 `json:"output_tokens"`
}

func (u anthropicUsage) prompt() int { return tokens(u.Input) + tokens(u.Created) + tokens(u.Read) }

func (anthropicStream) decode(line []byte) (piece, error) {
	if len(line) > 0 && line[0] == '{' { // an error object bare in the body, as some proxies send
		if s, ok := readError(line); ok {
			return piece{fault: &StreamError{Message: s.message, again: s.any(passing)}}, nil
		}
	}
	data, ok, err := sseData(line)
	if !ok {
		return piece{}, err
	}
	var e anthropicEvent
	if json.Unmarshal(data, &e) != nil || e.Type == "" {
		return piece{}, malformed(line)
	}
	switch e.Type {
	case "message_start":
		return piece{prompt: e.Message.Usage.prompt()}, nil
	case "content_block_start":
		if e.ContentBlock.Type == "text" {
			return piece{text: e.ContentBlock.Text}, nil
		}
	case "content_block_delta":
		if e.Delta.Type == "text_delta" {
			return piece{text: e.Delta.Text}, nil
		}
		return piece{thought: e.Delta.Thinking}, nil
	case "message_delta":
		return piece{stop: e.Delta.StopReason, prompt: e.Usage.prompt(), completion: tokens(e.Usage.Output)}, nil
	case "message_stop":
		return piece{end: true}, nil
	case "error":
		s, _ := readErrorField(e.Error)
		return piece{fault: &StreamError{Message: s.message, again: s.any(passing)}}, nil
	}
	return piece{}, nil
}

func (anthropicStream) bodyEnds() bool { return false }

func (anthropicStream) head() string {
	return `data: {"type":"message_start","message":{"usage":{"input_tokens":0}}}` + "\n\n" +
		`data: {"type":"content_block_start","index":0,"content_block":{"type":"text"}}` + "\n\n"
}

func (anthropicStream) text(text string) []byte {
	return frame("data: ", map[string]any{
		"type": "content_block_delta", "index": 0, "delta": map[string]string{"type": "text_delta", "text": text},
	}, "\n\n")
}

func (anthropicStream) tail() string {
	return `data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":0}}` + "\n\n" +
		`data: {"type":"message_stop"}` + "\n\n"
}
