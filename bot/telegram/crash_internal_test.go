package telegram

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"yinju/bot"
	"yinju/bot/telegram/telegramtest"
	"yinju/rag"
)

// What a child is told.
const (
	childDatabase = "YINJU_TEST_BOT_DATABASE"
	childServer   = "YINJU_TEST_BOT_SERVER"
	childPoison   = "YINJU_TEST_BOT_POISON" // a question that ends the program
)

// IsChild says whether this process is to be a bot that is killed.
func IsChild() bool { return os.Getenv(childDatabase) != "" }

// hasty are times for bots that are killed: what they leave is taken over soon.
var hasty = times{
	idle: 10 * time.Millisecond, lease: 400 * time.Millisecond, elect: 100 * time.Millisecond, edit: time.Millisecond, typing: time.Second,
	retry: 5 * time.Millisecond, grace: 2 * time.Second, longPoll: 20 * time.Second, strays: 100 * time.Millisecond, call: 5 * time.Second, watch: 20 * time.Millisecond, answer: rigWait, add: rigWait,
}

// Child runs a bot until the process is killed.
func Child() int {
	err := runChild(context.Background())
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func runChild(ctx context.Context) error {
	s, err := rag.Open(ctx, os.Getenv(childDatabase))
	if err != nil {
		return err
	}
	defer s.Close()
	o := optionsOn(s, os.Getenv(childServer))
	o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	poison := os.Getenv(childPoison)
	if poison != "" {
		o.Asker = deadly{o.Asker, poison}
	}
	b, err := New(o)
	if err != nil {
		return err
	}
	b.times = hasty
	if poison != "" {
		b.times.lease = rigWait // the test ends it
	}
	b.inbox.lease, b.client.wait = b.times.lease, b.times.call
	b.pace = newPace(limits{overall: 1e6, chat: 1e6, group: 1e6, burst: 1e6})
	if poison == "" {
		b.inbox.most = 1000 // what is killed so often here is no poison
	}
	return b.Run(ctx)
}

// deadly is an asker that ends the program at one question.
type deadly struct {
	bot.Asker
	poison string
}

func (d deadly) Stream(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
	if q.Question == d.poison {
		os.Exit(3)
	}
	return d.Asker.Stream(ctx, q, tell)
}

// child is a bot in a process of its own.
type child struct {
	command *exec.Cmd
	errors  strings.Builder
	done    chan struct{}
}

// fork starts a child. It is killed at the end of the test.
func (r *rig) fork(environment ...string) *child {
	r.Helper()
	self, err := os.Executable()
	if err != nil {
		r.Fatal(err)
	}
	c := &child{command: exec.CommandContext(r.Context(), self), done: make(chan struct{})}
	c.command.Env = append(os.Environ(), append(environment, childDatabase+"="+r.url, childServer+"="+r.server.URL())...)
	c.command.Stderr = &c.errors
	if err := c.command.Start(); err != nil {
		r.Fatal(err)
	}
	go func() { defer close(c.done); _ = c.command.Wait() }()
	r.Cleanup(c.kill)
	return c
}

func (c *child) kill() {
	_ = c.command.Process.Kill()
	<-c.done
}

// freeze stops a child for longer than its lease: it goes on then with what has become another's.
func (c *child) freeze() {
	_ = c.command.Process.Signal(syscall.SIGSTOP)
	time.Sleep(2 * hasty.lease)
	_ = c.command.Process.Signal(syscall.SIGCONT)
}

// herd are children on one database. Some calls to the server are their end.
type herd struct {
	*rig
	mu     sync.Mutex
	all    []*child
	random *rand.Rand
	left   int // calls until the next end
	every  int // on the average

	ends           chan bool // whether one is to be frozen only
	kills, freezes int
}

func newHerd(r *rig, every int, seed uint64) *herd {
	return &herd{rig: r, random: rand.New(rand.NewPCG(seed, 1)), every: every, left: every, ends: make(chan bool, 1)}
}

// at is called for each call to the server: it takes a little, and may be some child's last.
func (h *herd) at(c telegramtest.Call) telegramtest.Fault {
	if c.Method == "getUpdates" {
		return telegramtest.Fault{}
	}
	h.mu.Lock()
	wait := time.Duration(h.random.IntN(4)) * time.Millisecond
	if h.left--; h.left == 0 {
		h.left = 1 + h.random.IntN(2*h.every)
		select {
		case h.ends <- h.random.IntN(6) == 0:
			wait += time.Duration(h.random.IntN(2)) * 3 * time.Millisecond // it is handled before or after the end
		default:
		}
	}
	h.mu.Unlock()
	time.Sleep(wait)
	return telegramtest.Fault{}
}

// run ends children, and starts others in their place, until is says that all is done.
func (h *herd) run(size int, is func() bool) {
	h.Helper()
	for range size {
		h.all = append(h.all, h.fork())
	}
	for end := time.Now().Add(4*rigWait + time.Duration(soaked())*100*time.Millisecond); !is(); {
		if time.Now().After(end) {
			h.Fatalf("after %d kills: %s", h.kills, h.updates())
		}
		select {
		case frozen := <-h.ends:
			h.mu.Lock()
			n := h.random.IntN(size)
			h.mu.Unlock()
			if frozen {
				h.freezes++
				h.all[n].freeze()
				continue
			}
			h.kills++
			h.all[n].kill()
			h.all[n] = h.fork()
		case <-time.After(20 * time.Millisecond):
		}
	}
	for _, c := range h.all {
		c.kill()
	}
}

// asked is a question that was sent, and what a calm bot has answered to it.
type asked struct {
	chat int64
	id   int
	want string
}

// sequence are questions that people ask one after the other; each goes on from the one before.
var sequence = []string{
	"赵州桥由谁设计？", "桥上有几个小拱？", "廊桥的屋顶有什么用？", "龙窑烧一窑瓷器要几天？", "要用多少松柴？", "一斤明前茶要采多少芽头？",
	"火星上有茶吗？", "还有呢？",
}

// calm lets one person ask the sequence of a bot that nothing happens to, and gives the texts of its answers.
func (r *rig) calm() (texts []string) {
	r.Helper()
	stop := r.run(r.make(r.options()))
	defer stop()
	for _, q := range sequence {
		answers := r.ask(telegramtest.User{ID: 7, FirstName: "静", LanguageCode: "zh"}, q)
		if len(answers) != 1 {
			r.Fatalf("%q: %+v", q, answers)
		}
		texts = append(texts, answers[0].Shown().Text)
	}
	return texts
}

// check counts the messages that hold answers, and those that were to hold one and were left.
func (r *rig) check(questions []asked) (orphans int) {
	r.Helper()
	for _, q := range questions {
		answers := 0
		for _, m := range r.server.Sent(q.chat) {
			if m.ReplyTo == nil || m.ReplyTo.ID != q.id {
				continue
			}
			switch text := m.Shown().Text; {
			case text == q.want:
				answers++
			case strings.HasPrefix(text, "🔎"):
				orphans++
			default:
				r.Errorf("question %d in chat %d: %q, want %q", q.id, q.chat, text, q.want)
			}
		}
		if answers != 1 {
			r.Errorf("question %d in chat %d has %d answers", q.id, q.chat, answers)
		}
	}
	return orphans
}

// isDone says whether so many updates are stored and done.
func (r *rig) isDone(n int) bool {
	var done int
	err := r.store.Pool().QueryRow(r.Context(), `select count(*) from telegram_updates where done_at is not null`).Scan(&done)
	return err == nil && done >= n
}

// A bot that is killed at any moment, again and again, loses no question and answers none twice. What it may leave behind is a
// message that was to hold an answer.
func TestAQuestionIsAnsweredOnceHoweverOftenTheBotIsKilled(t *testing.T) {
	t.Parallel()
	const children = 3
	atLeast := 30 + soaked()/20
	var herding atomic.Pointer[herd]
	r := newRig(t, telegramtest.Options{Script: func(c telegramtest.Call) telegramtest.Fault {
		if h := herding.Load(); h != nil {
			return h.at(c)
		}
		return telegramtest.Fault{}
	}})
	want := r.calm()
	h := newHerd(r, 10, 1)
	herding.Store(h)
	var questions []asked
	h.run(children, func() bool {
		if !r.isDone(len(sequence) + len(questions)) {
			return false
		}
		if h.kills >= atLeast {
			return true
		}
		for range 12 { // people
			from := telegramtest.User{ID: int64(100 + len(questions)), FirstName: "问", LanguageCode: "zh"}
			for i, q := range sequence {
				m := r.server.Receive(telegramtest.Incoming{From: from, Text: q})
				questions = append(questions, asked{m.Chat.ID, m.ID, want[i]})
			}
		}
		return false
	})
	orphans := r.check(questions)
	t.Logf("%d questions, %d kills, %d freezes, %d orphaned placeholders", len(questions), h.kills, h.freezes, orphans)
	if most := (h.kills + h.freezes) * workers; orphans > most {
		t.Errorf("%d placeholders are orphaned", orphans)
	}
	if failed := r.failures(); len(failed) > 0 {
		t.Error(failed)
	}
}

// A question that ends the program each time does so a few times, and those of others are answered.
func TestAQuestionThatEndsTheProgramIsGivenUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	const poison = "毒"
	m := r.server.Receive(telegramtest.Incoming{From: xu, Text: poison})
	other := r.server.Receive(telegramtest.Incoming{From: ann, Text: whoBuilt})
	deaths := 0
	for c := r.fork(childPoison + "=" + poison); !r.isDone(2); {
		select {
		case <-c.done:
			deaths++
			if _, err := r.store.Pool().Exec(t.Context(), `update telegram_updates set leased = '-infinity'`); err != nil {
				t.Fatal(err)
			}
			c = r.fork(childPoison + "=" + poison)
		case <-time.After(10 * time.Millisecond):
		}
		if deaths > 2*maxTries {
			t.Fatalf("the program was ended %d times: %s", deaths, r.updates())
		}
	}
	if deaths != maxTries {
		t.Errorf("the program was ended %d times", deaths)
	}
	told := 0
	for _, s := range r.server.Sent(xu.ID) {
		if s.ReplyTo != nil && s.ReplyTo.ID == m.ID && strings.Contains(s.Shown().Text, "没能回答") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%+v", r.server.Sent(xu.ID))
	}
	r.isAnswered(other, designer)
}
