package telegram

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yinju/bot"
	"yinju/rag"
)

// Files takes files into the corpus.
type Files interface {
	// Preview says how a file would be cut. Nothing is stored.
	Preview(ctx context.Context, name string, data []byte) (FilePreview, error)
	// Add puts a file into the corpus folder and ingests it. It returns ErrFileExists where there is one of this name with other
	// content, unless that is to be replaced.
	Add(ctx context.Context, name string, data []byte, replace bool) (FileAdded, error)
}

// FilePreview is how a file would be cut.
type FilePreview struct {
	Articles []*rag.Article // with their places
	Page     []byte         // the same line by line, as one HTML page; empty where that would be too large
	Exists   bool           // the corpus has a file of this name
}

func (p FilePreview) hasPage() bool { return len(p.Page) > 0 && len(p.Page) <= maxPage }

// FileAdded is what came of a file.
type FileAdded struct {
	Articles, Passages int
	Unread             []int // pages that are images, from 1
}

// ErrFileExists says that the corpus has another file of the name.
var ErrFileExists = errors.New("the corpus has another file of this name")

// FileError says why a file is not taken.
type FileError struct {
	Chinese, English string // for the person
	Err              error
}

func (e *FileError) Error() string { return e.Err.Error() }
func (e *FileError) Unwrap() error { return e.Err }

// onFile shows an administrator how a file would be cut, and asks whether it is to be taken.
func (b *Bot) onFile(ctx context.Context, t talk) (*outbox, error) {
	switch {
	case !b.isAdmin(t.from.ID):
		return t.answer(t.lang.Say("只有管理员可以往语料里添加文件。", "Only administrators add files to the corpus.")), nil
	case b.o.Files == nil:
		return t.answer(t.lang.Say("没有设置语料文件夹（CORPUS_DIR），不能添加文件。", "No files can be added: CORPUS_DIR is not set.")), nil
	case t.m.Document.Size > maxDownload:
		return t.answer(t.lang.Say("文件超过 20 MB，机器人取不到：请拆开，或直接放进语料文件夹。", "The file is larger than 20 MB, which bots cannot fetch: split it, or put it into the corpus folder.")), nil
	}
	stop := b.showTyping(ctx, t)
	defer stop()
	out := t.with()
	out.Reserved, out.Hold = true, bare(t.lang.Say("正在读文件…", "Reading the file…"))
	if len(t.it.sent) == 0 {
		if err := b.sendAs(ctx, t.it, out, 0, out.Hold); err != nil {
			return nil, err
		}
	}
	name := t.m.Document.Name
	data, err := b.client.download(ctx, t.m.Document.FileID)
	if errors.Is(err, errTooLarge) {
		return t.answer(t.lang.Say("文件超过 20 MB，机器人取不到。", "The file is larger than 20 MB, which bots cannot fetch.")), nil
	}
	if e, ok := errors.AsType[*callError](err); ok && e.isFinal() || errors.Is(err, errNotServed) {
		b.o.Log.Warn("a file that was sent cannot be fetched", "error", err)
		return t.answer(t.lang.Say("取不到这个文件：Telegram 或所用的 Bot API 服务器没有给出它。请再发一次，或直接放进语料文件夹。",
			"The file cannot be fetched: Telegram, or the Bot API server, does not give it out. Send it again, or put it into the corpus folder.")), nil
	}
	if err != nil {
		return nil, err
	}
	preview, err := b.o.Files.Preview(ctx, name, data)
	if err != nil {
		return b.unread(t, err)
	}
	return b.offer(ctx, t, out, file{Sender: t.from.ID, Name: name, Body: data}, preview)
}

// unread tells why a file cannot be read.
func (b *Bot) unread(t talk, err error) (*outbox, error) {
	if e, ok := errors.AsType[*FileError](err); ok {
		return t.answer(t.lang.Say("不能收入："+e.Chinese, "Not taken: "+e.English)), nil
	}
	return nil, err
}

// offer keeps a file, and shows its articles, in the message that is held for them, with the buttons that take it or not.
func (b *Bot) offer(ctx context.Context, t talk, out *outbox, f file, preview FilePreview) (*outbox, error) {
	if err := b.inbox.keepFile(ctx, t.m.Chat.ID, t.it.sent[0], f); err != nil {
		return nil, err
	}
	shown := single(b.contents(t, f.Name, preview))
	shown.Keyboard = [][]button{fileButtons(t.lang, preview.Exists)}
	out.Texts = []text{shown}
	if preview.hasPage() {
		out.File, out.Content = f.Name+".html", preview.Page
	}
	return out, nil
}

func fileButtons(lang bot.Lang, exists bool) []button {
	take := key(lang, lang.Say("✓ 收入", "✓ Take it"), "f:y")
	if exists {
		take = key(lang, lang.Say("✓ 替换同名文件", "✓ Replace the file of this name"), "f:r")
	}
	return []button{take, key(lang, lang.Say("✗ 不要", "✗ Leave it"), "f:n")}
}

const (
	shownArticles = 20      // of a file
	maxPage       = 8 << 20 // bytes of the page that shows it line by line; a larger one is not sent
)

// contents lists the articles of a file.
func (b *Bot) contents(t talk, name string, preview FilePreview) []part {
	parts := []part{tagged("code", short(name, maxField)), plain(sayf(t.lang, "：切成 %d 篇", ": %d article(s)", len(preview.Articles)))}
	for i, a := range preview.Articles {
		if i == shownArticles {
			parts = append(parts, plain("\n…"))
			break
		}
		at := a.Places.Locate(rag.Span{End: len([]rune(a.Text))})
		lines := sayf(t.lang, "（第 %d–%d 行）", " (lines %d–%d)", at.StartLine, at.EndLine)
		if at.StartLine == at.EndLine {
			lines = sayf(t.lang, "（第 %d 行）", " (line %d)", at.StartLine)
		}
		parts = append(parts, plain(fmt.Sprintf("\n%d. %s%s", i+1, listedName(a), lines)))
	}
	if preview.Exists {
		parts = append(parts, plain("\n\n"), tagged("b", t.lang.Say("语料中已有同名文件。", "The corpus has a file of this name.")))
	}
	asks := t.lang.Say("收入吗？24 小时内有效。", "Take it? Valid for 24 hours.")
	if preview.hasPage() {
		asks = t.lang.Say("逐行的切分见所附网页。", "The page below shows it line by line. ") + asks
	}
	return append(parts, plain("\n\n"+asks))
}

// onFileButton takes a file, or not.
func (b *Bot) onFileButton(ctx context.Context, p press) (*outbox, string, error) {
	if !b.isAdmin(p.from.ID) || b.o.Files == nil {
		return nil, p.lang.Say("只有管理员可以。", "Only administrators may."), nil
	}
	chat, message := p.m.Chat.ID, int64(p.m.ID)
	f, err := b.inbox.fileAt(ctx, chat, message)
	if err != nil {
		return nil, "", err
	}
	if f == nil {
		return nil, p.lang.Say("这个文件已处理，或已过期：请重新发来。", "The file has been dealt with, or is too old: send it again."), nil
	}
	choice := ""
	if len(p.args) > 0 {
		choice = p.args[0]
	}
	if choice == "n" {
		return p.closing(p.lang.Say("没有收入：", "Left out: ") + short(f.Name, maxField)), "", nil
	}
	if !b.adding.TryLock() {
		return nil, "", &laterError{after: turnOfFiles, cause: errAdding}
	}
	defer b.adding.Unlock()
	_ = b.toast(ctx, p.it.CallbackQuery, p.lang.Say("正在收入…", "Taking it in…")) // Telegram waits for a word for seconds only
	p.it.isToasted = true
	added, err := b.add(ctx, p, f, choice == "r")
	if errors.Is(err, ErrFileExists) {
		again := bare(sayf(p.lang, "语料中已有另一个 %s，要替换吗？", "The corpus has another %s. Replace it?", short(f.Name, maxField)))
		again.Keyboard = [][]button{fileButtons(p.lang, true)}
		return p.inPlace(again), "", nil
	}
	if e, ok := errors.AsType[*FileError](err); ok {
		return p.closing(p.lang.Say("不能收入："+e.Chinese, "Not taken: "+e.English)), "", nil
	}
	if err != nil {
		return nil, "", err
	}
	done := sayf(p.lang, "已收入 %s：%d 篇文章，%d 段。现在就可以提问。", "%s is in: %d articles, %d passages. You may ask now.", short(f.Name, maxField), added.Articles, added.Passages)
	if len(added.Unread) > 0 {
		done += sayf(p.lang, "\n这些页是图片，没有文字，未收入：%s", "\nThese pages are images without text and were left out: %s", strings.Trim(fmt.Sprint(added.Unread), "[]"))
	}
	return p.closing(done), "", nil
}

// turnOfFiles is when a file that waits for another one is looked at again.
const turnOfFiles = 5 * time.Second

var errAdding = errors.New("another file is being taken in")

// isFileButton says whether an update is a button that takes a file, or not.
func isFileButton(it *item) bool {
	return it.CallbackQuery != nil && strings.HasPrefix(it.CallbackQuery.Data, "f:")
}

// add takes a file into the corpus, within its own limit: one that takes longer is not tried again.
func (b *Bot) add(ctx context.Context, p press, f *file, replace bool) (FileAdded, error) {
	adding, cancel := context.WithTimeout(ctx, b.times.add)
	defer cancel()
	defer b.showTyping(adding, p.talk)()
	added, err := b.o.Files.Add(adding, f.Name, f.Body, replace)
	if err != nil && ctx.Err() == nil && adding.Err() != nil {
		return added, &FileError{
			Chinese: "处理时间过长，已中断，语料没有变化：请拆开，或直接放进语料文件夹。",
			English: "This took too long and was ended; the corpus is as it was. Split the file, or put it into the corpus folder.", Err: err,
		}
	}
	return added, err
}

// closing says what came of a file, in its message, and lets go of the file.
func (p press) closing(what string) *outbox {
	out := p.inPlace(bare(what))
	out.Drop = int64(p.m.ID)
	return out
}

// file is one that was sent and waits.
type file struct {
	Sender int64
	Name   string
	Body   []byte
}

func (i *inbox) keepFile(ctx context.Context, chat, message int64, f file) error {
	return i.exec(ctx, "keep the file", `insert into telegram_files (bot, chat, message, sender, name, body) values ($1, $2, $3, $4, $5, $6)
		on conflict (bot, chat, message) do update set name = $5, body = $6`, i.bot, chat, message, f.Sender, f.Name, f.Body)
}

// fileAt is the file that a message asks about, nil for none.
func (i *inbox) fileAt(ctx context.Context, chat, message int64) (*file, error) {
	rows, _ := i.pool.Query(ctx, `select sender, name, body from telegram_files where bot = $1 and chat = $2 and message = $3 and sent_at > now() - $4::interval`,
		i.bot, chat, message, keepFiles)
	f, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByPos[file])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up the file: %w", err)
	}
	return f, nil
}

// moveFile notes that another message asks about a file now.
func (i *inbox) moveFile(ctx context.Context, chat, from, to int64) error {
	return i.exec(ctx, "keep the file", `update telegram_files set message = $4 where bot = $1 and chat = $2 and message = $3`, i.bot, chat, from, to)
}

func (i *inbox) dropFile(ctx context.Context, chat, message int64) error {
	return i.exec(ctx, "let go of the file", `delete from telegram_files where bot = $1 and chat = $2 and message = $3`, i.bot, chat, message)
}

// onStats shows administrators how the bot is and what it has.
func (b *Bot) onStats(ctx context.Context, t talk) (*outbox, error) {
	has, err := b.o.Store.Stats(ctx)
	if err != nil {
		return nil, err
	}
	done, err := b.inbox.figures(ctx)
	if err != nil {
		return nil, err
	}
	spent, err := b.o.Store.Spent(ctx)
	if err != nil {
		return nil, err
	}
	state := b.State(ctx)
	ingested := "—"
	if !has.Ingested.IsZero() {
		ingested = has.Ingested.Local().Format("2006-01-02 15:04")
	}
	lines := []string{
		sayf(t.lang, "语料：%d 个文件，%d 篇文章，%d 段；最近收入 %s", "Corpus: %d files, %d articles, %d passages; last ingested %s", has.Sources, has.Articles, has.Passages, ingested),
		sayf(t.lang, "回答：共 %d 条；👍 %d　👎 %d", "Answers: %d; 👍 %d  👎 %d", has.Answers, done.Good, done.Bad),
		sayf(t.lang, "Telegram：%s，24 小时内 %d 个问题、%d 人；等待 %d，放弃 %d", "Telegram: %s; in 24 hours %d questions of %d people; %d waiting, %d given up",
			state.Mode, done.Asked, done.People, max(0, state.Waiting-1), done.Failed), // without this one
	}
	if spent.Calls > 0 {
		line := sayf(t.lang, "语言模型：今天 %d 次，输入 %d、输出 %d 个词元", "Language model today: %d calls, %d tokens in, %d out", spent.Calls, spent.Prompt, spent.Completion)
		if spent.Cost > 0 {
			line += sayf(t.lang, "，费用 %.4f", ", cost %.4f", spent.Cost)
		}
		lines = append(lines, line)
	}
	if state.Error != "" {
		lines = append(lines, state.Error)
	}
	return t.answer(strings.Join(lines, "\n")), nil
}

// figures are counts of what people did.
type figures struct{ Asked, People, Failed, Good, Bad int }

func (i *inbox) figures(ctx context.Context) (f figures, err error) {
	rows, _ := i.pool.Query(ctx, `select count(*) filter (where asked_at is not null and not starts_with(lane, 'inline ')), count(distinct person) filter (where asked_at is not null),
			count(*) filter (where failure not in ('', $2, $3)),
			(select count(*) from feedback where good), (select count(*) from feedback where not good)
		from telegram_updates where bot = $1 and received_at > now() - interval '24 hours'`, i.bot, tooFast, tooMuch)
	f, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[figures])
	if err != nil {
		return f, fmt.Errorf("count the questions: %w", err)
	}
	return f, nil
}
