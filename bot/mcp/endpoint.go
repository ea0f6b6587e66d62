package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// endpoint stands between HTTP and the SDK, where the SDK's ways are not ours.
type endpoint struct {
	Options
	protocol http.Handler // the SDK's
}

const goneStatus = 499 // of a response that nobody waits for any more: nginx's number, seen in the log only

// ServeHTTP answers a request. Tools end when the client leaves or their time is over. The SDK is left a little
// longer: it would give up with an empty response before a tool has said that it had no time.
func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(e.Wait + writeWait)) // the server's is for what is quick
	call, cancel := context.WithTimeout(r.Context(), e.Wait)
	defer cancel()
	whole, end := context.WithTimeout(context.WithValue(context.WithoutCancel(call), callKey{}, call), e.Wait+writeWait/2)
	defer end()
	defer context.AfterFunc(call, func() {
		if errors.Is(call.Err(), context.Canceled) {
			end()
		}
	})()
	said := &response{ResponseWriter: w}
	r, err := e.single(r)
	if err != nil {
		writeFault(said, http.StatusBadRequest, err.Error())
		return
	}
	e.protocol.ServeHTTP(said, r.WithContext(whole))
	switch {
	case said.hasBegun:
	case errors.Is(call.Err(), context.Canceled):
		said.WriteHeader(goneStatus)
	case call.Err() != nil:
		writeFault(said, http.StatusGatewayTimeout, e.Lang.Say("没能按时答完，请稍后再试。", "This could not be done in time. Try again later."))
	}
}

// single refuses a request that brings several at once: what limits questions counts requests of HTTP. A body too
// large, or broken, is the SDK's to refuse.
func (e endpoint) single(r *http.Request) (*http.Request, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); err == nil && bytes.HasPrefix(trimmed, []byte("[")) {
		return nil, errors.New(e.Lang.Say("一次只能发一个请求，不收数组。", "One request at a time: an array is not taken."))
	}
	again := *r
	again.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), r.Body))
	return &again, nil
}

// fault is an error as JSON-RPC has it.
type fault struct {
	Version string  `json:"jsonrpc"`
	ID      *string `json:"id"` // null: it is of no request that was read
	Error   struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// JSON-RPC's codes.
const (
	invalidRequest = -32600
	internalError  = -32603
)

// faultOf is an error that goes with a status of HTTP.
func faultOf(status int, message string) fault {
	f := fault{Version: "2.0"}
	f.Error.Code, f.Error.Message = invalidRequest, message
	if status >= http.StatusInternalServerError {
		f.Error.Code = internalError
	}
	return f
}

func writeFault(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(faultOf(status, message)) // the reader may be gone
}

type callKey struct{}

// during is the context of the HTTP request that a tool is called by, until ctx ends as well. The SDK has a tool end with
// its request only in the newest version of the protocol.
func during(ctx context.Context) (context.Context, context.CancelFunc) {
	call, cancel := context.WithCancel(ctx.Value(callKey{}).(context.Context))
	stop := context.AfterFunc(ctx, cancel)
	return call, func() { stop(); cancel() }
}

// response notes whether a response has begun, and makes an error that the SDK says in plain text one of JSON-RPC.
type response struct {
	http.ResponseWriter
	hasBegun bool
	plain    int // the status of an error in plain text; 0: there is none
}

func (r *response) WriteHeader(status int) {
	r.hasBegun = true
	if kind := r.Header().Get("Content-Type"); status >= http.StatusBadRequest && strings.HasPrefix(kind, "text/plain") {
		r.plain = status
		r.Header().Set("Content-Type", "application/json")
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write takes an error of plain text whole, as http.Error writes it.
func (r *response) Write(b []byte) (int, error) {
	r.hasBegun = true
	if r.plain == 0 {
		return r.ResponseWriter.Write(b)
	}
	return len(b), json.NewEncoder(r.ResponseWriter).Encode(faultOf(r.plain, strings.TrimSpace(string(b))))
}

// Unwrap lets http.ResponseController find flushing and deadlines.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }
