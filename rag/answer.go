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
	ID        string             `json:"id"`              // "" until it is logged
	Share     string             `json:"share,omitempty"` // the same, for whoever may see this answer: it cannot be guessed
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

	Written *Written `json:"written,omitempty"` // nil where no language model is set
}

// Answerer answers questions with quotes and logs its answers.
type Answerer struct {
	retriever *Retriever
	store     *Store
	silent    bool     // logs nothing
	writing   *Writing // nil: answers are quotes
}

// NewAnswerer makes an answerer that finds passages with r and cuts quotes from s.
func NewAnswerer(r *Retriever, s *Store) *Answerer { return &Answerer{retriever: r, store: s} }

// WithoutLog gives the same answers and logs none, for measuring. Conversations are kept all the same.
func (a *Answerer) WithoutLog() *Answerer {
	silent := *a
	silent.silent = true
	return &silent
}

// WithWriting is an answerer that lets a language model write answers, and understand questions that go on from
// others or are in another language.
func (a *Answerer) WithWriting(w Writing) *Answerer {
	with := *a
	with.writing = &w
	return &with
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
	return a.Stream(ctx, q, func(Event) error { return nil })
}

// Stream is AskIn that tells of the answer piece by piece. An error of tell ends it, and whatever a model is doing
// for it, and is returned.
func (a *Answerer) Stream(ctx context.Context, q Query, tell func(Event) error) (Answer, error) {
	if err := tell(Event{Stage: StageSearch}); err != nil {
		return Answer{}, err
	}
	ctx, err := a.retriever.at(ctx)
	if err != nil {
		return Answer{}, err
	}
	var spent *spending
	if a.writing != nil {
		spent = a.writing.spend()
	}
	understood, err := a.understand(ctx, q, spent)
	if err != nil {
		return Answer{}, err
	}
	answer, err := a.answerOrWiden(ctx, understood, spent, tell)
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

// ErrChanging says that what was to be quoted was replaced by re-ingests each time that it was found.
var ErrChanging = errors.New("the articles that answer are being replaced: ask again in a moment")

// found is an answer of quotes, and the search that they come from. Where a re-ingest comes between the two it searches
// again.
func (a *Answerer) found(ctx context.Context, q Query) (answer Answer, s *search, err error) {
	for range searches {
		var lost int
		if answer, s, lost, err = a.foundOnce(ctx, q); err != nil || lost == 0 {
			return answer, s, err
		}
	}
	if len(answer.Citations) == 0 {
		err = ErrChanging
	}
	return answer, s, err
}

// foundOnce is found that says how many quotes were not there any more.
func (a *Answerer) foundOnce(ctx context.Context, q Query) (answer Answer, s *search, lost int, err error) {
	s, err = a.retriever.search(ctx, q, legDepth)
	if err != nil {
		return answer, nil, 0, err
	}
	answer = Answer{Question: q.Question, Citations: []Citation{}, Timings: s.timing}
	lap := time.Now()
	picks, err := a.judge(ctx, s, &answer)
	if err != nil {
		return answer, nil, 0, fmt.Errorf("answer: %w", err)
	}
	quotes, err := a.store.quotes(ctx, picks)
	if err != nil {
		return answer, nil, 0, fmt.Errorf("answer: %w", err)
	}
	for i, q := range quotes {
		answer.Citations = append(answer.Citations, Citation{N: i + 1, Quote: q})
	}
	s.lap("quote", &lap)
	return answer, s, len(picks) - len(quotes), nil
}

// answer answers a question that stands by itself. spent is nil where no language model is set.
func (a *Answerer) answer(ctx context.Context, q Query, spent *spending, tell func(Event) error) (Answer, error) {
	begin := time.Now()
	answer, s, err := a.found(ctx, q)
	if err != nil || answer.Status == NotFound && q.followed.narrows() { // it is answered out of all articles then
		return answer, err
	}
	if err := a.finish(ctx, s, &answer, spent, tell); err != nil {
		return answer, err
	}
	s.lap("total", &begin)
	return answer, nil
}

// finish gives an answer its text: written by the model where there is one and the corpus answers, else around the
// quotes. Nothing is asked of a model that the corpus does not answer.
func (a *Answerer) finish(ctx context.Context, s *search, answer *Answer, spent *spending, tell func(Event) error) error {
	if spent != nil {
		answer.Written = spent.written()
		if answer.Status == Answered {
			lap := time.Now()
			if err := a.write(ctx, s, answer, spent, tell); err != nil {
				return err
			}
			s.lap("write", &lap)
		}
	}
	answer.Scope = s.scopes(answer.quoted())
	if answer.Written != nil && answer.Written.Used {
		return nil
	}
	answer.Text = frame(*answer)
	for i := range answer.Citations {
		if err := tell(Event{Citation: &answer.Citations[i]}); err != nil {
			return err
		}
	}
	return tell(Event{Text: answer.Text})
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
