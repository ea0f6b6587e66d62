package rag

import (
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func sentencesOf(text string) []string {
	runes := []rune(text)
	var out []string
	for _, s := range Sentences(runes) {
		out = append(out, string(runes[s.Start:s.End]))
	}
	return out
}

func TestSentencesKeepWhatBelongsTogether(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, a, b string }{
		"closing marks stay":           {"他说：“走吧！”大家就走了。", "他说：“走吧！”", "大家就走了。"},
		"several ends count once":      {"真的？！是的。", "真的？！", "是的。"},
		"a paragraph ends one":         {"标题\n正文开始。", "标题\n", "正文开始。"},
		"decimals and initials":        {"It grew 3.5 times, J. Smith said. Then it fell.", "It grew 3.5 times, J. Smith said. ", "Then it fell."},
		"a list trailing off goes on":  {"“甲”“乙”……我们都读。完了。", "“甲”“乙”……我们都读。", "完了。"},
		"an ellipsis before a closing": {"他说：“等等……”然后走了。", "他说：“等等……”", "然后走了。"},
	} {
		if diff := cmp.Diff([]string{tc.a, tc.b}, sentencesOf(tc.text)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzSentencesTileTheText(f *testing.F) {
	f.Add("一。二！”三…四\n五. Six? 7.5")
	f.Fuzz(func(t *testing.T, s string) {
		text := []rune(s)
		at := 0
		for _, span := range Sentences(text) {
			if span.Start != at || span.End <= span.Start {
				t.Fatalf("span %v after %d", span, at)
			}
			at = span.End
			if in := trim(text, span); in.Start < span.Start || in.End > span.End ||
				in.Len() > 0 && (unicode.IsSpace(text[in.Start]) || unicode.IsSpace(text[in.End-1])) {
				t.Fatalf("trim %v gave %v", span, in)
			}
		}
		if at != len(text) {
			t.Fatalf("the spans end at %d of %d", at, len(text))
		}
	})
}
