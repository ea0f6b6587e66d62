package telegram

import (
	"context"
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
var realPace = limits{overall: 25, chat: 1, group: 20.0 / 60, burst: 6}

// pace keeps a process below those limits. What other processes send Telegram counts, too: its 429 is obeyed.
type pace struct {
	limits
	overall *rate.Limiter

	mu    sync.Mutex
	chats map[int64]*rate.Limiter
}

func newPace(l limits) *pace {
	return &pace{limits: l, overall: rate.NewLimiter(rate.Limit(l.overall), max(1, int(l.overall))), chats: map[int64]*rate.Limiter{}}
}

// maxChats is how many chats are remembered; one that is forgotten has its whole burst again.
const maxChats = 10_000

func (p *pace) of(chat int64) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.chats[chat]
	if l == nil {
		if len(p.chats) >= maxChats {
			clear(p.chats)
		}
		each := p.chat
		if chat < 0 {
			each = p.group
		}
		l = rate.NewLimiter(rate.Limit(each), p.burst)
		p.chats[chat] = l
	}
	return l
}

// longestPace is how long a worker waits for its turn; for longer the update is put off.
const longestPace = 3 * time.Second

// wait waits until a message may be sent to a chat, or says that this takes too long.
func (p *pace) wait(ctx context.Context, chat int64) error {
	turn := p.of(chat).Reserve()
	if d := turn.Delay(); d > longestPace {
		turn.Cancel()
		return &laterError{after: d, cause: errBusy}
	} else if d > 0 && !sleep(ctx, d) {
		return context.Cause(ctx)
	}
	return p.overall.Wait(ctx)
}

// isFree says whether a message may be sent at once, and counts it then.
func (p *pace) isFree(chat int64) bool { return p.of(chat).Allow() && p.overall.Allow() }
