package rag

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
)

// Digest tells what is embedded of passages apart: the first half of its SHA-256.
type Digest [sha256.Size / 2]byte

// Digest is that of the passage's IndexText.
func (p *Passage) Digest() Digest {
	sum := sha256.Sum256([]byte(p.IndexText()))
	return Digest(sum[:len(Digest{})])
}

// Encoding is what a model made of a passage, as the store has it.
type Encoding struct {
	Vector []float32
	Codes  []Code
	Starts []int32 // see Passage.Starts
}

// Keep takes what the model made of the same IndexText before.
func (p *Passage) Keep(e Encoding) { p.Vector, p.Codes, p.Starts = e.Vector, e.Codes, e.Starts }

// Encodings are what the store has of texts by an embedding model, whatever source they stand in. A text of which it has
// nothing is left out. For a generation that is being built the live one is looked in, too. Each takes up to 35 KB, so ask
// for some hundreds at a time.
func (s *Store) Encodings(ctx context.Context, embedder string, digests []Digest) (map[Digest]Encoding, error) {
	found := make(map[Digest]Encoding, len(digests))
	err := s.encodings(ctx, "", embedder, digests, found)
	if g, ok := pinned(ctx); ok && !g.IsLive && err == nil && len(found) < len(digests) {
		var live Generation
		if live, err = s.Live(ctx); err == nil {
			rest := slices.DeleteFunc(slices.Clone(digests), func(d Digest) bool { _, ok := found[d]; return ok })
			err = s.encodings(ctx, pgx.Identifier{live.Schema}.Sanitize()+".", embedder, rest, found)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("look for what was embedded before: %w", err)
	}
	return found, nil
}

// encodings adds what the tables of a schema have; schema is the beginning of their names. Of passages of one text the first
// is read.
func (s *Store) encodings(ctx context.Context, schema, embedder string, digests []Digest, found map[Digest]Encoding) error {
	wanted := make([][]byte, len(digests))
	for i := range digests {
		wanted[i] = digests[i][:]
	}
	rows, _ := s.pool.Query(ctx, //nolint:rowserrcheck // ForEachRow checks it
		`select w.digest, v.embedding, c.codes from unnest($2::bytea[]) as w(digest)
		cross join lateral (
			select p.id from `+schema+`passages p join `+schema+`articles a on a.id = p.article_id join `+schema+`sources s on s.id = a.source_id
			where p.digest = w.digest and p.digest <> '' and s.embedder = $1 limit 1) p
		join `+schema+`passage_vectors v on v.passage_id = p.id left join `+schema+`passage_codes c on c.passage_id = p.id`, embedder, wanted)
	var digest, codes []byte
	var vector pgvector.HalfVector
	_, err := pgx.ForEachRow(rows, []any{&digest, &vector, &codes}, func() (err error) {
		e := Encoding{Vector: vector.Slice()}
		if codes != nil {
			e.Codes, e.Starts, err = decodeTokens(codes)
		}
		found[Digest(digest)] = e
		return err
	})
	return err
}
