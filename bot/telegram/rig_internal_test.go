package telegram

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	"github.com/jackc/pgx/v5"

	"yinju/bot"
	"yinju/bot/telegram/telegramtest"
	"yinju/rag"
	"yinju/rag/ragtest"
)

// rig is a bot on a store of its own, and a server that speaks as Telegram does.
type rig struct {
	*testing.T
	server *telegramtest.Server
	store  *rag.Store
	url    string // of the database
}

const rigWait = 30 * time.Second

// newRig stores a small corpus.
func newRig(t *testing.T, o telegramtest.Options) *rig {
	t.Helper()
	r := &rig{T: t, server: telegramtest.New(t, o), url: ragtest.Database(t)}
	s, err := rag.Open(t.Context(), r.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	r.store = s
	for file, articles := range corpus() {
		r.keep(file, articles...)
	}
	return r
}

func corpus() map[string][]*rag.Article {
	return map[string][]*rag.Article{
		"桥.txt": {
			article("石桥", "张望", "江畔日报", "2023-05-06", "赵州桥由李春设计。桥长六十四米，只有一个大拱。拱上两端各有两个小拱，洪水来时可以分流。"),
			article("廊桥", "李远", "江畔日报", "2023-05-07", "廊桥的桥面上盖着屋顶。行人在桥上躲雨，也在桥上做买卖。屋顶护着木头的桥身，使它不受雨淋。"),
		},
		"瓷.txt": {article("龙窑", "王鸣", "窑火", "2024-01-02", "龙窑依山而建，长几十米。烧一窑瓷器要三天三夜，用去一万斤松柴。")},
		"茶.txt": {article("", "", "", "", "清明前采的茶叫明前茶。一斤明前茶要采四万个芽头。")},
	}
}

func article(title, author, paper, date, text string) *rag.Article {
	a := &rag.Article{Title: title, Publication: paper, Date: date, Text: text}
	if author != "" {
		a.Authors = []string{author}
	}
	return a
}

// keep stores articles as a file, each sentence a passage.
func (r *rig) keep(file string, articles ...*rag.Article) {
	r.Helper()
	e := rag.Edition{Source: rag.Source{Path: file, Root: "/corpus", Hash: []byte{1}}, MadeBy: "t", Embedder: "m"}
	for i, a := range articles {
		a.File, a.Places = file, rag.Places{{Line: 10*i + 1, Byte: 1000 * i}}
		e.Articles = append(e.Articles, a)
		runes := []rune(a.Text)
		for _, s := range rag.Sentences(runes) {
			p := rag.Passage{Article: a, Span: s, Text: string(runes[s.Start:s.End]), Opens: true}
			p.Vector, _ = subjects{}.EmbedQuery(r.Context(), p.Text)
			e.Passages = append(e.Passages, p)
		}
	}
	if err := r.store.Replace(r.Context(), e); err != nil {
		r.Fatal(err)
	}
}

// subjects embeds a text by what it is about.
type subjects struct{}

func (subjects) EmbedQuery(_ context.Context, text string) ([]float32, error) {
	v := make([]float32, rag.Dimensions)
	for i, word := range []string{"桥", "窑", "茶", "设计", "屋顶", "松柴", "芽头"} {
		if strings.Contains(text, word) {
			v[i] = 1
		}
	}
	v[100] = .1
	return v, nil
}

var _ rag.QueryEmbedder = subjects{}

// options are those of a public bot on the rig.
func (r *rig) options() Options { return optionsOn(r.store, r.server.URL()) }

func optionsOn(s *rag.Store, server string) Options {
	retriever := rag.NewRetriever(s, subjects{}, "m")
	answerer := rag.NewAnswerer(retriever, s)
	return Options{
		Token: telegramtest.Token, APIURL: server, Asker: answerer, Quotes: answerer.WithoutLog(), Search: retriever, Store: s,
		Lang: bot.Chinese, Public: true, Log: slog.New(slog.DiscardHandler),
	}
}

// quick are times for tests.
var quick = times{
	idle: 20 * time.Millisecond, lease: 2 * time.Second, elect: 200 * time.Millisecond, edit: time.Millisecond, typing: time.Second,
	retry: 10 * time.Millisecond, grace: 2 * time.Second, longPoll: 20 * time.Second, strays: 100 * time.Millisecond, call: 5 * time.Second, watch: 20 * time.Millisecond, answer: rigWait, add: rigWait, ingest: 400 * time.Millisecond,
}

// make makes a bot that waits for nothing longer than need be.
func (r *rig) make(o Options) *Bot {
	r.Helper()
	b, err := New(o)
	if err != nil {
		r.Fatal(err)
	}
	b.times, b.inbox.lease, b.client.wait = quick, quick.lease, quick.call
	b.pace = newPace(limits{overall: 1e6, chat: 1e6, group: 1e6, burst: 1e6})
	return b
}

// run runs a bot until the test ends, or it is called off.
func (r *rig) run(b *Bot) (stop func()) {
	r.Helper()
	ctx, cancel := context.WithCancel(r.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	isStopped := false
	stop = func() {
		if isStopped {
			return
		}
		isStopped = true
		cancel()
		if err := <-done; err != nil {
			r.Errorf("run: %v", err)
		}
	}
	r.Cleanup(stop)
	return stop
}

// start runs a bot with options that a function has changed, if any.
func (r *rig) start(change ...func(*Options)) *Bot {
	r.Helper()
	o := r.options()
	for _, c := range change {
		c(&o)
	}
	b := r.make(o)
	r.run(b)
	return b
}

// until waits for what the bot does.
func (r *rig) until(what string, is func() bool) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), rigWait)
	defer cancel()
	if err := r.server.Until(ctx, func(*telegramtest.Server) bool { return is() }); err != nil {
		r.Fatalf("%s: %v", what, err)
	}
}

// settled waits until every update is done.
func (r *rig) settled() {
	r.Helper()
	for end := time.Now().Add(rigWait); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		waiting := len(r.server.Pending()) // looked at first: what is acknowledged is stored
		var open int
		err := r.store.Pool().QueryRow(r.Context(), `select count(*) from telegram_updates where done_at is null`).Scan(&open)
		if err != nil {
			r.Fatal(err)
		}
		if open == 0 && waiting == 0 {
			return
		}
	}
	r.Fatalf("updates are not done: %s", r.updates())
}

// updates are what the inbox says, for messages of tests.
func (r *rig) updates() string {
	rows, err := r.store.Pool().Query(r.Context(), `select id, lane, tries, put_off, done_at is not null, failure from telegram_updates order by id`)
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		values, err := rows.Values()
		fmt.Fprintln(&b, values, err)
	}
	if err := rows.Err(); err != nil {
		return err.Error()
	}
	return b.String()
}

// failures are why updates were given up.
func (r *rig) failures() (all []string) {
	r.Helper()
	rows, _ := r.store.Pool().Query(r.Context(), `select failure from telegram_updates where failure <> '' order by id`)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		r.Fatal(err)
	}
	return all
}

// ask lets a person ask in their private chat, and gives the messages that answer it.
func (r *rig) ask(from telegramtest.User, text string) []telegramtest.Message {
	r.Helper()
	return r.say(telegramtest.Incoming{From: from, Text: text})
}

// say lets a person write, and gives the messages of the bot's that this leads to.
func (r *rig) say(in telegramtest.Incoming) []telegramtest.Message {
	r.Helper()
	chat := cmp.Or(in.Chat, in.From.ID)
	before := len(r.server.Sent(chat))
	r.server.Receive(in)
	r.settled()
	return r.server.Sent(chat)[before:]
}

// press presses a button and gives the messages that this leads to, and what the person is told in passing.
func (r *rig) press(from telegramtest.User, m telegramtest.Message, data string) ([]telegramtest.Message, string) {
	r.Helper()
	before := len(r.server.Sent(m.Chat.ID))
	id := r.server.Press(from, m.Chat.ID, m.ID, data)
	r.settled()
	told := ""
	if a := r.server.Answered(id); a != nil {
		told = a.Text
	} else {
		r.Errorf("the button %q is not answered", data)
	}
	return r.server.Sent(m.Chat.ID)[before:], told
}

var (
	xu  = telegramtest.User{ID: 42, FirstName: "徐", LanguageCode: "zh-hans"}
	ann = telegramtest.User{ID: 43, FirstName: "Ann", LanguageCode: "en"}
)

func TestAQuestionIsAnsweredWithAQuoteAndItsPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	answers := r.ask(xu, "赵州桥由谁设计？")
	if len(answers) != 1 {
		t.Fatalf("%+v; %v; %v", answers, r.failures(), r.server.Calls())
	}
	text := answers[0].Shown().Text
	for _, want := range []string{"[1]", "赵州桥由李春设计。", "《石桥》 张望 · 江畔日报 · 2023-05-06", "桥.txt:1"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
}

func rawUpdates(bodies ...string) (raw []json.RawMessage) {
	for _, b := range bodies {
		raw = append(raw, json.RawMessage(b))
	}
	return raw
}

func fileOf(name, text string) tgbotapi.FileBytes {
	return tgbotapi.FileBytes{Name: name, Bytes: []byte(text)}
}

// everything is what an error and all that it wraps say, in every way of printing them.
func everything(err error) string {
	var b strings.Builder
	log := slog.New(slog.NewJSONHandler(&b, nil))
	for ; err != nil; err = errors.Unwrap(err) {
		log.Info("x", "error", err)
		fmt.Fprintf(&b, "%v %+v %#v %s\n", err, err, err, err.Error())
	}
	return b.String()
}
