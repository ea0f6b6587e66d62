package telegram

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"yinju/bot/telegram/telegramtest"
	"yinju/rag"
)

func TestAnAnswerIsShownWhileItIsWritten(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	o := r.options()
	o.Asker = writing(o.Asker, "第一句。", "第二句 [1]。", "<第三句> & 完。")
	b := r.make(o)
	b.times.edit = 0
	r.run(b)
	final := only(t, r.ask(xu, asksBridge))
	var states []string
	for _, c := range r.server.Calls("sendMessage", "editMessageText") {
		states = append(states, c.Text.Text)
		if c.Code != 200 {
			t.Errorf("%d %s", c.Code, c.Description)
		}
	}
	if len(states) != 5 || states[0] != "🔎 正在语料中查找…" || states[1] != "第一句。 …" || states[2] != "第一句。第二句 [1]。 …" || states[3] != "第一句。第二句 [1]。<第三句> & 完。 …" {
		t.Errorf("%q", states)
	}
	says(t, final, "第一句。第二句 [1]。<第三句> & 完。\n\n[1]\n"+saysBridge)
	if got := labels(final); got != "出处 1|全文 换一组|👍 👎" {
		t.Error(got)
	}
	if len(r.server.Actions(xu.ID)) == 0 {
		t.Error("it was not shown that the bot works")
	}
	r.clean()
}

// States come at least so far apart; what is held back shows with the next, and the last shows all.
func TestStatesOfAnAnswerAreHeldApart(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	o := r.options()
	o.Asker = writing(o.Asker, "第一句。", "第二句。", "第三句。")
	b := r.make(o)
	b.times.edit = time.Hour
	r.run(b)
	says(t, only(t, r.ask(xu, asksBridge)), "第一句。第二句。第三句。")
	if edits := r.server.Calls("editMessageText"); len(edits) != 1 {
		t.Errorf("%d edits", len(edits))
	}
	r.clean()
	if usual.edit < 1200*time.Millisecond {
		t.Errorf("%s", usual.edit)
	}
}

func TestAStateIsShownWhenItsTimeHasCome(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.server.AddUser(xu)
	b := r.make(r.options())
	tt := talk{it: &item{}, m: &message{Chat: chat{ID: xu.ID, Type: private}}}
	id, err := b.send(t.Context(), tt.with(), bare("…"))
	if err != nil {
		t.Fatal(err)
	}
	tt.it.sent = []int64{id}
	l := &live{b: b, t: tt, out: tt.with(), every: time.Hour, shown: time.Now()}
	seen := func() string { return r.server.Sent(xu.ID)[0].Text }
	write := func(e rag.Event) {
		t.Helper()
		if err := l.piece(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	write(rag.Event{Text: "一。", Written: true})
	if seen() != "…" {
		t.Errorf("%q", seen())
	}
	l.shown = l.shown.Add(-time.Hour)
	write(rag.Event{Stage: rag.StageWrite})
	write(rag.Event{Text: "不是写下的。"})
	if seen() != "…" {
		t.Errorf("%q", seen())
	}
	write(rag.Event{Text: "二。", Written: true})
	if seen() != "一。二。 …" {
		t.Errorf("%q", seen())
	}
	// A text that is longer than a message shows its end.
	l.shown = l.shown.Add(-time.Hour)
	write(rag.Event{Text: strings.Repeat("很长的句子。", 1000) + "末句。", Written: true})
	if !strings.HasSuffix(seen(), "末句。 …") {
		t.Errorf("%q", seen())
	}
	// One that Telegram does not take is no loss, and what it asks for is kept to.
	before := seen()
	l.shown = l.shown.Add(-time.Hour)
	r.server.Fail("editMessageText", telegramtest.Fault{Status: 429, RetryAfter: 600})
	write(rag.Event{Text: "三。", Written: true})
	l.shown = l.shown.Add(-time.Hour)
	write(rag.Event{Text: "四。", Written: true})
	if seen() != before {
		t.Errorf("%q", seen())
	}
	b.client.close()
}

// A person who goes on reading is not kept waiting for a model that has gone wrong.
func TestAnAnswerThatFailsIsExcusedInItsPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	o := r.options()
	tries := 0
	o.Asker = asker(func(context.Context, rag.Query, func(rag.Event) error) (rag.Answer, error) {
		tries++
		return rag.Answer{}, io.ErrUnexpectedEOF
	})
	r.run(r.make(o))
	if got := only(t, r.ask(xu, asksBridge)).Shown().Text; got != "出了问题，没能回答。请稍后再问。" {
		t.Errorf("%q", got)
	}
	if tries < 2 {
		t.Errorf("%d tries", tries)
	}
	r.clean()
}
