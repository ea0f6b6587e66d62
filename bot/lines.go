package bot

import "yinju/rag"

// Passage is a passage that search found, as JSON has it.
type Passage struct {
	Text     string         `json:"text"`
	Score    float64        `json:"score"`
	Article  rag.ArticleRef `json:"article"`
	Location rag.Location   `json:"location"`
	Also     []rag.CopyRef  `json:"also"`
}

// PassageOf is a hit as JSON has it.
func PassageOf(h rag.Hit) Passage {
	return Passage{h.Passage.Text, h.Score, h.Passage.Article.Ref(), h.Location, rag.Refs(h.Also)}
}

// Article is a whole article, as JSON has it.
type Article struct {
	ID           string                 `json:"id"`
	File         string                 `json:"file"`
	Title        string                 `json:"title"`
	DisplayTitle string                 `json:"display_title"`
	Authors      []string               `json:"authors"`
	Publication  string                 `json:"publication"`
	Date         string                 `json:"date"`
	Section      string                 `json:"section"`
	Affiliation  string                 `json:"affiliation"`
	Facts        map[rag.Field]rag.Fact `json:"facts"`
	Text         string                 `json:"text"`
	Locations    []rag.LineRange        `json:"locations"`
	SameAs       []string               `json:"same_as"`
}

// ArticleOf is an article that was read whole, as JSON has it.
func ArticleOf(a *rag.Article) Article {
	ref := a.Ref()
	sameAs := make([]string, len(a.SameAs))
	for i, id := range a.SameAs {
		sameAs[i] = rag.FormatID(id)
	}
	facts, ranges := a.Facts, a.Ranges()
	if facts == nil {
		facts = map[rag.Field]rag.Fact{}
	}
	if ranges == nil {
		ranges = []rag.LineRange{}
	}
	return Article{
		ID: ref.ID, File: ref.File, Title: ref.Title, DisplayTitle: ref.DisplayTitle, Authors: ref.Authors,
		Publication: ref.Publication, Date: ref.Date, Section: a.Section, Text: a.Text,
		Locations: ranges, SameAs: sameAs, Affiliation: a.Affiliation, Facts: facts,
	}
}
