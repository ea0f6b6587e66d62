package gloss

import "strings"

// stopWords are words of grammar and of asking: their renderings are in every text.
var stopWords = set(`
	a an the of in to and or but is are was were be been being am do does did done what which who whom whose when
	where why how many much for on at by with from as that this these those it its his her their they he she we
	our us you your i my me has have had say says said according each than then there into about one ones list
	name names give gives can could should would will may might must not no dont didnt doesnt isnt arent wasnt werent if so
	such some any all also both between after before during through while because more most other only very per
	please tell explain describe meant mean kind sort mr mrs ms dr`)

func set(words string) map[string]bool {
	s := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		s[w] = true
	}
	return s
}
