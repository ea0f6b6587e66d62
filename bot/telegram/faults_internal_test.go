package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	"github.com/jackc/pgx/v5"

	"yinju/bot"
	"yinju/bot/telegram/telegramtest"
	"yinju/rag"
)

// eventually waits for what is no doing of the server's.
func (r *rig) eventually(what string, is func() bool) {
	r.Helper()
	for end := time.Now().Add(rigWait); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.Fatalf("%s; %s", what, r.updates())
		}
	}
}

// answersTo are the texts that answer a message, and how many messages that were to hold one are left.
func (r *rig) answersTo(m telegramtest.Message) (texts []string, orphans int) {
	for _, s := range r.server.Sent(m.Chat.ID) {
		if s.ReplyTo == nil || s.ReplyTo.ID != m.ID {
			continue
		}
		if text := s.Shown().Text; strings.HasPrefix(text, "🔎") {
			orphans++
		} else {
			texts = append(texts, text)
		}
	}
	return texts, orphans
}

// isAnswered checks that a question has one answer, with a word of it.
func (r *rig) isAnswered(m telegramtest.Message, word string) {
	r.Helper()
	if texts, _ := r.answersTo(m); len(texts) != 1 || !strings.Contains(texts[0], word) {
		r.Errorf("%q is answered with %q; %s", m.Text, texts, r.updates())
	}
}

// impatient changes a bot so that a silent call is over soon.
func impatient(b *Bot) *Bot {
	b.times.call, b.times.longPoll = 250*time.Millisecond, time.Second
	b.client.wait = b.times.call
	return b
}

const whoBuilt, designer = "赵州桥由谁设计？", "李春"

func person(id int64) telegramtest.User {
	return telegramtest.User{ID: id, FirstName: "问", LanguageCode: "zh"}
}

// Whatever passes, at whatever call, leads to one answer; at worst a message that was to hold it is left behind.
func TestAQuestionIsAnsweredOnceWhateverPasses(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.run(impatient(r.make(r.options())))
	faults := map[string]telegramtest.Fault{
		"500": {Status: 500}, "502 page": {Status: 502, HTML: true}, "200 page": {Status: 200, HTML: true}, "429 page": {Status: 429, HTML: true},
		"cut": {Cut: true}, "silent": {Silent: true}, "429": {Status: 429, RetryAfter: 1},
	}
	id := int64(100)
	for _, method := range []string{"sendMessage", "editMessageText", "sendChatAction", "getUpdates"} {
		for name, f := range faults {
			for _, f.Handled = range []bool{false, true} {
				if f.Handled && f.RetryAfter > 0 {
					continue
				}
				id++
				r.server.Fail(method, f)
				m := r.server.Receive(telegramtest.Incoming{From: person(id), Text: whoBuilt})
				r.settled()
				texts, orphans := r.answersTo(m)
				if len(texts) != 1 || !strings.Contains(texts[0], designer) {
					t.Errorf("%s %s, done %v: %q", method, name, f.Handled, texts)
				}
				most := 0
				if method == "sendMessage" && f.Handled {
					most = 1
				}
				if orphans > most {
					t.Errorf("%s %s, done %v: %d messages are left", method, name, f.Handled, orphans)
				}
			}
		}
	}
	if f := r.failures(); len(f) > 0 {
		t.Error(f)
	}
}

// Where Telegram asks to wait, nothing is sent to the chat before that is over, by no topic, button or state of an answer;
// other chats do not wait.
func TestNothingIsSentToAChatBeforeItMayBe(t *testing.T) {
	t.Parallel()
	const group = -1_001_000_000_001
	var mu sync.Mutex
	var until time.Time
	var early []telegramtest.Call
	r := newRig(t, telegramtest.Options{Script: func(c telegramtest.Call) telegramtest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if c.Params["chat_id"] != strconv.Itoa(group) {
			return telegramtest.Fault{}
		}
		switch {
		case until.IsZero() && c.Method == "sendMessage":
			until = c.At.Add(time.Second)
			return telegramtest.Fault{Status: 429, RetryAfter: 1}
		case c.At.Before(until) && c.Method != "sendChatAction": // may be under way
			early = append(early, c)
		}
		return telegramtest.Fault{}
	}})
	r.server.AddGroup(telegramtest.Chat{ID: group, Type: "supergroup", Title: "群"}, 5, 6, 7)
	r.start()
	ask := func(thread int) telegramtest.Message {
		return r.server.Receive(telegramtest.Incoming{Chat: group, Thread: thread, From: xu, Text: "@" + telegramtest.Username + " " + whoBuilt})
	}
	first := ask(5)
	r.until("Telegram asks to wait", func() bool { mu.Lock(); defer mu.Unlock(); return !until.IsZero() })
	time.Sleep(20 * time.Millisecond) // for the answer to come
	second, third := ask(6), ask(7)
	other := r.server.Receive(telegramtest.Incoming{From: ann, Text: whoBuilt})
	r.settled()
	for _, m := range []telegramtest.Message{first, second, third, other} {
		r.isAnswered(m, designer)
	}
	if len(early) > 0 {
		t.Errorf("%d calls came too early: %+v", len(early), early)
	}
	calls := r.server.Calls("editMessageText")
	if calls[0].Params["chat_id"] != strconv.FormatInt(ann.ID, 10) {
		t.Errorf("another chat had to wait: %+v", calls[0])
	}
}

// A wait of an hour frees the worker, and is kept by a program that is started again.
func TestALongWaitDoesNotHoldOthersUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{Script: func(c telegramtest.Call) telegramtest.Fault {
		if id, _ := strconv.Atoi(c.Params["chat_id"]); c.Method == "sendMessage" && id >= 1000 && id < 2000 {
			return telegramtest.Fault{Status: 429, RetryAfter: 3600}
		}
		return telegramtest.Fault{}
	}})
	r.start()
	for i := range 3 * workers {
		r.server.Receive(telegramtest.Incoming{From: person(int64(1000 + i)), Text: whoBuilt})
	}
	m := r.server.Receive(telegramtest.Incoming{From: xu, Text: whoBuilt})
	r.eventually("the question of another chat is not answered", func() bool { return r.isDone(1) })
	r.isAnswered(m, designer)
	r.eventually("those that are to wait are not put off", func() bool {
		var n int
		err := r.store.Pool().QueryRow(t.Context(), `select count(*) from telegram_updates where not_before > now() + interval '59 minutes' and done_at is null`).Scan(&n)
		return err == nil && n == 3*workers
	})
	if calls := r.server.Calls("sendMessage"); len(calls) != 3*workers+1 {
		t.Errorf("%d messages were tried", len(calls))
	}
}

// The pace of this program stays below the limits that Telegram tells of: it is never asked to wait.
func TestThePaceStaysBelowTheRealLimits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	server := telegramtest.New(t, telegramtest.Options{Limits: telegramtest.Real, Now: func() time.Time { return now }})
	server.AddUser(xu)
	const group = -1_001_000_000_002
	server.AddGroup(telegramtest.Chat{ID: group, Type: "supergroup", Title: "群"})
	p := newPace(realPace)
	p.now = func() time.Time { return now }
	p.sleep = func(_ context.Context, d time.Duration) bool { now = now.Add(d); return true }
	c := newClient(telegramtest.Token, server.URL(), rigWait)
	defer c.close()
	sent := map[int64]int{}
	for end := now.Add(3 * time.Minute); now.Before(end); {
		for _, chat := range []int64{xu.ID, group} {
			if later, ok := errors.AsType[*laterError](p.wait(t.Context(), chat)); ok {
				if chat == group {
					now = now.Add(min(later.after, time.Second))
				}
				continue
			}
			sent[chat]++
			if err := c.call(t.Context(), "sendMessage", params("chat_id", chat, "text", "字"), nil); err != nil {
				t.Fatalf("after %v: %v", sent, err)
			}
		}
	}
	if sent[xu.ID] < 60 || sent[group] < 45 {
		t.Errorf("only %v messages were sent in three minutes", sent)
	}
}

// What Telegram does not take as HTML is sent as plain text.
func TestAMessageThatIsRefusedAsHTMLComesAsPlainText(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{Script: func(c telegramtest.Call) telegramtest.Fault {
		if c.Params["parse_mode"] != "" {
			return telegramtest.Fault{Status: 400, Description: `Bad Request: can't parse entities: Unsupported start tag "x" at byte offset 0`}
		}
		return telegramtest.Fault{}
	}})
	r.start()
	m := r.server.Receive(telegramtest.Incoming{From: xu, Text: whoBuilt})
	r.settled()
	r.isAnswered(m, "《石桥》 张望 · 江畔日报 · 2023-05-06")
}

// What nobody can be told is given up at once, and others are answered.
func TestWhoCannotBeAnsweredDoesNotHoldOthersUp(t *testing.T) {
	t.Parallel()
	const group, forum = -21, -1_001_000_000_003
	r := newRig(t, telegramtest.Options{})
	r.server.AddGroup(telegramtest.Chat{ID: group, Type: "group", Title: "群"})
	r.server.AddGroup(telegramtest.Chat{ID: forum, Type: "supergroup", Title: "论坛"}, 5)
	mention := "@" + telegramtest.Username + " " + whoBuilt
	r.server.AddUser(xu)
	r.server.Block(xu.ID)
	r.server.Receive(telegramtest.Incoming{From: xu, Text: whoBuilt})
	r.server.Receive(telegramtest.Incoming{From: xu, Chat: group, Text: mention})
	r.server.Kick(group)
	r.server.Receive(telegramtest.Incoming{From: xu, Chat: forum, Thread: 5, Text: mention})
	r.server.RemoveTopic(forum, 5)
	r.server.Deliver(telegramtest.Update{Message: &telegramtest.Message{ID: 1, From: &xu, Chat: telegramtest.Chat{ID: 5555, Type: "private"}, Text: whoBuilt, Date: time.Now().Unix()}})
	m := r.server.Receive(telegramtest.Incoming{From: ann, Text: whoBuilt})
	o := r.options()
	r.run(r.make(o)) // all of it has waited for the bot
	r.settled()
	r.isAnswered(m, designer)
	failures := strings.Join(r.failures(), "\n")
	for _, want := range []string{"blocked by the user", "kicked from the group", "message thread not found", "chat not found"} {
		if !strings.Contains(failures, want) {
			t.Errorf("%q is not in %q", want, failures)
		}
	}
	if calls := r.server.Calls("sendMessage"); len(calls) != 5 {
		t.Errorf("%d messages were tried", len(calls))
	}
	r.server.Unblock(xu.ID)
	r.isAnswered(r.receive(xu, whoBuilt), designer)
}

// receive lets a person ask, waits until all is done, and gives the question.
func (r *rig) receive(from telegramtest.User, text string) telegramtest.Message {
	r.Helper()
	m := r.server.Receive(telegramtest.Incoming{From: from, Text: text})
	r.settled()
	return m
}

// hooked calls something before it answers.
type hooked struct {
	bot.Asker
	before func(q rag.Query) error
}

func (h hooked) Stream(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
	if err := h.before(q); err != nil {
		return rag.Answer{}, err
	}
	return h.Asker.Stream(ctx, q, tell)
}

// A group that becomes a supergroup is answered there, whether before the answer is begun or in the midst of it; what holds for
// it goes along.
func TestAGroupIsAnsweredInTheSupergroupItHasBecome(t *testing.T) {
	t.Parallel()
	for name, isDuring := range map[string]bool{"before": false, "during": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const group, supergroup = -31, -1_001_000_000_004
			r := newRig(t, telegramtest.Options{})
			r.server.AddGroup(telegramtest.Chat{ID: group, Type: "group", Title: "群"})
			o := r.options()
			o.Public, o.Allowed = false, []int64{group}
			var once sync.Once
			if isDuring {
				o.Asker = hooked{o.Asker, func(rag.Query) error {
					once.Do(func() {
						r.server.Migrate(group, supergroup)
						for range 3 { // with the numbers that those of the group had
							r.callServer("sendMessage", tgbotapi.Params{"chat_id": strconv.Itoa(supergroup), "text": "早先"})
						}
					})
					return nil
				}}
			}
			b := r.make(o)
			if err := b.inbox.set(t.Context(), group, settings{Lang: "en"}); err != nil {
				t.Fatal(err)
			}
			mention := "@" + telegramtest.Username + " "
			r.server.Receive(telegramtest.Incoming{From: xu, Chat: group, Text: mention + whoBuilt})
			if !isDuring {
				r.server.Migrate(group, supergroup)
			}
			r.run(b)
			r.settled()
			sent := r.server.Sent(supergroup)
			for isDuring && len(sent) > 1 {
				if text := sent[0].Shown().Text; text != "早先" {
					t.Errorf("a message of others' is changed to %q", text)
				}
				sent = sent[1:]
			}
			if len(sent) != 1 || !strings.Contains(sent[0].Shown().Text, designer) {
				t.Fatalf("%+v; %s", sent, r.updates())
			}
			m := r.server.Receive(telegramtest.Incoming{From: ann, Chat: supergroup, Text: mention + "/settings"})
			r.server.Receive(telegramtest.Incoming{From: ann, Chat: supergroup, Text: "/settings"})
			r.settled()
			if sent = r.server.Sent(supergroup); !strings.Contains(sent[len(sent)-1].Shown().Text, "Settings") {
				t.Errorf("the settings are lost: %+v, %+v", m, sent)
			}
			if f := r.failures(); len(f) > 0 {
				t.Error(f)
			}
		})
	}
}

// callServer calls the Bot API as another program with the token does.
func (r *rig) callServer(method string, values tgbotapi.Params) {
	r.Helper()
	c := newClient(telegramtest.Token, r.server.URL(), rigWait)
	defer c.close()
	if err := c.call(r.Context(), method, values, nil); err != nil {
		r.Error(err)
	}
}

// A person who deletes the message in which the answer is to come gets it in another one.
func TestAnAnswerComesWhereItsMessageWasDeleted(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	o := r.options()
	o.Asker = hooked{o.Asker, func(rag.Query) error {
		for _, m := range r.server.Sent(xu.ID) {
			r.callServer("deleteMessage", tgbotapi.Params{"chat_id": "42", "message_id": strconv.Itoa(m.ID)})
		}
		return nil
	}}
	b := r.make(o)
	r.run(b)
	r.isAnswered(r.receive(xu, whoBuilt), designer)
	// Neither does it come twice where it is not known whether the other message was sent.
	r.server.Fail("sendMessage", telegramtest.Fault{}, telegramtest.Fault{Cut: true, Handled: true})
	m := r.receive(xu, whoBuilt)
	r.isAnswered(m, designer)
	if _, orphans := r.answersTo(m); orphans > 1 {
		t.Errorf("%d messages are left", orphans)
	}
}

// An answer that can no longer be put into its message comes in another one.
func TestAnAnswerComesWhereItsMessageCannotBeChanged(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	r.server.Fail("editMessageText", telegramtest.Fault{Status: 400, Description: "Bad Request: message can't be edited"})
	r.isAnswered(r.receive(xu, whoBuilt), designer)
}

// A bot waits for a Telegram that cannot be reached, says so, and works when it can.
func TestTelegramMayComeLater(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	var listening net.ListenConfig
	listener, err := listening.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	o := r.options()
	o.APIURL = "http://" + address
	b := r.make(o)
	r.run(b)
	m := r.server.Receive(telegramtest.Incoming{From: xu, Text: whoBuilt})
	r.eventually("the bot does not say that it cannot reach Telegram", func() bool {
		s := b.State(t.Context())
		return !s.Working && strings.Contains(s.Error, "refused") && !strings.Contains(s.Error, secret)
	})
	to, err := url.Parse(r.server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if listener, err = listening.Listen(t.Context(), "tcp", address); err != nil {
		t.Fatal(err)
	}
	proxy := &http.Server{Handler: httputil.NewSingleHostReverseProxy(to), ReadHeaderTimeout: time.Second}
	done := make(chan struct{})
	go func() { defer close(done); _ = proxy.Serve(listener) }()
	defer func() { _ = proxy.Close(); <-done }()
	r.eventually("the bot does not work", func() bool { return b.State(t.Context()).Working && r.isDone(1) })
	r.isAnswered(m, designer)
}

// A question to the bot's name that was stored before is not overlooked by a bot that does not know its name yet.
func TestAQuestionWaitsUntilTheBotKnowsItsName(t *testing.T) {
	t.Parallel()
	const group = -41
	r := newRig(t, telegramtest.Options{})
	r.server.AddGroup(telegramtest.Chat{ID: group, Type: "group", Title: "群"})
	m := r.server.Receive(telegramtest.Incoming{From: xu, Chat: group, Text: "@" + telegramtest.Username + " " + whoBuilt})
	b := r.make(r.options())
	body, err := json.Marshal(r.server.Pending()[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.inbox.put(t.Context(), []json.RawMessage{body}); err != nil {
		t.Fatal(err)
	}
	r.server.Fail("getMe", telegramtest.Fault{Status: 500}, telegramtest.Fault{Status: 500}, telegramtest.Fault{Status: 500})
	r.run(b)
	r.settled()
	r.isAnswered(m, designer)
}

// A wrong token is told of, and not tried over and over.
func TestAWrongTokenIsSaidAndNotTriedOverAndOver(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]string{"401": telegramtest.Token + "x", "404": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, telegramtest.Options{Token: server, Script: func(telegramtest.Call) telegramtest.Fault {
				return telegramtest.Fault{Status: 404, Description: "Not Found"}
			}})
			var logged safeBuffer
			o := r.options()
			o.Log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
			b := r.make(o)
			r.run(b)
			r.eventually("nothing is said of the token", func() bool {
				s := b.State(t.Context())
				return !s.Working && strings.Contains(s.Error, "TELEGRAM_BOT_TOKEN")
			})
			if err := (&callError{status: 401}); b.backOff(0, err) < time.Minute {
				t.Error("it is tried again soon")
			}
			if n := strings.Count(logged.text(), "\n"); n > 4 {
				t.Errorf("%d lines are logged: %s", n, logged.text())
			}
		})
	}
}

// A poll that another program's ends is waited out, and a webhook that another program has set is deleted.
func TestAConflictIsWaitedOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	b := r.start()
	r.eventually("the bot does not work", func() bool { return b.State(t.Context()).Working })
	r.server.Fail("getUpdates", telegramtest.Fault{Status: 409, Description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"})
	r.isAnswered(r.receive(xu, whoBuilt), designer)
	deletes := len(r.server.Calls("deleteWebhook"))
	r.callServer("setWebhook", tgbotapi.Params{"url": "http://127.0.0.1:1/hook"})
	r.isAnswered(r.receive(ann, whoBuilt), designer)
	if s := b.State(t.Context()); !s.Working || len(r.server.Calls("deleteWebhook")) != deletes+1 {
		t.Errorf("%+v, %d calls", s, len(r.server.Calls("deleteWebhook"))-deletes)
	}
}

// What fails for a while is tried again; what fails for good is told, in the message that was to hold the answer.
func TestAFailureIsTriedAgainAndThenTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	var asked atomic.Int64
	o := r.options()
	o.Asker = hooked{o.Asker, func(q rag.Query) error {
		n := asked.Add(1)
		switch {
		case strings.HasPrefix(q.Question, "坏"):
			return errors.New("connection reset by peer")
		case strings.HasPrefix(q.Question, "慌"):
			panic("the secret is " + telegramtest.Token)
		case n%3 != 0:
			return errors.New("connection reset by peer")
		}
		return nil
	}}
	var logged safeBuffer
	o.Log = slog.New(slog.NewTextHandler(&logged, nil))
	r.run(r.make(o))
	r.isAnswered(r.receive(xu, whoBuilt), designer)
	if asked.Load() != 3 {
		t.Errorf("asked %d times", asked.Load())
	}
	for _, q := range []string{"坏了的桥在哪里？", "慌张的桥在哪里？"} {
		asked.Store(0)
		m := r.receive(xu, q)
		r.isAnswered(m, "没能回答")
		if _, orphans := r.answersTo(m); orphans > 0 {
			t.Errorf("%d messages are left", orphans)
		}
		if n := asked.Load(); n != maxTries+1 {
			t.Errorf("%s: asked %d times", q, n)
		}
	}
	r.isAnswered(r.receive(xu, "赵州桥由谁设计"), designer) // and so the chat goes on
	if text := logged.text(); !strings.Contains(text, "a fault in the program") || strings.Contains(text, secret) {
		t.Errorf("%s", text)
	}
}

// An answer that does not come at all does not keep the worker: the person is told.
func TestAnAnswerThatDoesNotComeIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	o := r.options()
	o.Asker = stuck{}
	b := r.make(o)
	b.times.answer = 150 * time.Millisecond
	r.run(b)
	r.isAnswered(r.receive(xu, whoBuilt), "没能回答")
}

// stuck is an asker that never answers.
type stuck struct{}

func (stuck) Stream(ctx context.Context, _ rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
	<-ctx.Done()
	return rag.Answer{}, context.Cause(ctx)
}

// A failure behind a button is told, too.
func TestAFailureBehindAButtonIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	o := r.options()
	var isBroken atomic.Bool
	o.Asker = hooked{o.Asker, func(rag.Query) error {
		if isBroken.Load() {
			return errors.New("connection reset by peer")
		}
		return nil
	}}
	r.run(r.make(o))
	r.receive(xu, whoBuilt)
	isBroken.Store(true)
	sent, _ := r.press(xu, r.server.Sent(xu.ID)[0], "m")
	if len(sent) != 1 || !strings.Contains(sent[0].Shown().Text, "没能回答") {
		t.Errorf("%+v; %s", sent, r.updates())
	}
}

// An edit whose answer could not be put in place before the program ended changes the answer that is there, and adds none.
func TestAnEditIsAnsweredInPlaceAfterACrash(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	b := r.make(r.options())
	stop := r.run(b)
	m := r.receive(xu, whoBuilt)
	stop()
	r.server.Edit(xu.ID, m.ID, "廊桥的屋顶有什么用？")
	r.server.Fail("editMessageText", telegramtest.Fault{Status: 500}, telegramtest.Fault{Status: 500}, telegramtest.Fault{Status: 500})
	b = r.make(r.options())
	b.times.retry = time.Hour
	stop = r.run(b)
	r.eventually("the edit is not put off", func() bool {
		var n int
		err := r.store.Pool().QueryRow(t.Context(), `select count(*) from telegram_updates where put_off > 0 and outbox is not null`).Scan(&n)
		return err == nil && n == 1
	})
	stop()
	if _, err := r.store.Pool().Exec(t.Context(), `update telegram_updates set not_before = now()`); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.settled()
	if sent := r.server.Sent(xu.ID); len(sent) != 1 || !strings.Contains(sent[0].Shown().Text, "屋顶护着木头") {
		t.Errorf("%+v", sent)
	}
}

// What another process has taken over is not touched by the one that was too slow.
func TestWhatAnotherHasTakenOverIsNotTouched(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	slow, quickly := r.make(r.options()).inbox, r.make(r.options()).inbox
	store := func(id int) {
		body := fmt.Sprintf(`{"update_id":%d,"message":{"message_id":1,"chat":{"id":42,"type":"private"},"from":{"id":42},"text":"桥"}}`, id)
		if _, err := slow.put(t.Context(), rawUpdates(body)); err != nil {
			t.Fatal(err)
		}
	}
	store(1)
	taken, err := slow.take(t.Context(), true)
	if err != nil || taken == nil {
		t.Fatal(taken, err)
	}
	if it, err := quickly.take(t.Context(), true); it != nil || err != nil {
		t.Fatalf("%+v is taken while it is another's; %v", it, err)
	}
	if _, err := r.store.Pool().Exec(t.Context(), `update telegram_updates set leased = now() - interval '1 s'`); err != nil {
		t.Fatal(err)
	}
	again, err := quickly.take(t.Context(), true)
	if err != nil || again == nil || again.tries != 2 {
		t.Fatal(again, err)
	}
	taken.outbox = &outbox{Chat: 42}
	for what, do := range map[string]func() error{
		"note":    func() error { return slow.note(t.Context(), taken) },
		"sentAs":  func() error { return slow.sentAs(t.Context(), taken, 0, 7) },
		"putBack": func() error { return slow.putBack(t.Context(), taken, 0, true) },
		"done":    func() error { return slow.done(t.Context(), taken, "") },
		"hold":    func() error { return slow.hold(t.Context()) },
		"release": func() error { return slow.release(t.Context()) },
	} {
		if err := do(); what != "hold" && what != "release" && !errors.Is(err, errLost) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := quickly.sentAs(t.Context(), again, 0, 8); err != nil {
		t.Error(err)
	}
	if err := quickly.done(t.Context(), again, ""); err != nil {
		t.Error(err)
	}
}

// longServer answers each call with something of the test's.
func longServer(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

// A call that goes on failing while others go well does not keep its chat waiting, and who asked is told.
func TestACallThatGoesOnFailingHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	for method, told := range map[string]string{"sendDocument": "收入吗？", "getFile": "没能回答", "download": "没能回答", "editMessageText": ""} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var first atomic.Bool
			var running atomic.Pointer[Bot]
			r := newRig(t, telegramtest.Options{Script: func(c telegramtest.Call) telegramtest.Fault {
				if c.Method == method && !first.Load() {
					running.Load().client.well.Store(time.Now().UnixNano()) // as calls for others do
					return telegramtest.Fault{Status: 502}
				}
				return telegramtest.Fault{}
			}})
			o := r.options()
			o.Admins, o.Files = []int64{7}, &shelf{}
			b := r.make(o)
			b.times.retry = time.Millisecond
			running.Store(b)
			r.run(b)
			r.server.Receive(telegramtest.Incoming{From: admin, Document: &telegramtest.File{Name: "a.txt", Data: []byte("x")}})
			r.eventually("the file keeps the chat waiting", func() bool { return r.isDone(1) })
			first.Store(true)
			least, most := maxAlone-1, maxAlone
			if method == "sendDocument" { // which may have come each time
				least, most = maxLost, maxLost
			}
			if n := len(r.server.Calls(method)); n < least || n > most {
				t.Errorf("%d calls", n)
			}
			m := r.server.Receive(telegramtest.Incoming{From: admin, Text: whoBuilt})
			r.settled()
			r.isAnswered(m, designer)
			if told != "" {
				says(t, r.server.Sent(admin.ID)[0], told)
			}
		})
	}
}

// While no call goes well at all, nothing is given up, however often it fails.
func TestADeadTelegramIsWaitedFor(t *testing.T) {
	t.Parallel()
	var isDead atomic.Bool
	r := newRig(t, telegramtest.Options{Script: func(telegramtest.Call) telegramtest.Fault {
		if isDead.Load() {
			return telegramtest.Fault{Status: 502}
		}
		return telegramtest.Fault{}
	}})
	o := r.options()
	o.Asker = hooked{o.Asker, func(rag.Query) error { isDead.Store(true); return nil }}
	b := r.make(o)
	b.times.retry = time.Microsecond
	r.run(b)
	m := r.server.Receive(telegramtest.Incoming{From: xu, Text: whoBuilt})
	r.eventually("it is not tried again", func() bool {
		var n int
		err := r.store.Pool().QueryRow(t.Context(), `select coalesce(max(put_off), 0) from telegram_updates`).Scan(&n)
		return err == nil && n > 2*maxAlone
	})
	isDead.Store(false)
	r.settled()
	r.isAnswered(m, designer)
}

// What 404 is about, and what it says of the token.
func TestNotFoundIsAboutTheTokenWhereAllIsRefused(t *testing.T) {
	t.Parallel()
	for want, all := range map[bool][]*callError{
		true:  {{method: "getMe", status: 404}, {method: "getUpdates", status: 404}, {method: "sendMessage", status: 404, message: "Not Found", isRefusal: true}, {method: "sendMessage", status: 401}},
		false: {{method: "sendMessage", status: 404, message: "Not Found"}, {method: "sendMessage", status: 404, message: "Not Found: method not found", isRefusal: true}, {method: "download", status: 404, message: "Not Found"}, {method: "getMe", status: 400}},
	} {
		for _, e := range all {
			if e.isOfToken() != want {
				t.Errorf("%+v", e)
			}
		}
	}
}

// A message whose reply is lost each time is sent a few times, and then given up; one that is to hold an answer is waited with.
func TestAMessageWhoseReplyIsLostIsNotSentOverAndOver(t *testing.T) {
	t.Parallel()
	var isLost atomic.Bool
	isLost.Store(true)
	r := newRig(t, telegramtest.Options{Script: func(c telegramtest.Call) telegramtest.Fault {
		if c.Method == "sendMessage" && isLost.Load() {
			return telegramtest.Fault{Status: 502, Handled: true}
		}
		return telegramtest.Fault{}
	}})
	b := r.make(r.options())
	b.times.strays = longestWait
	r.run(b)
	r.receive(xu, "/sources 桥")
	if n := len(r.server.Sent(xu.ID)); n != maxLost {
		t.Errorf("it was sent %d times", n)
	}
	if f := r.failures(); len(f) != 1 || f[0] != errLostSends.Error() {
		t.Error(f)
	}
	m := r.server.Receive(telegramtest.Incoming{From: ann, Text: whoBuilt})
	r.eventually("it is not waited with", func() bool {
		var n int
		err := r.store.Pool().QueryRow(t.Context(), `select count(*) from telegram_updates where done_at is null and not_before > now() + interval '4 minutes'`).Scan(&n)
		return err == nil && n == 1
	})
	if n := len(r.server.Sent(ann.ID)); n != maxLost {
		t.Errorf("%d messages are left", n)
	}
	isLost.Store(false)
	r.sql(`update telegram_updates set not_before = now()`)
	r.settled()
	r.isAnswered(m, designer)
}

// What cannot have been sent, and what a Telegram that answers nothing may have been sent, is waited with for as long as it takes.
func TestAMessageThatWasNotSentIsNotGivenUp(t *testing.T) {
	t.Parallel()
	var isDead atomic.Bool
	r := newRig(t, telegramtest.Options{Script: func(telegramtest.Call) telegramtest.Fault {
		if isDead.Load() {
			return telegramtest.Fault{Status: 502}
		}
		return telegramtest.Fault{}
	}})
	o := r.options()
	o.Search = searching{o.Search, func() { isDead.Store(true) }}
	b := r.make(o)
	b.times.retry = time.Microsecond
	r.run(b)
	m := r.server.Receive(telegramtest.Incoming{From: xu, Text: "/search 桥"})
	r.eventually("it is not tried again", func() bool {
		var n int
		err := r.store.Pool().QueryRow(t.Context(), `select coalesce(max(put_off), 0) from telegram_updates`).Scan(&n)
		return err == nil && n > 2*maxLost
	})
	if n := len(r.server.Calls("sendMessage")); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
	isDead.Store(false)
	r.settled()
	r.isAnswered(m, "最相近的")
	c := newClient(telegramtest.Token, "http://127.0.0.1:1", rigWait)
	defer c.close()
	if e, ok := errors.AsType[*callError](c.call(t.Context(), "sendMessage", nil, nil)); !ok || e.isLost() {
		t.Errorf("what could not be sent counts as lost: %+v", e)
	}
}

// searching is a searcher that does something before.
type searching struct {
	Searcher
	before func()
}

func (s searching) SearchIn(ctx context.Context, q rag.Query, k int) ([]rag.Hit, []rag.Scope, error) {
	s.before()
	return s.Searcher.SearchIn(ctx, q, k)
}

// A database that is away is told of when that begins and when it ends, for what it is, and updates are answered when it is back.
func TestADatabaseThatIsAwayIsSaidOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	var logged safeBuffer
	o := r.options()
	o.Log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelWarn}))
	b := r.make(o)
	r.run(b)
	r.isAnswered(r.receive(xu, whoBuilt), designer)
	address, err := url.Parse(r.url)
	if err != nil {
		t.Fatal(err)
	}
	name := pgx.Identifier{strings.TrimPrefix(address.Path, "/")}
	address.Path = "/postgres"
	other, err := pgx.Connect(t.Context(), address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.WithoutCancel(t.Context()))
	allow := func(is bool) {
		if _, err := other.Exec(t.Context(), fmt.Sprintf(`alter database %s with allow_connections %v`, name.Sanitize(), is)); err != nil {
			t.Fatal(err)
		}
	}
	allow(false)
	if _, err := other.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, name[0]); err != nil {
		t.Fatal(err)
	}
	before := len(r.server.Calls("getUpdates"))
	m := r.server.Receive(telegramtest.Incoming{From: ann, Text: whoBuilt})
	r.eventually("it is not said that the database is away", func() bool {
		s := b.State(t.Context())
		return !s.Working && strings.HasPrefix(s.Error, "database: ")
	})
	time.Sleep(20 * b.times.idle) // many look for updates
	allow(true)
	r.until("it is not polled again", func() bool { return len(r.server.Calls("getUpdates")) > before })
	r.settled()
	r.isAnswered(m, designer)
	r.eventually("it is not said that the database is back", func() bool { return b.State(t.Context()).Working })
	if text := logged.text(); strings.Count(text, "\n") > 4 || strings.Contains(text, "Telegram does not work") || !strings.Contains(text, "works again") {
		t.Error(text)
	}
}
