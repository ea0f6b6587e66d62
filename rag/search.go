package rag

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
)

// MaxQuestion is the longest question taken, in characters.
const MaxQuestion = 2000

// legDepth is how many candidates each leg brings into the fusion. On CMRC2018 with 30,000 articles mixed
// in, 15 of each were as good as 100. Where most of them say the same, as in a corpus of reprints, deepLegs
// are looked at.
const (
	legDepth = 40
	deepLegs = 4 * legDepth
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

// Retriever finds passages by meaning and by words.
type Retriever struct {
	store    *Store
	embedder QueryEmbedder
	name     string // of the embedding model; the store's vectors must come from it
}

// NewRetriever makes a retriever over the store. name is the embedding model's, as in Edition.Embedder.
func NewRetriever(store *Store, embedder QueryEmbedder, name string) *Retriever {
	return &Retriever{store: store, embedder: embedder, name: name}
}

// Hit is a passage that search found. What twins of its article say alike is no hit of its own. Its Article has only the first words of its Text, enough for DisplayTitle.
type Hit struct {
	Passage    Passage
	Location   Location
	Score      float64 // of the fusion, in standard deviations; only its order means something
	Similarity float64 // cosine of question and passage, -1..1
	Lexical    float64 // BM25, 0 and up
	Also       []Copy  // passages of twins that say the same, at most maxCopies
}

// search is everything that one search learned; answering needs more of it than the hits.
type search struct {
	hits    []Hit   // best first
	nearest float64 // similarity of the nearest passage, whether it is among the hits or a twin of one
	terms   []string
	lex     lexical
	timing  map[string]float64 // milliseconds

	thresholds Thresholds // in use when it was made
}

// Search returns the k best passages for a question, best first. Errors are ErrNoQuestion,
// *LongQuestionError, ErrEmptyCorpus, *OtherEmbedderError, or what the database or the model said.
func (r *Retriever) Search(ctx context.Context, question string, k int) ([]Hit, error) {
	s, err := r.search(ctx, question)
	if err != nil {
		return nil, err
	}
	return s.hits[:min(max(k, 0), len(s.hits))], nil
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

func (r *Retriever) search(ctx context.Context, question string) (*search, error) {
	if err := CheckQuestion(question); err != nil {
		return nil, err
	}
	begin := time.Now()
	s := &search{terms: distinct(Terms(question)), timing: map[string]float64{}}
	vector, err := r.embedder.EmbedQuery(ctx, question)
	if err != nil {
		return nil, fmt.Errorf("embed the question: %w", err)
	}
	s.lap("embed", &begin)
	query := pgvector.NewHalfVector(vector)
	near, err := r.legs(ctx, s, query)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	for _, depth := range []int{legDepth, deepLegs} {
		found, twins, err := r.store.hits(ctx, candidates(near, s.lex.score, depth), query)
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		s.take(found, twins)
		if len(s.hits) == len(found) || len(s.hits) >= legDepth/2 {
			break
		}
	}
	s.lap("search", &begin)
	return s, nil
}

// take fuses what the legs found and leaves each thing that is said once.
func (s *search) take(found []Hit, twins twinPairs) {
	s.nearest = -1
	for _, h := range found {
		s.nearest = max(s.nearest, h.Similarity)
	}
	fuse(found, s.lex.score)
	s.hits = collapse(found, twins)
}

// lap notes the time since begin under a name, and begins anew.
func (s *search) lap(name string, begin *time.Time) {
	now := time.Now()
	s.timing[name] = float64(now.Sub(*begin).Microseconds()) / 1000
	*begin = now
}

// legs runs both legs in one round trip and returns the nearest passages of the dense one.
func (r *Retriever) legs(ctx context.Context, s *search, query pgvector.HalfVector) (near []int64, err error) {
	var postings []posting
	var all totals
	var embedders []string
	var batch pgx.Batch
	batch.Queue(`select coalesce(sum(passages), 0)::bigint, coalesce(sum(terms), 0)::bigint,
		coalesce(array_agg(distinct embedder), '{}') from sources`).
		QueryRow(func(row pgx.Row) error { return row.Scan(&all.Passages, &all.Terms, &embedders) })
	batch.Queue(`select passage_id from passage_vectors order by embedding <=> $1 limit $2`, query, deepLegs).
		Query(func(rows pgx.Rows) (err error) {
			near, err = pgx.CollectRows(rows, pgx.RowTo[int64])
			return err
		})
	batch.Queue(`select term, passages, counts, lengths from postings where term = any($1) order by term, source_id`, s.terms).
		Query(func(rows pgx.Rows) (err error) {
			postings, err = pgx.CollectRows(rows, pgx.RowToStructByName[posting])
			return err
		})
	queueThresholds(&batch, r.name, &s.thresholds)
	if err := r.store.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, err
	}
	if all.Passages == 0 {
		return nil, ErrEmptyCorpus
	}
	if i := slices.IndexFunc(embedders, func(e string) bool { return e != r.name }); i >= 0 {
		return nil, &OtherEmbedderError{Stored: embedders[i], Used: r.name}
	}
	s.lex = bm25(s.terms, postings, all)
	return near, nil
}

// candidates joins the best of both legs, depth of each, without repeats.
func candidates(near []int64, lexical map[int64]float64, depth int) []int64 {
	ids := make([]int64, 0, len(lexical))
	for id := range lexical {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int64) int {
		return cmp.Or(cmp.Compare(lexical[b], lexical[a]), cmp.Compare(a, b))
	})
	return distinct(append(ids[:min(len(ids), depth)], near[:min(len(near), depth)]...))
}

func distinct[T comparable](all []T) []T {
	seen := make(map[T]bool, len(all))
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool {
		old := seen[v]
		seen[v] = true
		return old
	})
}

// hits reads passages by id, with their articles' names and their similarity to the query, and which of the
// articles are twins. A passage that a re-ingest removed in the meantime is left out.
func (s *Store) hits(ctx context.Context, ids []int64, query pgvector.HalfVector) (found []Hit, twins twinPairs, err error) {
	var batch pgx.Batch
	batch.Queue(`select p.id, p.start_char, p.end_char, p.start_line, p.end_line, p.page, p.body, p.opens,
			1 - (v.embedding <=> $2), a.id, a.title, a.authors, a.publication, a.published, a.section,
			left(a.body, 80), a.length, s.path
		from passages p join passage_vectors v on v.passage_id = p.id
			join articles a on a.id = p.article_id join sources s on s.id = a.source_id
		where p.id = any($1)`, ids, query).
		Query(func(rows pgx.Rows) (err error) {
			found, err = pgx.CollectRows(rows, scanHit)
			return err
		})
	batch.Queue(`with found as materialized (select distinct article_id as id from passages where id = any($1))
		select t.article_id, t.twin_id from found f join article_twins t on t.article_id = f.id
		where t.twin_id in (select id from found)`, ids).
		Query(func(rows pgx.Rows) (err error) {
			twins, err = collectPairs(rows)
			return err
		})
	err = s.pool.SendBatch(ctx, &batch).Close()
	return found, twins, err
}

func scanHit(row pgx.CollectableRow) (Hit, error) {
	var h Hit
	var a Article
	var page int
	p, l := &h.Passage, &h.Location
	err := row.Scan(&p.ID, &p.Span.Start, &p.Span.End, &l.StartLine, &l.EndLine, &page, &p.Text, &p.Opens,
		&h.Similarity, &a.ID, &a.Title, &a.Authors, &a.Publication, &a.Date, &a.Section, &a.Text, &a.length, &a.File)
	l.StartChar, l.EndChar, l.Page, p.Article = p.Span.Start, p.Span.End, pageOf(page), &a
	return h, err
}

// fuse sets each hit's score to the mean of its two legs' z-scores and sorts by it. Z-scores keep how
// far apart two passages are, which ranks forget; on the first corpus they beat reciprocal rank fusion.
// A leg that tells no passage from another does not vote.
func fuse(hits []Hit, lexical map[int64]float64) {
	dense, words := make([]float64, len(hits)), make([]float64, len(hits))
	for i := range hits {
		hits[i].Lexical = lexical[hits[i].Passage.ID]
		dense[i], words[i] = hits[i].Similarity, hits[i].Lexical
	}
	votes := 0
	for _, leg := range [][]float64{dense, words} {
		mean, deviation := moments(leg)
		if deviation == 0 {
			continue
		}
		votes++
		for i := range hits {
			hits[i].Score += (leg[i] - mean) / deviation
		}
	}
	for i := range hits {
		hits[i].Score /= max(1, float64(votes))
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Passage.ID, b.Passage.ID))
	})
}

func moments(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values))
	}
	return mean, math.Sqrt(deviation)
}
