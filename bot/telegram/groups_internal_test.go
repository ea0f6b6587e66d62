package telegram

import (
	"encoding/json"
	"testing"

	"yinju/bot/telegram/telegramtest"
)

const (
	club  = int64(-1001) // a supergroup without topics
	forum = int64(-1002)
)

// groups adds the two, and says who writes.
func (r *rig) groups() {
	r.server.AddGroup(telegramtest.Chat{ID: club, Type: "supergroup", Title: "读书会"})
	r.server.AddGroup(telegramtest.Chat{ID: forum, Type: "supergroup", Title: "论坛"}, 7, 8)
}

const asksBridge, saysBridge = "赵州桥由谁设计？", "赵州桥由李春设计。"

func TestInAGroupTheBotSpeaksWhenItIsSpokenTo(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.start()
	mention := func(m *telegramtest.Message) {
		bot := r.server.Bot()
		m.Entities = []telegramtest.Entity{{Type: "text_mention", Offset: 0, Length: 2, User: &bot}}
	}
	other := func(m *telegramtest.Message) {
		m.Entities = []telegramtest.Entity{{Type: "text_mention", Offset: 0, Length: 2, User: &ann}}
	}
	fromBot := telegramtest.User{ID: 900, IsBot: true, FirstName: "另一个"}
	for _, c := range []struct {
		name string
		in   telegramtest.Incoming
		want string // "": nothing
	}{
		{"talk of others", telegramtest.Incoming{Text: asksBridge}, ""},
		{"its name before", telegramtest.Incoming{Text: "@yinju_test_bot " + asksBridge}, saysBridge},
		{"without a blank", telegramtest.Incoming{Text: "@yinju_test_bot" + asksBridge}, saysBridge},
		{"in capitals", telegramtest.Incoming{Text: "@Yinju_Test_Bot " + asksBridge}, saysBridge},
		{"in the middle", telegramtest.Incoming{Text: "赵州桥 @yinju_test_bot 由谁设计？"}, saysBridge},
		{"behind", telegramtest.Incoming{Text: asksBridge + " @yinju_test_bot"}, saysBridge},
		{"another's name", telegramtest.Incoming{Text: "@someone " + asksBridge}, ""},
		{"a name that begins alike", telegramtest.Incoming{Text: "@yinju_test_bot2 " + asksBridge}, ""},
		{"text mention", telegramtest.Incoming{Text: "引据 " + asksBridge, Otherwise: mention}, saysBridge},
		{"text mention of another", telegramtest.Incoming{Text: "小安 " + asksBridge, Otherwise: other}, ""},
		{"command", telegramtest.Incoming{Text: "/ask " + asksBridge}, saysBridge},
		{"its command", telegramtest.Incoming{Text: "/ask@yinju_test_bot " + asksBridge}, saysBridge},
		{"command behind the name", telegramtest.Incoming{Text: "@yinju_test_bot /ask " + asksBridge}, saysBridge},
		{"another's command", telegramtest.Incoming{Text: "/ask@other_bot " + asksBridge}, ""},
		{"unknown command", telegramtest.Incoming{Text: "/weather " + asksBridge}, ""},
		{"a bot", telegramtest.Incoming{From: fromBot, Text: "@yinju_test_bot " + asksBridge}, ""},
		{"anonymous administrator", telegramtest.Incoming{From: telegramtest.User{ID: anonymous, IsBot: true, Username: "GroupAnonymousBot"}, Text: "@yinju_test_bot " + asksBridge}, saysBridge},
		{"a channel", telegramtest.Incoming{From: telegramtest.User{ID: 136817688, IsBot: true, Username: "Channel_Bot"}, Text: "@yinju_test_bot " + asksBridge, Otherwise: func(m *telegramtest.Message) {
			m.SenderChat = &telegramtest.Chat{ID: -1009, Type: "channel"}
		}}, ""},
		{"the name alone", telegramtest.Incoming{Text: "@yinju_test_bot"}, "请把问题写在我的名字后面"},
		{"sticker", telegramtest.Incoming{Sticker: "😀"}, ""},
		{"photo with its name", telegramtest.Incoming{Otherwise: func(m *telegramtest.Message) {
			m.Photo, m.Caption = []byte(`[{"file_id":"1"}]`), "@yinju_test_bot "+asksBridge
			m.CaptionEntities = []telegramtest.Entity{{Type: "mention", Offset: 0, Length: 15}}
		}}, saysBridge},
	} {
		c.in.Chat = club
		if c.in.From.ID == 0 {
			c.in.From = xu
		}
		got := r.say(c.in)
		switch {
		case c.want == "" && len(got) > 0:
			t.Errorf("%s: answered with %q", c.name, got[0].Shown().Text)
		case c.want != "" && len(got) != 1:
			t.Errorf("%s: %d answers", c.name, len(got))
		case c.want != "":
			says(t, got[0], c.want)
			saysNot(t, got[0], "理解为")
		}
	}
	r.clean()
}

func TestRepliesInAGroup(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.start()
	question := r.server.Receive(telegramtest.Incoming{Chat: club, From: ann, Text: asksBridge})
	r.settled()
	// The name, or the command, alone under another one's question asks that.
	for _, text := range []string{"@yinju_test_bot", "/ask@yinju_test_bot", "/ask"} {
		m := only(t, r.say(telegramtest.Incoming{Chat: club, From: xu, Text: text, ReplyTo: question.ID}))
		says(t, m, saysBridge)
		if m.ThreadID != 0 {
			t.Errorf("in thread %d", m.ThreadID)
		}
	}
	if got := r.say(telegramtest.Incoming{Chat: club, From: xu, Text: "我也想知道", ReplyTo: question.ID}); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	// A reply to the bot is for it.
	answer := only(t, r.say(telegramtest.Incoming{Chat: club, From: xu, Text: "@yinju_test_bot " + asksBridge}))
	says(t, only(t, r.say(telegramtest.Incoming{Chat: club, From: ann, Text: "龙窑烧一窑瓷器要用多少松柴？", ReplyTo: answer.ID})), "一万斤松柴")
	if got := r.say(telegramtest.Incoming{Chat: club, From: ann, Text: "/ask@other_bot 桥", ReplyTo: answer.ID}); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	says(t, only(t, r.say(telegramtest.Incoming{Chat: club, From: xu, Text: "@yinju_test_bot", ReplyTo: answer.ID})), "请把问题写在我的名字后面")
	if got := r.say(telegramtest.Incoming{Chat: club, From: xu, Sticker: "😀", ReplyTo: answer.ID}); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	r.clean()
}

func TestAnAnswerComesInTheTopicOfItsQuestion(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.start()
	opened := func(m *telegramtest.Message) { // in a topic every message names the one that opened it
		m.ReplyTo = &telegramtest.Message{ID: m.ThreadID, From: &ann, TopicCreated: []byte(`{"name":"桥"}`)}
	}
	for _, topic := range []int{7, 8} {
		m := only(t, r.say(telegramtest.Incoming{Chat: forum, Thread: topic, From: xu, Text: "@yinju_test_bot " + asksBridge, Otherwise: opened}))
		if says(t, m, saysBridge); m.ThreadID != topic {
			t.Errorf("topic %d, not %d", m.ThreadID, topic)
		}
	}
	if m := only(t, r.say(telegramtest.Incoming{Chat: forum, From: xu, Text: "@yinju_test_bot " + asksBridge})); m.ThreadID != 0 {
		t.Errorf("topic %d", m.ThreadID)
	}
	for _, a := range r.server.Actions(forum) {
		if a.Thread != 7 && a.Thread != 8 && a.Thread != 0 {
			t.Errorf("%+v", a)
		}
	}
	r.clean()
}

func TestTheBotGreetsAGroupThatItComesInto(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.start(func(o *Options) { o.Public, o.Allowed = false, []int64{club} })
	comes := func(who telegramtest.User) func(*telegramtest.Message) {
		return func(m *telegramtest.Message) { m.NewMembers = []telegramtest.User{who} }
	}
	says(t, only(t, r.say(telegramtest.Incoming{Chat: club, From: xu, Otherwise: comes(r.server.Bot())})), "群里请 @yinju_test_bot")
	says(t, only(t, r.say(telegramtest.Incoming{Chat: forum, From: xu, Otherwise: comes(r.server.Bot())})), "这个群还不能使用本机器人", "-1002")
	if got := r.say(telegramtest.Incoming{Chat: club, From: xu, Otherwise: comes(ann)}); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	r.clean()
}

func TestTalkOfAGroupIsNotKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.start()
	r.say(telegramtest.Incoming{Chat: club, From: xu, Text: "我们私下说说"})
	only(t, r.say(telegramtest.Incoming{Chat: club, From: xu, Text: "@yinju_test_bot " + asksBridge}))
	var updates, kept int
	err := r.store.Pool().QueryRow(t.Context(), `select count(*), count(*) filter (where body <> '' or outbox is not null) from telegram_updates`).Scan(&updates, &kept)
	if err != nil || updates != 2 || kept > 0 {
		t.Errorf("of %d updates %d are kept, %v", updates, kept, err)
	}
	r.clean()
}

// What is taken in before Telegram has said the bot's name waits for that: else nobody would seem to speak to it.
func TestAMentionIsSeenThoughTheNameComesLate(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.server.Receive(telegramtest.Incoming{Chat: club, From: xu, Text: "@yinju_test_bot " + asksBridge})
	stop := r.run(r.make(r.options()))
	r.settled()
	says(t, only(t, r.server.Sent(club)), saysBridge)
	stop()
	b := r.make(r.options())
	r.server.Fail("getMe", telegramtest.Fault{Status: 500}, telegramtest.Fault{Status: 502}, telegramtest.Fault{Status: 500})
	if _, err := b.inbox.put(t.Context(), []json.RawMessage{[]byte(`{"update_id":5000,"message":{"message_id":77,"date":1,"from":{"id":42,"language_code":"zh"},"chat":{"id":-1001,"type":"supergroup"},` +
		`"text":"@yinju_test_bot 龙窑用多少松柴？","entities":[{"type":"mention","offset":0,"length":15}]}}`)}); err != nil {
		t.Fatal(err)
	}
	r.run(b)
	r.settled()
	if sent := r.server.Sent(club); len(sent) != 2 {
		t.Errorf("%+v", sent)
	}
}
