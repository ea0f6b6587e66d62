package rag

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
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
	Status    Status             `json:"status"`
	Text      string             `json:"answer"`
	Citations []Citation         `json:"citations"`
	Timings   map[string]float64 `json:"timings_ms"` // milliseconds by step, and in all as "total"

	Confidence float64 `json:"confidence"` // that the corpus answers the question, 0..1; Status follows from it
}

// Answerer answers questions with quotes and logs its answers.
type Answerer struct {
	retriever *Retriever
	store     *Store
	silent    bool // logs nothing
}

// NewAnswerer makes an answerer that finds passages with r and cuts quotes from s.
func NewAnswerer(r *Retriever, s *Store) *Answerer { return &Answerer{retriever: r, store: s} }

// WithoutLog gives the same answers and logs none, for measuring.
func (a *Answerer) WithoutLog() *Answerer {
	return &Answerer{retriever: a.retriever, store: a.store, silent: true}
}

// ErrNotLogged comes with a full answer that could not be kept: no later check will know of it.
var ErrNotLogged = errors.New("the answer stands, but could not be logged")

// Ask answers a question and logs the answer. Errors are those of Retriever.Search; ErrNotLogged comes
// beside an answer.
func (a *Answerer) Ask(ctx context.Context, question string) (Answer, error) {
	answer, err := a.answer(ctx, question)
	if err != nil {
		return Answer{}, err
	}
	if a.silent {
		return answer, nil
	}
	if err := a.store.Log(ctx, &answer); err != nil {
		return answer, fmt.Errorf("%w: %w", ErrNotLogged, err)
	}
	return answer, nil
}

func (a *Answerer) answer(ctx context.Context, question string) (Answer, error) {
	begin := time.Now()
	s, err := a.retriever.search(ctx, question)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Question: question, Citations: []Citation{}, Timings: s.timing}
	lap := time.Now()
	windows := s.pick()
	answer.Status, answer.Confidence = s.judge(windows), s.confidence(windows)
	if answer.Status != NotFound {
		quotes, err := a.store.quotes(ctx, picksOf(windows, s.hits))
		if err != nil {
			return Answer{}, fmt.Errorf("answer: %w", err)
		}
		for i, q := range quotes {
			answer.Citations = append(answer.Citations, Citation{N: i + 1, Quote: q})
		}
	}
	answer.Text = frame(answer)
	s.lap("quote", &lap)
	s.lap("total", &begin)
	return answer, nil
}

// Limits of what is quoted.
const (
	quotePassages  = 8   // best passages that are looked through
	quoteSentences = 4   // most sentences in one quote
	quoteRunes     = 250 // about the most characters in one quote; a longer sentence is quoted whole
	maxQuotes      = 3
)

// window is a run of whole sentences of one passage that may become a quote.
type window struct {
	hit      int // index of its passage among the hits
	span     Span
	text     string
	coverage float64 // share of the question's terms in it, weighted by idf, 0..1
	score    float64
}

// pick chooses the windows to quote, best first: from passages that rank high, with the most of the
// question in the fewest sentences, and none that says what a better one says.
func (s *search) pick() []window {
	var all []window
	for i := range s.hits[:min(quotePassages, len(s.hits))] {
		all = append(all, s.windows(i)...)
	}
	slices.SortStableFunc(all, func(a, b window) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.span.Len(), b.span.Len()))
	})
	var picked []window
	for _, w := range all {
		if len(picked) < maxQuotes && !slices.ContainsFunc(picked, func(p window) bool { return repeats(s.hits, p, w) }) {
			picked = append(picked, w)
		}
	}
	return picked
}

// windows are all runs of whole sentences of one passage that are short enough to quote. They stay within
// a paragraph: a headline or a name alone is no answer.
func (s *search) windows(hit int) []window {
	p := s.hits[hit].Passage
	text := []rune(p.Text)
	sentences := Sentences(text)
	var out []window
	for first := range sentences {
		if first == 0 && !p.Opens || !Opens(text, sentences[first].Start) {
			continue
		}
		for last := first; last < min(first+quoteSentences, len(sentences)); last++ {
			span := trim(text, Span{sentences[first].Start, sentences[last].End})
			if last > first && (span.Len() > quoteRunes || slices.Contains(text[span.Start:span.End], '\n')) {
				break
			}
			if !endsWith(text[span.Start:span.End], "。！!….") {
				continue
			}
			out = append(out, s.window(hit, string(text[span.Start:span.End]), Span{p.Span.Start + span.Start, p.Span.Start + span.End}))
		}
	}
	return out
}

// How windows are compared. On both halves of the first corpus' questions and on the examples', a
// penalty for length, or a bonus for what stands beside the window, found no more evidence than this.
const (
	coverageWeight = 6.0
	overlapLimit   = 0.6 // of the shorter one's bigrams: more says the same again
)

func (s *search) window(hit int, text string, span Span) window {
	w := window{hit: hit, span: span, text: text, coverage: s.coverage(text)}
	w.score = s.hits[hit].Score + coverageWeight*w.coverage
	return w
}

// coverage is the share of the question's terms that a text has, weighted by idf.
func (s *search) coverage(text string) float64 {
	in := termSet(text)
	var have, all float64
	for _, term := range s.terms { // in one order, for sums of floats depend on it
		all += s.lex.idf[term]
		if in[term] {
			have += s.lex.idf[term]
		}
	}
	return have / max(all, 1e-9)
}

func termSet(text string) map[string]bool {
	set := map[string]bool{}
	for _, t := range Terms(text) {
		set[t] = true
	}
	return set
}

// repeats says whether two windows overlap in their article or say the same in two.
func repeats(hits []Hit, a, b window) bool {
	if hits[a.hit].Passage.Article.ID == hits[b.hit].Passage.Article.ID && a.span.Start < b.span.End && b.span.Start < a.span.End {
		return true
	}
	x, y := termSet(a.text), termSet(b.text)
	both := 0
	for t := range x {
		if y[t] {
			both++
		}
	}
	return float64(both) > overlapLimit*float64(min(len(x), len(y)))
}

func picksOf(windows []window, hits []Hit) []pick {
	picks := make([]pick, len(windows))
	for i, w := range windows {
		picks[i] = pick{article: hits[w.hit].Passage.Article.ID, span: w.span, text: w.text}
	}
	return picks
}
