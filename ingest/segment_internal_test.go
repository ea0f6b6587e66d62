package ingest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/rag"
)

// gold is one article, or a part of a page that is none, as examples/articles.jsonl has it.
type gold struct {
	File     string
	Kind     string
	Title    string
	Variants []string `json:"title_variants"`
	Bare     string   `json:"title_without_prefix"`
	Authors  []string
	Paper    string `json:"publication"`
	Date     string
	Section  string
	Segments [][2]int
}

func exampleGold(t *testing.T) map[string][]gold {
	t.Helper()
	raw, err := os.ReadFile("../examples/articles.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	byFile := map[string][]gold{}
	for row := range strings.Lines(string(raw)) {
		var g gold
		if err := json.Unmarshal([]byte(row), &g); err != nil {
			t.Fatal(err)
		}
		if g.Kind == "article" {
			byFile[g.File] = append(byFile[g.File], g)
		}
	}
	return byFile
}

// facts are what a citation says of an article, and where the article is.
type facts struct {
	Title, Authors, Paper, Date, Section string
	First, Last                          int
}

// Pages in four layouts: every article is found at its lines, and nothing is borrowed from a neighbour.
func TestExamplePagesAreCutIntoTheirArticles(t *testing.T) {
	t.Parallel()
	for file, want := range exampleGold(t) {
		raw, err := os.ReadFile(filepath.Join("..", "examples", "corpus", file))
		if err != nil {
			t.Fatal(err)
		}
		articles, err := articlesOf(textFile(t, string(raw)))
		if err != nil {
			t.Fatal(err)
		}
		if len(articles) != len(want) {
			t.Errorf("%s: %d articles, want %d", file, len(articles), len(want))
			continue
		}
		for i, a := range articles {
			if diff := cmp.Diff(factsWanted(want[i]), factsOf(a)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		}
	}
}

func factsWanted(g gold) facts {
	return facts{
		Title: titleKey(g.Title), Authors: strings.Join(g.Authors, " "), Paper: g.Paper, Date: g.Date, Section: g.Section,
		First: g.Segments[0][0], Last: g.Segments[len(g.Segments)-1][1],
	}
}

func factsOf(a *rag.Article) facts {
	at := a.Places.Locate(rag.Span{End: len([]rune(a.Text))})
	return facts{
		Title: titleKey(a.Title), Authors: strings.Join(a.Authors, " "), Paper: a.Publication, Date: a.Date, Section: a.Section,
		First: at.StartLine, Last: at.EndLine,
	}
}

func TestBylinesAreNamesAndNothingElse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"沈若谷": "沈若谷", "张 正": "张正", "谢宝剑 黄丰斌": "谢宝剑 黄丰斌", "本报记者 韩牧": "韩牧", "作者：欧阳晓": "欧阳晓",
		"□ 李远、王立": "李远 王立", "清风楼": "", "从实践中来": "", "桥的故事": "", "本报讯": "", "": "", "2023年": "", "王 小 满": "王小满", "张 正 王 伟": "张正 王伟",
		"記者王小明／台北報導": "王小明", "（記者林雅婷、陳志豪／花蓮報導）": "林雅婷 陳志豪", "本报记者　沈小河　顾　明　通讯员　潘　海": "沈小河 顾明 潘海", "采访/整理：何苗": "何苗",
		"江州大学历史系 张正": "张正", "大学 文化": "", "高校 教育 文学": "",
	} {
		if got := strings.Join(byline(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestSourceLinesGiveWhatIsLeftOfThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"（《江畔日报》 2023年5月6日）":        {"江畔日报", "2023-05-06"},
		"（《 江畔日报 》  2023年 12月 13日）": {"江畔日报", "2023-12-13"},
		"《江畔日报》2023年5月":             {"江畔日报", "2023-05"},
		"（《江畔日报》  2023":             {"江畔日报", ""},
		"（《江畔日报》 2023年13月40日）":      {"江畔日报", ""},
		"《江畔日报》说，桥在2023年5月6日通车。":    {"", ""},
		"《本草纲目》":                    {"", ""},
	} {
		lines := mustLines(t, "桥通车了。\n"+text)
		var a rag.Article
		fromRows(&a, rowsOf(lines))
		if got := [2]string{a.Publication, a.Date}; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Leaders that are not a table of contents must not take the text between them for one.
func TestStrayLeadersLoseNoText(t *testing.T) {
	t.Parallel()
	raw := "登记表\n姓名………… 1\n甲桥通车了。\n乙桥也通车了。\n编号…………………… 2\n丙桥还没有通车。\n"
	articles, err := articlesOf(textFile(t, raw))
	if err != nil {
		t.Fatal(err)
	}
	if text := articles[0].Text; len(articles) != 1 || !strings.Contains(text, "乙桥也通车了") || !strings.Contains(text, "姓名") {
		t.Errorf("%d articles, the first is %q", len(articles), text)
	}
}

// A web page's stories with their papers under the headlines: none may have another one's paper or day.
func TestPapersUnderHeadlinesAreNotBorrowed(t *testing.T) {
	t.Parallel()
	raw := "三号线正式开通\n来源：江城日报　2022年6月1日\n\n昨日上午，三号线开通运营，设站二十座。\n\n老城区改造完成\n来源：北湖晚报\n2022年6月3日 08:15\n\n改造历时两年，惠及三千户居民。\n\n图书馆延长开放\n\n即日起，市图书馆开放到晚上十点。\n"
	articles, err := articlesOf(textFile(t, raw))
	if err != nil {
		t.Fatal(err)
	}
	var got []facts
	for _, a := range articles {
		got = append(got, factsOf(a))
	}
	want := []facts{
		{Title: "三号线正式开通", Paper: "江城日报", Date: "2022-06-01", First: 1, Last: 4},
		{Title: "老城区改造完成", Paper: "北湖晚报", Date: "2022-06-03", First: 6, Last: 14},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
