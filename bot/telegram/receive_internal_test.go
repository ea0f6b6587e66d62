package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yinju/bot/telegram/telegramtest"
)

func (r *rig) sql(statement string) {
	r.Helper()
	if _, err := r.store.Pool().Exec(r.Context(), statement); err != nil {
		r.Fatal(err)
	}
}

// An update that could not be stored is not acknowledged: Telegram gives it out again.
func TestAnUpdateIsAcknowledgedWhenItIsStored(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	r.sql(`alter table telegram_updates rename to elsewhere`)
	m := r.server.Receive(telegramtest.Incoming{From: xu, Text: whoBuilt})
	id := r.server.Pending()[0].ID
	r.until("it is given out again", func() bool { return r.server.Given(id) > 2 })
	if len(r.server.Pending()) != 1 {
		t.Fatal("it is acknowledged, and stored nowhere")
	}
	r.sql(`alter table elsewhere rename to telegram_updates`)
	r.settled()
	r.isAnswered(m, designer)
}

// leader is the name of the process that polls, "" for none.
func (r *rig) leader() (name string) {
	r.Helper()
	err := r.store.Pool().QueryRow(r.Context(), `select coalesce(max(holder), '') from telegram_poller`).Scan(&name)
	if err != nil {
		r.Fatal(err)
	}
	return name
}

// Of two bots one polls; when it ends, or hangs, the other one goes on.
func TestOneBotPollsAndAnotherTakesOver(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	stop := r.run(r.make(r.options()))
	r.until("the first polls", func() bool { return len(r.server.Calls("getUpdates")) > 0 })
	second := r.make(r.options())
	second.times.longPoll = time.Minute
	r.run(second)
	r.eventually("the second is not ready", func() bool { return second.State(t.Context()).Working })
	r.isAnswered(r.receive(xu, whoBuilt), designer)
	stop()
	r.isAnswered(r.receive(xu, "廊桥的屋顶有什么用？"), "屋顶护着木头")
	if r.leader() != second.inbox.name {
		t.Errorf("%q leads", r.leader())
	}
	stopped := len(r.server.Calls("getUpdates"))
	r.sql(`update telegram_poller set holder = 'one that hangs', beat = now() + interval '300 ms'`)
	r.eventually("it does not stop", func() bool { return !second.State(t.Context()).Working || r.leader() == second.inbox.name })
	r.eventually("nobody leads", func() bool { return r.leader() == second.inbox.name })
	r.eventually("nobody polls", func() bool { return len(r.server.Calls("getUpdates")) > stopped })
	r.isAnswered(r.receive(xu, "要用多少松柴？"), "一万斤松柴")
	for _, c := range r.server.Calls("getUpdates") {
		if c.Code == http.StatusConflict {
			t.Errorf("two polled at once: %+v", c)
		}
	}
}

// hook is an address for updates, behind which one bot after the other may serve.
type hook struct {
	url  string
	bots []*Bot
	next atomic.Int64
}

const hookSecret = "a-secret_of-the-webhook"

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		n := int(h.next.Add(1))
		h.bots[n%len(h.bots)].ServeHTTP(w, req)
	}))
	t.Cleanup(s.Close)
	h.url = s.URL + "/telegram"
	return h
}

// serve makes a bot that gets its updates there.
func (h *hook) serve(r *rig) *Bot {
	r.Helper()
	o := r.options()
	o.WebhookURL, o.WebhookSecret = h.url, hookSecret
	b := r.make(o)
	h.bots = append(h.bots, b)
	return b
}

// Updates by webhook are stored before they are acknowledged, and handled once, by whichever of several processes.
func TestWebhookUpdatesAreAnsweredOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	h := newHook(t)
	first, second := h.serve(r), h.serve(r)
	r.run(first)
	r.run(second)
	r.eventually("the webhook does not work", func() bool { return first.State(t.Context()).Working && second.State(t.Context()).Working })
	var questions []telegramtest.Message
	for i := range 30 {
		questions = append(questions, r.server.Receive(telegramtest.Incoming{From: person(int64(100 + i%10)), Text: whoBuilt}))
	}
	r.settled()
	for _, m := range questions {
		r.isAnswered(m, designer)
	}
	r.sql(`alter table telegram_updates rename to elsewhere`)
	m := r.server.Receive(telegramtest.Incoming{From: xu, Text: whoBuilt})
	id := r.server.Pending()[0].ID
	r.until("it is given out again", func() bool { return r.server.Given(id) > 2 })
	r.sql(`alter table elsewhere rename to telegram_updates`)
	r.settled()
	r.isAnswered(m, designer)
	if len(r.server.Calls("getUpdates")) > 0 {
		t.Error("it is polled as well")
	}
}

// Only Telegram, which knows the secret, brings updates.
func TestTheWebhookTakesNothingFromOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	o := r.options()
	o.WebhookURL, o.WebhookSecret = "https://bot.example/telegram", hookSecret
	b := r.make(o)
	o.WebhookSecret = ""
	open := r.make(o)
	o.WebhookURL = ""
	polling := r.make(o)
	good := `{"update_id":7,"message":{"message_id":1,"chat":{"id":42,"type":"private"},"from":{"id":42},"text":"桥"}}`
	for name, c := range map[string]struct {
		bot          *Bot
		method, body string
		secret       string
		want         int
	}{
		"no secret":           {b, "POST", good, "", 401},
		"wrong secret":        {b, "POST", good, hookSecret + "x", 401},
		"begin of the secret": {b, "POST", good, hookSecret[:5], 401},
		"the bot has none":    {open, "POST", good, "", 401},
		"no webhook":          {polling, "POST", good, hookSecret, 404},
		"get":                 {b, "GET", "", hookSecret, 405},
		"put":                 {b, "PUT", good, hookSecret, 405},
		"huge":                {b, "POST", `{"update_id":7,"x":"` + strings.Repeat("x", maxUpdate) + `"}`, hookSecret, 400},
		"no JSON":             {b, "POST", "<html>", hookSecret, 400},
		"no id":               {b, "POST", `{"message":{}}`, hookSecret, 400},
		"null":                {b, "POST", `null`, hookSecret, 400},
		"an id below 0":       {b, "POST", `{"update_id":-7}`, hookSecret, 400},
		"an id that is none":  {b, "POST", `{"update_id":"7"}`, hookSecret, 400},
		"nothing":             {b, "POST", ``, hookSecret, 400},
	} {
		if code := post(t, c.bot, c.method, c.body, c.secret); code != c.want {
			t.Errorf("%s: %d, want %d", name, code, c.want)
		}
	}
	if s := b.State(t.Context()); s.Waiting != 0 {
		t.Errorf("%d updates are stored", s.Waiting)
	}
	for range 2 {
		if code := post(t, b, "POST", good, hookSecret); code != 200 {
			t.Errorf("%d", code)
		}
	}
	if s := b.State(t.Context()); s.Waiting != 1 {
		t.Errorf("%d updates are stored", s.Waiting)
	}
}

func post(t *testing.T, b *Bot, method, body, secret string) int {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, "/telegram", strings.NewReader(body))
	if secret != "" {
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, req)
	return w.Code
}

// A bot that polled may go over to a webhook and back, and nothing that came in between is lost.
func TestABotGoesOverToAWebhookAndBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	var questions []telegramtest.Message
	ask := func() {
		questions = append(questions, r.server.Receive(telegramtest.Incoming{From: xu, Text: whoBuilt}))
	}
	h := newHook(t)
	for range 2 {
		stop := r.run(r.make(r.options()))
		ask()
		r.settled()
		stop()
		ask()
		h.bots = nil
		stop = r.run(h.serve(r))
		ask()
		r.settled()
		stop()
	}
	for _, m := range questions {
		r.isAnswered(m, designer)
	}
}

// A webhook that another one has deleted or changed is set again, and that is said.
func TestAWebhookThatWasDeletedIsSetAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	h := newHook(t)
	b := h.serve(r)
	var logged safeBuffer
	b.o.Log = slog.New(slog.NewTextHandler(&logged, nil))
	r.run(b)
	r.eventually("the webhook does not work", func() bool { return b.State(t.Context()).Working })
	r.callServer("deleteWebhook", nil)
	r.isAnswered(r.receive(xu, whoBuilt), designer)
	r.callServer("setWebhook", map[string]string{"url": "https://other.example/hook"})
	r.isAnswered(r.receive(ann, whoBuilt), designer)
	r.eventually("nothing is said of the other program's webhook", func() bool {
		return strings.Contains(logged.text(), "another program has changed the webhook")
	})
}

// Of processes that get updates in different ways those that were started last do; the others say so, wait, and do not fight.
func TestTheWayThatWasStartedLastHolds(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	h := newHook(t)
	hooked := h.serve(r)
	r.run(hooked)
	r.eventually("the webhook does not work", func() bool { return hooked.State(t.Context()).Working })
	poller := r.start()
	waits := func(b *Bot, way string) func() bool {
		return func() bool {
			s := b.State(t.Context())
			return !s.Working && strings.Contains(s.Error, "another process of this bot gets its updates, by "+way)
		}
	}
	r.eventually("it does not say that it waits", waits(hooked, "polling"))
	r.isAnswered(r.receive(xu, whoBuilt), designer)
	r.callServer("setWebhook", map[string]string{"url": h.url}) // by one of an older version, whose call was under way
	r.isAnswered(r.receive(ann, whoBuilt), designer)
	if sets := len(r.server.Calls("setWebhook")); sets > 2 || !poller.State(t.Context()).Working {
		t.Errorf("the webhook was set %d times; %+v", sets, poller.State(t.Context()))
	}
	back := h.serve(r)
	r.run(back)
	r.isAnswered(r.receive(person(100), whoBuilt), designer)
	r.eventually("it does not say that it waits", waits(poller, "webhook "+h.url))
	if s := back.State(t.Context()); !s.Working {
		t.Errorf("%+v", s)
	}
}

// Where updates are too large together fewer are asked for, and one that is too large alone is passed over.
func TestLargeUpdatesDoNotStopOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	b := r.make(r.options())
	b.client.most = 20_000
	var questions []telegramtest.Message
	large := func(n int) {
		r.server.Receive(telegramtest.Incoming{From: person(100), Text: strings.Repeat("字", n)})
	}
	for range 20 {
		large(2000)
		questions = append(questions, r.server.Receive(telegramtest.Incoming{From: xu, Text: whoBuilt}))
	}
	large(10_000)
	questions = append(questions, r.server.Receive(telegramtest.Incoming{From: xu, Text: whoBuilt}))
	r.run(b)
	r.settled()
	for _, m := range questions {
		r.isAnswered(m, designer)
	}
	if f := r.failures(); len(f) != 1 || !strings.Contains(f[0], "cannot be read") {
		t.Errorf("%v", f)
	}
	if polls := len(r.server.Calls("getUpdates")); polls > 60 {
		t.Errorf("%d polls", polls)
	}
}

// What cannot be read, or says nothing, does not keep others from being answered.
func TestUpdatesThatCannotBeReadDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	b := r.make(r.options())
	deep := strings.Repeat(`{"reply_to_message":`, 9000) + "{}" + strings.Repeat("}", 9000)
	last, err := b.inbox.put(t.Context(), rawUpdates(
		`{"update_id":1,"poll":{"id":"1"}}`, `{"update_id":2,"message":"text"}`, `{"update_id":"3"}`, `null`, `[]`, `{"update_id":4,"message":null}`,
		`{"update_id":5,"message":{"message_id":1,"chat":{"id":4242,"type":"private"},"from":{"id":42},"text":7}}`,
		`{"update_id":6,"message":`+deep+`}`, `{"update_id":7,"message":{"date":1e400}}`, `{"update_id":8,"callback_query":{"id":"1","from":{"id":42}}}`,
		`{"update_id":9,"message":{"message_id":1,"chat":{"id":4242,"type":"private"},"from":{"id":42},"text":"`+"\xff\xfe"+`","entities":[{"type":"bot_command","offset":-5,"length":99999}]}}`,
	))
	if err != nil || last != 9 {
		t.Fatal(last, err)
	}
	if _, err := b.inbox.put(t.Context(), rawUpdates(`{"update_id":"3"}`)); err == nil {
		t.Error("an update that cannot be acknowledged passes for one that is stored")
	}
	r.run(b)
	m := r.receive(xu, "赵州桥\x00由谁设计？")
	texts, _ := r.answersTo(m)
	if len(texts) != 1 || !strings.Contains(texts[0], designer) {
		t.Errorf("%q; %s", texts, r.updates())
	}
}

// Only what is older than Telegram gives out again is deleted, and nothing that is not done.
func TestOldUpdatesAreDeleted(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	b := r.make(r.options())
	if _, err := b.inbox.put(t.Context(), rawUpdates(`{"update_id":1}`, `{"update_id":2}`, `{"update_id":3}`)); err != nil {
		t.Fatal(err)
	}
	r.sql(`update telegram_updates set received_at = now() - interval '3 days', done_at = case id when 1 then now() - interval '49 hours' when 2 then now() - interval '25 hours' end`)
	if err := b.inbox.prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left []int64
	if err := r.store.Pool().QueryRow(t.Context(), `select array_agg(id order by id) from telegram_updates`).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if len(left) != 2 || left[0] != 2 {
		t.Errorf("%v are left", left)
	}
}

// The token goes nowhere but to the server, and nothing of it stands in an error, whatever the server and the way to it make of
// a call.
func TestTheTokenIsInNoError(t *testing.T) {
	t.Parallel()
	token := telegramtest.Token
	var elsewhere atomic.Int64
	other := longServer(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	page := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); _, _ = io.WriteString(w, body) }
	}
	echo := func(code int, form string) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, strings.ReplaceAll(form, "PATH", req.URL.Path))
		}
	}
	servers := map[string]http.HandlerFunc{
		"an address in the description": echo(400, `{"ok":false,"error_code":400,"description":"no PATH"}`),
		"an address with 200":           echo(200, `{"ok":false,"error_code":400,"description":"no PATH"}`),
		"a page with the address":       echo(404, `<html>PATH</html>`),
		"a result of another kind":      echo(200, `{"ok":true,"result":"PATH"}`),
		"a code that is none":           echo(200, `{"ok":false,"error_code":"PATH"}`),
		"a name in the JSON":            echo(200, `{"ok":true,"result":{"PATH":`),
		"too large":                     page(200, `{"ok":true,"result":"`+strings.Repeat("x", maxReply+1)+`"}`),
		"nothing":                       page(200, ""),
		"a wait without end":            page(429, `{"ok":false,"error_code":429,"description":"x","parameters":{"retry_after":9223372036854775807}}`),
		"a redirect": func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, other+req.URL.Path, http.StatusTemporaryRedirect)
		},
		"a redirect to nowhere": func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Location", "http://%zz"+req.URL.Path)
			w.WriteHeader(http.StatusFound)
		},
		"a cut": func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, req.URL.Path)
			panic(http.ErrAbortHandler)
		},
		"a bad header": func(w http.ResponseWriter, req *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+req.URL.Path+"\r\n\r\n")
			conn.Close()
		},
		"no HTTP": func(w http.ResponseWriter, req *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, req.URL.Path)
			conn.Close()
		},
		"silence": func(_ http.ResponseWriter, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body) // the end of the client is seen behind it only
			<-req.Context().Done()
		},
	}
	addresses := map[string]string{"no server": "http://127.0.0.1:1", "no host": "http://", "no address": "http://%zz:1", "no port": "http://127.0.0.1:x", "no scheme": "nothing"}
	for name, handle := range servers {
		addresses[name] = longServer(t, handle)
	}
	for name, address := range addresses {
		c := newClient(token, address, 2*time.Second)
		if name == "silence" {
			c.wait = 50 * time.Millisecond
		}
		var result struct {
			ID int64 `json:"message_id"`
		}
		calls := map[string]func() error{
			"call": func() error { return c.call(t.Context(), "sendMessage", params("chat_id", 42), &result) },
			"poll": func() error { return c.poll(t.Context(), "getUpdates", nil, 0, &[]json.RawMessage{}) },
			"send": func() error {
				return c.send(t.Context(), "sendDocument", params("chat_id", 42), "document", fileOf("a.txt", "text"), &result)
			},
			"download": func() error { _, err := c.download(t.Context(), "id"); return err },
		}
		for what, do := range calls {
			err := do()
			if err == nil {
				t.Errorf("%s of %s: no error", what, name)
				continue
			}
			if text := everything(err); strings.Contains(text, secret) {
				t.Errorf("%s of %s: the token is in %q", what, name, text)
			}
			if e, ok := err.(*callError); !ok || e.retryAfter < 0 || e.retryAfter > oldest || len(e.message) > 2*longestFailure { //nolint:errorlint // as it is given
				t.Errorf("%s of %s: %#v", what, name, err)
			}
		}
		c.close()
	}
	if elsewhere.Load() > 0 {
		t.Error("a redirect is followed")
	}
}

// A file's own address has the token, too.
func TestTheTokenIsInNoErrorOfADownload(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]http.HandlerFunc{
		"404": http.NotFound,
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			panic(http.ErrAbortHandler)
		},
		"redirect": func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, "http://127.0.0.1:1"+req.URL.Path, http.StatusFound)
		},
		"silence": func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() },
	} {
		address := longServer(t, func(w http.ResponseWriter, req *http.Request) {
			if strings.HasSuffix(req.URL.Path, "/getFile") {
				_, _ = io.WriteString(w, `{"ok":true,"result":{"file_path":"a b%/c?.txt"}}`)
				return
			}
			if !strings.HasSuffix(req.URL.Path, "/a b%/c?.txt") {
				t.Errorf("the address is %q", req.URL.Path)
			}
			handle(w, req)
		})
		c := newClient(telegramtest.Token, address, 100*time.Millisecond)
		_, err := c.download(t.Context(), "id")
		if err == nil || strings.Contains(everything(err), secret) {
			t.Errorf("%s: %v", name, err)
		}
		c.close()
	}
}

// An address may have a % and a path of its own.
func TestAnAddressMayHaveAPercentSign(t *testing.T) {
	t.Parallel()
	var path string
	address := longServer(t, func(w http.ResponseWriter, req *http.Request) {
		path = req.URL.EscapedPath()
		_, _ = io.WriteString(w, `{"ok":true,"result":true}`)
	})
	c := newClient(telegramtest.Token, address+"/a%20b%25s/", rigWait)
	defer c.close()
	if err := c.call(t.Context(), "getMe", nil, nil); err != nil || path != "/a%20b%25s/bot"+telegramtest.Token+"/getMe" {
		t.Errorf("%q, %v", path, err)
	}
}

// A token that is none is refused without being said.
func TestATokenThatIsNoneIsNotRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	for _, token := range []string{"", "x", "123", "123:", ":abc", "123:secret\n", "123:sec ret", "'123:secret'", "0:secret", "-5:secret", "123:secret%41", "99999999999999999999:secret"} {
		o := r.options()
		o.Token = token
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "sec") {
			t.Errorf("%q: %v", token, err)
		}
	}
	o := r.options()
	o.Public = false
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "TELEGRAM_ALLOWED_IDS") {
		t.Errorf("%v", err)
	}
}

// What ends a call from here is known as such.
func TestACallThatIsCalledOffSaysSo(t *testing.T) {
	t.Parallel()
	address := longServer(t, func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
	c := newClient(telegramtest.Token, address, rigWait)
	defer c.close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := c.call(ctx, "getMe", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// However much waits, in one chat or in many, the next update is found in one pass over it, and not in one for each.
func TestTheNextUpdateIsFoundInOnePass(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	for name, lane := range map[string]string{"one lane": `'chat 1'`, "many lanes": `'chat ' || i`} {
		r.sql(`truncate telegram_updates`)
		r.sql(`insert into telegram_updates (bot, id, lane, person, body, done_at, not_before)
			select 1, i, ` + lane + `, 1, '{}', case when i <= 8000 then now() end, case when i <= 8500 then now() + interval '1 hour' else now() end
			from generate_series(1, 10000) i`)
		for _, analyze := range []string{`select`, `analyze telegram_updates`} {
			r.sql(analyze)
			var out []byte
			err := r.store.Pool().QueryRow(t.Context(), `explain (analyze, format json) `+takeNext, 1, "x", time.Hour, true).Scan(&out)
			if err != nil {
				t.Fatal(err)
			}
			for _, loops := range regexp.MustCompile(`"Actual Loops": (\d+)`).FindAllSubmatch(out, -1) {
				if n, _ := strconv.Atoi(string(loops[1])); n > 16 {
					t.Errorf("%s: a part of the search is done %d times", name, n)
				}
			}
		}
	}
}
