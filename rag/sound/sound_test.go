package sound_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"yinju/rag/sound"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"张晓雪": {"zan xiao xue"},
		"黑龙江": {"hei long jian"},
		"吕":   {"lv"},
		"略":   {"lve"},
		"日报":  {"ri bao"},
		"中央":  {"zong yan", "zong yin"},
		"A股":  nil,
		"一，二": nil,
		"一 二": nil,
		"嗯":   nil, // its readings have no vowel
		"":    nil,
	} {
		if diff := cmp.Diff(want, sound.Keys(text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestWordsThatPeopleMixUpHaveAKeyInCommon(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"海亮", "海量"}, {"振兴", "整形"}, {"生产", "森缠"}, {"事实", "四十"}, {"初期", "粗气"}, {"银行", "银航"}, {"行长", "航长"}, {"因为", "英伟"},
	} {
		if !alike(sound.Keys(pair[0]), sound.Keys(pair[1])) {
			t.Errorf("%s and %s: %q and %q", pair[0], pair[1], sound.Keys(pair[0]), sound.Keys(pair[1]))
		}
	}
	for _, pair := range [][2]string{{"光明", "光芒"}, {"东西", "动心"}, {"轮船", "龙船"}} {
		if alike(sound.Keys(pair[0]), sound.Keys(pair[1])) {
			t.Errorf("%s and %s sound alike", pair[0], pair[1])
		}
	}
}

func alike(a, b []string) bool {
	return slices.ContainsFunc(a, func(key string) bool { return slices.Contains(b, key) })
}

func TestAWordOfManyReadingsHasItsUsualKeyAndFewOthers(t *testing.T) {
	t.Parallel()
	keys := sound.Keys(strings.Repeat("行长", 30))
	if len(keys) > 16 || !strings.HasPrefix(keys[0], "xin zan xin zan") {
		t.Errorf("%d keys, the first is %q", len(keys), keys[0])
	}
}

func TestLatin(t *testing.T) {
	t.Parallel()
	for word, want := range map[string][]string{
		"Zhang Xiaoxue":    {"zan xiao xue"},
		"Zhāng Xiǎoxuě":    {"zan xiao xue"},
		"ZHANG Xiao-xue":   {"zan xiao xue"},
		"Xiong'an":         {"xiong an"},
		"Xiong’an":         {"xiong an"},
		"Heilongjiang":     {"hei long jian"},
		"xian":             {"xian"},
		"Xi'an":            {"xi an"},
		"Lü":               {"lv"},
		"Lyu":              {"lv"},
		"Lu":               {"lu", "lv"},
		"Gonglue":          {"gong lve"},
		"fangan":           {"fan gan", "fan an"}, // 翻干 and 方案
		"Jiangsu province": nil,
		"according":        nil,
		"Zhang X":          nil,
		"张晓雪":              nil,
		"2024":             nil,
		"' ":               nil,
		"":                 nil,
	} {
		if diff := cmp.Diff(want, sound.Latin(word)); diff != "" {
			t.Errorf("%s: %s", word, diff)
		}
	}
}

func FuzzLatinAndKeys(f *testing.F) {
	for _, seed := range []string{"Zhang Xiaoxue", "Xi'an", "黑龙江", "ü", "aaaaaaaaaaaaaaaaaaaaaaa", "\xff", "lülülülü"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, keys := range [][]string{sound.Latin(text), sound.Keys(text)} {
			if len(keys) > 16 {
				t.Errorf("%q has %d keys", text, len(keys))
			}
			for _, key := range keys {
				if strings.Trim(key, "abcdefghijklmnopqrstuvwxyz ") != "" || strings.Contains(key, "  ") || strings.TrimSpace(key) != key || key == "" {
					t.Errorf("%q has the key %q", text, key)
				}
			}
		}
		for _, key := range sound.Keys(text) {
			if syllables := len(strings.Fields(key)); syllables != utf8.RuneCountInString(text) {
				t.Errorf("%q has %d syllables in %q", text, syllables, key)
			}
		}
	})
}

func BenchmarkKeys(b *testing.B) {
	for b.Loop() {
		sound.Keys("银行")
	}
}

func BenchmarkLatin(b *testing.B) {
	for b.Loop() {
		sound.Latin("Zhang Xiaoxue")
	}
}
