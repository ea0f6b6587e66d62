package telegram

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"yinju/bot/telegram/telegramtest"
)

// soaked is how many updates the long tests are to have; 0: they are short.
func soaked() int {
	n, _ := strconv.Atoi(os.Getenv("YINJU_SOAK"))
	return n
}

// safeBuffer is what several bots log to.
type safeBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *safeBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.String()
}

// secret is the half of the token that must not be seen.
var _, secret, _ = strings.Cut(telegramtest.Token, ":")

// trouble gives calls faults, by chance. With the same seed it is the same number of each, nearly.
type trouble struct {
	mu     sync.Mutex
	random *rand.Rand
	isOn   bool
	counts map[string]int
	held   int // messages that were sent without the bot's knowing
}

const faultEvery = 12 // calls, on the average

func (tr *trouble) at(c telegramtest.Call) telegramtest.Fault {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if !tr.isOn || tr.random.IntN(faultEvery) != 0 {
		return telegramtest.Fault{}
	}
	kinds := []struct {
		name string
		telegramtest.Fault
	}{
		{"429", telegramtest.Fault{Status: http.StatusTooManyRequests, RetryAfter: 1}},
		{"500", telegramtest.Fault{Status: http.StatusInternalServerError}},
		{"502 page", telegramtest.Fault{Status: http.StatusBadGateway, HTML: true}},
		{"cut", telegramtest.Fault{Cut: true}},
		{"silent", telegramtest.Fault{Silent: true}},
		{"entities", telegramtest.Fault{Status: http.StatusBadRequest, Description: "Bad Request: can't parse entities: unsupported start tag"}},
	}
	weights := []int{0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 5}
	k := kinds[weights[tr.random.IntN(len(weights))]]
	isText := c.Method == "sendMessage" || c.Method == "editMessageText"
	if k.name == "entities" && (!isText || c.Params["parse_mode"] == "") {
		return telegramtest.Fault{}
	}
	if k.name != "entities" && k.name != "429" && tr.random.IntN(2) == 0 {
		k.name, k.Handled = k.name+", done", true
		if c.Method == "sendMessage" {
			tr.held++
		}
	}
	tr.counts[k.name]++
	return k.Fault
}

// soak is a mass of updates for two bots.
type soak struct {
	*rig
	random    *rand.Rand
	chats     []telegramtest.Incoming // from whom, and where
	blocked   map[int64]bool
	want      map[string]string // what a calm bot answers
	texts     []string          // of questions
	questions map[[2]int64]string
	commands  map[[2]int64]bool
	inline    []string
	delivered map[string]int
}

// someChats are private ones, groups, and topics of groups.
func (s *soak) someChats(n int) {
	for i := range n {
		from := telegramtest.User{ID: int64(10_000 + i), FirstName: "问", LanguageCode: "zh"}
		in := telegramtest.Incoming{From: from, Chat: from.ID}
		s.server.AddUser(from)
		switch i % 5 {
		case 3:
			in.Chat = -1_001_000_000_000 - int64(i)
			s.server.AddGroup(telegramtest.Chat{ID: in.Chat, Type: "supergroup", Title: "群"})
		case 4:
			in.Chat, in.Thread = -1_002_000_000_000-int64(i/10), 5+i%10
			s.server.AddGroup(telegramtest.Chat{ID: in.Chat, Type: "supergroup", Title: "论坛"}, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
		}
		s.chats = append(s.chats, in)
		if i%20 == 10 {
			s.blocked[in.Chat] = true
		}
	}
}

// one delivers one update.
func (s *soak) one() {
	in := s.chats[s.random.IntN(len(s.chats))]
	question := s.texts[s.random.IntN(len(s.texts))]
	kind := s.random.IntN(100)
	switch {
	case kind < 55:
		s.delivered["question"]++
		in.Text = question
		if in.Chat < 0 {
			in.Text = "@" + telegramtest.Username + " " + question
		}
		m := s.server.Receive(in)
		s.questions[[2]int64{in.Chat, int64(m.ID)}] = question
	case kind < 65:
		s.delivered["command"]++
		in.Text = []string{"/help", "/settings", "/sources", "/search 桥", "/forget"}[s.random.IntN(5)]
		m := s.server.Receive(in)
		s.commands[[2]int64{in.Chat, int64(m.ID)}] = true
	case kind < 75:
		s.press(in)
	case kind < 83:
		s.delivered["inline query"]++
		s.inline = append(s.inline, s.server.Inquire(in.From, question, ""))
	case kind < 91:
		s.edit(in, question)
	case kind < 96:
		s.delivered["sticker"]++
		in.Sticker = "👍"
		s.server.Receive(in)
	default:
		s.delivered["word of Telegram's"]++
		s.server.Deliver(telegramtest.Update{Message: &telegramtest.Message{ID: 1 << 40, Date: time.Now().Unix(), Chat: telegramtest.Chat{ID: in.Chat, Type: "channel"}}})
	}
}

func (s *soak) press(in telegramtest.Incoming) {
	messages := s.server.Sent(in.Chat)
	if len(messages) == 0 {
		return
	}
	m := messages[s.random.IntN(len(messages))]
	if buttons := slices.Concat(m.Buttons()...); len(buttons) > 0 {
		if b := buttons[s.random.IntN(len(buttons))]; b.Data != "" && !strings.HasPrefix(b.Data, "set:") {
			s.delivered["button"]++
			s.server.Press(in.From, in.Chat, m.ID, b.Data)
		}
	}
}

// edit changes a question of the chat.
func (s *soak) edit(in telegramtest.Incoming, question string) {
	var mine []int64
	for key := range s.questions {
		if key[0] == in.Chat {
			mine = append(mine, key[1])
		}
	}
	if len(mine) == 0 || in.Thread != 0 {
		return
	}
	slices.Sort(mine)
	id := mine[s.random.IntN(len(mine))]
	text := question
	if in.Chat < 0 {
		text = "@" + telegramtest.Username + " " + question
	}
	s.delivered["edit"]++
	s.server.Edit(in.Chat, int(id), text)
	s.questions[[2]int64{in.Chat, id}] = question
}

// verify checks that each question has its answer, once.
func (s *soak) verify() (orphans, twice int) {
	s.Helper()
	replies := map[[2]int64][]string{}
	for _, chat := range s.ids() {
		for _, m := range s.server.Sent(chat) {
			if m.ReplyTo != nil {
				key := [2]int64{chat, int64(m.ReplyTo.ID)}
				replies[key] = append(replies[key], m.Shown().Text)
			}
		}
	}
	for key, question := range s.questions {
		if s.blocked[key[0]] {
			continue
		}
		answers := slices.DeleteFunc(slices.Clone(replies[key]), func(text string) bool { return strings.HasPrefix(text, "🔎") })
		orphans += len(replies[key]) - len(answers)
		if len(answers) != 1 || answers[0] != s.want[question] {
			s.Errorf("%q in chat %d, message %d: %q, want %q", question, key[0], key[1], answers, s.want[question])
		}
	}
	for key := range s.commands {
		switch n := len(replies[key]); {
		case s.blocked[key[0]]:
		case n == 0:
			s.Errorf("a command in chat %d, message %d, is lost", key[0], key[1])
		case n > 1:
			twice++
		}
	}
	return orphans, twice
}

func (s *soak) ids() []int64 {
	ids := map[int64]bool{}
	for _, c := range s.chats {
		ids[c.Chat] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

// Two bots, one or the other ended and begun anew, meet every fault that Telegram and the way to it have, over all kinds of
// updates: none is lost, and none is answered twice.
func TestSoakLosesNoUpdateAndAnswersNoneTwice(t *testing.T) {
	t.Parallel()
	n := max(soaked(), 400)
	tr := &trouble{random: rand.New(rand.NewPCG(7, 7)), counts: map[string]int{}}
	r := newRig(t, telegramtest.Options{Script: tr.at})
	s := &soak{
		rig: r, random: rand.New(rand.NewPCG(8, 8)), blocked: map[int64]bool{}, want: map[string]string{}, questions: map[[2]int64]string{},
		commands: map[[2]int64]bool{}, delivered: map[string]int{},
	}
	s.calmly()
	var logged safeBuffer
	begin := func() (stop func()) {
		o := r.options()
		o.Log = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
		return r.run(impatient(r.make(o)))
	}
	s.someChats(max(60, n/50))
	tr.mu.Lock()
	tr.isOn = true
	tr.mu.Unlock()
	started := time.Now()
	first, second := begin(), begin()
	restarts := 0
	for i := range n {
		s.one()
		if i == n/4 {
			for chat := range s.blocked {
				if chat > 0 {
					s.server.Block(chat)
				} else {
					s.server.Kick(chat)
				}
			}
		}
		if i%(n/6) == n/12 {
			restarts++
			first()
			first, second = second, begin()
		}
		if i%10 == 0 {
			s.eased(40)
		}
	}
	s.settledIn(time.Duration(n) * 100 * time.Millisecond)
	first()
	second()
	took := time.Since(started)
	orphans, twice := s.verify()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	t.Logf("%d updates in %v: %v; faults %v; %d restarts; %d calls; %d placeholders orphaned, %d messages sent unknown to the bot, %d commands answered twice; %s",
		n, took.Round(time.Millisecond), s.delivered, tr.counts, restarts, len(r.server.Calls()), orphans, tr.held, twice, s.retries())
	if orphans > tr.held+restarts*workers || twice > tr.held+restarts*workers {
		t.Errorf("%d placeholders are orphaned and %d commands are answered twice, for %d messages that were sent unknown to the bot", orphans, twice, tr.held)
	}
	s.checkFailures()
	text := logged.text()
	if strings.Contains(text, secret) {
		t.Error("the token is in the log")
	}
	if strings.Contains(text, "Conflict") {
		t.Error("two bots have polled at once")
	}
	if !strings.Contains(text, "DEBUG") || strings.Contains(text, "a fault in the program") {
		t.Error("the log has a fault of the program, or nothing of DEBUG")
	}
}

// calmly learns what a bot answers that nothing happens to.
func (s *soak) calmly() {
	s.Helper()
	stop := s.run(s.make(s.options()))
	defer stop()
	for i, q := range sequence[:7] {
		answers := s.ask(telegramtest.User{ID: int64(900 + i), FirstName: "静", LanguageCode: "zh"}, q)
		if len(answers) != 1 {
			s.Fatalf("%q: %+v", q, answers)
		}
		s.texts = append(s.texts, q)
		s.want[q] = answers[0].Shown().Text
	}
}

// eased waits while too much waits: people press buttons under what has come.
func (s *soak) eased(most int) {
	for end := time.Now().Add(rigWait); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if s.open()+len(s.server.Pending()) <= most {
			return
		}
	}
}

func (s *soak) open() (n int) {
	if err := s.store.Pool().QueryRow(s.Context(), `select count(*) from telegram_updates where done_at is null`).Scan(&n); err != nil {
		s.Error(err)
	}
	return n
}

func (s *soak) settledIn(wait time.Duration) {
	s.Helper()
	for end := time.Now().Add(wait + rigWait); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		waiting := len(s.server.Pending())
		if s.open() == 0 && waiting == 0 {
			return
		}
	}
	s.Fatalf("updates are not done: %s", s.updates())
}

// retries says how often updates were put off.
func (s *soak) retries() string {
	var off, total, most int
	err := s.store.Pool().QueryRow(s.Context(), `select count(*) filter (where put_off > 0), coalesce(sum(put_off), 0), max(put_off) from telegram_updates`).Scan(&off, &total, &most)
	if err != nil {
		s.Error(err)
	}
	return fmt.Sprintf("%d updates were put off %d times, one of them %d times", off, total, most)
}

// checkFailures checks that nothing was given up but what nobody can be told.
func (s *soak) checkFailures() {
	s.Helper()
	kinds := map[string]int{}
	for _, f := range s.failures() {
		kinds[f]++
		if !strings.Contains(f, "403") {
			s.Errorf("an update was given up: %s", f)
		}
		if strings.Contains(f, secret) {
			s.Error("the token is in a failure")
		}
	}
	s.Logf("given up: %v", kinds)
}
