package rag

import (
	"slices"
	"strings"
)

// index is the lexical index of one source's passages before they have ids.
type index struct {
	entries []indexEntry // by term
	terms   int64        // in all passages together
}

type indexEntry struct {
	term    string
	places  []int // which passages hold it
	counts  []int32
	lengths []int32
}

func newIndex(passages []Passage) index {
	byTerm := map[string]*indexEntry{}
	var ix index
	for i, p := range passages {
		terms := Terms(p.IndexText())
		ix.terms += int64(len(terms))
		for _, t := range terms {
			e := byTerm[t]
			if e == nil {
				e = &indexEntry{term: t}
				byTerm[t] = e
			}
			e.add(i, len(terms))
		}
	}
	for _, e := range byTerm {
		ix.entries = append(ix.entries, *e)
	}
	slices.SortFunc(ix.entries, func(a, b indexEntry) int { return strings.Compare(a.term, b.term) })
	return ix
}

// add counts the term once more in passage i, which has that many terms. Passages come in order.
func (e *indexEntry) add(i, length int) {
	if n := len(e.places); n > 0 && e.places[n-1] == i {
		e.counts[n-1]++
		return
	}
	e.places = append(e.places, i)
	e.counts = append(e.counts, 1)
	e.lengths = append(e.lengths, int32(length)) //nolint:gosec // a passage has some hundreds of terms
}

func (e *indexEntry) ids(ids []int64) []int64 {
	out := make([]int64, len(e.places))
	for i, place := range e.places {
		out[i] = ids[place]
	}
	return out
}
