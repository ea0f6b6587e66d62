package gloss

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxWords is the length of the longest gloss in the index, not counting articles.
	maxWords = 6
	// Renderings of one character say too little, and those of more than eight are explanations.
	minChars, maxChars = 2, 8
)

// index leads from the words of a gloss to the Chinese that it explains.
type index struct {
	seed    maphash.Seed
	records []record // by key, then by likelihood
	chinese string   // the renderings, a line each
}

// record is one gloss of one entry.
type record struct {
	key     uint64
	chinese uint32 // offset
	sense   uint8  // which of the entry's it is, from 0
	common  uint16 // how common the Chinese is
}

// kind keeps keys of one sort from meeting those of another.
type kind string

const (
	plainKey   kind = "plain"
	acronymKey kind = "acronym"
	readingKey kind = "reading"
)

func (x *index) hash(k kind, s string) uint64 {
	return maphash.String(x.seed, s) ^ uint64(len(k))*0x9e3779b97f4a7c15
}

// after gives the key of some words and one more of them.
func after(key, word uint64) uint64 {
	key = (key ^ word) * 0x9e3779b97f4a7c15
	return key ^ key>>29
}

// find gives the renderings of a key, likeliest first.
func (x *index) find(to []string, key uint64) []string {
	i, _ := slices.BinarySearchFunc(x.records, key, func(r record, k uint64) int { return cmp.Compare(r.key, k) })
	for ; i < len(x.records) && x.records[i].key == key; i++ {
		zh := x.rendering(x.records[i])
		if !slices.Contains(to, zh) {
			to = append(to, zh)
		}
	}
	return to
}

func (x *index) rendering(r record) string {
	zh, _, _ := strings.Cut(x.chinese[r.chinese:], "\n")
	return zh
}

// builder makes a Dictionary out of entries.
type builder struct {
	index
	chinese strings.Builder
	stems   map[string]uint64 // of words seen
	pairs   pairs
	buf     []word
	simple  simplifier
	entries int
}

func newBuilder() *builder {
	return &builder{index: index{seed: maphash.MakeSeed()}, stems: make(map[string]uint64, 1<<15), simple: newSimplifier()}
}

func (b *builder) dictionary() *Dictionary {
	b.index.chinese = b.chinese.String()
	for i := range b.records {
		r := &b.records[i]
		r.common = b.pairs.rarest(b.rendering(*r))
	}
	slices.SortFunc(b.records, func(x, y record) int {
		if x.key != y.key {
			return cmp.Compare(x.key, y.key)
		}
		return rank(x, y)
	})
	b.index.records = slices.Clip(b.records)
	return &Dictionary{index: &b.index, simple: b.simple.table(), entries: b.entries}
}

// rank puts first what is common.
func rank(x, y record) int {
	return cmp.Or(-cmp.Compare(score(x), score(y)), cmp.Compare(x.sense, y.sense))
}

var expA = 0.0

func score(x record) float64 { return float64(x.common) / math.Pow(1+float64(x.sense), expA) }

// pairs counts pairs of neighbouring characters in Chinese words, those of one slot together.
type pairs [1 << 19]uint16

func (p *pairs) at(a, b rune) *uint16 { return &p[(uint32(a)*0x9e3779b1+uint32(b)*0x85ebca6b)>>13] }

func (p *pairs) add(word string) {
	var before rune
	for i, r := range word {
		if i > 0 {
			*p.at(before, r)++
		}
		before = r
	}
}

// rarest gives the count of the word's rarest pair.
func (p *pairs) rarest(word string) uint16 {
	least, before := uint16(math.MaxUint16), rune(0)
	for i, r := range word {
		if i > 0 {
			least = min(least, *p.at(before, r))
		}
		before = r
	}
	return least
}

// add takes one entry into the index.
func (b *builder) add(e entry) {
	b.entries++
	b.simple.add(e)
	b.pairs.add(e.simplified)
	if !renders(e.simplified) || b.chinese.Len() > math.MaxInt32 {
		return
	}
	r := record{chinese: uint32(b.chinese.Len())} //nolint:gosec // checked above
	before := len(b.records)
	for sense, gloss := range senses(e.glosses) {
		r.sense = uint8(min(sense, math.MaxUint8)) //nolint:gosec // checked
		b.addGloss(r, gloss)
	}
	r.sense = 0
	if key := readingOf(e.reading); key != "" {
		b.record(r, b.hash(readingKey, key))
	}
	if len(b.records) == before {
		return
	}
	b.chinese.WriteString(e.simplified)
	b.chinese.WriteByte('\n')
}

func (b *builder) record(r record, key uint64) {
	r.key = key
	b.records = append(b.records, r)
}

// renders says whether a word is short enough, and Chinese at all.
func renders(chinese string) bool {
	n := utf8.RuneCountInString(chinese)
	return n >= minChars && n <= maxChars && hasHan(chinese)
}

func hasHan(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x2e00 && unicode.Is(unicode.Han, r) }) >= 0
}
