package ingest

import "yinju/rag"

// How sure the rules are of what they find, by the kind of evidence. A citation may be shown with what is
// less than certain; a person looks there first.
const (
	stated   = 0.97 // the page says so in so many words: 来源：, 《paper》 date, a title of the contents
	placed   = 0.9  // it stands where such a thing stands: a name under a headline
	inferred = 0.75 // from what surrounds it: a masthead, a label above
	guessed  = 0.6  // there is nothing better
)

// give notes a fact that an article lacks so far. An empty value is none.
func give(a *rag.Article, field rag.Field, value string, line int, confidence float64) {
	at := map[rag.Field]*string{
		rag.TitleField: &a.Title, rag.AffiliationField: &a.Affiliation, rag.PublicationField: &a.Publication,
		rag.DateField: &a.Date, rag.SectionField: &a.Section,
	}[field]
	if value == "" || *at != "" {
		return
	}
	*at = value
	know(a, field, line, confidence)
}

// giveAuthors notes names where the article has none so far.
func giveAuthors(a *rag.Article, names []string, line int, confidence float64) {
	if len(names) == 0 || len(a.Authors) > 0 {
		return
	}
	a.Authors = names
	know(a, rag.AuthorsField, line, confidence)
}

func know(a *rag.Article, field rag.Field, line int, confidence float64) {
	if a.Facts == nil {
		a.Facts = map[rag.Field]rag.Fact{}
	}
	a.Facts[field] = rag.Fact{Line: line, Confidence: confidence}
}

// moveFact hands a fact of one article over to another one, less surely.
func moveFact(from, to *rag.Article, field rag.Field) {
	if fact, ok := from.Facts[field]; ok {
		know(to, field, fact.Line, min(fact.Confidence, guessed))
		delete(from.Facts, field)
	}
}
