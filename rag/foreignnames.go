package rag

import (
	"slices"
	"strings"

	"yinju/rag/draft"
	"yinju/rag/gloss"
	"yinju/rag/sound"
)

// DraftOptions are what drafts are checked with. Without a dictionary, traditional characters stay and names in
// another language are not checked.
func (r *Retriever) DraftOptions() draft.Options {
	if r.words == nil {
		return draft.Options{}
	}
	return draft.Options{
		Simplify: func(text string) string {
			if d, err := r.words(); err == nil {
				return d.Simplify(text)
			}
			return text
		},
		Gloss: func(text string) (all [][]string) {
			d, err := r.words()
			if err != nil {
				return nil
			}
			for _, phrase := range d.Gloss(text) {
				if len(phrase.Chinese) > 0 {
					all = append(all, phrase.Chinese)
				}
			}
			return all
		},
		IsName: func(words, text string) (isName, isThere bool) {
			if d, err := r.words(); err == nil {
				return isNameIn(d, words, text)
			}
			return false, false
		},
	}
}

// isNameIn says whether words of another language are a Chinese name in pinyin, and whether a text has it: as the
// dictionary writes it, or as it sounds. Behind a preposition the dictionary takes a capital for that of a name.
func isNameIn(d *gloss.Dictionary, words, text string) (isName, isThere bool) {
	for _, phrase := range d.Gloss("in " + words) {
		if slices.ContainsFunc(phrase.Chinese, func(c string) bool { return strings.Contains(text, c) }) {
			return true, true
		}
		isName = isName || slices.ContainsFunc(phrase.Chinese, draft.IsPlace)
		if !phrase.Name || len(phrase.Chinese) > 0 && !strings.Contains(phrase.Words, " ") { // an English word, whatever it sounds like
			continue
		}
		for _, key := range sound.Latin(phrase.Words) {
			if strings.Contains(key, " ") {
				isName = true
				isThere = isThere || soundsIn(key, text)
			}
		}
	}
	return isName, isThere
}

// soundsIn says whether a run of characters in a text has a key.
func soundsIn(key, text string) bool {
	n := strings.Count(key, " ") + 1
	runes := []rune(text)
	for i := range len(runes) - n + 1 {
		if slices.Contains(sound.Keys(string(runes[i:i+n])), key) {
			return true
		}
	}
	return false
}
