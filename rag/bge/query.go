package bge

import (
	"context"
	"fmt"
	"slices"
)

// EmbedQuery gives the vector of [Model.EncodeQuery].
func (m *Model) EmbedQuery(ctx context.Context, text string) ([]float32, error) {
	e, err := m.encodeQuery(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("embed query: %w", err)
	}
	return e.Vector, nil
}

// EncodeQuery gives the vector of a question, [Dimensions] numbers of length 1, and the codes of its tokens, to
// be compared with those of documents. [QueryPrefix] goes before it, and has no codes. A text too long for one
// pass is cut between tokens into windows of equal size that cover all of it, each behind the prefix; the
// vector is the mean of theirs at length 1, the codes are theirs one after the other. A text without tokens is
// [ErrEmptyText]. Queries run at once, beside any documents.
func (m *Model) EncodeQuery(ctx context.Context, text string) (Encoded, error) {
	e, err := m.encodeQuery(ctx, text)
	if err != nil {
		return Encoded{}, fmt.Errorf("encode query: %w", err)
	}
	return e, nil
}

func (m *Model) encodeQuery(ctx context.Context, text string) (e Encoded, err error) {
	if err := m.enter(ctx); err != nil {
		return e, err
	}
	defer m.running.Done()
	tokens := m.tokenizer.inner(m.tokenizer.Encode(text))
	if len(tokens) == 0 {
		return e, ErrEmptyText
	}
	e.Starts = startsOf(tokens)
	e.Vector, e.Codes, err = m.encodeWindows(ctx, m.windows(idsOf(tokens)), make([]Code, 0, len(tokens)))
	return e, err
}

// windows are the token ids of the passes that a query of the ids in body takes. The prefix ends with a
// punctuation mark, a word of its own, so its tokens and those of the text can simply be joined.
func (m *Model) windows(body []int32) [][]int32 {
	room := MaxTokens - m.tokenizer.markerCount() - len(m.prefix)
	count := (len(body) + room - 1) / room
	windows := make([][]int32, count)
	for i := range windows {
		part := body[i*len(body)/count : (i+1)*len(body)/count]
		windows[i] = slices.Concat(m.tokenizer.before, m.prefix, part, m.tokenizer.after)
	}
	return windows
}

func (m *Model) encodeWindows(ctx context.Context, windows [][]int32, codes []Code) ([]float32, []Code, error) {
	sum := make([]float32, Dimensions)
	for _, ids := range windows {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		var vector []float32
		var err error
		if vector, codes, err = m.pass(ids, len(m.tokenizer.before)+len(m.prefix), codes); err != nil {
			return nil, nil, err
		}
		for i, x := range vector {
			sum[i] += x
		}
	}
	return sum, codes, normalise(sum)
}

// inner is the tokens of an encoded text without its markers.
func (t *Tokenizer) inner(tokens []Token) []Token {
	return tokens[len(t.before) : len(tokens)-len(t.after)]
}

// body is the ids of a text without its markers.
func (t *Tokenizer) body(text string) []int32 { return idsOf(t.inner(t.Encode(text))) }
