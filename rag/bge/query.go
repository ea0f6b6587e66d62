package bge

import (
	"context"
	"fmt"
	"slices"
)

// EmbedQuery gives the vector of a question, [Dimensions] numbers of length 1, to be compared with those of
// documents. [QueryPrefix] goes before it. A text too long for one pass is cut between tokens into windows
// of equal size that cover all of it, each behind the prefix; the result is the mean of their vectors at
// length 1. A text without tokens is [ErrEmptyText]. Queries run at once, beside any documents.
func (m *Model) EmbedQuery(ctx context.Context, text string) ([]float32, error) {
	if err := m.enter(ctx); err != nil {
		return nil, fmt.Errorf("embed query: %w", err)
	}
	defer m.running.Done()
	vector, err := m.embedWindows(ctx, m.windows(text))
	if err != nil {
		return nil, fmt.Errorf("embed query: %w", err)
	}
	return vector, nil
}

// windows are the token ids of the passes a query takes. The prefix ends with a punctuation mark, a word of
// its own, so its tokens and those of the text can simply be joined.
func (m *Model) windows(text string) [][]int32 {
	body := m.tokenizer.body(text)
	room := MaxTokens - m.tokenizer.markerCount() - len(m.prefix)
	count := (len(body) + room - 1) / room
	windows := make([][]int32, count)
	for i := range windows {
		part := body[i*len(body)/count : (i+1)*len(body)/count]
		windows[i] = slices.Concat(m.tokenizer.before, m.prefix, part, m.tokenizer.after)
	}
	return windows
}

func (m *Model) embedWindows(ctx context.Context, windows [][]int32) ([]float32, error) {
	if len(windows) == 0 {
		return nil, ErrEmptyText
	}
	sum := make([]float32, Dimensions)
	for _, ids := range windows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		vector, err := m.vector(ids)
		if err != nil {
			return nil, err
		}
		for i, x := range vector {
			sum[i] += x
		}
	}
	return sum, normalise(sum)
}

// body is the ids of a text without its markers.
func (t *Tokenizer) body(text string) []int32 {
	tokens := t.Encode(text)
	return idsOf(tokens[len(t.before) : len(tokens)-len(t.after)])
}
