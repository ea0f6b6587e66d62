package rag

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// followed is what a conversation makes of a search, beside the question.
type followed struct {
	articles  []int64      // to look in; none: all
	without   []CitedQuote // not to be given again
	isAgain   bool         // the question was answered before: what is left has to say as much of it
	isWidened bool         // the articles have nothing, or are gone: all are looked in
}

func (f followed) narrows() bool { return len(f.articles) > 0 && !f.isWidened }

// gave says whether a text is one of the quotes not to be given again.
func (f followed) gave(text string) bool {
	return slices.ContainsFunc(f.without, func(c CitedQuote) bool { return c.Text == text })
}

// scope says where was looked: in the articles cited before, as far as any of them is shown.
func (f followed) scope(shown []*Article, chinese bool) Scope {
	scope := Scope{Text: "the article cited before", Widened: f.isWidened}
	if chinese {
		scope.Text = "上文引用的文章"
	}
	i := slices.IndexFunc(shown, func(a *Article) bool { return slices.Contains(f.articles, a.ID) })
	if i >= 0 {
		scope.Filter = Filter{Title: shown[i].Title, File: shown[i].File}
	}
	return scope
}

// withoutGiven leaves out the windows that are not to be given again.
func (s *search) withoutGiven(all []window) []window {
	return slices.DeleteFunc(all, func(w window) bool {
		given := s.wasGiven(w)
		if given && s.followed.isAgain {
			s.mostGiven = max(s.mostGiven, w.said())
		}
		return given
	})
}

// wasGiven says whether a window is a quote that was given, or says the same.
func (s *search) wasGiven(w window) bool {
	article := s.hits[w.hit].Passage.Article.ID
	return slices.ContainsFunc(s.followed.without, func(c CitedQuote) bool {
		return c.Article == article && overlap(c.Span, w.span) || sayAlike(termSet(c.Text), w.terms())
	})
}

// answerOrWiden answers a question; where the articles of the conversation have no answer, out of all.
func (a *Answerer) answerOrWiden(ctx context.Context, q Query, spent *spending, tell func(Event) error) (Answer, error) {
	answer, err := a.answer(ctx, q, spent, tell)
	if err != nil || answer.Status != NotFound || !q.followed.narrows() {
		return answer, err
	}
	q.followed.isWidened = true
	return a.answer(ctx, q, spent, tell)
}

// asked notes the question as it was asked, where it was understood otherwise, and its conversation.
func (a *Answer) asked(q Query) {
	if a.Question != q.Question {
		a.Resolved, a.Question = a.Question, q.Question
	}
	a.ConversationID = q.Conversation
}

// turn is what the conversation keeps of an answer.
func (a Answer) turn() Turn {
	t := Turn{Question: a.Question, Resolved: cmp.Or(a.Resolved, a.Question), Status: a.Status}
	for _, c := range a.Citations {
		article, at := c.Quote.Article(), c.Quote.Location()
		t.Cited = append(t.Cited, CitedQuote{
			Article: article.ID, Title: article.Title, Authors: article.Authors, Text: c.Quote.Text(), Span: Span{at.StartChar, at.EndChar},
		})
	}
	return t
}

// understand resolves a question against its conversation, if it has one, and has one in another language
// translated, if there is a model that can.
func (a *Answerer) understand(ctx context.Context, q Query, spent *spending) (Query, error) {
	if err := q.Check(); err != nil {
		return q, err
	}
	if q.Conversation != "" {
		var err error
		if q, err = a.resolve(ctx, q, spent); err != nil {
			return q, err
		}
	}
	if spent == nil || asksInChinese(q.Question) {
		return q, nil
	}
	q.translated = spent.tryLine(ctx, func() (string, error) { return spent.translate(ctx, q.Question) })
	return q, ctx.Err()
}

// resolve understands a question out of the turns before it, by rules, and in the words of a model where there is one.
func (a *Answerer) resolve(ctx context.Context, q Query, spent *spending) (Query, error) {
	turns, err := a.store.History(ctx, q.Conversation)
	if err != nil || len(turns) == 0 {
		return q, err
	}
	texts := []string{q.Question, strings.TrimSpace(q.Question), turns[len(turns)-1].Resolved}
	if other := otherOf(strings.TrimSpace(q.Question)); other != "" {
		texts = append(texts, asText(other))
	}
	named, err := a.store.mentions(ctx, texts)
	if err != nil {
		return q, err
	}
	r := resolve(q.Question, turns, func(text string) []Mention { return named[text] })
	if spent != nil && !r.Again && len(r.Without) == 0 { // which are no questions that words could ask
		asked := q.Question
		r.Question = cmp.Or(spent.tryLine(ctx, func() (string, error) { return spent.rewrite(ctx, asked, turns) }), r.Question)
	}
	q.Question, q.followed = r.Question, followed{articles: r.Articles, without: r.Without, isAgain: r.Again}
	return q, ctx.Err()
}

// mentions are those in some texts, by text.
func (s *Store) mentions(ctx context.Context, texts []string) (map[string][]Mention, error) {
	texts = distinct(texts)
	words := make([]*lookups, len(texts))
	names, dates := make([][]foundName, len(texts)), make([][]string, len(texts))
	var batch pgx.Batch
	for i, text := range texts {
		words[i] = newLookups(text)
		namesQuery(&batch, words[i], &names[i], &dates[i])
	}
	if err := s.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, fmt.Errorf("look up what the conversation names: %w", err)
	}
	all := map[string][]Mention{}
	for i, text := range texts {
		all[text] = readMentions(words[i], names[i], dates[i])
	}
	return all, nil
}
