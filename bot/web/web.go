// Package web is the front end over HTTP: the reading pages, and how the program is doing.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"yinju/bot"
	"yinju/bot/telegram"
	"yinju/rag"
)

// Articles gives articles by their id. *rag.Store has it.
type Articles interface {
	// Article gives an article whole, or rag.ErrNoArticle.
	Article(ctx context.Context, id int64) (*rag.Article, error)
}

// Counter counts what the store holds. *rag.Store has it.
type Counter interface {
	Stats(ctx context.Context) (rag.Stats, error)
}

// Telegram is the bot. *telegram.Bot has it.
type Telegram interface {
	http.Handler
	State(ctx context.Context) telegram.State
}

// Options say what is served.
type Options struct {
	Store    Counter
	Articles Articles // nil: there are no reading pages
	Telegram Telegram // nil: there is no bot
	Webhook  bool     // Telegram brings updates to POST /telegram
	Lang     bot.Lang // where a browser asks for neither Chinese nor English
	Log      *slog.Logger
}

// What one request may take. A handler that streams clears the deadlines of its connection.
const (
	headerWait     = 10 * time.Second
	readWait       = 30 * time.Second
	writeWait      = time.Minute
	idleWait       = 2 * time.Minute
	maxHeaderBytes = 16 << 10
	maxBodyBytes   = 1 << 20
)

// Handler serves everything that there is.
func Handler(o Options) http.Handler {
	s := server{o}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /{$}", s.frontPage)
	mux.HandleFunc("GET /page/{file}", s.frontFile)
	if o.Articles != nil {
		mux.HandleFunc("GET /articles/{id}", s.article)
	}
	if o.Telegram != nil && o.Webhook {
		mux.Handle("POST /telegram", o.Telegram)
	}
	return http.MaxBytesHandler(s.watched(guarded(mux)), maxBodyBytes)
}

// Server is an HTTP server that serves h and keeps no connection waiting without end.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerWait, ReadTimeout: readWait, WriteTimeout: writeWait, IdleTimeout: idleWait,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

type server struct{ Options }

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

// watched logs every request, without its query, and makes a panic a response.
func (s server) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, begin := r.Context(), time.Now()
		seen := &watcher{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				s.panicked(ctx, seen, r.Method+" "+r.URL.Path, p)
			}
			s.Log.DebugContext(ctx, "http", "method", r.Method, "path", r.URL.Path, "status", seen.status, "took", time.Since(begin))
		}()
		next.ServeHTTP(seen, r)
	})
}

// panicked answers with 500, or ends a response that has begun: half of one must not look whole.
func (s server) panicked(ctx context.Context, w *watcher, request string, p any) {
	if p != http.ErrAbortHandler { //nolint:errorlint // it is compared as net/http does
		s.Log.ErrorContext(ctx, "http: panic", "request", request, "panic", p, "stack", string(debug.Stack()))
	}
	if w.status != 0 || p == http.ErrAbortHandler { //nolint:errorlint // it is compared as net/http does
		panic(http.ErrAbortHandler)
	}
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
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
