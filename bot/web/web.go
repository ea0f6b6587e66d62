// Package web is the front end over HTTP: the API, the reading pages, and how the program is doing.
package web

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
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

// Speaker makes the endpoint of another protocol, whose questions the asker answers.
type Speaker func(bot.Asker) http.Handler

// Options say what is served.
type Options struct {
	Store    Counter
	Articles Articles
	Asker    bot.Asker // nil: there is no API
	Search   Searcher
	Browse   Browser
	Feedback Feedback
	Shares   Shares
	Runs     Runs        // nil: runs are not told of
	Ingests  bot.Ingests // nil: none can be asked for
	Chats    Speaker     // chat completions in OpenAI's protocol, and models; nil: there are none
	Tools    Speaker     // the Model Context Protocol; nil: it is not spoken
	Telegram Telegram    // nil: there is no bot
	Webhook  bool        // Telegram brings updates to POST /telegram
	Lang     bot.Lang    // where a browser asks for neither Chinese nor English
	Log      *slog.Logger

	Keys      func() []Key // asked at every request; nil or none: only this machine is answered
	OpenPages bool         // reading pages need no key and are seen under every name
	Origins   []string     // of pages elsewhere that may use the API from a browser

	AskTimeout time.Duration // of one question; 0: DefaultAskTimeout
	AtOnce     int           // questions that run at once; 0: DefaultAtOnce
	PerMinute  int           // questions of one caller a minute; 0: DefaultPerMinute

	waits waits // zero: defaultWaits; tests have shorter ones
}

// waits are what is waited for.
type waits struct {
	slot  time.Duration // one of the questions that run to end
	write time.Duration // a reader to take an answer whole
	event time.Duration // a reader to take an event
	pulse time.Duration // something to send: less than what proxies wait
}

var defaultWaits = waits{slot: 5 * time.Second, write: writeWait, event: 10 * time.Second, pulse: 15 * time.Second}

// What holds where nothing is set.
const (
	DefaultAskTimeout = 3 * time.Minute
	DefaultAtOnce     = 64
	DefaultPerMinute  = 600
)

// What one request may take. Handlers of what takes longer set deadlines of their own.
const (
	headerWait     = 10 * time.Second
	readWait       = 30 * time.Second
	writeWait      = time.Minute
	idleWait       = 2 * time.Minute
	maxHeaderBytes = 16 << 10
	maxBodyBytes   = 1 << 20
)

type server struct {
	Options
	gate    *gate
	metrics *metrics
}

// Handler serves everything that there is.
func Handler(o Options) http.Handler {
	s := newServer(o)
	return http.MaxBytesHandler(s.watched(guarded(s.shared(s.routed(&s.routes().ServeMux)))), maxBodyBytes)
}

func newServer(o Options) server {
	o.AskTimeout, o.waits = cmp.Or(o.AskTimeout, DefaultAskTimeout), cmp.Or(o.waits, defaultWaits)
	return server{o, newGate(cmp.Or(o.AtOnce, DefaultAtOnce), cmp.Or(o.PerMinute, DefaultPerMinute)), newMetrics(o.Store)}
}

// routes is a mux that tells what it has: a test holds the document against that.
type routes struct {
	http.ServeMux
	patterns []string
}

// Handle adds a route.
func (m *routes) Handle(pattern string, h http.Handler) {
	m.patterns = append(m.patterns, pattern)
	m.ServeMux.Handle(pattern, h)
}

// HandleFunc adds a route.
func (m *routes) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.Handle(pattern, http.HandlerFunc(h))
}

func (s server) routes() *routes {
	mux, o := &routes{}, s.Options
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /{$}", s.frontPage)
	mux.HandleFunc("GET /page/{file}", s.frontFile)
	mux.Handle("GET /metrics", s.needs(AdminScope, s.metrics.handler()))
	if o.Articles != nil {
		mux.Handle("GET /articles/{id}", s.readingPage())
	}
	if o.Telegram != nil && o.Webhook {
		mux.Handle("POST /telegram", o.Telegram)
	}
	if o.Asker != nil {
		s.handleAPI(mux)
	}
	return mux
}

// handleAPI adds what needs a key, and the document of it.
func (s server) handleAPI(mux *routes) {
	doc, err := s.document()
	if err != nil {
		panic(err) // the types of this package can be described
	}
	mux.HandleFunc("GET /openapi.json", openAPI(doc))
	for pattern, h := range map[string]http.HandlerFunc{
		"POST /v1/ask":   s.ask,
		"GET /v1/search": s.search,
	} {
		mux.Handle(pattern, s.needs(AskScope, s.question(h)))
	}
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /v1/articles":      s.articles,
		"GET /v1/articles/{id}": s.wholeArticle,
		"POST /v1/feedback":     s.feedback,
		"GET /v1/ingest":        s.ingested,

		"GET /v1/answers/{share}": s.sharedAnswer,
	} {
		mux.Handle(pattern, s.needs(AskScope, s.limited(h)))
	}
	mux.Handle("POST /v1/ingest", s.needs(AdminScope, s.limited(http.HandlerFunc(s.ingest))))
	if s.Chats != nil {
		chats := s.Chats(s.counted("chat"))
		mux.Handle("/v1/chat/completions", s.needs(AskScope, s.questionOf(maxChat, chats)))
		mux.Handle("/v1/models", s.needs(AskScope, s.limited(chats)))
		mux.Handle("/v1/models/{id}", s.needs(AskScope, s.limited(chats)))
	}
	if s.Tools != nil {
		mux.Handle("/mcp", s.needs(AskScope, s.sameOrigin(s.question(s.Tools(s.counted("tool"))))))
	}
}

func (s server) readingPage() http.Handler {
	if s.OpenPages {
		return http.HandlerFunc(s.article)
	}
	return s.needs(AskScope, http.HandlerFunc(s.article))
}

// Server is an HTTP server that serves h and keeps no connection waiting without end.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerWait, ReadTimeout: readWait, WriteTimeout: writeWait, IdleTimeout: idleWait,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
