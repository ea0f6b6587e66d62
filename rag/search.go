package rag

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
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
}

// NewRetriever makes a retriever over the store. name is the embedding model's, as in Edition.Embedder. Where
// the embedder is a QueryEncoder, passages are reranked by late interaction.
func NewRetriever(store *Store, embedder QueryEmbedder, name string) *Retriever {
	return &Retriever{store: store, embedder: embedder, name: name}
}

// WithDictionary is a retriever that glosses the words of a question in another language in Chinese. open is
// called at the first such question.
func (r *Retriever) WithDictionary(open func() (*gloss.Dictionary, error)) *Retriever {
	with := *r
	with.dictionary = sync.OnceValues(func() (translator, error) { return open() })
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
}

// search is everything that one search learned; answering needs more of it than the hits.
type search struct {
	question   string
	filter     Filter    // the caller's
	isWidened  bool      // it leaves no article
	followed   followed  // what the conversation narrows it to
	allowed    []int64   // passages that all this leaves; nil: all
	scope      []Mention // the articles that the question names
	hits       []Hit     // best first
	nearest    float64   // similarity of the nearest passage, whether it is among the hits or a twin of one
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

	followed followed
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

// search finds at least depth candidates with each leg, as far as there are.
func (r *Retriever) search(ctx context.Context, q Query, depth int) (*search, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	begin := time.Now()
	s := &search{question: q.Question, filter: q.Filter, followed: q.followed, timing: map[string]float64{}}
	asked, err := read(q.Question, r.dictionary)
	if err != nil {
		return nil, fmt.Errorf("read the question: %w", err)
	}
	found, wordings, err := r.look(ctx, s, asked)
	if err != nil {
		return nil, err
	}
	s.lap("embed", &begin)
	for _, depth := range []int{depth, deepLegs} {
		hits, twins, err := r.store.hits(ctx, wanted{found.best(depth), wordings, s.meant(), s.allowed, depth})
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		s.take(hits, twins)
		if len(s.hits) == len(hits) || len(s.hits) >= depth/2 {
			break
		}
	}
	s.rerank()
	s.lap("search", &begin)
	return s, nil
}

// maxAskedTokens is how many tokens of a question are compared with those of passages: the time grows with them, and
// what is longer is a text that was pasted.
const maxAskedTokens = 256

// look embeds the question while the database looks up its words. What is in another language is embedded in
// the corpus' words, too, which are known only then.
func (r *Retriever) look(ctx context.Context, s *search, asked reading) (lexicalScores, []float32, error) {
	group, groupCtx := errgroup.WithContext(ctx)
	var own Encoded
	group.Go(func() (err error) {
		own, err = r.encode(groupCtx, asked.text)
		return err
	})
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
	wordings := []Encoded{own}
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

// mentionPassages is how many passages of each text that a question names are among the first, where it names several.
const mentionPassages = 3

// promoted puts the best passages of each text that the question names first, in turns: a comparison needs of all.
func (s *search) promoted(hits []Hit) []Hit {
	if len(s.scope) < 2 {
		return hits
	}
	first := make([]bool, len(hits))
	var promoted []Hit
	for range mentionPassages {
		for _, m := range s.scope {
			for i, h := range hits {
				if !first[i] && m.isOf(h.Passage.Article) {
					first[i], promoted = true, append(promoted, h)
					break
				}
			}
		}
	}
	for i, h := range hits {
		if !first[i] {
			promoted = append(promoted, h)
		}
	}
	return promoted
}

// lap notes the time since begin under a name, and begins anew.
func (s *search) lap(name string, begin *time.Time) {
	now := time.Now()
	s.timing[name] = float64(now.Sub(*begin).Microseconds()) / 1000
	*begin = now
}

// lookup is what the database knows of a question's words.
type lookup struct {
	all      totals
	postings []posting
	alike    map[string][]string // terms of the corpus by the sound asked for
	allowed  []int64             // passages that the filter leaves; nil: all
}

// lookup asks for it in one round trip.
func (r *Retriever) lookup(ctx context.Context, s *search, asked reading) (found lookup, err error) {
	found.alike = map[string][]string{}
	var embedders []string
	var batch pgx.Batch
	batch.Queue(`select coalesce(sum(passages), 0)::bigint, coalesce(sum(terms), 0)::bigint,
		coalesce(array_agg(distinct embedder), '{}') from sources`).
		QueryRow(func(row pgx.Row) error { return row.Scan(&found.all.Passages, &found.all.Terms, &embedders) })
	batch.Queue(`select term, passages, counts, lengths from postings where term = any($1) order by term, source_id`, asked.terms()).
		Query(func(rows pgx.Rows) (err error) {
			found.postings, err = pgx.CollectRows(rows, pgx.RowToStructByName[posting])
			return err
		})
	keys, unless := asked.soundsAsked()
	batch.Queue(`select q.sound, p.term, p.passages, p.counts, p.lengths
		from (select distinct * from unnest($1::text[], $2::text[]) as q(sound, unless)) q
			join term_sounds t on t.sound = q.sound join postings p on p.term = t.term
		where not exists (select from postings x where x.term = q.unless) order by q.sound, p.term, p.source_id`, keys, unless).
		Query(found.hear)
	var allowed, followed []int64
	if !s.filter.IsZero() {
		queueFilter(&batch, s.filter, nil, &allowed)
	}
	if s.followed.narrows() {
		queueFilter(&batch, s.filter, s.followed.articles, &followed)
	}
	queueThresholds(&batch, r.name, &s.thresholds)
	var names []foundName
	var dates []string
	words := newLookups(asked.text)
	namesQuery(&batch, words, &names, &dates)
	if err := r.store.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return found, fmt.Errorf("look up the question's words: %w", err)
	}
	if found.all.Passages == 0 {
		return found, ErrEmptyCorpus
	}
	if i := slices.IndexFunc(embedders, func(e string) bool { return e != r.name }); i >= 0 {
		return found, &OtherEmbedderError{Stored: embedders[i], Used: r.name}
	}
	s.scope = readMentions(words, names, dates)
	s.isWidened = !s.filter.IsZero() && len(allowed) == 0
	if found.allowed = followed; len(followed) == 0 {
		s.followed.isWidened = true
		found.allowed = allowed
	}
	return found, nil
}

// hear notes the terms that sound as asked, with their postings.
func (l *lookup) hear(rows pgx.Rows) error {
	known := map[string]bool{} // terms whose postings are noted, of the sources before
	for _, p := range l.postings {
		known[p.Term] = true
	}
	heard := map[string]string{} // under which sound a term was read first
	var sound string
	var p posting
	_, err := pgx.ForEachRow(rows, []any{&sound, &p.Term, &p.Passages, &p.Counts, &p.Lengths}, func() error {
		if !slices.Contains(l.alike[sound], p.Term) {
			l.alike[sound] = append(l.alike[sound], p.Term)
		}
		if first, ok := heard[p.Term]; !ok {
			heard[p.Term] = sound
		} else if first != sound {
			return nil
		}
		if !known[p.Term] {
			l.postings = append(l.postings, p)
		}
		return nil
	})
	return err
}

// lexicalScores are passages by the lexical leg.
type lexicalScores map[int64]float64

// best are the ids of the best passages.
func (scores lexicalScores) best(n int) []int64 {
	ids := slices.Collect(maps.Keys(scores))
	slices.SortFunc(ids, func(a, b int64) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b))
	})
	return ids[:min(len(ids), n)]
}

func distinct[T comparable](all []T) []T {
	seen := make(map[T]bool, len(all))
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool {
		old := seen[v]
		seen[v] = true
		return old
	})
}

// namedPassages is how many passages of one article are read because the question names it.
const namedPassages = 15

// wanted are the passages that a search reads.
type wanted struct {
	ids     []int64   // these
	near    []float32 // and the ones nearest to this vector
	named   []int64   // of all, and of these articles
	allowed []int64   // among these; nil: among all
	depth   int       // so many of each
}

// hits reads passages, with their articles' names, and which of the articles are twins. A passage that a re-ingest
// removed in the meantime is left out.
func (s *Store) hits(ctx context.Context, w wanted) (found []Hit, twins twinPairs, err error) {
	twins = twinPairs{}
	rows, _ := s.pool.Query(ctx, `with near as materialized (
			select passage_id from passage_vectors where $5::bigint[] is null or passage_id = any($5)
			order by embedding <=> $2 limit $3
		), named as materialized (
			select passage_id from (
				select v.passage_id, v.embedding <=> $2 as far,
					row_number() over (partition by p.article_id order by v.embedding <=> $2) as place
				from passages p join passage_vectors v on v.passage_id = p.id
				where p.article_id = any($4) and ($5::bigint[] is null or p.id = any($5))) n
			where place <= $6 order by far limit 3 * $3
		), found as materialized (
			select passage_id as id from near union select passage_id from named union select unnest($1::bigint[])
		)
		select p.id, p.start_char, p.end_char, p.start_line, p.end_line, p.page, p.body, p.opens,
			1 - (v.embedding <=> $2), coalesce(c.codes, ''), a.id, a.title, a.authors, a.publication, a.published, a.section,
			left(a.body, 80), a.length, s.path, array(select twin_id from article_twins where article_id = a.id)
		from found join passages p on p.id = found.id join passage_vectors v on v.passage_id = p.id
			left join passage_codes c on c.passage_id = p.id
			join articles a on a.id = p.article_id join sources s on s.id = a.source_id`, w.ids, pgvector.NewHalfVector(w.near), w.depth, w.named, w.allowed, namedPassages)
	found, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Hit, error) { return scanHit(row, twins) })
	return found, twins, err
}

func scanHit(row pgx.CollectableRow, twins twinPairs) (Hit, error) {
	var h Hit
	var a Article
	var page int
	var codes []byte
	var twinIDs []int64
	p, l := &h.Passage, &h.Location
	err := row.Scan(&p.ID, &p.Span.Start, &p.Span.End, &l.StartLine, &l.EndLine, &page, &p.Text, &p.Opens,
		&h.Similarity, &codes, &a.ID, &a.Title, &a.Authors, &a.Publication, &a.Date, &a.Section, &a.Text, &a.length, &a.File, &twinIDs)
	if err != nil {
		return h, err
	}
	for _, twin := range twinIDs {
		twins[[2]int64{a.ID, twin}] = true
	}
	l.StartChar, l.EndChar, l.Page, p.Article = p.Span.Start, p.Span.End, pageOf(page), &a
	p.Codes, p.Starts, err = decodeTokens(codes)
	return h, err
}

// lateLegWeight is what late interaction counts beside the mean of the two other legs, all as z-scores.
const lateLegWeight = 1.5

// What a passage gains, in z-scores, that is of an article which the question names: meantWeight where the question
// may be about other articles, too, else so much that no other one comes before it.
const (
	meantWeight = 2.0
	onlyWeight  = 6.0
)

// meant are the articles that the question names.
func (s *search) meant() (ids []int64) {
	for _, m := range s.scope {
		ids = append(ids, m.Articles...)
	}
	return distinct(ids)
}

// meantBy is what an article gains by being named.
func (s *search) meantBy(a *Article) (weight float64) {
	for _, m := range s.scope {
		switch {
		case !m.isOf(a):
		case m.Shared || m.Undated || m.Guessed:
			weight = max(weight, meantWeight)
		default:
			weight = onlyWeight
		}
	}
	return weight
}

// isOf says whether a mention is of an article; one that has only dates is of all that they cover.
func (m Mention) isOf(a *Article) bool {
	if m.Filter.Author+m.Filter.Publication+m.Filter.Title == "" {
		return m.Filter.covers(a.Date)
	}
	return slices.Contains(m.Articles, a.ID)
}

// rank sets each hit's score and sorts by it: the mean of the z-scores of both legs, and that of late interaction.
// Z-scores keep how far apart two passages are, which ranks forget; on the first corpus they beat reciprocal
// rank fusion. A leg that tells no passage from another does not vote.
func (s *search) rank(hits []Hit) {
	dense, words, tokens := make([]float64, len(hits)), make([]float64, len(hits)), make([]float64, len(hits))
	near := make([]int16, len(s.codes))
	for i := range hits {
		hits[i].Lexical = s.lex.score[hits[i].Passage.ID]
		dense[i], words[i], tokens[i] = hits[i].Similarity, hits[i].Lexical, late(s.codes, hits[i].Passage.Codes, near)
	}
	fused := standard(meanOf(standard(dense), standard(words)))
	tokens = standard(tokens)
	for i := range hits {
		hits[i].Score += s.meantBy(hits[i].Passage.Article)
		if fused != nil {
			hits[i].Score += fused[i]
		}
		if tokens != nil {
			hits[i].Score += lateLegWeight * tokens[i]
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Passage.ID, b.Passage.ID))
	})
}

// standard gives z-scores; nil where all values are the same.
func standard(values []float64) []float64 {
	mean, deviation := moments(values)
	if deviation == 0 {
		return nil
	}
	z := make([]float64, len(values))
	for i, v := range values {
		z[i] = (v - mean) / deviation
	}
	return z
}

// meanOf is the mean of two legs, of which one or both may be nil.
func meanOf(a, b []float64) []float64 {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	mean := make([]float64, len(a))
	for i := range a {
		mean[i] = (a[i] + b[i]) / 2
	}
	return mean
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
