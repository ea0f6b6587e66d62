package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"yinju/bot"
	"yinju/bot/openai"
	"yinju/rag"
)

// Problem is what is wrong, as RFC 9457 has it.
type Problem struct { //nolint:errname // it is called what the standard calls it
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail"`
	Instance  string       `json:"instance"` // the path that was asked for
	RequestID string       `json:"request_id"`
	Errors    []FieldError `json:"errors,omitempty"`

	retryAfter time.Duration // 0: nothing is said
}

// FieldError says which part of a request cannot be taken.
type FieldError struct {
	Location string `json:"location"` // such as body.question or query.k
	Message  string `json:"message"`
}

func (p *Problem) Error() string { return p.Detail }

// fault is a problem that a handler meets; request and language are added when it is written.
func fault(status int, detail string, errs ...FieldError) *Problem {
	return &Problem{Status: status, Detail: detail, Errors: errs}
}

// problem writes what is wrong. What is no fault of the request is logged, and the reader is not told its text.
func (s server) problem(w http.ResponseWriter, r *http.Request, err error) {
	p := s.problemOf(r, err)
	if p.Status >= http.StatusInternalServerError {
		s.Log.WarnContext(r.Context(), "http: "+r.Method+" "+r.URL.Path, "error", err, "request_id", requestID(r.Context()))
	}
	h := w.Header()
	if p.retryAfter > 0 {
		h.Set("Retry-After", seconds(p.retryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="yinju"`)
	}
	if strings.HasPrefix(r.URL.Path, "/v1/chat/") || strings.HasPrefix(r.URL.Path, "/v1/models") { // whose clients read another form
		openai.Refuse(w, p.Status, p.Detail)
		return
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = encode(w, p) // the reader may be gone
}

// problemOf is an error as the reader is told it.
func (s server) problemOf(r *http.Request, err error) Problem {
	var p Problem
	if known := (*Problem)(nil); errors.As(err, &known) {
		p = *known
	} else {
		p = s.explain(r, err)
	}
	p.Type, p.Title, p.Instance, p.RequestID = "about:blank", http.StatusText(p.Status), r.URL.EscapedPath(), requestID(r.Context())
	return p
}

// explain says an error of rag in the reader's language.
func (s server) explain(r *http.Request, err error) Problem {
	lang := s.lang(r)
	var other *rag.OtherEmbedderError
	var large *http.MaxBytesError
	switch location := locationOf(r, err); {
	case location != "":
		message := bot.Explain(err, lang)
		return *fault(http.StatusUnprocessableEntity, message, FieldError{location, message})
	case errors.Is(err, rag.ErrNoArticle), errors.Is(err, rag.ErrNoAnswer):
		return *fault(http.StatusNotFound, bot.Explain(clean(err), lang))
	case errors.Is(err, rag.ErrEmptyCorpus), errors.Is(err, rag.ErrChanging), errors.As(err, &other):
		return *fault(http.StatusServiceUnavailable, bot.Explain(err, lang))
	case rag.IsAway(err):
		p := fault(http.StatusServiceUnavailable, bot.Away(lang))
		p.retryAfter = bot.AwayFor
		return *p
	case errors.As(err, &large):
		return *fault(http.StatusRequestEntityTooLarge, fmt.Sprintf(lang.Say("请求太大：正文最多 %d KB。", "The request is too large: a body may have %d KB."), large.Limit>>10))
	case errors.Is(err, context.DeadlineExceeded):
		return *fault(http.StatusGatewayTimeout, lang.Say("没能在限定的时间内完成，请稍后再试。", "It was not done in the time that there is. Try again later."))
	}
	return *fault(http.StatusInternalServerError, lang.Say("出了问题，没能完成；已记入日志。", "Something went wrong. The log has it."))
}

// clean is the sentinel of an error that says that there is none of something.
func clean(err error) error {
	if errors.Is(err, rag.ErrNoArticle) {
		return rag.ErrNoArticle
	}
	return rag.ErrNoAnswer
}

// locationOf is which part of a request an error of rag is about, "" for another error.
func locationOf(r *http.Request, err error) string {
	in := "query."
	if r.Method == http.MethodPost {
		in = "body."
	}
	var long *rag.LongQuestionError
	var filter *rag.FilterError
	var conversation *rag.ConversationError
	var page *rag.PageError
	var feedback *rag.FeedbackError
	switch {
	case errors.Is(err, rag.ErrNoQuestion), errors.As(err, &long):
		if r.Method == http.MethodPost {
			return "body.question"
		}
		return "query.q"
	case errors.As(err, &filter):
		if r.Method == http.MethodPost {
			in = "body.filter."
		}
		return in + filter.Field
	case errors.As(err, &conversation):
		return in + "conversation_id"
	case errors.As(err, &page):
		return in + "limit"
	case errors.As(err, &feedback):
		return in + feedback.Field
	}
	return ""
}

// seconds is a time to wait in whole seconds, at least one.
func seconds(d time.Duration) string {
	return strconv.Itoa(int(max(1, (d+time.Second-1)/time.Second)))
}

func encode(w http.ResponseWriter, v any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return out.Encode(v)
}
