package draft_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"yinju/rag/draft"
)

// checkLaws holds for whatever a model writes: what stands between quotation marks is in a passage, to the
// character; nothing else is between quotation marks; no handle and no markup is left.
func checkLaws(t *testing.T, given []draft.Passage, s draft.Sentence) {
	t.Helper()
	runes := []rune(s.Text)
	covered := make([]bool, len(runes))
	for _, q := range s.Quotes {
		in := []rune(given[q.Passage].Text)[q.Span.Start:q.Span.End]
		out := runes[q.At.Start:q.At.End]
		if squeeze(string(in)) != squeeze(string(out)) {
			t.Errorf("quotes %q where the passage has %q", string(out), string(in))
		}
		if q.At.Start == 0 || !slices.Contains([]rune{'“', '…'}, runes[q.At.Start-1]) || !slices.Contains([]rune{'”', '…'}, runes[q.At.End]) {
			t.Errorf("%q at %v of %q is not between quotation marks", string(out), q.At, s.Text)
		}
		if !slices.Contains(s.Cites, q.Passage) {
			t.Errorf("%q quotes passage %d and does not cite it", s.Text, q.Passage)
		}
		for i := q.At.Start; i < q.At.End; i++ {
			covered[i] = true
		}
	}
	open := false
	for i, r := range runes {
		switch {
		case covered[i]:
		case r == '“':
			if open {
				t.Errorf("%q opens a quotation twice", s.Text)
			}
			open = true
		case r == '”':
			open = false
		case strings.ContainsRune("「」『』«»＂\"〝〞„", r):
			t.Errorf("%q has a quotation mark that nothing stands behind", s.Text)
		case open && r != '…':
			t.Errorf("%q has %q between quotation marks, which is no quote", s.Text, string(r))
			return
		case unicode.IsControl(r):
			t.Errorf("%q has a control character", s.Text)
		}
	}
	for _, p := range given {
		if strings.Contains(strings.ToLower(strip(s, covered)), p.Handle) {
			t.Errorf("%q shows the handle %s", s.Text, p.Handle)
		}
	}
	if s.Supported() && len(s.Cites) == 0 && !s.LeadsOn {
		t.Errorf("%q is supported by nothing", s.Text)
	}
}

// strip is a sentence without what it quotes.
func strip(s draft.Sentence, covered []bool) string {
	var b strings.Builder
	for i, r := range []rune(s.Text) {
		if !covered[i] {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func FuzzWhateverAModelWrites(f *testing.F) {
	for _, text := range []string{
		"渠首建于1958年。[ref:k7m2x]", "“渠首建于“1958”年”", "「a『b』c」", "> 渠上共有十二座闸门\n\n[ref:k7m2x]", "<think>a</think>“渠", "“”“”", "”“", "“……”",
		"k7m2x", "kk7m2x7m2x", "[ref:k7m", "[1][[2]]【3†a】", "<script>“渠”</script>", "“渠首建于1958年……石闸”", "\"渠\"\"", "‘渠’'", "a'b'c", "“‘渠’”。\n“\n”",
	} {
		f.Add(text, uint8(3))
	}
	f.Fuzz(func(t *testing.T, text string, n uint8) {
		text = strings.ToValidUTF8(text[:min(len(text), 4000)], "") // more would be slow
		for _, s := range read(t, text, 1+int(n)) {
			checkLaws(t, passages(), s)
		}
	})
}

// alter changes a quotation in one of the ways in which models do.
func alter(random *rand.Rand, text []rune) (altered []rune, how string) {
	i := random.IntN(len(text))
	switch random.IntN(5) {
	case 0:
		altered = slices.Clone(text)
		altered[i] = '渔'
		return altered, "a character"
	case 1:
		return slices.Insert(slices.Clone(text), i, '不'), "a negation more"
	case 2:
		if at := slices.IndexFunc(text, func(r rune) bool { return strings.ContainsRune("不没", r) }); at >= 0 && at < len(text)-1 {
			return slices.Delete(slices.Clone(text), at, at+1), "a negation less"
		}
	case 3:
		if at := slices.IndexFunc(text, unicode.IsDigit); at >= 0 {
			altered = slices.Clone(text)
			altered[at] = '0' + (altered[at]-'0'+1)%10
			return altered, "a digit"
		}
	}
	return slices.Insert(slices.Clone(text), i, '极', '其'), "two characters more"
}

func TestNoAlteredQuotationKeepsItsMarks(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(6, 1))
	tried, shown := map[string]int{}, map[string]int{}
	for range 4000 {
		text := []rune([]string{canal, mill}[random.IntN(2)])
		start := random.IntN(len(text) - 10)
		quote := text[start : start+6+random.IntN(min(40, len(text)-start-6))]
		if slices.Contains(quote, '\n') || strings.ContainsAny(string(quote), "“”") || unicode.IsDigit(quote[0]) || quote[0] >= '０' && quote[0] <= '９' {
			continue
		}
		altered, how := alter(random, quote)
		tried[how]++
		for _, s := range read(t, "文中写道：“"+string(altered)+"”。[ref:k7m2x][ref:p3r9w]", 7) {
			checkLaws(t, passages(), s)
			for _, q := range s.Quotes {
				if q.At.End > q.At.Start {
					shown[how]++
				}
			}
		}
	}
	t.Logf("altered quotations: %v, shown as quotes: %v", tried, shown)
	for how, n := range shown {
		t.Errorf("%d of %d quotations with %s are shown as quotes", n, tried[how], how)
	}
}
