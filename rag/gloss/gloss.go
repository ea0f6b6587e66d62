package gloss

import (
	"cmp"
	"slices"
	"strings"
)

// Phrase is a word of a question, or several that belong together.
type Phrase struct {
	Words   string   // as asked
	Chinese []string // renderings, likeliest first, simplified, 2 to 8 characters; none for an unknown name
	Name    bool     // written like a name, so that it may be pinyin
	Parts   []Phrase // of a phrase of several words the phrases in it, for where no text has a rendering of the whole
}

// Gloss gives the phrases of an English question, in the order in which they stand. Words are matched by their
// stems, the longest run first. Left out are words of grammar and of asking, words that the dictionary does not
// have and that are no names, and what has a digit in it.
//
// Names are phrases of their own, beside what the dictionary has of their words: "Tongji University Party" is a
// run of capitalised words without a rendering, in which 同济大学 is found. A run ends where a Chinese name begins,
// which is a surname and one word more. The first word of a sentence is a name only when it is unknown or the
// next word is capitalised; in a question without capitals, unknown words are names.
func (d *Dictionary) Gloss(question string) []Phrase {
	q := d.question(question)
	found := q.addNames(q.phrases(0, len(q.words), maxWords))
	slices.SortStableFunc(found, func(x, y placed) int {
		return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(y.end, x.end))
	})
	return bare(found)
}

// placed is a phrase of the words from start to end.
type placed struct {
	Phrase
	start, end int
}

func bare(found []placed) []Phrase {
	phrases := make([]Phrase, len(found))
	for i, p := range found {
		phrases[i] = p.Phrase
	}
	return phrases
}

// question is an English question on its way to Chinese.
type question struct {
	*Dictionary
	text     string
	words    []word
	stems    []uint64
	caseless bool // without a capital, or in capitals only
}

func (d *Dictionary) question(text string) *question {
	q := &question{Dictionary: d, text: text, words: wordsIn(nil, text)}
	join(q.words, text)
	q.caseless = strings.ToLower(text) == text || strings.ToUpper(text) == text
	q.stems = make([]uint64, len(q.words))
	for i, w := range q.words {
		q.stems[i] = d.hash(stemKey, stem(w.key))
	}
	return q
}

// phrases renders the words from i to end, by runs of limit words at most.
func (q *question) phrases(i, end, limit int) (found []placed) {
	for i < end {
		p, ok := q.longest(i, end, limit)
		if ok && (p.end > i+1 || !q.beginsName(i)) {
			found = append(found, p)
		}
		i = max(p.end, i+1)
	}
	return found
}

// longest gives the longest phrase at word i that the dictionary has.
func (q *question) longest(i, end, limit int) (p placed, ok bool) {
	if q.isSkipped(i) {
		return p, false
	}
	for j := q.runEnd(i, min(end, i+limit)); j > i; j-- {
		p, ok = q.render(i, j)
		if !ok {
			continue
		}
		if j > i+1 {
			p.Parts = bare(q.phrases(i, j, j-i-1))
		}
		return p, true
	}
	return placed{}, false
}

// isSkipped says whether no phrase begins at word i.
func (q *question) isSkipped(i int) bool {
	w := q.words[i]
	return w.shape == number || stopWords[w.key] && (w.shape != acronym || q.caseless)
}

// runEnd is where the words end that may make one phrase with word i.
func (q *question) runEnd(i, end int) int {
	j := i + 1
	for j < end && q.words[j].joined && q.words[j].shape != number {
		j++
	}
	return j
}

// render looks up words as a gloss and as a name.
func (q *question) render(i, j int) (p placed, ok bool) {
	plain := q.plain(i, j)
	p = placed{Phrase{Words: q.text[q.words[i].start:q.words[j-1].end], Chinese: plain}, i, j}
	capitals := q.capitals(i, j)
	if capitals || q.caseless {
		p.Chinese = q.find(p.Chinese, q.hash(nameKey, q.keys(i, j)))
	}
	if capitals && len(p.Chinese) == 0 && j == i+1 {
		p.Chinese = q.generic(i)
	}
	p.Name = len(plain) == 0 || capitals && (j > i+1 || !q.words[i].first)
	return p, len(p.Chinese) > 0
}

// plain gives the renderings of words as a gloss.
func (q *question) plain(i, j int) []string {
	if isArticle(q.words[j-1].key) {
		return nil
	}
	if w := q.words[i]; j == i+1 && w.shape == acronym {
		if zh := q.find(nil, q.hash(acronymKey, strings.ToUpper(w.key))); len(zh) > 0 {
			return zh
		}
	}
	key := uint64(0)
	for k := i; k < j; k++ {
		if !isArticle(q.words[k].key) {
			key = after(key, q.stems[k])
		}
	}
	return q.find(nil, key)
}

// generic finds the Yangtze and the Ming, which the dictionary has as the Yangtze River and the Ming dynasty.
func (q *question) generic(i int) (zh []string) {
	for _, g := range []string{"river", "dynasty", "province", "city", "mountains", "island", "sea", "lake"} {
		zh = q.find(zh, after(after(0, q.stems[i]), q.hash(stemKey, stem(g))))
	}
	return zh
}

// keys gives the keys of words as one.
func (q *question) keys(i, j int) string {
	var b strings.Builder
	for _, w := range q.words[i:j] {
		b.WriteString(w.key)
	}
	return b.String()
}

func (q *question) capitals(i, j int) bool {
	for _, w := range q.words[i:j] {
		if w.shape != capital {
			return false
		}
	}
	return true
}
