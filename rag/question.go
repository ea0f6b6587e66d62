package rag

import (
	"iter"
	"slices"
	"strings"
	"unicode"

	"yinju/rag/gloss"
	"yinju/rag/sound"
)

// reading is a question as the lexical leg understands it: groups of terms, one for each thing that it names.
type reading struct {
	text    string
	foreign bool // it has no Chinese character: its words are glossed
	groups  []group
}

// group is one thing that a question names. Any of its renderings stands for it.
type group struct {
	renderings []rendering
	numbers    [][]int  // of the terms of each rendering, as in lexical.number; set by the lexical leg
	sounds     []string // keys of its terms, by which others that sound alike are found
	latin      bool     // the sounds are those of a name in Latin letters, one after the other
	idf        float64  // by how many passages hold a rendering; set by the lexical leg
	parts      []group  // the words of a phrase, for where no passage holds a rendering of the whole
}

// rendering is index terms that have to stand in a passage together.
type rendering struct {
	terms  []string
	weight float64 // 0..1
}

// soundWeight is what a term counts that only sounds like the one asked for.
const soundWeight = 0.8

// translator gives Chinese for the words of a question in English.
type translator interface {
	Gloss(question string) []gloss.Phrase
}

// read takes a question apart. Without a translator the words of another language stand for themselves.
func read(text string, translate func() (translator, error)) (reading, error) {
	q := reading{text: text, foreign: !hasHan(text)}
	var phrases []gloss.Phrase
	if translate != nil && hasLatinWord(text) {
		dictionary, err := translate()
		if err != nil {
			return q, err
		}
		phrases = dictionary.Gloss(text)
	}
	if q.foreign && translate != nil {
		q.readForeign(phrases)
		return q, nil
	}
	for _, term := range telling(distinct(Terms(text))) {
		g := group{renderings: []rendering{{[]string{term}, 1}}, sounds: soundsOf(term)}
		for _, p := range phrases { // GDP in a Chinese question
			if strings.EqualFold(p.Words, term) {
				g.renderings = append(g.renderings, renderingsOf(p)...)
			}
		}
		q.groups = append(q.groups, g)
	}
	return q, nil
}

// telling leaves out the terms that only ask or join, unless there are no others.
func telling(terms []string) []string {
	said := slices.DeleteFunc(slices.Clone(terms), isFunctional)
	if len(said) == 0 {
		return terms
	}
	return said
}

// readForeign takes a glossed question apart: its phrases, and its own words, which the corpus may have.
func (q *reading) readForeign(phrases []gloss.Phrase) {
	for _, phrase := range phrases {
		q.groups = append(q.groups, groupsOf(phrase)...)
	}
	for _, term := range distinct(Terms(q.text)) {
		if !gloss.IsStopWord(term) {
			q.groups = append(q.groups, group{renderings: []rendering{{[]string{term}, 1}}})
		}
	}
}

// hasLatinWord says whether a text has a word of Latin letters.
func hasLatinWord(text string) bool {
	return slices.ContainsFunc(Terms(text), func(term string) bool {
		return len(term) > 1 && !strings.ContainsFunc(term, func(r rune) bool { return !unicode.Is(unicode.Latin, r) })
	})
}

// maxRenderings is the most renderings of a phrase; of the right ones all are among so many.
const maxRenderings = 8

// groupsOf are the things that a glossed phrase may stand for: what the dictionary has, and a name that is
// written as it sounds.
func groupsOf(p gloss.Phrase) (groups []group) {
	if len(p.Chinese) > 0 {
		g := group{renderings: renderingsOf(p)}
		for _, part := range p.Parts {
			g.parts = append(g.parts, groupsOf(part)...)
		}
		groups = append(groups, g)
	}
	if !p.Name {
		return groups
	}
	for _, key := range sound.Latin(p.Words) {
		if pairs := pairsOf(strings.Fields(key)); len(pairs) > 0 {
			groups = append(groups, group{sounds: pairs, latin: true})
		}
	}
	return groups
}

// renderingsOf are the likeliest renderings of a phrase.
func renderingsOf(p gloss.Phrase) (all []rendering) {
	for _, chinese := range p.Chinese[:min(len(p.Chinese), maxRenderings)] {
		all = append(all, rendering{Terms(chinese), 1})
	}
	return all
}

// pairsOf are the keys of neighbouring syllables, as the index has terms of two characters.
func pairsOf(syllables []string) (pairs []string) {
	for i := range len(syllables) - 1 {
		pairs = append(pairs, syllables[i]+" "+syllables[i+1])
	}
	return pairs
}

// soundsOf are the sound keys of a term of two Chinese characters.
func soundsOf(term string) []string {
	if runes := []rune(term); len(runes) == 2 && classOf(runes[0]) == ideograph {
		return sound.Keys(term)
	}
	return nil
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// terms are all that the index is asked for.
func (q reading) terms() (terms []string) {
	for g := range q.all() {
		for _, r := range g.renderings {
			terms = append(terms, r.terms...)
		}
	}
	return distinct(terms)
}

// all are the groups, and the parts of each behind it.
func (q reading) all() iter.Seq[group] {
	return func(yield func(group) bool) { yieldGroups(q.groups, yield) }
}

func yieldGroups(groups []group, yield func(group) bool) bool {
	for _, g := range groups {
		if !yield(g) || !yieldGroups(g.parts, yield) {
			return false
		}
	}
	return true
}

// settle puts the parts of a phrase in its place where no passage holds the whole of it.
func (q *reading) settle(isHeld func(rendering) bool) {
	var settled []group
	for _, g := range q.groups {
		if len(g.parts) > 0 && !slices.ContainsFunc(g.renderings, isHeld) {
			whole := reading{groups: g.parts}
			whole.settle(isHeld)
			settled = append(settled, whole.groups...)
			continue
		}
		settled = append(settled, g)
	}
	q.groups = settled
}

// maxNames is the most combinations that are tried for a name in Latin letters.
const maxNames = 64

// hear adds the terms that sound like those asked for: where the corpus does not have the term itself, and for
// names in Latin letters. alike are the terms of the corpus by sound key.
func (q *reading) hear(alike map[string][]string, isKnown func(term string) bool) {
	for i := range q.groups {
		g := &q.groups[i]
		switch {
		case g.latin:
			g.renderings = append(g.renderings, spell(g.sounds, alike)...)
		case len(g.sounds) > 0 && !isKnown(g.renderings[0].terms[0]):
			var heard []string
			for _, key := range g.sounds {
				heard = append(heard, alike[key]...)
			}
			for _, term := range distinct(heard) { // once, however many readings it shares
				if sharesCharacter(term, g.renderings[0].terms[0]) {
					g.renderings = append(g.renderings, rendering{[]string{term}, soundWeight})
				}
			}
		}
	}
}

// sharesCharacter says whether two terms of two characters have one in the same place: a slip is in one character,
// and two others that sound alike are another word.
func sharesCharacter(a, b string) bool {
	x, y := []rune(a), []rune(b)
	return len(x) == 2 && len(y) == 2 && (x[0] == y[0] || x[1] == y[1])
}

// spell gives the words of the corpus that sound like a name: runs of terms of which each begins with the
// character that the one before it ends with.
func spell(pairs []string, alike map[string][]string) (spelt []rendering) {
	runs := [][]string{nil}
	for _, key := range pairs {
		var longer [][]string
		for _, run := range runs {
			for _, term := range alike[key] {
				if len(longer) < maxNames && joins(run, term) {
					longer = append(longer, append(slices.Clone(run), term))
				}
			}
		}
		runs = longer
	}
	for _, run := range runs {
		if len(run) > 0 {
			spelt = append(spelt, rendering{run, 1})
		}
	}
	return spelt
}

// joins says whether a term of two characters goes on where a run ends.
func joins(run []string, term string) bool {
	if len(run) == 0 {
		return true
	}
	last := []rune(run[len(run)-1])
	return last[len(last)-1] == []rune(term)[0]
}

// soundsAsked are the keys to look up, and for each the term beside which it is not needed where the corpus
// has that, "" for none.
func (q reading) soundsAsked() (keys, unless []string) {
	for g := range q.all() {
		for _, key := range g.sounds {
			keys = append(keys, key)
			if g.latin {
				unless = append(unless, "")
			} else {
				unless = append(unless, g.renderings[0].terms[0])
			}
		}
	}
	return keys, unless
}

// inChinese is the question's likeliest wording in the corpus' words, "" where it is Chinese itself: of each
// group the rendering that the corpus has most often.
func (q reading) inChinese(passages func(rendering) int) string {
	if !q.foreign {
		return ""
	}
	var words []string
	for _, g := range q.groups {
		best, most := "", 0
		for _, r := range g.renderings {
			n, word := passages(r), r.word()
			if hasHan(word) && (n > most || n == most && n > 0 && word < best) { // one of equals, always the same
				best, most = word, n
			}
		}
		if best != "" {
			words = append(words, best)
		}
	}
	return strings.Join(distinct(words), " ")
}

// word joins the overlapping terms of a rendering.
func (r rendering) word() string {
	var b strings.Builder
	for i, term := range r.terms {
		if i > 0 && hasHan(term) {
			_, rest := cutRune(term)
			b.WriteString(rest)
			continue
		}
		b.WriteString(term)
	}
	return b.String()
}

// cutRune parts a text behind its first rune.
func cutRune(s string) (first, rest string) {
	for i := range s {
		if i > 0 {
			return s[:i], s[i:]
		}
	}
	return s, ""
}
