package openai

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"yinju/rag"
)

// chunk is a piece of an answer.
type chunk struct {
	ID        string          `json:"id"`
	Object    string          `json:"object"`
	Created   int64           `json:"created"`
	Model     string          `json:"model"`
	Choices   []pieceChoice   `json:"choices"` // one; none with the usage
	Usage     json.RawMessage `json:"usage,omitempty"`
	Citations []rag.Citation  `json:"citations,omitempty"`
	About     *about          `json:"yinju,omitempty"`
}

type pieceChoice struct {
	Index        int     `json:"index"`
	Delta        delta   `json:"delta"`
	Logprobs     *int    `json:"logprobs"` // null
	FinishReason *string `json:"finish_reason"`
}

type delta struct {
	Role        string         `json:"role,omitempty"`
	Content     string         `json:"content,omitempty"`
	Annotations []annotation   `json:"annotations,omitempty"`
	Citations   []rag.Citation `json:"citations,omitempty"`
}

// stream answers piece by piece. The response begins with the first piece, so that what goes wrong before has a status
// of its own.
func (h handler) stream(ctx context.Context, w http.ResponseWriter, c chat, withUsage bool) {
	s := &stream{w: w, out: http.NewResponseController(w), base: chunk{ID: newID(), Object: "chat.completion.chunk", Created: time.Now().Unix(), Model: Model}}
	if withUsage {
		s.base.Usage = json.RawMessage("null")
	}
	stop := s.keepOpen(ctx, h.pulse)
	answer, err := h.ask(ctx, c, s.tell)
	stop()
	switch {
	case err == nil:
		h.finish(s, answer, withUsage)
	case s.hasBegun:
		_ = s.data(faultJSON{h.faultOf(ctx, err)}) // the reader may be gone
	default:
		writeFault(w, h.faultOf(ctx, err))
	}
}

// finish sends what stands behind the text, what the marks lead to, and the end.
func (h handler) finish(s *stream, a rag.Answer, withUsage bool) {
	reason, about := finishReason(a), aboutOf(a)
	if behind := h.behind(a); behind != "" {
		s.send(s.chunk(delta{Content: behind}, nil))
	}
	cited := s.chunk(delta{Annotations: h.annotations(a), Citations: a.Citations}, nil)
	cited.Citations, cited.About = a.Citations, &about
	s.send(cited)
	s.send(s.chunk(delta{}, &reason))
	if withUsage {
		last := s.base
		last.Choices = []pieceChoice{}
		last.Usage, _ = json.Marshal(usageOf(a)) // three numbers have JSON
		s.send(last)
	}
	_ = s.write("data: [DONE]\n\n") // the reader may be gone
}

// stream writes events. After an error it writes no more.
type stream struct {
	out  *http.ResponseController
	base chunk

	mu       sync.Mutex // of what follows
	w        http.ResponseWriter
	hasBegun bool
	hasRole  bool
	err      error
}

// tell sends the text of an event.
func (s *stream) tell(e rag.Event) error {
	if e.Text == "" {
		return nil
	}
	return s.data(s.chunk(delta{Content: e.Text}, nil))
}

func (s *stream) chunk(d delta, reason *string) chunk {
	if !s.hasRole {
		s.hasRole, d.Role = true, "assistant"
	}
	c := s.base
	c.Choices = []pieceChoice{{Delta: d, FinishReason: reason}}
	return c
}

// send sends a piece of the end: where one is lost, so is the reader.
func (s *stream) send(c chunk) { _ = s.data(c) }

func (s *stream) data(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.write("data: " + string(text) + "\n\n")
}

func (s *stream) write(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if !s.hasBegun {
		s.hasBegun = true
		header := s.w.Header()
		header.Set("Content-Type", "text/event-stream")
		header.Set("Cache-Control", "no-store")
		header.Set("X-Accel-Buffering", "no") // or nginx would keep the pieces
		s.w.WriteHeader(http.StatusOK)
	}
	_ = s.out.SetWriteDeadline(time.Now().Add(writeWait)) // not where there is no connection
	if _, s.err = io.WriteString(s.w, text); s.err == nil {
		s.err = s.out.Flush()
	}
	return s.err
}

// keepOpen sends a comment now and then, until it is stopped.
func (s *stream) keepOpen(ctx context.Context, every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				_ = s.write(": still here\n\n") // the next piece has the error
			}
		}
	}()
	return func() { cancel(); <-done }
}
