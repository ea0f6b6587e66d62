package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tmc/langchaingo/llms"

	"yinju/ingest"
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
	retriever, store := examples(t)
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

// examples is a store of the examples, and what finds passages in it.
func examples(t *testing.T) (*rag.Retriever, *rag.Store) {
	t.Helper()
	model, store := ragtest.Model(t), ragtest.Store(t)
	if r, err := jobOver(store, model).Run(t.Context(), ingest.Local{Paths: []string{"examples/corpus"}}); err != nil || len(r.Failed) > 0 {
		t.Fatal(err, r.Failed)
	}
	return rag.NewRetriever(store, model, ragtest.ModelName).WithDictionary(func() (*gloss.Dictionary, error) { return ragtest.Dictionary(t), nil }), store
}

// parrot is a model that writes one sentence of each of the first passages, every other one as a quotation. One that
// pads cites another passage for it, too.
type parrot struct{ pads bool }

var (
	passageGiven = regexp.MustCompile(`(?s)<<([a-z0-9]{5}) (?:出处：|from: )[^\n]*\n(.*?)\n[a-z0-9]{5}>>`)
	sentenceIn   = regexp.MustCompile(`[^。！？\n“”"]{8,60}。`)
)

func (p parrot) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var o llms.CallOptions
	for _, set := range options {
		set(&o)
	}
	reply := p.reply(messages[1].Parts[0].(llms.TextContent).Text)
	if o.StreamingFunc != nil { // nil where a question is to be translated
		if err := o.StreamingFunc(ctx, []byte(reply)); err != nil {
			return nil, err
		}
	}
	return &llms.ContentResponse{Choices: []*llms.ContentChoice{{Content: reply, StopReason: "stop"}}}, nil
}

// reply is what it writes when it is prompted.
func (p parrot) reply(prompt string) string {
	passages := passageGiven.FindAllStringSubmatch(prompt, -1)
	var reply strings.Builder
	for i, m := range passages[:min(4, len(passages)/2)] {
		said := sentenceIn.FindString(m[2])
		if said == "" {
			continue
		}
		if i%2 == 1 {
			said = "文中说“" + strings.TrimSuffix(said, "。") + "”。"
		}
		fmt.Fprintf(&reply, "%s[ref:%s]", said, m[1])
		if p.pads {
			fmt.Fprintf(&reply, "[ref:%s]", passages[len(passages)-1-i][1])
		}
	}
	return reply.String()
}

func (p parrot) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, p, prompt, options...)
}

// What a model copies is borne out by the quotes beside it, and what it cites needlessly is told from that.
func TestWhatAModelCopiesIsRecalledAndItsPaddingIsNot(t *testing.T) {
	t.Parallel()
	questions := readExample(t, "examples/questions.jsonl", eval.Read)
	retriever, store := examples(t)
	for _, tc := range []struct {
		model     parrot
		low, high float64 // of citation precision
	}{{parrot{}, 1, 1}, {parrot{pads: true}, 0.45, 0.55}} {
		asker := rag.NewAnswerer(retriever, store).WithWriting(rag.Writing{Model: tc.model, Name: "parrot", Context: 16_000}).WithoutLog()
		report, err := eval.Job{
			Searcher: retriever, Asker: asker, Library: store, Sources: &sources{store: store}, Checks: retriever.DraftOptions(),
		}.Run(t.Context(), questions)
		if err != nil {
			t.Fatal(err)
		}
		for name, least := range map[string]float64{eval.Verbatim: 1, eval.Inline: 1, eval.CitesRecall: 1, eval.WrittenShare: 1, eval.SupportShare: 0.9} {
			if have, ok := report.Value(name); !ok || have < least {
				t.Errorf("%+v: %s is %.3f (measured: %v), at least %g is wanted", tc.model, name, have, ok, least)
			}
		}
		if have, _ := report.Value(eval.CitesPrecise); have < tc.low || have > tc.high || report.All.Shares[eval.Inline].Of < 50 {
			t.Errorf("%+v: precision %.3f, %+v", tc.model, have, report.All.Shares)
		}
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
