package rag

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Twins are two articles that say the same: the text of one is nearly all in the other's. What has a part of
// its sample in common is found through an index, and then compared shingle by shingle.
const (
	twinShare = 0.6 // of the shorter one's shingles: copies have more, articles on one subject less
	twinRunes = 120 // letters and digits that an article has at least: short notices are alike by chance
)

// What one article's search for twins may cost.
const (
	commonSample   = 50   // articles with one sample in them from which on it tells nothing, as a slogan or an imprint
	candidateTwins = 32   // articles compared
	minTelling     = 0.25 // share of a sample that is not common, to go by that alone
	minSamples     = 2    // samples in common that make a candidate
	minEstimate    = 0.35 // share of the smaller sample in common; well below twinShare, for a sample errs
)

// twinsLock is the advisory lock under which one process at a time looks for twins, and removes articles:
// "twins" in ASCII. Of two that did so at once, neither would see the other's new articles.
const twinsLock = 0x7477696e73

// twinsWait is how long to wait for it, as Postgres writes it. It is held for milliseconds an article.
const twinsWait = "5min"

var errTwinsWait = errors.New("another yinju has been comparing articles for " + twinsWait + ": wait for it or end it, then try again")

// samplesOf are the samples of articles; one that is too short to be compared has none.
func samplesOf(articles []*Article) [][]int64 {
	samples := make([][]int64, len(articles))
	for i, a := range articles {
		if set := shingles(a.Text); len(set) > twinRunes-shingleRunes {
			samples[i] = set.sample()
		}
	}
	return samples
}

// lockTwins takes turns with other processes until the transaction's end. Statements after it see what the
// others have stored.
func lockTwins(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `select set_config('lock_timeout', $1, true)`, twinsWait); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(twinsLock))
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "55P03" { // lock_not_available
		return errTwinsWait
	}
	return err
}

// replaceTwins removes the articles gone that a source no longer has, and finds the twins of those it has. It
// comes last in its transaction, for others wait until that ends. Articles are removed here, under the lock,
// because a process that notes a pair locks both of them.
func replaceTwins(ctx context.Context, tx pgx.Tx, source int64, gone []int64, articles []*Article, samples [][]int64) error {
	if err := lockTwins(ctx, tx); err != nil {
		return err
	}
	var old pgx.Batch
	old.Queue(`delete from articles where source_id = $1 and id = any($2)`, source, gone)
	old.Queue(`delete from article_twins t using articles a where a.source_id = $1 and a.id = t.article_id`, source)
	old.Queue(`delete from article_twins t using articles a where a.source_id = $1 and a.id = t.twin_id`, source)
	old.Queue(`delete from article_samples x using articles a where a.source_id = $1 and a.id = x.article_id`, source)
	if err := tx.SendBatch(ctx, &old).Close(); err != nil {
		return err
	}
	for i, a := range articles {
		if err := insertSample(ctx, tx, a.ID, samples[i]); err != nil {
			return err
		}
	}
	for i, a := range articles {
		if err := findTwins(ctx, tx, a, samples[i]); err != nil {
			return fmt.Errorf("compare article %d with others: %w", i+1, err)
		}
	}
	return nil
}

func insertSample(ctx context.Context, tx pgx.Tx, article int64, sample []int64) error {
	_, err := tx.Exec(ctx, `insert into article_samples (hash, article_id) select hash, $2 from unnest($1::bigint[]) hash`, sample, article)
	return err
}

// findTwins stores the twins of one article; its sample, and those of the others, are in the store.
func findTwins(ctx context.Context, tx pgx.Tx, a *Article, sample []int64) error {
	candidates, err := twinCandidates(ctx, tx, a.ID, sample)
	if err != nil || len(candidates) == 0 {
		return err
	}
	twins, err := compare(ctx, tx, a, candidates)
	if err != nil || len(twins) == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `insert into article_twins (article_id, twin_id)
		select $1, t from unnest($2::bigint[]) t union all select t, $1 from unnest($2::bigint[]) t
		on conflict do nothing`, a.ID, twins)
	return err
}

// twinCandidates are the articles that share the most of the sample, or have the most of theirs in it. What many
// articles hold does not count, unless it is nearly all of this one: then it has been printed many times, and
// the oldest copies are taken.
func twinCandidates(ctx context.Context, tx pgx.Tx, article int64, sample []int64) ([]int64, error) {
	rows, _ := tx.Query(ctx, `with mine as (
			select array(select s.article_id from article_samples s where s.hash = m.hash order by s.article_id limit $3) as holders
			from unnest($2::bigint[]) as m(hash)
		), telling as (
			select holders from mine
			where cardinality(holders) < $3 or (select avg((cardinality(holders) < $3)::int) < $7 from mine)
		)
		select a.id from telling, unnest(holders) as h(id) join articles a on a.id = h.id
		where a.id <> $1
		group by a.id
		having count(*) >= $4 and count(*) * cardinality($2) >= $5::float8 * least(a.samples, cardinality($2)) * (select count(*) from telling)
		order by count(*)::float8 / least(a.samples, cardinality($2)) desc, a.id limit $6`,
		article, sample, commonSample, minSamples, minEstimate, candidateTwins, minTelling)
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// compare gives the candidates that say the same as the article. It reads one text at a time.
func compare(ctx context.Context, tx pgx.Tx, a *Article, candidates []int64) (twins []int64, err error) {
	set := shingles(a.Text)
	rows, _ := tx.Query(ctx, `select id, left(body, $2) from articles where id = any($1)`, candidates, 2*comparedMost) //nolint:rowserrcheck // ForEachRow checks it
	var id int64
	var text string
	_, err = pgx.ForEachRow(rows, []any{&id, &text}, func() error {
		other := shingles(text)
		if float64(set.common(other)) >= twinShare*float64(min(len(set), len(other))) {
			twins = append(twins, id)
		}
		return nil
	})
	return twins, err
}
