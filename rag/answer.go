package rag

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Status says how far the corpus answers a question. Not finding an answer is a status, not an error.
type Status string

// The three statuses.
const (
	Answered Status = "answered"  // the quotes answer the question
	Related  Status = "related"   // the corpus touches the subject; the quotes are the nearest passages
	NotFound Status = "not_found" // the corpus says nothing of it; there are no quotes
)

// Answer is what the product gives for a question, in the form of the contract.
type Answer struct {
	ID        string             `json:"id"` // "" until it is logged
	Question  string             `json:"question"`
	Resolved  string             `json:"resolved,omitempty"` // the question as its conversation lets it be understood, where that differs
	Status    Status             `json:"status"`
	Text      string             `json:"answer"`
	Citations []Citation         `json:"citations"`
	NoMore    bool               `json:"no_more,omitempty"` // not found beside what the conversation has quoted
	Scope     []Scope            `json:"scope"`             // what the question or the caller restricts the search to
	Timings   map[string]float64 `json:"timings_ms"`        // milliseconds by step, and in all as "total"

	Confidence float64 `json:"confidence"` // that the corpus answers the question, 0..1; Status follows from it

	ConversationID string `json:"conversation_id,omitempty"` // "" for a question by itself
}

// Answerer answers questions with quotes and logs its answers.
type Answerer struct {
	retriever *Retriever
	store     *Store
	silent    bool // logs nothing
}

// NewAnswerer makes an answerer that finds passages with r and cuts quotes from s.
func NewAnswerer(r *Retriever, s *Store) *Answerer { return &Answerer{retriever: r, store: s} }

// WithoutLog gives the same answers and logs none, for measuring. Conversations are kept all the same.
func (a *Answerer) WithoutLog() *Answerer {
	return &Answerer{retriever: a.retriever, store: a.store, silent: true}
}

// ErrNotLogged comes with a full answer that could not be kept: no later check, or no later question of its
// conversation, will know of it.
var ErrNotLogged = errors.New("the answer stands, but could not be logged")

// Ask answers a question out of the whole corpus; see AskIn.
func (a *Answerer) Ask(ctx context.Context, question string) (Answer, error) {
	return a.AskIn(ctx, Query{Question: question})
}

// AskIn answers a question, in its conversation if it has one, and logs the answer. Errors are those of
// Retriever.SearchIn and *ConversationError; ErrNotLogged comes beside an answer.
func (a *Answerer) AskIn(ctx context.Context, q Query) (Answer, error) {
	understood, err := a.understand(ctx, q)
	if err != nil {
		return Answer{}, err
	}
	answer, err := a.answerOrWiden(ctx, understood)
	if err != nil {
		return Answer{}, err
	}
	answer.asked(q)
	if err := a.keep(ctx, q.Conversation, &answer); err != nil {
		return answer, fmt.Errorf("%w: %w", ErrNotLogged, err)
	}
	return answer, nil
}

// keep logs an answer and adds it to its conversation, as far as there is a log and a conversation.
func (a *Answerer) keep(ctx context.Context, conversation string, answer *Answer) error {
	var logged, kept error
	if !a.silent {
		logged = a.store.Log(ctx, answer)
	}
	if conversation != "" {
		kept = a.store.AddTurn(ctx, conversation, answer.turn())
	}
	return errors.Join(logged, kept)
}

func (a *Answerer) answer(ctx context.Context, q Query) (Answer, error) {
	begin := time.Now()
	s, err := a.retriever.search(ctx, q, legDepth)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Question: q.Question, Citations: []Citation{}, Timings: s.timing}
	lap := time.Now()
	picks, err := a.judge(ctx, s, &answer)
	if err != nil {
		return Answer{}, fmt.Errorf("answer: %w", err)
	}
	quotes, err := a.store.quotes(ctx, picks)
	if err != nil {
		return Answer{}, fmt.Errorf("answer: %w", err)
	}
	for i, q := range quotes {
		answer.Citations = append(answer.Citations, Citation{N: i + 1, Quote: q})
	}
	answer.Scope = s.scopes(answer.quoted())
	answer.Text = frame(answer)
	s.lap("quote", &lap)
	s.lap("total", &begin)
	return answer, nil
}

// judge sets how far the corpus answers the question, and chooses what is quoted.
func (a *Answerer) judge(ctx context.Context, s *search, answer *Answer) ([]pick, error) {
	windows := s.pick()
	picks := picksOf(windows, s.hits)
	answer.Confidence = s.confidence(windows)
	if fields, share := s.imprintAsked(); len(fields) > 0 && len(windows) > 0 {
		lines, isKnown, err := s.ofImprint(ctx, a.store, fields)
		if err != nil {
			return nil, err
		}
		picks = append(lines, picks...)[:min(maxQuotes, len(lines)+len(picks))]
		answer.Confidence = s.imprintConfidence(answer.Confidence, share, isKnown)
	}
	answer.Status = s.thresholds.status(answer.Confidence)
	if len(picks) == 0 || answer.Status == NotFound {
		answer.Status, answer.NoMore = NotFound, s.followed.isAgain
		return nil, nil
	}
	return picks, nil
}

// quoted are the articles of the citations.
func (a Answer) quoted() []*Article {
	articles := make([]*Article, len(a.Citations))
	for i, c := range a.Citations {
		articles[i] = c.Quote.Article()
	}
	return articles
}
