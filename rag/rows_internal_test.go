package rag

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// quotableTo are the texts of all windows of an article of one passage for a question.
func quotableTo(question, text string) (out []string) {
	n := len([]rune(text))
	p := Passage{Article: &Article{length: n}, Text: text, Opens: true, Span: Span{0, n}}
	s := &search{question: question, hits: []Hit{{Passage: p}}, lex: newLexical(reading{}, frequencies{}, 1)}
	for _, w := range s.windowsOf(0) {
		out = append(out, w.text)
	}
	return out
}

func TestARowOfATableIsQuotedWhole(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"rows joined to a paragraph": {
			"渠上的桥\n| 名称 | 长度 | |---|---| | 东桥 | 六十米 | | 西桥 | 七十米 |", []string{"| 东桥 | 六十米 |", "| 西桥 | 七十米 |"},
		},
		"a line each":               {"| 名称 | 长度 |\n|:--|--:|\n| 东桥 | 六十米 |\n", []string{"| 东桥 | 六十米 |"}},
		"the passage begins in one": {"六十米 | 1958年 | | 西桥 | 七十米 | 1961年 | | 南桥 | 五十米 | 1970年 |", []string{"| 西桥 | 七十米 | 1961年 |", "| 南桥 | 五十米 | 1970年 |"}},
		"or behind its first cell":  {"| 六十米 | 1958年 | | 西桥 | 七十米 | 1961年 | | 南桥", []string{"| 西桥 | 七十米 | 1961年 |"}},
		"a cell is empty":           {"| 东桥 | 六十米 | 1958年 | 木 | | 西桥 | 七十米 | | 石 | | 南桥 | 五十米 | 1970年 | 石 |", []string{"| 东桥 | 六十米 | 1958年 | 木 |", "| 南桥 | 五十米 | 1970年 | 石 |"}},
		"rows that are not named":   {"| 名称 | 长度 | |---|---| | 东桥 | 六十米 | | 中桥 | 七十米 |", []string{"| 东桥 | 六十米 |"}},
		"a bar in a sentence":       {"甲|乙|丙 是三样东西。", []string{"甲|乙|丙 是三样东西。"}},
		"a line between bars":       {"| 渠上的桥 | 三座 |", nil},
	} {
		if diff := cmp.Diff(tc.want, quotableTo("东桥、西桥和南桥是什么样的", tc.text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestALineWithoutAMarkIsQuotedWhereItHasWhatIsAskedForOrStandsInAList(t *testing.T) {
	t.Parallel()
	const length, nothing = "桥有多长？", "说说桥"
	for name, tc := range map[string]struct {
		question, text string
		want           []string
	}{
		"it has the amount":          {length, "东桥的长度是六十米\n渠水东流不息。", []string{"东桥的长度是六十米", "渠水东流不息。"}},
		"it ends the article":        {length, "渠水东流不息。\n东桥的长度是六十米", []string{"渠水东流不息。", "东桥的长度是六十米"}},
		"it has another amount":      {length, "东桥的木头有六十斤\n渠水东流不息。", []string{"渠水东流不息。"}},
		"nothing is known of it":     {nothing, "东桥的长度是六十米\n渠水东流不息。", []string{"渠水东流不息。"}},
		"it has a place":             {"桥在哪个县？", "柳河县的桥和渠\n渠水东流不息。", []string{"渠水东流不息。"}},
		"a note":                     {length, "（东桥的长度是六十米）\n渠水东流不息。", []string{"渠水东流不息。"}},
		"a page breaks off":          {length, "那天下雨，桥边六十米的路上\n都去看渠。水退了下去。", []string{"水退了下去。"}},
		"the rest of a broken line":  {length, "那天下雨，人都在桥上走了，桥\n长六十米的地方也有\n渠水东流不息。", []string{"渠水东流不息。"}},
		"a sentence before it":       {length, "渠水东流不息。东桥的长度是六十米\n渠水西流不息。", []string{"渠水东流不息。"}},
		"a list":                     {"东桥和南桥由谁看守？", "渠上的桥\n东桥 老何看守\n西桥 老郑看守\n南桥 老钱看守", []string{"东桥 老何看守", "南桥 老钱看守"}},
		"a headline and names":       {nothing, "渠边旧事 又一年\n何小满 郑大年和众人\n渠水东流不息。", []string{"渠水东流不息。"}},
		"a headline of three lines":  {nothing, "渠边旧事和那一年\n磨坊里的灯和孩子\n何小满和郑大年写\n渠水东流不息。", []string{"渠水东流不息。"}},
		"a line that leads on":       {length, "东桥的长度是六十米：\n渠水东流不息。", []string{"渠水东流不息。"}},
		"a line that asks an amount": {length, "六十米的东桥够不够？\n渠水东流不息。", []string{"渠水东流不息。"}},
	} {
		if diff := cmp.Diff(tc.want, quotableTo(tc.question, tc.text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestALineAtTheEndOfAPassageIsNotQuotedWhereItsArticleGoesOn(t *testing.T) {
	t.Parallel()
	s, _ := searchOfText("东桥有多长？", "渠水东流不息。\n东桥的长度是六十米", 0.7)
	s.hits[0].Passage.Article.length = 100
	if got := s.windows(); slices.ContainsFunc(got, func(w window) bool { return w.text != "渠水东流不息。" }) {
		t.Errorf("quoted %q", got[0].text)
	}
}
