package telegram

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"yinju/bot"
	"yinju/rag"
)

// press is a button that was pressed, as what its data says.
type press struct {
	talk      // of the message that has the button, and the person who pressed it
	ref  *ref // what stands in it; nil: it is not known any more
	kind string
	args []string
}

// onButton does what a pressed button says. The data comes from the person's program and may be anything: it is only ever a
// number of something that whoever may ask may see, or of what the store has of the message.
func (b *Bot) onButton(ctx context.Context, it *item, q *callbackQuery) (*outbox, error) {
	m := q.Message
	if m == nil {
		return nil, b.toast(ctx, q, "")
	}
	held, err := b.inbox.settings(ctx, m.Chat.ID)
	if err != nil {
		return nil, err
	}
	data, isEnglish := strings.CutSuffix(q.Data, inEnglish)
	lang := bot.Chinese
	if isEnglish {
		lang = bot.English
	}
	lang = cmp.Or(bot.Lang(held.Lang), lang)
	if may, err := b.mayAsk(ctx, q.From.ID, m.Chat.ID); err != nil || !may {
		return nil, b.turnAwayButton(ctx, q, lang, err)
	}
	if isToTell, err := b.act(ctx, it, q.From.ID); err != nil {
		if isToTell {
			_ = b.toast(ctx, q, sayTooMuch(lang)) // it is no loss
		}
		return nil, err
	}
	fields := strings.Split(data, ":")
	p := press{talk: talk{it: it, m: m, lang: lang, settings: held, from: q.From}, kind: fields[0], args: fields[1:]}
	if p.ref, err = b.inbox.refOf(ctx, m.Chat.ID, int64(m.ID)); err != nil {
		return nil, err
	}
	if p.kind == "m" && p.ref != nil { // it takes longer than Telegram waits for a word
		why, err := b.noMore(ctx, p)
		if err != nil || why != "" {
			return nil, errors.Join(err, b.toast(ctx, q, why))
		}
		_ = b.toast(ctx, q, "") // the answer comes in any case
		return b.more(ctx, p)
	}
	out, toast, err := b.onPress(ctx, p)
	if err != nil {
		return nil, err
	}
	if it.isToasted {
		return out, nil
	}
	if err := b.toast(ctx, q, toast); err != nil && out == nil { // what is done is not done again
		return nil, err
	}
	return out, nil
}

// turnAwayButton tells a person who may not ask, once an hour.
func (b *Bot) turnAwayButton(ctx context.Context, q *callbackQuery, lang bot.Lang, err error) error {
	if err != nil {
		return err
	}
	if isNew, err := b.inbox.refuse(ctx, q.From.ID); err != nil || !isNew {
		return err
	}
	return b.toast(ctx, q, lang.Say("您还不能使用本机器人。", "You may not use the bot yet."))
}

// noMore says why a conversation cannot be gone on from, "" where it can.
func (b *Bot) noMore(ctx context.Context, p press) (string, error) {
	turns, err := b.o.Store.History(ctx, p.ref.Conversation)
	var none *rag.ConversationError
	if err == nil && len(turns) == 0 || errors.As(err, &none) {
		return p.lang.Say("这段对话已忘掉，或已过了一天：请重新提问。", "This conversation is forgotten, or a day old: please ask again."), nil
	}
	return "", err
}

// number is the n-th argument of a button as a number, -1 where it is none.
func (p press) number(n int) int64 {
	if n >= len(p.args) {
		return -1
	}
	id, err := rag.ParseID(p.args[n])
	if err != nil {
		return -1
	}
	return id
}

// page is the n-th argument as a number of a page.
func (p press) page(n int) int {
	if n >= len(p.args) {
		return 0
	}
	page, err := strconv.Atoi(p.args[n])
	if err != nil || page < 0 || page > 1_000_000 {
		return 0
	}
	return page
}

// onPress gives what is sent, and what the person is told in passing.
func (b *Bot) onPress(ctx context.Context, p press) (out *outbox, toast string, err error) {
	switch p.kind {
	case "a", "p":
		out, err = b.openPage(ctx, p)
	case "set":
		return b.onSet(ctx, p)
	case "f":
		return b.onFileButton(ctx, p)
	case "n":
		return nil, "", nil
	default:
		if p.ref == nil {
			return nil, p.lang.Say("这条消息太久了，请重新提问。", "This message is too old: please ask again."), nil
		}
		return b.onAnswer(ctx, p)
	}
	if why := missing(err, p.lang); why != "" {
		return nil, why, nil
	}
	return out, "", err
}

// missing says what is not there any more, "" for other errors.
func missing(err error, lang bot.Lang) string {
	switch {
	case errors.Is(err, rag.ErrGone):
		return lang.Say("原文件已改或已移除，语料中不再有这段话。", "The source has changed or is gone: the corpus no longer has these words.")
	case errors.Is(err, rag.ErrNoCitation):
		return lang.Say("这条回答没有这一条引文。", "The answer has no such quote.")
	case errors.Is(err, rag.ErrNoAnswer):
		return lang.Say("这条回答已不在记录中。", "The answer is no longer on record.")
	case errors.Is(err, rag.ErrNoArticle):
		return lang.Say("这篇文章已不在语料中。", "The article is no longer in the corpus.")
	}
	return ""
}

// onAnswer does what a button under an answer, or a list, says.
func (b *Bot) onAnswer(ctx context.Context, p press) (out *outbox, toast string, err error) {
	switch p.kind {
	case "l":
		if p.ref.Conversation != "" {
			return nil, "", nil // no list has it
		}
		list, err := b.list(ctx, p.talk, p.ref.Words, p.page(0))
		if err != nil {
			return nil, "", err
		}
		out := p.inPlace(list)
		out.Ref = p.ref
		return out, "", nil
	case "s":
		out, err = b.source(ctx, p)
	case "t":
		out, err = b.fullText(ctx, p)
	case "+", "-":
		err = b.o.Store.GiveFeedback(ctx, rag.Feedback{Answer: p.ref.Answer, By: "telegram:" + strconv.FormatInt(p.from.ID, 10), Good: p.kind == "+"})
		toast = p.lang.Say("已记下，谢谢。", "Noted, thank you.")
	}
	if why := missing(err, p.lang); why != "" {
		return nil, why, nil
	}
	return out, toast, err
}

// inPlace changes the message that has the button. An answer stays as it is, whatever a program says that it has.
func (p press) inPlace(t text) *outbox {
	if p.ref != nil && p.ref.Answer != 0 {
		return p.with(t)
	}
	p.it.sent = []int64{int64(p.m.ID)}
	return &outbox{Chat: p.m.Chat.ID, Topic: p.m.topic(), Texts: []text{t}, Reserved: true, Hold: t}
}

// toast tells a person something for a moment. Telegram takes it for some seconds only, and it is no loss.
func (b *Bot) toast(ctx context.Context, q *callbackQuery, what string) error {
	err := b.client.call(ctx, "answerCallbackQuery", params("callback_query_id", q.ID, "text", what), nil)
	if e, ok := errors.AsType[*callError](err); ok && !e.isPassing() {
		b.o.Log.Debug("Telegram", "error", err)
		return nil
	}
	return err
}

// openPage opens an article, or turns its pages.
func (b *Bot) openPage(ctx context.Context, p press) (*outbox, error) {
	if p.kind == "a" {
		return b.openArticle(ctx, p.talk, p.ref.conversation(), p.number(0), p.page(1))
	}
	a, err := b.o.Store.Article(ctx, p.number(0))
	if err != nil {
		return nil, err
	}
	out := p.inPlace(b.articlePage(p.talk, a, b.pages(p.talk, a), p.page(1)))
	if out.Reserved {
		out.Ref = p.ref // it is still about the article
	}
	return out, nil
}

// source shows a quote within the passages around it.
func (b *Bot) source(ctx context.Context, p press) (*outbox, error) {
	n := int(p.number(0))
	s, err := b.o.Store.Around(ctx, p.ref.Answer, n)
	if err != nil {
		return nil, err
	}
	runes := []rune(s.Article.Text)
	cutAt := func(from, to int) string { return clean(string(runes[from:to])) }
	parts := append([]part{tagged("b", mark(n)+" ")}, b.heading(p.talk, s.Article, s.Location)...)
	if s.Moved {
		parts = append(parts, plain("\n"), tagged("i", p.lang.Say("原文件在回答之后改过，这里是现在的样子。", "The source has changed since the answer; this is how it stands now.")))
	}
	parts = append(parts, plain("\n\n"+cutAt(s.Whole.Start, s.Quote.Start)), tagged("u", cutAt(s.Quote.Start, s.Quote.End)), plain(cutAt(s.Quote.End, s.Whole.End)))
	var c composer
	c.add(parts)
	c.flush()
	out := p.with()
	for _, m := range c.messages {
		out.Texts = append(out.Texts, m.with(nil))
	}
	last := &out.Texts[len(out.Texts)-1]
	last.Keyboard = [][]button{{key(p.lang, p.lang.Say("全文", "Full text"), articleData("a", s.Article.ID, s.Quote.Start))}}
	out.Ref, err = b.about(ctx, p.talk, p.ref.Conversation, s.Article.DisplayTitle(), []rag.CitedQuote{cited(s.Article, s.Quote)})
	return out, err
}

// fullText opens the article that an answer cites, at the first quote of it; of several it asks which.
func (b *Bot) fullText(ctx context.Context, p press) (*outbox, error) {
	logged, err := b.o.Store.LoggedAnswer(ctx, p.ref.Answer)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Citations []struct {
			Article  rag.ArticleRef `json:"article"`
			Location rag.Location   `json:"location"`
		} `json:"citations"`
	}
	if err := json.Unmarshal(logged.Answer, &answer); err != nil {
		return nil, fmt.Errorf("read the answer on record: %w", err)
	}
	var ids []int64
	var rows [][]button
	for _, c := range answer.Citations {
		id, err := rag.ParseID(c.Article.ID)
		if err == nil && !slices.Contains(ids, id) {
			ids = append(ids, id)
			rows = append(rows, []button{key(p.lang, short(c.Article.DisplayTitle, 40), articleData("a", id, c.Location.StartChar))})
		}
	}
	switch len(ids) {
	case 0:
		return nil, rag.ErrNoCitation
	case 1:
		return b.openArticle(ctx, p.talk, p.ref.Conversation, ids[0], answer.Citations[0].Location.StartChar)
	}
	choice := bare(p.lang.Say("看哪一篇的全文？", "Which article?"))
	choice.Keyboard = rows
	out := p.with(choice)
	out.Ref = &ref{Question: int64(p.m.ID), Conversation: p.ref.Conversation, Parent: p.ref.Parent}
	return out, nil
}

// more asks for what else the corpus has to say.
func (b *Bot) more(ctx context.Context, p press) (*outbox, error) {
	p.text = p.lang.Say("还有呢", "anything else")
	return b.ask(ctx, p.talk, p.ref.Conversation)
}

// onSettings shows what can be set for a chat.
func (b *Bot) onSettings(_ context.Context, t talk) (*outbox, error) {
	return t.with(settingsText(t)), nil
}

func settingsText(t talk) text {
	choice := func(is bool, label, data string) button {
		if is {
			label = "✓ " + label
		}
		return key(t.lang, label, data)
	}
	out := bare(t.lang.Say("本聊天的设置：", "Settings of this chat:"))
	out.Keyboard = [][]button{
		{
			choice(t.Lang == string(bot.Chinese), "中文", "set:zh"), choice(t.Lang == string(bot.English), "English", "set:en"),
			choice(t.Lang == "", t.lang.Say("跟随提问", "as asked"), "set:auto"),
		},
		{
			choice(!t.Open, t.lang.Say("引文折叠", "quotes folded"), "set:fold"), choice(t.Open, t.lang.Say("引文展开", "quotes open"), "set:open"),
		},
	}
	return out
}

// onSet sets one thing. In a group that is for its administrators, and the program's.
func (b *Bot) onSet(ctx context.Context, p press) (*outbox, string, error) {
	if is, err := b.mayGovern(ctx, p); err != nil || !is {
		return nil, p.lang.Say("群里的设置由群管理员改。", "In a group, its administrators change the settings."), err
	}
	s := p.settings
	switch strings.Join(p.args, ":") {
	case "zh", "en":
		s.Lang = p.args[0]
		p.lang = bot.Lang(s.Lang)
	case "auto":
		s.Lang = ""
	case "fold":
		s.Open = false
	case "open":
		s.Open = true
	}
	if err := b.inbox.set(ctx, p.m.Chat.ID, s); err != nil {
		return nil, "", err
	}
	p.settings = s
	return p.inPlace(settingsText(p.talk)), p.lang.Say("已设置。", "Done."), nil
}

func (b *Bot) mayGovern(ctx context.Context, p press) (bool, error) {
	if p.m.Chat.Type == private || b.isAdmin(p.from.ID) {
		return true, nil
	}
	var member struct {
		Status string `json:"status"`
	}
	err := b.client.call(ctx, "getChatMember", tgbotapi.Params{"chat_id": strconv.FormatInt(p.m.Chat.ID, 10), "user_id": strconv.FormatInt(p.from.ID, 10)}, &member)
	if e, ok := errors.AsType[*callError](err); ok && !e.isPassing() {
		return false, nil
	}
	return member.Status == "creator" || member.Status == "administrator", err
}
