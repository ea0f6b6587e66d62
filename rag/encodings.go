package rag

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"

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
// nothing is left out. Each takes up to 35 KB, so ask for some hundreds at a time.
func (s *Store) Encodings(ctx context.Context, embedder string, digests []Digest) (map[Digest]Encoding, error) {
	found, err := s.encodings(ctx, embedder, digests)
	g, isPinned := pinned(ctx)
	if err != nil || !isPinned || g.IsLive || len(found) == len(digests) {
		return found, err
	}
	live, err := s.Live(ctx) // a new index by other rules has much of the old one's text
	if err != nil {
		return nil, err
	}
	older, err := s.encodings(s.In(ctx, live), embedder, digests)
	maps.Copy(older, found)
	return older, err
}

func (s *Store) encodings(ctx context.Context, embedder string, digests []Digest) (map[Digest]Encoding, error) {
	wanted := make([][]byte, len(digests))
	for i := range digests {
		wanted[i] = digests[i][:]
	}
	rows, _ := s.pool.Query(ctx, //nolint:rowserrcheck // ForEachRow checks it
		`select distinct on (p.digest) p.digest, v.embedding, c.codes
		from passages p join articles a on a.id = p.article_id join sources s on s.id = a.source_id and s.embedder = $1
		join passage_vectors v on v.passage_id = p.id left join passage_codes c on c.passage_id = p.id
		where p.digest = any($2) and p.digest <> '' order by p.digest, p.id`, embedder, wanted)
	found := make(map[Digest]Encoding, len(digests))
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
	if err != nil {
		return nil, fmt.Errorf("look for what was embedded before: %w", err)
	}
	return found, nil
}
