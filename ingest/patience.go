package ingest

import (
	"context"
	"errors"
	"io"
	"time"
)

// networkWait is how long a place on the network may say nothing.
const networkWait = time.Minute

var errStalled = errors.New("nothing came for a minute")

// untilStalled ends a context once alive has not been called for a while. stop gives back what it takes.
func untilStalled(ctx context.Context, wait time.Duration) (_ context.Context, alive, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(wait, func() { cancel(errStalled) })
	return ctx, func() { timer.Reset(wait) }, func() {
		timer.Stop()
		cancel(nil)
	}
}

// patient is what comes over the network: for as long as it takes, if something comes.
type patient struct {
	io.ReadCloser
	ctx         context.Context //nolint:containedctx // of the one request that it answers
	alive, stop func()
}

func (p patient) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if n > 0 {
		p.alive()
	}
	if err != nil && p.ctx.Err() != nil {
		err = context.Cause(p.ctx)
	}
	return n, err
}

func (p patient) Close() error {
	defer p.stop()
	return p.ReadCloser.Close()
}
