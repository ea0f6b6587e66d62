package rag

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTermsAreBigramsOfChineseAndWholeWordsOfOtherScripts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"十年禁渔", []string{"十年", "年禁", "禁渔"}},
		{"桥", []string{"桥"}},
		{"建成5G基站2024年", []string{"建成", "5g", "基站", "2024", "年"}},
		{"ＡＩ 与 ﬁre", []string{"ai", "与", "fire"}},
		{"Crème brûlée", []string{"crème", "brûlée"}},
		{"，。！ \n", nil},
		{"", nil},
	} {
		if diff := cmp.Diff(tc.want, Terms(tc.text)); diff != "" {
			t.Errorf("%q: %s", tc.text, diff)
		}
	}
}

// An entry of a Postgres index holds some 2,700 bytes; a broken file must not stop its ingest.
func TestTermsAreNeverLongerThanAnIndexEntry(t *testing.T) {
	t.Parallel()
	long := make([]rune, 100_000)
	for i := range long {
		long[i] = 'ꙮ'
	}
	for _, term := range Terms(string(long)) {
		if len(term) > 2000 {
			t.Fatalf("a term of %d bytes", len(term))
		}
	}
}
