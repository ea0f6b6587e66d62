package rag

import (
	"slices"
	"strings"
)

// LeansOn says whether a question means nothing without what was said before it, as 还有呢 and 那篇是谁写的 do.
func LeansOn(question string) bool {
	before := Turn{Question: "石桥", Resolved: "石桥", Cited: slices.Repeat([]CitedQuote{{Article: 1, Text: "石桥。"}}, MaxTurns)}
	d := dialogue{strings.TrimSpace(question), []Turn{before}, func(string) []Mention { return nil }}
	for _, read := range []func() (resolved, bool){d.more, d.nth, d.article, d.pronoun, d.elliptic} {
		if _, ok := read(); ok {
			return true
		}
	}
	return false
}
