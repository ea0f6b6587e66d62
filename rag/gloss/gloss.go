package gloss

import (
	"slices"
	"strings"
)

// Phrase is a word of a question, or several that belong together.
type Phrase struct {
	Words   string   // as asked
	Chinese []string // renderings, likeliest first, simplified, 2 to 8 characters; none for an unknown name
	Name    bool     // written like a name, so that it may be pinyin
	Parts   []Phrase // the words of a longer phrase by themselves, for where no text has the renderings of the whole
}

// Gloss gives the phrases of an English question, in the order in which they stand. Words are matched by their
// stems, the longest run first. Left out are words of grammar and of asking, words that the dictionary does not
// have and that are no names, and what has a digit in it.
//
// A run of capitalised words is a phrase of its own, beside the renderings of what is in it: "President Xi
// Jinping" is that name, and also 总统 and 习近平. The first word of a sentence is a name only when it is unknown,
// or the next one is capitalised.
func (d *Dictionary) Gloss(question string) []Phrase {
	q := d.question(question)
	phrases := q.phrases(0, len(q.words), maxWords)
	return q.addNames(phrases)
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
	q.caseless = strings.ToLower(text) == text || strings.ToUpper(text) == text
	q.stems = make([]uint64, len(q.words))
	for i, w := range q.words {
		q.stems[i] = d.hash(plainKey, stem(w.key))
	}
	return q
}

// skipped says whether no phrase begins at word i.
func (q *question) skipped(i int) bool {
	w := q.words[i]
	return w.shape == number || stopWords[w.key] && (w.shape != acronym || q.caseless)
}

// phrases renders words i to end, by runs of limit words at most.
func (q *question) phrases(i, end, limit int) (out []Phrase) {
	for i < end {
		n := 0
		if !q.skipped(i) {
			var p Phrase
			if p, n = q.longest(i, end, limit); n > 0 {
				out = append(out, p)
			}
		}
		i += max(n, 1)
	}
	return out
}

// longest gives the longest phrase at word i that the dictionary has, and its number of words.
func (q *question) longest(i, end, limit int) (Phrase, int) {
	for n := q.run(i, end, limit); n > 0; n-- {
		zh := q.render(i, i+n)
		if len(zh) == 0 {
			continue
		}
		p := Phrase{Words: q.between(i, i+n), Chinese: zh, Name: q.capitals(i, i+n)}
		if n > 1 {
			p.Parts = q.phrases(i, i+n, n-1)
		}
		return p, n
	}
	return Phrase{}, 0
}

// run is how many words from i on may make one phrase.
func (q *question) run(i, end, limit int) int {
	n := 1
	for n < limit && i+n < end && q.words[i+n].joined {
		n++
	}
	return n
}

func (q *question) between(i, j int) string { return q.text[q.words[i].start:q.words[j-1].end] }

// render looks up words i to j as a gloss, as an acronym and as the pinyin of a name.
func (q *question) render(i, j int) (zh []string) {
	if isArticle(q.words[j-1].key) {
		return nil
	}
	if w := q.words[i]; j == i+1 && w.shape == acronym {
		zh = q.find(zh, q.hash(acronymKey, strings.ToUpper(w.key)))
		if len(zh) > 0 {
			return zh
		}
	}
	key := uint64(0)
	for k := i; k < j; k++ {
		if !isArticle(q.words[k].key) {
			key = after(key, q.stems[k])
		}
	}
	zh = q.find(zh, key)
	if q.caseless || q.capitals(i, j) {
		zh = q.find(zh, q.hash(readingKey, q.joined(i, j)))
	}
	return zh
}

func (q *question) joined(i, j int) string {
	var b strings.Builder
	for _, w := range q.words[i:j] {
		b.WriteString(w.key)
	}
	return b.String()
}

// capitals says whether each of the words is capitalised, other than at the beginning of a sentence alone.
func (q *question) capitals(i, j int) bool {
	for _, w := range q.words[i:j] {
		if w.shape != capital {
			return false
		}
	}
	return !q.words[i].first || j > i+1
}

// addNames adds what is written like a name to the phrases.
func (q *question) addNames(phrases []Phrase) []Phrase {
	for i := 0; i < len(q.words); i++ {
		j := q.nameEnd(i)
		if j == i {
			continue
		}
		phrases = q.addName(phrases, i, j)
		if q.words[i].first && j > i+1 && len(q.render(i, i+1)) > 0 {
			phrases = q.addName(phrases, i+1, j)
		}
		i = j - 1
	}
	return phrases
}

// nameEnd is where the run of words ends that is written like a name and begins at i; i for none.
func (q *question) nameEnd(i int) int {
	j := i
	for j < len(q.words) && q.nameLike(j) && (j == i || q.words[j].spaced) {
		j++
	}
	if j == i+1 && (q.words[i].first || q.caseless) && len(q.render(i, j)) > 0 {
		return i
	}
	return j
}

func (q *question) nameLike(i int) bool {
	w := q.words[i]
	if q.skipped(i) || len(w.key) < 2 {
		return false
	}
	return w.shape == capital || q.caseless && w.shape == small && len(q.render(i, i+1)) == 0
}

// addName adds a name where it stands, unless the dictionary has found it.
func (q *question) addName(phrases []Phrase, i, j int) []Phrase {
	words := q.between(i, j)
	at := 0
	for ; at < len(phrases); at++ {
		if phrases[at].Words == words {
			phrases[at].Name = true
			return phrases
		}
	}
	return slices.Insert(phrases, at, Phrase{Words: words, Name: true})
}
