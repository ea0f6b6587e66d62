package bge

import "strings"

// pieces is the vocabulary as a trie over runes, so that the longest piece a word starts with is found in
// one walk, whatever the length of the word.
type pieces struct {
	next map[edge]int32
	id   []int32 // of the piece that ends at a node; -1: none does
	size int32   // how many nodes there are
}

type edge struct {
	node int32
	r    rune
}

// The two roots: pieces at the start of a word, and those with the continuing prefix ("##ing").
const (
	wordStart  int32 = 0
	wordInside int32 = 1
)

func newPieces(vocabulary map[string]int32, continuing string) *pieces {
	p := &pieces{next: make(map[edge]int32, 2*len(vocabulary)), id: []int32{-1, -1}, size: 2}
	for content, id := range vocabulary {
		p.insert(wordStart, content, id)
		if rest, ok := strings.CutPrefix(content, continuing); ok {
			p.insert(wordInside, rest, id)
		}
	}
	return p
}

func (p *pieces) insert(node int32, content string, id int32) {
	for _, r := range content {
		child, ok := p.next[edge{node, r}]
		if !ok {
			child = p.size
			p.next[edge{node, r}] = child
			p.id = append(p.id, -1)
			p.size++
		}
		node = child
	}
	p.id[node] = id
}

// longest is the longest piece that word starts with and its length in runes; 0 when there is none.
func (p *pieces) longest(node int32, word []rune) (id int32, length int) {
	for i, r := range word {
		child, ok := p.next[edge{node, r}]
		if !ok {
			break
		}
		if node = child; p.id[node] >= 0 {
			id, length = p.id[node], i+1
		}
	}
	return id, length
}
