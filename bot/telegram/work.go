package telegram

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

var errBusy = errors.New("too much is being sent to the chat")

// laterError says that what failed may go well after a while.
type laterError struct {
	after time.Duration // 0: as often as it has failed before says
	cause error
}

func (e *laterError) Error() string { return e.cause.Error() }
func (e *laterError) Unwrap() error { return e.cause }

// goneError says that nobody can be answered any more: the person has blocked the bot, the chat is gone.
type goneError struct{ cause error }

func (e *goneError) Error() string { return e.cause.Error() }
func (e *goneError) Unwrap() error { return e.cause }

// oldest is how long an update is tried: Telegram itself drops those that nobody took for so long.
const oldest = 24 * time.Hour

// work handles one update after the other until ctx is done. handling lasts a little longer.
func (b *Bot) work(ctx, handling context.Context) {
	for ctx.Err() == nil {
		it, err := b.inbox.take(ctx)
		if err != nil && ctx.Err() == nil {
			b.o.Log.Error("Telegram", "error", err)
		}
		if it == nil {
			b.rest(ctx)
			continue
		}
		b.awake() // there may be more for another worker
		b.handle(handling, it)
	}
}

// rest waits for an update.
func (b *Bot) rest(ctx context.Context) {
	timer := time.NewTimer(b.times.idle)
	defer timer.Stop()
	select {
	case <-b.wake:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// handle answers an update and says in the inbox what became of it.
func (b *Bot) handle(ctx context.Context, it *item) {
	err := b.try(ctx, it)
	if ctx.Err() != nil {
		return // the program ends: the update is given back with the others
	}
	var later *laterError
	var end error
	switch {
	case err == nil:
		end = b.inbox.done(ctx, it, "")
	case errors.As(err, &later) && time.Since(it.received) < oldest:
		after := later.after
		if after == 0 {
			after = b.backOff(it.putOff, err)
		}
		b.o.Log.Info("an update is put off", "update", it.ID, "for", after, "error", err)
		end = b.inbox.putBack(ctx, it, after)
	default:
		if !errors.Is(err, errTooFast) {
			b.o.Log.Warn("an update is given up", "update", it.ID, "error", err)
		}
		end = b.inbox.done(ctx, it, err.Error())
	}
	if end != nil {
		b.o.Log.Error("Telegram", "update", it.ID, "error", end) // its lease ends, and it is taken again
	}
}

// try finds what an update is answered with, where that is not known yet, and sends it.
func (b *Bot) try(ctx context.Context, it *item) (err error) {
	defer func() {
		if r := recover(); r != nil {
			b.o.Log.Error("a fault in the program", "update", it.ID, "fault", r, "stack", string(debug.Stack()))
			err = &laterError{cause: fmt.Errorf("a fault in the program: %v", r)}
			if it.putOff >= maxTries {
				err = fmt.Errorf("a fault in the program: %v", r)
			}
		}
	}()
	if it.outbox == nil {
		it.outbox, err = b.reply(ctx, it)
		if err != nil {
			it.outbox, err = b.excuse(ctx, it, err)
		}
		if err != nil || it.outbox == nil {
			return err
		}
		if err := b.inbox.note(ctx, it); err != nil {
			return &laterError{cause: err}
		}
	}
	return b.deliver(ctx, it)
}

// excuse decides what becomes of an update that could not be answered: it is tried again, a few times, before the
// person is told.
func (b *Bot) excuse(ctx context.Context, it *item, err error) (*outbox, error) {
	call, isCall := errors.AsType[*callError](err)
	_, isLater := errors.AsType[*laterError](err)
	_, isGone := errors.AsType[*goneError](err)
	switch {
	case isLater, isGone, errors.Is(err, errTooFast):
		return nil, err
	case isCall && call.movedTo != 0:
		return nil, b.follow(ctx, it, call.movedTo)
	case isCall:
		return nil, fate(call)
	case it.putOff < maxTries && it.tries <= maxTries:
		return nil, &laterError{cause: err}
	}
	b.o.Log.Error("a question could not be answered", "update", it.ID, "error", err)
	m := it.Message
	if m == nil {
		m = it.EditedMessage
	}
	if m == nil {
		return nil, err
	}
	t := talk{it: it, m: m, lang: b.langOf(settings{}, m)}
	return t.answer(t.lang.Say("出了问题，没能回答。请稍后再问。", "Something went wrong, and there is no answer. Please ask again later.")), nil
}

// follow notes that the group of an update is a supergroup now; there it is tried again at once.
func (b *Bot) follow(ctx context.Context, it *item, to int64) error {
	for _, m := range []*message{it.Message, it.EditedMessage} {
		if m != nil {
			if err := b.inbox.move(ctx, m.Chat.ID, to); err != nil {
				return &laterError{cause: err}
			}
		}
	}
	return &laterError{after: time.Millisecond, cause: errMoved}
}

var errMoved = errors.New("the group has become a supergroup")

// fate is what a refused call means for an update.
func fate(e *callError) error {
	switch {
	case e.isPassing():
		return &laterError{after: e.retryAfter, cause: e}
	case e.status == 403,
		e.says("chat not found", "thread not found", "topic_closed", "topic_deleted", "user is deactivated", "not enough rights", "have no rights", "chat_write_forbidden"):
		return &goneError{e}
	}
	return e
}
