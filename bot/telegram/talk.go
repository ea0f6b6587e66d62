package telegram

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"yinju/bot"
	"yinju/rag"
)

// talk is a message of a person that is being answered.
type talk struct {
	it   *item
	m    *message
	lang bot.Lang
	settings
	text string // without the bot's name and the command
	from user

	again []ref // the messages that answered it before it was edited
}

// answer is a message that answers the person's.
func (t talk) answer(plain string) *outbox { return t.with(bare(plain)) }

func (t talk) with(texts ...text) *outbox {
	return &outbox{Chat: t.m.Chat.ID, Topic: t.m.topic(), ReplyTo: t.m.ID, Texts: texts}
}

// anonymous is who administrators of a group appear as when they do not want to be seen.
const anonymous = 1087968824

// reply finds what an update is answered with; nil for nothing.
func (b *Bot) reply(ctx context.Context, it *item) (*outbox, error) {
	switch {
	case it.Message != nil:
		return b.onMessage(ctx, it, it.Message, nil)
	case it.EditedMessage != nil:
		return b.onEdit(ctx, it, it.EditedMessage)
	case it.CallbackQuery != nil:
		return b.onButton(ctx, it, it.CallbackQuery)
	case it.InlineQuery != nil:
		return nil, b.onInline(ctx, it, it.InlineQuery)
	}
	return nil, nil
}

// onMessage answers a message. again are those that answered it before it was edited.
func (b *Bot) onMessage(ctx context.Context, it *item, m *message, again []ref) (*outbox, error) {
	switch {
	case m.MovedTo != 0:
		return nil, b.inbox.move(ctx, m.Chat.ID, m.MovedTo)
	case m.MovedFrom != 0:
		return nil, b.inbox.move(ctx, m.MovedFrom, m.Chat.ID)
	case m.From == nil, m.From.IsBot && m.From.ID != anonymous, m.ViaBot != nil && m.ViaBot.ID == b.id:
		return nil, nil
	}
	words, isMeant := b.meant(m)
	if !isMeant {
		return nil, nil
	}
	if err := b.whereabouts(ctx, it, m); err != nil {
		return nil, err
	}
	held, err := b.inbox.settings(ctx, m.Chat.ID)
	if err != nil {
		return nil, err
	}
	t := talk{it: it, m: m, settings: held, lang: b.langOf(held, m), text: words, from: *m.From, again: again}
	if may, err := b.mayAsk(ctx, m.From.ID, m.Chat.ID); err != nil || !may {
		return b.turnAway(ctx, t, err)
	}
	if isToTell, err := b.act(ctx, it, m.From.ID); err != nil {
		if isToTell {
			return nil, &toldError{out: t.answer(sayTooMuch(t.lang)), cause: err}
		}
		return nil, err
	}
	if len(it.sent) == 0 { // what answered it before is changed
		for _, r := range again {
			it.sent = append(it.sent, r.Message)
		}
	}
	name, rest := commandOf(m, words)
	t.text = rest
	switch {
	case name != "":
		return b.onCommand(ctx, t, name)
	case m.Document != nil && len(m.Animation) == 0: // which has its file there, too
		return b.onFile(ctx, t)
	case t.text == "" && m.isSet() && m.Chat.Type == private:
		return t.answer(t.lang.Say("我只读文字：请用一句话提问。/help 看用法。", "I read text only: ask in words. /help tells how.")), nil
	case t.text == "" && m.Text == "" && m.Caption == "":
		return nil, nil // what Telegram says of the chat, or a sticker under an answer in a group
	case bot.IsSmallTalk(t.text):
		return smallTalk(t), nil
	case t.text == "":
		return t.answer(t.lang.Say("请把问题写在我的名字后面，或直接回复我。", "Write your question after my name, or reply to me.")), nil
	}
	return b.onQuestion(ctx, t)
}

// smallTalk answers who greets or thanks; in a group it would be in the way.
func smallTalk(t talk) *outbox {
	if t.m.Chat.Type != private {
		return nil
	}
	return t.answer(t.lang.Say("您好。我用语料里的原文回答问题：直接发问题就行，/help 看用法。", "Hello. I answer questions in the words of the corpus: just ask, or see /help."))
}

// whereabouts puts a message of a group that has become a supergroup where it is seen now.
func (b *Bot) whereabouts(ctx context.Context, it *item, m *message) error {
	if m.Chat.ID >= 0 {
		return nil
	}
	now, err := b.inbox.newID(ctx, m.Chat.ID)
	if err == nil && now != m.Chat.ID {
		m.Chat.ID, m.ID, it.sent = now, 0, nil
	}
	return err
}

// turnAway tells a person who may not ask, once an hour in a chat. In a group that is said where the bot is spoken to.
func (b *Bot) turnAway(ctx context.Context, t talk, err error) (*outbox, error) {
	if err != nil {
		return nil, err
	}
	if isNew, err := b.inbox.refuse(ctx, t.m.Chat.ID); err != nil || !isNew {
		return nil, err
	}
	if t.m.Chat.Type != private {
		return t.answer(sayf(t.lang, "这个群还不能使用本机器人。管理员可把群号 %d 加入 TELEGRAM_ALLOWED_IDS。",
			"This group may not use the bot. Its operator can add the group's id %d to TELEGRAM_ALLOWED_IDS.", t.m.Chat.ID)), nil
	}
	return t.answer(sayf(t.lang, "您还不能使用本机器人。请把您的编号 %d 告诉管理员，由其加入 TELEGRAM_ALLOWED_IDS。",
		"You may not use the bot yet. Give its operator your id, %d, to be added to TELEGRAM_ALLOWED_IDS.", t.from.ID)), nil
}

// meant says whether a message is for the bot, and gives its words without the bot's name. In a group it is spoken to by
// name, by a command, or by an answer to a message of its own.
func (b *Bot) meant(m *message) (words string, isMeant bool) {
	if slices.ContainsFunc(m.NewMembers, func(u user) bool { return u.ID == b.id }) { // it comes into a group, and greets
		return "/help", true
	}
	words, marks := m.words()
	isMeant = m.Chat.Type == private
	var mine []entity
	for _, e := range marks {
		if e.Type == "bot_command" && e.Offset == 0 && !isMeant && b.isOthersCommand(slice(words, e)) {
			return "", false
		}
		isName := e.Type == "mention" && b.isName(slice(words, e))
		isMe := e.Type == "text_mention" && e.User != nil && e.User.ID == b.id
		isCommand := e.Type == "bot_command" && e.Offset == 0 && b.isMyCommand(slice(words, e))
		if isName || isMe {
			mine = append(mine, e)
		}
		isMeant = isMeant || isName || isMe || isCommand
	}
	to := m.replied()
	isMeant = isMeant || to != nil && b.isMine(to)
	rest := without(words, mine)
	if rest == "" && len(mine) > 0 && to != nil && !b.isMine(to) { // the name alone, under a question of another one
		rest, _ = to.words()
	}
	return strings.TrimSpace(rest), isMeant
}

func (b *Bot) isName(mention string) bool {
	name := b.self().Username
	return name != "" && strings.EqualFold(strings.TrimPrefix(mention, "@"), name)
}

func (b *Bot) isMine(m *message) bool { return m.From != nil && m.From.ID == b.id }

func (b *Bot) isOthersCommand(command string) bool {
	_, to, isNamed := strings.Cut(command, "@")
	return isNamed && !b.isName(to)
}

// isMyCommand says whether a command is for this bot: by its name, or one that it knows and no other is named.
func (b *Bot) isMyCommand(command string) bool {
	name, to, isNamed := strings.Cut(strings.TrimPrefix(command, "/"), "@")
	if isNamed {
		return b.isName(to)
	}
	_, _, isKnown := knownCommand(name)
	return isKnown
}

var commandForm = regexp.MustCompile(`^/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]{3,32})?`)

// commandOf is the command that the words of a message begin with, in small letters, and what comes behind it; "" for none.
// Telegram does not mark one that runs into Chinese, as in /ask什么是廊桥: it is taken where it is known.
func commandOf(m *message, words string) (name, rest string) {
	found := commandForm.FindStringSubmatch(words)
	if found == nil {
		return "", words
	}
	text, marks := m.words()
	isMarked := slices.ContainsFunc(marks, func(e entity) bool { return e.Type == "bot_command" && slice(text, e) == found[0] })
	if _, _, isKnown := knownCommand(found[1]); !isMarked && !isKnown {
		return "", words
	}
	return strings.ToLower(found[1]), strings.TrimLeftFunc(words[len(found[0]):], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("：:，,", r) })
}

// langOf is the language that a person is answered in: the chat's, the one they write, that of their Telegram, or
// the program's.
func (b *Bot) langOf(held settings, m *message) bot.Lang {
	if held.Lang != "" {
		return bot.Lang(held.Lang)
	}
	words, _ := m.words()
	switch {
	case strings.ContainsFunc(words, isHan):
		return bot.Chinese
	case len(englishWord.FindAllString(aside.ReplaceAllString(words, ""), 3)) == 3: // fewer may be names: GDP, C919
		return bot.English
	}
	code := ""
	if m.From != nil {
		code = m.From.LanguageCode
	}
	return b.langOfCode(code)
}

var (
	englishWord = regexp.MustCompile(`[A-Za-z]{2,}`)
	aside       = regexp.MustCompile(`[/@]\w+`) // commands and names
)

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

// langOfCode is the language for a person whose Telegram speaks one.
func (b *Bot) langOfCode(code string) bot.Lang {
	switch {
	case strings.HasPrefix(code, "zh"):
		return bot.Chinese
	case strings.HasPrefix(code, "en"):
		return bot.English
	}
	return cmp.Or(b.o.Lang, bot.Chinese)
}

// onEdit answers a message anew that was changed: what answered it before is changed, too.
func (b *Bot) onEdit(ctx context.Context, it *item, m *message) (*outbox, error) {
	if text, _ := m.words(); text == "" { // a place that moves, or buttons of others
		return nil, nil
	}
	again, err := b.inbox.answersTo(ctx, m.Chat.ID, int64(m.ID))
	if err != nil {
		return nil, err
	}
	if len(again) > 0 {
		is, err := b.isSame(ctx, again[0].Answer, m)
		if err != nil || is {
			return nil, err
		}
	}
	isOld := it.received.Sub(time.Unix(m.Date, 0)) > time.Hour
	if m.Document != nil || len(again) == 0 && isOld {
		return nil, nil
	}
	return b.onMessage(ctx, it, m, again)
}

// isSame says whether an answer is to just this question: an edit may have changed something else, such as a preview.
func (b *Bot) isSame(ctx context.Context, answer int64, m *message) (bool, error) {
	if answer == 0 {
		return false, nil
	}
	logged, err := b.o.Store.LoggedAnswer(ctx, answer)
	if errors.Is(err, rag.ErrNoAnswer) {
		return false, nil
	}
	words, _ := b.meant(m)
	name, question := commandOf(m, words)
	return err == nil && logged.Question == question && (name == "" || name == "ask"), err
}
