package ingest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/rag"
)

func TestFrontMatterSaysWhatTheFileIs(t *testing.T) {
	t.Parallel()
	body := "桥的另一个名字\n张正\n桥通车了。\n"
	plain := "桥的另一个名字张正桥通车了。"
	for name, tc := range map[string]struct {
		raw  string
		want []brief
	}{
		"English keys": {
			"---\ntitle: 桥的故事\nauthors: [李远, 王立]\ndate: 2023-05-06T10:00:00+08:00\nsource: 北湖晚报\ncategory: 要闻\naffiliation: 甲社\ntags: [x]\n---\n" + body,
			[]brief{{"桥的故事", "李远 王立", "北湖晚报", "2023-05-06", "要闻", "甲社", plain}},
		},
		"Chinese keys, the rest found by the rules": {
			"---\n标题: 桥的故事\n日期: 2023年5月6日\n---\n" + body, []brief{{"桥的故事", "张正", "", "2023-05-06", "", "", plain}},
		},
		"what it leaves out, the rules find": {
			"---\n栏目: 要闻\n---\n\n" + body, []brief{{"桥的另一个名字", "张正", "", "", "要闻", "", plain}},
		},
		"one article, whatever the rules say": {
			"---\ntitle: 全部\n---\n# 甲\n\n甲桥通车了。\n\n# 乙\n\n乙桥通车了。\n", []brief{{Title: "全部", Text: "甲甲桥通车了。乙乙桥通车了。"}},
		},
		"a date that is none is not taken": {
			"---\ntitle: 桥\ndate: 昨天\n---\n桥通车了。\n", []brief{{Title: "桥", Text: "桥通车了。"}},
		},
		"no known key: text":  {"---\n天气: 今天放晴了。\n---\n桥通车了。\n", []brief{{Text: "天气: 今天放晴了。桥通车了。"}}},
		"not closed: text":    {"---\ntitle: 桥通车了。\n", []brief{{Text: "title: 桥通车了。"}}},
		"no YAML: text":       {"---\ntitle: [桥通车了。\n---\n桥通车了。\n", []brief{{Text: "title: [桥通车了。桥通车了。"}}},
		"not at the top":      {"桥通车了。\n---\ntitle: 桥又通车了。\n---\n", []brief{{Text: "桥通车了。title: 桥又通车了。"}}},
		"BOM, CRLF and blank": {"\uFEFF\r\n---\r\ntitle: 桥\r\n--- \r\n桥通车了。\r\n", []brief{{Title: "桥", Text: "桥通车了。"}}},
	} {
		got, err := read(t, tc.raw, "", "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDelimiterPartsArticles(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		raw, side, delimiter string
		want                 []brief
	}{
		"one article between two": {
			"桥的故事\n张正\n桥通车了。\n\n=====\n=====\n　==== \n渡口\n李远\n停航一天。\n（《北湖晚报》 2023年5月6日）\n又有一段。\n", "", "={4,}",
			[]brief{
				{Title: "桥的故事", Authors: "张正", Text: "桥的故事张正桥通车了。"},
				{"渡口", "李远", "北湖晚报", "2023-05-06", "", "", "渡口李远停航一天。（《北湖晚报》 2023年5月6日）又有一段。"},
			},
		},
		"front matter at the top of a part": {
			"甲桥通车了。\n***\n\n---\ntitle: 乙\n---\n乙桥通车了。\n", "", `\*{3}`,
			[]brief{{Text: "甲桥通车了。"}, {Title: "乙", Text: "乙桥通车了。"}},
		},
		"a delimiter that looks like a fence": {
			"---\ntitle: 甲\n---\n甲桥通车了。\n---\ntitle: 乙\n---\n乙桥通车了。\n---\n丙桥没有。\n", "", "---",
			[]brief{{Title: "甲", Text: "甲桥通车了。"}, {Title: "乙", Text: "乙桥通车了。"}, {Text: "丙桥没有。"}},
		},
		"a file without it is cut by the rules": {
			"# 甲\n\n甲桥通车了。\n\n# 乙\n\n乙桥通车了。\n", "", "={4,}",
			[]brief{{Title: "甲", Text: "甲甲桥通车了。"}, {Title: "乙", Text: "乙乙桥通车了。"}},
		},
		"the sidecar wins": {
			"甲桥通车了。\n====\n乙桥通车了。\n====\n丙桥没有。\n", "articles: [{from: 1, to: 3, title: 甲乙}]", "====",
			[]brief{{Title: "甲乙", Text: "甲桥通车了。乙桥通车了。"}, {Text: "丙桥没有。"}},
		},
		"an open end does not pass it": {
			"甲桥通车了。\n====\n乙桥通车了。\n", "articles: [{from: 1, title: 甲}]", "====",
			[]brief{{Title: "甲", Text: "甲桥通车了。"}, {Text: "乙桥通车了。"}},
		},
	} {
		got, err := read(t, tc.raw, tc.side, tc.delimiter)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A file of nothing but fences and delimiters must not be read over and over.
func TestManyFencesAreReadOnce(t *testing.T) {
	t.Parallel()
	raw := strings.Repeat("---\n天气: 晴\n", 20_000) + "桥通车了。\n"
	got, err := read(t, raw, "", "-{3}|天气: 晴")
	if err != nil || len(got) != 1 || got[0].Text != "桥通车了。" {
		t.Errorf("%d articles, %v", len(got), err)
	}
}

// What a reader says is certain, and stands on the line of the source that says it.
func TestWordsOfReadersAreCertain(t *testing.T) {
	t.Parallel()
	articles, err := articlesOf(textFile(t, "---\ntitle: 桥\n---\n桥通车了。\n"))
	want := map[rag.Field]rag.Fact{rag.TitleField: {Line: 2, Confidence: 1}}
	if err != nil || !cmp.Equal(want, articles[0].Facts) {
		t.Errorf("%v, %v", articles, err)
	}
}
