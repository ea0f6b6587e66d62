// Package sound makes keys by which words are found that are written as they sound: with another character of
// the same reading, or in Latin letters.
//
// A key is the toneless pinyin of a word, its syllables joined by a blank and folded where people mix them up:
// zh and z, ch and c, sh and s, ng and n after a, e and i. ü is v.
package sound

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/unicode/norm"
)

// maxKeys is the most keys of one word.
const maxKeys = 16

// dictionary is what the pinyin of go-pinyin comes down to.
type dictionary struct {
	readings  map[rune][]string // of a character of pinyin.PinyinDict, folded, the usual one first
	syllables map[string]bool   // every toneless syllable, not folded
}

var dict = sync.OnceValue(func() dictionary {
	d := dictionary{readings: make(map[rune][]string, len(pinyin.PinyinDict)), syllables: map[string]bool{}}
	byEntry := map[string][]string{} // many characters sound alike
	for char, entry := range pinyin.PinyinDict {
		if _, done := byEntry[entry]; !done {
			byEntry[entry] = d.read(entry)
		}
		d.readings[rune(char)] = byEntry[entry]
	}
	return d
})

// read parts an entry into its syllables, folded, and notes them. Interjections without a vowel are left out.
func (d dictionary) read(entry string) []string {
	var folded []string
	for reading := range strings.SplitSeq(entry, ",") {
		syllable := toneless(reading)
		if !strings.ContainsAny(syllable, "aeiouv") {
			continue
		}
		d.syllables[syllable] = true
		if f := fold(syllable); !slices.Contains(folded, f) {
			folded = append(folded, f)
		}
	}
	return folded
}

// toneless leaves the letters of a syllable, small and without accents; ü is v.
func toneless(syllable string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToLower(syllable)) {
		if strings.ContainsRune("üǖǘǚǜ", r) {
			b.WriteByte('v')
			continue
		}
		for _, part := range norm.NFD.String(string(r)) {
			if !unicode.Is(unicode.Mn, part) {
				b.WriteRune(part)
			}
		}
	}
	return b.String()
}

// fold makes alike what people mix up.
func fold(syllable string) string {
	if len(syllable) > 1 && syllable[1] == 'h' && strings.IndexByte("zcs", syllable[0]) >= 0 {
		syllable = syllable[:1] + syllable[2:]
	}
	stem, found := strings.CutSuffix(syllable, "ng")
	if found && stem != "" && strings.IndexByte("aei", stem[len(stem)-1]) >= 0 {
		return stem + "n"
	}
	return syllable
}

// Keys are the keys of a run of Han characters, one for each combination of readings and the usual one first,
// at most 16: with more of them, rare readings are left out. It is nil where a character has no reading.
func Keys(text string) []string {
	readings := make([][]string, 0, utf8.RuneCountInString(text))
	for _, r := range text {
		of := dict().readings[r]
		if len(of) == 0 {
			return nil
		}
		readings = append(readings, of)
	}
	if len(readings) == 0 {
		return nil
	}
	shorten(readings)
	return combine(readings)
}

// shorten takes the rarest reading from whichever has the most until all combinations are few enough.
func shorten(readings [][]string) {
	for {
		product, most := 1, 0
		for i, of := range readings {
			product = min(product*len(of), maxKeys+1)
			if len(of) > len(readings[most]) {
				most = i
			}
		}
		if product <= maxKeys {
			return
		}
		readings[most] = readings[most][:len(readings[most])-1]
	}
}

// combine joins one reading of each place in every way, those of the last place changing first.
func combine(readings [][]string) []string {
	n := 1
	for _, of := range readings {
		n *= len(of)
	}
	keys, syllables := make([]string, n), make([]string, len(readings))
	for i := range keys {
		rest := i
		for place, of := range slices.Backward(readings) {
			syllables[place] = of[rest%len(of)]
			rest /= len(of)
		}
		keys[i] = strings.Join(syllables, " ")
	}
	return keys
}
