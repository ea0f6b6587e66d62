package rag

import (
	"regexp"
	"sync"
)

// told is a text by foldText, and what the patterns of expectations find in it. Each is looked for once: one question
// after the other expects the same of a passage that is kept.
type told struct {
	text string

	mu    sync.Mutex
	found map[*regexp.Regexp][][]int
	named *told // the text without noName
}

// all are the places of a pattern, as FindAllStringIndex gives them. The pattern is a variable of the package: one made
// for a question would be kept with the text.
func (t *told) all(pattern *regexp.Regexp) [][]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	places, known := t.found[pattern]
	if !known {
		places = pattern.FindAllStringIndex(t.text, -1)
		if t.found == nil {
			t.found = map[*regexp.Regexp][][]int{}
		}
		t.found[pattern] = places
	}
	return places
}

// has says whether a pattern finds anything; what is said of all holds.
func (t *told) has(pattern *regexp.Regexp) bool { return len(t.all(pattern)) > 0 }

// names is the text without words that end as names do and are none.
func (t *told) names() *told {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.named == nil {
		t.named = &told{text: noName.ReplaceAllString(t.text, " ")}
	}
	return t.named
}
