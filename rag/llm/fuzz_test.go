package llm_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"yinju/rag/llm"
	"yinju/rag/llm/llmtest"
)

// canned is a network on which every request is answered with the same bytes.
type canned []byte

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: req, ContentLength: -1,
		Body: io.NopCloser(iotest.HalfReader(bytes.NewReader(c))),
	}, nil
}

// endMarks are what must stand in a whole reply, in lower case, whatever else does.
var endMarks = map[llmtest.Shape][]string{
	llmtest.OpenAI:    {"finish_reason"},
	llmtest.Ollama:    {`"done"`, "true"},
	llmtest.Anthropic: {"message_stop", "stop_reason"},
}

// Any bytes may come: there is no panic and no end of waiting, and no success without the provider's end mark.
func FuzzAnyBytesAreAReplyOnlyWithAnEndMark(f *testing.F) {
	for shape, lines := range map[llmtest.Shape][]string{
		llmtest.OpenAI: {
			`data: {"choices":[{"index":0,"delta":{"content":"磨坊"},"finish_reason":null}]}`,
			`data: {"choices":[{"index":1,"delta":{"content":"other"}},{"delta":{"reasoning_content":"嗯"}}]}`,
			`data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}`,
			`data: {"choices":[],"usage":{"prompt_tokens":1e300,"completion_tokens":-1}}`,
			`data: {"error":{"message":"busy","code":503}}`, `data: {"error":null}`, `{"error":"bare"}`,
			`data:[DONE]`, `data`, `: alive`, `event: x`, `data: [1]`, `data: null`,
		},
		llmtest.Ollama: {
			`{"message":{"role":"assistant","content":"磨坊"},"done":false}`, `{"message":{"thinking":"嗯"},"done":false}`,
			`{"done":true,"done_reason":"length","eval_count":3}`, `{"error":"broken"}`, `{"done":null}`, `[]`, `null`, `{}`,
		},
		llmtest.Anthropic: {
			`data: {"type":"message_start","message":{"usage":{"input_tokens":3}}}`, `data: {"type":"message_start"}`,
			`data: {"type":"content_block_start","index":-1,"content_block":{"type":"text","text":"磨"}}`,
			`data: {"type":"content_block_start","index":9,"content_block":{"type":"server_tool_use"}}`,
			`data: {"type":"content_block_delta","index":-7,"delta":{"type":"text_delta","text":"坊"}}`,
			`data: {"type":"content_block_stop","index":1e9}`, `data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}`,
			`data: {"type":"message_stop"}`, `data: {"type":"error","error":{"type":"overloaded_error"}}`, `data: {"type":"new"}`, `event: ping`,
		},
	} {
		for n := range lines {
			which := uint8(slices.Index(llmtest.Shapes, shape))
			f.Add(n%2 == 0, which, []byte(strings.Join(lines[:n+1], "\n")))
			f.Add(n%2 == 0, which, []byte(strings.Join(lines[n:], "\r\n\r\n")+"\n"))
		}
	}
	f.Fuzz(func(t *testing.T, whole bool, which uint8, raw []byte) {
		shape := llmtest.Shapes[int(which)%len(llmtest.Shapes)]
		m := open(t, llm.Options{Provider: string(shape), Model: "m", APIKey: "k"})
		m.SetClock(noWait, time.Now)
		if whole {
			raw = append(raw, '\n')
		}
		m.SetBase(canned(raw))
		streamed, r, err := ask(t.Context(), m)
		if err != nil {
			if r != nil || !utf8.ValidString(err.Error()) || len(err.Error()) > 4000 {
				t.Errorf("%v, %q", r, err)
			}
			return
		}
		lower := strings.ToLower(string(raw))
		for _, mark := range endMarks[shape] {
			if !strings.Contains(lower, mark) && !strings.Contains(lower, `\u`) && utf8.ValidString(lower) && isASCIIFolded(raw) {
				t.Errorf("a reply without %s: %q", mark, raw)
			}
		}
		c := r.Choices[0]
		if c.Content != streamed || c.StopReason != "stop" && c.StopReason != "length" {
			t.Errorf("%+v, streamed %q", c, streamed)
		}
	})
}

// isASCIIFolded says that no other letter is taken for one of a key's: encoding/json holds ſ for s and K (Kelvin) for k.
func isASCIIFolded(raw []byte) bool {
	return !bytes.ContainsAny(raw, "\u017f\u212a")
}
