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
		{"文中说“最老的一座是石闸”，渠首建于1958年。", []draft.Passage{built}, []draft.Fault{draft.Misquoted}},
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

// What is denied has to be denied, and nothing else: by whatever word, item by item, and also between quotation marks.
func TestWhatIsDeniedIsToldFromWhatIsNot(t *testing.T) {
	t.Parallel()
	dam := []draft.Passage{{Text: "石坝1958年通过县里验收，正式放水。渠水只灌田，不发电。发展副业不是丢掉、荒废老磨坊，要防止一窝蜂、空架子。" +
		"渠水用途均具有不确定性。老磨坊不一定就是赔钱的磨坊。光靠人工清淤、放任不管的办法不可取。"}}
	for _, claim := range []string{
		"石坝没有通过县里验收。", "石坝至今未能通过县里验收。", "石坝还没有正式放水。", "石坝并未通过县里验收，也没有正式放水。",
		"渠水用途均不具有不确定性。", "文章要求“荒废老磨坊”。", "应当“丢掉、荒废老磨坊”。", "文章强调要有“空架子”。", "老磨坊“就是赔钱的磨坊”。", "文章主张“光靠人工清淤、放任不管的办法”。", "老磨坊就是赔钱的磨坊。",
	} {
		if got := draft.Check(claim, dam, draft.Options{}); !slices.Contains(got, draft.Negation) && !slices.Contains(got, draft.Misquoted) {
			t.Errorf("%q: %v", claim, got)
		}
	}
	for _, claim := range []string{
		"石坝1958年通过县里验收。", "渠水不发电，只灌田。", "要避免一窝蜂和空架子。", "切忌一窝蜂，防止空架子。", "发展副业不能把老磨坊丢掉，让它荒废。", "发展副业不能丢掉老磨坊。", "老磨坊不一定是赔钱的磨坊。",
		"放任不管的办法行不通。", "发展副业“不是丢掉、荒废老磨坊”。", "发展副业离不开老磨坊，不能荒废它。",
	} {
		if got := draft.Check(claim, dam, draft.Options{}); len(got) > 0 {
			t.Errorf("%q: %v", claim, got)
		}
	}
}

func TestNumbersNamesAndDatesAreReadInManyForms(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		claim, text string
		want        []draft.Fault
	}{
		{"磨盘重约240千克。", "磨盘重240公斤。", nil},
		{"水轮功率2千瓦，渠长5千米。", "水轮功率2000瓦，折合2千瓦，渠长5公里。", nil},
		{"内渠得六成，外渠得四成。", "内渠得六成水，外渠得四成水。", nil},
		{"内渠得60%的水。", "内渠得六成水，外渠得四成水。", nil},
		{"修渠花了十多天。", "修渠花了十多年。", []draft.Fault{draft.Number}},
		{"据记者韩牧报道，渠首在山口。", "本报记者韩牧：渠首在山口。", nil},
		{"磨坊从7座增加到70多座。", "磨坊原来7座，如今70多座。", nil},
		{"Mills stood there in the 1960s.", "二十世纪六十年代那里有磨坊。", nil},
		{"Mills stood there in the 1970s.", "二十世纪六十年代那里有磨坊。", []draft.Fault{draft.Date}},
		{"It ran 90 Martian days.", "它走了90个火星日。", nil},
		{"It flew on a Long March 5 on July 23, 2020.", "2020年7月23日由长征五号发射。", nil},
		{"It is 5 miles long.", "全长5公里。", []draft.Fault{draft.Number}},
	} {
		if got := draft.Check(tc.claim, []draft.Passage{{Text: tc.text}}, draft.Options{}); !slices.Equal(got, tc.want) {
			t.Errorf("%q on %q: %v, want %v", tc.claim, tc.text, got, tc.want)
		}
	}
}

func TestAQuoteBelongsToWhoSaidIt(t *testing.T) {
	t.Parallel()
	mill := draft.Passage{Handle: "k7m2x", Text: "去年王渠来看过磨坊。有人问起收入。\n水磨要年年修。磨坊不能停。张望说：“石头比木头耐久。”", Authors: []string{"赵晚"}, Publication: "江州日报", About: "赵晚 江州日报"}
	other := draft.Passage{Handle: "p3r9w", Text: "渠首在山口。", Authors: []string{"李渡"}, Publication: "北湖晚报", About: "李渡 北湖晚报"}
	for claim, want := range map[string][]draft.Fault{
		"张望说，“石头比木头耐久”。":    nil,
		"赵晚写道，“水磨要年年修”。":    nil,
		"江州日报写道，“水磨要年年修”。":  nil,
		"王渠指出，“石头比木头耐久”。":   {draft.Name},
		"北湖晚报写道，“水磨要年年修”。":  {draft.Name},
		"李渡的文章写道，“水磨要年年修”。": {draft.Name},
	} {
		r := draft.NewReader([]draft.Passage{mill, other}, draft.Options{})
		got := append(r.Write(claim+"[ref:k7m2x][ref:p3r9w]"), r.Close(true)...)
		if len(got) != 1 || !slices.Equal(got[0].Faults, want) {
			t.Errorf("%q: %+v, want %v", claim, got, want)
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
