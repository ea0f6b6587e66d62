package draft_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"yinju/rag/draft"
)

const (
	canal = "渠首建于1958年，全长71.5公里，灌溉农田三十四万亩。渠上共有十二座闸门，其中最老的一座是石闸。\n管理所不允许在渠堤上种树，也没有在汛期开过闸。"
	mill  = "张望山教授认为，水磨的效率“比畜力高三倍”，但并非所有河段都能建磨。2019年3月5日，磨坊重新开张，当年接待游客１２００人次，门票收入增长15%。"
)

func passages() []draft.Passage {
	return []draft.Passage{
		{Handle: "k7m2x", Text: canal, About: "《渠的故事》 李渡 江州日报 2021-06-01", Authors: []string{"李渡"}},
		{Handle: "p3r9w", Text: mill, About: "《磨坊》 赵晚 北湖晚报 2020-01-02", Authors: []string{"赵晚"}},
	}
}

// read reads a draft in pieces of n runes.
func read(t *testing.T, text string, n int) []draft.Sentence {
	t.Helper()
	r := draft.NewReader(passages(), draft.Options{})
	var all []draft.Sentence
	runes := []rune(text)
	for i := 0; i < len(runes); i += n {
		all = append(all, r.Write(string(runes[i:min(len(runes), i+n)]))...)
	}
	return append(all, r.Close(true)...)
}

func one(t *testing.T, text string) draft.Sentence {
	t.Helper()
	all := read(t, text, 3)
	if len(all) != 1 {
		t.Fatalf("%q is read as %d sentences: %+v", text, len(all), all)
	}
	return all[0]
}

func TestSupportedSentencesPass(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"渠首建于1958年，全长71.5公里。[ref:k7m2x]",
		"这条渠灌溉农田34万亩[ref:k7m2x]。",
		"渠上有12座闸门，最老的是石闸。【ref：k7m2x】",
		"渠堤上不允许种树。<ref id=\"k7m2x\"/>",
		"渠堤上禁止种树，管理所有规定。[k7m2x]",
		"张望山教授认为水磨的效率“比畜力高三倍”。[ref:p3r9w]",
		"磨坊2019年3月重新开张，当年接待游客1200人次。[ref:p3r9w]",
		"门票收入增长了百分之十五，磨坊当年重新开张。[ref:p3r9w]",
		"据《江州日报》2021年6月1日的报道，渠全长71.5公里。[ref:k7m2x]",
		"李渡在《渠的故事》里写道，渠上共有十二座闸门。[ref:k7m2x]",
		"并非所有河段都能建磨。[ref:p3r9w]",
		"渠上共有拾贰座闸门。[ref:k7m2x]",
		"李渡说渠上共有十二座闸门，赵晚写道：“磨坊重新开张”。[ref:p3r9w][ref:k7m2x]",
		"赵晚写道：“磨坊重新开张”，李渡说渠上共有十二座闸门。[ref:p3r9w][ref:k7m2x]",
		"The canal is 71.5 km long and waters 340 thousand mu. [ref:k7m2x]",
		"The mill opened again on March 5, 2019, and takings grew by 15 percent [ref:p3r9w].",
	} {
		if s := one(t, text); !s.Supported() || s.Lost > 0 {
			t.Errorf("%q: faults %v, %d quotations lost: %q", text, s.Faults, s.Lost, s.Text)
		}
	}
}

// Words that are in a passage say there what they do not say alone.
func TestAQuoteIsNotCutOutOfWhatItMeans(t *testing.T) {
	t.Parallel()
	for _, quote := range []string{
		"允许在渠堤上种树", "在渠堤上种树", "二座闸门", "共有十", "四万亩", "1.5公里", "71", "渠……十二……种树", "并非所有……磨坊",
	} {
		if s := one(t, "不少人知道，不久前文中说“"+quote+"”。[ref:k7m2x]"); len(s.Quotes) > 0 || s.Lost == 0 {
			t.Errorf("“%s” is a quote in %q", quote, s.Text)
		}
	}
	for _, text := range []string{"管理所不允许“在渠堤上种树”。[ref:k7m2x]", "管理所没有说“允许在渠堤上种树”。[ref:k7m2x]", "“十二座闸门”，“三十四万亩”。[ref:k7m2x]", "“渠首建于1958年……灌溉农田三十四万亩”。[ref:k7m2x]"} {
		if s := one(t, text); len(s.Quotes) == 0 || s.Lost > 0 {
			t.Errorf("%q has lost a quote: %q", text, s.Text)
		}
	}
}

func TestWhatPassagesDoNotBearOutIsAFault(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fault draft.Fault
		text  string
	}{
		{draft.NoHandle, "渠首建于1958年，全长71.5公里。"},
		{draft.NoHandle, "渠首建于1958年。[ref:zzzzz]"},
		{draft.NoHandle, "渠首建于1958年。[1]"},
		{draft.Number, "渠全长72.5公里，灌溉农田三十四万亩。[ref:k7m2x]"},
		{draft.Number, "渠全长71.5米，灌溉农田三十四万亩。[ref:k7m2x]"},
		{draft.Number, "渠全长71.5里，灌溉农田三十四万亩。[ref:k7m2x]"},
		{draft.Number, "磨坊当年门票收入增长15‰。[ref:p3r9w]"},
		{draft.Number, "渠全长1.5公里，渠首灌溉农田。[ref:k7m2x]"},
		{draft.Number, "渠上共有十三座闸门，最老的一座是石闸。[ref:k7m2x]"},
		{draft.Number, "渠上共有١٣座闸门，最老的一座是石闸。[ref:k7m2x]"},
		{draft.Number, "渠上共有拾叁座闸门，最老的一座是石闸。[ref:k7m2x]"},
		{draft.Number, "渠上共有十叁座闸门，最老的一座是石闸。[ref:k7m2x]"},
		{draft.Number, "渠上共有廿座闸门，最老的一座是石闸。[ref:k7m2x]"},
		{draft.Number, "The canal has thirteen sluices. [ref:k7m2x]"},
		{draft.Name, "李渡写道：“水磨的效率“比畜力高三倍””。[ref:p3r9w][ref:k7m2x]"},
		{draft.Name, "“磨坊重新开张”，李渡说。[ref:p3r9w][ref:k7m2x]"},
		{draft.Name, "《渠的故事》写道：“磨坊重新开张”。[ref:p3r9w][ref:k7m2x]"},
		{draft.Number, "渠灌溉农田34亩，渠上共有十二座闸门。[ref:k7m2x]"},
		{draft.Number, "门票收入增长1200%，磨坊重新开张。[ref:p3r9w]"},
		{draft.Date, "渠首建于1959年，全长71.5公里。[ref:k7m2x]"},
		{draft.Date, "磨坊2019年3月6日重新开张。[ref:p3r9w]"},
		{draft.Date, "磨坊2019年5月重新开张。[ref:p3r9w]"},
		{draft.Date, "The mill opened again on March 6, 2019. [ref:p3r9w]"},
		{draft.Name, "王望山教授认为，水磨的效率比畜力高。[ref:p3r9w]"},
		{draft.Name, "赵晚写道，渠上共有十二座闸门。[ref:k7m2x]"},
		{draft.Name, "《磨坊的故事》说，水磨的效率比畜力高三倍。[ref:p3r9w]"},
		{draft.Name, "浙江的渠首建于1958年，全长71.5公里。[ref:k7m2x]"},
		{draft.Name, "渠首由北湖大学建于1958年，全长71.5公里。[ref:k7m2x]"},
		{draft.Name, "渠上共有十二座闸门，由NASA监测。[ref:k7m2x]"},
		{draft.Negation, "管理所允许在渠堤上种树。[ref:k7m2x]"},
		{draft.Negation, "渠首不建于1958年，灌溉农田三十四万亩。[ref:k7m2x]"},
		{draft.Negation, "所有河段都能建磨，水磨的效率比畜力高。[ref:p3r9w]"},
		{draft.Negation, "水磨的效率不比畜力高三倍。[ref:p3r9w]"},
		{draft.Unrelated, "李渡贪污。[ref:k7m2x]"},
		{draft.Unrelated, "过度捕捞导致海洋生态系统面临崩溃的风险。[ref:k7m2x]"},
	} {
		if s := one(t, tc.text); len(s.Faults) == 0 || !slices.Contains(s.Faults, tc.fault) {
			t.Errorf("%q: faults %v, want %s", tc.text, s.Faults, tc.fault)
		}
	}
}

func TestQuotesAreSpeltAsThePassageHasThem(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{"文中说“当年接待游客1200人次”。[ref:p3r9w]", "当年接待游客１２００人次"},
		{"文中说「渠首建于1958年,全长71.5公里」。[ref:k7m2x]", "渠首建于1958年，全长71.5公里"},
		{"It says \"渠上共有 十二座 闸门\". [ref:k7m2x]", "渠上共有十二座闸门"},
		{"> 管理所不允许在渠堤上种树，也没有在汛期开过闸。[ref:k7m2x]", "管理所不允许在渠堤上种树，也没有在汛期开过闸"},
		{"文中说“其中最老的一座是石闸。管理所不允许在渠堤上种树”。[ref:k7m2x]", "其中最老的一座是石闸。管理所不允许在渠堤上种树"},
		{"教授认为“水磨的效率“比畜力高三倍””。[ref:p3r9w]", "水磨的效率“比畜力高三倍"},
		{"文中说“渠首建于1958年”。[ref:p3r9w]", "渠首建于1958年"}, // of another passage than the one that is cited
	} {
		s := one(t, tc.text)
		if len(s.Quotes) != 1 || s.Lost != 0 {
			t.Errorf("%q: %d quotes, %d lost", tc.text, len(s.Quotes), s.Lost)
			continue
		}
		q := s.Quotes[0]
		if got := string([]rune(s.Text)[q.At.Start:q.At.End]); got != tc.want {
			t.Errorf("%q: quotes %q, want %q", tc.text, got, tc.want)
		}
		stands(t, s)
	}
	s := one(t, "文中说“渠首建于1958年……其中最老的一座是石闸”。[ref:k7m2x]")
	if len(s.Quotes) != 2 || !strings.Contains(s.Text, "“渠首建于1958年……其中最老的一座是石闸”") {
		t.Errorf("a quotation with an omission: %q, %v", s.Text, s.Quotes)
	}
}

// stands checks the law: every quote of a sentence is in its passage, white space aside.
func stands(t *testing.T, s draft.Sentence) {
	t.Helper()
	for _, q := range s.Quotes {
		in := []rune(passages()[q.Passage].Text)[q.Span.Start:q.Span.End]
		out := []rune(s.Text)[q.At.Start:q.At.End]
		if squeeze(string(in)) != squeeze(string(out)) {
			t.Errorf("quotes %q where the passage has %q", string(out), string(in))
		}
	}
}

func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func TestAlteredQuotesLoseTheirMarks(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"文中说“渠首建于1968年”。[ref:k7m2x]",
		"文中说“渠上共有十三座闸门”。[ref:k7m2x]",
		"文中说“管理所允许在渠堤上种树”。[ref:k7m2x]",
		"文中说“允许在渠堤上种树”。[ref:k7m2x]",
		"文中说“所有河段都能建磨”。[ref:p3r9w]",
		"文中说“其中最旧的一座是石闸”。[ref:k7m2x]",
		"文中说“门票收入增长1”。[ref:p3r9w]",
		"文中说“门票收入增长15”。[ref:p3r9w]",
		"文中说「全长1.5公里」。[ref:k7m2x]",
		"文中说『渠是母亲河』。[ref:k7m2x]",
		"文中说\"渠是母亲河\"。[ref:k7m2x]",
		"文中说‘渠是母亲河’。[ref:k7m2x]",
		"> 渠是母亲河。[ref:k7m2x]",
		"文中说“渠首建于1958年……渠是母亲河”。[ref:k7m2x]",
		"文中说“其中最老的一座是石闸……渠首建于1958年”。[ref:k7m2x]",
		"文中说“渠是母亲河。[ref:k7m2x]",
		"文中说渠是母亲河”。[ref:k7m2x]",
		"文中说″渠是母亲河″。[ref:k7m2x]",
		"文中说′渠是母亲河′。[ref:k7m2x]",
		"文中说¨渠是母亲河¨。[ref:k7m2x]",
		"文中说❮渠是母亲河❯。[ref:k7m2x]",
		"Es heißt: „渠是母亲河“. [ref:k7m2x]",
	} {
		s := one(t, text)
		if s.Lost == 0 || len(s.Quotes) > 0 || strings.ContainsAny(s.Text, "“”「」『』\"‘’") {
			t.Errorf("%q: %d lost, quotes %v: %q", text, s.Lost, s.Quotes, s.Text)
		}
	}
}

func TestHandlesNeverShow(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"渠首建于1958年[ref:k7m2x][ref:p3r9w]。", "渠首建于1958年[ref:k7m2x, ref:p3r9w]。", "渠首建于1958年【k7m2x】。",
		"渠首建于1958年(ref:k7m2x)。", "渠首建于1958年（ref：k7m2x）。", "渠首建于1958年[1]。", "渠首建于1958年【3†source】。",
		"渠首建于1958年[^2]。", "渠首建于1958年[citation:4]。", "渠首建于1958年[ID:0]。", "渠首建于1958年<ref>k7m2x</ref>。",
		"渠首建于1958年 ref:k7m2x。", "渠首建于1958年[来源1]。", "渠首建于1958年[ref:abcde]。", "渠首建于1958年[[k7m2x]]。", "渠首建于1958年[REF:K7M2X]。",
	} {
		for _, n := range []int{1, 2, 5, 100} {
			for _, s := range read(t, text+"渠上共有十二座闸门。[ref:k7m2x]", n) {
				if strings.ContainsAny(s.Text, "[]【】<>^†") || strings.Contains(s.Text, "k7m2x") || strings.Contains(s.Text, "ref") || strings.Contains(s.Text, "abcde") {
					t.Errorf("%q in pieces of %d shows %q", text, n, s.Text)
				}
			}
		}
	}
}

func TestPiecesDoNotMatter(t *testing.T) {
	t.Parallel()
	text := "<think>先看资料[ref:k7m2x]。\n“渠是母亲河”</think>\n主要有两点：\n1. 渠首建于1958年。[ref:k7m2x]\n2. 文中说“比畜力高三倍。”[ref:p3r9w]\n\n此外，磨坊2019年重新开张[ref:p3r9w]。The canal is 71.5 km long. [ref:k7m2x] Mr. A. Smith paid 15% in full. [ref:p3r9w]"
	want := read(t, text, 10_000)
	if len(want) != 6 {
		t.Errorf("%d sentences: %+v", len(want), want)
	}
	for n := 1; n < 40; n++ {
		got := read(t, text, n)
		if len(got) != len(want) {
			t.Errorf("in pieces of %d runes: %d sentences, want %d: %+v", n, len(got), len(want), got)
			continue
		}
		for i := range got {
			if got[i].Text != want[i].Text || len(got[i].Cites) != len(want[i].Cites) {
				t.Errorf("in pieces of %d runes: %q %v, want %q %v", n, got[i].Text, got[i].Cites, want[i].Text, want[i].Cites)
			}
		}
	}
}
