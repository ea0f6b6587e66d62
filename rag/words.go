package rag

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

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
