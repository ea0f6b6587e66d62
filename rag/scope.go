package rag

import (
	"slices"

	"github.com/jackc/pgx/v5"
)

// filteredMost is the most passages that a filter leaves one by one; of a filter that leaves more, these are
// looked in.
const filteredMost = 200_000

// queueFilter asks in a batch for the passages that a filter leaves, of some articles or, without any, of all; they
// stay nil where it leaves none.
func queueFilter(batch *pgx.Batch, f Filter, articles []int64, allowed *[]int64) {
	condition, args := f.condition(3)
	batch.Queue(`select p.id from passages p join articles a on a.id = p.article_id join sources s on s.id = a.source_id
		where ($2::bigint[] is null or a.id = any($2)) and `+condition+` order by p.id limit $1`, append([]any{filteredMost, articles}, args...)...).
		Query(func(rows pgx.Rows) (err error) {
			*allowed, err = pgx.AppendRows(*allowed, rows, pgx.RowTo[int64])
			return err
		})
}

// keep leaves the scores of some passages only; of all, where ids are nil.
func (l *lexical) keep(ids []int64) {
	if len(ids) == 0 {
		return
	}
	for id := range l.score {
		if _, in := slices.BinarySearch(ids, id); !in {
			delete(l.score, id)
		}
	}
}

// scopes are what the search was for, as far as that is not the whole corpus, and whether what is shown comes from
// elsewhere. There is always a list, for the JSON.
func (s *search) scopes(shown []*Article) []Scope {
	chinese := s.chinese
	scopes := []Scope{}
	if !s.filter.IsZero() {
		scopes = append(scopes, Scope{Filter: s.filter, Text: s.filter.Describe(chinese), Widened: s.isWidened})
	}
	if len(s.followed.articles) > 0 {
		scopes = append(scopes, s.followed.scope(shown, chinese))
	}
	for _, m := range s.scope {
		scopes = append(scopes, Scope{
			Filter: m.Filter, Text: m.Filter.Describe(chinese), Widened: m.Undated || !slices.ContainsFunc(shown, m.isOf),
		})
	}
	return scopes
}
