package bot_test

import (
	"testing"

	"yinju/bot"
	"yinju/rag"
)

func TestCitations(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		article             rag.Article
		gbt, chinese, plain string
	}{
		"newspaper": {
			rag.Article{Title: "数字革命与竞争国际化", Authors: []string{"丁文详"}, Publication: "中国青年报", Date: "2000-11-20", Section: "第15版"},
			"丁文详. 数字革命与竞争国际化[N]. 中国青年报, 2000-11-20(15).",
			"丁文详：《数字革命与竞争国际化》，《中国青年报》2000年11月20日。",
			"丁文详, “数字革命与竞争国际化”, 中国青年报, 20 November 2000.",
		},
		"newspaper without a page": {
			rag.Article{Title: "渡口停航 ——大风纪事", Authors: []string{"张正", "李远"}, Publication: "《江畔日报》", Date: "2023-05-04", Section: "本地"},
			"张正, 李远. 渡口停航: 大风纪事[N]. 江畔日报, 2023-05-04.",
			"张正、李远：《渡口停航——大风纪事》，《江畔日报》2023年5月4日。",
			"张正, 李远, “渡口停航 ——大风纪事”, 江畔日报, 4 May 2023.",
		},
		"journal, more than three authors": {
			rag.Article{Title: "蓝田生物群", Authors: []string{"袁训来", "陈哲", "肖书海", "万斌"}, Publication: "科学通报", Date: "2012-12", Section: "2012年第34期"},
			"袁训来, 陈哲, 肖书海, 等. 蓝田生物群[J]. 科学通报, 2012(34).",
			"袁训来、陈哲、肖书海等：《蓝田生物群》，《科学通报》2012年12月。",
			"袁训来, 陈哲, 肖书海, et al., “蓝田生物群”, 科学通报, December 2012.",
		},
		"journal, exactly three": {
			rag.Article{Title: "题", Authors: []string{"甲", "乙", "丙"}, Publication: "北湖大学学报", Date: "2021"},
			"甲, 乙, 丙. 题[J]. 北湖大学学报, 2021.", "甲、乙、丙：《题》，《北湖大学学报》2021年。", "甲, 乙, 丙, “题”, 北湖大学学报, 2021.",
		},
		"issue within the name": {
			rag.Article{Title: "论《实践论》", Publication: "求是2024年第03期", Date: "2024-02-01"},
			"论《实践论》[J]. 求是, 2024(3).", "《论〈实践论〉》，《求是》2024年2月1日。", "“论《实践论》”, 求是, 1 February 2024.",
		},
		"Latin authors": {
			rag.Article{Title: "On quoting", Authors: []string{"A. One", "B. Two", "C. Three", "D. Four"}, Publication: "The River Times", Date: "2020-01-09"},
			"A. One, B. Two, C. Three, et al. On quoting[N]. The River Times, 2020-01-09.",
			"A. One、B. Two、C. Three等：《On quoting》，《The River Times》2020年1月9日。",
			"A. One, B. Two, C. Three, et al., “On quoting”, The River Times, 9 January 2020.",
		},
		"neither newspaper nor journal": {
			rag.Article{Title: "节气", Authors: []string{"叶清"}, Publication: "青禾天文馆", Date: "2023-05"},
			"叶清. 节气[Z]. 青禾天文馆, 2023-05.", "叶清：《节气》，《青禾天文馆》2023年5月。", "叶清, “节气”, 青禾天文馆, May 2023.",
		},
		"the paper's name before the title": {
			rag.Article{Title: "江畔日报：渡口  停航", Authors: []string{"张正"}, Publication: "江畔日报", Date: "2023-05-04"},
			"张正. 渡口 停航[N]. 江畔日报, 2023-05-04.", "张正：《渡口 停航》，《江畔日报》2023年5月4日。", "张正, “渡口 停航”, 江畔日报, 4 May 2023.",
		},
		"nothing is known": {
			rag.Article{Text: "大风刮了一整天。"},
			"[大风刮了一整天][Z].", "《大风刮了一整天。》。", "“大风刮了一整天。”.",
		},
		"a date alone, and lines within": {
			rag.Article{Title: "上\n下", Date: "1999"}, "上 下[Z]. 1999.", "《上 下》，1999年。", "“上 下”, 1999.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := bot.CiteGBT7714(&tc.article); got != tc.gbt {
				t.Errorf("%s\nwant %s", got, tc.gbt)
			}
			if got := bot.CitePlain(&tc.article, bot.Chinese); got != tc.chinese {
				t.Errorf("%s\nwant %s", got, tc.chinese)
			}
			if got := bot.CitePlain(&tc.article, bot.English); got != tc.plain {
				t.Errorf("%s\nwant %s", got, tc.plain)
			}
		})
	}
}

// A name of a publication stands with its edition, and without the day, page or issue and the marks around it.
func TestPublicationsAreNamedAndToldApart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ publication, date, section, want string }{
		{"人民日报（海外版）", "2024-03-05", "", "题[N]. 人民日报（海外版）, 2024-03-05."},
		{"《人民日报》（海外版）", "2024-03-05", "第7版", "题[N]. 人民日报（海外版）, 2024-03-05(7)."},
		{"人民日报(海外版)", "2024-03-05", "", "题[N]. 人民日报(海外版), 2024-03-05."},
		{"经济日报（理论周刊）第11版", "2024-03-05", "", "题[N]. 经济日报（理论周刊）, 2024-03-05(11)."},
		{"《光明日报》（2024年3月5日 第6版）", "2024-03-05", "", "题[N]. 光明日报, 2024-03-05(6)."},
		{"《光明日报》（2024年3月5日 第6版）", "", "", "题[N]. 光明日报, 2024-03-05(6)."},
		{"（《光明日报》）", "2024-03-05", "", "题[N]. 光明日报, 2024-03-05."},
		{"光明日报）", "2024-03-05", "", "题[N]. 光明日报, 2024-03-05."},
		{"（光明日报", "2024-03-05", "", "题[N]. 光明日报, 2024-03-05."},
		{"《求是》杂志", "2024-03", "", "题[J]. 求是杂志, 2024."},
		{"江州学刊（哲学版）", "", "2019年第3期", "题[J]. 江州学刊（哲学版）, 2019(3)."},
		{"江州学刊", "", "理论 2019年第3期", "题[J]. 江州学刊, 2019(3)."},
		{"人民日报海外版", "2024-03-05", "", "题[N]. 人民日报海外版, 2024-03-05."},
		{"人民日报评论", "2024-03-05", "", "题[N]. 人民日报评论, 2024-03-05."},
		{"参考消息", "2024-03-05", "", "题[N]. 参考消息, 2024-03-05."},
		{"南方周末", "2024-03-05", "", "题[N]. 南方周末, 2024-03-05."},
		{"新华每日电讯", "2024-03-05", "第3版", "题[N]. 新华每日电讯, 2024-03-05(3)."},
		{"江城晚报", "2024-03-05", "第1234期 第3版", "题[N]. 江城晚报, 2024-03-05(3)."},
		{"江州评论", "2024-03-05", "", "题[J]. 江州评论, 2024."},
		{"江州大学学报", "2024-03-05", "", "题[J]. 江州大学学报, 2024."},
	} {
		got := bot.CiteGBT7714(&rag.Article{Title: "题", Publication: tc.publication, Date: tc.date, Section: tc.section})
		if got != tc.want {
			t.Errorf("%s, %s: %s, want %s", tc.publication, tc.section, got, tc.want)
		}
	}
}

func TestPeriodOfATitleIsNotCited(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"Ferries: a study.": "Ferries: a study[J]. 江州学刊.", "渡口停航。": "渡口停航[J]. 江州学刊.",
		"Ferries in the U.S.": "Ferries in the U.S.[J]. 江州学刊.", "And then...": "And then...[J]. 江州学刊.",
	} {
		if got := bot.CiteGBT7714(&rag.Article{Title: title, Publication: "江州学刊"}); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
