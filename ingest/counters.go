package ingest

import (
	"strconv"
)

// counter is a number that may count the fragments of a text, as sites for shared documents print them.
var counter = compile(`^(\d{1,4})[、.．]` + blanks)

// minFragments is how many counters in a row are no accident.
const minFragments = 3

// dropCounters takes the counters off fragments: numbers rising by one at the beginning of neighbouring
// long rows of which most are cut within a sentence. A list's numbers stand after whole sentences and stay.
func dropCounters(rows []row) {
	for i := 0; i < len(rows); {
		end, cut := i, 0
		for value := countOf(rows[i]); value >= 0 && rows[i].columns >= longLine && end < len(rows) && countOf(rows[end]) == value+end-i; end++ {
			if end > i && !endsSentence(rows[end-1].content()) {
				cut++
			}
		}
		if end-i >= minFragments && cut*2 > end-i-1 {
			for j := i; j < end; j++ {
				rows[j].from += len(counter.FindString(rows[j].content()))
				rows[j].torn = true
			}
		}
		i = max(end, i+1)
	}
}

// countOf is the number that a row begins with, or -1.
func countOf(r row) int {
	m := counter.FindStringSubmatch(r.content())
	if m == nil {
		return -1
	}
	value, _ := strconv.Atoi(m[1])
	return value
}
