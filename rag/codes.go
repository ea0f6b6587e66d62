package rag

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// Code is a token as the embedding model sees it in its text, one bit for each of its numbers: two tokens are
// the more alike the more bits agree. It is the model's business what the bits mean.
type Code = [Dimensions / 64]uint64

// Encoded is what a model that has codes makes of a text. It is no type of this package's own, so that models
// need not import the package.
type Encoded = struct {
	Vector []float32 // [Dimensions] numbers of length 1
	Codes  []Code    // of the text's tokens in their order; nil where the model has none
	Starts []int     // the rune of the text at which each of them begins; never decreasing
}

// Take keeps what the model made of the passage's IndexText.
func (p *Passage) Take(e Encoded) {
	p.Vector, p.Codes, p.Starts = e.Vector, e.Codes, make([]int32, len(e.Starts))
	heading := utf8.RuneCountInString(p.IndexText()) - utf8.RuneCountInString(p.Text)
	for i, start := range e.Starts {
		p.Starts[i] = int32(max(start-heading, inHeading)) //nolint:gosec // no text has 2^31 runes
	}
}

// inHeading is the start of a token that stands before the passage's text.
const inHeading = -1

// The tokens of a passage as they are stored, one after the other: where it begins (int16), then the words of
// its code (uint64), all little endian. A start of the text's 32,767th rune means that one or a later one, which
// takes a passage of as many runes that the model sees nothing of.
const (
	tokenBytes = 2 + Dimensions/8
	maxTokens  = 512 // of a passage, so it has at most 33,792 bytes
)

// encodeTokens writes codes and starts, one of each a token, as they are stored.
func encodeTokens(codes []Code, starts []int32) ([]byte, error) {
	if len(codes) != len(starts) || len(codes) > maxTokens {
		return nil, fmt.Errorf("%d codes and %d starts, want as many of both, at most %d", len(codes), len(starts), maxTokens)
	}
	if err := checkStarts(starts); err != nil {
		return nil, err
	}
	data := make([]byte, 0, len(codes)*tokenBytes)
	for i, code := range codes {
		data = binary.LittleEndian.AppendUint16(data, uint16(min(starts[i], math.MaxInt16))) //nolint:gosec // -1 is 0xFFFF
		for _, word := range code {
			data = binary.LittleEndian.AppendUint64(data, word)
		}
	}
	return data, nil
}

// decodeTokens reads what encodeTokens wrote.
func decodeTokens(data []byte) ([]Code, []int32, error) {
	n := len(data) / tokenBytes
	if len(data)%tokenBytes != 0 || n > maxTokens {
		return nil, nil, fmt.Errorf("%d bytes are no codes, want a multiple of %d, at most %d", len(data), tokenBytes, maxTokens*tokenBytes)
	}
	codes, starts := make([]Code, n), make([]int32, n)
	for i := range codes {
		token := (*[tokenBytes]byte)(data[i*tokenBytes:])
		starts[i] = int32(int16(binary.LittleEndian.Uint16(token[:]))) //nolint:gosec // 0xFFFF is -1
		for word := range codes[i] {
			codes[i][word] = binary.LittleEndian.Uint64(token[2+8*word:])
		}
	}
	return codes, starts, checkStarts(starts)
}

// checkStarts holds starts to what tokensAt needs of them.
func checkStarts(starts []int32) error {
	if len(starts) > 0 && starts[0] < inHeading {
		return fmt.Errorf("a token begins at %d", starts[0])
	}
	if !slices.IsSorted(starts) {
		return errors.New("the tokens do not stand in the order of the text")
	}
	return nil
}

// insertCodes stores the codes of the passages that have any; ids are the passages'.
func insertCodes(ctx context.Context, tx pgx.Tx, passages []Passage, ids []int64) error {
	var coded []int
	for i := range passages {
		if len(passages[i].Codes) > 0 {
			coded = append(coded, i)
		}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"passage_codes"}, []string{"passage_id", "codes"},
		pgx.CopyFromSlice(len(coded), func(k int) ([]any, error) {
			i := coded[k]
			data, err := encodeTokens(passages[i].Codes, passages[i].Starts)
			if err != nil {
				return nil, fmt.Errorf("codes of passage %d: %w", i, err)
			}
			return []any{ids[i], data}, nil
		}))
	return err
}
