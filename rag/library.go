package rag

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pgvector/pgvector-go"
)

// Edition is one source cut, described and embedded, ready to be stored.
type Edition struct {
	Source   Source
	MadeBy   string // names the rules that cut it; a source made by other rules is made again
	Embedder string // names the model of the vectors
	Articles []*Article
	Passages []Passage // in the order of Articles, each with its Vector
}

// Known is what the store remembers of a source, enough to tell whether it has to be read again.
type Known struct {
	Path     string
	Root     string
	Hash     []byte
	MadeBy   string
	Embedder string
	Version  string
	Size     int64
}

const knownSources = `select path, root, hash, made_by, embedder, version, size from sources`

// Known lists every source in the store, by path.
func (s *Store) Known(ctx context.Context) (map[string]Known, error) {
	rows, _ := s.pool.Query(ctx, knownSources)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Known])
	if err != nil {
		return nil, fmt.Errorf("list the sources: %w", err)
	}
	byPath := make(map[string]Known, len(all))
	for _, k := range all {
		byPath[k.Path] = k
	}
	return byPath, nil
}

// KnownAs is what the store remembers of one source; ok is whether it has it.
func (s *Store) KnownAs(ctx context.Context, path string) (k Known, ok bool, err error) {
	rows, _ := s.pool.Query(ctx, knownSources+` where path = $1`, path)
	k, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Known])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Known{}, false, nil
	case err != nil:
		return Known{}, false, fmt.Errorf("look for %s: %w", path, err)
	}
	return k, true, nil
}

// removedAtOnce is how many sources go in one transaction: others that compare articles wait until it ends.
const removedAtOnce = 500

// Remove deletes sources by path, with all that was made of them, in every generation of the index: none answers out of
// them any more. Each goes as a whole; after an error some are gone.
func (s *Store) Remove(ctx context.Context, paths []string) error {
	return s.inEach(ctx, func(ctx context.Context) error { return s.remove(ctx, paths) })
}

func (s *Store) remove(ctx context.Context, paths []string) error {
	for portion := range slices.Chunk(paths, removedAtOnce) {
		err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
			return removeSources(ctx, tx, portion)
		})
		if err != nil {
			return fmt.Errorf("remove sources: %w", err)
		}
	}
	return nil
}

func removeSources(ctx context.Context, tx pgx.Tx, paths []string) error {
	// Sources first, then the lock, as Replace does, so that neither waits for the other in a circle.
	rows, _ := tx.Query(ctx, `select id from sources where path = any($1) order by path for update`, paths)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(ids) == 0 {
		return err
	}
	if err := lockTwins(ctx, tx); err != nil {
		return err
	}
	crowded, err := crowdedTwins(ctx, tx, ids)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from sources where id = any($1)`, ids); err != nil {
		return err
	}
	return refindTwins(ctx, tx, crowded)
}

// Seen is a source whose file has the bytes that it had, though it stands elsewhere or has another version.
type Seen struct{ Path, Root, Version string }

// Touch notes roots and versions of sources that have not changed.
func (s *Store) Touch(ctx context.Context, seen []Seen) error {
	paths, roots, versions := make([]string, len(seen)), make([]string, len(seen)), make([]string, len(seen))
	for i, x := range seen {
		paths[i], roots[i], versions[i] = x.Path, x.Root, x.Version
	}
	// In the order of Remove, so that neither waits for the other in a circle.
	_, err := s.pool.Exec(ctx, `with seen as materialized (
			select s.id, x.root, x.version from sources s join unnest($1::text[], $2::text[], $3::text[]) as x(path, root, version) on x.path = s.path
			order by s.path for update of s)
		update sources set root = seen.root, version = seen.version from seen where sources.id = seen.id`, paths, roots, versions)
	if err != nil {
		return fmt.Errorf("note what has not changed: %w", err)
	}
	return nil
}

// ErrRenamed says that a source cannot be renamed: it is gone, or there is one of the new name.
var ErrRenamed = errors.New("the source is gone, or there is one of the new name already")

// Move is a source whose file stands under another name now.
type Move struct {
	From string
	To   Seen
}

// Rename gives sources other paths, all at once, so that two may change names, in every generation of the index that has
// them. All that was made of them stays as it is, the ids of their articles too. Errors are ErrRenamed, where no
// generation has one or can have it under the new name, or what the database said.
func (s *Store) Rename(ctx context.Context, moves []Move) error {
	isDone := make(map[string]bool, len(moves))
	err := s.inEach(ctx, func(ctx context.Context) error {
		done, err := s.rename(ctx, moves)
		for _, from := range done {
			isDone[from] = true
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("rename %d files: %w", len(moves), err)
	}
	for _, m := range moves {
		if !isDone[m.From] {
			return fmt.Errorf("rename %s to %s: %w", m.From, m.To.Path, ErrRenamed)
		}
	}
	return nil
}

// rename gives those that were renamed, by their old paths. The rest is left as it was.
func (s *Store) rename(ctx context.Context, moves []Move) (done []string, err error) {
	from, to, roots, versions := make([]string, len(moves)), make([]string, len(moves)), make([]string, len(moves)), make([]string, len(moves))
	for i, m := range moves {
		from[i], to[i], roots[i], versions[i] = m.From, m.To.Path, m.To.Root, m.To.Version
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// In the order of Remove. What moves is out of the way first, under a name that no file has.
		if _, err := tx.Exec(ctx, `with moved as materialized (select id from sources where path = any($1) order by path for update)
			update sources set path = chr(1) || path from moved where sources.id = moved.id`, from); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `update sources s set path = m.to, root = m.root, version = m.version
			from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as m("from", "to", root, version)
			where s.path = chr(1) || m."from" and not exists (select from sources where path = m.to) returning m."from"`, from, to, roots, versions)
		if done, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update sources set path = substr(path, 2) where path = any(select chr(1) || f from unnest($1::text[]) as f)`, from)
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" { // unique_violation: another process took a name meanwhile
		err = ErrRenamed
	}
	return done, err
}

// Holding is which of some sources has most of these passages, and how many; "" where none has one.
func (s *Store) Holding(ctx context.Context, passages []Digest, paths []string) (path string, n int, err error) {
	digests := make([][]byte, len(passages))
	for i := range passages {
		digests[i] = passages[i][:]
	}
	err = s.pool.QueryRow(ctx, `select s.path, count(distinct p.digest) from passages p join articles a on a.id = p.article_id join sources s on s.id = a.source_id
		where p.digest = any($1) and p.digest <> '' and s.path = any($2) group by s.path order by 2 desc, 1 limit 1`, digests, paths).Scan(&path, &n)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", 0, nil
	}
	if err != nil {
		err = fmt.Errorf("look for the same passages: %w", err)
	}
	return path, n, err
}

// Replace stores an edition in place of what the store held of its source, in one transaction: a
// reader sees the old articles or the new ones. Articles that are still there keep their ids, see keepIDs. Their
// twins, in this source and in others, are found anew.
func (s *Store) Replace(ctx context.Context, e Edition) error {
	index, samples := newIndex(e.Passages), samplesOf(e.Articles)
	// Read committed, whatever the server's default: twins are compared with what others stored in the meantime.
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		source, err := upsertSource(ctx, tx, e, index.terms)
		if err != nil {
			return err
		}
		old, err := keptArticles(ctx, tx, source)
		if err != nil {
			return err
		}
		if err := giveIDs(ctx, tx, e, old); err != nil {
			return err
		}
		if err := storeArticles(ctx, tx, source, old, e.Articles, samples); err != nil {
			return err
		}
		if err := replaceNames(ctx, tx, source, e.Articles); err != nil {
			return err
		}
		if err := clearPassages(ctx, tx, source); err != nil {
			return err
		}
		ids, err := insertPassages(ctx, tx, e.Passages)
		if err != nil {
			return err
		}
		if err := insertCodes(ctx, tx, e.Passages, ids); err != nil {
			return err
		}
		if err := insertPostings(ctx, tx, source, index, ids); err != nil {
			return err
		}
		if err := insertSounds(ctx, tx, index); err != nil {
			return err
		}
		if err := replaceSamples(ctx, tx, source, e.Articles, samples); err != nil {
			return err
		}
		return replaceTwins(ctx, tx, source, dropped(old, e.Articles), e.Articles, samples)
	})
	if err != nil {
		return fmt.Errorf("store %s: %w", e.Source.Path, err)
	}
	return nil
}

// upsertSource also locks the source's row: two processes storing one source take turns.
func upsertSource(ctx context.Context, tx pgx.Tx, e Edition, terms int64) (id int64, err error) {
	err = tx.QueryRow(ctx, `insert into sources (path, root, hash, made_by, embedder, passages, terms, version, size)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (path) do update set root = $2, hash = $3, made_by = $4, embedder = $5, passages = $6, terms = $7,
			version = $8, size = $9, ingested_at = now()
		returning id`,
		e.Source.Path, e.Source.Root, e.Source.Hash, e.MadeBy, e.Embedder, len(e.Passages), terms, e.Source.Version, e.Source.Size).Scan(&id)
	return id, err
}

// giveIDs gives articles the ids that they have, in this generation or, where their source is new in it, in the live one.
func giveIDs(ctx context.Context, tx pgx.Tx, e Edition, old []keptArticle) error {
	g, ok := pinned(ctx)
	if len(old) > 0 || !ok || g.IsLive {
		keepIDs(old, e.Articles)
		return nil
	}
	live, err := liveGeneration(ctx, tx)
	if err != nil {
		return err
	}
	schema := pgx.Identifier{live.Schema}.Sanitize()
	rows, _ := tx.Query(ctx, `select a.id, a.title, a.authors, a.body from `+schema+`.articles a join `+schema+`.sources s on s.id = a.source_id
		where s.path = $1 and not exists (select from articles b where b.id = a.id) order by a.ordinal`, e.Source.Path)
	before, err := pgx.CollectRows(rows, pgx.RowToStructByPos[keptArticle])
	keepIDs(before, e.Articles)
	return err
}

// storeArticles changes the articles that are there, and adds the others, under the ids that they have or new ones.
func storeArticles(ctx context.Context, tx pgx.Tx, source int64, old []keptArticle, articles []*Article, samples [][]int64) error {
	var batch pgx.Batch
	isThere := make(map[int64]bool, len(old))
	for _, o := range old {
		isThere[o.ID] = true
	}
	for i, a := range articles {
		authors := a.Authors
		if authors == nil {
			authors = []string{}
		}
		columns := []any{
			source, i, a.Title, authors, a.Publication, a.Date, a.Section, a.Text, a.Places.ints(), len(samples[i]),
			a.Affiliation, facts(a), append([]int{}, a.Tears...),
		}
		if isThere[a.ID] {
			batch.Queue(`update articles set ordinal = $2, title = $3, authors = $4, publication = $5, published = $6,
				section = $7, body = $8, places = $9, samples = $10, affiliation = $11, facts = $12, tears = $13
				where source_id = $1 and id = $14`, append(columns, a.ID)...)
			continue
		}
		batch.Queue(`insert into articles (source_id, ordinal, title, authors, publication, published, section, body, places, samples,
				affiliation, facts, tears, id)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, coalesce(nullif($14::bigint, 0), nextval('article_ids'))) returning id`, append(columns, a.ID)...).
			QueryRow(func(row pgx.Row) error { return row.Scan(&a.ID) })
	}
	return tx.SendBatch(ctx, &batch).Close()
}

// facts are an article's, {} where it has none.
func facts(a *Article) map[Field]Fact {
	if a.Facts == nil {
		return map[Field]Fact{}
	}
	return a.Facts
}

func clearPassages(ctx context.Context, tx pgx.Tx, source int64) error {
	if _, err := tx.Exec(ctx, `delete from passages p using articles a where a.id = p.article_id and a.source_id = $1`, source); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `delete from postings where source_id = $1`, source)
	return err
}

func insertPassages(ctx context.Context, tx pgx.Tx, passages []Passage) ([]int64, error) {
	rows, _ := tx.Query(ctx, `select nextval('passage_ids') from generate_series(1, $1)`, len(passages))
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"passages"},
		[]string{"id", "article_id", "start_char", "end_char", "start_line", "end_line", "page", "body", "opens", "digest"},
		pgx.CopyFromSlice(len(passages), func(i int) ([]any, error) {
			p := passages[i]
			at, digest := p.Article.Places.Locate(p.Span), p.Digest()
			return []any{ids[i], p.Article.ID, p.Span.Start, p.Span.End, at.StartLine, at.EndLine, p.Article.Places.page(p.Span.Start), p.Text, p.Opens, digest[:]}, nil
		}))
	if err != nil {
		return nil, err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"passage_vectors"}, []string{"passage_id", "embedding"},
		pgx.CopyFromSlice(len(passages), func(i int) ([]any, error) {
			if n := len(passages[i].Vector); n != Dimensions {
				return nil, fmt.Errorf("passage %d has a vector of %d dimensions, the store takes %d", i, n, Dimensions)
			}
			return []any{ids[i], pgvector.NewHalfVector(passages[i].Vector)}, nil
		}))
	return ids, err
}

func insertPostings(ctx context.Context, tx pgx.Tx, source int64, index index, ids []int64) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"postings"}, []string{"source_id", "term", "passages", "counts", "lengths"},
		pgx.CopyFromSlice(len(index.entries), func(i int) ([]any, error) {
			e := index.entries[i]
			return []any{source, e.term, e.ids(ids), e.counts, e.lengths}, nil
		}))
	return err
}
