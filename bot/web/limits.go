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
		defer s.gate.slots.Release(1)
		s.metrics.running.Inc()
		defer s.metrics.running.Dec()
		ctx, cancel := context.WithTimeout(r.Context(), s.AskTimeout)
		defer cancel()
		// The server's own deadline is for what is quick. What streams sets one for each write.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeWait + s.AskTimeout)) // not where there is no connection
		next.ServeHTTP(w, r.WithContext(ctx))
	}), most)
}

// enter waits for a place among the questions that run.
func (s server) enter(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, s.waits.slot)
	defer cancel()
	return s.gate.slots.Acquire(ctx, 1) == nil
}

// limited takes no more of a body than a request of the API needs.
func (s server) limited(next http.Handler) http.Handler { return http.MaxBytesHandler(next, maxBody) }
