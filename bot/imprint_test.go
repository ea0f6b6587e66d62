package bot_test

import (
	"slices"
	"testing"

	"yinju/bot"
	"yinju/rag"
)

func TestAPlaceNamesThePageWhereTheSourceHasPages(t *testing.T) {
	t.Parallel()
	page := 2
	for _, c := range []struct {
		at   rag.Location
		want string
	}{
		{rag.Location{StartLine: 7, EndLine: 9, Page: &page}, "桥.pdf:7-9 (p. 2)"},
		{rag.Location{StartLine: 7, EndLine: 7}, "桥.pdf:7"},
	} {
		if got := bot.Place("桥.pdf", c.at); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestWhereWasLookedIsSaidOnce(t *testing.T) {
	t.Parallel()
	scopes := []rag.Scope{
		{Text: "上文引用的文章", Filter: rag.Filter{Title: "石桥", File: "桥.txt"}},
		{Text: "标题石桥", Filter: rag.Filter{Title: "石桥"}},
		{Text: "作者张望", Filter: rag.Filter{Author: "张望"}},
		{Text: "去年", Widened: true},
	}
	got := bot.Looked(scopes, 0, bot.English)
	if len(got) != 2 || slices.Contains(got, "looked in: "+scopes[1].Filter.Describe(false)) {
		t.Errorf("%q", got)
	}
	if got := bot.Looked(scopes, 1, bot.English); len(got) != 3 {
		t.Errorf("%q", got)
	}
}
