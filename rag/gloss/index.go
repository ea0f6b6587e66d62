package gloss

import (
	"cmp"
	"hash/maphash"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxWords is the length of the longest gloss in the index, not counting articles.
	maxWords = 6
	// maxGlossBytes passes over explanations, which have more words than that, before they are taken apart.
	maxGlossBytes = 80
	// Renderings of one character say too little, and those of more than eight are explanations.
	minChars, maxChars = 2, 8
)

// index leads from the words of a gloss to the Chinese that it explains: a hash table in two slices.
type index struct {
	seed    maphash.Seed
	records []record // bucket by bucket
	starts  []uint32 // of each bucket, and the end of the last
	chinese string   // the words of the entries, a line each
}

// bucketBits is for some 3 records a bucket.
const bucketBits = 16

// record is one gloss of one entry.
type record struct {
	key     uint64
	chinese uint32 // offset
	common  uint16 // how common the Chinese is
	sense   uint8  // which of the entry's glosses it is, from 0
}

// kind keeps keys of one sort from meeting those of another.
type kind uint64

const (
	stemKey kind = iota
	acronymKey
	nameKey
)

func (x *index) hash(k kind, s string) uint64 {
	return maphash.String(x.seed, s) ^ uint64(k)*0x9e3779b97f4a7c15
}

// after gives the key of some words and one more of them.
func after(key, word uint64) uint64 {
	return (bits.RotateLeft64(key, 23) ^ word) * 0x9e3779b97f4a7c15
}

// find appends the renderings of a key, likeliest first.
func (x *index) find(to []string, key uint64) []string {
	bucket := key >> (64 - bucketBits)
	var found []record
	for _, r := range x.records[x.starts[bucket]:x.starts[bucket+1]] {
		if r.key == key {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b record) int {
		return cmp.Or(cmp.Compare(b.common, a.common), cmp.Compare(a.sense, b.sense), cmp.Compare(a.chinese, b.chinese))
	})
	for _, r := range found {
		if zh := x.rendering(r); !slices.Contains(to, zh) {
			to = append(to, zh)
		}
	}
	return to
}

// fill lays the records out in buckets.
func (x *index) fill(records []record) {
	x.starts = make([]uint32, 1<<bucketBits+1)
	for _, r := range records {
		x.starts[r.key>>(64-bucketBits)+1]++
	}
	for i := 1; i < len(x.starts); i++ {
		x.starts[i] += x.starts[i-1]
	}
	x.records = make([]record, len(records))
	next := slices.Clone(x.starts)
	for _, r := range records {
		bucket := r.key >> (64 - bucketBits)
		x.records[next[bucket]] = r
		next[bucket]++
	}
}

func (x *index) rendering(r record) string {
	zh, _, _ := strings.Cut(x.chinese[r.chinese:], "\n")
	return zh
}

// builder makes a Dictionary out of entries.
type builder struct {
	index
	records  []record        // what becomes index.records
	lines    strings.Builder // what becomes index.chinese
	pairs    pairs
	surnames map[string]bool
	simple   simplifier
	entries  int
	buf      []word
}

func newBuilder() *builder {
	return &builder{
		index: index{seed: maphash.MakeSeed()}, records: make([]record, 0, 1<<18),
		surnames: make(map[string]bool), simple: newSimplifier(),
	}
}

func (b *builder) dictionary() *Dictionary {
	b.chinese = b.lines.String()
	for i := range b.records {
		r := &b.records[i]
		if i > 0 && r.chinese == b.records[i-1].chinese {
			r.common = b.records[i-1].common
		} else {
			r.common = b.pairs.rarest(b.rendering(*r))
		}
	}
	b.fill(b.records)
	return &Dictionary{index: b.index, surnames: b.surnames, simple: b.simple.table(), entries: b.entries}
}

// add takes one entry into the index.
func (b *builder) add(e entry) {
	b.entries++
	b.simple.add(e)
	b.pairs.add(e.simplified)
	if name, ok := strings.CutPrefix(e.glosses, "surname "); ok {
		name, _, _ = strings.Cut(name, "/")
		b.surnames[strings.ToLower(name)] = true
	}
	if !renders(e.simplified) {
		return
	}
	before, r := len(b.records), record{chinese: uint32(b.lines.Len())} //nolint:gosec // maxBytes bounds it
	if key := readingOf(e.reading); key != "" {
		b.record(r, b.hash(nameKey, key))
	}
	for gloss, rest := nextGloss(e.glosses); gloss != "" || rest != ""; gloss, rest = nextGloss(rest) {
		if isGloss(gloss) {
			b.addGloss(r, gloss)
		}
		r.sense += min(1, math.MaxUint8-r.sense)
	}
	if len(b.records) > before {
		b.lines.WriteString(e.simplified)
		b.lines.WriteByte('\n')
	}
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
	for _, r := range s {
		if r > 0x2e00 && unicode.Is(unicode.Han, r) {
			return true
		}
	}
	return false
}
