package telegram

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"yinju/bot/telegram/telegramtest"
)

// Whoever may not ask is told once, and costs nothing after that, however they go on.
func TestStrangersAreTurnedAwayOnce(t *testing.T) {
	t.Parallel()
	const group = -51
	r := newRig(t, telegramtest.Options{})
	r.server.AddGroup(telegramtest.Chat{ID: group, Type: "group", Title: "群"})
	r.start(func(o *Options) { o.Public, o.Allowed = false, []int64{xu.ID} })
	for range 5 {
		r.server.Receive(telegramtest.Incoming{From: ann, Text: "/help"})
		r.server.Receive(telegramtest.Incoming{From: ann, Text: whoBuilt})
		r.server.Receive(telegramtest.Incoming{From: ann, Chat: group, Text: "@" + telegramtest.Username + " " + whoBuilt})
	}
	r.settled()
	for _, chat := range []int64{ann.ID, group} {
		says(t, only(t, r.server.Sent(chat)), "TELEGRAM_ALLOWED_IDS")
	}
	says(t, only(t, r.ask(xu, whoBuilt)), designer)
	toasts := 0
	for i := range 6 {
		who := person(int64(100 + i/3))
		id := r.server.Forge(who, r.server.Sent(ann.ID)[0], "s:1")
		query := r.server.Inquire(who, fmt.Sprint(whoBuilt, i), "")
		r.settled()
		for _, q := range []string{id, query} {
			if r.server.Answered(q) != nil {
				toasts++
			}
		}
	}
	if toasts != 2 { // one for each of two
		t.Errorf("%d are told in passing", toasts)
	}
	r.sql(`update telegram_chats set refused = now() - interval '61 minutes'`)
	says(t, only(t, r.ask(ann, whoBuilt)), "TELEGRAM_ALLOWED_IDS")
	r.clean()
}

// takeAll takes and ends what waits, and gives the order of the people.
func (r *rig) takeAll(i *inbox) (people []int64) {
	r.Helper()
	for {
		it, err := i.take(r.Context(), true)
		if err != nil {
			r.Fatal(err)
		}
		if it == nil {
			return people
		}
		people = append(people, it.person())
		if err := i.done(r.Context(), it, ""); err != nil {
			r.Fatal(err)
		}
	}
}

// Nobody waits behind all that another one has sent, in one chat or in many.
func TestNobodyWaitsBehindAllThatAnotherHasSent(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	i := r.make(r.options()).inbox
	write := func(id int, from, chat int64) string {
		return fmt.Sprintf(`{"update_id":%d,"message":{"message_id":%d,"chat":{"id":%d,"type":"private"},"from":{"id":%d},"text":"桥"}}`, id, id, chat, from)
	}
	for name, many := range map[string]int64{"one chat": 0, "many chats": 1} {
		r.sql(`truncate telegram_updates`)
		var bodies []string
		for n := range 40 {
			bodies = append(bodies, write(n+1, 5, -100-many*int64(n)))
		}
		bodies = append(bodies, write(41, 6, 6), write(42, 7, 7), write(43, 7, 7))
		if _, err := i.put(t.Context(), rawUpdates(bodies...)); err != nil {
			t.Fatal(err)
		}
		people := r.takeAll(i)
		if len(people) != 43 || fmt.Sprint(people[:5]) != "[5 6 7 5 7]" && fmt.Sprint(people[:5]) != "[5 6 7 7 5]" {
			t.Errorf("%s: %v", name, people)
		}
	}
}

// A worker is not kept by a pace that it would have to wait for; what is put off so does not count as a failure.
func TestAWorkerDoesNotWaitForThePace(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := newPace(limits{overall: 1e6, chat: 1, group: 1, burst: 1})
	p.now = func() time.Time { return now }
	if err := p.wait(t.Context(), 42); err != nil {
		t.Fatal(err)
	}
	later, ok := errors.AsType[*laterError](p.wait(t.Context(), 42))
	if !ok || later.after < longestPace || later.after > time.Second {
		t.Errorf("%+v", later)
	}
	now = now.Add(time.Second)
	if err := p.wait(t.Context(), 42); err != nil { // it has given its turn back
		t.Error(err)
	}
	r := newRig(t, telegramtest.Options{})
	b := r.make(r.options())
	b.pace = newPace(limits{overall: 1e6, chat: 4, group: 4, burst: 1})
	r.run(b)
	r.isAnswered(r.receive(xu, whoBuilt), designer)
	var putOff int
	if err := r.store.Pool().QueryRow(t.Context(), `select max(put_off) from telegram_updates`).Scan(&putOff); err != nil || putOff > 0 {
		t.Errorf("it counts as %d failures, %v", putOff, err)
	}
}

// All that a person sets off has a limit, of which they are told once; what goes beyond the limit of questions is told, too.
func TestEverythingAPersonSetsOffIsLimited(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start(func(o *Options) { o.PerUser, o.Admins = 1, []int64{7} })
	for _, from := range []telegramtest.User{xu, admin} {
		for range 12 {
			r.server.Receive(telegramtest.Incoming{From: from, Text: "/help"})
		}
	}
	r.settled()
	if sent := r.server.Sent(admin.ID); len(sent) != 12 {
		t.Errorf("an administrator gets %d of 12", len(sent))
	}
	sent := r.server.Sent(xu.ID)
	if len(sent) != actsPerQuestion+1 {
		t.Fatalf("%d messages", len(sent))
	}
	says(t, sent[actsPerQuestion], "一下子太多了")
	told := 0
	for range 3 {
		id := r.server.Forge(xu, sent[0], "n")
		query := r.server.Inquire(xu, whoBuilt, "")
		r.settled()
		if a := r.server.Answered(id); a != nil && strings.Contains(a.Text, "一下子太多了") {
			told++
		}
		if a := r.server.Answered(query); a != nil && len(a.Results) == 0 {
			told++
		}
	}
	if told != 2 {
		t.Errorf("told %d times of buttons and inline queries", told)
	}
	r.sql(`update telegram_updates set acted_at = acted_at - interval '61 seconds', done_at = done_at - interval '61 seconds'`)
	says(t, only(t, r.ask(xu, "/start")), "引据")
}

// Inline queries that lead to a search count towards the questions of all, and not towards those of the person.
func TestInlineQueriesCountAsQuestionsOfAll(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start(func(o *Options) { o.PerUser, o.Overall = 2, 4 })
	answered := 0
	for i := range 6 {
		id := r.server.Inquire(person(int64(100+i%2)), whoBuilt, "")
		r.settled()
		if a := r.server.Answered(id); a != nil && len(a.Results) > 0 {
			answered++
		}
	}
	if answered != 4 {
		t.Errorf("%d of 6 are answered", answered)
	}
	r.sql(`update telegram_updates set asked_at = null where id = 1001`)
	r.isAnswered(r.receive(person(101), whoBuilt), designer)
}

// What takes several messages goes on where it was put off, however slow the pace is, and changes nothing that a button has
// changed since.
func TestWhatIsPutOffGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	o := r.options()
	o.Admins, o.Files = []int64{7}, &shelf{has: map[string]string{}}
	long := strings.Repeat("写下的句子。", 2000)
	o.Asker = writing(o.Asker, long)
	b := r.make(o)
	b.pace = newPace(limits{overall: 1e6, chat: 3, group: 3, burst: 1})
	r.run(b)
	m := r.server.Receive(telegramtest.Incoming{From: admin, Document: &telegramtest.File{Name: "a.txt", Data: []byte("x")}})
	r.eventually("the file is not offered", func() bool {
		sent := r.server.Sent(admin.ID)
		return len(sent) > 0 && strings.Contains(sent[0].Shown().Text, "收入吗？")
	})
	r.server.Press(admin, admin.ID, r.server.Sent(admin.ID)[0].ID, "f:y")
	r.settled()
	sent := r.server.Sent(admin.ID)
	if len(sent) != 2 || sent[1].Document == nil || m.ID >= sent[0].ID {
		t.Fatalf("%+v", sent)
	}
	says(t, sent[0], "已收入 a.txt")
	answer := r.ask(xu, whoBuilt)
	if len(answer) != 3 || labels(answer[2]) == "" {
		t.Errorf("%d messages", len(answer))
	}
}
