package rag

import (
	"slices"
	"testing"
)

func TestATextThatTheQuestionNamesKeepsItsQuoteBesideAStrongerOne(t *testing.T) {
	t.Parallel()
	s := &search{
		hits: []Hit{{Passage: Passage{Article: &Article{ID: 1}}}, {Passage: Passage{Article: &Article{ID: 2}}}, {Passage: Passage{Article: &Article{ID: 3}}}},
		ranked: []window{
			{hit: 0, text: "柿子树该种在北坡。", score: 9, coverage: 1},
			{hit: 2, text: "鹅群飞过水塘。", score: 3, coverage: 0.1},
			{hit: 1, text: "灯亮到半夜才灭。", score: 2, coverage: 0.1},
		},
	}
	hits := func() (of []int) {
		for _, w := range s.pick() {
			of = append(of, w.hit)
		}
		return of
	}
	if got := hits(); !slices.Equal(got, []int{0}) {
		t.Errorf("none is named: the quotes are of %v", got)
	}
	s.scope = []Mention{{Filter: Filter{Author: "甲"}, Articles: []int64{1}}, {Filter: Filter{Author: "乙"}, Articles: []int64{2}}}
	if got := hits(); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("two are named: the quotes are of %v", got)
	}
}
