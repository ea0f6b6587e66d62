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
)

// kinds are the updates that are asked for.
const kinds = `["message","edited_message","callback_query","inline_query"]`

// receive takes updates in until ctx is done: by webhook, or by polling while this process is the one that does.
func (b *Bot) receive(ctx context.Context) {
	if !b.introduce(ctx) {
		return
	}
	if b.o.WebhookURL != "" {
		b.watchWebhook(ctx)
		return
	}
	for ctx.Err() == nil {
		if err := b.lead(ctx, b.pollAll); err != nil && ctx.Err() == nil {
			b.works(err)
		}
		if !sleep(ctx, b.times.elect) {
			return
		}
	}
}

// lead runs what only one process at a time may do, if no other does it now. The lock is the session's: it ends with the
// process, or its connection.
func (b *Bot) lead(ctx context.Context, do func(context.Context) error) error {
	conn, err := pgx.ConnectConfig(ctx, b.o.Store.Pool().Config().ConnConfig.Copy())
	if err != nil {
		return fmt.Errorf("take turns at polling: %w", err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	var isLeader bool
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock(hashtextextended('telegram poll', $1))`, b.id).Scan(&isLeader); err != nil {
		return fmt.Errorf("take turns at polling: %w", err)
	}
	if !isLeader {
		b.works(nil) // another one's state is its own
		return nil
	}
	leading, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() { // without its connection the lock is gone
		defer close(done)
		for leading.Err() == nil {
			if err := b.listen(leading, conn); err != nil {
				cancel(fmt.Errorf("take turns at polling: %w", err))
			}
		}
	}()
	err = do(leading)
	cancel(nil)
	<-done
	return err
}

// listen returns after a while, or at once when the connection ends: nobody notifies, but the end is heard of.
func (b *Bot) listen(ctx context.Context, conn *pgx.Conn) error {
	while, cancel := context.WithTimeout(ctx, b.times.elect)
	defer cancel()
	if _, err := conn.WaitForNotification(while); while.Err() == nil {
		return err
	}
	ping, cancelPing := context.WithTimeout(ctx, b.times.elect)
	defer cancelPing()
	return conn.Ping(ping)
}

// pollAll polls until ctx is done. Updates are acknowledged, by the offset of the next poll, when they are stored.
func (b *Bot) pollAll(ctx context.Context) error {
	// A webhook that was set before would keep the updates.
	if !b.until(ctx, func() error { return b.client.call(ctx, "deleteWebhook", nil, nil) }) {
		return context.Cause(ctx)
	}
	wait := time.Duration(0) // the first tells at once whether it works
	for offset, failed := int64(0), 0; ; {
		var raw []json.RawMessage
		err := b.client.poll(ctx, "getUpdates", params("offset", offset, "timeout", int(wait.Seconds()), "limit", 100, "allowed_updates", kinds), wait, &raw)
		if err == nil && len(raw) > 0 {
			var last int64
			if last, err = b.inbox.put(ctx, raw); err == nil {
				offset = last + 1
				b.awake()
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b.works(err)
		if err == nil {
			wait, failed = b.times.longPoll, 0
			continue
		}
		if !sleep(ctx, b.backOff(failed, err)) {
			return context.Cause(ctx)
		}
		failed++
	}
}

// awake lets a worker look for updates.
func (b *Bot) awake() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// watchWebhook sets the webhook, and looks from time to time what Telegram makes of it. It stays set when this process
// ends: others may serve it, and what comes in between waits at Telegram.
func (b *Bot) watchWebhook(ctx context.Context) {
	isSet := b.until(ctx, func() error { return b.setWebhook(ctx) })
	for isSet {
		var info struct {
			URL     string `json:"url"`
			Failed  int64  `json:"last_error_date"`
			Message string `json:"last_error_message"`
		}
		err := b.client.call(ctx, "getWebhookInfo", nil, &info)
		switch {
		case err != nil:
		case info.URL == "": // one that polled before, and has ended by now, has deleted it
			err = b.setWebhook(ctx)
		case info.URL != b.o.WebhookURL:
			err = errors.New("another program has changed the webhook of this bot: give it a token of its own, or start this one again")
		case time.Since(time.Unix(info.Failed, 0)) < 2*time.Minute:
			err = fmt.Errorf("deliveries of Telegram to TELEGRAM_WEBHOOK_URL fail: %s", b.client.scrub(info.Message))
		}
		if ctx.Err() != nil {
			return
		}
		b.works(err)
		isSet = sleep(ctx, b.times.watch)
	}
}

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
		b.o.Log.Error("an update could not be stored; Telegram will give it out again", "error", err)
		http.Error(w, "the update could not be stored", http.StatusServiceUnavailable)
		return
	}
	b.awake()
}
