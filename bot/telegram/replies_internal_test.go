package telegram

import (
	"strings"
	"testing"

	"yinju/bot/telegram/telegramtest"
)

// A reply is about the message that it is to, whatever was asked last, and whatever else an answer quotes.
func TestAReplyIsAboutWhatItsMessageShows(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	reply := func(to telegramtest.Message, text string) telegramtest.Message {
		t.Helper()
		return only(t, r.say(telegramtest.Incoming{From: xu, Text: text, ReplyTo: to.ID}))
	}
	answer := only(t, r.ask(xu, "桥"))
	says(t, answer, "《石桥》", "《廊桥》")
	n := 1
	if strings.Index(answer.Shown().Text, "《廊桥》") > strings.Index(answer.Shown().Text, "《石桥》") {
		n = 2 // the first is of the other bridge
	}
	sources, _ := r.press(xu, answer, "s:"+string(rune('0'+n)))
	page := only(t, r.ask(xu, "/article "+r.article("廊桥")))
	hits := only(t, r.ask(xu, "/search 松柴"))
	r.ask(xu, asksBridge)
	source := only(t, sources)
	title := "《石桥》"
	if strings.Contains(source.Shown().Text, "廊桥\n") {
		title = "《廊桥》"
	}
	says(t, reply(source, "那篇是谁写的？"), "理解为："+title)
	says(t, reply(page, "那篇是谁写的？"), "理解为：《廊桥》")
	says(t, reply(page, "作者是谁"), "李远")
	says(t, reply(hits, "第一段是谁写的？"), "王鸣")
	r.clean()
}

// A reply that marks words of a quote is about that quote, not about the first.
func TestAReplyIsAboutTheQuoteThatItMarks(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	answer := only(t, r.ask(xu, "桥"))
	text := answer.Shown().Text
	r.ask(xu, "龙窑烧一窑瓷器要用多少松柴？")
	for _, c := range []struct{ words, title string }{{"只有一个大拱", "《石桥》"}, {"在桥上躲雨", "《廊桥》"}} {
		if !strings.Contains(text, c.words) {
			t.Fatalf("%q quotes no %q", text, c.words)
		}
		got := only(t, r.say(telegramtest.Incoming{From: xu, Text: "这句话是谁说的？", ReplyTo: answer.ID, Otherwise: func(m *telegramtest.Message) {
			m.Quote = &telegramtest.TextQuote{Text: c.words}
		}}))
		says(t, got, "理解为："+c.title)
	}
	r.clean()
}

// What goes on from nothing is not reported as the corpus's silence.
func TestAQuestionWithoutItsContextIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	says(t, only(t, r.ask(xu, "那篇是谁写的？")), "请把问题说完整")
	answer := only(t, r.ask(xu, asksBridge))
	r.ask(xu, "/forget")
	says(t, only(t, r.say(telegramtest.Incoming{From: xu, Text: "还有呢", ReplyTo: answer.ID})), "请把问题说完整")
	says(t, only(t, r.say(telegramtest.Incoming{From: xu, Text: asksBridge, ReplyTo: answer.ID})), saysBridge)
	says(t, only(t, r.ask(ann, "who wrote it?")), "please ask the whole question")
	r.clean()
}

func TestSmallTalkIsNotAnsweredWithQuotes(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.start()
	says(t, only(t, r.ask(xu, "谢谢！")), "直接发问题就行")
	says(t, only(t, r.ask(ann, "Thank you!")), "just ask")
	says(t, only(t, r.ask(xu, "👍")), "直接发问题就行")
	answer := only(t, r.say(telegramtest.Incoming{Chat: forum, Thread: 7, From: xu, Text: "@yinju_test_bot " + asksBridge}))
	for _, text := range []string{"收到", "👍", "太好了"} {
		if got := r.say(telegramtest.Incoming{Chat: forum, Thread: 7, From: xu, Text: text, ReplyTo: answer.ID}); len(got) > 0 {
			t.Errorf("%s in a group: %q", text, got[0].Shown().Text)
		}
	}
	r.clean()
}

// The full text opens where the quote stands.
func TestTheFullTextOpensAtTheQuote(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.keep("长.txt", article("长文", "李远", "江畔日报", "2023-05-08", strings.Repeat("河水向东流去。\n", 900)+"末尾的木塔高四十丈。\n"+strings.Repeat("河水向东流去。\n", 900)))
	r.start()
	answer := only(t, r.ask(xu, "木塔高多少丈？"))
	says(t, answer, "末尾的木塔高四十丈。")
	pages, _ := r.tap(xu, answer, "全文")
	says(t, only(t, pages), "末尾的木塔高四十丈。")
	sources, _ := r.tap(xu, answer, "出处 1")
	pages, _ = r.tap(xu, only(t, sources), "全文")
	page := only(t, pages)
	says(t, page, "末尾的木塔高四十丈。")
	if got := labels(page); !strings.HasPrefix(got, "◀") || !strings.HasSuffix(got, "▶") {
		t.Error(got)
	}
	r.clean()
}

func TestAnEnglishQuestionIsAnsweredInEnglish(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	m := only(t, r.ask(xu, "Who designed the Zhaozhou bridge?"))
	if strings.Contains(labels(m), "👍") && !strings.Contains(labels(m), "出处") && !strings.Contains(m.Shown().Text, "原文说") && !strings.Contains(m.Shown().Text, "语料") {
		return
	}
	t.Errorf("%q %s", m.Shown().Text, labels(m))
}
