package eval

import (
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// When a text counts as holding evidence. A quote that lies in the evidence needs some length to say anything.
const (
	gramRunes  = 4
	heldFrom   = 0.7 // share of the evidence's n-grams
	shortRunes = 12
)

// loneNumber is a line that holds only the number of a page.
var loneNumber = regexp.MustCompile(`(?m)^[ \t\x{3000}]*\p{Nd}{1,3}[ \t\x{3000}]*$`)

// squeeze takes out what an extracted page adds to a text: white space, Markdown marks and pages' numbers.
func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("#*\u200b\ufeff", r) {
			return -1
		}
		return r
	}, loneNumber.ReplaceAllString(text, ""))
}

// grams are the runs of gramRunes characters of a text, or the whole of a shorter one.
func grams(text string) map[string]bool {
	runes := []rune(squeeze(text))
	set := map[string]bool{}
	for i := 0; i == 0 || i+gramRunes <= len(runes); i++ {
		set[string(runes[i:min(i+gramRunes, len(runes))])] = true
	}
	return set
}

// holds says whether a text has most of the evidence in it.
func holds(text, evidence string) bool {
	want, have := grams(evidence), grams(text)
	both := 0
	for gram := range want {
		if have[gram] {
			both++
		}
	}
	return float64(both)/float64(len(want)) >= heldFrom
}

// quotes says whether a quote holds the evidence, or is a part of it that is not too short.
func quotes(quote, evidence string) bool {
	short := squeeze(quote)
	return holds(quote, evidence) || utf8.RuneCountInString(short) >= shortRunes && strings.Contains(squeeze(evidence), short)
}

// fileOf finds the file that an article id of evidence names: the one of that name, or the one whose name
// begins with what stands before the hyphen.
func fileOf(id string, files []string) (string, bool) {
	name := path.Base(strings.TrimPrefix(id, "FILE:"))
	number, _, _ := strings.Cut(name, "-")
	for _, is := range []func(base string) bool{
		func(base string) bool { return base == name },
		func(base string) bool { return strings.HasPrefix(base, number+"_") },
	} {
		for _, file := range files {
			if is(path.Base(file)) {
				return file, true
			}
		}
	}
	return "", false
}
