package telegram

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// kinds are the updates that are asked for.
const kinds = `["message","edited_message","callback_query","inline_query"]`

// receive takes updates in until ctx is done: by webhook, or by polling while this process is the one that does. Of processes
// that go about it in different ways, those that were started last do.
func (b *Bot) receive(ctx context.Context) {
	if !b.introduce(ctx) || !b.until(ctx, func() error { return b.inbox.setMode(ctx, b.o.WebhookURL) }) {
		return
	}
	if b.o.WebhookURL != "" {
		b.watchWebhook(ctx)
		return
	}
	for n := 0; ctx.Err() == nil; n++ {
		err := b.lead(ctx, b.pollAll)
		pause := b.times.elect
		if err == nil {
			n = -1
		} else if ctx.Err() == nil {
			b.note(err)
			pause = max(2*pause, b.backOff(n, err)) // another one may have better luck
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

// leaseBeats is how many times elect the lease of the one that polls lasts after its last beat. It stops itself a beat before.
const leaseBeats = 3

// lead runs what only one process at a time may do, if no other does it now: for as long as it can renew its lease in the database.
func (b *Bot) lead(ctx context.Context, do func(context.Context) error) error {
	renewed := time.Now()
	isLeader, err := b.inbox.beat(ctx, b.times.elect)
	if err != nil {
		return err
	}
	if !isLeader {
		b.note(b.inbox.isCurrent(ctx, "")) // another one's state is its own, while it has a lease
		return nil
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := b.inbox.resign(ending); err != nil {
			b.o.Log.Debug("Telegram", "error", err) // the lease ends by itself
		}
	}()
	leading, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group errgroup.Group
	group.Go(func() error { cancel(b.renew(leading, renewed)); return nil })
	err = do(leading)
	cancel(nil)
	return errors.Join(err, group.Wait())
}

// renew renews the lease until ctx is done, another one has it, or it could not be renewed in time.
func (b *Bot) renew(ctx context.Context, renewed time.Time) error {
	for sleep(ctx, b.times.elect/2) {
		began := time.Now()
		trying, cancel := context.WithDeadline(ctx, renewed.Add((leaseBeats-1)*b.times.elect))
		isLeader, err := b.inbox.beat(trying, b.times.elect)
		cancel()
		switch {
		case err == nil && !isLeader:
			return errLostLead
		case err == nil:
			renewed = began
		case time.Since(renewed) > (leaseBeats-1)*b.times.elect:
			return err
		}
	}
	return nil
}

var errLostLead = errors.New("another process has taken over polling")

// beat takes the lease of the one that polls, or renews it. It says whether this process has it.
func (i *inbox) beat(ctx context.Context, elect time.Duration) (isLeader bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	tag, err := i.pool.Exec(ctx, `insert into telegram_poller (bot, holder, beat) values ($1, $2, now())
		on conflict (bot) do update set holder = $2, beat = now() where telegram_poller.holder = $2 or telegram_poller.beat < now() - $3::interval`,
		i.bot, i.name, leaseBeats*elect)
	if err != nil {
		return false, fmt.Errorf("take turns at polling: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

func (i *inbox) resign(ctx context.Context) error {
	return i.exec(ctx, "give up polling", `delete from telegram_poller where bot = $1 and holder = $2`, i.bot, i.name)
}

// setMode notes how the bot gets its updates from now on: by the webhook of an address, or, for "", by polling.
func (i *inbox) setMode(ctx context.Context, url string) error {
	return i.exec(ctx, "note how updates come", `insert into telegram_modes (bot, mode, url) values ($1, $2, $3)
		on conflict (bot) do update set mode = $2, url = $3, since = now()`, i.bot, modeOf(url), url)
}

func modeOf(url string) string {
	if url == "" {
		return "polling"
	}
	return "webhook"
}

// isCurrent is nil while updates are to come by this way, and says otherwise since when they come by another.
func (i *inbox) isCurrent(ctx context.Context, url string) error {
	var now string
	var since time.Time
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	err := i.pool.QueryRow(ctx, `select url, since from telegram_modes where bot = $1`, i.bot).Scan(&now, &since)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look up how updates come: %w", err)
	case now != url:
		return &otherModeError{mode: modeOf(now), url: now, since: since}
	}
	return nil
}

// otherModeError says that another process, which was started later, gets updates in another way.
type otherModeError struct {
	mode, url string
	since     time.Time
}

func isOtherMode(err error) bool {
	_, is := errors.AsType[*otherModeError](err)
	return is
}

func (e *otherModeError) Error() string {
	way := e.mode
	if e.url != "" {
		way += " " + e.url
	}
	return fmt.Sprintf("since %s another process of this bot gets its updates, by %s; this one waits. End it, or start this one again", e.since.UTC().Format(time.DateTime+" UTC"), way)
}

// most updates are asked for at once, and failures with which a process goes on polling before another one may try.
const (
	mostUpdates = 100
	mostFails   = 5
)

// pollAll polls until ctx is done, or it cannot for long. Updates are acknowledged, by the offset of the next poll, when they
// are stored.
func (b *Bot) pollAll(ctx context.Context) error {
	if err := b.deleteWebhook(ctx); err != nil {
		return err
	}
	deleted := time.Now()
	wait := time.Duration(0) // the first tells at once whether it works
	limit := mostUpdates
	for offset, failed := int64(0), 0; ; {
		var raw []json.RawMessage
		err := b.client.poll(ctx, "getUpdates", params("offset", offset, "timeout", int(wait.Seconds()), "limit", limit, "allowed_updates", kinds), wait, &raw)
		if err == nil && len(raw) > 0 {
			var last int64
			if last, err = b.inbox.put(ctx, raw); err == nil {
				offset, limit = last+1, min(2*limit, mostUpdates)
				b.awake()
			}
		}
		if errors.Is(err, errLargeReply) {
			if limit > 1 {
				limit /= 2
				continue
			}
			var last int64
			if last, err = b.passOver(ctx, err); err == nil {
				offset = last + 1
				continue
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if isOfWebhook(err) && time.Since(deleted) > b.times.watch { // one that was there before this process has set it again
			if err := b.deleteWebhook(ctx); err != nil {
				return err
			}
			deleted = time.Now()
			continue
		}
		b.note(err)
		if err == nil {
			wait, failed = b.times.longPoll, 0
			continue
		}
		if failed++; failed >= mostFails && !isOfWebhook(err) {
			return err
		}
		if !sleep(ctx, b.backOff(failed-1, err)) {
			return context.Cause(ctx)
		}
	}
}

// passOver stores an update that is too large to be read as one that cannot be.
func (b *Bot) passOver(ctx context.Context, err error) (last int64, _ error) {
	e, ok := errors.AsType[*callError](err)
	if !ok || e.first == 0 {
		return 0, err
	}
	b.o.Log.Error("an update is larger than is read, and passed over", "update", e.first)
	return b.inbox.put(ctx, []json.RawMessage{json.RawMessage(fmt.Sprintf(`{"update_id":%d,"message":"too large"}`, e.first))})
}

// deleteWebhook deletes the webhook, which would keep the updates, where they are to be polled.
func (b *Bot) deleteWebhook(ctx context.Context) error {
	if err := b.inbox.isCurrent(ctx, ""); err != nil {
		return err
	}
	return b.client.call(ctx, "deleteWebhook", nil, nil)
}

func isOfWebhook(err error) bool {
	e, ok := errors.AsType[*callError](err)
	return ok && e.status == http.StatusConflict && e.says("webhook is active")
}

// awake lets a worker look for updates.
func (b *Bot) awake() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// watchWebhook sets the webhook, and looks from time to time what Telegram makes of it. It stays set when this process
// ends: others may serve it, and what comes in between waits at Telegram. It is not set again while updates are to come in
// another way.
func (b *Bot) watchWebhook(ctx context.Context) {
	isSet := false
	for n := 0; ; n++ {
		err := b.inbox.isCurrent(ctx, b.o.WebhookURL)
		if err == nil && !isSet {
			err = b.setWebhook(ctx)
			isSet = err == nil
		}
		if isSet && err == nil {
			err = b.checkWebhook(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		b.note(err)
		pause := b.times.watch
		if e, ok := errors.AsType[*callError](err); ok && !isSet {
			pause = b.backOff(n, e)
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

// checkWebhook sets the webhook where it is not what it should be, and says what is wrong with it.
func (b *Bot) checkWebhook(ctx context.Context) error {
	var info struct {
		URL     string `json:"url"`
		Failed  int64  `json:"last_error_date"`
		Message string `json:"last_error_message"`
	}
	err := b.client.call(ctx, "getWebhookInfo", nil, &info)
	switch {
	case err != nil:
		return err
	case info.URL == "": // one that polled before, and has ended by now, has deleted it
		return b.setWebhook(ctx)
	case info.URL != b.o.WebhookURL:
		return errors.Join(errOtherWebhook, b.setWebhook(ctx))
	case time.Since(time.Unix(info.Failed, 0)) < 2*time.Minute:
		return fmt.Errorf("%w: %s", errFailing, b.client.scrub(info.Message))
	}
	return nil
}

var errFailing = errors.New("deliveries of Telegram to TELEGRAM_WEBHOOK_URL fail")

var errOtherWebhook = errors.New("another program has changed the webhook of this bot, and it was set again: give that program a token of its own")

func (b *Bot) setWebhook(ctx context.Context) error {
	const connections = 40
	return b.client.call(ctx, "setWebhook", params("url", b.o.WebhookURL, "secret_token", b.o.WebhookSecret,
		"allowed_updates", kinds, "max_connections", connections), nil)
}

// maxUpdate is the largest update that is taken, in bytes.
const maxUpdate = 1 << 20

// ServeHTTP takes an update by webhook. It answers 200 when the update is stored; until then Telegram gives it out again.
func (b *Bot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if b.o.WebhookURL == "" {
		http.NotFound(w, r)
		return
	}
	given := r.Header.Get("X-Telegram-Bot-Api-Secret-Token")
	if b.o.WebhookSecret == "" || subtle.ConstantTimeCompare([]byte(given), []byte(b.o.WebhookSecret)) != 1 {
		http.Error(w, "the secret token is not the bot's", http.StatusUnauthorized)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "updates are posted", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	if err != nil {
		http.Error(w, "the update cannot be read", http.StatusBadRequest)
		return
	}
	var id struct {
		ID int64 `json:"update_id"`
	}
	if json.Unmarshal(body, &id) != nil || id.ID <= 0 {
		http.Error(w, "this is no update", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	if _, err := b.inbox.put(ctx, []json.RawMessage{body}); err != nil {
		b.stores(err) // Telegram will give it out again
		http.Error(w, "the update could not be stored", http.StatusServiceUnavailable)
		return
	}
	b.awake()
}
