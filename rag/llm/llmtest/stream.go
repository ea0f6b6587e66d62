package llmtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"unicode/utf8"
)

// stream writes one reply.
type stream struct {
	w       http.ResponseWriter
	shape   Shape
	request Request
	reply   Reply
	gone    <-chan struct{}
	block   int // Anthropic: index of the open block
}

// longLine is the length of the line of the fault LongLine.
const longLine = 10 << 20

func (s *Server) send(st *stream) {
	kind := "text/event-stream"
	switch {
	case st.reply.Fault == Garbage:
		kind = "text/html"
	case s.shape == Ollama:
		kind = "application/x-ndjson"
	}
	st.w.Header().Set("Content-Type", kind)
	if st.reply.Fault == Garbage {
		st.write("<!DOCTYPE html>\n<html><head><title>Welcome</title></head>\n<body>It works.</body></html>\n")
	}
	if st.reply.Fault == Garbage || st.reply.Fault == Empty {
		return
	}
	text := []rune(st.reply.Text)
	strikes := st.reply.Fault >= Cut && st.reply.Fault <= WrongShape
	if strikes {
		text = text[:min(st.reply.AfterRunes, len(text))]
	}
	if len(text) > 0 || !strikes {
		st.begin()
		st.pieces([]rune(st.reply.Thought), st.thought)
		st.pieces(text, st.text)
	}
	if strikes {
		st.strike()
		return
	}
	st.end()
}

func (st *stream) pieces(text []rune, write func(string)) {
	chunk := st.reply.Chunk
	if chunk < 1 {
		chunk = 3
	}
	for len(text) > 0 {
		n := min(chunk, len(text))
		st.alive()
		write(string(text[:n]))
		text = text[n:]
	}
}

// write sends and flushes; with SplitUTF8 in two parts, the first of which ends inside a character.
func (st *stream) write(line string) {
	raw := []byte(line)
	if st.reply.Fault == SplitUTF8 {
		if at := bytes.IndexFunc(raw, func(r rune) bool { return r >= utf8.RuneSelf }); at >= 0 {
			_, _ = st.w.Write(raw[:at+1])
			st.flush()
			raw = raw[at+1:]
		}
	}
	_, _ = st.w.Write(raw) // a client that went away ends the handler by itself
	st.flush()
}

func (st *stream) flush() { _ = http.NewResponseController(st.w).Flush() }

// object sends a JSON object as the shape does: Ollama a line each, Anthropic with the name of the event, OpenAI as data.
func (st *stream) object(v map[string]any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	switch st.shape {
	case OpenAI:
		st.write("data: " + b.String() + "\n")
	case Anthropic:
		name, _ := v["type"].(string)
		st.write("event: " + name + "\ndata: " + b.String() + "\n")
	case Ollama:
		st.write(b.String())
	}
}

// alive is what servers send so that a connection is not taken for dead: comments (OpenRouter, DeepSeek, while a
// request waits), pings (Anthropic); nothing that Ollama does, but blank lines pass.
func (st *stream) alive() {
	if st.reply.Fault != KeepAliveComments {
		return
	}
	switch st.shape {
	case OpenAI:
		st.write(": keep-alive\n\n")
	case Anthropic:
		st.object(map[string]any{"type": "ping"})
	case Ollama:
		st.write("\n")
	}
}

func (st *stream) usage() Usage {
	u := st.reply.Usage
	if u == (Usage{}) {
		for _, m := range st.request.Messages {
			u.Prompt += utf8.RuneCountInString(m.Text)
		}
		u.Completion = utf8.RuneCountInString(st.reply.Text)
	}
	return u
}

// chunk is OpenAI's chat.completion.chunk (API reference, The chat completion chunk object).
func (st *stream) chunk(delta map[string]any, finish, usage any) {
	choices := []any{}
	if delta != nil {
		choices = append(choices, map[string]any{"index": 0, "delta": delta, "logprobs": nil, "finish_reason": finish})
	}
	st.object(map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": Model, "choices": choices, "usage": usage,
	})
}

// line is one of Ollama's /api/chat (docs/api.md, Generate a chat completion).
func (st *stream) line(message map[string]any) {
	message["role"] = "assistant"
	st.object(map[string]any{"model": Model, "created_at": "2026-01-01T00:00:00Z", "message": message, "done": false})
}

func (st *stream) begin() {
	switch st.shape {
	case OpenAI:
		st.chunk(map[string]any{"role": "assistant", "content": ""}, nil, nil)
	case Anthropic: // "Streaming messages": message_start, blocks, message_delta, message_stop
		usage := map[string]any{"input_tokens": st.usage().Prompt, "output_tokens": 1}
		if st.reply.Fault == NoUsage {
			usage = map[string]any{}
		}
		st.object(map[string]any{"type": "message_start", "message": map[string]any{
			"id": "msg_1", "type": "message", "role": "assistant", "content": []any{}, "model": Model, "stop_reason": nil, "usage": usage,
		}})
		if st.reply.Thought != "" {
			st.open(map[string]any{"type": "thinking", "thinking": "", "signature": ""})
		} else {
			st.open(map[string]any{"type": "text", "text": ""})
		}
	case Ollama:
	}
}

func (st *stream) open(block map[string]any) {
	st.object(map[string]any{"type": "content_block_start", "index": st.block, "content_block": block})
}

func (st *stream) shut() {
	st.object(map[string]any{"type": "content_block_stop", "index": st.block})
	st.block++
}

func (st *stream) thought(piece string) {
	switch st.shape {
	case OpenAI:
		st.chunk(map[string]any{"reasoning_content": piece}, nil, nil)
	case Anthropic:
		st.object(map[string]any{"type": "content_block_delta", "index": st.block, "delta": map[string]any{"type": "thinking_delta", "thinking": piece}})
	case Ollama:
		st.line(map[string]any{"content": "", "thinking": piece})
	}
}

func (st *stream) text(piece string) {
	switch st.shape {
	case OpenAI:
		st.chunk(map[string]any{"content": piece}, nil, nil)
	case Anthropic:
		st.nextBlock()
		st.object(map[string]any{"type": "content_block_delta", "index": st.block, "delta": map[string]any{"type": "text_delta", "text": piece}})
	case Ollama:
		st.line(map[string]any{"content": piece})
	}
}

// nextBlock closes the block of thinking before the first text, and with SeveralBlocks each block.
func (st *stream) nextBlock() {
	switch {
	case st.reply.Fault == SeveralBlocks:
		st.shut()
		st.open(map[string]any{"type": "redacted_thinking", "data": "x"})
		st.shut()
		st.object(map[string]any{"type": "event_of_tomorrow", "index": -1})
		st.open(map[string]any{"type": "text", "text": ""})
	case st.block == 0 && st.reply.Thought != "":
		st.shut()
		st.open(map[string]any{"type": "text", "text": ""})
	}
}

func (st *stream) end() {
	usage, told := st.usage(), st.reply.Fault != NoUsage
	switch st.shape {
	case OpenAI:
		st.chunk(map[string]any{}, st.stop("stop"), nil)
		if told {
			st.chunk(nil, nil, map[string]any{
				"prompt_tokens": usage.Prompt, "completion_tokens": usage.Completion, "total_tokens": usage.Prompt + usage.Completion,
			})
		}
		if st.reply.Fault != NoDone {
			st.write("data: [DONE]\n\n")
		}
	case Anthropic:
		st.shut()
		counts := map[string]any{}
		if told {
			counts["output_tokens"] = usage.Completion
		}
		st.object(map[string]any{"type": "message_delta", "delta": map[string]any{"stop_reason": st.stop("end_turn"), "stop_sequence": nil}, "usage": counts})
		st.object(map[string]any{"type": "message_stop"})
	case Ollama:
		last := map[string]any{
			"model": Model, "created_at": "2026-01-01T00:00:00Z", "message": map[string]any{"role": "assistant", "content": ""},
			"done": true, "done_reason": st.stop("stop"), "total_duration": 1,
		}
		if told {
			last["prompt_eval_count"], last["eval_count"] = usage.Prompt, usage.Completion
		}
		st.object(last)
	}
}

func (st *stream) stop(natural string) string {
	if st.reply.Stop == "" {
		return natural
	}
	return st.reply.Stop
}

func (st *stream) strike() {
	switch st.reply.Fault { //nolint:exhaustive // the others do not strike, or by ending here
	case Cut:
		st.flush()
		panic(http.ErrAbortHandler) // closes the connection without the end of the body
	case StreamError:
		st.streamError()
	case Silence:
		st.flush()
		<-st.gone
	case LongLine:
		st.longLine()
	case WrongJSON:
		st.prefixed(`{"choices":[{"delta":{"content":"half a`)
	case WrongShape:
		st.prefixed(`{"answer":"yes","list":[1,2,3]}`)
	}
}

func (st *stream) prefixed(line string) {
	if st.shape != Ollama {
		line = "data: " + line + "\n"
	}
	st.write(line + "\n")
}

// streamError: Anthropic names the event error ("Streaming messages", Error events); vLLM and OpenRouter send an error
// object as data; Ollama a line with error.
func (st *stream) streamError() {
	message, kind := st.reply.Message, st.reply.Kind
	if message == "" {
		message = "scripted: something broke"
	}
	if kind == "" {
		kind = "invalid_request_error"
	}
	switch st.shape {
	case OpenAI:
		st.object(map[string]any{"error": map[string]any{"message": message, "type": kind, "code": nil}})
	case Anthropic:
		st.object(map[string]any{"type": "error", "error": map[string]any{"type": kind, "message": message}})
	case Ollama:
		st.object(map[string]any{"error": message})
	}
}

func (st *stream) longLine() {
	open := map[Shape]string{
		OpenAI:    `data: {"choices":[{"delta":{"content":"`,
		Anthropic: `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"`,
		Ollama:    `{"done":false,"message":{"role":"assistant","content":"`,
	}
	_, _ = io.WriteString(st.w, open[st.shape])
	part := bytes.Repeat([]byte("a"), 64<<10)
	for sent := 0; sent < longLine; sent += len(part) {
		if _, err := st.w.Write(part); err != nil {
			return
		}
	}
	st.write("\n\n")
}
