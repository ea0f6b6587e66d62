package ingest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"yinju/rag"
)

// words is what a reader says of an article, by the names of the facts below. A fact that is not there is
// left to the rules.
type words map[rag.Field]word

// word is one fact as the reader gives it.
type word struct {
	values []string // of authors any number, of the others at most one: none says that there is none
	line   int      // of the file that says it, 1-based
	inside bool     // that file is the source itself: front matter
}

// allFacts are in the order in which people are shown them.
var allFacts = []rag.Field{rag.TitleField, rag.AuthorsField, rag.AffiliationField, rag.PublicationField, rag.DateField, rag.SectionField}

// certain is how sure it is what a reader says.
const certain = 1

// sourceLine is the line of the source that says the word; 0 where a sidecar does.
func (w word) sourceLine() int {
	if w.inside {
		return w.line
	}
	return 0
}

// apply sets the facts that are given. The rows of the article's own that are the title given become
// headings.
func (w words) apply(a *rag.Article, rows []row) {
	for name, said := range w {
		delete(a.Facts, name)
		if len(said.values) > 0 {
			know(a, name, said.sourceLine(), certain)
		}
		value := strings.Join(said.values, "")
		switch name {
		case rag.TitleField:
			a.Title = value
			markTitle(rows, value)
		case rag.AuthorsField:
			a.Authors = said.values
		case rag.AffiliationField:
			a.Affiliation = value
		case rag.PublicationField:
			a.Publication = value
		case rag.DateField:
			a.Date = value
		case rag.SectionField:
			a.Section = value
		}
	}
}

// markTitle makes headings of the rows that are the title, unless there are such rows that are headings already.
func markTitle(rows []row, title string) {
	isHeading := func(i int) bool { return rows[i].heading }
	at := titleRows(rows, title, isHeading)
	if at == nil {
		at = titleRows(rows, title, nil)
	}
	for _, i := range at {
		rows[i].heading = true
	}
}

// titleRows finds the first rows that together are a title, wrapped or not, and of which each can be one.
func titleRows(rows []row, title string, can func(i int) bool) []int {
	want := titleKey(title)
	if want == "" {
		return nil
	}
	for i := range rows {
		left := want
		for j := i; j < min(i+maxTitleRows, len(rows)) && rows[j].columns < longLine && (can == nil || can(j)); j++ {
			rest, is := strings.CutPrefix(left, titleKey(rows[j].content()))
			if !is || rest == left {
				break
			}
			if left = rest; left == "" {
				return span(i, j+1)
			}
		}
	}
	return nil
}

// valuesOf reads the value of a fact: a text, of authors also a list of them.
func valuesOf(name rag.Field, n *yaml.Node) ([]string, error) {
	if name == rag.AuthorsField && n.Kind == yaml.SequenceNode {
		var all []string
		for _, item := range n.Content {
			value, err := textOf(item)
			if err != nil {
				return nil, err
			}
			if value != "" {
				all = append(all, value)
			}
		}
		return all, nil
	}
	value, err := textOf(n)
	if err != nil || value == "" {
		return nil, err
	}
	if name == rag.DateField {
		m := isoDate.FindStringSubmatch(value)
		if m == nil || m[2] != "" && date(m[1], m[2], m[3]) == "" {
			return nil, fmt.Errorf("%q is not a date: write YYYY-MM-DD, YYYY-MM or YYYY", value)
		}
	}
	return []string{value}, nil
}

var isoDate = regexp.MustCompile(`^([1-9]\d{3})(?:-(\d{2})(?:-(\d{2}))?)?$`)

// textOf reads a value that is one line of text.
func textOf(n *yaml.Node) (string, error) {
	switch {
	case n.Kind == yaml.AliasNode:
		return "", fmt.Errorf("aliases such as *%s are not read: write the value out", n.Value)
	case n.Kind != yaml.ScalarNode:
		return "", errors.New("want one text here, not a list or a mapping")
	case n.Tag == "!!null":
		return "", nil
	case strings.ContainsRune(n.Value, 0):
		return "", errors.New("the text holds a NUL")
	}
	value := strings.ReplaceAll(strings.TrimRight(n.Value, "\n"), "\n", " ")
	if strings.TrimSpace(value) == "" {
		return "", nil
	}
	return value, nil
}
