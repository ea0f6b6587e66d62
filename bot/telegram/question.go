package telegram

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"yinju/bot"
	"yinju/rag"
)

var errTooFast = errors.New(tooFast)

// onQuestion answers a question, out of the conversation that it goes on from: the one of the answer that it is a reply to,
// else the last one of the topic.
func (b *Bot) onQuestion(ctx context.Context, t talk) (*outbox, error) {
	parent, err := b.parent(ctx, t)
	if err != nil {
		return nil, err
	}
	return b.ask(ctx, t, parent)
}

func (b *Bot) parent(ctx context.Context, t talk) (string, error) {
	if len(t.again) > 0 {
		return t.again[0].Parent, nil
	}
	if to := t.m.replied(); to != nil {
		r, err := b.inbox.refOf(ctx, t.m.Chat.ID, int64(to.ID))
		if err != nil {
			return "", err
		}
		if r != nil && r.Conversation != "" {
			return b.marked(ctx, t, r.Conversation)
		}
	}
	return b.inbox.head(ctx, t.m.Chat.ID, t.m.topic())
}

// marked is the conversation that a reply goes on from: where the person has marked words of a quote, one that is about that.
func (b *Bot) marked(ctx context.Context, t talk, conversation string) (string, error) {
	words := strings.Join(strings.Fields(t.m.Quote.Text), "")
	if words == "" {
		return conversation, nil
	}
	turns, err := b.o.Store.History(ctx, conversation)
	if err != nil || len(turns) == 0 {
		return conversation, err
	}
	for _, c := range turns[len(turns)-1].Cited {
		if strings.Contains(strings.Join(strings.Fields(c.Text), ""), words) {
			r, err := b.about(ctx, t, conversation, "", []rag.CitedQuote{c})
			return r.conversation(), err
		}
	}
	return conversation, nil
}

// about is what a message refers to that shows an article or some quotes: a conversation that goes on from another one, ""
// for none, and in which these were given last, for its last question or, where it has none, for one.
func (b *Bot) about(ctx context.Context, t talk, from, question string, given []rag.CitedQuote) (*ref, error) {
	conversation := b.conversation(t) + "/about"
	turn := rag.Turn{Question: question, Resolved: question, Status: rag.Answered, Cited: given}
	if from != "" {
		turns, err := b.o.Store.History(ctx, from)
		if err != nil {
			return nil, err
		}
		if n := len(turns); n > 0 {
			turn.Question, turn.Resolved = turns[n-1].Question, turns[n-1].Resolved
		}
	}
	if err := b.o.Store.Branch(ctx, from, conversation); err != nil {
		return nil, err
	}
	if err := b.o.Store.AddTurn(ctx, conversation, turn); err != nil {
		return nil, err
	}
	return &ref{Question: int64(t.m.ID), Conversation: conversation, Parent: from}, nil
}

// cited is a part of an article as a quote that was given.
func cited(a *rag.Article, s rag.Span) rag.CitedQuote {
	return rag.CitedQuote{Article: a.ID, Title: a.Title, Authors: a.Authors, Text: strings.TrimSpace(string([]rune(a.Text)[s.Start:s.End])), Span: s}
}

// conversation is the one that the answer to an update ends.
func (b *Bot) conversation(t talk) string {
	return fmt.Sprintf("telegram/%d/%d/%d/%d", b.id, t.m.Chat.ID, t.m.topic(), t.it.ID)
}

func (r *ref) conversation() string {
	if r == nil {
		return ""
	}
	return r.Conversation
}

// ask answers the text of a talk. Each question begins a conversation of its own, as a copy of the one it goes on from: it may
// be asked anew after a crash or an edit, and one may go on from every answer.
func (b *Bot) ask(ctx context.Context, t talk, parent string) (*outbox, error) {
	conversation := b.conversation(t)
	if why, err := b.unasked(ctx, t, parent); err != nil || why != "" {
		out := t.answer(why) // an edit of the question is answered in its place
		out.Ref = &ref{Question: int64(t.m.ID), Conversation: conversation, Parent: parent}
		return out, errors.Join(err, b.o.Store.Branch(ctx, parent, conversation))
	}
	if err := b.limit(ctx, t); err != nil {
		return nil, err
	}
	out := t.with()
	out.Reserved, out.Hold = true, looking(t.lang)
	if err := b.o.Store.Branch(ctx, parent, conversation); err != nil {
		return nil, err
	}
	live := &live{b: b, t: t, out: out, every: b.times.edit}
	stop := b.showTyping(ctx, t)
	defer stop()
	if err := live.hold(ctx); err != nil {
		return nil, err
	}
	answer, err := b.o.Asker.Stream(ctx, rag.Query{Question: t.text, Conversation: conversation}, func(e rag.Event) error {
		return live.piece(ctx, e)
	})
	if err != nil && !errors.Is(err, rag.ErrNotLogged) {
		return b.unanswered(t, out, err)
	}
	if w := answer.Written; w != nil && w.Error != "" {
		b.o.Log.Warn("the language model", "model", w.Model, "why", w.Why, "error", w.Error)
	}
	b.write(out, t, answer)
	id, _ := rag.ParseID(answer.ID)
	out.Ref = &ref{Question: int64(t.m.ID), Answer: id, Conversation: conversation, Parent: parent}
	out.Leads = true
	return out, nil
}

// unasked says why a question is not asked at all, "" where it is.
func (b *Bot) unasked(ctx context.Context, t talk, parent string) (string, error) {
	if err := rag.CheckQuestion(t.text); err != nil {
		return sentence(bot.Explain(err, t.lang)), nil
	}
	if !rag.LeansOn(t.text) {
		return "", nil
	}
	if parent != "" {
		turns, err := b.o.Store.History(ctx, parent)
		if err != nil || len(turns) > 0 {
			return "", err
		}
	}
	return t.lang.Say("这个问题要接着前面的话才明白，而前面没有话，或已忘掉、已过一天：请把问题说完整。",
		"This goes on from something that was not said here, is forgotten, or a day old: please ask the whole question."), nil
}

// sentence begins a text with a capital.
func sentence(text string) string {
	first, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[n:]
}

// limit counts the question. Beyond the limits it returns a *toldError around errTooFast, by which the person is told so once a minute.
func (b *Bot) limit(ctx context.Context, t talk) error {
	if t.it.isCounted {
		return nil
	}
	perUser, overall := cmp.Or(b.o.PerUser, math.MaxInt32), cmp.Or(b.o.Overall, math.MaxInt32)
	if b.isAdmin(t.from.ID) { // who is counted only
		perUser, overall = math.MaxInt32, math.MaxInt32
	}
	wait, wasTold, err := b.inbox.allow(ctx, t.it, perUser, overall)
	if err != nil || wait == 0 {
		return err
	}
	told := &toldError{cause: errTooFast}
	if !wasTold {
		told.out = t.answer(sayf(t.lang, "现在问得有点密，请等 %d 秒再问；其间的问题就不回答了。", "That is a little much at once: please ask again in %d seconds. What is asked until then is not answered.", int(math.Ceil(wait.Seconds()))))
	}
	return told
}

// actsPerQuestion is how much more than questions a person may set off: commands, buttons, inline queries.
const actsPerQuestion = 5

var errTooMuch = errors.New(tooMuch)

// act counts what a person sets off. Beyond the limit it returns errTooMuch, and whether the person is to be told.
func (b *Bot) act(ctx context.Context, it *item, person int64) (isToTell bool, err error) {
	if b.o.PerUser == 0 || b.isAdmin(person) {
		return false, nil
	}
	may, wasTold, err := b.inbox.act(ctx, it, b.o.PerUser*actsPerQuestion)
	if err == nil && !may {
		return !wasTold, &toldError{cause: errTooMuch}
	}
	return false, err
}

func sayTooMuch(lang bot.Lang) string {
	return lang.Say("一下子太多了，请等一分钟。", "That is a little much at once: please wait a minute.")
}

// unanswered is what a person is told whose question cannot be answered by anybody; other failures may pass.
func (b *Bot) unanswered(t talk, out *outbox, err error) (*outbox, error) {
	_, isOther := errors.AsType[*rag.OtherEmbedderError](err)
	switch {
	case errors.Is(err, rag.ErrEmptyCorpus):
		out.Texts = []text{bare(nothingYet(t.lang))}
	case isOther, errors.Is(err, rag.ErrNoQuestion):
		out.Texts = []text{bare(bot.Explain(err, t.lang))}
	default:
		return nil, err
	}
	return out, nil
}

// write puts an answer into messages, with the buttons that go on from it.
func (b *Bot) write(out *outbox, t talk, answer rag.Answer) {
	messages := b.format(t).Answer(answer)
	for i, m := range messages {
		var rows [][]button
		if answer.ID != "" {
			rows = sourceButtons(t.lang, m.Cited)
			if i == len(messages)-1 {
				rows = append(rows, answerButtons(t.lang, answer)...)
			}
		}
		out.Texts = append(out.Texts, m.with(rows))
	}
}

func (b *Bot) format(t talk) Format {
	return Format{Lang: t.lang, BaseURL: b.o.BaseURL, Open: t.Open}
}

const buttonsInRow = 4

// sourceButtons open the passages of citations.
func sourceButtons(lang bot.Lang, cited []int) [][]button {
	var all []button
	for _, n := range cited {
		all = append(all, key(lang, sayf(lang, "出处 %d", "Source %d", n), "s:"+strconv.Itoa(n)))
	}
	return rowsOf(all)
}

func answerButtons(lang bot.Lang, answer rag.Answer) (rows [][]button) {
	if len(answer.Citations) > 0 {
		rows = append(rows, []button{key(lang, lang.Say("全文", "Full text"), "t"), key(lang, lang.Say("换一组", "Other quotes"), "m")})
	}
	return append(rows, []button{key(lang, "👍", "+"), key(lang, "👎", "-")})
}

// looking stands in a message that will hold what is found.
func looking(lang bot.Lang) text {
	return bare(lang.Say("🔎 正在语料中查找…", "🔎 Looking in the corpus…"))
}

func bare(plain string) text { return text{HTML: escaping.Replace(plain), Plain: plain} }

// sayf is a text in the person's language with values in it.
func sayf(lang bot.Lang, zh, en string, values ...any) string {
	return fmt.Sprintf(lang.Say(zh, en), values...)
}

// showTyping shows that the bot is at work, until it is called off. It is a courtesy: what fails is not tried again.
func (b *Bot) showTyping(ctx context.Context, t talk) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group errgroup.Group
	group.Go(func() error {
		for {
			err := b.callIn(ctx, t.m.Chat.ID, "sendChatAction", params("chat_id", t.m.Chat.ID, "message_thread_id", t.m.topic(), "action", "typing"), nil)
			if err != nil && ctx.Err() == nil {
				b.o.Log.Debug("Telegram", "error", err)
			}
			if !sleep(ctx, b.times.typing) {
				return nil
			}
		}
	})
	return func() { cancel(); _ = group.Wait() }
}

// live shows an answer while it is written, in the message that will hold it.
type live struct {
	b     *Bot
	t     talk
	out   *outbox
	every time.Duration

	text  strings.Builder
	shown time.Time
}

// hold sends the message that will hold the answer.
func (l *live) hold(ctx context.Context) error {
	if len(l.t.it.sent) > 0 {
		return nil
	}
	if err := l.b.sendAs(ctx, l.t.it, l.out, 0, l.out.Hold); err != nil {
		return err
	}
	l.shown = time.Now()
	return nil
}

// piece shows what has been written, at most every so often, and as far as one message holds it. A state that is not shown is
// no loss.
func (l *live) piece(ctx context.Context, e rag.Event) error {
	if !e.Written || e.Text == "" {
		return nil
	}
	l.text.WriteString(e.Text)
	if time.Since(l.shown) < l.every || !l.b.pace.isFree(l.out.Chat) {
		return nil
	}
	l.shown = time.Now()
	messages := l.b.format(l.t).messages(nil, l.text.String()+" …", nil)
	if len(messages) == 0 {
		return nil
	}
	state := messages[len(messages)-1]
	p := text{HTML: state.HTML}.params(l.out.Chat)
	p["message_id"] = strconv.FormatInt(l.t.it.sent[0], 10)
	if err := l.b.callIn(ctx, l.out.Chat, "editMessageText", p, nil); err != nil {
		l.b.o.Log.Debug("Telegram", "error", err)
	}
	return ctx.Err()
}
