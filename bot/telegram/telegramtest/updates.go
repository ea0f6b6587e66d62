package telegramtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// updates are those that wait for the bot, and the ways in which it gets them.
type updates struct {
	pending []Update
	lastID  int64
	allowed []string      // none: all kinds
	changed chan struct{} // closed and made anew at every change of what waits, and of who polls
	poll    *poll         // the one that waits
	hook    webhook
	handled map[int64]int // how often each was given out
}

// poll is a getUpdates that waits.
type poll struct{ ended *refusal }

type webhook struct {
	url      string
	secret   string
	most     int // at once
	underway map[int64]bool
	cancel   context.CancelFunc

	failedAt int64
	failure  string
}

// wake lets everything that waits look again. It is called with the lock held.
func (u *updates) wake() {
	close(u.changed)
	u.changed = make(chan struct{})
}

// Deliver gives the bot an update, and returns its id: 0 where the bot did not ask for its kind.
func (s *Server) Deliver(u Update) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deliver(u)
}

func (s *Server) deliver(u Update) int64 {
	if len(s.allowed) > 0 && !slices.Contains(s.allowed, u.kind()) {
		return 0
	}
	s.lastID++
	u.ID = 1000 + s.lastID
	s.pending = append(s.pending, u)
	s.wake()
	return u.ID
}

// Pending are the updates that the bot has not acknowledged.
func (s *Server) Pending() []Update {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.pending)
}

// Given says how often an update was given to the bot: more than once where it was not acknowledged.
func (s *Server) Given(id int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handled[id]
}

// Drained waits until no update waits for the bot, or ctx is done.
func (s *Server) Drained(ctx context.Context) error {
	if err := s.Until(ctx, func(s *Server) bool { return len(s.Pending()) == 0 }); err != nil {
		return fmt.Errorf("%d updates are not acknowledged: %w", len(s.Pending()), err)
	}
	return nil
}

// give counts updates as given. It is called with the lock held.
func (s *Server) give(given []Update) {
	if s.handled == nil {
		s.handled = map[int64]int{}
	}
	for _, u := range given {
		s.handled[u.ID]++
	}
}

const (
	maxUpdates = 100
	maxPoll    = 50 * time.Second
)

func conflict(what string) *refusal {
	return &refusal{code: http.StatusConflict, description: "Conflict: " + what}
}

// getUpdates gives what waits; an offset acknowledges what is before it. A second poll ends the one that waits.
func (s *Server) getUpdates(r *request) (any, *refusal) {
	limit := int(r.number("limit"))
	if limit <= 0 || limit > maxUpdates {
		limit = maxUpdates
	}
	mine := &poll{}
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused := s.begin(r, mine); refused != nil {
		return nil, refused
	}
	defer func() {
		if s.poll == mine {
			s.poll = nil
		}
	}()
	timeout := min(time.Duration(r.number("timeout"))*time.Second, maxPoll)
	var over <-chan time.Time
	if timeout > 0 && len(s.pending) == 0 {
		over = s.options.After(timeout)
	}
	for isOver := timeout <= 0; ; {
		if mine.ended != nil {
			return nil, mine.ended
		}
		if given := slices.Clone(s.pending[:min(limit, len(s.pending))]); len(given) > 0 || isOver {
			s.give(given)
			return append([]Update{}, given...), nil
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-over:
			isOver = true
		case <-r.Context().Done():
			isOver = true
		case <-s.done:
			isOver = true
		}
		s.mu.Lock()
	}
}

// begin makes a poll the one that waits.
func (s *Server) begin(r *request, mine *poll) *refusal {
	if s.hook.url != "" {
		return conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
	}
	if refused := s.allow(r); refused != nil {
		return refused
	}
	s.endPoll("terminated by other getUpdates request; make sure that only one bot instance is running")
	s.poll = mine
	s.acknowledge(r.number("offset"))
	return nil
}

func (s *Server) endPoll(why string) {
	if s.poll != nil {
		s.poll.ended = conflict(why)
		s.poll = nil
		s.wake()
	}
}

// acknowledge forgets the updates before offset; one below 0 keeps so many of the last.
func (s *Server) acknowledge(offset int64) {
	before := len(s.pending)
	if offset < 0 {
		s.pending = s.pending[max(0, len(s.pending)+int(offset)):]
	}
	if offset > 0 {
		s.pending = slices.DeleteFunc(s.pending, func(u Update) bool { return u.ID < offset })
	}
	if len(s.pending) != before {
		s.wake()
	}
}

// allow keeps which kinds of updates the bot wants, where it says so.
func (s *Server) allow(r *request) *refusal {
	if r.params["allowed_updates"] == "" {
		return nil
	}
	var kinds []string
	if refused := r.object("allowed_updates", &kinds, "allowed_updates"); refused != nil {
		return refused
	}
	s.allowed = kinds
	return nil
}

// setWebhook sets where updates are sent. Other than the real server it takes http on the loopback, for tests.
func (s *Server) setWebhook(r *request) (any, *refusal) {
	address := r.params["url"]
	if address == "" {
		return s.deleteWebhook(r)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, bad("bad webhook: invalid URL specified")
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme != "https" && (u.Scheme != "http" || ip == nil || !ip.IsLoopback()) {
		return nil, bad("bad webhook: An HTTPS URL must be provided for webhook")
	}
	secret := r.params["secret_token"]
	if len(secret) > 256 {
		return nil, bad("secret token is too long")
	}
	if strings.Trim(secret, nameRunes+upperRunes+"-") != "" {
		return nil, bad("secret token contains unallowed characters")
	}
	most := int(r.number("max_connections"))
	if most <= 0 || most > 100 {
		most = 40
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused := s.allow(r); refused != nil {
		return nil, refused
	}
	s.endPoll("terminated by setWebhook request")
	s.drop(r)
	s.stopHook()
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	s.hook = webhook{url: address, secret: secret, most: most, underway: map[int64]bool{}, cancel: cancel}
	s.workers.Go(func() { s.push(ctx) })
	return true, nil
}

const (
	nameRunes  = "abcdefghijklmnopqrstuvwxyz0123456789_"
	upperRunes = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func (s *Server) stopHook() {
	if s.hook.cancel != nil {
		s.hook.cancel()
	}
	s.hook = webhook{}
	s.wake()
}

func (s *Server) drop(r *request) {
	if r.isTrue("drop_pending_updates") {
		s.pending = nil
		s.wake()
	}
}

func (s *Server) deleteWebhook(r *request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(r)
	s.stopHook()
	return true, nil
}

func (s *Server) webhookInfo(*request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := map[string]any{"url": s.hook.url, "has_custom_certificate": false, "pending_update_count": len(s.pending)}
	if s.hook.url != "" {
		info["max_connections"] = s.hook.most
	}
	if s.hook.failure != "" {
		info["last_error_date"], info["last_error_message"] = s.hook.failedAt, s.hook.failure
	}
	if len(s.allowed) > 0 {
		info["allowed_updates"] = s.allowed
	}
	return info, nil
}

// again is how long after a failure the webhook is tried again.
const again = 20 * time.Millisecond

// push sends what waits to the webhook, several at once, until ctx is done or the test ends.
func (s *Server) push(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for {
		s.mu.Lock()
		if ctx.Err() != nil {
			s.mu.Unlock()
			return
		}
		hook, changed := s.hook, s.changed
		for _, u := range s.pending {
			if len(hook.underway) < hook.most && !hook.underway[u.ID] {
				hook.underway[u.ID] = true
				s.give([]Update{u})
				s.workers.Go(func() { s.post(ctx, hook, u) })
			}
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return
		case <-s.done:
			return
		}
	}
}

// post sends one update to the webhook. What fails stays, and is sent again after a while.
func (s *Server) post(ctx context.Context, hook webhook, u Update) {
	failure := postUpdate(ctx, hook, u)
	if failure != "" {
		select {
		case <-s.options.After(again):
		case <-ctx.Done():
		case <-s.done:
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(hook.underway, u.ID)
	if failure == "" {
		s.pending = slices.DeleteFunc(s.pending, func(p Update) bool { return p.ID == u.ID })
	} else if s.hook.url == hook.url {
		s.hook.failure, s.hook.failedAt = failure, s.options.Now().Unix()
	}
	s.wake()
}

func postUpdate(ctx context.Context, hook webhook, u Update) (failure string) {
	body, err := json.Marshal(u)
	if err != nil {
		return err.Error()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.url, bytes.NewReader(body))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	if hook.secret != "" {
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", hook.secret)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "Connection failed: " + err.Error()
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return "Wrong response from the webhook: " + resp.Status
	}
	return ""
}
