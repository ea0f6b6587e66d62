package telegram

import (
	"strings"
	"testing"

	"yinju/bot/telegram/telegramtest"
)

func TestAQuestionGoesOnFromTheLast(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	r.ask(xu, asksBridge)
	says(t, only(t, r.ask(xu, "那篇是谁写的？")), "理解为：《石桥》这篇是谁写的？")
	says(t, only(t, r.ask(xu, "龙窑烧一窑瓷器要用多少松柴？")), "一万斤松柴")
	says(t, only(t, r.ask(xu, "那篇是谁写的？")), "理解为：《龙窑》这篇是谁写的？")
	saysNot(t, only(t, r.ask(ann, "那篇是谁写的？")), "理解为") // another chat
	r.clean()
}

func TestAReplyGoesOnFromTheAnswerThatItIsTo(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	bridge := only(t, r.ask(xu, asksBridge))
	r.ask(xu, "龙窑烧一窑瓷器要用多少松柴？")
	reply := only(t, r.say(telegramtest.Incoming{From: xu, Text: "那篇是谁写的？", ReplyTo: bridge.ID}))
	says(t, reply, "理解为：《石桥》这篇是谁写的？")
	says(t, only(t, r.ask(xu, "那篇登在哪家报纸？")), "理解为：《石桥》") // and the next goes on from there
	sources, _ := r.tap(xu, bridge, "出处 1")
	r.ask(xu, "龙窑烧一窑瓷器要用多少松柴？")
	says(t, only(t, r.say(telegramtest.Incoming{From: xu, Text: "那篇是谁写的？", ReplyTo: only(t, sources).ID})), "理解为：《石桥》")
	r.clean()
}

func TestAForgottenConversationIsForgotten(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.start()
	r.say(telegramtest.Incoming{Chat: forum, Thread: 7, From: xu, Text: "@yinju_test_bot " + asksBridge})
	answer := only(t, r.ask(xu, asksBridge))
	says(t, only(t, r.ask(xu, "/forget")), "已忘掉此前的对话，下一个问题从头问起。")
	saysNot(t, only(t, r.ask(xu, "那篇是谁写的？")), "理解为")
	saysNot(t, only(t, r.say(telegramtest.Incoming{From: xu, Text: "那篇是谁写的？", ReplyTo: answer.ID})), "理解为")
	if turns, err := r.store.History(t.Context(), r.ref(answer).Conversation); err != nil || len(turns) > 0 {
		t.Errorf("%+v, %v", turns, err)
	}
	says(t, only(t, r.say(telegramtest.Incoming{Chat: forum, Thread: 7, From: xu, Text: "@yinju_test_bot 那篇是谁写的？"})), "理解为：《石桥》") // another chat's is not
	r.clean()
}

func TestTopicsAndGroupsAreConversationsOfTheirOwn(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.start()
	in := func(chat int64, topic int, text string) telegramtest.Message {
		t.Helper()
		return only(t, r.say(telegramtest.Incoming{Chat: chat, Thread: topic, From: xu, Text: "@yinju_test_bot " + text}))
	}
	in(forum, 7, asksBridge)
	in(forum, 8, "龙窑烧一窑瓷器要用多少松柴？")
	in(club, 0, "廊桥的屋顶有什么用？")
	says(t, in(forum, 7, "那篇是谁写的？"), "《石桥》这篇")
	says(t, in(forum, 8, "那篇是谁写的？"), "《龙窑》这篇")
	says(t, in(club, 0, "那篇是谁写的？"), "《廊桥》这篇")
	saysNot(t, in(forum, 0, "那篇是谁写的？"), "理解为")
	in(forum, 7, "/forget")
	saysNot(t, in(forum, 7, "那篇是谁写的？"), "理解为")
	says(t, in(forum, 8, "那篇登在哪家报纸？"), "《龙窑》这篇")
	r.clean()
}

func TestQuestionsOfOneChatAreAnsweredInTheirOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	questions := []string{asksBridge, "那篇是谁写的？", "龙窑烧一窑瓷器要用多少松柴？", "那篇是谁写的？"}
	wants := []string{saysBridge, "《石桥》这篇", "一万斤松柴", "《龙窑》这篇"}
	var ids []int
	for _, q := range questions {
		ids = append(ids, r.server.Receive(telegramtest.Incoming{From: xu, Text: q}).ID)
	}
	r.settled()
	answers := r.server.Sent(xu.ID)
	if len(answers) != len(questions) {
		t.Fatalf("%d answers", len(answers))
	}
	for i, m := range answers {
		if !strings.Contains(m.Shown().Text, wants[i]) || m.ReplyTo == nil || m.ReplyTo.ID != ids[i] {
			t.Errorf("%q answers %+v; want %q", m.Shown().Text, m.ReplyTo, wants[i])
		}
	}
	r.clean()
}
