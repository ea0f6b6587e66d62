package ingest

import (
	"context"
	"errors"
	"io"
	"time"
)

// How long is waited for a place on the network.
const (
	networkWait = time.Minute   // for it to say anything
	leastRate   = 32 << 10      // bytes a second, once a minute has gone by: slow lines have more, and the largest file takes 2.3 h then, not for ever
	listWait    = 6 * time.Hour // for a list: a million files, eight at once and each asked for in a tenth of a second, take 3.5 h
)

// ErrSlow says that a file of the network comes by drops.
var ErrSlow = errors.New("it comes too slowly: less than 32 KB a second")

var (
	errStalled  = errors.New("nothing came for a minute")
	errSlowList = errors.New("it was not listed within 6 hours: name a part of it")
)

// untilStalled ends a context once alive has not been called for a while. stop gives back what it takes.
func untilStalled(ctx context.Context, wait time.Duration) (_ context.Context, alive, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(wait, func() { cancel(errStalled) })
	return ctx, func() { timer.Reset(wait) }, func() {
		timer.Stop()
		cancel(nil)
	}
}

// patient is what comes over the network: for as long as it takes, if something comes, and not by drops.
type patient struct {
	io.ReadCloser
	ctx         context.Context //nolint:containedctx // of the one request that it answers
	alive, stop func()
	begun       time.Time
	come        int64 // bytes
}

func newPatient(ctx context.Context, body io.ReadCloser, alive, stop func()) *patient {
	return &patient{ReadCloser: body, ctx: ctx, alive: alive, stop: stop, begun: time.Now()}
}

func (p *patient) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if n > 0 {
		p.alive()
		p.come += int64(n)
	}
	switch {
	case err != nil && p.ctx.Err() != nil:
		err = context.Cause(p.ctx)
	case err == nil && time.Since(p.begun) > networkWait+time.Duration(p.come)*time.Second/leastRate:
		err = ErrSlow
	}
	return n, err
}

func (p *patient) Close() error {
	defer p.stop()
	return p.ReadCloser.Close()
}
