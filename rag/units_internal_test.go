package rag

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func unitsOf(text string) []string {
	runes := []rune(text)
	var out []string
	for _, s := range units(runes) {
		out = append(out, string(runes[s.Start:s.End]))
	}
	return out
}

func FuzzUnitsTileTheText(f *testing.F) {
	f.Add("一。二！”三…四\n五. Six? 7.5")
	f.Add(strings.Repeat("水车转了一圈，", 60))
	f.Add(strings.Repeat("水车转了一圈；", 60) + "“停了；”。")
	f.Add(strings.Repeat("没有标点的长句", 80))
	f.Fuzz(func(t *testing.T, s string) {
		text := []rune(s)
		at := 0
		for _, span := range units(text) {
			if span.Start != at || span.End <= span.Start {
				t.Fatalf("span %v after %d", span, at)
			}
			at = span.End
		}
		if at != len(text) {
			t.Fatalf("the units end at %d of %d", at, len(text))
		}
	})
}

func TestShortSentencesStayWholeWhateverTheirMarks(t *testing.T) {
	t.Parallel()
	want := []string{"磨坊有两层；楼上存粮，楼下磨面。", "水从渠里来。"}
	if diff := cmp.Diff(want, unitsOf(strings.Join(want, ""))); diff != "" {
		t.Error(diff)
	}
}

func TestOverlongSentencesArePartedAtSemicolonsFirst(t *testing.T) {
	t.Parallel()
	a, b := strings.Repeat("磨坊的轮子，", 12)+"转；", strings.Repeat("渠里的水，", 14)+"流；"
	want := []string{a, b, "人都来看。"}
	if diff := cmp.Diff(want, unitsOf(strings.Join(want, ""))); diff != "" {
		t.Error(diff)
	}
}

func TestOverlongClausesArePartedAtCommas(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("水车转了一圈又一圈，", 40) + "停了。"
	parts := unitsOf(text)
	if len(parts) < 3 {
		t.Fatalf("%d parts", len(parts))
	}
	for i, p := range parts {
		n := len([]rune(p))
		isLast := i == len(parts)-1
		if n > longClause || !isLast && (n < clauseLeast || n > clauseGoal || !strings.HasSuffix(p, "，")) {
			t.Errorf("part %d has %d characters: %q", i, n, p)
		}
	}
	whole := strings.Repeat("没有标点的长句", 40) + "。"
	if diff := cmp.Diff([]string{whole}, unitsOf(whole)); diff != "" {
		t.Errorf("a sentence without a comma is not cut: %s", diff)
	}
}

func TestAClosingQuotationMarkStaysWithTheMarkBeforeIt(t *testing.T) {
	t.Parallel()
	a := "他先念“" + strings.Repeat("风吹稻浪", 30) + "；”"
	got := unitsOf(a + "又念“" + strings.Repeat("雨打芭蕉", 10) + "；雪落。”完了。")
	for _, part := range got {
		if strings.HasPrefix(part, "”") {
			t.Errorf("a unit begins with a closing mark: %q", part)
		}
	}
	if !strings.HasPrefix(got[0], a) {
		t.Errorf("cut at %q, within %q", got[0], a)
	}
}

func TestQuotesBeginWhereASentenceOrAClauseDoes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before, after string
		opens, want   bool
	}{
		"the passage opens":              {"", "渠水东流。", true, true},
		"the passage goes on":            {"", "渠水东流。", false, false},
		"behind a sentence":              {"磨坊停了。", "渠水东流。", false, true},
		"behind a clause":                {"磨坊停了；", "渠水东流。", true, true},
		"behind a comma":                 {"磨坊停了，", "渠水东流。", true, true},
		"behind a headline":              {"渠边旧事\n", "渠水东流。", true, true},
		"behind a quoted sentence":       {"他说：“停！”", "渠水东流。", true, true},
		"a page breaks off":              {"那天下着雨，磨坊里的人\n", "都去看渠。", true, false},
		"a page breaks off at a comma":   {"那天下着雨，\n", "都去看渠。", true, false},
		"a long line without a sentence": {strings.Repeat("磨坊旁边的水渠", 10) + "\n", "都去看渠。", true, false},
	} {
		text := tc.before + tc.after
		p := &Passage{Text: text, Opens: tc.opens}
		if got := mayBegin(p, []rune(text), len([]rune(tc.before))); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestQuotesEndWithTheSentenceOrBeforeTheMarkOfAClause(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"渠水东流。":           "渠水东流。",
		"渠水东流！”":          "渠水东流！”",
		"渠水东流……":          "渠水东流……",
		"The mill stood.": "The mill stood.",
		"渠水东流，":           "渠水东流",
		"渠水东流；":           "渠水东流",
		"渠水东流,":           "渠水东流",
		"渠边旧事":            "",
		"渠水为什么东流？":        "",
		"他问：“停了吗？”":       "",
		"":                "",
	} {
		runes := []rune(text)
		end := max(0, mayEnd(runes, Span{0, len(runes)}))
		if got := string(runes[:end]); got != want {
			t.Errorf("%q ends as %q, want %q", text, got, want)
		}
	}
}

// quotable are the texts of all windows of one passage.
func quotable(text string, opens bool) []string {
	p := Passage{Article: &Article{}, Text: text, Opens: opens, Span: Span{7, 7 + len([]rune(text))}}
	s := &search{hits: []Hit{{Passage: p}}, lex: newLexical(reading{}, frequencies{}, 1)}
	var out []string
	for _, w := range s.windowsOf(0) {
		out = append(out, w.text)
		if got := string([]rune(text)[w.span.Start-7 : w.span.End-7]); got != w.text {
			panic("the span says " + got + ", the text " + w.text)
		}
	}
	return out
}

func TestHeadlinesAloneAndTornSentencesAreNoQuotes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text  string
		opens bool
		want  []string
	}{
		"headline and name":  {"渠边旧事\n何小满\n渠水东流不息。", true, []string{"渠水东流不息。"}},
		"headline only":      {"渠边旧事和磨坊新貌", true, nil},
		"torn at the front":  {"旁的人都散了。渠水东流不息。", false, []string{"渠水东流不息。"}},
		"torn at the end":    {"渠水东流不息。磨坊旁边的人", true, []string{"渠水东流不息。"}},
		"torn in the middle": {"渠水东流不息。那天下雨，磨坊里的\n人都去看水了。水退了下去。", true, []string{"渠水东流不息。", "水退了下去。"}},
		"too short":          {"是的。渠水东流不息。", true, []string{"是的。渠水东流不息。", "渠水东流不息。"}},
	} {
		if diff := cmp.Diff(tc.want, quotable(tc.text, tc.opens)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWindowsAreShortUnlessOneUnitIsLonger(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("没有标点的长句", 40) + "。"
	sentence := strings.Repeat("磨坊转动", 20) + "。"
	text := sentence + sentence + sentence + long + "渠水东流。渠水西流。渠水南流。渠水北流。渠水不流。"
	isFound := false
	for _, w := range quotable(text, true) {
		n := len([]rune(w))
		if n > quoteRunes && w != long {
			t.Errorf("%d characters: %q", n, w)
		}
		isFound = isFound || w == long
		if parts := len(units([]rune(w))); parts > quoteUnits {
			t.Errorf("%d units: %q", parts, w)
		}
	}
	if !isFound {
		t.Error("the unit that is longer cannot be quoted")
	}
}
