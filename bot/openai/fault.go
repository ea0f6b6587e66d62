package openai

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"yinju/bot"
	"yinju/rag"
)

// fault is an error as the protocol has it.
type fault struct {
	status  int
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

func (f *fault) Error() string { return f.Message }

const (
	badRequest  = "invalid_request_error"
	serverError = "server_error"
)

// away is the code of a fault that passes when the database is back.
const away = "database_unreachable"

// refused is a request that cannot be taken, by reason of a parameter where it is not "".
func refused(status int, param, message string) *fault {
	f := &fault{status: status, Message: message, Type: badRequest}
	if param != "" {
		f.Param = &param
	}
	return f
}

// failed is what is not the request's fault.
func failed(status int, code, message string) *fault {
	return &fault{status: status, Message: message, Type: serverError, Code: &code}
}

func (h handler) unknownModel(id string) *fault {
	f := refused(http.StatusNotFound, "model", h.Lang.Say("没有这个模型，只有 "+Model+"：", "There is no such model, only "+Model+": ")+bot.OneLine(shortened(id)))
	code := "model_not_found"
	f.Code = &code
	return f
}

// shortened is what an error repeats of a name.
func shortened(name string) string {
	runes := []rune(name)
	return string(runes[:min(len(runes), 100)])
}

// faultOf says an error. What is not the request's is logged, and its text is not shown.
func (h handler) faultOf(ctx context.Context, err error) *fault {
	var f *fault
	var big *http.MaxBytesError
	var long *rag.LongQuestionError
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &big):
		return refused(http.StatusRequestEntityTooLarge, "", h.Lang.Say("请求太大：请从新的对话问起。", "The request is too large: begin a new chat."))
	case errors.Is(err, rag.ErrNoQuestion), errors.As(err, &long):
		return refused(http.StatusBadRequest, "messages", bot.Explain(err, h.Lang))
	case errors.As(err, &wrong):
		return refused(http.StatusBadRequest, wrong.Field, h.Lang.Say("这一项的类型不对：", "This has the wrong type: ")+cmp.Or(wrong.Field, wrong.Value))
	case errors.Is(err, errContent):
		return refused(http.StatusBadRequest, "messages", h.Lang.Say("content 应是文字，或由 type 为 text 的部分组成。", errContent.Error()))
	case errors.Is(err, errMessages), errors.Is(err, errParts):
		return refused(http.StatusBadRequest, "messages", h.Lang.Say("消息或其中的部分太多：请从新的对话问起。", "Too many messages, or parts of one: begin a new chat."))
	case errors.As(err, &syntax):
		return refused(http.StatusBadRequest, "", h.Lang.Say("正文不是 JSON。", "The body is not JSON."))
	case errors.Is(err, rag.ErrEmptyCorpus):
		return failed(http.StatusServiceUnavailable, "corpus_empty", bot.Explain(err, h.Lang))
	case errors.Is(err, rag.ErrChanging):
		return failed(http.StatusServiceUnavailable, "corpus_changing", bot.Explain(err, h.Lang))
	case rag.IsAway(err):
		h.Log.WarnContext(ctx, "openai: answer", "error", err)
		return failed(http.StatusServiceUnavailable, away, bot.Away(h.Lang))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(ctx.Err(), context.DeadlineExceeded):
		return failed(http.StatusGatewayTimeout, "timeout", h.Lang.Say("没能按时答完，请稍后再问。", "The answer took too long. Ask again later."))
	case errors.Is(ctx.Err(), context.Canceled): // whoever asked is gone
		return failed(http.StatusServiceUnavailable, "canceled", h.Lang.Say("回答中断了，请再问一次。", "The answer was broken off. Ask again."))
	}
	h.Log.WarnContext(ctx, "openai: answer", "error", err)
	return failed(http.StatusInternalServerError, "internal_error", h.Lang.Say("现在答不了，请稍后再问。", "The question cannot be answered now. Ask again later."))
}

// writeFault answers with an error. Clients of the protocol ask again after one of the server, which would only
// double the work where it had no time, or has nothing to answer from.
func writeFault(w http.ResponseWriter, f *fault) {
	if f.Code != nil && (*f.Code == "timeout" || *f.Code == "corpus_empty") {
		w.Header().Set("X-Should-Retry", "false")
	}
	if f.Code != nil && *f.Code == away {
		w.Header().Set("Retry-After", strconv.Itoa(int(bot.AwayFor/time.Second)))
	}
	writeJSON(w, f.status, faultJSON{f})
}

// Refuse answers with what was found before a request came to the handler: no key, a limit.
func Refuse(w http.ResponseWriter, status int, message string) {
	f := refused(status, "", message)
	switch {
	case status == http.StatusUnauthorized:
		f.Code = new("invalid_api_key")
	case status == http.StatusTooManyRequests:
		f.Type, f.Code = "rate_limit_error", new("rate_limit_exceeded")
	case status >= http.StatusInternalServerError:
		f.Type = serverError
	}
	writeFault(w, f)
}

type faultJSON struct {
	Error *fault `json:"error"`
}
