package telegram

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"yinju/bot"
	"yinju/bot/telegram/telegramtest"
	"yinju/rag"
)

// only is the one message that there is.
func only(t *testing.T, messages []telegramtest.Message) telegramtest.Message {
	t.Helper()
	if len(messages) != 1 {
		t.Fatalf("%d messages: %+v", len(messages), messages)
	}
	return messages[0]
}

func says(t *testing.T, m telegramtest.Message, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if text := m.Shown().Text; !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
}

func saysNot(t *testing.T, m telegramtest.Message, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if text := m.Shown().Text; strings.Contains(text, want) {
			t.Errorf("%q is in %q", want, text)
		}
	}
}

// labels are what stands on the buttons of a message, row by row.
func labels(m telegramtest.Message) string {
	var rows []string
	for _, row := range m.Buttons() {
		var all []string
		for _, b := range row {
			all = append(all, b.Text)
		}
		rows = append(rows, strings.Join(all, " "))
	}
	return strings.Join(rows, "|")
}

// marked are the parts of a message with one mark.
func marked(m telegramtest.Message, kind string) (parts []string) {
	text := m.Shown()
	for _, e := range text.Entities {
		if e.Type == kind {
			parts = append(parts, text.Part(e))
		}
	}
	return parts
}

// tap presses the button with a label.
func (r *rig) tap(from telegramtest.User, m telegramtest.Message, label string) ([]telegramtest.Message, string) {
	r.Helper()
	for _, b := range slices.Concat(m.Buttons()...) {
		if b.Text == label {
			return r.press(from, m, b.Data)
		}
	}
	r.Fatalf("no button %q in %s", label, labels(m))
	return nil, ""
}

// now is a message as it is seen now.
func (r *rig) now(m telegramtest.Message) telegramtest.Message {
	r.Helper()
	for _, seen := range r.server.Messages(m.Chat.ID) {
		if seen.ID == m.ID {
			return seen
		}
	}
	r.Fatalf("message %d is gone", m.ID)
	return m
}

// clean fails the test where an update was given up or a call refused.
func (r *rig) clean() {
	r.Helper()
	if f := r.failures(); len(f) > 0 {
		r.Errorf("given up: %v", f)
	}
	for _, c := range r.server.Calls() {
		if c.Code >= 400 && c.Method != "setMyCommands" && !strings.Contains(c.Description, "message is not modified") {
			r.Errorf("%s: %d %s", c.Method, c.Code, c.Description)
		}
	}
}

func (r *rig) thresholds(answered, related float64) {
	r.Helper()
	if err := r.store.SetThresholds(r.Context(), rag.Thresholds{Answered: answered, Related: related}, "m", 1); err != nil {
		r.Fatal(err)
	}
}

// asker answers as a function does.
type asker func(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error)

func (a asker) Stream(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
	return a(ctx, q, tell)
}

// writing is an asker whose answers, with their quotes, are the rig's and whose text is given, in pieces.
func writing(inner bot.Asker, pieces ...string) asker {
	return func(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
		a, err := inner.Stream(ctx, q, func(rag.Event) error { return nil })
		if err != nil {
			return a, err
		}
		a.Written, a.Text = &rag.Written{Used: true}, strings.Join(pieces, "")
		for _, p := range pieces {
			if err := tell(rag.Event{Text: p, Written: true}); err != nil {
				return a, err
			}
		}
		return a, nil
	}
}

func TestAnAnswerSaysHowFarTheCorpusGoes(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	several := only(t, r.ask(xu, "廊桥的屋顶有什么用？"))
	says(t, several, "原文说：", "[1]\n廊桥的桥面上盖着屋顶。\n《廊桥》 李远 · 江畔日报 · 2023-05-07 · 桥.txt:11", "[2]\n屋顶护着木头的桥身，使它不受雨淋。")
	if got := labels(several); got != "出处 1 出处 2|全文 换一组|👍 👎" {
		t.Error(got)
	}
	if quotes := marked(several, "expandable_blockquote"); !slices.Equal(quotes, []string{"廊桥的桥面上盖着屋顶。", "屋顶护着木头的桥身，使它不受雨淋。"}) {
		t.Errorf("%q", quotes)
	}
	r.thresholds(.999, .0001)
	related := only(t, r.ask(xu, "廊桥的屋顶有什么用？"))
	says(t, related, "语料没有直接回答这个问题，最接近的原文是：", "[1]\n廊桥的桥面上盖着屋顶。")
	r.thresholds(.9999, .9998)
	none := only(t, r.ask(xu, "廊桥的屋顶有什么用？"))
	if got := none.Shown().Text; got != "语料中没有找到这个问题的答案。\n可以换个说法再问，或用 /search 看相近的段落。" {
		t.Errorf("%q", got)
	}
	if got := labels(none); got != "👍 👎" {
		t.Error(got)
	}
	if a := r.server.Actions(xu.ID); len(a) == 0 || a[0].Action != "typing" {
		t.Errorf("%+v", a)
	}
	r.clean()
}

func TestAQuoteIsLinkedToItsPageWhereThatIsSeenFromOutside(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start(func(o *Options) { o.BaseURL = "https://yinju.example/" })
	m := only(t, r.ask(xu, "赵州桥由谁设计？"))
	entities := m.Shown().Entities
	last := entities[len(entities)-1]
	if last.URL != "https://yinju.example/articles/"+r.article("石桥")+"?quote=0-9&of=7f911e5b" || m.Shown().Part(last) != "打开原文" {
		t.Errorf("%+v", last)
	}
}

// article is the id of the article with a title.
func (r *rig) article(title string) string {
	r.Helper()
	var id int64
	if err := r.store.Pool().QueryRow(r.Context(), `select id from articles where title = $1`, title).Scan(&id); err != nil {
		r.Fatal(err)
	}
	return rag.FormatID(id)
}

func TestALongAnswerFillsSeveralMessagesWithTheButtonsUnderTheLast(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	text := strings.Repeat("石桥横跨河面，历经千年。[1] ", 600)
	r.start(func(o *Options) { o.Asker = writing(o.Asker, text) })
	answers := r.ask(xu, "廊桥的屋顶有什么用？")
	if len(answers) != 3 {
		t.Fatalf("%d messages", len(answers))
	}
	var all strings.Builder
	for i, m := range answers {
		all.WriteString(m.Shown().Text)
		if i < len(answers)-1 && labels(m) != "" {
			t.Errorf("%s", labels(m))
		}
	}
	if !strings.HasPrefix(squeeze(all.String()), "模型据所附原文写成："+squeeze(text)) {
		t.Error("something is lost")
	}
	last := answers[2]
	says(t, last, "[1]\n廊桥的桥面上盖着屋顶。", "[2]")
	if got := labels(last); got != "出处 1 出处 2|全文 换一组|👍 👎" {
		t.Error(got)
	}
	// A reply to any of them goes on from the answer.
	if r.ref(answers[0]).Conversation == "" || r.ref(answers[0]).Conversation != r.ref(last).Conversation {
		t.Errorf("%+v, %+v", r.ref(answers[0]), r.ref(last))
	}
	r.clean()
}

// ref is what is known of a message.
func (r *rig) ref(m telegramtest.Message) ref {
	r.Helper()
	i := &inbox{pool: r.store.Pool(), bot: telegramtest.BotID}
	found, err := i.refOf(r.Context(), m.Chat.ID, int64(m.ID))
	if err != nil {
		r.Fatal(err)
	}
	if found == nil {
		return ref{}
	}
	return *found
}

func TestStrangeTextsAreAnsweredOrKindlyRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	for _, c := range []struct{ text, want string }{
		{strings.Repeat("赵", 4096), "问题有 4096 个字，最多 2000 个"},
		{strings.Repeat("😀", 2048), "问题有 2048 个字"},
		{"赵州桥\x00由谁设计？", saysBridge},
		{"<b>赵州桥</b> 由谁设计？ &amp; <script>", "赵州桥由李春设计。"},
		{"*赵州桥* _由谁_ `设计`？ [x](http://a.b)", "赵州桥由李春设计。"},
		{"\u202e赵州桥\u202c由谁设计？", "赵州桥由李春设计。"},
		{"赵州桥由谁设计？👨‍👩‍👧‍👦🏳️‍🌈", "赵州桥由李春设计。"},
		{"@yinju_test_bot " + asksBridge, saysBridge},
		{"@yinju_test_bot", "请把问题写在我的名字后面"},
		{"/home/x.txt 是什么", "[1]"},
	} {
		m := only(t, r.ask(xu, c.text))
		says(t, m, c.want)
		saysNot(t, m, "正在")
	}
	r.clean()
}

func TestWhatIsNoTextIsToldSoOrPassedOver(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	object := []byte(`{"file_id":"1"}`)
	for name, in := range map[string]telegramtest.Incoming{
		"sticker":   {Sticker: "😀"},
		"photo":     {Otherwise: func(m *telegramtest.Message) { m.Photo = []byte(`[{"file_id":"1"}]`) }},
		"voice":     {Otherwise: func(m *telegramtest.Message) { m.Voice = object }},
		"location":  {Otherwise: func(m *telegramtest.Message) { m.Location = []byte(`{"latitude":1,"longitude":2}`) }},
		"animation": {Document: &telegramtest.File{Name: "a.mp4", Data: []byte("x")}, Otherwise: func(m *telegramtest.Message) { m.Animation = object }},
	} {
		in.From = xu
		if text := only(t, r.say(in)).Shown().Text; !strings.HasPrefix(text, "我只读文字") {
			t.Errorf("%s: %q", name, text)
		}
	}
	captioned := telegramtest.Incoming{From: xu, Otherwise: func(m *telegramtest.Message) {
		m.Photo, m.Caption = []byte(`[{"file_id":"1"}]`), "赵州桥由谁设计？"
	}}
	says(t, only(t, r.say(captioned)), "赵州桥由李春设计。")
	for name, otherwise := range map[string]func(*telegramtest.Message){
		"service": func(m *telegramtest.Message) { m.NewMembers = []telegramtest.User{ann} },
		"nothing": func(*telegramtest.Message) {},
		"own result": func(m *telegramtest.Message) {
			bot := r.server.Bot()
			m.Text, m.ViaBot = "赵州桥由李春设计。", &bot
		},
		"channel": func(m *telegramtest.Message) { m.From, m.Text = nil, "赵州桥由谁设计？" },
	} {
		if got := r.say(telegramtest.Incoming{From: xu, Otherwise: otherwise}); len(got) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	r.clean()
}

// A place that is shown while it moves is an edited message every few seconds.
func TestAPlaceThatMovesIsNotAnsweredAgainAndAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	m := only(t, r.ask(xu, "赵州桥由谁设计？"))
	moved := telegramtest.Message{ID: 99, From: &xu, Chat: m.Chat, Date: m.Date, Location: []byte(`{"latitude":1,"longitude":2}`)}
	r.server.Deliver(telegramtest.Update{EditedMessage: &moved})
	r.settled()
	if got := r.server.Sent(xu.ID); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestPeopleAreAnsweredInTheirLanguage(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	says(t, only(t, r.ask(ann, "赵州桥由谁设计？")), "原文说：") // as it was asked
	english := only(t, r.ask(ann, "bridge?"))
	says(t, english, "[1]")
	if got := labels(english); !strings.HasPrefix(got, "Source 1") || !strings.Contains(got, "Full text Other quotes") {
		t.Error(got)
	}
	// What its buttons lead to is in English, though its quotes are not.
	sources, _ := r.tap(ann, english, "Source 1")
	if got := labels(only(t, sources)); got != "Full text" {
		t.Error(got)
	}
	if _, told := r.tap(ann, english, "👍"); told != "Noted, thank you." {
		t.Error(told)
	}
	chinese := only(t, r.ask(ann, "赵州桥由谁设计？"))
	if _, told := r.tap(ann, chinese, "👍"); told != "已记下，谢谢。" {
		t.Error(told)
	}
	says(t, only(t, r.ask(telegramtest.User{ID: 44, LanguageCode: "fr"}, "/forget")), "已忘掉") // the program's
	settings := only(t, r.ask(ann, "/settings"))
	r.tap(ann, settings, "中文")
	says(t, only(t, r.ask(ann, "/forget")), "已忘掉")
	r.tap(ann, r.now(settings), "English")
	says(t, only(t, r.ask(ann, "赵州桥由谁设计？")), "In the words of the corpus:")
	r.clean()
}

func TestWhoMayAskIsSaidBeforeTheBotStarts(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	o := r.options()
	o.Public = false
	if _, err := New(o); !errors.Is(err, ErrNobody) || !strings.Contains(err.Error(), "TELEGRAM_ALLOWED_IDS") {
		t.Errorf("%v", err)
	}
	o.Admins = []int64{1}
	if _, err := New(o); err != nil {
		t.Errorf("%v", err)
	}
}

func TestOnlyWhoMayAskIsAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	const mine, other = -1001, -1002
	r.start(func(o *Options) { o.Public, o.Allowed, o.Admins = false, []int64{xu.ID, mine}, []int64{7} })
	const question, quote = "赵州桥由谁设计？", "赵州桥由李春设计。"
	says(t, only(t, r.ask(xu, question)), quote)
	says(t, only(t, r.ask(telegramtest.User{ID: 7}, question)), quote)
	says(t, only(t, r.ask(ann, "bridge?")), "You may not use the bot yet", "43")
	again := func() { r.sql(`update telegram_chats set refused = '-infinity'`) } // it is said once an hour
	again()
	refused := only(t, r.ask(ann, "/ask 桥"))
	says(t, refused, "您还不能使用本机器人", "43")
	saysNot(t, refused, quote)
	for _, group := range []int64{mine, other} {
		r.server.AddGroup(telegramtest.Chat{ID: group, Type: "supergroup"})
	}
	answer := only(t, r.say(telegramtest.Incoming{Chat: mine, From: ann, Text: "@yinju_test_bot " + question}))
	says(t, answer, quote)
	says(t, only(t, r.say(telegramtest.Incoming{Chat: other, From: ann, Text: "@yinju_test_bot " + question})), "这个群还不能使用本机器人", "-1002")
	if got := r.say(telegramtest.Incoming{Chat: other, From: ann, Text: question}); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	says(t, only(t, r.say(telegramtest.Incoming{Chat: other, From: xu, Text: "@yinju_test_bot " + question})), quote)
	// A button answers who may ask only.
	again()
	allowed := only(t, r.say(telegramtest.Incoming{Chat: other, From: xu, Text: "@yinju_test_bot " + question}))
	if got, told := r.tap(ann, allowed, "出处 1"); len(got) > 0 || told != "您还不能使用本机器人。" {
		t.Errorf("%+v, %q", got, told)
	}
	if got, _ := r.tap(ann, answer, "出处 1"); len(got) != 1 {
		t.Errorf("%+v", got)
	}
	r.clean()
}

// Administrators that do not want to be seen have one id in all groups: they are not one person.
func TestAnonymousAdministratorsAreCountedByGroup(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.start(func(o *Options) { o.PerUser = 1 })
	for _, group := range []int64{club, forum} {
		m := only(t, r.say(telegramtest.Incoming{Chat: group, From: telegramtest.User{ID: anonymous, IsBot: true}, Text: "@yinju_test_bot " + asksBridge}))
		says(t, m, saysBridge)
	}
}

func TestWhoAsksTooMuchIsToldSoOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start(func(o *Options) { o.PerUser, o.Overall, o.Admins = 2, 4, []int64{7} })
	for range 2 {
		says(t, only(t, r.ask(xu, "赵州桥由谁设计？")), "[1]")
	}
	sinceFirst := func() (seconds float64) {
		err := r.store.Pool().QueryRow(t.Context(), `select extract(epoch from now() - min(asked_at)) from telegram_updates`).Scan(&seconds)
		if err != nil {
			t.Fatal(err)
		}
		return seconds
	}
	before := sinceFirst()
	told := only(t, r.ask(xu, "赵州桥由谁设计？"))
	behind := sinceFirst()
	says(t, told, "现在问得有点密，请等 ")
	var seconds int
	for _, digit := range told.Shown().Text {
		if digit >= '0' && digit <= '9' {
			seconds = 10*seconds + int(digit-'0')
		}
	}
	if float64(seconds) < 60-behind || float64(seconds) > 61-before {
		t.Errorf("%d seconds are told, %.1f to %.1f after the first question", seconds, before, behind)
	}
	if got := r.ask(xu, "/search 桥"); len(got) > 0 {
		t.Errorf("told again: %+v", got)
	}
	says(t, only(t, r.ask(xu, "/sources")), "共 4 篇") // which is no question
	for range 2 {
		says(t, only(t, r.ask(ann, "赵州桥由谁设计？")), "[1]")
	}
	says(t, only(t, r.ask(telegramtest.User{ID: 45, LanguageCode: "en"}, "bridge?")), "That is a little much at once") // all together
	for range 3 {
		says(t, only(t, r.ask(telegramtest.User{ID: 7}, "赵州桥由谁设计？")), "[1]")
	}
	if got := r.failures(); !slices.Equal(got, []string{tooFast, tooFast, tooFast}) {
		t.Errorf("%q", got)
	}
}
