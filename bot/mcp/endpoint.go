package mcp

import (
	"context"
	"errors"
	"net/http"
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
	e.protocol.ServeHTTP(said, r.WithContext(whole))
	switch {
	case said.hasBegun:
	case errors.Is(call.Err(), context.Canceled):
		said.WriteHeader(goneStatus)
	case call.Err() != nil:
		said.WriteHeader(http.StatusGatewayTimeout)
	}
}

type callKey struct{}

// during is the context of the HTTP request that a tool is called by, until ctx ends as well. The SDK has a tool end with
// its request only in the newest version of the protocol.
func during(ctx context.Context) (context.Context, context.CancelFunc) {
	call, cancel := context.WithCancel(ctx.Value(callKey{}).(context.Context))
	stop := context.AfterFunc(ctx, cancel)
	return call, func() { stop(); cancel() }
}

// response notes whether a response has begun.
type response struct {
	http.ResponseWriter
	hasBegun bool
}

func (r *response) WriteHeader(status int) {
	r.hasBegun = true
	r.ResponseWriter.WriteHeader(status)
}

func (r *response) Write(b []byte) (int, error) {
	r.hasBegun = true
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find flushing and deadlines.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }
