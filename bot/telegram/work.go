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

// toldError says that an update is answered with this alone, and why it is given up then.
type toldError struct {
	out   *outbox // nil: with nothing
	cause error
}

func (e *toldError) Error() string { return e.cause.Error() }
func (e *toldError) Unwrap() error { return e.cause }

// oldest is how long an update is tried: Telegram itself drops those that nobody took for so long.
const oldest = 24 * time.Hour

// work handles one update after the other until ctx is done. handling lasts a little longer.
func (b *Bot) work(ctx, handling context.Context) {
	select {
	case <-b.known:
	case <-ctx.Done():
	}
	for ctx.Err() == nil {
		it, release, err := b.take(ctx)
		if ctx.Err() == nil {
			b.stores(err)
		}
		if it == nil {
			b.rest(ctx)
			continue
		}
		b.awake() // there may be more for another worker
		b.handle(handling, it)
		release()
	}
}

// take takes the next update. Of those that were being worked on when a process ended it is one at a time: so the one that is to
// blame does not drag others with it until they are given up, too.
func (b *Bot) take(ctx context.Context) (it *item, release func(), err error) {
	isFree := b.suspect.TryLock()
	it, err = b.inbox.take(ctx, isFree)
	if isFree && it != nil && it.tries > 1 {
		return it, b.suspect.Unlock, err
	}
	if isFree {
		b.suspect.Unlock()
	}
	return it, func() {}, err
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

// soon is up to when a worker is woken for what was put off; later ones are found in passing.
const soon = 5 * time.Second

// handle answers an update and says in the inbox what became of it.
func (b *Bot) handle(ctx context.Context, it *item) {
	began := time.Now()
	err := b.try(ctx, it)
	if ctx.Err() != nil {
		return // the program ends: the update is given back with the others
	}
	if errors.Is(err, errLost) {
		b.o.Log.Warn("an update took longer than its lease", "update", it.ID, "error", err)
		return
	}
	var later *laterError
	var end error
	switch {
	case err == nil:
		failure := ""
		if it.outbox != nil {
			failure = it.outbox.Failure
		}
		end = b.inbox.done(ctx, it, failure)
	case errors.As(err, &later) && time.Since(it.received)+later.after < oldest && !b.isAlone(it, began, later):
		after := later.after
		if after == 0 {
			after = b.backOff(it.putOff, err)
		}
		b.o.Log.Info("an update is put off", "update", it.ID, "for", after, "error", err)
		end = b.inbox.putBack(ctx, it, after, later.after == 0)
		if after < soon {
			time.AfterFunc(after+10*time.Millisecond, b.awake)
		}
	default:
		if _, isTold := errors.AsType[*toldError](err); !isTold {
			b.o.Log.Warn("an update is given up", "update", it.ID, "error", err)
		}
		end = b.inbox.done(ctx, it, err.Error())
	}
	switch {
	case errors.Is(end, errLost):
		b.o.Log.Warn("an update took longer than its lease", "update", it.ID, "error", end)
	case end != nil:
		b.stores(end) // its lease ends, and it is taken again
	}
}

// isAlone counts a call of an update that has failed while others went well, and says whether that is enough: it would go on
// failing, and its chat would wait behind it. While none goes well, that is since it failed before, nothing is counted.
func (b *Bot) isAlone(it *item, began time.Time, later *laterError) bool {
	if e, ok := errors.AsType[*callError](later.cause); !ok || !e.isPassing() || later.after > 0 {
		return false
	}
	pause := time.Duration(0)
	if it.putOff > 0 {
		pause = b.backOff(it.putOff-1, nil)
	}
	if b.client.hasWorkedSince(began.Add(-pause)) {
		it.alone++
	}
	return it.alone >= maxAlone
}

// try finds what an update is answered with, where that is not known yet, and sends it.
func (b *Bot) try(ctx context.Context, it *item) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = b.fault(it, r)
			if it.putOff < maxTries {
				err = &laterError{cause: err}
			}
		}
	}()
	if it.tries > b.inbox.most && it.outbox != nil {
		return errPoison
	}
	if it.outbox == nil {
		it.outbox, err = b.find(ctx, it)
		if err != nil || it.outbox == nil {
			return err
		}
		if len(it.sent) > 0 && !it.outbox.Reserved { // what is shown there already must not stay
			it.outbox.Reserved, it.outbox.Hold = true, it.outbox.Texts[0]
		}
		if err := b.inbox.note(ctx, it); err != nil {
			return &laterError{cause: err}
		}
	}
	return b.deliver(ctx, it)
}

var errPoison = errors.New("it has ended the program, or taken longer than its lease, too often")

// find finds what an update is answered with. What fails too often, or ends the program each time, is answered with an excuse.
func (b *Bot) find(ctx context.Context, it *item) (out *outbox, err error) {
	if it.tries > b.inbox.most {
		return b.excuse(ctx, it, errPoison)
	}
	defer func() {
		if r := recover(); r != nil {
			out, err = b.excuse(ctx, it, b.fault(it, r))
		}
	}()
	limit := b.times.answer
	if isFileButton(it) {
		limit += b.times.add // which ends before it
	}
	replying, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if out, err = b.reply(replying, it); err != nil {
		return b.excuse(ctx, it, err)
	}
	return out, nil
}

// fault is a panic as an error.
func (b *Bot) fault(it *item, r any) error {
	what := b.client.scrub(fmt.Sprint(r))
	b.o.Log.Error("a fault in the program", "update", it.ID, "fault", what, "stack", string(debug.Stack()))
	return fmt.Errorf("a fault in the program: %s", what)
}

// excuse decides what becomes of an update that could not be answered: it is tried again, a few times, before the
// person is told.
func (b *Bot) excuse(ctx context.Context, it *item, err error) (*outbox, error) {
	if told, ok := errors.AsType[*toldError](err); ok && told.out != nil {
		told.out.Failure = told.Error()
		return told.out, nil
	}
	call, isCall := errors.AsType[*callError](err)
	_, isTold := errors.AsType[*toldError](err)
	_, isLater := errors.AsType[*laterError](err)
	_, isGone := errors.AsType[*goneError](err)
	switch {
	case isLater, isGone, isTold, ctx.Err() != nil:
		return nil, err
	case isCall && call.movedTo != 0:
		return nil, b.follow(ctx, it, call.movedTo)
	case isCall && (it.alone < maxAlone-1 || !call.isPassing() || call.retryAfter > 0):
		return nil, fate(call)
	case it.putOff < maxTries && it.tries <= b.inbox.most:
		return nil, &laterError{cause: err}
	}
	b.o.Log.Error("a question could not be answered", "update", it.ID, "error", err)
	m := it.about()
	if m == nil || m.Date == 0 {
		return nil, err
	}
	t := talk{it: it, m: m, lang: b.langOf(settings{}, m)}
	return t.answer(t.lang.Say("出了问题，没能回答。请稍后再问。", "Something went wrong, and there is no answer. Please ask again later.")), nil
}

// follow notes that the group of an update is a supergroup now; there it is tried again at once.
func (b *Bot) follow(ctx context.Context, it *item, to int64) error {
	m := it.about()
	if m == nil || it.CallbackQuery != nil || it.putOff >= maxTries {
		return &goneError{errMoved} // there is no such message in the supergroup
	}
	if err := b.inbox.move(ctx, m.Chat.ID, to); err != nil {
		return &laterError{cause: err}
	}
	return &laterError{cause: errMoved}
}

var errMoved = errors.New("the group has become a supergroup")

// fate is what a refused call means for an update.
func fate(e *callError) error {
	switch {
	case e.isPassing(), e.isOfToken(): // another token may be given
		return &laterError{after: e.retryAfter, cause: e}
	case isGone(e):
		return &goneError{e}
	}
	return e
}

// isGone says that nobody can be answered there.
func isGone(e *callError) bool {
	return e.status == 403 ||
		e.says("chat not found", "thread not found", "topic_closed", "topic_deleted", "user is deactivated", "not enough rights", "have no rights", "chat_write_forbidden")
}
