package bge

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// ErrEmptyText is the error for a text without a single token, such as "" or white space: no vector could
// stand for it.
var ErrEmptyText = errors.New("text is empty")

// TooLongError says that a document does not fit into one pass. Split it; see [Tokenizer.Count].
type TooLongError struct {
	Index  int // which of the texts
	Tokens int // how many it has, [CLS] and [SEP] included
	Max    int // how many fit
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("text %d has %d tokens, at most %d fit", e.Index, e.Tokens, e.Max)
}

// EmbedDocuments gives the vectors of [Model.EncodeDocuments].
func (m *Model) EmbedDocuments(ctx context.Context, texts []string) ([][]float32, error) {
	encoded, err := m.encodeDocuments(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("embed documents: %w", err)
	}
	vectors := make([][]float32, len(encoded))
	for i := range encoded {
		vectors[i] = encoded[i].Vector
	}
	return vectors, nil
}

// EncodeDocuments gives a vector and the tokens' codes for each text, in their order. All texts are checked
// before the first pass: one that is empty ([ErrEmptyText], with its index) or has more than [MaxTokens]
// tokens ([*TooLongError]) fails the call. A done ctx ends it after the passages in work. No texts give an
// empty slice.
func (m *Model) EncodeDocuments(ctx context.Context, texts []string) ([]Encoded, error) {
	encoded, err := m.encodeDocuments(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("encode documents: %w", err)
	}
	return encoded, nil
}

func (m *Model) encodeDocuments(ctx context.Context, texts []string) ([]Encoded, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.running.Done()
	tokens, err := m.documentTokens(texts)
	if err != nil {
		return nil, err
	}
	return m.encodeAll(ctx, tokens)
}

// documentTokens are the tokens of each text, with markers.
func (m *Model) documentTokens(texts []string) ([][]Token, error) {
	all := make([][]Token, len(texts))
	for i, text := range texts {
		tokens := m.tokenizer.Encode(text)
		if len(tokens) <= m.tokenizer.markerCount() {
			return nil, fmt.Errorf("text %d: %w", i, ErrEmptyText)
		}
		if len(tokens) > MaxTokens {
			return nil, &TooLongError{Index: i, Tokens: len(tokens), Max: MaxTokens}
		}
		all[i] = tokens
	}
	return all, nil
}

// encodeAll works on as many passages as there are slots; it holds a slot for one passage at a time, so that
// several calls advance side by side.
func (m *Model) encodeAll(ctx context.Context, tokens [][]Token) ([]Encoded, error) {
	encoded := make([]Encoded, len(tokens))
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(cap(m.slots), len(tokens)) {
		group.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(tokens)); i = next.Add(1) - 1 {
				var err error
				if encoded[i], err = m.encodeInSlot(ctx, tokens[i]); err != nil {
					return fmt.Errorf("text %d: %w", i, err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return encoded, nil
}

func (m *Model) encodeInSlot(ctx context.Context, tokens []Token) (Encoded, error) {
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return Encoded{}, ctx.Err()
	}
	if err := ctx.Err(); err != nil { // both were ready
		return Encoded{}, err
	}
	return m.encode(tokens)
}

func (m *Model) encode(tokens []Token) (e Encoded, err error) {
	inner := m.tokenizer.inner(tokens)
	e.Starts = startsOf(inner)
	e.Vector, e.Codes, err = m.pass(idsOf(tokens), len(m.tokenizer.before), make([]Code, 0, len(inner)))
	return e, err
}

func idsOf(tokens []Token) []int32 {
	ids := make([]int32, len(tokens))
	for i, t := range tokens {
		ids[i] = t.ID
	}
	return ids
}

func startsOf(tokens []Token) []int {
	starts := make([]int, len(tokens))
	for i, t := range tokens {
		starts[i] = t.Start
	}
	return starts
}
