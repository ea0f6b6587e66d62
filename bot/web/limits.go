package web

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

const (
	maxBody   = 64 << 10 // bytes of a request of the API
	maxChat   = 1 << 20  // bytes of one that brings a whole chat
	maxRates  = 1024     // callers that are remembered
	perMinute = 60.0
)

// gate is how many questions are taken: at once, and of each caller a minute.
type gate struct {
	slots *semaphore.Weighted
	rate  int // a minute; also how many may come at once

	mu    sync.Mutex
	rates map[string]*rate.Limiter
}

func newGate(atOnce, aMinute int) *gate {
	return &gate{slots: semaphore.NewWeighted(int64(atOnce)), rate: aMinute, rates: map[string]*rate.Limiter{}}
}

// wait is how long a caller has to wait for his next question; 0: it is counted and may come.
func (g *gate) wait(caller string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.rates[caller]
	if l == nil {
		g.forget()
		l = rate.NewLimiter(rate.Limit(float64(g.rate)/perMinute), g.rate)
		g.rates[caller] = l
	}
	r := l.Reserve()
	d := r.Delay()
	if d > 0 {
		r.Cancel()
	}
	return d
}

// forget drops callers that have asked nothing for a minute, once there are many.
func (g *gate) forget() {
	if len(g.rates) < maxRates {
		return
	}
	for caller, l := range g.rates {
		if l.Tokens() >= float64(g.rate)-math.SmallestNonzeroFloat64 {
			delete(g.rates, caller)
		}
	}
}

// question limits what takes work: how many run at once, how many one caller has, and how long each may take.
func (s server) question(next http.Handler) http.Handler { return s.questionOf(maxBody, next) }

// questionOf is question for bodies of another size.
func (s server) questionOf(most int64, next http.Handler) http.Handler {
	return http.MaxBytesHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lang := s.lang(r)
		if wait := s.gate.wait(caller(r.Context())); wait > 0 {
			p := fault(http.StatusTooManyRequests, lang.Say("问得太快了，请稍候再问。", "Too many questions. Wait a little."))
			p.retryAfter = wait
			s.metrics.refused.WithLabelValues("rate").Inc()
			s.problem(w, r, p)
			return
		}
		body, err := s.readBody(r) // before it has a place among those that run: a slow sender takes none
		if err != nil {
			s.problem(w, r, err)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !s.enter(r.Context()) {
			p := fault(http.StatusServiceUnavailable, lang.Say("正在回答的问题太多，请稍候再问。", "Too many questions are being answered. Wait a little."))
			p.retryAfter = s.waits.slot
			s.metrics.refused.WithLabelValues("busy").Inc()
			s.problem(w, r, p)
			return
		}
		whole := &held{ResponseWriter: w}
		s.run(whole, r, next)
		whole.send(s.waits.write)
	}), most)
}

// run answers a question that has a place among those that run, and gives the place back.
func (s server) run(w http.ResponseWriter, r *http.Request, next http.Handler) {
	defer s.gate.slots.Release(1)
	s.metrics.running.Inc()
	defer s.metrics.running.Dec()
	ctx, cancel := context.WithTimeout(r.Context(), s.AskTimeout)
	defer cancel()
	// The server's own deadline is for what is quick. What streams sets one for each write.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeWait + s.AskTimeout)) // not where there is no connection
	next.ServeHTTP(w, r.WithContext(ctx))
}

// held keeps a response until it is whole, so that whoever reads slowly has no place among the questions that run. What
// is flushed is a stream, and is passed on.
type held struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	passes bool
}

func (h *held) WriteHeader(status int) {
	switch {
	case h.passes || status < http.StatusOK:
		h.ResponseWriter.WriteHeader(status)
	case h.status == 0:
		h.status = status
	}
}

func (h *held) Write(b []byte) (int, error) {
	if h.passes {
		return h.ResponseWriter.Write(b)
	}
	return h.body.Write(b)
}

// FlushError passes on what there is, and from then on everything.
func (h *held) FlushError() error {
	if err := h.pass(); err != nil {
		return err
	}
	return http.NewResponseController(h.ResponseWriter).Flush()
}

func (h *held) pass() error {
	if h.passes {
		return nil
	}
	h.passes = true
	if h.status != 0 {
		h.ResponseWriter.WriteHeader(h.status)
	}
	_, err := h.ResponseWriter.Write(h.body.Bytes())
	return err
}

// send writes what was kept, and gives the reader a while to take it.
func (h *held) send(wait time.Duration) {
	if h.passes {
		return
	}
	_ = http.NewResponseController(h.ResponseWriter).SetWriteDeadline(time.Now().Add(wait)) // not where there is no connection
	_ = h.pass()                                                                            // the reader may be gone
}

// Unwrap lets http.ResponseController find deadlines.
func (h *held) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// enter waits for a place among the questions that run.
func (s server) enter(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, s.waits.slot)
	defer cancel()
	return s.gate.slots.Acquire(ctx, 1) == nil
}

// limited takes no more of a body than a request of the API needs.
func (s server) limited(next http.Handler) http.Handler { return http.MaxBytesHandler(next, maxBody) }
