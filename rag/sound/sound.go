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

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/unicode/norm"
)

// maxKeys is the most keys of one word.
const maxKeys = 16

// dictionary is what the pinyin of go-pinyin comes down to.
type dictionary struct {
	readings  map[string][]string // from an entry of pinyin.PinyinDict to its syllables, folded, the usual one first
	syllables map[string]bool     // every toneless syllable, not folded
}

var dict = sync.OnceValue(func() dictionary {
	d := dictionary{readings: map[string][]string{}, syllables: map[string]bool{}}
	for _, entry := range pinyin.PinyinDict {
		if _, done := d.readings[entry]; !done {
			d.readings[entry] = d.read(entry)
		}
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
	var readings [][]string
	for _, r := range text {
		of := dict().readings[pinyin.PinyinDict[int(r)]]
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

// combine joins one reading of each place in every way.
func combine(readings [][]string) []string {
	keys := slices.Clone(readings[0])
	for _, of := range readings[1:] {
		longer := make([]string, 0, len(keys)*len(of))
		for _, key := range keys {
			for _, syllable := range of {
				longer = append(longer, key+" "+syllable)
			}
		}
		keys = longer
	}
	return keys
}
