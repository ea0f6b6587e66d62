package bge

import (
	"context"
	"encoding/binary"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"yinju/ingest"
	"yinju/rag"
)

// Write mean.bin anew, here with `go test -run TestMeanToken -update`, where the model or the way in which
// passages are made is another one; CodesVersion is to change with it.
var update = flag.Bool("update", false, "write mean.bin anew")

// collector is a library and an embedder in one, which only keeps the texts that an ingest embeds.
type collector struct {
	mu    sync.Mutex
	texts []string
}

func (c *collector) EmbedDocuments(_ context.Context, texts []string) ([][]float32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts = append(c.texts, texts...)
	return make([][]float32, len(texts)), nil
}

func (*collector) Known(context.Context) (map[string]rag.Known, error)               { return nil, nil }
func (*collector) Replace(context.Context, rag.Edition) error                        { return nil }
func (*collector) KnownAs(context.Context, string) (k rag.Known, ok bool, err error) { return }
func (*collector) Encodings(context.Context, string, []rag.Digest) (map[rag.Digest]rag.Encoding, error) {
	return nil, nil //nolint:nilnil // there are none
}
func (*collector) Rename(context.Context, []rag.Move) error { return nil }
func (*collector) Holding(context.Context, []rag.Digest, []string) (string, int, error) {
	return "", 0, nil
}
func (*collector) Touch(context.Context, []rag.Seen) error { return nil }
func (*collector) Remove(context.Context, []string) error  { return nil }

// exampleTexts are the index texts of all passages of examples/corpus.
func exampleTexts(t *testing.T, m *Model) []string {
	t.Helper()
	corpus, err := filepath.Abs("../../examples/corpus")
	if err != nil {
		t.Fatal(err)
	}
	var c collector
	job := ingest.Job{Library: &c, Embedder: &c, Count: m.Tokenizer().Count, MaxTokens: MaxTokens}
	if r, err := job.Run(t.Context(), ingest.Local{Paths: []string{corpus}}); err != nil || len(r.Failed) > 0 || len(c.texts) == 0 {
		t.Fatalf("%d texts, %v, %v", len(c.texts), r.Failed, err)
	}
	slices.Sort(c.texts) // files come as they are ready
	return c.texts
}

func TestMeanToken(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	sum, tokens := make([]float64, Dimensions), 0
	for _, text := range exampleTexts(t, m) {
		hidden := hiddenOf(t, m, m.Tokenizer().body(text))
		for i, x := range hidden {
			sum[i%Dimensions] += float64(x)
		}
		tokens += len(hidden) / Dimensions
	}
	got := make([]float32, Dimensions)
	for i := range got {
		got[i] = float32(sum[i] / float64(tokens))
	}
	if *update {
		writeMean(t, got)
		return
	}
	if c := cosine(got, mean[:]); c < .99 {
		t.Errorf("cosine of mean.bin and the mean of %d tokens: %.4f", tokens, c)
	}
	if a, b := length(got), length(mean[:]); math.Abs(a-b) > .05*a {
		t.Errorf("mean.bin has length %.3f, the mean of %d tokens %.3f", b, tokens, a)
	}
}

func length(vector []float32) float64 {
	var sum float64
	for _, x := range vector {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

func writeMean(t *testing.T, mean []float32) {
	t.Helper()
	data, err := binary.Append(nil, binary.LittleEndian, mean)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("mean.bin", data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// hiddenOf is the last hidden state of the tokens in body, [len(body)][Dimensions], of a pass with markers.
func hiddenOf(tb testing.TB, m *Model, body []int32) []float32 {
	tb.Helper()
	before, after := m.tokenizer.before, m.tokenizer.after
	hidden, err := newPass().forward(m.session, slices.Concat(before, body, after))
	if err != nil {
		tb.Fatal(err)
	}
	return hidden[len(before)*Dimensions : len(hidden)-len(after)*Dimensions]
}
