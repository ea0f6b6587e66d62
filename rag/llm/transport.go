package llm

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Limits of connections and of what is read of a refusal.
const (
	dialWait      = 10 * time.Second
	handshakeWait = 10 * time.Second
	idleWait      = 90 * time.Second
	maxHeader     = 256 << 10
	maxRefusal    = 64 << 10
)

// firstPause and longestPause are those between attempts, when the provider does not say how long to wait.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 20 * time.Second
	maxAfter     = 24 * time.Hour // a Retry-After beyond it is as good as never
)

// transport stands between langchaingo and the network: it tries again, notices silence and errors, and gives on
// replies only through [body]. What goes wrong is kept in the call's exchange.
type transport struct {
	base     http.RoundTripper
	protocol protocol
	key      string
	silence  time.Duration
	retries  int
	log      *slog.Logger

	now   func() time.Time
	sleep func(context.Context, time.Duration) error
}

// newBase is a transport of HTTP with limits. It does not unpack: packed streams come in lumps, and may be bombs.
func newBase(concurrency int) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialWait}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    handshakeWait,
		MaxIdleConns:           concurrency,
		MaxIdleConnsPerHost:    concurrency,
		IdleConnTimeout:        idleWait,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
	}
}

// credentials are user and password in an address; a proxy's may be in an error.
var credentials = regexp.MustCompile(`//[^/@\s"]*@`)

// errNoExchange is a request that no call of a [Model] has made.
var errNoExchange = errors.New("llm: a request outside of a call")

// RoundTrip sends a request until it is answered with a reply, or trying again is of no use.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close() // attempts have copies of it
	}
	ctx := req.Context()
	x, ok := exchangeOf(ctx)
	if !ok || req.GetBody == nil {
		return nil, errNoExchange
	}
	for n := 0; ; n++ {
		resp, err := t.attempt(req, x)
		if err == nil {
			return resp, nil
		}
		wait, again := t.pause(ctx, err, n)
		if !again {
			return nil, x.fail(err)
		}
		t.log.InfoContext(ctx, "the language model is asked again", "attempt", n+2, "wait", wait, "fault", err.Error())
		if t.sleep(ctx, wait) != nil {
			return nil, x.fail(context.Cause(ctx))
		}
	}
}

// attempt sends a request once. A response that it gives has text, or is whole.
func (t *transport) attempt(req *http.Request, x *exchange) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	quiet := time.AfterFunc(t.silence, func() { cancel(ErrSilent) })
	resp, err := t.send(req.Clone(ctx), x)
	if err != nil {
		quiet.Stop()
		err = t.unreachable(ctx, err, x)
		cancel(nil)
		return nil, err
	}
	src := &source{ReadCloser: resp.Body, quiet: quiet, limit: t.silence}
	if resp.StatusCode != http.StatusOK {
		err := t.refusal(ctx, resp, src)
		cancel(nil)
		return nil, err
	}
	x.charge()
	x.begin()
	b := newBody(ctx, cancel, src, x, t.protocol, t.key)
	if err := b.prime(); err != nil {
		_ = b.Close() // what is wrong is known
		return nil, err
	}
	resp.Body, resp.ContentLength = b, -1
	resp.Header.Del("Content-Length")
	return resp, nil
}

func (t *transport) send(req *http.Request, x *exchange) (*http.Response, error) {
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	req.Body = body
	req.Header.Set("User-Agent", "yinju")
	if t.key == "" {
		req.Header.Del("Authorization") // langchaingo insists on a key
	} else if _, plain := t.protocol.(ollamaStream); plain {
		req.Header.Set("Authorization", "Bearer "+t.key)
	}
	x.send()
	return t.base.RoundTrip(req)
}

// unreachable is why no response came.
func (t *transport) unreachable(ctx context.Context, err error, x *exchange) error {
	if op, ok := errors.AsType[*net.OpError](err); !ok || op.Op != "dial" {
		x.charge() // it may have been sent
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	dns, unknown := errors.AsType[*net.DNSError](err)
	unknown = unknown && dns.IsNotFound
	cause := credentials.ReplaceAllString(err.Error(), "//")
	return &unreachableError{cause: clean(cause, t.key, maxMessage), again: !untrusted && !unknown}
}

// refusal reads a response other than 200.
func (t *transport) refusal(ctx context.Context, resp *http.Response, src *source) error {
	raw, err := io.ReadAll(io.LimitReader(src, maxRefusal))
	closed := src.Close()
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if closed != nil {
		t.log.DebugContext(ctx, "close a refusal", "fault", closed.Error())
	}
	e := &StatusError{Status: resp.StatusCode, RetryAfter: t.retryAfter(resp.Header.Get("Retry-After"))}
	s, ok := readError(raw)
	if !ok && !strings.HasPrefix(strings.TrimSpace(string(raw)), "<") { // a page says nothing that the status does not
		s.message = string(raw)
	}
	e.final = s.any(spent)
	if resp.StatusCode != http.StatusUnauthorized {
		e.Message = clean(s.message, t.key, maxMessage)
	}
	return e
}

// retryAfter reads the header of that name: seconds, or a date (RFC 9110, 10.2.3).
func (t *transport) retryAfter(header string) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseFloat(strings.TrimSpace(header), 64); err == nil {
		if !(seconds < maxAfter.Seconds()) {
			return maxAfter
		}
		wait = time.Duration(seconds * float64(time.Second))
	} else if date, err := http.ParseTime(header); err == nil {
		wait = date.Sub(t.now())
	}
	return min(max(wait, 0), maxAfter)
}

// pause is how long to wait after attempt n (from 0) has failed; again is false where another is of no use or would
// not come within the call's time.
func (t *transport) pause(ctx context.Context, err error, n int) (wait time.Duration, again bool) {
	if n >= t.retries || ctx.Err() != nil || !transient(err) {
		return 0, false
	}
	wait = min(firstPause<<min(n, 10), longestPause)
	wait = wait/2 + rand.N(wait/2) //nolint:gosec // only so that several callers do not come at once
	if status, ok := errors.AsType[*StatusError](err); ok {
		wait = max(wait, status.RetryAfter)
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return 0, false
	}
	return wait, true
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
