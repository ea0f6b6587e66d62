package rag

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDescriptionsAreComparedInOneOrder(t *testing.T) {
	t.Parallel()
	names := []string{"赵四"}
	ordered := []*Article{ // the best first, each better than all after it
		{Title: "题", Authors: names, Date: "2024-01-01"},
		{Title: "题", Publication: "报", Date: "2023-01-01"},
		{Title: "题", Authors: names},
		{Title: "题", Date: "2023-06-30"},
		{Title: "题", Date: "2023-06"},
		{Title: "题", Date: "2023"},
		{Authors: names, Date: "2001-01-01"},
		{Title: "题"},
		{Date: "2001-01-01", length: 900},
		{length: 200, File: "b"},
		{length: 100, File: "a", ID: 1},
		{length: 100, File: "a", ID: 2},
		{length: 100, File: "b"},
	}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := compareDescription(a, b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%d against %d: %d", i, j, got)
			}
		}
	}
}

func TestFindSeesThroughWhiteSpaceOnly(t *testing.T) {
	t.Parallel()
	text := "前文。\u3000今天 来了\n三个人。后文。"
	span, ok := find(text, "今天来了 三个人。")
	if want := (Span{4, 14}); !ok || span != want {
		t.Errorf("got %v %v, want %v", span, ok, want)
	}
	for _, want := range []string{"今天来了三个人！", "", " "} {
		if span, ok := find(text, want); ok {
			t.Errorf("%q is found at %v", want, span)
		}
	}
}

func hit(id int64, score float64, article *Article, text string) Hit {
	return Hit{Passage: Passage{ID: id, Article: article, Text: text}, Score: score}
}

func TestAPassageCutAcrossTwoOfATwinIsSaidByBoth(t *testing.T) {
	t.Parallel()
	one, two := "渡口的老人说，新桥通车那天他一夜没有睡。", "第二天清早，第一列火车从桥上开了过去。"
	three, four := "桥头的小镇后来有了车站，也有了学校。", "如今从省城到这里，只要不到半个小时。"
	a, b, other := &Article{ID: 1, Title: "题"}, &Article{ID: 2}, &Article{ID: 3}
	twins := twinPairs{{1, 2}: true, {2, 1}: true}
	got := collapse([]Hit{
		hit(1, 4, b, one+two), hit(2, 3, b, three+four), hit(3, 2, a, two+three), hit(4, 1, other, two+three), hit(5, 0, a, one+"这一句是新的，只在这里才有。"),
	}, twins)
	var ids []int64
	for _, h := range got {
		ids = append(ids, h.Passage.ID)
	}
	if diff := cmp.Diff([]int64{1, 2, 4, 5}, ids); diff != "" {
		t.Error(diff)
	}
	if also := append(slices.Clone(got[0].Also), got[1].Also...); len(also) != 1 || also[0].Article != a {
		t.Errorf("also %v", also)
	}
}

func TestABetterDescribedTwinTakesTheRankOfTheOther(t *testing.T) {
	t.Parallel()
	text := "渡口的老人说，新桥通车那天他一夜没有睡。"
	bare, named := &Article{ID: 1}, &Article{ID: 2, Title: "题"}
	got := collapse([]Hit{hit(1, 5, bare, text), hit(2, 3, &Article{ID: 9}, "别的事情。"), hit(3, 1, named, text+"\n小标题")},
		twinPairs{{1, 2}: true, {2, 1}: true})
	if len(got) != 2 || got[0].Passage.ID != 3 || got[0].Score != 5 || len(got[0].Also) != 1 || got[0].Also[0].Article != bare {
		t.Errorf("got %+v", got)
	}
}
