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
