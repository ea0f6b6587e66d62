package draft_test

import (
	"slices"
	"testing"

	"yinju/rag/draft"
)

func TestCheckTakesTextsTogether(t *testing.T) {
	t.Parallel()
	built := draft.Passage{Text: "渠首建于1958年，全长71.5公里。", About: "《渠的故事》 李渡 江州日报 2021-06-01", Authors: []string{"李渡"}}
	gates := draft.Passage{Text: "渠上共有十二座闸门，其中最老的一座是石闸。"}
	for _, tc := range []struct {
		claim string
		texts []draft.Passage
		want  []draft.Fault
	}{
		{"渠首建于1958年，渠上有12座闸门。", []draft.Passage{built, gates}, nil},
		{"渠首建于1958年，渠上有12座闸门。", []draft.Passage{built}, []draft.Fault{draft.Number}},
		{"渠首建于1958年，渠上有12座闸门。", []draft.Passage{gates}, []draft.Fault{draft.Date}},
		{"李渡在《渠的故事》里写道，渠全长71.5公里。", []draft.Passage{built}, nil},
		{"文中说“最老的一座是石闸”，渠首建于1958年。", []draft.Passage{built, gates}, nil},
		{"文中说“最老的一座是石闸”，渠首建于1958年。", []draft.Passage{built}, []draft.Fault{draft.Unrelated, draft.Misquoted}},
		{"渠首“全长71.5公里……最老的一座是石闸”。", []draft.Passage{built, gates}, nil},
		{"渠首“全长71.5公里……最老的一座是石闸”。", []draft.Passage{gates}, []draft.Fault{draft.Misquoted}},
		{"过度捕捞导致海洋生态系统面临崩溃。", []draft.Passage{built, gates}, []draft.Fault{draft.Unrelated}},
		{"The canal never opened in 1958.", []draft.Passage{built}, []draft.Fault{draft.Negation}},
		{"The banks of canal No. 1 opened in 1958.", []draft.Passage{{Text: "1号渠1958年通水。"}}, nil},
		{"作者在文章里接着明确指出，“最老的一座是石闸”。", []draft.Passage{gates}, nil}, // what reports a quote need not stand in the passage
		{"渠首建于1958年。", nil, []draft.Fault{draft.NoHandle}},
	} {
		if got := draft.Check(tc.claim, tc.texts, draft.Options{}); !slices.Equal(got, tc.want) {
			t.Errorf("%q on %d texts: %v, want %v", tc.claim, len(tc.texts), got, tc.want)
		}
	}
}

func TestQuotationsAreTheOutermostInParts(t *testing.T) {
	t.Parallel()
	got := draft.Quotations("文中说“石闸最老”，又说“渠“有名”……有十二座闸门”。")
	if want := []string{"石闸最老", "渠“有名”", "有十二座闸门"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := draft.Quotations("没有引语，只有一个”。"); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}

func TestHoldsComparesNumbersByWhatTheySayAndWordsByTheirPairs(t *testing.T) {
	t.Parallel()
	const text = "到2022年5月休眠之前，祝融号一共走了1921米。南仁东在1994年提出这个设想，反射面由四千四百五十块面板拼成，能用120年。The dam has two locks; it was built by the North Lake Company."
	for _, tc := range []struct {
		point string
		want  bool
	}{
		{"南仁东", true},
		{"1994年", true},
		{"一九九四年", true},
		{"1995年", false},
		{"4450块", true},
		{"4451块", false},
		{"1921米（到2022年5月）", true},
		{"１９２１米，休眠", true},
		{"1921公里", false},
		{"2022年6月休眠", false},
		{"祝融号走了1921米", true},
		{"祝融号飞过金星和水星", false},
		{"120 years", true}, // what is measured is in another language
		{"120 days", false},
		{"1921 and 1994", true},
		{"2 locks", true},
		{"3 locks", false},
		{"built by the North Lake Company", true},
		{"designed in South River", false},
		{"走", true}, // no pair, no number: it has to stand there
		{"飞", false},
		{"三农", false}, // a digit that counts nothing
		{"。", false},
	} {
		if got := draft.Holds(text, tc.point); got != tc.want {
			t.Errorf("%q: %v, want %v", tc.point, got, tc.want)
		}
	}
}
