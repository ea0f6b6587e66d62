package telegram

import (
	"context"
	"strings"
	"testing"

	"yinju/bot"
	"yinju/bot/telegram/telegramtest"
	"yinju/rag"
)

// edit changes a message of a person and gives the messages of the bot's in the chat then.
func (r *rig) edit(chat int64, id int, text string) []telegramtest.Message {
	r.Helper()
	r.server.Edit(chat, id, text)
	r.settled()
	return r.server.Sent(chat)
}

// answering is an Asker that knows some questions, and how long the text is that it writes for each.
func answering(inner bot.Asker, long map[string]int) asker {
	return func(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
		return writing(inner, strings.Repeat("写下的句子。", long[q.Question]))(ctx, q, tell)
	}
}

func TestAnEditedQuestionIsAnsweredInPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.start()
	for _, c := range []struct {
		chat          int64
		before, after string
	}{
		{xu.ID, asksBridge, "龙窑烧一窑瓷器要用多少松柴？"},
		{xu.ID, "/ask " + asksBridge, "/ask 龙窑烧一窑瓷器要用多少松柴？"},
		{xu.ID, strings.Repeat("龙", 3000), "龙窑烧一窑瓷器要用多少松柴？"}, // it was refused
		{club, "@yinju_test_bot " + asksBridge, "@yinju_test_bot 龙窑烧一窑瓷器要用多少松柴？"},
		{club, "/ask@yinju_test_bot " + asksBridge, "/ask@yinju_test_bot 龙窑烧一窑瓷器要用多少松柴？"},
	} {
		r.server.AddUser(xu)
		before := len(r.server.Sent(c.chat))
		question := r.server.Receive(telegramtest.Incoming{Chat: c.chat, From: xu, Text: c.before})
		r.settled()
		first := only(t, r.server.Sent(c.chat)[before:])
		saysNot(t, first, "一万斤松柴")
		second := only(t, r.edit(c.chat, question.ID, c.after)[before:])
		says(t, second, "一万斤松柴")
		if got := labels(second); second.ID != first.ID || got != "出处 1|全文 换一组|👍 👎" {
			t.Errorf("%.20q: message %d, then %d with %q", c.before, first.ID, second.ID, got)
		}
		// Its buttons are about what it says now, and the next question goes on from that.
		sources, _ := r.tap(xu, second, "出处 1")
		says(t, only(t, sources), "龙窑")
		next := only(t, r.say(telegramtest.Incoming{Chat: c.chat, From: xu, Text: "那篇是谁写的？ @yinju_test_bot"}))
		says(t, next, "《龙窑》这篇")
	}
	r.clean()
}

// A question that went on from another goes on from that when it is edited, whatever was asked since.
func TestAnEditedQuestionGoesOnFromWhereItDid(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	r.ask(xu, asksBridge)
	question := r.server.Receive(telegramtest.Incoming{From: xu, Text: "那篇是谁写的？"})
	r.settled()
	r.ask(xu, "龙窑烧一窑瓷器要用多少松柴？")
	says(t, r.edit(xu.ID, question.ID, "那篇登在哪家报纸？")[1], "《石桥》这篇登在哪家报纸")
	r.clean()
}

func TestAnEditThatChangesNoWordIsNotAnsweredAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	asked := 0
	r.start(func(o *Options) {
		inner := o.Asker
		o.Asker = asker(func(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
			asked++
			return inner.Stream(ctx, q, tell)
		})
	})
	for _, text := range []string{asksBridge, "/ask " + asksBridge} {
		m := r.server.Receive(telegramtest.Incoming{From: xu, Text: text})
		r.settled()
		before := asked
		r.edit(xu.ID, m.ID, text)
		if asked != before {
			t.Errorf("%q was asked again", text)
		}
	}
	r.clean()
}

func TestAnEditThatIsNoQuestionTakesTheAnswerAwayAndMayBringItBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	question := r.server.Receive(telegramtest.Incoming{From: xu, Text: asksBridge})
	r.settled()
	refused := only(t, r.edit(xu.ID, question.ID, strings.Repeat("赵", 2500)))
	says(t, refused, "问题有 2500 个字")
	if got := labels(refused); got != "" {
		t.Error(got)
	}
	says(t, only(t, r.edit(xu.ID, question.ID, asksBridge)), saysBridge)
	r.clean()
}

func TestAShorterAnswerLeavesNothingOfTheLongerOne(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	long := map[string]int{"长的？": 2000, "短的？": 2, "中等的？": 1000}
	r.start(func(o *Options) { o.Asker = answering(o.Asker, long) })
	question := r.server.Receive(telegramtest.Incoming{From: xu, Text: "长的？"})
	r.settled()
	first := r.server.Sent(xu.ID)
	if len(first) != 3 {
		t.Fatalf("%d messages", len(first))
	}
	if got := only(t, r.edit(xu.ID, question.ID, "短的？")); got.ID != first[0].ID || labels(got) == "" {
		t.Errorf("%+v", got)
	}
	again := r.edit(xu.ID, question.ID, "中等的？")
	if len(again) != 2 || again[0].ID != first[0].ID || labels(again[0]) != "" || labels(again[1]) == "" {
		t.Errorf("%+v", again)
	}
	if f := r.failures(); len(f) > 0 {
		t.Error(f)
	}
}

func TestEditsOfWhatWasNotAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.start()
	// A name that was forgotten and put in soon.
	m := r.server.Receive(telegramtest.Incoming{Chat: club, From: xu, Text: asksBridge})
	r.settled()
	says(t, only(t, r.edit(club, m.ID, "@yinju_test_bot "+asksBridge)), saysBridge)
	// A message of long ago stays unanswered.
	old := telegramtest.Message{ID: 500, From: &xu, Chat: telegramtest.Chat{ID: xu.ID, Type: "private"}, Date: 1_600_000_000, Text: asksBridge}
	r.server.AddUser(xu)
	r.server.Deliver(telegramtest.Update{EditedMessage: &old})
	r.settled()
	if got := r.server.Sent(xu.ID); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	r.clean()
}

// A question that becomes a command is answered with that in its place: nothing of the old answer stays.
func TestAnEditIntoACommandIsAnsweredInPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	for _, command := range []string{"/help", "/search 松柴", "/nothing", "/article 999999"} {
		before := len(r.server.Sent(xu.ID))
		question := r.server.Receive(telegramtest.Incoming{From: xu, Text: asksBridge})
		r.settled()
		first := only(t, r.server.Sent(xu.ID)[before:])
		second := only(t, r.edit(xu.ID, question.ID, command)[before:])
		if second.ID != first.ID || strings.Contains(second.Shown().Text, saysBridge) {
			t.Errorf("%s: %d %q, then %d %q", command, first.ID, first.Shown().Text, second.ID, second.Shown().Text)
		}
	}
	r.clean()
}
