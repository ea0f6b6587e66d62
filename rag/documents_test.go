package rag_test

import (
	"strings"
	"testing"

	"github.com/tmc/langchaingo/chains"
	"github.com/tmc/langchaingo/llms/fake"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// A chain of langchaingo gets the passages of the store as its documents, with where they stand.
func TestAChainOfLangchaingoRunsOverTheRetriever(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, edition("桥.txt", "赵州桥由李春设计。"))
	documents := rag.Documents{Retriever: rag.NewRetriever(s, fixed(axis(0)), "m")}
	chain := chains.NewRetrievalQAFromLLM(fake.NewFakeLLM([]string{"李春"}), documents)
	chain.ReturnSourceDocuments = true
	out, err := chains.Call(t.Context(), chain, map[string]any{"query": "赵州桥由谁设计？"})
	if err != nil {
		t.Fatal(err)
	}
	if out["text"] != "李春" {
		t.Errorf("the chain says %v", out["text"])
	}
	found, err := documents.GetRelevantDocuments(t.Context(), "赵州桥由谁设计？")
	if err != nil || len(found) != 1 || !strings.Contains(found[0].PageContent, "李春") {
		t.Fatalf("got %+v, %v", found, err)
	}
	article, _ := found[0].Metadata["article"].(rag.ArticleRef)
	location, _ := found[0].Metadata["location"].(rag.Location)
	if article.File != "桥.txt" || location.StartLine != 1 || out["source_documents"] == nil {
		t.Errorf("from %+v, %+v; %v", article, location, out)
	}
}
