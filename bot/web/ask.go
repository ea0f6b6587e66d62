package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"yinju/rag"
)

// ask answers a question with JSON, or piece by piece.
func (s server) ask(w http.ResponseWriter, r *http.Request) {
	q, isStream, err := s.asked(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	if isStream || accepts(r, "text/event-stream") {
		s.askStream(w, r, q)
		return
	}
	answer, err := s.answer(r.Context(), q, func(rag.Event) error { return nil })
	if err != nil {
		s.problem(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// asked reads a question, as far as it can be checked before anything is done.
func (s server) asked(r *http.Request) (q rag.Query, isStream bool, err error) {
	f, err := s.body(r)
	if err != nil {
		return q, false, err
	}
	f.need("question")
	filter := f.within("filter")
	q = rag.Query{Question: f.text("question"), Filter: filter.filter()}
	hasConversation := f.take("conversation_id", f.lang.Say("应是文字", "want a string"), &q.Conversation)
	isStream = f.flag("stream")
	if err := f.done(filter); err != nil {
		return q, false, err
	}
	if err := q.Check(); err != nil {
		return q, false, err
	}
	if hasConversation {
		err = rag.CheckConversation(q.Conversation)
	}
	return q, isStream, err
}

// answer answers. One that could not be kept stands all the same, without an id.
func (s server) answer(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
	answer, err := s.counted("ask").Stream(ctx, q, tell)
	if errors.Is(err, rag.ErrNotLogged) {
		s.Log.WarnContext(ctx, "http: keep an answer", "error", err, "request_id", requestID(ctx))
		err = nil
	}
	return answer, err
}

// accepts says whether a request asks for a kind by name.
func accepts(r *http.Request, kind string) bool {
	for accept := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		name, _, _ := strings.Cut(accept, ";")
		if strings.EqualFold(strings.TrimSpace(name), kind) {
			return true
		}
	}
	return false
}

// The data of events.
type (
	statusEvent struct {
		Stage rag.Stage `json:"stage"`
	}
	tokenEvent struct {
		Text    string `json:"text"`
		Written bool   `json:"written"`
	}
)

// askStream answers piece by piece. A reader that leaves, or takes nothing of what is sent, ends the answer and what a
// model does for it.
func (s server) askStream(w http.ResponseWriter, r *http.Request, q rag.Query) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	events := openEvents(ctx, cancel, w, s.waits)
	answer, err := s.answer(ctx, q, events.piece)
	events.stopPulse()
	switch {
	case err == nil:
		_ = events.send("answer", answer) // the reader may be gone
	case !events.isBroken():
		p := s.problemOf(r, err)
		if p.Status >= http.StatusInternalServerError {
			s.Log.WarnContext(ctx, "http: answer a question", "error", err, "request_id", p.RequestID)
		}
		_ = events.send("error", p)
	}
}

// events is a stream of server-sent events.
type events struct {
	w     http.ResponseWriter
	line  *http.ResponseController
	wait  time.Duration      // for the reader to take a piece
	end   context.CancelFunc // ends the answer
	pulse sync.WaitGroup
	stop  chan struct{}

	mu     sync.Mutex
	broken error // of the first write that failed
}

// openEvents begins the response and keeps it open with a comment now and then, until stopPulse.
func openEvents(ctx context.Context, end context.CancelFunc, w http.ResponseWriter, wait waits) *events {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // of nginx
	w.WriteHeader(http.StatusOK)
	e := &events{w: w, wait: wait.event, line: http.NewResponseController(w), end: end, stop: make(chan struct{})}
	e.pulse.Go(func() {
		beat := time.NewTicker(wait.pulse)
		defer beat.Stop()
		for {
			select {
			case <-beat.C:
				_ = e.write(": \n\n") // it is broken then, and ended
			case <-e.stop:
				return
			case <-ctx.Done():
				return
			}
		}
	})
	return e
}

func (e *events) stopPulse() {
	close(e.stop)
	e.pulse.Wait()
}

// piece passes a piece of an answer on.
func (e *events) piece(event rag.Event) error {
	switch {
	case event.Citation != nil:
		return e.send("citation", event.Citation)
	case event.Stage != "":
		return e.send("status", statusEvent{event.Stage})
	}
	return e.send("token", tokenEvent{event.Text, event.Written})
}

func (e *events) send(name string, data any) error {
	var b strings.Builder
	b.WriteString("event: " + name + "\ndata: ")
	out := json.NewEncoder(&b) // which ends a line, and has none within
	out.SetEscapeHTML(false)
	if err := out.Encode(data); err != nil {
		return err
	}
	return e.write(b.String() + "\n")
}

// write gives the reader a while to take a piece, and ends the answer where he does not take it.
func (e *events) write(text string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.broken != nil {
		return e.broken
	}
	_ = e.line.SetWriteDeadline(time.Now().Add(e.wait)) // not where there is no connection
	_, err := io.WriteString(e.w, text)
	if err == nil {
		err = e.line.Flush()
	}
	if err != nil {
		e.broken = err
		e.end()
	}
	return err
}

func (e *events) isBroken() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.broken != nil
}
