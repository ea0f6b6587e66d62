package rag

import (
	"context"

	"github.com/tmc/langchaingo/schema"
)

// Documents offers a Retriever to the chains and agents of langchaingo.
type Documents struct {
	Retriever *Retriever
	K         int    // most documents; 0: 10
	Filter    Filter // articles to look in
}

var _ schema.Retriever = Documents{}

// defaultDocuments is how many documents are given where nobody says.
const defaultDocuments = 10

// GetRelevantDocuments gives the best passages for a question, best first: as PageContent the passage's text, word
// for word, and as Metadata "article" (ArticleRef) and "location" (Location). Errors are those of SearchIn.
func (d Documents) GetRelevantDocuments(ctx context.Context, query string) ([]schema.Document, error) {
	k := d.K
	if k == 0 {
		k = defaultDocuments
	}
	hits, _, err := d.Retriever.SearchIn(ctx, Query{Question: query, Filter: d.Filter}, k)
	if err != nil {
		return nil, err
	}
	documents := make([]schema.Document, len(hits))
	for i, h := range hits {
		documents[i] = schema.Document{
			PageContent: h.Passage.Text, Score: float32(h.Score),
			Metadata: map[string]any{"article": h.Passage.Article.Ref(), "location": h.Location},
		}
	}
	return documents, nil
}
