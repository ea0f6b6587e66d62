package sound

import (
	"slices"
	"strings"
	"unicode"
)

const (
	maxSyllable = 6  // letters of the longest syllables, such as zhuang
	maxLatin    = 64 // letters; what is longer is no name
)

// umlaut is what is written without the two dots that it has.
var umlaut = map[string]string{
	"lu": "lv", "lyu": "lv", "nu": "nv", "nyu": "nv", "lue": "lve", "lyue": "lve", "nue": "nve", "nyue": "nve",
}

// Latin are the keys of a name in Latin letters, such as "Zhang Xiaoxue" or "Xi'an": of every way to part it into
// the fewest legal syllables, at most 16. Blanks, hyphens and apostrophes are borders. Where passports and
// keyboards have no ü, lu and nu are also read as lü and nü. It is nil where the word is no pinyin.
func Latin(word string) []string {
	if len(word) > 2*maxLatin {
		return nil
	}
	parts := strings.FieldsFunc(toneless(word), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("'’‘`-‐", r)
	})
	keys := []string{""}
	for _, part := range parts {
		keys = cross(keys, partings(part))
	}
	if len(parts) == 0 || len(keys) == 0 {
		return nil
	}
	return distinct(keys)
}

// cross appends each ending to each beginning, at most maxKeys of them.
func cross(beginnings, endings []string) []string {
	var all []string
	for _, b := range beginnings {
		for _, e := range endings {
			if len(all) < maxKeys {
				all = append(all, strings.TrimLeft(b+" "+e, " "))
			}
		}
	}
	return all
}

// partings are the keys of all ways to part a word without borders into the fewest syllables.
func partings(word string) []string {
	if len(word) > maxLatin {
		return nil
	}
	// From the end on: what the rest of the word from i comes to, and of how many syllables it is.
	rests, counts := make([][]string, len(word)+1), make([]int, len(word)+1)
	rests[len(word)] = []string{""}
	for i := len(word) - 1; i >= 0; i-- {
		for j := i + 1; j <= min(i+maxSyllable, len(word)); j++ {
			readings := spelled(word[i:j])
			if len(readings) == 0 || len(rests[j]) == 0 {
				continue
			}
			if n := counts[j] + 1; len(rests[i]) == 0 || n < counts[i] {
				counts[i], rests[i] = n, nil
			} else if n > counts[i] {
				continue
			}
			rests[i] = append(rests[i], cross(readings, rests[j])...)
		}
		rests[i] = rests[i][:min(len(rests[i]), maxKeys)]
	}
	return trimmed(rests[0])
}

// spelled are the folded syllables that letters stand for; none where they are no syllable.
func spelled(letters string) []string {
	var all []string
	if dict().syllables[letters] {
		all = append(all, fold(letters))
	}
	if umlaut[letters] != "" {
		all = append(all, umlaut[letters])
	}
	return all
}

func trimmed(keys []string) []string {
	for i := range keys {
		keys[i] = strings.TrimRight(keys[i], " ")
	}
	return keys
}

func distinct(keys []string) []string {
	seen := make(map[string]bool, len(keys))
	return slices.DeleteFunc(keys, func(k string) bool {
		old := seen[k]
		seen[k] = true
		return old
	})
}
