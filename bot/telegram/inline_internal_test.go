package telegram

import (
	"context"
	"strings"
	"testing"

	"yinju/bot/telegram/telegramtest"
	"yinju/rag"
)

// inquire writes a text behind the bot's name, and gives what is offered.
func (r *rig) inquire(from telegramtest.User, text string) []telegramtest.InlineResult {
	r.Helper()
	id := r.server.Inquire(from, text, "")
	r.settled()
	a := r.server.Answered(id)
	if a == nil {
		r.Fatalf("%q is not answered: %v", text, r.failures())
	}
	if !a.IsPersonal {
		r.Errorf("what one person may see is given to others")
	}
	return a.Results
}

func TestQuotesAreOfferedInAnyChat(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start(func(o *Options) { o.BaseURL = "https://yinju.example" })
	results := r.inquire(xu, "廊桥的屋顶有什么用？")
	if len(results) != 2 {
		t.Fatalf("%+v", results)
	}
	first := results[0]
	if first.Title != "廊桥的桥面上盖着屋顶。" || first.Description != "《廊桥》 李远 · 江畔日报 · 2023-05-07 桥.txt:11" {
		t.Errorf("%+v", first)
	}
	if got := first.Message.Text; got != "廊桥的桥面上盖着屋顶。\n《廊桥》 李远 · 江畔日报 · 2023-05-07 · 桥.txt:11 · 打开原文" {
		t.Errorf("%q", got)
	}
	var answers int
	if err := r.store.Pool().QueryRow(t.Context(), `select count(*) from answers`).Scan(&answers); err != nil || answers > 0 {
		t.Errorf("%d answers are logged, %v", answers, err)
	}
	for _, text := range []string{"", " ", "桥", " 桥 ", "\x00\x00", strings.Repeat("桥", 2500)} {
		if got := r.inquire(xu, text); len(got) > 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
	r.thresholds(.9999, .9998)
	if got := r.inquire(xu, "廊桥的屋顶有什么用？"); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	r.clean()
}

func TestQuotesAreOfferedToWhomMayAsk(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start(func(o *Options) { o.Public, o.Allowed = false, []int64{xu.ID, club} })
	if got := r.inquire(ann, asksBridge); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	if got := r.inquire(xu, asksBridge); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

// While one query is looked for a person writes on: of those that wait only the last is worth it.
func TestOnlyTheNewestQueryIsAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	begun, proceed := make(chan struct{}), make(chan struct{})
	var asked []string
	r.start(func(o *Options) {
		inner := o.Quotes
		o.Quotes = asker(func(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
			if asked = append(asked, q.Question); len(asked) == 1 {
				close(begun)
				<-proceed
			}
			return inner.Stream(ctx, q, tell)
		})
	})
	first := r.server.Inquire(xu, "赵州", "")
	<-begun
	middle := r.server.Inquire(xu, "赵州桥由", "")
	last := r.server.Inquire(xu, asksBridge, "")
	r.until("all are taken in", func() bool { return len(r.server.Pending()) == 0 })
	close(proceed)
	r.settled()
	if r.server.Answered(first) == nil || r.server.Answered(middle) != nil || r.server.Answered(last) == nil {
		t.Errorf("%+v, %+v, %+v", r.server.Answered(first), r.server.Answered(middle), r.server.Answered(last))
	}
	if len(asked) != 2 || asked[1] != asksBridge {
		t.Errorf("%q", asked)
	}
	r.clean()
}

func TestAQuoteThatOneMessageCannotHoldIsNotOffered(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.keep("长.txt", article("长句", "", "", "", "运河"+strings.Repeat("又宽又长", 1200)+"。"), article("短句", "", "", "", "运河很短。"))
	r.start()
	for _, got := range r.inquire(xu, "运河有多长？") {
		if telegramtest.Units(got.Message.Text) > telegramtest.MaxText || got.Message.Text == "" {
			t.Errorf("%d units", telegramtest.Units(got.Message.Text))
		}
	}
	r.clean()
}
