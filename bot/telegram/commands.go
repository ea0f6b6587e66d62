package telegram

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"yinju/bot"
	"yinju/rag"
)

// command is one that people give.
type command struct {
	name   string
	zh, en string // in the menu
	admin  bool   // it is not in the menu of others
	do     func(*Bot, context.Context, talk) (*outbox, error)
}

// commands are all there are, in the order of the menu. It is a function, for they call each other.
func commands() []command {
	return []command{
		{name: "ask", zh: "提问：/ask 问题", en: "Ask: /ask QUESTION", do: (*Bot).onAsk},
		{name: "search", zh: "查找段落：/search 词语", en: "Find passages: /search WORDS", do: (*Bot).onSearch},
		{name: "sources", zh: "文章列表，可筛选：/sources 报刊 作者", en: "The articles, narrowed by words: /sources WORDS", do: (*Bot).onSources},
		{name: "article", zh: "读一篇文章：/article 编号", en: "Read an article: /article NUMBER", do: (*Bot).onArticle},
		{name: "forget", zh: "忘掉此前的对话，从头问起", en: "Forget the conversation and begin anew", do: (*Bot).onForget},
		{name: "settings", zh: "语言与引文的显示", en: "Language, and how quotes are shown", do: (*Bot).onSettings},
		{name: "stats", zh: "运行情况（管理员）", en: "Figures (administrators)", admin: true, do: (*Bot).onStats},
		{name: "ingest", zh: "重新收入语料，或看进度（管理员）", en: "Ingest the corpus again, or see how far it is (administrators)", admin: true, do: (*Bot).onIngest},
		{name: "help", zh: "用法", en: "How to use it", do: (*Bot).onHelp},
		{name: "start", zh: "开始", en: "Begin", do: (*Bot).onStart},
	}
}

// knownCommand is the command of a name, with what is written to it without a blank: /article_12.
func knownCommand(name string) (c command, tail string, isKnown bool) {
	name, tail, _ = strings.Cut(strings.ToLower(name), "_")
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 || tail != "" && name != "article" {
		return command{}, "", false
	}
	return all[i], tail, true
}

func (b *Bot) onCommand(ctx context.Context, t talk, name string) (*outbox, error) {
	c, tail, isKnown := knownCommand(name)
	switch {
	case !isKnown && t.m.Chat.Type != private:
		return nil, nil // another bot's
	case !isKnown:
		return t.answer(t.lang.Say("没有这个命令。/help 看用法；也可直接发问题。", "There is no such command. /help tells how; or just ask.")), nil
	case c.admin && !b.isAdmin(t.from.ID):
		return t.answer(t.lang.Say("这个命令只有管理员能用。", "This command is for administrators.")), nil
	}
	t.text = cmp.Or(tail, t.text)
	return c.do(b, ctx, t)
}

// setMenus puts the commands into the menu of all, and all commands into that of each administrator.
func (b *Bot) setMenus(ctx context.Context) error {
	err := b.setMenu(ctx, 0)
	for _, admin := range b.o.Admins {
		if err == nil {
			err = b.setMenu(ctx, admin)
		}
	}
	return err
}

// setMenu sets one menu, of an administrator or, for 0, of all: in the program's language, and in Chinese and English for
// people whose Telegram speaks these. One that is refused is no loss: an administrator may not have begun yet.
func (b *Bot) setMenu(ctx context.Context, admin int64) error {
	type entry struct {
		Command     string `json:"command"`
		Description string `json:"description"`
	}
	menu := func(lang bot.Lang) string {
		var all []entry
		for _, c := range commands() {
			if admin != 0 || !c.admin {
				all = append(all, entry{c.name, lang.Say(c.zh, c.en)})
			}
		}
		out, err := json.Marshal(all)
		if err != nil {
			panic(err) // texts only
		}
		return string(out)
	}
	scope := ""
	if admin != 0 {
		scope = `{"type":"chat","chat_id":` + strconv.FormatInt(admin, 10) + `}`
	}
	for code, lang := range map[string]bot.Lang{"": b.o.Lang, "zh": bot.Chinese, "en": bot.English} {
		err := b.client.call(ctx, "setMyCommands", params("commands", menu(lang), "language_code", code, "scope", scope), nil)
		if e, ok := errors.AsType[*callError](err); ok && !e.isPassing() && !e.isOfToken() {
			b.o.Log.Info("a menu of commands is not set", "error", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// onStart greets a person. The menu of an administrator could not be set before.
func (b *Bot) onStart(ctx context.Context, t talk) (*outbox, error) {
	if t.m.Chat.Type == private && b.isAdmin(t.from.ID) {
		if err := b.setMenu(ctx, t.from.ID); err != nil {
			return nil, err
		}
	}
	return b.onHelp(ctx, t)
}

func (b *Bot) onHelp(_ context.Context, t talk) (*outbox, error) {
	files := ""
	if b.o.Files != nil && b.isAdmin(t.from.ID) {
		files = t.lang.Say("\n\n<b>管理员</b>：发来或转来一个文件（.txt .pdf .docx 等，20 MB 以内），我先列出会切成哪些文章，您确认后才收入。/ingest 重新收入语料，/stats 看运行情况。",
			"\n\n<b>Administrators</b>: send or forward a file (.txt .pdf .docx and others, up to 20 MB): I list the articles it would be cut into, and take it when you say so. /ingest ingests the corpus again, /stats shows figures.")
	}
	name := cmp.Or(b.self().Username, "bot")
	html := sayf(t.lang, `<b>引据</b>：向语料提问，每一句引文都在原文件里逐字可查，附篇名、作者、报刊、日期、文件与行号；语料没有的，就说没有。

直接发问题即可；接着问（“那篇是谁写的？”“还有呢”）也懂，回复哪条回答就接着哪条。
/ask 问题 · /search 词语 · /sources 筛选 · /article 编号
/forget 从头问起 · /settings 语言与显示

群里请 @%[1]s、回复我，或用 /ask@%[1]s；任何聊天里输入 @%[1]s 加问题，可选一条引文发出。
<i>English: /settings</i>`, `<b>引据</b>: ask the corpus. Every quote stands word for word in a source file, and is given with title, author, publication, date, file and line. Where the corpus does not answer, I say so.

Just ask. You may go on (“who wrote it?”, “anything else?”); a reply to an answer goes on from that one.
/ask QUESTION · /search WORDS · /sources WORDS · /article NUMBER
/forget begins anew · /settings language and looks

In groups: @%[1]s, a reply to me, or /ask@%[1]s. In any chat, type @%[1]s and a question to send a quote.
<i>中文：/settings</i>`, escaping.Replace(name)) + files
	return t.with(text{HTML: html, Plain: strings.NewReplacer("<b>", "", "</b>", "", "<i>", "", "</i>", "").Replace(html)}), nil
}

func (b *Bot) onAsk(ctx context.Context, t talk) (*outbox, error) {
	if to := t.m.replied(); t.text == "" && to != nil && !b.isMine(to) { // the command alone, under a question of another one
		t.text, _ = to.words()
	}
	if t.text == "" {
		return t.answer(t.lang.Say("请把问题写在命令后面，如：/ask 什么是新质生产力？", "Write the question after the command, such as: /ask what are new quality productive forces?")), nil
	}
	return b.onQuestion(ctx, t)
}

// searched is how many passages a search gives.
const searched = 5

func (b *Bot) onSearch(ctx context.Context, t talk) (*outbox, error) {
	if t.text == "" {
		return t.answer(t.lang.Say("请把词语写在命令后面，如：/search 人才培养", "Write the words after the command, such as: /search talent")), nil
	}
	q := rag.Query{Question: t.text}
	if err := q.Check(); err != nil {
		return t.answer(sentence(bot.Explain(err, t.lang))), nil
	}
	if err := b.limit(ctx, t); err != nil {
		return nil, err
	}
	hits, _, err := b.o.Search.SearchIn(ctx, q, searched)
	if errors.Is(err, rag.ErrEmptyCorpus) {
		return t.answer(nothingYet(t.lang)), nil
	}
	if err != nil {
		return nil, err
	}
	if len(hits) == 0 {
		return t.answer(t.lang.Say("没有找到相近的段落。", "There is no passage near to that.")), nil
	}
	entries := make([]entry, len(hits))
	for i, h := range hits {
		entries[i] = entry{n: i + 1, quote: h.Passage.Text, article: h.Passage.Article, location: h.Location, also: h.Also}
	}
	head := []part{tagged("b", sayf(t.lang, "最相近的 %d 段：", "The nearest passages (%d):", len(hits)))}
	out := t.with()
	out.Reserved, out.Hold = true, looking(t.lang) // it is an answer, which comes once
	for _, m := range b.format(t).messages(head, "", entries) {
		var row []button
		for _, n := range m.Cited {
			row = append(row, key(t.lang, sayf(t.lang, "全文 %d", "Full text %d", n), articleData("a", hits[n-1].Passage.Article.ID, hits[n-1].Location.StartChar)))
		}
		out.Texts = append(out.Texts, m.with(rowsOf(row)))
	}
	given := make([]rag.CitedQuote, len(hits))
	for i, h := range hits {
		given[i] = rag.CitedQuote{Article: h.Passage.Article.ID, Title: h.Passage.Article.Title, Authors: h.Passage.Article.Authors, Text: h.Passage.Text, Span: h.Passage.Span}
	}
	out.Ref, err = b.about(ctx, t, "", t.text, given)
	return out, err
}

// key is a button. Its data ends with the language of its message: what it leads to is in that, too.
func key(lang bot.Lang, label, data string) button {
	if lang == bot.English {
		data += inEnglish
	}
	return button{Text: label, Data: data}
}

const inEnglish = ":e"

// rowsOf lays buttons out in rows.
func rowsOf(buttons []button) [][]button {
	return slices.Collect(slices.Chunk(buttons, buttonsInRow))
}

func (b *Bot) onForget(ctx context.Context, t talk) (*outbox, error) {
	chat, topic := t.m.Chat.ID, t.m.topic()
	all, err := b.inbox.conversations(ctx, chat, topic)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if err := b.o.Store.Forget(ctx, c); err != nil {
			return nil, err
		}
	}
	if err := b.inbox.forget(ctx, chat, topic); err != nil {
		return nil, err
	}
	return t.answer(t.lang.Say("已忘掉此前的对话，下一个问题从头问起。", "The conversation is forgotten: the next question stands by itself.")), nil
}
