package gloss

import "strings"

// stem gives what a word has in common with its plural and its tenses. It leaves derived words apart, unlike
// Porter's: production is not a product, and industry is not industrious. docs/decisions.md has figures.
func stem(w string) string {
	if base, ok := irregular[w]; ok {
		w = base
	}
	n := len(w)
	if n < 4 {
		return w
	}
	switch w[n-1] {
	case 's':
		return singular(w)
	case 'd':
		if strings.HasSuffix(w, "ied") && n > 4 {
			return w[:n-3] + "y"
		}
		if strings.HasSuffix(w, "ed") && !strings.HasSuffix(w, "eed") && n > 4 {
			return base(w, n-2)
		}
	case 'g':
		if strings.HasSuffix(w, "ing") && n > 5 {
			return base(w, n-3)
		}
	case 'e':
		return withoutE(w)
	}
	return w
}

func singular(w string) string {
	n := len(w)
	switch {
	case hasSuffix(w, "sses", "shes", "ches", "xes"):
		return w[:n-2]
	case n > 4 && strings.HasSuffix(w, "ies"):
		return w[:n-3] + "y"
	case w == "news", hasSuffix(w, "ss", "us", "is"):
		return w
	}
	return withoutE(w[:n-1])
}

func hasSuffix(w string, suffixes ...string) bool {
	for _, s := range suffixes {
		if strings.HasSuffix(w, s) {
			return true
		}
	}
	return false
}

// base gives the verb that was made longer behind its first n letters: plan of planned, trade of trading.
func base(w string, n int) string {
	v := w[:n]
	switch {
	case vowelGroups(v) == 0:
		return w
	case n > 3 && v[n-1] == v[n-2] && !strings.ContainsRune("lsz", rune(v[n-1])):
		return v[:n-1]
	case n < 3 || isShort(v):
		return v + "e"
	}
	return withoutE(v)
}

// withoutE drops the last e, except of short words: produce and producing meet, plane and plan do not.
func withoutE(w string) string {
	v, found := strings.CutSuffix(w, "e")
	if !found || len(v) < 3 || v[len(v)-1] == 'e' || vowelGroups(v) == 0 || isShort(v) {
		return w
	}
	return v
}

// isShort says whether a word has one vowel, between its consonants.
func isShort(w string) bool {
	n := len(w)
	return n > 2 && vowelGroups(w) == 1 && !isVowel(w[n-3]) && isVowel(w[n-2]) && !isVowel(w[n-1]) && !strings.ContainsRune("wxy", rune(w[n-1]))
}

func isVowel(c byte) bool {
	switch c {
	case 'a', 'e', 'i', 'o', 'u', 'y':
		return true
	}
	return false
}

func vowelGroups(w string) (n int) {
	for i := range len(w) {
		if isVowel(w[i]) && (i == 0 || !isVowel(w[i-1])) {
			n++
		}
	}
	return n
}

// irregular leads from irregular forms that questions have to the words of dictionaries.
var irregular = pairsOf(`
	agreed agree became become began begin begun begin bought buy broke break broken break brought bring built build came come
	caught catch children child chose choose chosen choose died die drew draw drawn draw driven drive drove drive fallen fall
	fell fall felt feel flew fly fought fight found find gave give given give gone go grew grow grown grow heard hear
	held hold hidden hide kept keep knew know known know led lead lives life lost lose made make men man met meet
	paid pay ran run risen rise rose rise said say sang sing seen see sent send shown show sold sell sought seek
	spent spend spoke speak spoken speak stood stand swam swim taken take taught teach thought think threw throw
	thrown throw tied tie told tell took take used use went go wives wife women woman won win wore wear worn wear written write wrote write`)

// pairsOf reads a table of two columns.
func pairsOf(table string) map[string]string {
	fields, m := strings.Fields(table), make(map[string]string)
	for i := 0; i+1 < len(fields); i += 2 {
		m[fields[i]] = fields[i+1]
	}
	return m
}
