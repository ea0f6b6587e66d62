package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"yinju/rag"
)

const (
	inlineTime  = 10 * time.Second // after that Telegram does not take an answer
	inlineCache = 60               // seconds that Telegram may give the same answer again
	shortest    = 2                // characters of a query that is looked for
	titleRunes  = 60               // of a result
)

// inlineResult is a quote that a person may send into any chat.
type inlineResult struct {
	Type        string        `json:"type"`
	ID          string        `json:"id"`
	Title       string        `json:"title"`
	Description string        `json:"description,omitempty"`
	Content     inlineContent `json:"input_message_content"`
}

type inlineContent struct {
	Text    string          `json:"message_text"`
	Mode    string          `json:"parse_mode"`
	Preview map[string]bool `json:"link_preview_options"`
}

// onInline offers quotes for what a person writes behind the bot's name. Every key is a query: only the last is answered.
func (b *Bot) onInline(ctx context.Context, it *item, q *inlineQuery) error {
	if time.Since(it.received) > inlineTime {
		return nil
	}
	if is, err := b.inbox.isNewest(ctx, it); err != nil || !is {
		return err
	}
	may, err := b.mayAsk(ctx, q.From.ID, 0)
	if err != nil {
		return err
	}
	if !may {
		if isNew, err := b.inbox.refuse(ctx, q.From.ID); err != nil || !isNew {
			return err
		}
		return b.offerInline(ctx, q, nil, b.langOfCode(q.From.LanguageCode).Say("您还不能使用本机器人", "You may not use this bot yet"))
	}
	results, err := b.inquire(ctx, it, q)
	if told, ok := errors.AsType[*toldError](err); ok && told.out != nil {
		_ = b.offerInline(ctx, q, nil, told.out.Texts[0].Plain) // it is no loss
		return &toldError{cause: told.cause}
	}
	if err != nil {
		return err
	}
	return b.offerInline(ctx, q, results, b.instead(q))
}

// offerInline answers an inline query. Where there are no results, a button says why not.
func (b *Bot) offerInline(ctx context.Context, q *inlineQuery, results []inlineResult, instead string) error {
	if results == nil {
		results = []inlineResult{}
	}
	out, err := json.Marshal(results)
	if err != nil {
		return err
	}
	p := params("inline_query_id", q.ID, "results", string(out), "is_personal", true)
	p["cache_time"] = strconv.Itoa(inlineCache)
	if len(results) == 0 {
		p["cache_time"] = "0"
		p["button"] = inlineButton(instead)
	}
	err = b.client.call(ctx, "answerInlineQuery", p, nil)
	if e, ok := errors.AsType[*callError](err); ok {
		b.o.Log.Debug("Telegram", "error", e) // the person has written on, or will
		return nil
	}
	return err
}

func isLookedFor(query string) bool {
	return utf8.RuneCountInString(query) >= shortest && rag.CheckQuestion(query) == nil
}

// instead is what is shown where there is no quote to send.
func (b *Bot) instead(q *inlineQuery) string {
	lang := b.langOfCode(q.From.LanguageCode)
	if utf8.RuneCountInString(strings.TrimSpace(q.Query)) < shortest {
		return lang.Say("写一个问题，选一条引文发出", "Write a question, and pick a quote")
	}
	return lang.Say("语料中没有找到，点此直接提问", "Nothing found: tap to ask the bot")
}

// inlineButton opens the chat with the bot. Telegram takes 64 characters on it.
func inlineButton(text string) string {
	out, err := json.Marshal(map[string]string{"text": short(text, 60), "start_parameter": "inline"})
	if err != nil {
		panic(err) // texts only
	}
	return string(out)
}

// inquire counts a query, as something that the person set off and, where it leads to a search, as a question of all, and looks
// for quotes. Beyond the limits it returns a *toldError.
func (b *Bot) inquire(ctx context.Context, it *item, q *inlineQuery) ([]inlineResult, error) {
	told := &toldError{out: &outbox{Texts: []text{bare(sayTooMuch(b.langOfCode(q.From.LanguageCode)))}}}
	if isToTell, err := b.act(ctx, it, q.From.ID); err != nil {
		if told.cause = err; isToTell {
			return nil, told
		}
		return nil, err
	}
	if !isLookedFor(strings.TrimSpace(q.Query)) {
		return nil, nil
	}
	if b.o.Overall > 0 && !it.isCounted && !b.isAdmin(q.From.ID) {
		wait, wasTold, err := b.inbox.allow(ctx, it, math.MaxInt32, b.o.Overall)
		if err != nil {
			return nil, err
		}
		if told.cause = errTooFast; wasTold {
			told.out = nil
		}
		if wait > 0 {
			return nil, told
		}
	}
	return b.quotesFor(ctx, q)
}

// quotesFor are the quotes that answer a query.
func (b *Bot) quotesFor(ctx context.Context, q *inlineQuery) ([]inlineResult, error) {
	var results []inlineResult
	question := strings.TrimSpace(q.Query)
	answer, err := b.o.Quotes.Stream(ctx, rag.Query{Question: question}, func(rag.Event) error { return ctx.Err() })
	if err != nil {
		return results, err
	}
	f := Format{Lang: b.langOfCode(q.From.LanguageCode), BaseURL: b.o.BaseURL}
	for _, c := range answer.Citations {
		e := entry{quote: c.Quote.Text(), article: c.Quote.Article(), location: c.Quote.Location(), also: c.Quote.Also()}
		messages := f.messages(nil, "", []entry{e})
		if len(messages) != 1 {
			continue // one message cannot hold it
		}
		results = append(results, inlineResult{
			Type: "article", ID: strconv.Itoa(c.N), Title: short(e.quote, titleRunes),
			Description: short(articleName(e.article)+" "+place(e.article.File, e.location), maxField),
			Content:     inlineContent{Text: messages[0].HTML, Mode: "HTML", Preview: map[string]bool{"is_disabled": true}},
		})
	}
	return results, nil
}
