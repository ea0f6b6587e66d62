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

// EmbedDocuments gives a vector of [Dimensions] numbers and length 1 for each text, in their order. All
// texts are checked before the first is embedded: one that is empty ([ErrEmptyText], with its index) or has
// more than [MaxTokens] tokens ([*TooLongError]) fails the call. A done ctx ends it after the passages in
// work. No texts give no vectors.
func (m *Model) EmbedDocuments(ctx context.Context, texts []string) ([][]float32, error) {
	if err := m.enter(ctx); err != nil {
		return nil, fmt.Errorf("embed documents: %w", err)
	}
	defer m.running.Done()
	ids, err := m.documentTokens(texts)
	if err != nil {
		return nil, fmt.Errorf("embed documents: %w", err)
	}
	vectors, err := m.embedAll(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("embed documents: %w", err)
	}
	return vectors, nil
}

func (m *Model) documentTokens(texts []string) ([][]int32, error) {
	ids := make([][]int32, len(texts))
	for i, text := range texts {
		tokens := m.tokenizer.Encode(text)
		if len(tokens) <= m.tokenizer.markerCount() {
			return nil, fmt.Errorf("text %d: %w", i, ErrEmptyText)
		}
		if len(tokens) > MaxTokens {
			return nil, &TooLongError{Index: i, Tokens: len(tokens), Max: MaxTokens}
		}
		ids[i] = idsOf(tokens)
	}
	return ids, nil
}

// embedAll works on as many passages as there are slots; it holds a slot for one passage at a time, so that
// several calls advance side by side.
func (m *Model) embedAll(ctx context.Context, ids [][]int32) ([][]float32, error) {
	vectors := make([][]float32, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(cap(m.slots), len(ids)) {
		group.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(ids)); i = next.Add(1) - 1 {
				var err error
				if vectors[i], err = m.embedInSlot(ctx, ids[i]); err != nil {
					return fmt.Errorf("text %d: %w", i, err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return vectors, nil
}

func (m *Model) embedInSlot(ctx context.Context, ids []int32) ([]float32, error) {
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := ctx.Err(); err != nil { // both were ready
		return nil, err
	}
	return m.vector(ids)
}

func idsOf(tokens []Token) []int32 {
	ids := make([]int32, len(tokens))
	for i, t := range tokens {
		ids[i] = t.ID
	}
	return ids
}
