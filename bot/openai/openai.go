// Package openai is the front end for programs that speak OpenAI's protocol of chat completions.
package openai

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"yinju/bot"
	"yinju/rag"
)

// Model is the name of the only model there is.
const Model = "yinju"

const (
	maxBody     = 1 << 20 // bytes: the whole of a conversation is in each request
	defaultWait = 3 * time.Minute
	keepWait    = 5 * time.Second // for the database, once an answer is there
	writeWait   = 10 * time.Second
	pulseWait   = 15 * time.Second // less than proxies wait for more
)

// Conversations keeps the turns of conversations. *rag.Store has it.
type Conversations interface {
	Branch(ctx context.Context, from, to string) error
	Forget(ctx context.Context, conversation string) error
}

// Options say what is served.
type Options struct {
	Asker         bot.Asker
	Conversations Conversations
	BaseURL       string        // under which reading pages are seen from outside; "": links are paths
	Wait          time.Duration // for an answer; 0: three minutes
	Lang          bot.Lang      // of what is said of errors
	Log           *slog.Logger
}

type handler struct {
	Options
	pulse time.Duration
}

// Handler serves POST /v1/chat/completions, GET /v1/models and GET /v1/models/{id}. Who may ask is not its matter.
func Handler(o Options) http.Handler { return handler{o, pulseWait}.mux() }

func (h handler) mux() http.Handler {
	if h.Wait == 0 {
		h.Wait = defaultWait
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", h.complete)
	mux.HandleFunc("GET /v1/models", h.models)
	mux.HandleFunc("GET /v1/models/{id}", h.model)
	mux.HandleFunc("/v1/chat/completions", h.wrongMethod(http.MethodPost))
	mux.HandleFunc("/v1/models", h.wrongMethod(http.MethodGet))
	mux.HandleFunc("/v1/models/{id}", h.wrongMethod(http.MethodGet))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeFault(w, refused(http.StatusNotFound, "", h.Lang.Say("没有这个接口。", "There is no such endpoint.")))
	})
	return mux
}

func (h handler) wrongMethod(want string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", want)
		writeFault(w, refused(http.StatusMethodNotAllowed, "", h.Lang.Say("这里只用 ", "This takes ")+want+h.Lang.Say("，不用 ", ", not ")+r.Method))
	}
}

// modelJSON describes the model.
type modelJSON struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

var theModel = modelJSON{ID: Model, Object: "model", OwnedBy: "yinju"}

func (h handler) models(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": []modelJSON{theModel}})
}

func (h handler) model(w http.ResponseWriter, r *http.Request) {
	if id := r.PathValue("id"); id != Model {
		writeFault(w, h.unknownModel(id))
		return
	}
	writeJSON(w, http.StatusOK, theModel)
}

// complete answers the last question of a chat.
func (h handler) complete(w http.ResponseWriter, r *http.Request) {
	req, err := h.read(w, r)
	var c chat
	if err == nil {
		c, err = h.chat(r, req)
	}
	if err != nil {
		writeFault(w, h.faultOf(r.Context(), err))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.Wait)
	defer cancel()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(h.Wait + writeWait)) // the server's is for what is quick
	if req.Stream {
		h.stream(ctx, w, c, req.StreamOptions.IncludeUsage)
		return
	}
	answer, err := h.ask(ctx, c, func(rag.Event) error { return nil })
	if err != nil {
		writeFault(w, h.faultOf(ctx, err))
		return
	}
	writeJSON(w, http.StatusOK, h.completion(answer))
}

// read reads a request's body.
func (h handler) read(w http.ResponseWriter, r *http.Request) (req request, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return req, refused(http.StatusUnsupportedMediaType, "", h.Lang.Say("正文须是 JSON：Content-Type: application/json。", "The body has to be JSON: Content-Type: application/json."))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(body, &req)
	}
	return req, err
}

// ask answers a question in a conversation of its own, which begins with the turns that the chat has had, and keeps
// it under the chat's name with this answer, by which the next question of the chat finds it.
func (h handler) ask(ctx context.Context, c chat, tell func(rag.Event) error) (rag.Answer, error) {
	here := newConversation()
	defer h.forget(ctx, here)
	if before := c.before(); before != "" {
		if err := h.Conversations.Branch(ctx, before, here); err != nil {
			return rag.Answer{}, err
		}
	}
	answer, err := h.Asker.Stream(ctx, rag.Query{Question: c.question, Conversation: here}, tell)
	if errors.Is(err, rag.ErrNotLogged) {
		h.Log.WarnContext(ctx, "openai: keep an answer", "error", err)
		err = nil
	}
	if err != nil {
		return rag.Answer{}, err
	}
	answer.ConversationID = "" // it ends here
	if err := h.Conversations.Branch(ctx, here, c.after(h.content(answer))); err != nil {
		h.Log.WarnContext(ctx, "openai: keep a conversation", "error", err)
	}
	return answer, nil
}

func (h handler) forget(ctx context.Context, conversation string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepWait)
	defer cancel()
	if err := h.Conversations.Forget(ctx, conversation); err != nil {
		h.Log.WarnContext(ctx, "openai: forget a conversation", "error", err)
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the reader may be gone
}
