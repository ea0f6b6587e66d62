package ingest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	bodyOfSurvey = "柳河水库移民共三千二百人，分三批迁出库区，安置在下游的五个乡镇。\n\n调查组走访了六十户人家，其中四十户住进了新房。\n\n移民们说，最盼的是水渠早日修通。\n"
	bodyOfFerry  = "江边的渡口已经停用三年，老船工每天还要去看一看他的船。\n\n船身的桐油早已剥落，可他舍不得把它卖掉。\n\n他说，等桥修好了，船就可以歇着了。\n"
)

// saidOf cuts raw and gives what each article says: title; authors; publication; date; section.
func saidOf(t *testing.T, raw string) (said []string) {
	t.Helper()
	articles, err := articlesOf(textFile(t, raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range articles {
		said = append(said, strings.Join([]string{a.Title, strings.Join(a.Authors, " "), a.Publication, a.Date, a.Section}, "; "))
	}
	return said
}

// The line of the paper stands above the byline, below it, or instead of it, and no headline, author or text is lost to it.
func TestPapersLineUnderAHeadlineLosesNothing(t *testing.T) {
	t.Parallel()
	for paper, want := range map[string]string{
		"人民日报 2024年3月12日 第07版":          "人民日报; 2024-03-12; 第07版",
		"《人民日报》2024年3月12日 第07版":         "人民日报; 2024-03-12; 第07版",
		"《 人民日报 》（ 2024年03月12日 第 07 版）": "人民日报; 2024-03-12; 第07版",
		"（《人民日报》2024年3月12日第7版）":         "人民日报; 2024-03-12; 第7版",
		"人民日报 2024年3月12日":               "人民日报; 2024-03-12; ",
		"光明日报 2024-03-12":               "光明日报; 2024-03-12; ",
		"人民日报海外版 2024年3月12日 第07版":       "人民日报海外版; 2024-03-12; 第07版",
		"人民日报（海外版） 2024年3月12日":          "人民日报（海外版）; 2024-03-12; ",
		"人民日报，2024年3月12日，第7版":           "人民日报; 2024-03-12; 第7版",
		"2024年3月12日 人民日报 第07版":          "人民日报; 2024-03-12; 第07版",
		"2024年3月12日 第07版 人民日报":          "人民日报; 2024-03-12; 第07版",
		"江城晚报 2024年3月12日 第1234期 第3版":    "江城晚报; 2024-03-12; 第3版",
		"发展研究 2019年第3期":                 "发展研究; ; 2019年第3期",
		"原载江州学刊 2019年第3期":               "江州学刊; ; 2019年第3期",
		"江城晚报 2024年3月12日 第3版 理论":        "江城晚报; 2024-03-12; 第3版：理论",
		"江城晚报 2024年3月12日 第3版：理论":        "江城晚报; 2024-03-12; 第3版：理论",
		"新华网 2024-03-12 08:30":          "新华网; 2024-03-12; ",
		"《江州学刊》2019年第3期":                "江州学刊; ; 2019年第3期",
		"江州学刊 2019(3)":                  "江州学刊; ; 2019年第3期",
		"来源：人民日报 2024年3月12日 第7版":        "人民日报; 2024-03-12; 第7版",
	} {
		first, second := "第1座水库移民安置调查; 周小舟; "+want, "老渡口与它的船; 李望江; "+want
		for layout, tc := range map[string]struct {
			raw  string
			want []string
		}{
			"above the byline":   {"第1座水库移民安置调查\n\n" + paper + "\n\n周小舟\n\n" + bodyOfSurvey, []string{first}},
			"below the byline":   {"第1座水库移民安置调查\n\n周小舟\n\n" + paper + "\n\n" + bodyOfSurvey, []string{first}},
			"without blank rows": {"第1座水库移民安置调查\n" + paper + "\n本报记者 周小舟\n" + bodyOfSurvey, []string{first}},
			"without a byline":   {"第1座水库移民安置调查\n\n" + paper + "\n\n" + bodyOfSurvey, []string{"第1座水库移民安置调查; ; " + want}},
			"two articles": {
				"第1座水库移民安置调查\n\n" + paper + "\n\n周小舟\n\n" + bodyOfSurvey + "\n老渡口与它的船\n\n" + paper + "\n\n李望江\n\n" + bodyOfFerry,
				[]string{first, second},
			},
			"two articles in Markdown with subheads": {
				"# 第1座水库移民安置调查\n\n" + paper + "\n\n周小舟\n\n" + bodyOfSurvey + "\n# 分批迁出\n\n" + bodyOfSurvey + "\n# 老渡口与它的船\n\n" + paper + "\n\n李望江\n\n" + bodyOfFerry,
				[]string{first, second},
			},
			"two articles in Markdown": {
				"# 第1座水库移民安置调查\n\n周小舟\n\n" + paper + "\n\n" + bodyOfSurvey + "\n# 老渡口与它的船\n\n李望江\n\n" + paper + "\n\n" + bodyOfFerry,
				[]string{first, second},
			},
		} {
			if diff := cmp.Diff(tc.want, saidOf(t, tc.raw)); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", paper, layout, diff)
			}
		}
	}
}

// Pages' heads name the paper as well: within a text, and over a headline, they are no imprint of it and cut nothing.
func TestPapersLineElsewhereIsNoImprint(t *testing.T) {
	t.Parallel()
	for _, head := range []string{"江州日报 2024年3月12日 第3版", "江州日报　2024年3月12日　星期二　第3版"} {
		raw := "第1座水库移民安置调查\n周小舟\n　　柳河水库移民共三千二百人，\n分三批迁出库区，安置在下游的\n\n" + head + "\n\n五个乡镇。调查组走访了六十户\n人家，四十户住进了新房。\n"
		if diff := cmp.Diff([]string{"第1座水库移民安置调查; 周小舟; ; ; "}, saidOf(t, raw)); diff != "" {
			t.Errorf("%s within a text (-want +got):\n%s", head, diff)
		}
	}
	for name, tc := range map[string]struct {
		raw  string
		want []string
	}{
		"over a headline": {
			"为人民服务\n江州日报 2024年3月12日 第3版\n第1座水库移民安置调查\n周小舟\n　　" + bodyOfSurvey + "\n江州日报 2024年3月12日 第4版\n\n老渡口与它的船\n李望江\n　　" + bodyOfFerry,
			[]string{"第1座水库移民安置调查; 周小舟; 江州日报; 2024-03-12; ", "老渡口与它的船; 李望江; 江州日报; 2024-03-12; "},
		},
		"under the one text": {
			"第1座水库移民安置调查\n\n周小舟\n\n" + bodyOfSurvey + "\n江州日报 2024年3月12日 第3版\n",
			[]string{"第1座水库移民安置调查; 周小舟; 江州日报; 2024-03-12; 第3版"},
		},
		"within narrow columns": {
			"第1座水库移民安置调查\n周小舟\n　　柳河水库移民共三千二百人。\n分三批迁出库区，安置在下游\n的五个乡镇，调查组走访了六\n江州日报 2024年3月12日 第3版\n十户人家，其中四十户住进了\n新房，二十户还在等待分配。\n",
			[]string{"第1座水库移民安置调查; 周小舟; ; ; "},
		},
	} {
		if diff := cmp.Diff(tc.want, saidOf(t, tc.raw)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	raw := "第1座水库移民安置调查\n\n" + bodyOfSurvey + "\n（《江州日报》2024年3月12日第3版）\n\n老渡口与它的船\n\n" + bodyOfFerry + "\n（《江州晚报》2024年3月13日）\n"
	want := []string{"第1座水库移民安置调查; ; 江州日报; 2024-03-12; 第3版", "老渡口与它的船; ; 江州晚报; 2024-03-13; "}
	if diff := cmp.Diff(want, saidOf(t, raw)); diff != "" {
		t.Errorf("source lines after the texts (-want +got):\n%s", diff)
	}
}

func TestBylinesSayWhereATextAppeared(t *testing.T) {
	t.Parallel()
	for byline, want := range map[string]string{
		"作者：陈茶客 发表于《江城晚报》2020年5月6日":                                    "陈茶客; 江城晚报; 2020-05-06; ",
		"作者：陈茶客 刊于《江城晚报》2020年5月6日":                                     "陈茶客; 江城晚报; 2020-05-06; ",
		"作者：陈茶客　原载《江城晚报》2020年5月6日":                                     "陈茶客; 江城晚报; 2020-05-06; ",
		"作者：陈茶客 载《江城晚报》2020年5月6日 第3版":                                  "陈茶客; 江城晚报; 2020-05-06; 第3版",
		"作者：陈茶客（原载《江城晚报》2020年5月6日）":                                    "陈茶客; 江城晚报; 2020-05-06; ",
		"作者：陈茶客，发表于《江城晚报》":                                             "陈茶客; 江城晚报; ; ",
		"发表于《江城晚报》2020年5月6日 作者：陈茶客":                                    "陈茶客; 江城晚报; 2020-05-06; ",
		"首发于《江州学刊》2019年第3期":                                            "; 江州学刊; ; 2019年第3期",
		"文/周小舟 发表于《江城晚报》":                                              "周小舟; 江城晚报; ; ",
		"周小舟 《江城晚报》 2020年5月6日":                                         "周小舟; 江城晚报; 2020-05-06; ",
		"周小舟 李望江 原载《江州学刊》2019年第3期":                                     "周小舟 李望江; 江州学刊; ; 2019年第3期",
		"来源：人民日报（海外版） 作者：周小舟":                                          "周小舟; 人民日报（海外版）; ; ",
		"来源：经济日报（理论周刊）第11版 2024年3月5日":                                  "; 经济日报（理论周刊）; 2024-03-05; 第11版",
		"来源：《江州学刊》2019年第3期 作者：周小舟":                                     "周小舟; 江州学刊; ; 2019年第3期",
		"（来源：江城晚报）":                                                    "; 江城晚报; ; ",
		"By Jane Doe, first published in The River Times, May 6, 2020": "Jane Doe; The River Times; 2020-05-06; ",
	} {
		title := "第1座水库移民安置调查"
		if strings.HasPrefix(byline, "By ") {
			title = "The Ferry"
		}
		if diff := cmp.Diff([]string{title + "; " + want}, saidOf(t, title+"\n\n"+byline+"\n\n"+bodyOfSurvey)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", byline, diff)
		}
	}
}

// A source at the end of a text, on a line of its own or not, keeps its page or issue.
func TestSourcesAfterATextKeepPageAndIssue(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"（来源：《人民日报》2024年3月12日第7版）": "人民日报; 2024-03-12; 第7版",
		"（来源：人民日报 2024年3月12日 第7版）": "人民日报; 2024-03-12; 第7版",
		"（原载《江州学刊》2019年第3期）":       "江州学刊; ; 2019年第3期",
		"（摘自《江州学刊》2019年第3期）":       "江州学刊; ; 2019年第3期",
		"（据《人民日报》2024年3月12日第7版）":   "人民日报; 2024-03-12; 第7版",
	} {
		for _, gap := range []string{"", "\n\n"} {
			raw := "第1座水库移民安置调查\n\n周小舟\n\n" + strings.TrimSpace(bodyOfSurvey) + gap + source + "\n"
			if diff := cmp.Diff([]string{"第1座水库移民安置调查; 周小舟; " + want}, saidOf(t, raw)); diff != "" {
				t.Errorf("%s after %q (-want +got):\n%s", source, gap, diff)
			}
		}
	}
}

// Where source lines close the texts, one under verses without a full stop does, too.
func TestSourceLineUnderVersesClosesThemAsOthersDo(t *testing.T) {
	t.Parallel()
	raw := "第1座水库移民安置调查\n\n" + bodyOfSurvey + "\n（《江州日报》2024年3月1日）\n\n老渡口与它的船\n\n" + bodyOfFerry + "\n（《江州日报》2024年3月2日）\n\n" +
		"江水悠悠向东流\n老船停在柳树头\n\n（《江州日报》2024年3月3日）\n\n" + bodyOfSurvey + "\n（《江州日报》2024年3月4日）\n"
	var dates []string
	for _, said := range saidOf(t, raw) {
		dates = append(dates, strings.Split(said, "; ")[3])
	}
	if diff := cmp.Diff([]string{"2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"}, dates); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
