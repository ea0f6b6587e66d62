package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"yinju/bot"
	"yinju/rag"
)

const (
	listed    = 8    // articles on a page of a list
	pageUnits = 3300 // UTF-16 units of an article on one page, less where its heading is long
)

// articleData is what a button has that opens an article: "a" at one of its characters, "p" a page of it in place of another.
// Both count from 0.
func articleData(kind string, article int64, at int) string {
	return kind + ":" + rag.FormatID(article) + ":" + strconv.Itoa(at)
}

func (b *Bot) onArticle(ctx context.Context, t talk) (*outbox, error) {
	id, isNumber := numberOf(t.text)
	if !isNumber {
		return t.answer(t.lang.Say("请写文章的编号，如 /article 12；编号见 /sources。", "Write the article's number, such as /article 12; /sources has them.")), nil
	}
	out, err := b.openArticle(ctx, t, "", id, 0)
	if errors.Is(err, rag.ErrNoArticle) {
		return t.answer(t.lang.Say("没有这个编号的文章，它也可能已从语料中移除。/sources 看列表。", "There is no article of this number; it may have been removed. /sources lists them.")), nil
	}
	return out, err
}

// openArticle shows the page of an article that has a character of it. A reply is about the article, and goes on from a
// conversation, "" for none.
func (b *Bot) openArticle(ctx context.Context, t talk, from string, id int64, char int) (*outbox, error) {
	a, err := b.o.Store.Article(ctx, id)
	if err != nil {
		return nil, err
	}
	runes := []rune(a.Text)
	first := rag.Sentences(runes)[0]
	pages := b.pages(t, a)
	out := t.with(b.articlePage(t, a, pages, pageOf(pages, runes[:min(char, len(runes))])))
	out.Ref, err = b.about(ctx, t, from, a.DisplayTitle(), []rag.CitedQuote{cited(a, first)})
	return out, err
}

// numberOf reads the number of an article, as people write it: 12, #12 or １２.
func numberOf(text string) (id int64, ok bool) {
	digits := strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, strings.Trim(text, " \t\n#.。"))
	id, err := rag.ParseID(digits)
	return id, err == nil
}

// articlePage is one of an article's pages, the last where there are fewer, with buttons for the others.
func (b *Bot) articlePage(t talk, a *rag.Article, pages []string, page int) text {
	page = min(max(page, 0), len(pages)-1)
	out := single(append(b.titled(t, a), plain("\n\n"+strings.TrimSpace(pages[page]))))
	out.Keyboard = turning(t.lang, page, len(pages), func(page int) string { return articleData("p", a.ID, page) })
	return out
}

// titled is the heading of an article as a whole.
func (b *Bot) titled(t talk, a *rag.Article) []part {
	return b.heading(t, a, a.Places.Locate(rag.Span{End: len([]rune(a.Text))}))
}

// pages are an article's text, in pieces that one message holds with its heading.
func (b *Bot) pages(t talk, a *rag.Article) []string {
	taken, _ := sizeOf(b.titled(t, a))
	return pagesOf(a.Text, min(pageUnits, maxUnits-taken-2))
}

// pageOf is the page on which a text goes on after what stands before. White space, which pages lose, is not counted.
func pageOf(pages []string, before []rune) int {
	left := len(strings.Join(strings.Fields(clean(string(before))), ""))
	for n, page := range pages {
		if left -= len(strings.Join(strings.Fields(page), "")); left < 0 {
			return n
		}
	}
	return len(pages) - 1
}

// turning are the buttons that turn to the pages before and behind one, from 0, of so many.
func turning(lang bot.Lang, page, pages int, data func(page int) string) [][]button {
	if pages < 2 {
		return nil
	}
	var row []button
	if page > 0 {
		row = append(row, key(lang, "◀", data(page-1)))
	}
	row = append(row, key(lang, fmt.Sprintf("%d / %d", page+1, pages), "n"))
	if page < pages-1 {
		row = append(row, key(lang, "▶", data(page+1)))
	}
	return [][]button{row}
}

// heading names an article: its title, what else is known of it, where it stands, and a link.
func (b *Bot) heading(t talk, a *rag.Article, at rag.Location) []part {
	parts := []part{tagged("b", short(a.DisplayTitle(), maxField))}
	if known := known(a, maxField); known != "" {
		parts = append(parts, plain("\n"+known))
	}
	parts = append(parts, plain("\n"), tagged("code", place(a.File, at)))
	if b.o.BaseURL != "" {
		parts = append(parts, plain(" · "), linked(t.lang.Say("打开原文", "open"), b.format(t).link(a.ID, at, "")))
	}
	return parts
}

// single is one message of parts that one message holds.
func single(parts []part) text {
	var c composer
	c.add(parts)
	c.flush()
	if len(c.messages) == 0 {
		return text{}
	}
	return c.messages[0].with(nil)
}

// pagesOf cuts a text into pages, at ends of sentences where there are any.
func pagesOf(body string, units int) []string {
	body = strings.TrimSpace(clean(body))
	var pages []string
	for unitsOf(body) > units {
		head, rest := cut(body, units)
		pages, body = append(pages, head), strings.TrimLeftFunc(rest, unicode.IsSpace)
	}
	return append(pages, body)
}

func (b *Bot) onSources(ctx context.Context, t talk) (*outbox, error) {
	list, err := b.list(ctx, t, t.text, 0)
	if _, isFilter := errors.AsType[*rag.FilterError](err); isFilter {
		return t.answer(sentence(bot.Explain(err, t.lang))), nil
	}
	if err != nil {
		return nil, err
	}
	out := t.with(list)
	out.Ref = &ref{Question: int64(t.m.ID), Words: t.text}
	return out, nil
}

func nothingYet(lang bot.Lang) string {
	return lang.Say("语料库里还没有文章。", "There are no articles in the corpus yet.")
}

// list is one page, from 0, of the articles that some words name.
func (b *Bot) list(ctx context.Context, t talk, words string, page int) (text, error) {
	found, err := b.o.Store.Browse(ctx, rag.Browse{Words: words, Offset: page * listed, Limit: listed})
	if err != nil {
		return text{}, err
	}
	if len(found.Articles) == 0 && found.Total > 0 { // there were more
		return b.list(ctx, t, words, (found.Total-1)/listed)
	}
	if found.Total == 0 {
		if strings.TrimSpace(words) == "" {
			return bare(nothingYet(t.lang)), nil
		}
		return bare(t.lang.Say("没有这样的文章：筛选看的是标题、作者、报刊、日期与文件名。", "There is no such article: titles, authors, publications, dates and files are looked at.")), nil
	}
	pages := (found.Total + listed - 1) / listed
	parts := []part{tagged("b", sayf(t.lang, "共 %d 篇", "Articles: %d", found.Total))}
	if words = short(words, maxField); words != "" {
		parts = append(parts, plain(t.lang.Say("，含：", ", with: ")+words))
	}
	for _, a := range found.Articles {
		parts = append(parts, plain("\n\n/article_"+rag.FormatID(a.ID)+"  "+listedName(a)+"\n"), tagged("code", place(a.File, a.Places.Locate(rag.Span{}))))
	}
	out := single(parts)
	out.Keyboard = turning(t.lang, page, pages, func(page int) string { return "l:" + strconv.Itoa(page) })
	return out, nil
}

// listedField is how many UTF-16 units of a field a list shows: eight articles are one message.
const listedField = 60

func listedName(a *rag.Article) string {
	name := short(a.DisplayTitle(), listedField)
	if a.Title != "" {
		name = "《" + name + "》"
	}
	return strings.TrimSpace(name + " " + known(a, listedField))
}
