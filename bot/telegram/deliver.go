package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// outbox is what an update is answered with. It is stored before it is sent.
type outbox struct {
	Chat    int64  `json:"chat"`
	Topic   int    `json:"topic,omitempty"`
	ReplyTo int    `json:"reply_to,omitempty"`
	Texts   []text `json:"texts"`

	// Reserved texts are put into messages that were sent before, by editing, which may be done twice and shows once: where it
	// is not known whether a call went through, or the program ends between two, no answer comes twice. Others are sent as
	// they are.
	Reserved bool `json:"reserved,omitempty"`
	Hold     text `json:"hold,omitzero"` // what stands in a reserved message until then

	Ref   *ref `json:"ref,omitempty"`   // what can be gone on from
	Leads bool `json:"leads,omitempty"` // the next question in the topic goes on from it

	File    string `json:"file,omitempty"`    // name of the page that goes with it, as a document
	Content []byte `json:"content,omitempty"` // of it

	Drop int64 `json:"drop,omitempty"` // the message whose file is done with

	Failure string `json:"failure,omitempty"` // why it is all the update is answered with; "": it is the answer
}

// text is one message.
type text struct {
	HTML     string     `json:"html"`
	Plain    string     `json:"plain"` // the same without marks; sent where HTML is refused
	Keyboard [][]button `json:"keyboard,omitempty"`
}

// with is a message with buttons under it, nil for none.
func (m Message) with(keyboard [][]button) text {
	return text{HTML: m.HTML, Plain: m.Plain, Keyboard: keyboard}
}

// button is one under a message.
type button struct {
	Text string `json:"text"`
	Data string `json:"callback_data,omitempty"` // at most 64 bytes
	URL  string `json:"url,omitempty"`
}

// deliver sends what is in the outbox and has not been sent.
func (b *Bot) deliver(ctx context.Context, it *item) error {
	o := it.outbox
	if o.Drop != 0 { // only now that what came of it is stored
		if err := b.inbox.dropFile(ctx, o.Chat, o.Drop); err != nil {
			return &laterError{cause: err}
		}
	}
	for n := range o.Texts {
		if n < it.filled || n < len(it.sent) && !o.Reserved {
			continue
		}
		if err := b.put(ctx, it, n); err != nil {
			return b.undelivered(ctx, it, err)
		}
		it.filled = n + 1
	}
	for n := len(o.Texts); n < len(it.sent) && o.Reserved && o.File == ""; n++ { // a text that was longer before it was edited
		if err := b.remove(ctx, o.Chat, it.sent[n]); err != nil {
			return &laterError{cause: err}
		}
	}
	if o.File != "" && len(it.sent) <= len(o.Texts) {
		if err := b.sendPage(ctx, it); err != nil {
			return b.undelivered(ctx, it, err)
		}
	}
	return nil
}

// remove deletes a message of the bot's, where that can still be done.
func (b *Bot) remove(ctx context.Context, chat, id int64) error {
	if err := b.callIn(ctx, chat, "deleteMessage", params("chat_id", chat, "message_id", id), nil); err != nil {
		b.o.Log.Debug("Telegram", "error", err) // it may be gone, or too old
	}
	return b.inbox.unrefer(ctx, chat, id)
}

// put puts the n-th text where it is seen.
func (b *Bot) put(ctx context.Context, it *item, n int) error {
	o := it.outbox
	var err error
	switch {
	case o.Reserved:
		err = b.fill(ctx, it, n)
	case n >= len(it.sent):
		err = b.sendAs(ctx, it, o, n, o.Texts[n])
	}
	if err != nil {
		return err
	}
	if o.Ref == nil {
		return nil
	}
	r := *o.Ref
	r.Message, r.Topic = it.sent[n], int64(o.Topic)
	if err := b.inbox.refer(ctx, o.Chat, r); err != nil {
		return &laterError{cause: err}
	}
	return nil
}

// fill puts the n-th text into its reserved message. Where somebody has deleted that, another one is sent first; where Telegram
// does not let it be changed, the text is sent as it is: better twice, should a reply be lost then, than not at all.
func (b *Bot) fill(ctx context.Context, it *item, n int) error {
	o := it.outbox
	first := o.Hold
	var former int64
	if n < len(it.sent) {
		former = it.sent[n]
		err := b.edit(ctx, o.Chat, former, o.Texts[n])
		e, ok := errors.AsType[*callError](err)
		if !ok || e.status != http.StatusBadRequest || e.movedTo != 0 || isGone(e) {
			return err
		}
		if !e.says("message to edit not found", "message can't be edited", "message_id_invalid") {
			b.o.Log.Warn("Telegram does not let a message be changed; another one is sent", "error", err)
			first = o.Texts[n]
		}
	}
	if err := b.sendAs(ctx, it, o, n, first); err != nil {
		return err
	}
	if former != 0 {
		if err := b.inbox.moveFile(ctx, o.Chat, former, it.sent[n]); err != nil {
			return &laterError{cause: err}
		}
	}
	if first.HTML == o.Texts[n].HTML {
		return nil
	}
	return b.edit(ctx, o.Chat, it.sent[n], o.Texts[n])
}

// errLostSends says that a message may have been sent as often as is bearable.
var errLostSends = errors.New("it is not known whether a message was sent, each time")

// maySend says whether a message may be sent, which may have been sent before where that call's reply was lost: then only if
// Telegram answers at all, and not too often. One that is to hold an answer is waited with; else that is the end of it.
func (b *Bot) maySend(ctx context.Context, it *item, o *outbox, isHold bool) error {
	if it.lost == 0 {
		return nil
	}
	if it.lost >= maxLost {
		if !isHold {
			return errLostSends
		}
		it.lost = maxLost - 1 // once more after the wait
		return &laterError{after: b.times.strays, cause: errLostSends}
	}
	err := b.callIn(ctx, o.Chat, "sendChatAction", params("chat_id", o.Chat, "message_thread_id", o.Topic, "action", "typing"), nil)
	if e, ok := errors.AsType[*callError](err); ok && e.isPassing() {
		return err
	}
	return nil
}

// count notes what is known of a message that was to be sent.
func (it *item) count(err error) {
	e, ok := errors.AsType[*callError](err)
	switch {
	case err == nil:
		it.lost = 0
	case ok && e.isLost():
		it.lost++
	}
}

// sendAs sends a message and notes it as the n-th of the update's.
func (b *Bot) sendAs(ctx context.Context, it *item, o *outbox, n int, t text) error {
	if err := b.maySend(ctx, it, o, o.Reserved); err != nil {
		return err
	}
	id, err := b.send(ctx, o, t)
	if it.count(err); err != nil {
		return err
	}
	if err := b.inbox.sentAs(ctx, it, n, id); err != nil {
		return &laterError{cause: err}
	}
	return nil
}

// send sends a message and returns its id.
func (b *Bot) send(ctx context.Context, o *outbox, t text) (int64, error) {
	if err := b.pace.wait(ctx, o.Chat); err != nil {
		return 0, err
	}
	p := t.params(o.Chat)
	if o.Topic != 0 {
		p["message_thread_id"] = strconv.Itoa(o.Topic)
	}
	if o.ReplyTo != 0 {
		p["reply_parameters"] = replyTo(o.ReplyTo)
	}
	var sent struct {
		ID int64 `json:"message_id"`
	}
	err := b.orPlain(ctx, o.Chat, "sendMessage", p, t, &sent)
	return sent.ID, err
}

// edit changes a message of the bot's.
func (b *Bot) edit(ctx context.Context, chat, id int64, t text) error {
	if err := b.pace.wait(ctx, chat); err != nil {
		return err
	}
	p := t.params(chat)
	p["message_id"] = strconv.FormatInt(id, 10)
	err := b.orPlain(ctx, chat, "editMessageText", p, t, nil)
	if e, ok := errors.AsType[*callError](err); ok && e.says("message is not modified") {
		return nil
	}
	return err
}

// orPlain makes a call with HTML, and without where that is refused: better bare than none.
func (b *Bot) orPlain(ctx context.Context, chat int64, method string, p tgbotapi.Params, t text, result any) error {
	err := b.callIn(ctx, chat, method, p, result)
	e, ok := errors.AsType[*callError](err)
	if !ok || e.status != http.StatusBadRequest || !e.says("can't parse entities", "entity", "message is too long", "message_too_long", "button_") {
		return err
	}
	b.o.Log.Error("Telegram refuses a message as HTML; it is sent as plain text", "error", err)
	delete(p, "parse_mode")
	if e.says("button_") {
		delete(p, "reply_markup")
	}
	p["text"] = t.Plain
	return b.callIn(ctx, chat, method, p, result)
}

func (t text) params(chat int64) tgbotapi.Params {
	p := params("chat_id", chat, "text", t.HTML, "parse_mode", "HTML", "link_preview_options", `{"is_disabled":true}`)
	if len(t.Keyboard) > 0 {
		p["reply_markup"] = keyboard(t.Keyboard)
	}
	return p
}

func keyboard(rows [][]button) string {
	out, err := json.Marshal(map[string]any{"inline_keyboard": rows})
	if err != nil {
		panic(err) // texts only
	}
	return string(out)
}

func replyTo(message int) string {
	return fmt.Sprintf(`{"message_id":%d,"allow_sending_without_reply":true}`, message)
}

// sendPage sends the page that goes with a message.
func (b *Bot) sendPage(ctx context.Context, it *item) error {
	o := it.outbox
	if err := b.maySend(ctx, it, o, false); err != nil {
		return err
	}
	if err := b.pace.wait(ctx, o.Chat); err != nil {
		return err
	}
	p := params("chat_id", o.Chat, "message_thread_id", o.Topic)
	if len(it.sent) > 0 {
		p["reply_parameters"] = replyTo(int(it.sent[len(it.sent)-1]))
	}
	var sent struct {
		ID int64 `json:"message_id"`
	}
	err := b.client.send(ctx, "sendDocument", p, "document", tgbotapi.FileBytes{Name: o.File, Bytes: o.Content}, &sent)
	b.pace.heed(o.Chat, err)
	if it.count(err); err != nil {
		return err
	}
	if err := b.inbox.sentAs(ctx, it, len(it.sent), sent.ID); err != nil {
		return &laterError{cause: err}
	}
	return nil
}

// undelivered is what a failure of sending means. A group that has become a supergroup is answered there.
func (b *Bot) undelivered(ctx context.Context, it *item, err error) error {
	e, ok := errors.AsType[*callError](err)
	if !ok {
		return err
	}
	if e.movedTo == 0 {
		return fate(e)
	}
	if err := b.inbox.move(ctx, it.outbox.Chat, e.movedTo); err != nil {
		return &laterError{cause: err}
	}
	it.outbox.Chat, it.outbox.ReplyTo, it.sent, it.filled = e.movedTo, 0, nil, 0
	if err := b.inbox.note(ctx, it); err != nil {
		return &laterError{cause: err}
	}
	return &laterError{cause: errMoved}
}

// callIn makes a call that is about a chat. While Telegram wants none there, none is made.
func (b *Bot) callIn(ctx context.Context, chat int64, method string, p tgbotapi.Params, result any) error {
	if wait := b.pace.held(chat); wait > 0 {
		return &callError{method: method, status: http.StatusTooManyRequests, message: "Telegram has asked to wait before", retryAfter: wait}
	}
	err := b.client.call(ctx, method, p, result)
	b.pace.heed(chat, err)
	return err
}
