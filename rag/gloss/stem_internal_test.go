package gloss

import (
	"strings"
	"testing"
)

func TestStemsMeetOrStayApart(t *testing.T) {
	t.Parallel()
	for _, group := range []string{
		"plan plans planned planning", "plane planes", "produce produces produced producing", "trade traded trading",
		"visit visits visited visiting", "city cities", "study studies studied studying", "bridge bridges", "class classes",
		"build built building builds", "child children", "write wrote written writing", "house houses", "news", "new",
		"agree agreed", "focus", "increase increased increasing", "win won winning", "spring", "thing things", "use used uses",
	} {
		words := strings.Fields(group)
		for _, w := range words[1:] {
			if stem(w) != stem(words[0]) {
				t.Errorf("%s is %s, %s is %s", w, stem(w), words[0], stem(words[0]))
			}
		}
	}
	for _, pair := range []string{"plane plan", "news new", "wine win", "production product", "industry industrious", "made mad", "speed spe"} {
		a, b, _ := strings.Cut(pair, " ")
		if stem(a) == stem(b) {
			t.Errorf("%s and %s are both %s", a, b, stem(a))
		}
	}
}
