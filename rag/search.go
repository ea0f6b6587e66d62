package rag

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"yinju/rag/gloss"
)

// MaxQuestion is the longest question taken, in characters.
const MaxQuestion = 2000

// legDepth is how many candidates each leg brings into the fusion. On CMRC2018 with 30,000 articles mixed
// in, 15 of each were as good as 100. Where most of them say the same, as in a corpus of reprints, deepLegs
// are looked at.
const (
	legDepth = 20
	deepLegs = 8 * legDepth
)

// ErrNoQuestion is returned for a question without a letter or digit in it, or one that is no text.
var ErrNoQuestion = errors.New("the question is empty, or no text: ask something in words")

// ErrEmptyCorpus is returned when nothing has been ingested.
var ErrEmptyCorpus = errors.New("nothing has been ingested: run yinju ingest FOLDER first")

// LongQuestionError says that a question is longer than MaxQuestion.
type LongQuestionError struct{ Have int }

func (e *LongQuestionError) Error() string {
	return fmt.Sprintf("the question has %d characters, at most %d are taken: ask it more briefly", e.Have, MaxQuestion)
}

// OtherEmbedderError says that the vectors in the store come from another model than the one in use.
type OtherEmbedderError struct{ Stored, Used string }

func (e *OtherEmbedderError) Error() string {
	return fmt.Sprintf("the corpus was embedded with %s, this program uses %s: run yinju ingest again", e.Stored, e.Used)
}

// QueryEmbedder embeds a question. langchaingo's embeddings.Embedder has it.
type QueryEmbedder interface {
	EmbedQuery(ctx context.Context, text string) ([]float32, error)
}

// QueryEncoder is a QueryEmbedder that gives the codes of the question's tokens as well, out of the same pass.
type QueryEncoder interface {
	EncodeQuery(ctx context.Context, text string) (Encoded, error)
}

// Retriever finds passages by meaning and by words.
type Retriever struct {
	store      *Store
	embedder   QueryEmbedder
	name       string                     // of the embedding model; the store's vectors must come from it
	dictionary func() (translator, error) // nil: questions in English keep their own words
	words      func() (*gloss.Dictionary, error)
}

// NewRetriever makes a retriever over the store. name is the embedding model's, as in Edition.Embedder. Where
// the embedder is a QueryEncoder, passages are reranked by late interaction.
func NewRetriever(store *Store, embedder QueryEmbedder, name string) *Retriever {
	return &Retriever{store: store, embedder: embedder, name: name}
}

// at pins the generation that is searched: the live one, or the newest that was made with the retriever's model. Where there
// is none, the search says so.
func (r *Retriever) at(ctx context.Context) (context.Context, error) {
	return r.store.pin(ctx, r.name)
}

// WithDictionary is a retriever that glosses the words of a question in another language in Chinese. open is
// called at the first such question.
func (r *Retriever) WithDictionary(open func() (*gloss.Dictionary, error)) *Retriever {
	with := *r
	with.words = sync.OnceValues(open)
	with.dictionary = func() (translator, error) { return with.words() }
	return &with
}

// Hit is a passage that search found. What twins of its article say alike is no hit of its own. Its Article has only the first words of its Text, enough for DisplayTitle.
type Hit struct {
	Passage    Passage
	Location   Location
	Score      float64 // of the fusion, in standard deviations; only its order means something
	Similarity float64 // cosine of question and passage, -1..1
	Lexical    float64 // BM25, 0 and up
	Also       []Copy  // passages of twins that say the same, at most maxCopies

	near [][]int16 // how far the question's tokens agree with each unit of the passage, see lateInteraction
	late float64   // and with all of it
}

// search is everything that one search learned; answering needs more of it than the hits.
type search struct {
	question   string        // in Chinese where it was translated
	chinese    bool          // it was asked in Chinese
	expected   []expectation // of the question; see expecting
	filter     Filter        // the caller's
	isWidened  bool          // it leaves no article
	followed   followed      // what the conversation narrows it to
	allowed    []int64       // passages that all this leaves; nil: all
	scope      []Mention     // the articles that the question names
	hits       []Hit         // best first
	nearest    float64       // similarity of the nearest passage, whether it is among the hits or a twin of one
	lex        lexical
	ranked     []window           // of the best hits, best first
	mostGiven  float64            // said by a window that was given before; 0 unless the question is asked again
	codes      []Code             // of the question's tokens, in each wording of it; none where the embedder has none
	thresholds Thresholds         // of the answer
	timing     map[string]float64 // milliseconds
}

// Query is a question, and where to look for its answer.
type Query struct {
	Question string
	Filter   Filter // articles to look in; where it leaves none, all are looked in

	// Conversation is the id of the conversation that the question belongs to, see CheckConversation: it is
	// understood out of the questions before. "" is a question by itself. Only Answerer.AskIn reads it.
	Conversation string

	followed   followed
	translated string // into Chinese; "" where it is, or cannot be
}

// Check says whether a query can be taken: ErrNoQuestion, *LongQuestionError or *FilterError.
func (q Query) Check() error { return cmp.Or(CheckQuestion(q.Question), q.Filter.Check()) }

// Search returns the k best passages for a question, best first. Errors are ErrNoQuestion,
// *LongQuestionError, ErrEmptyCorpus, *OtherEmbedderError, or what the database or the model said.
func (r *Retriever) Search(ctx context.Context, question string, k int) ([]Hit, error) {
	hits, _, err := r.SearchIn(ctx, Query{Question: question}, k)
	return hits, err
}

// SearchIn is Search with a filter; a *FilterError says what is wrong with it. The scopes are the filter, and
// what the question itself says of the articles it is about.
func (r *Retriever) SearchIn(ctx context.Context, q Query, k int) ([]Hit, []Scope, error) {
	s, err := r.search(ctx, q, max(legDepth, k))
	if err != nil {
		return nil, nil, err
	}
	hits := s.hits[:min(max(k, 0), len(s.hits))]
	shown := make([]*Article, len(hits))
	for i := range hits {
		shown[i] = hits[i].Passage.Article
	}
	return hits, s.scopes(shown), nil
}

// CheckQuestion says whether a question can be taken.
func CheckQuestion(question string) error {
	if n := utf8.RuneCountInString(question); n > MaxQuestion {
		return &LongQuestionError{Have: n}
	}
	if !utf8.ValidString(question) || strings.ContainsRune(question, 0) || len(Terms(question)) == 0 {
		return ErrNoQuestion
	}
	return nil
}

// searches is how often a search is made at most, where each time a re-ingest replaces what was found while it is read.
const searches = 4

// search finds at least depth candidates with each leg, as far as there are. What it reads in several steps is of one
// edition of each file: where that is replaced between them it searches again.
func (r *Retriever) search(ctx context.Context, q Query, depth int) (s *search, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	ctx, err = r.at(ctx)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	for range searches {
		var isWhole bool
		if s, isWhole, err = r.searchOnce(ctx, q, depth); err != nil || isWhole {
			break
		}
	}
	return s, err
}

// searchOnce is search that says whether all was there that it had found.
func (r *Retriever) searchOnce(ctx context.Context, q Query, depth int) (s *search, isWhole bool, err error) {
	begin := time.Now()
	wording := cmp.Or(q.translated, q.Question)
	s = &search{question: wording, chinese: hasHan(q.Question), filter: q.Filter, followed: q.followed, timing: map[string]float64{}}
	asked, err := read(wording, r.dictionary)
	if err != nil {
		return nil, false, fmt.Errorf("read the question: %w", err)
	}
	found, wordings, err := r.look(ctx, s, asked, q.Question)
	if err != nil {
		return nil, false, err
	}
	s.lap("embed", &begin)
	for _, depth := range []int{depth, deepLegs} {
		best := found.best(depth)
		hits, twins, err := r.store.hits(ctx, wanted{best, wordings, s.meant(), s.allowed, depth})
		if err != nil {
			return nil, false, fmt.Errorf("search: %w", err)
		}
		isWhole = hasAll(hits, best)
		s.take(hits, twins)
		if len(s.hits) == len(hits) || len(s.hits) >= depth/2 {
			break
		}
	}
	s.rerank()
	s.lap("search", &begin)
	return s, isWhole, nil
}

// hasAll says whether each of some passages is among the hits.
func hasAll(hits []Hit, passages []int64) bool {
	have := make(map[int64]bool, len(hits))
	for i := range hits {
		have[hits[i].Passage.ID] = true
	}
	return !slices.ContainsFunc(passages, func(id int64) bool { return !have[id] })
}

// maxAskedTokens is how many tokens of a question are compared with those of passages: the time grows with them, and
// what is longer is a text that was pasted.
const maxAskedTokens = 256

// look embeds the question while the database looks up its words. What is in another language is embedded in
// the corpus' words, too, which are known only then.
func (r *Retriever) look(ctx context.Context, s *search, asked reading, original string) (lexicalScores, []float32, error) {
	group, groupCtx := errgroup.WithContext(ctx)
	texts := distinct([]string{asked.text, original})
	wordings := make([]Encoded, len(texts))
	for i, text := range texts {
		group.Go(func() (err error) {
			wordings[i], err = r.encode(groupCtx, text)
			return err
		})
	}
	var found lookup
	group.Go(func() (err error) {
		found, err = r.lookup(groupCtx, s, asked)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	frequencies := frequenciesOf(found.postings, found.all)
	asked.settle(func(r rendering) bool { return frequencies.count(r) > 0 })
	asked.hear(found.alike, func(term string) bool { return len(frequencies[term]) > 0 })
	s.lex = newLexical(asked, frequencies, found.all.Passages)
	s.allowed = found.allowed
	s.lex.keep(s.allowed)
	if chinese := asked.inChinese(frequencies.count); chinese != "" {
		translated, err := r.encode(ctx, chinese)
		if err != nil {
			return nil, nil, err
		}
		wordings = append(wordings, translated)
	}
	for _, w := range wordings {
		s.codes = append(s.codes, w.Codes...)
	}
	s.codes = s.codes[:min(len(s.codes), maxAskedTokens)]
	return s.lex.score, meanVector(wordings), nil
}

func (r *Retriever) encode(ctx context.Context, text string) (e Encoded, err error) {
	if encoder, ok := r.embedder.(QueryEncoder); ok {
		e, err = encoder.EncodeQuery(ctx, text)
	} else {
		e.Vector, err = r.embedder.EmbedQuery(ctx, text)
	}
	if err != nil {
		return e, fmt.Errorf("embed the question: %w", err)
	}
	return e, nil
}

// meanVector is the mean of vectors of length 1; cosines with it are the mean of theirs, but for a factor.
func meanVector(wordings []Encoded) []float32 {
	mean := slices.Clone(wordings[0].Vector)
	for _, w := range wordings[1:] {
		for i, x := range w.Vector {
			mean[i] += x
		}
	}
	for i := range mean {
		mean[i] /= float32(len(wordings))
	}
	return mean
}

// take fuses what the legs found and leaves each thing that is said once.
func (s *search) take(found []Hit, twins twinPairs) {
	s.nearest = -1
	for _, h := range found {
		s.nearest = max(s.nearest, h.Similarity)
	}
	s.rank(found)
	s.hits = s.promoted(collapse(found, twins))
}

// lap notes the time since begin under a name, and begins anew.
func (s *search) lap(name string, begin *time.Time) {
	now := time.Now()
	s.timing[name] = float64(now.Sub(*begin).Microseconds()) / 1000
	*begin = now
}

func distinct[T comparable](all []T) []T {
	seen := make(map[T]bool, len(all))
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool {
		old := seen[v]
		seen[v] = true
		return old
	})
}
