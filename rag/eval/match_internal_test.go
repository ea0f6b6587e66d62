package eval

import "testing"

func TestSqueezeDropsWhatPagesAdd(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"　桥 在\n河上。":         "桥在河上。",
		"## **桥**在\u200b河上": "桥在河上",
		"桥在\n  12　\n河上":     "桥在河上",
		"桥在\n１２\n河上":        "桥在河上",
		"桥长\n1234\n米":       "桥长1234米",
		"12":                "",
	} {
		if got := squeeze(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestEvidenceIsHeldByMostOfItOrByALongPartOfIt(t *testing.T) {
	t.Parallel()
	const evidence = "赵州桥由隋代工匠李春设计建造，距今一千四百多年" // 20 runs of four characters
	for _, c := range []struct {
		text          string
		holds, quotes bool
	}{
		{"他说：赵州桥由隋代工匠\n李春设计建造，距今一千四百多年。", true, true},
		{"由隋代工匠李春设计建造，距今一千四百多年", true, true}, // 17 of 20
		{"代工匠李春设计建造，距今一千四百多", true, true},    // 14 of 20
		{"代工匠李春设计建造，距今一千四百", false, true},    // 13 of 20, but a part of it
		{"李春设计建造，距今一千四百", false, true},       // 13 characters
		{"设计建造，距今一千四", false, false},         // too short
		{"赵州桥是李春造的，他是隋代的工匠，造得很好", false, false},
	} {
		if h, q := holds(c.text, evidence), quotes(c.text, evidence); h != c.holds || q != c.quotes {
			t.Errorf("%q: holds %v, quotes %v; want %v, %v", c.text, h, q, c.holds, c.quotes)
		}
	}
	if holds("从桥上过", "桥") || !holds("桥", " 桥") {
		t.Error("a text shorter than a run is not compared as a whole")
	}
}

func TestArticleIDsLeadToFiles(t *testing.T) {
	t.Parallel()
	files := []string{"001_ab.txt", "a/002_cd.txt", "issue-2.txt", "issue_x.txt"}
	for id, want := range map[string]string{
		"001-09": "001_ab.txt", "FILE:001": "001_ab.txt", "FILE:001_ab.txt": "001_ab.txt", "002-1": "a/002_cd.txt",
		"FILE:issue-2.txt": "issue-2.txt", "003-01": "", "": "", "00": "",
	} {
		if got, ok := fileOf(id, files); got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}
