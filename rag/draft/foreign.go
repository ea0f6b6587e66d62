package draft

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// isChinese says whether a text is in Chinese, and not in another language with some Chinese words in it.
func isChinese(text string) bool {
	han, latin := 0, 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.IsLetter(r):
			latin++
		}
	}
	return han*lettersAHan >= latin && han > 0
}

// lettersAHan is how many letters of another script say about as much as a Chinese character.
const lettersAHan = 4

// capitalised are words that may be a name.
var capitalised = regexp.MustCompile(`\b[A-Z][A-Za-z'’]+(?:[ -][A-Z][A-Za-z'’]+)*`)

// inventsForeignName looks for names in a sentence of another language that the passages do not have.
func (c *checker) inventsForeignName(claim, source string) bool {
	if c.isName == nil {
		return false
	}
	for _, at := range capitalised.FindAllStringIndex(claim, -1) {
		words := claim[at[0]:at[1]]
		if at[0] == 0 && !strings.Contains(words, " ") {
			continue // every sentence begins with a capital
		}
		if isName, isThere := c.isName(words, source); isName && !isThere && !strings.Contains(source, words) {
			return true
		}
	}
	return false
}

// glossedPhrases is how many phrases a sentence in another language has, as far as the dictionary knows them, that is
// unrelated where the passages have a rendering of none.
const glossedPhrases = 6

// unlike says whether a sentence in another language speaks of something else than a Chinese source.
func (c *checker) unlike(claim, source string) bool {
	if c.gloss == nil {
		return false
	}
	phrases := c.gloss(claim)
	for _, renderings := range phrases {
		if slices.ContainsFunc(renderings, func(chinese string) bool { return strings.Contains(source, chinese) }) {
			return false
		}
	}
	return len(phrases) >= glossedPhrases
}
