package telegramtest

import (
	"fmt"
	"math"
	"net/http"
	"time"
)

// Limits are how many messages and edits a bot may send. What is 0 is not limited.
type Limits struct {
	Overall float64 // a second, to all chats
	Chat    float64 // a second, to one chat, on the average
	Burst   int     // at once to one chat, before Chat holds; 0: 1
	Group   int     // in any minute, to one group
}

// Real are the limits that Telegram tells of in its FAQ for bots; how large a burst it lets through is not told.
var Real = Limits{Overall: 30, Chat: 1, Burst: 5, Group: 20}

// buckets count what was sent.
type buckets struct {
	overall bucket
	chats   map[int64]*bucket
	groups  map[int64][]time.Time
}

// bucket fills with time up to its size; each message takes one from it.
type bucket struct {
	level float64
	at    time.Time
}

// wait is how long it takes until one is in the bucket.
func (b *bucket) wait(now time.Time, rate, size float64) time.Duration {
	if rate == 0 {
		return 0
	}
	if b.at.IsZero() {
		b.level = size
	} else {
		b.level = min(size, b.level+now.Sub(b.at).Seconds()*rate)
	}
	b.at = now
	if b.level >= 1-1e-9 {
		return 0
	}
	return time.Duration((1 - b.level) / rate * float64(time.Second))
}

// limit counts a message to a chat, or refuses it. It is called with the lock held.
func (s *Server) limit(c *chat) *refusal {
	l, b, now := s.options.Limits, &s.limits, s.options.Now()
	if b.chats == nil {
		b.chats, b.groups = map[int64]*bucket{}, map[int64][]time.Time{}
	}
	if b.chats[c.ID] == nil {
		b.chats[c.ID] = &bucket{}
	}
	wait := max(b.overall.wait(now, l.Overall, max(1, l.Overall)), b.chats[c.ID].wait(now, l.Chat, float64(max(1, l.Burst))))
	sent := b.groups[c.ID]
	for len(sent) > 0 && now.Sub(sent[0]) >= time.Minute {
		sent = sent[1:]
	}
	isGroup := c.Type != "private" && l.Group > 0
	if isGroup && len(sent) >= l.Group {
		wait = max(wait, sent[len(sent)-l.Group].Add(time.Minute).Sub(now))
	}
	b.groups[c.ID] = sent
	if wait > 0 {
		seconds := int(math.Ceil(wait.Seconds()))
		return &refusal{code: http.StatusTooManyRequests, description: fmt.Sprintf("Too Many Requests: retry after %d", seconds), retryAfter: seconds}
	}
	b.overall.level--
	b.chats[c.ID].level--
	if isGroup {
		b.groups[c.ID] = append(sent, now)
	}
	return nil
}
