// Package llmtest has servers that speak as language models' providers do, by a script, for tests. They refuse what the
// real ones refuse, so that a request that passes here is one that they take.
package llmtest

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"yinju/rag/llm"
)

// Shape is a provider's protocol; the text is what llm.Options.Provider has.
type Shape string

// The shapes there are.
const (
	OpenAI    Shape = llm.OpenAI
	Ollama    Shape = llm.Ollama
	Anthropic Shape = llm.Anthropic
)

// Shapes are all of them.
var Shapes = []Shape{OpenAI, Ollama, Anthropic}

// Model and Key are what the servers know; they refuse any other.
const (
	Model = "test-model"
	Key   = "sk-test-0123456789abcdef"
)

// Message is a message of a request.
type Message struct {
	Role string // system, user or assistant
	Text string
}

// Request is what a server was asked.
type Request struct {
	N         int       // how many-th request, from 1
	System    string    // texts of the system, joined by line ends
	Prompt    string    // the last text of the user
	Messages  []Message // all, in order; for Anthropic's shape the system's first
	Model     string
	MaxTokens int // 0: none was given
	Context   int // Ollama's num_ctx

	NewMaxTokens bool // OpenAI's shape: it came as max_completion_tokens, which few servers of that protocol know
	Temperature  float64
	Header       http.Header
	Cancelled    <-chan struct{} // closed when the client goes away, or the reply is over
}

// Usage is what a reply says of its tokens.
type Usage struct{ Prompt, Completion int }

// Reply is what the script answers.
type Reply struct {
	Text    string
	Thought string // sent before the text, as each provider sends thinking
	Chunk   int    // characters a piece; 0: 3
	Stop    string // why it ends, in the provider's word; "": its word for a natural end
	Usage   Usage  // zero: characters of the messages and of the text

	Status     int    // 0: 200; any other is sent with an error object in place of a reply
	Message    string // in the error object; "": a fitting one
	Kind       string // the error object's type or code; "": a fitting one
	RetryAfter string // the header of that name
	Location   string // the header of that name

	Fault      Fault
	AfterRunes int             // how many characters of the text come before the fault
	Until      <-chan struct{} // nothing is sent before it is closed, or the client goes away
}

// Fault is what goes wrong in a reply.
type Fault int

// The faults there are.
const (
	None              Fault = iota
	Cut                     // the connection is closed in the middle of the body
	NoEnd                   // the body ends in good order, without the marks of a whole reply
	StreamError             // an error object inside the stream
	Silence                 // nothing more comes until the client goes away
	LongLine                // a line of 10 MB
	WrongJSON               // a line that is no JSON
	WrongShape              // JSON of another shape
	Garbage                 // a page of HTML with status 200
	Empty                   // an empty body
	NoUsage                 // whole, but tokens are not told
	KeepAliveComments       // whole, with comments, pings or blank lines before each piece
	SplitUTF8               // whole; each piece comes in two writes, parted inside a character
	NoDone                  // OpenAI's shape: the reason of the end, but no [DONE]
	SeveralBlocks           // Anthropic's shape: each piece in a block of its own, with events and blocks of unknown types between
)

// Server is a provider's server.
type Server struct {
	shape  Shape
	server *httptest.Server
	script func(Request) Reply

	mu       sync.Mutex
	requests []Request
}

// New starts a server and closes it when the test ends. The script is called for each request that a real server
// would take, at once for several; it may wait.
func New(tb testing.TB, shape Shape, script func(Request) Reply) *Server {
	tb.Helper()
	s := &Server{shape: shape, script: script}
	s.server = httptest.NewServer(s)
	tb.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
	})
	return s
}

// Say is a script that always answers with a text.
func Say(text string) func(Request) Reply {
	return func(Request) Reply { return Reply{Text: text} }
}

// URL is what llm.Options.BaseURL gets.
func (s *Server) URL() string {
	if s.shape == Ollama {
		return s.server.URL
	}
	return s.server.URL + "/v1"
}

// Options are ready for llm.Open, with times that suit a test.
func (s *Server) Options() llm.Options {
	o := llm.Options{
		Provider: string(s.shape), Model: Model, BaseURL: s.URL(), APIKey: Key,
		Silence: 5 * time.Second, Timeout: 30 * time.Second,
	}
	if s.shape == Ollama {
		o.APIKey = ""
	}
	return o
}

// Open opens a model of the server; change may set other options than those of [Server.Options].
func (s *Server) Open(tb testing.TB, change ...func(*llm.Options)) *llm.Model {
	tb.Helper()
	o := s.Options()
	for _, c := range change {
		c(&o)
	}
	m, err := llm.Open(o)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// Requests are those that were taken so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

func (s *Server) note(r *Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.N = len(s.requests) + 1
	s.requests = append(s.requests, *r)
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, refused := s.read(r)
	if refused != nil {
		s.refuse(w, *refused)
		return
	}
	request.Header, request.Cancelled = r.Header.Clone(), r.Context().Done()
	s.note(&request)
	reply := s.script(request)
	if reply.Until != nil {
		select {
		case <-reply.Until:
		case <-request.Cancelled:
			return
		}
	}
	if reply.RetryAfter != "" {
		w.Header().Set("Retry-After", reply.RetryAfter)
	}
	if reply.Location != "" {
		w.Header().Set("Location", reply.Location)
	}
	if reply.Status != 0 && reply.Status != http.StatusOK {
		s.refuse(w, refusal{reply.Status, reply.Kind, reply.Message})
		return
	}
	s.send(&stream{w: w, shape: s.shape, request: request, reply: reply, gone: request.Cancelled})
}
