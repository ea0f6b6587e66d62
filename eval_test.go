package main

import (
	"io"
	"os"
	"testing"

	"yinju/rag"
	"yinju/rag/eval"
	"yinju/rag/gloss"
	"yinju/rag/ragtest"
)

// The program's figures on the examples stay above their floors.
func TestExamplesAreAnsweredAsWellAsBefore(t *testing.T) {
	t.Parallel()
	floors := readExample(t, "examples/floors.txt", eval.ReadFloors)
	questions := readExample(t, "examples/questions.jsonl", eval.Read)
	model, store := ragtest.Model(t), ragtest.Store(t)
	if r, err := jobOver(store, model).Run(t.Context(), []string{"examples/corpus"}); err != nil || len(r.Failed) > 0 {
		t.Fatal(err, r.Failed)
	}
	retriever := rag.NewRetriever(store, model, ragtest.ModelName).WithDictionary(func() (*gloss.Dictionary, error) { return ragtest.Dictionary(t), nil })
	report, err := eval.Job{
		Searcher: retriever, Asker: rag.NewAnswerer(retriever, store).WithoutLog(), Library: store, Sources: &sources{store: store},
	}.Run(t.Context(), questions)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Missing) > 0 || len(floors) == 0 {
		t.Errorf("missing: %v, floors: %v", report.Missing, floors)
	}
	for _, m := range report.Missed(floors) {
		t.Errorf("%s is %.3f (measured: %v), the floor is %g", m.Name, m.Have, m.Known, m.Value)
	}
}

func readExample[T any](t *testing.T, name string, read func(io.Reader) ([]T, error)) []T {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	all, err := read(file)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return all
}
