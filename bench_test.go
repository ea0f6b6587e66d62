package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinju/ingest"
	"yinju/rag"
	"yinju/rag/bge"
	"yinju/rag/gloss"
	"yinju/rag/ragtest"
)

// benchCorpus is CORPUS, or the example corpus.
func benchCorpus(b *testing.B) string {
	b.Helper()
	dir := os.Getenv("CORPUS")
	if dir == "" {
		dir = "examples/corpus"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		b.Fatal(err)
	}
	return dir
}

// recorder keeps the token ids of every text on its way to the model, and how long ingest took.
type recorder struct {
	model *bge.Model
	mu    sync.Mutex
	ids   [][]int32
}

func (r *recorder) EmbedDocuments(_ context.Context, texts []string) ([][]float32, error) {
	for _, text := range texts {
		var ids []int32
		for _, t := range r.model.Tokenizer().Encode(text) {
			ids = append(ids, t.ID)
		}
		r.mu.Lock()
		r.ids = append(r.ids, ids)
		r.mu.Unlock()
	}
	return make([][]float32, len(texts)), nil
}

// BenchmarkIngestShareOfRuntimeAlone compares passages a second of a whole ingest (read, reflow, cut,
// tokenize, embed, store) with the bare ONNX Runtime on the same tokens and as many callers, one after
// the other, round by round, and gives the median round.
func BenchmarkIngestShareOfRuntimeAlone(b *testing.B) {
	model, corpus := ragtest.Model(b), benchCorpus(b)
	ids := tokensOf(b, model, corpus)
	for range b.N {
		var whole, alone []float64
		for range 3 {
			alone = append(alone, rate(len(ids), func() { embedAlone(b, model, ids) }))
			store := ragtest.Store(b)
			whole = append(whole, rate(len(ids), func() { ingestInto(b, store, model, corpus) }))
		}
		b.ReportMetric(float64(len(ids)), "passages")
		b.ReportMetric(median(alone), "alone/s")
		b.ReportMetric(median(whole), "ingest/s")
		b.ReportMetric(median(whole)/median(alone), "share")
		b.ReportMetric(0, "ns/op")
	}
}

// tokensOf are the tokens of every passage that an ingest of the corpus embeds.
func tokensOf(b *testing.B, model *bge.Model, corpus string) [][]int32 {
	b.Helper()
	r := &recorder{model: model}
	job := jobOver(nil, model)
	job.Embedder, job.Library = r, discard{}
	if _, err := job.Run(b.Context(), ingest.Local{Paths: []string{corpus}}); err != nil {
		b.Fatal(err)
	}
	return r.ids
}

// discard is a library that keeps nothing.
type discard struct{}

func (discard) Known(context.Context) (map[string]rag.Known, error) { return nil, nil }
func (discard) Replace(context.Context, rag.Edition) error          { return nil }
func (discard) Touch(context.Context, []rag.Seen) error             { return nil }
func (discard) Rename(context.Context, []rag.Move) error            { return nil }
func (discard) Holding(context.Context, []rag.Digest, []string) (string, int, error) {
	return "", 0, nil
}

func (discard) KnownAs(context.Context, string) (k rag.Known, ok bool, err error) {
	return k, false, nil
}

func (discard) Encodings(context.Context, string, []rag.Digest) (map[rag.Digest]rag.Encoding, error) {
	return nil, nil //nolint:nilnil // there are none
}
func (discard) Remove(context.Context, []string) error { return nil }

func jobOver(store *rag.Store, model *bge.Model) ingest.Job {
	return ingest.Job{Library: store, Embedder: model, Model: ragtest.ModelName, Count: model.Tokenizer().Count, MaxTokens: bge.MaxTokens, MaxRemoved: 1}
}

func ingestInto(b *testing.B, store *rag.Store, model *bge.Model, corpus string) {
	b.Helper()
	if r, err := jobOver(store, model).Run(b.Context(), ingest.Local{Paths: []string{corpus}}); err != nil || len(r.Failed) > 0 {
		b.Fatal(err, r.Failed)
	}
}

// embedAlone runs the model over all tokens with as many callers as an ingest has.
func embedAlone(b *testing.B, model *bge.Model, ids [][]int32) {
	b.Helper()
	var next atomic.Int64
	var callers sync.WaitGroup
	for range runtime.NumCPU() {
		callers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(ids)); i = next.Add(1) - 1 {
				if _, err := model.EmbedTokens(b.Context(), ids[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	callers.Wait()
}

// BenchmarkAskOverQueryEmbedding gives the median of a whole answer (embed, search, quotes, log) as a
// multiple of embedding the question alone, in turns in one process.
func BenchmarkAskOverQueryEmbedding(b *testing.B) {
	model, store := ragtest.Model(b), ragtest.Store(b)
	ingestInto(b, store, model, benchCorpus(b))
	dictionary := ragtest.Dictionary(b)
	retriever := rag.NewRetriever(store, model, ragtest.ModelName).WithDictionary(func() (*gloss.Dictionary, error) { return dictionary, nil })
	answerer := rag.NewAnswerer(retriever, store)
	questions := []string{"修铁路的人怎么对付冻土？", "什么是新质生产力？", "这篇文章的作者是谁，发表在哪一天的报纸上？", "How high is it?"}
	for range b.N {
		var bare, ask []float64
		for i := range 200 {
			q := questions[i%len(questions)]
			bare = append(bare, milliseconds(b, func() error { _, err := model.EmbedQuery(b.Context(), q); return err }))
			ask = append(ask, milliseconds(b, func() error { _, err := answerer.Ask(b.Context(), q); return err }))
		}
		b.ReportMetric(median(bare), "embed-p50-ms")
		b.ReportMetric(median(ask), "ask-p50-ms")
		b.ReportMetric(median(ask)/median(bare), "times")
		b.ReportMetric(0, "ns/op")
	}
}

func milliseconds(b *testing.B, do func() error) float64 {
	b.Helper()
	begin := time.Now()
	if err := do(); err != nil {
		b.Fatal(err)
	}
	return float64(time.Since(begin).Microseconds()) / 1000
}

func rate(n int, do func()) float64 {
	begin := time.Now()
	do()
	return float64(n) / time.Since(begin).Seconds()
}

func median(values []float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}
