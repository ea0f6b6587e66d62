package ragtest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"yinju/rag"
)

// contents are queries that say, without ids and times, all that a store holds of its sources.
var contents = []string{
	`select 'source ' || path || ' ' || encode(hash, 'hex') || ' ' || made_by || ' ' || embedder || ' ' || passages || ' ' || terms || ' ' || size from sources`,
	`select concat_ws(' ', 'article', s.path, a.ordinal, md5((a.title, a.authors, a.publication, a.published, a.section, a.body, a.places, a.samples, a.affiliation, a.facts, a.tears)::text))
		from articles a join sources s on s.id = a.source_id`,
	`select concat_ws(' ', 'passage', s.path, a.ordinal, p.start_char, md5((p.end_char, p.start_line, p.end_line, p.page, p.body, p.opens, p.digest, v.embedding::text, c.codes)::text))
		from passages p join articles a on a.id = p.article_id join sources s on s.id = a.source_id
		left join passage_vectors v on v.passage_id = p.id left join passage_codes c on c.passage_id = p.id`,
	`select concat_ws(' ', 'posting', s.path, x.term, x.counts::text, x.lengths::text, (select array_agg(a.ordinal || ':' || p.start_char order by n)::text
			from unnest(x.passages) with ordinality as u(id, n) join passages p on p.id = u.id join articles a on a.id = p.article_id))
		from postings x join sources s on s.id = x.source_id`,
	`select concat_ws(' ', 'name', s.path, a.ordinal, n.kind, n.name, n.sound, n.shown) from article_names n join articles a on a.id = n.article_id join sources s on s.id = a.source_id`,
	`select concat_ws(' ', 'sample', s.path, a.ordinal, x.hash) from article_samples x join articles a on a.id = x.article_id join sources s on s.id = a.source_id`,
	`select concat_ws(' ', 'twins', s.path, a.ordinal, t.path, b.ordinal) from article_twins x join articles a on a.id = x.article_id join sources s on s.id = a.source_id
		join articles b on b.id = x.twin_id join sources t on t.id = b.source_id`,
	// A passage that a posting names and that is not there.
	`select 'orphan ' || x.term from postings x where exists (select from unnest(x.passages) id where not exists (select from passages p where p.id = id))`,
}

// Contents is what a store holds of its sources, in order, a line for each row: two stores that hold the same give the same.
func Contents(tb testing.TB, s *rag.Store) (all []string) {
	tb.Helper()
	for _, query := range contents {
		rows, _ := s.Pool().Query(tb.Context(), `select line from (`+query+`) as x(line) order by line collate "C"`)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, lines...)
	}
	return all
}

// Connect connects to a database as the store does, with the first generation of the index before the other tables.
func Connect(ctx context.Context, url string) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, url)
	if err == nil {
		_, err = conn.Exec(ctx, `set search_path = public_index_1, public`)
	}
	return conn, err
}
