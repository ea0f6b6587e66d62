package llm

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// maxLine is how many bytes a line of a reply may have.
const maxLine = 1 << 20

// source is a response's body that may not be silent for long. The time runs only while it is read: whoever takes the
// text may be as slow as he likes.
type source struct {
	io.ReadCloser
	quiet  *time.Timer // cancels the request when it fires
	limit  time.Duration
	waited bool // the timer runs from before the first read: since the request was sent
}

func (s *source) Read(p []byte) (int, error) {
	if s.waited {
		s.quiet.Reset(s.limit)
	}
	n, err := s.ReadCloser.Read(p)
	s.quiet.Stop()
	s.waited = true
	return n, err
}

// body is what langchaingo's parser reads in place of the response's own body: made lines with what the provider's
// lines said. It never fails: a fault is kept in the exchange, and the parser sees a clean end.
type body struct {
	ctx      context.Context //nolint:containedctx // of the one request whose reply this is; its cause says why reading failed
	cancel   context.CancelCauseFunc
	exchange *exchange
	protocol protocol
	key      string // to be hidden

	source *source
	lines  *bufio.Reader
	out    bytes.Buffer // made, not yet read
	done   bool
}

func newBody(ctx context.Context, cancel context.CancelCauseFunc, src *source, x *exchange, p protocol, key string) *body {
	b := &body{ctx: ctx, cancel: cancel, exchange: x, protocol: p, key: key, source: src, lines: bufio.NewReaderSize(src, 32<<10)}
	b.out.WriteString(p.head())
	return b
}

// prime reads until there is text for the parser, or the reply is over. A fault that it gives came before any text.
func (b *body) prime() error {
	for head := b.out.Len(); b.out.Len() == head && !b.done; {
		if err := b.next(); err != nil {
			return err
		}
	}
	return nil
}

func (b *body) Read(p []byte) (int, error) {
	for b.out.Len() == 0 && !b.done {
		if err := b.next(); err != nil {
			_ = b.exchange.fail(err) // the verdict asks for it
			b.done = true
		}
	}
	if b.out.Len() == 0 {
		return 0, io.EOF
	}
	return b.out.Read(p)
}

// Close ends the request, and with it a read that waits in another goroutine.
func (b *body) Close() error {
	b.cancel(context.Canceled)
	b.source.quiet.Stop()
	return b.source.Close()
}

// next takes one line of the provider's.
func (b *body) next() error {
	line, err := b.line()
	if err != nil && err != io.EOF { //nolint:errorlint // a wrapped one would not be a clean end
		if errors.Is(err, ErrTooLong) {
			return err
		}
		return b.broken()
	}
	clean := err == nil
	if err := b.takeLine(line); err != nil {
		if !clean && errors.Is(err, ErrMalformed) {
			return ErrCut // half a line
		}
		return b.polish(err)
	}
	ended := b.exchange.hasEnded()
	if clean && !ended {
		return nil
	}
	if err := b.exchange.over(true, b.protocol.bodyEnds()); err != nil {
		return err
	}
	b.out.WriteString(b.protocol.tail())
	b.done = true
	return nil
}

// broken says why a read failed.
func (b *body) broken() error {
	if cause := context.Cause(b.ctx); cause != nil {
		return cause
	}
	return b.exchange.over(false, false)
}

func (b *body) takeLine(line []byte) error {
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	if !utf8.Valid(line) {
		return malformed(line)
	}
	p, err := b.protocol.decode(line)
	if err != nil {
		return err
	}
	if _, known := stops[p.stop]; !known {
		p.stop = clean(p.stop, b.key, maxExcerpt)
	}
	if err := b.exchange.take(p); err != nil {
		return err
	}
	for _, part := range frames(p.text) {
		b.out.Write(b.protocol.text(part))
	}
	return nil
}

// polish hides the key in what an error cites.
func (b *body) polish(err error) error {
	if stream, ok := errors.AsType[*StreamError](err); ok {
		stream.Message = clean(stream.Message, b.key, maxMessage)
	}
	if bad, ok := errors.AsType[*malformedError](err); ok {
		bad.excerpt = clean(bad.excerpt, b.key, maxExcerpt)
	}
	return err
}

// line reads a line of at most maxLine bytes, without its end. io.EOF comes with the last one, which has no end.
func (b *body) line() ([]byte, error) {
	var line []byte
	for {
		part, err := b.lines.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return nil, fmt.Errorf("%w (a line of more than %d MB)", ErrTooLong, maxLine>>20)
		}
		line = append(line, part...)
		if err == bufio.ErrBufferFull { //nolint:errorlint // bufio gives it as it is
			continue
		}
		return bytes.TrimRight(line, "\r\n"), err
	}
}
