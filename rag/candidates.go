package rag

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
)

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
		select p.id, p.start_char, p.end_char, p.start_line, p.end_line, p.page, p.digest, p.opens,
			1 - (v.embedding <=> $2), a.id, a.title, a.authors, a.publication, a.published, a.section,
			left(a.body, 80), a.length, s.path, array(select twin_id from article_twins where article_id = a.id)
		from found join passages p on p.id = found.id join passage_vectors v on v.passage_id = p.id
			join articles a on a.id = p.article_id join sources s on s.id = a.source_id`, w.ids, pgvector.NewHalfVector(w.near), w.depth, w.named, w.allowed, namedPassages)
	found, err = pgx.AppendRows(make([]Hit, 0, 2*w.depth), rows, func(row pgx.CollectableRow) (Hit, error) { return scanHit(row, twins) })
	if err != nil {
		return nil, nil, err
	}
	found, err = s.withTexts(ctx, found)
	return found, twins, err
}

// withTexts gives hits the texts and codes of their passages, which take most of the reading and are kept from one question
// to the next. A passage that a re-ingest removed in the meantime is left out.
func (s *Store) withTexts(ctx context.Context, found []Hit) ([]Hit, error) {
	unknown := s.passages.prepare(found)
	if len(unknown) == 0 {
		return found, nil
	}
	read, err := s.readTexts(ctx, unknown)
	if err != nil {
		return nil, err
	}
	for i := range found {
		p := &found[i].Passage
		r, ok := read[p.ID]
		if p.prepared != nil || !ok {
			continue
		}
		p.Text = r.Text
		if p.Codes, p.Starts, err = decodeTokens(r.Codes); err != nil {
			return nil, err
		}
		s.passages.add(p)
	}
	return slices.DeleteFunc(found, func(h Hit) bool { return h.Passage.prepared == nil }), nil
}

// readTexts reads the texts and codes of those of some passages that there are; codes are empty where one has none.
func (s *Store) readTexts(ctx context.Context, passages []int64) (map[int64]passageText, error) {
	rows, _ := s.pool.Query(ctx, `select p.id, p.body, coalesce(c.codes, '') from passages p left join passage_codes c on c.passage_id = p.id
		where p.id = any($1)`, passages)
	read := make(map[int64]passageText, len(passages))
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[passageText])
	for _, p := range all {
		read[p.ID] = p
	}
	return read, err
}

type passageText struct {
	ID    int64
	Text  string
	Codes []byte // see encodeTokens
}

func scanHit(row pgx.CollectableRow, twins twinPairs) (Hit, error) {
	var h Hit
	var a Article
	var page int
	var twinIDs []int64
	p, l := &h.Passage, &h.Location
	err := row.Scan(&p.ID, &p.Span.Start, &p.Span.End, &l.StartLine, &l.EndLine, &page, &p.digest, &p.Opens,
		&h.Similarity, &a.ID, &a.Title, &a.Authors, &a.Publication, &a.Date, &a.Section, &a.Text, &a.length, &a.File, &twinIDs)
	if err != nil {
		return h, err
	}
	for _, twin := range twinIDs {
		twins[[2]int64{a.ID, twin}] = true
	}
	l.StartChar, l.EndChar, l.Page, p.Article = p.Span.Start, p.Span.End, pageOf(page), &a
	return h, nil
}
