package bge

import "unicode/utf8"

// Token is one piece of a text: its number in the model's vocabulary and the text it stands for, the
// runes Start (inclusive) to End (exclusive) of what was given to [Tokenizer.Encode]. The markers that
// frame every text, [CLS] and [SEP], stand for no text: there Start == End.
type Token struct {
	ID         int32
	Start, End int
}

// Tokenizer cuts text into the word pieces BERT reads (Devlin et al. 2019), with the same result as the
// Hugging Face tokenizers library has for the same tokenizer.json. It is safe for concurrent use.
type Tokenizer struct {
	cleanText, isolateHan, stripAccents, lowercase bool

	added         []addedToken
	pieces        *pieces
	maxWordRunes  int
	unknown       int32
	before, after []int32
	vocabulary    int32 // how many ids there are, from 0
}

// addedToken is one that is recognised in the raw text, before anything else: "[SEP]" and its like.
type addedToken struct {
	content string
	runes   int
	id      int32
}

// Encode cuts text into tokens, [CLS] first and [SEP] last, and never truncates. Offsets never decrease.
// Text that the model cannot see (control characters, invalid UTF-8) makes no token; inside a word the
// word's offsets span it. The time is linear in the length of text.
func (t *Tokenizer) Encode(text string) []Token {
	e := encoder{t: t, tokens: make([]Token, 0, len(text)/3+len(t.before)+len(t.after))}
	e.markers(t.before, 0)
	at, resume := 0, 0
	for i, r := range text {
		if i >= resume {
			if a, ok := t.addedAt(text[i:]); ok {
				e.endWord()
				e.tokens = append(e.tokens, Token{ID: a.id, Start: at, End: at + a.runes})
				resume = i + len(a.content)
			} else {
				e.add(r, at)
			}
		}
		at++
	}
	e.endWord()
	e.markers(t.after, at)
	return e.tokens
}

// Count is the number of tokens of text, [CLS] and [SEP] included: len(t.Encode(text)).
func (t *Tokenizer) Count(text string) int { return len(t.Encode(text)) }

// markerCount is the number of tokens that frame every text.
func (t *Tokenizer) markerCount() int { return len(t.before) + len(t.after) }

// addedAt finds the longest added token that text starts with.
func (t *Tokenizer) addedAt(text string) (addedToken, bool) {
	for _, a := range t.added { // longest first
		if text[0] == a.content[0] && len(text) >= len(a.content) && text[:len(a.content)] == a.content {
			return a, true
		}
	}
	return addedToken{}, false
}

// encoder is one call of Encode: the tokens so far and the word that is being read.
type encoder struct {
	t      *Tokenizer
	tokens []Token
	word   []rune // normalised; no more than maxWordRunes+1 are kept
	origin []int  // where in the text each rune of word came from
	last   int    // where the last rune of the word came from
	folded []rune // of the rune that is being read
}

func (e *encoder) markers(ids []int32, at int) {
	for _, id := range ids {
		e.tokens = append(e.tokens, Token{ID: id, Start: at, End: at})
	}
}

// add reads one rune: the normalizer and pre-tokenizer of the original in one step.
func (e *encoder) add(r rune, at int) {
	if e.t.cleanText && isDropped(r) {
		return
	}
	han := e.t.isolateHan && isHan(r)
	if han {
		e.endWord()
	}
	if e.t.stripAccents || e.t.lowercase {
		e.folded = e.t.fold(e.folded[:0], r)
		for _, n := range e.folded {
			e.split(n, at)
		}
	} else {
		e.split(r, at)
	}
	if han {
		e.endWord()
	}
}

// split ends words at white space, and makes every punctuation mark a word of its own.
func (e *encoder) split(r rune, at int) {
	switch {
	case isSpace(r):
		e.endWord()
	case isPunctuation(r):
		e.endWord()
		e.push(r, at)
		e.endWord()
	default:
		e.push(r, at)
	}
}

func (e *encoder) push(r rune, at int) {
	e.last = at
	if len(e.word) <= e.t.maxWordRunes { // a longer one is unknown as a whole
		e.word = append(e.word, r)
		e.origin = append(e.origin, at)
	}
}

// endWord cuts the word into the longest pieces of the vocabulary, from the left; a word that cannot be
// covered, or is too long, becomes one unknown token.
func (e *encoder) endWord() {
	word := e.word
	if len(word) == 0 {
		return
	}
	first := len(e.tokens)
	from, covered := wordStart, 0
	for covered < len(word) && len(word) <= e.t.maxWordRunes {
		id, n := e.t.pieces.longest(from, word[covered:])
		if n == 0 {
			break
		}
		e.tokens = append(e.tokens, Token{ID: id, Start: e.origin[covered], End: e.origin[covered+n-1] + 1})
		from, covered = wordInside, covered+n
	}
	if covered < len(word) {
		e.tokens = append(e.tokens[:first], Token{ID: e.t.unknown, Start: e.origin[0], End: e.last + 1})
	}
	e.word, e.origin = word[:0], e.origin[:0]
}

func newAddedToken(content string, id int32) addedToken {
	return addedToken{content: content, runes: utf8.RuneCountInString(content), id: id}
}

// lowered is the same tokenizer with capitals and accents folded. The file that comes with the model says
// not to, yet its vocabulary has no capital: every word with one would be the unknown token, GDP the same
// as CPI. Folding is how BERT's uncased vocabularies are made (do_lower_case).
func (t *Tokenizer) lowered() *Tokenizer {
	folding := *t
	folding.lowercase, folding.stripAccents = true, true
	return &folding
}
