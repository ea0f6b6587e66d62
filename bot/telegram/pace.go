package telegram

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits are how often messages are sent and changed.
type limits struct {
	overall float64 // a second
	chat    float64 // a second, to one person
	group   float64 // a second, to one group
	burst   int     // at once, before these hold
}

// realPace stays below what Telegram's FAQ for bots tells of: 30 a second in all, one a second to a person, 20 a
// minute to a group.
var realPace = limits{overall: 25, chat: 1, group: 15.0 / 60, burst: 5}

// pace keeps a process below those limits, and away from chats where Telegram has asked it to wait. What other processes
// send counts, too, at Telegram: they are asked to wait in their turn.
type pace struct {
	limits
	overall *rate.Limiter
	now     func() time.Time
	sleep   func(context.Context, time.Duration) bool // says whether the context still holds

	mu    sync.Mutex
	chats map[int64]*chatPace
}

// chatPace is that of one chat.
type chatPace struct {
	*rate.Limiter
	until time.Time // when Telegram takes something again
}

func newPace(l limits) *pace {
	return &pace{
		limits: l, overall: rate.NewLimiter(rate.Limit(l.overall), max(1, int(l.overall/5))),
		now: time.Now, sleep: sleep, chats: map[int64]*chatPace{},
	}
}

// maxChats is how many chats are remembered; one that is forgotten has its whole burst again.
const maxChats = 10_000

// of is the pace of a chat. The lock is held.
func (p *pace) of(chat int64) *chatPace {
	c := p.chats[chat]
	if c == nil {
		if len(p.chats) >= maxChats {
			p.forget()
		}
		each := p.chat
		if chat < 0 {
			each = p.group
		}
		c = &chatPace{Limiter: rate.NewLimiter(rate.Limit(each), p.burst)}
		p.chats[chat] = c
	}
	return c
}

// forget makes room, if it can be by those that Telegram has not asked to wait for.
func (p *pace) forget() {
	now := p.now()
	for id, c := range p.chats {
		if !c.until.After(now) {
			delete(p.chats, id)
		}
	}
	if len(p.chats) >= maxChats {
		clear(p.chats)
	}
}

// longestPace is how long a worker waits for its turn; for longer the update is put off.
const longestPace = 200 * time.Millisecond

// wait waits until a message may be sent to a chat, or says that this takes too long.
func (p *pace) wait(ctx context.Context, chat int64) error {
	if held := p.held(chat); held > 0 {
		return &laterError{after: held, cause: errBusy}
	}
	now := p.now()
	p.mu.Lock()
	turn := p.of(chat).ReserveN(now, 1)
	p.mu.Unlock()
	all := p.overall.ReserveN(now, 1)
	d := max(turn.DelayFrom(now), all.DelayFrom(now))
	if d > longestPace {
		turn.CancelAt(now)
		all.CancelAt(now)
		return &laterError{after: d, cause: errBusy}
	}
	if d > 0 && !p.sleep(ctx, d) {
		return context.Cause(ctx)
	}
	return nil
}

// isFree says whether a message may be sent at once and leave room for another one, and counts it then: the answer does not
// wait for its states.
func (p *pace) isFree(chat int64) bool {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.of(chat)
	return !c.until.After(now) && c.TokensAt(now) >= min(2, float64(p.burst)) && c.AllowN(now, 1) && p.overall.AllowN(now, 1)
}

// heed notes for how long Telegram wants nothing in a chat, where err says so.
func (p *pace) heed(chat int64, err error) {
	e, ok := errors.AsType[*callError](err)
	if !ok || e.retryAfter <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.of(chat)
	if until := p.now().Add(e.retryAfter); until.After(c.until) {
		c.until = until
	}
}

// held is for how long Telegram wants nothing in a chat.
func (p *pace) held(chat int64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.chats[chat]; c != nil {
		return max(0, c.until.Sub(p.now()))
	}
	return 0
}
