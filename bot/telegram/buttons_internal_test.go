package telegram

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"yinju/bot/telegram/telegramtest"
)

func TestASourceIsShownAmongItsNeighboursWithTheQuoteMarked(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	answer := only(t, r.ask(xu, "廊桥的屋顶有什么用？"))
	sources, told := r.tap(xu, answer, "出处 1")
	m := only(t, sources)
	want := "[1] 廊桥\n李远 · 江畔日报 · 2023-05-07\n桥.txt:11\n\n廊桥的桥面上盖着屋顶。行人在桥上躲雨，也在桥上做买卖。"
	if got := m.Shown().Text; got != want || told != "" {
		t.Errorf("%q, %q", got, told)
	}
	if u := marked(m, "underline"); !slices.Equal(u, []string{"廊桥的桥面上盖着屋顶。"}) {
		t.Errorf("%q", u)
	}
	if m.ReplyTo == nil || m.ReplyTo.ID != answer.ID {
		t.Errorf("it answers %+v", m.ReplyTo)
	}
	second, _ := r.tap(xu, answer, "出处 2")
	says(t, only(t, second), "行人在桥上躲雨，也在桥上做买卖。屋顶护着木头的桥身，使它不受雨淋。")
	pages, _ := r.tap(xu, m, "全文")
	says(t, only(t, pages), "廊桥的桥面上盖着屋顶。行人在桥上躲雨，也在桥上做买卖。屋顶护着木头的桥身，使它不受雨淋。")
	// A reply to it goes on from the answer, and it is not taken for the answer.
	if got := r.ref(m); got.Parent != r.ref(answer).Conversation || got.Answer != 0 || got.Question != int64(answer.ID) {
		t.Errorf("%+v", got)
	}
	r.clean()
}

func TestASourceThatHasChangedSaysSo(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	answer := only(t, r.ask(xu, "龙窑烧一窑瓷器要用多少松柴？"))
	r.keep("瓷.txt", article("龙窑", "王鸣", "窑火", "2024-01-02", "新写的开头。烧一窑瓷器要三天三夜，用去一万斤松柴。"))
	sources, _ := r.tap(xu, answer, "出处 1")
	m := only(t, sources)
	says(t, m, "原文件在回答之后改过，这里是现在的样子。", "新写的开头。烧一窑")
	if u := marked(m, "underline"); !slices.Equal(u, []string{"烧一窑瓷器要三天三夜，用去一万斤松柴。"}) {
		t.Errorf("%q", u)
	}
	r.keep("瓷.txt", article("馒头窑", "王鸣", "窑火", "2024-01-02", "全换了。"))
	if got, told := r.tap(xu, answer, "出处 1"); len(got) > 0 || told != "原文件已改或已移除，语料中不再有这段话。" {
		t.Errorf("%+v, %q", got, told)
	}
	if _, err := r.store.Pool().Exec(t.Context(), `delete from sources where path = '瓷.txt'`); err != nil {
		t.Fatal(err)
	}
	if got, told := r.tap(xu, answer, "全文"); len(got) > 0 || told != "这篇文章已不在语料中。" {
		t.Errorf("%+v, %q", got, told)
	}
	r.clean()
}

func TestTheFullTextOfSeveralArticlesIsChosen(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	one := only(t, r.ask(xu, "龙窑烧一窑瓷器要用多少松柴？"))
	pages, _ := r.tap(xu, one, "全文")
	says(t, only(t, pages), "龙窑\n王鸣 · 窑火 · 2024-01-02\n瓷.txt:1\n\n龙窑依山而建，长几十米。烧一窑瓷器要三天三夜，用去一万斤松柴。")
	several := only(t, r.ask(xu, "桥"))
	choices, _ := r.tap(xu, several, "全文")
	choice := only(t, choices)
	says(t, choice, "看哪一篇的全文？")
	if got := labels(choice); got != "石桥|廊桥" {
		t.Error(got)
	}
	pages, _ = r.tap(xu, choice, "廊桥")
	says(t, only(t, pages), "李远 · 江畔日报 · 2023-05-07")
	r.clean()
}

func TestPagesAreTurnedToBothEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	var text strings.Builder
	for i := range 900 {
		fmt.Fprintf(&text, "第%d句说的是修路。", i)
	}
	long := strings.Repeat("很长的名字", 100)
	r.keep(long+".txt", article(long, long, long, "2024-01-02", text.String()))
	r.start()
	m := only(t, r.ask(xu, "/article "+r.article(long)))
	var all strings.Builder
	for page := 1; ; page++ {
		_, body, _ := strings.Cut(m.Shown().Text, "\n\n")
		all.WriteString(body)
		var want []string
		if page > 1 {
			want = append(want, "◀")
		}
		want = append(want, fmt.Sprintf("%d / 3", page))
		if page < 3 {
			want = append(want, "▶")
		}
		if got := labels(m); got != strings.Join(want, " ") {
			t.Fatalf("%q; want %q", got, want)
		}
		if page == 3 {
			break
		}
		if got, _ := r.tap(xu, m, "▶"); len(got) > 0 {
			t.Fatalf("%+v", got)
		}
		m = r.now(m)
	}
	if all.String() != text.String() {
		t.Error("the pages are not the text")
	}
	last := m.Shown().Text
	if got, told := r.tap(xu, m, "3 / 3"); len(got) > 0 || told != "" || r.now(m).Shown().Text != last {
		t.Errorf("%+v, %q", got, told)
	}
	for range 2 {
		r.tap(xu, r.now(m), "◀")
	}
	says(t, r.now(m), "第0句说的是修路。")
	// Numbers that no button has lead to an end.
	for data, want := range map[string]string{"p:%s:999999": "第899句", "p:%s:-5": "第0句", "p:%s:99999999999999999999": "第0句", "p:%s": "第0句", "p:%s:x": "第0句"} {
		if _, told := r.forge(xu, m, fmt.Sprintf(data, r.article(long))); told != "" {
			t.Errorf("%s: %q", data, told)
		}
		says(t, r.now(m), want)
	}
	r.clean()
}

// forge presses a button that a message does not have.
func (r *rig) forge(from telegramtest.User, m telegramtest.Message, data string) ([]telegramtest.Message, string) {
	r.Helper()
	before := len(r.server.Sent(m.Chat.ID))
	id := r.server.Forge(from, m, data)
	r.settled()
	a := r.server.Answered(id)
	if a == nil {
		r.Fatalf("the button %q is not answered", data)
	}
	return r.server.Sent(m.Chat.ID)[before:], a.Text
}

func TestOtherQuotesAreGivenUntilThereAreNone(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	m := only(t, r.ask(xu, "桥"))
	given := marked(m, "expandable_blockquote")
	for n := 0; ; n++ {
		if n == 5 {
			t.Fatal("there is no end of it")
		}
		others, _ := r.tap(xu, m, "换一组")
		m = only(t, others)
		quotes := marked(m, "expandable_blockquote")
		if len(quotes) == 0 {
			break
		}
		for _, q := range quotes {
			if slices.Contains(given, q) {
				t.Errorf("%q is given again", q)
			}
		}
		given = append(given, quotes...)
	}
	says(t, m, "除了已经引用的，没有再找到足够贴近的原文。")
	if got := labels(m); got != "👍 👎" {
		t.Error(got)
	}
	if len(given) < 4 {
		t.Errorf("%q", given)
	}
	r.clean()
}

func TestOtherQuotesOfAForgottenConversationAreNotGuessed(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	m := only(t, r.ask(xu, "桥"))
	r.ask(xu, "/forget")
	if got, told := r.tap(xu, m, "换一组"); len(got) > 0 || told != "这段对话已忘掉，或已过了一天：请重新提问。" {
		t.Errorf("%+v, %q", got, told)
	}
	r.clean()
}

func TestAnOpinionIsKeptAndMayChange(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	m := only(t, r.ask(xu, "赵州桥由谁设计？"))
	r.tap(xu, m, "👍")
	r.tap(ann, m, "👍")
	if _, told := r.tap(xu, m, "👎"); told != "已记下，谢谢。" {
		t.Error(told)
	}
	all, err := r.store.Feedback(t.Context(), 10)
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	by := map[string]bool{}
	for _, f := range all {
		if by[f.By] = f.Good; f.Answer != r.ref(m).Answer {
			t.Errorf("%+v", f)
		}
	}
	if by["telegram:42"] || !by["telegram:43"] {
		t.Errorf("%v", by)
	}
	r.clean()
}

func TestForgedButtonsDoNoHarm(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	answer := only(t, r.ask(xu, "赵州桥由谁设计？"))
	list := only(t, r.ask(xu, "/sources"))
	article := r.article("龙窑")
	before := answer.Shown().Text
	for _, data := range []string{
		"", ":", "s", "s:", "s:0", "s:-1", "s:2", "s:99999999999999999999", "s:x", "a", "a:-1:0", "a:999999:0", "p:999999:5", "p:x", "l:0", "l:1:e", "f:y", "f:r", "f:n", "f",
		"set", "set:xx", "zzz:1", "e", ":e", ":e:e", "\x00", "m:1:e:e", strings.Repeat("a:1", 20),
	} {
		sent, told := r.forge(xu, answer, data)
		if len(sent) > 0 && data != "m:1:e:e" && !strings.HasPrefix(data, "set") {
			t.Errorf("%q sends %q", data, sent[0].Shown().Text)
		}
		t.Logf("%q: %q", data, told)
	}
	// What is asked for beside an answer does not take its place.
	for _, data := range []string{"p:" + article + ":0", "set:fold"} {
		if sent, _ := r.forge(xu, answer, data); len(sent) != 1 {
			t.Errorf("%q sends %+v", data, sent)
		}
	}
	if got := r.now(answer).Shown().Text; got != before {
		t.Errorf("%q", got)
	}
	for _, data := range []string{"s:1", "t", "+", "-", "m", "l:999999", "l:-1", "l:x"} {
		if sent, _ := r.forge(xu, list, data); len(sent) > 0 {
			t.Errorf("%q sends %q", data, sent[0].Shown().Text)
		}
		says(t, r.now(list), "共 4 篇", "《龙窑》")
	}
	// Messages that are not known.
	for _, m := range []telegramtest.Message{{ID: 9999, Chat: answer.Chat}, {ID: 9999, Chat: answer.Chat, Date: 0, Text: "很久以前"}} {
		for _, data := range []string{"s:1", "t", "m", "+", "l:1"} {
			if sent, told := r.forge(xu, m, data); len(sent) > 0 || told != "这条消息太久了，请重新提问。" {
				t.Errorf("%q: %+v, %q", data, sent, told)
			}
		}
	}
	if all, err := r.store.Feedback(t.Context(), 10); err != nil || len(all) > 0 {
		t.Errorf("%+v, %v", all, err)
	}
	if f := r.failures(); len(f) > 0 {
		t.Errorf("given up: %q", f)
	}
}

func TestAButtonInAGroupAnswersInItsTopic(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	const group = -1001
	r.server.AddGroup(telegramtest.Chat{ID: group, Type: "supergroup"}, 7, 8)
	m := only(t, r.say(telegramtest.Incoming{Chat: group, Thread: 8, From: xu, Text: "@yinju_test_bot 赵州桥由谁设计？"}))
	for _, label := range []string{"出处 1", "全文", "换一组"} {
		sent, _ := r.tap(ann, m, label)
		if got := only(t, sent); got.ThreadID != 8 {
			t.Errorf("%s: topic %d", label, got.ThreadID)
		}
	}
	r.clean()
}

func TestDataOfButtonsIsWithinTheLimit(t *testing.T) {
	t.Parallel()
	const most = 64
	if data := key("en", "x", articleData("a", 1<<62, 1_000_000)).Data; len(data) > most {
		t.Errorf("%q has %d bytes", data, len(data))
	}
}
