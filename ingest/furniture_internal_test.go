package ingest

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"yinju/ingest/document"
)

// Text that looks like what sites and papers print around a text, in the middle of an article: all of it stays in one.
func TestOrdinaryTextIsNoFurniture(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a poem between lines":     "---\n\n暮色爬上屋顶\n炊烟在风里写信\n一笔一画\n写给远处的山\n\n---",
		"a list after a line":      "***\n\n渔网\n\n码头",
		"a table after a line":     "***\n\n| 年份 | 鱼 | 虾 |\n|---|---|---|\n| 一九九〇 | 三吨 | 一吨 |",
		"a menu of dishes":         "Menu\n\n鱼汤 十元\n\n虾饭 十五元",
		"a heading Related work":   "Related work\n\nEarlier studies of net mending looked at the cost of twine and the hours\nthat a mender needs for one net, which differ from village to village and\nfrom season to season, so that little can be said of them for the years\nbefore the war. None of them asked the menders.",
		"a heading Categories":     "## Categories\n\n- nets\n- ropes\n\n## Archives\n\n- the old log",
		"a heading 更多文章":           "更多文章\n老人把多年写下的文章放在一只木箱里，箱子上了锁，钥匙挂在门后的\n钉子上，谁来都可以看，看完了要放回原处。",
		"a heading 广告":             "广告\n街上的广告牌越来越多，渔村也不例外。\n墙上贴满了招工的纸，孩子们撕着玩。",
		"marks":                    "语文 95\n数学 88\n英语 76",
		"a name and a number":      "陈阿水 98",
		"a prize":                  "一等奖 1",
		"two price lists":          "黄鱼  30\n鱿鱼  12\n\n黄鱼  32\n鱿鱼  15",
		"a table without lines":    "品名 单位 数量 单价 金额\n黄鱼 公斤 一百 二十 两千",
		"words":                    "渔网 码头 海风 灯塔 潮水",
		"a table in English":       "Port  Boats  Crew  Catch\nScarra  twelve  forty  much",
		"arrows":                   "北村 25 → 30\n南村 18 → 22\n东村 9 → 11",
		"leaders without contents": "第一题……… 3\n第二题……… 3\n第三题……… 3",
		"references":               "[1] 陈水生. 渔网考[J]. 海洋史, 1998(3)\n[2] 林阿海. 船歌[J]. 海洋史, 1999(1)\n[3] 王渔. 潮汐[J]. 海洋史, 2001(2)\n[4] 赵帆. 灯塔[J]. 海洋史, 2003(4)",
		"capitals":                 "US UK\n美英",
		"an answer":                "老师问：六乘七等于几？\n\n42",
		"a vitamin":                "B12",
		"a fraction":               "3/4",
		"扫码":                       "扫码付钱的老人学得很慢，一个键要看半天，你说怪不怪？",
		"长按":                       "长按那只螺的开口，能听见海的声音！",
		"版权":                       "版权所有的话他听不懂，只知道这是他爷爷留下的歌！",
		"投稿":                       "投稿之后三个月没有回音，她几乎要忘记这件事了！\n\n投稿、退稿、再投稿，就这样过了十年……",
		"编辑":                       "编辑 张三负责文字，李四负责图片",
		"文字":                       "文字 是祖先留下的脚印！",
		"温馨提示":                     "温馨提示：下午两点退潮，请大家早些回来！",
		"a clause":                 "合同第三条规定：未经授权不得转载本村的老照片",
		"a hotline read aloud":     "他把号码念了一遍：服务热线 12345",
		"an address":               "地址：海口市渔港路十八号三楼",
		"收藏":                       "收藏",
		"a way":                    "渔村 > 县城 > 省城",
		"Share":                    "Share what you have, her mother used to say, and the sea will do the same!",
		"Log in":                   "Log in the fire, kettle on the hob, and the rain could do what it liked!",
		"Copyright":                "Copyright was not a word she knew!",
		"Home":                     "Home » the old man said, pointing at the rock",
		"阅读":                       "阅读 20 分钟以后休息",
		"a dialogue":               "甲：你找谁\n乙：找老张\n甲：他不在",
		"a listing":                "```\n# 安装\ngo build ./...\n```",
	} {
		page := "# 渔村的一年\n\n村子在半岛的南端，三面是海，一面是山，年轻人多半出去了。留下来的人还是打鱼、晒盐、补网，一年到头不得闲。\n\n" +
			text + "\n\n到了年底，船都上了岸，大家坐在一起算账，谁也不瞒谁。算完了账，就该准备过年了。\n"
		var kept strings.Builder
		articles, err := articlesOf(textFile(t, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range articles {
			kept.WriteString(a.Text)
		}
		want, got := lettersOf(text), lettersOf(kept.String())
		if !strings.Contains(got, want) || len(articles) != 1 {
			t.Errorf("%s: %d articles, without some of %q:\n%s", name, len(articles), text, kept.String())
		}
		if a := articles[0]; a.Title != "渔村的一年" || len(a.Authors) > 0 || a.Publication != "" || a.Section != "" {
			t.Errorf("%s: title %q, authors %q, publication %q, section %q", name, a.Title, a.Authors, a.Publication, a.Section)
		}
	}
}

// lettersOf is a text's letters and figures.
func lettersOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}

// What stands above the first headline, or is one itself, is not taken for the page's own.
func TestTopsOfPagesKeepTheirText(t *testing.T) {
	t.Parallel()
	body := "村子在半岛的南端，三面是海，一面是山，年轻人多半出去了。\n留下来的人还是打鱼、晒盐、补网，一年到头不得闲。\n"
	for name, tc := range map[string]struct {
		page, first string // the beginning of the first article's text
		titles      []string
	}{
		"a poem above a headline": {
			"暮色爬上屋顶\n炊烟在风里写信\n一笔一画\n写给远处的山\n海风听见了\n喊我的小名\n\n# 渔村的一年\n\n" + body, "暮色爬上屋顶", []string{"", "渔村的一年"},
		},
		"a headline like a paper's": {"校园论坛\n\n" + body, "校园论坛", []string{"校园论坛"}},
		"essays with short titles": {
			"白杨\n\n" + body + "\n孔乙己\n\n" + body, "白杨", []string{"白杨"},
		},
		"a diary": {"2021年5月3日 星期一\n\n" + body + "\n2021年5月4日 星期二\n\n" + body, "2021年5月3日", []string{""}},
	} {
		articles, err := articlesOf(textFile(t, tc.page))
		if err != nil {
			t.Fatal(err)
		}
		var titles []string
		for _, a := range articles {
			titles = append(titles, a.Title)
		}
		if !strings.HasPrefix(articles[0].Text, tc.first) || strings.Join(titles, "|") != strings.Join(tc.titles, "|") {
			t.Errorf("%s: titles %q, the first begins %.60q", name, titles, articles[0].Text)
		}
		if a := articles[len(articles)-1]; a.Section != "" || a.Publication != "" || len(a.Authors) > 0 {
			t.Errorf("%s: section %q, publication %q, authors %q", name, a.Section, a.Publication, a.Authors)
		}
	}
}

// A browser prints the day, the title and its address on every page: a sentence goes on over them, and no quote does.
func TestHeadsOfPrintedPagesAreNoText(t *testing.T) {
	t.Parallel()
	var doc document.Document
	for page, said := range [][2]string{{"江上的桥有三座，最老的一座建于一九五七年，", "至今还在通车。第二座"}, {"桥晚了三十年，它比老桥", "宽一倍。第三座桥只走"}, {"地铁，行人还是走老桥，", "老人们说这样很好。"}} {
		for _, text := range []string{"11/22/26, 11:03 PM 三座桥的故事", said[0], said[1], fmt.Sprintf("file:///home/桥.html %d/3", page+1)} {
			n := len(doc.Lines)
			doc.Lines = append(doc.Lines, document.Line{Number: n + 1, Page: page + 1, Byte: len(doc.Text), Text: text})
			doc.Text += text + "\n"
		}
	}
	articles, err := articlesOf(&doc)
	if err != nil {
		t.Fatal(err)
	}
	a := articles[0]
	want := "江上的桥有三座，最老的一座建于一九五七年，至今还在通车。第二座桥晚了三十年，它比老桥宽一倍。第三座桥只走地铁，行人还是走老桥，老人们说这样很好。"
	if a.Text != want || len(a.Tears) != 2 {
		t.Errorf("%d tears in %s", len(a.Tears), a.Text)
	}
	if err := a.Places.Check(a.Text, doc.Text); err != nil {
		t.Error(err)
	}
}
