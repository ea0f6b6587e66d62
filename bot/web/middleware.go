package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"time"
)

type requestIDKey struct{}

// requestID is the id that a request is logged and answered with.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

var requestIDShape = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// idOf is the id that a request brings, of a proxy, or a new one.
func idOf(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); requestIDShape.MatchString(id) {
		return id
	}
	return rand.Text()
}

// guarded tells browsers to make nothing of a response but what it says it is.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		next.ServeHTTP(w, r)
	})
}

// watched gives every request an id, logs it by its route, for paths may hold what is not to be seen, and makes a panic a response.
func (s server) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, begin := idOf(r), time.Now()
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		w.Header().Set("X-Request-Id", id)
		seen := &watcher{ResponseWriter: w}
		defer s.count(seen, r, begin) // also where a response is ended by a panic
		defer s.caught(seen, r)
		next.ServeHTTP(seen, r)
		if seen.status == 0 { // as net/http says it
			seen.status = http.StatusOK
		}
	})
}

// count adds a request to the figures and the log.
func (s server) count(w *watcher, r *http.Request, begin time.Time) {
	took := time.Since(begin)
	s.metrics.saw(r, w.status, took)
	s.Log.DebugContext(r.Context(), "http", "method", r.Method, "route", cmp.Or(r.Pattern, "none"), "status", w.status, "took", took, "request_id", requestID(r.Context()))
}

// caught is deferred: it makes a panic a response.
func (s server) caught(w *watcher, r *http.Request) {
	if p := recover(); p != nil {
		s.panicked(w, r, p)
	}
}

// panicked answers with 500, or ends a response that has begun: half of one must not look whole.
func (s server) panicked(w *watcher, r *http.Request, p any) {
	if p != http.ErrAbortHandler { //nolint:errorlint // it is compared as net/http does
		s.Log.ErrorContext(r.Context(), "http: panic", "request", r.Method+" "+r.URL.Path, "panic", p, "stack", string(debug.Stack()), "request_id", requestID(r.Context()))
	}
	if w.status != 0 || p == http.ErrAbortHandler { //nolint:errorlint // it is compared as net/http does
		panic(http.ErrAbortHandler)
	}
	lang := s.lang(r)
	s.problem(w, r, fault(http.StatusInternalServerError, lang.Say("出了问题，没能完成；已记入日志。", "Something went wrong. The log has it.")))
}

// routed says as a problem that there is no such path, or no such method of it.
func (s server) routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		said := &headOnly{header: http.Header{}}
		h.ServeHTTP(said, r)
		lang := s.lang(r)
		if allow := said.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			s.problem(w, r, fault(http.StatusMethodNotAllowed, lang.Say("这个地址不接受这种方法，可用：", "The method is not for this path. There are: ")+allow))
			return
		}
		s.problem(w, r, fault(http.StatusNotFound, lang.Say("没有这个地址。", "There is no such path.")))
	})
}

// headOnly keeps the header of a response.
type headOnly struct{ header http.Header }

func (h *headOnly) Header() http.Header { return h.header }

func (h *headOnly) Write(b []byte) (int, error) { return len(b), nil }

func (h *headOnly) WriteHeader(int) {}

// shared lets pages of the origins that are listed use the API. Others get no word of it.
func (s server) shared(next http.Handler) http.Handler {
	if len(s.Origins) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		if !slices.Contains(s.Origins, origin) {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After, Mcp-Session-Id")
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
		h.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers")) // such as x-stainless-* of OpenAI's client
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	})
}

// watcher notes a response's status, 0 before it has begun.
type watcher struct {
	http.ResponseWriter
	status int
}

func (w *watcher) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watcher) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find flushing and deadlines.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }
