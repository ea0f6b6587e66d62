package draft_test

import (
	"strings"
	"testing"
)

// A model that nests markup must not cost more than a few passes over its text, nor get any of it through.
func TestMarkupNestedDeeplyIsTakenOut(t *testing.T) {
	t.Parallel()
	for _, one := range [][2]string{{"<b", ">"}, {"[x", "](y)"}, {"&a", "m;"}, {"[ref:", "]"}, {"k7m", "2x"}, {"![", "](x)"}, {"htt", "p://"}} {
		const deep = 150
		for _, s := range read(t, "渠上共有十二座闸门"+strings.Repeat(one[0], deep)+strings.Repeat(one[1], deep)+"。[ref:k7m2x]", 50) {
			checkLaws(t, passages(), s)
			for _, left := range []string{"<b", "](", "[ref", "k7m2x", "http"} {
				if strings.Contains(s.Text, left) {
					t.Errorf("%q has %q left", s.Text, left)
				}
			}
		}
	}
}
