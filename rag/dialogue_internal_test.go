package rag

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// known are the names that the tests' corpus has.
var known = map[string]Filter{
	"顾南浦": {Author: "顾南浦"}, "白芷": {Author: "白芷"}, "王一鸣": {Author: "王一鸣"}, "何小满": {Author: "何小满"},
	"人民日报": {Publication: "人民日报"}, "光明日报": {Publication: "光明日报"}, "Guangming Daily": {Publication: "光明日报"},
	"没有大坝的水利": {Title: "没有大坝的水利"},
}

// namedIn finds the known names in a text, in its order.
func namedIn(text string) (all []Mention) {
	for name, filter := range known {
		if before, _, ok := strings.Cut(text, name); ok {
			start := len([]rune(before))
			all = append(all, Mention{Filter: filter, Text: name, Span: Span{start, start + len([]rune(name))}})
		}
	}
	slices.SortFunc(all, func(a, b Mention) int { return a.Span.Start - b.Span.Start })
	return all
}

var (
	dam = Turn{
		Question: "都江堰的飞沙堰是做什么用的？", Resolved: "都江堰的飞沙堰是做什么用的？", Status: Answered,
		Cited: []CitedQuote{
			{Article: 3, Title: "没有大坝的水利", Authors: []string{"顾南浦"}, Text: "飞沙堰是都江堰一道低矮的溢流堰。", Span: Span{100, 116}},
			{Article: 8, Title: "跨过山的水", Authors: []string{"梅远"}, Text: "南旺分水有三招：一是筑坝；二是引汶水；三是设闸。", Span: Span{9, 33}},
		},
	}
	writer = Turn{
		Question: "那篇是谁写的", Resolved: "《没有大坝的水利》这篇是谁写的", Status: Answered,
		Cited: []CitedQuote{{Article: 3, Title: "没有大坝的水利", Authors: []string{"顾南浦"}, Text: "没有大坝的水利\n顾南浦", Span: Span{0, 11}}},
	}
	capital = Turn{
		Question: "人民日报怎么说耐心资本？", Resolved: "人民日报怎么说耐心资本？", Status: Answered,
		Cited: []CitedQuote{{Article: 5, Title: "论耐心资本", Authors: []string{"王一鸣"}, Text: "耐心资本是长期资本。", Span: Span{0, 10}}},
	}
	plain = Turn{
		Question: "什么是新质生产力？", Resolved: "什么是新质生产力？", Status: Answered,
		Cited: []CitedQuote{{Article: 6, Text: "新质生产力是先进生产力。", Span: Span{0, 12}}},
	}
	book = Turn{
		Question: "李时珍是哪里人？", Resolved: "李时珍是哪里人？", Status: Answered,
		Cited: []CitedQuote{{Article: 7, Title: "李时珍的二十七年", Authors: []string{"闻溪"}, Text: "李时珍是明代蕲州人。", Span: Span{0, 10}}},
	}
	moon = Turn{
		Question: "嫦娥六号带回来的样品有多重？", Resolved: "嫦娥六号带回来的样品有多重？", Status: Answered,
		Cited: []CitedQuote{{Article: 4, Title: "两抔月壤", Authors: []string{"余白"}, Text: "嫦娥六号带回1935.3克样品。", Span: Span{0, 17}}},
	}
	nothing = Turn{Question: "三峡电站总装机容量是多少？", Resolved: "三峡电站总装机容量是多少？", Status: NotFound}
	canal   = Turn{
		Question: "Who built the dam at Nanwang?", Resolved: "Who built the dam at Nanwang?", Status: Answered,
		Cited: []CitedQuote{{Article: 9, Title: "Water over the Hill", Authors: []string{"Mei Rowan"}, Text: "Song Li built the dam.", Span: Span{0, 22}}},
	}
)

func TestFollowUpsAreUnderstoodFromWhatWasSaid(t *testing.T) {
	t.Parallel()
	const dams = "《没有大坝的水利》这篇"
	for _, c := range []struct {
		before   Turn
		question string
		want     string
		articles []int64
		without  int // quotes
	}{
		// Pronouns.
		{writer, "那他是哪个单位的？", "作者顾南浦是哪个单位的？", nil, 0},
		{writer, "他还说了什么", "作者顾南浦还说了什么", nil, 1},
		{dam, "该作者是什么职务？", "作者顾南浦是什么职务？", nil, 0},
		{dam, "这位作者怎么看高坝？", "作者顾南浦怎么看高坝？", nil, 0},
		{dam, "她还提到了什么？", "作者顾南浦还提到了什么？", nil, 2},
		{turnOf("白芷写的那篇登在哪天？"), "此人在哪里任职？", "作者白芷在哪里任职？", nil, 0},
		{book, "他什么时候去世的？", "李时珍什么时候去世的？", nil, 0},
		{book, "那么，为什么他要改三遍？", "为什么李时珍要改三遍？", nil, 0},
		{dam, "它是谁修的？", "都江堰是谁修的？", nil, 0},
		{nothing, "它是哪年建成的？", "三峡电站总装机容量是多少？ 它是哪年建成的？", nil, 0},
		// The article.
		{dam, "那篇是谁写的", dams + "是谁写的", []int64{3}, 0},
		{dam, "这篇什么时候发的？", dams + "什么时候发的？", []int64{3}, 0},
		{dam, "出处呢", dams + "登在哪家报纸，什么时候发表的？", []int64{3}, 0},
		{dam, "这句话的出处是哪里？", dams + "登在哪家报纸，什么时候发表的？", []int64{3}, 0},
		{dam, "登在哪", dams + "登在哪", []int64{3}, 0},
		{dam, "作者是谁？", dams + "作者是谁？", []int64{3}, 0},
		{dam, "谁写的？", dams + "谁写的？", []int64{3}, 0},
		{dam, "这篇文章还讲了什么？", dams + "还讲了什么？", []int64{3}, 1},
		{dam, "请问该文怎么说鱼嘴的？", dams + "怎么说鱼嘴的？", []int64{3}, 0},
		{plain, "这篇是谁写的？", "这篇是谁写的？", []int64{6}, 0},
		// One of several.
		{dam, "第二条呢", "南旺分水有三招：一是筑坝；二是引汶水；三是设闸。", []int64{8}, 2},
		{dam, "第二点展开说说", "二是引汶水", []int64{8}, 2},
		{dam, "那第三点具体是什么意思？", "三是设闸", []int64{8}, 2},
		{dam, "[2] 展开讲讲", "南旺分水有三招：一是筑坝；二是引汶水；三是设闸。", []int64{8}, 2},
		{dam, "第二篇是谁写的？", "《跨过山的水》这篇是谁写的", []int64{8}, 0},
		{dam, "最后一条呢", "南旺分水有三招：一是筑坝；二是引汶水；三是设闸。", []int64{8}, 2},
		{dam, "第五条呢", "第五条呢", nil, 0},
		// More of it.
		{dam, "还有呢", dam.Resolved, nil, 2},
		{dam, "继续", dam.Resolved, nil, 2},
		{dam, "还有别的吗？", dam.Resolved, nil, 2},
		{dam, "除此之外呢？", dam.Resolved, nil, 2},
		{nothing, "还有吗", nothing.Resolved, nil, 0},
		// Another one.
		{capital, "那光明日报呢？", "光明日报怎么说耐心资本？", nil, 0},
		{capital, "王一鸣呢？", "王一鸣怎么说耐心资本？", nil, 0},
		{plain, "王一鸣呢？", "王一鸣的文章里，什么是新质生产力？", nil, 0},
		{plain, "光明日报是怎么说的？", "光明日报的文章里，什么是新质生产力？", nil, 0},
		{writer, "何小满呢", "何小满这篇是谁写的", nil, 0},
		{moon, "那嫦娥五号呢？", "嫦娥五号带回来的样品有多重？", nil, 0},
		{book, "那么宋应星呢", "宋应星是哪里人？", nil, 0},
		// Nothing of their own.
		{dam, "为什么？", dam.Resolved + " 为什么？", nil, 0},
		{plain, "具体怎么做？", plain.Resolved + " 具体怎么做？", nil, 0},
		{Turn{Question: "为什么？", Resolved: dam.Resolved + " 为什么？"}, "后来呢？", dam.Resolved + " 后来呢？", nil, 0},
		// English.
		{canal, "and who wrote it?", "who wrote 《Water over the Hill》?", []int64{9}, 0},
		{canal, "When was this article published?", "When was 《Water over the Hill》 published?", []int64{9}, 0},
		{canal, "what's the source?", "Where was 《Water over the Hill》 published, and when?", []int64{9}, 0},
		{canal, "more", canal.Resolved, nil, 1},
		{canal, "Anything else?", canal.Resolved, nil, 1},
		{canal, "Why?", canal.Resolved + " Why?", nil, 0},
		{canal, "Tell me more about the first one.", "Song Li built the dam.", []int64{9}, 1},
		{canal, "What is his job?", "What is the author Mei Rowan's job?", nil, 0},
		{canal, "What about Guangming Daily?", "According to Guangming Daily, " + canal.Resolved, nil, 0},
		{plain, "what about Guangming Daily?", "Guangming Daily的文章里，什么是新质生产力？", nil, 0},
	} {
		got := resolve(c.question, []Turn{c.before}, namedIn)
		if got.Question != c.want || !slices.Equal(got.Articles, c.articles) || len(got.Without) != c.without {
			t.Errorf("%s | %s\n got %q %v, %d left out\nwant %q %v, %d", c.before.Resolved, c.question, got.Question, got.Articles, len(got.Without), c.want, c.articles, c.without)
		}
	}
}

func turnOf(question string) Turn {
	return Turn{Question: question, Resolved: question, Status: NotFound}
}

func TestMoreLeavesOutAllThatWasGivenForTheQuestion(t *testing.T) {
	t.Parallel()
	again := Turn{Question: "还有呢", Resolved: dam.Resolved, Status: Answered, Cited: moon.Cited}
	got := resolve("继续", []Turn{book, dam, again}, namedIn)
	if diff := cmp.Diff(slices.Concat(dam.Cited, moon.Cited), got.Without); diff != "" || got.Question != dam.Resolved || !got.Again {
		t.Errorf("%+v %s", got, diff)
	}
}

func TestWhatWasCitedLastMayBeSomeTurnsAgo(t *testing.T) {
	t.Parallel()
	if got := resolve("那篇是谁写的？", []Turn{dam, nothing}, namedIn); !slices.Equal(got.Articles, []int64{3}) {
		t.Errorf("%+v", got)
	}
	if got := resolve("那篇是谁写的？", []Turn{nothing}, namedIn); got.Question != "那篇是谁写的？" || got.Articles != nil {
		t.Errorf("with nothing cited: %+v", got)
	}
}

// Questions that look like follow-ups and have all they need.
var selfContained = []string{
	"那篇讲天花怎么绝迹的登在哪家报纸？", "这篇关于冻土的报道是谁写的？", "那篇《石桥》是谁写的？", "那篇何小满的文章登在哪天？",
	"他山之石可以攻玉出自哪里？", "他汀类药物有什么副作用？", "他信是哪国的总理？", "它山堰在哪里？", "其他国家怎么样？", "她经济是什么意思？",
	"第二个百年奋斗目标是什么？", "第二条长江大桥在哪里？", "第一点火箭是哪年发射的？", "第三产业的比重是多少？",
	"还有多少头江豚？", "还有哪些高校设立了马克思主义学院？", "继续教育法是哪年通过的？", "更多的人为什么选择回乡？",
	"为什么天空是蓝的？", "怎么申请公租房？", "谁写的《红楼梦》？", "作者署名权是什么？", "文章合为时而著是谁说的？",
	"青藏铁路最高点在哪呢？", "专家怎么看？", "王一鸣怎么说耐心资本？", "光明日报那篇怎么说教育的呢？", "祖冲之在世时历法用上了吗，他怎么看？",
	"什么时候发表的文章最多？", "登在光明日报的有几篇？", "来源地在哪里？", "出处不明的文物怎么处理？", "你觉得呢？", "那是一个什么样的年代？",
	"Who is the author of the article on the canal?",
	"Why is the sky blue?", "How did they build the bridge?", "What about the law says that ships must stop at night, and why?",
	"More than how many people live in Beijing?", "The second point of the treaty of 1842?",
}

// No question that stands by itself is rewritten, whatever was said before.
func TestQuestionsThatStandAloneStayAsTheyAre(t *testing.T) {
	t.Parallel()
	questions := append(exampleQuestions(t), selfContained...)
	for _, before := range []Turn{dam, writer, capital, plain, book, moon, nothing, canal} {
		for _, q := range questions {
			if got := resolve(q, []Turn{before}, namedIn); got.Question != q || got.Articles != nil || got.Without != nil {
				t.Errorf("%s | %s\nwas taken as %+v", before.Resolved, q, got)
			}
		}
	}
}

func exampleQuestions(t *testing.T) (all []string) {
	t.Helper()
	file, err := os.Open("../examples/questions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var q struct{ Question string }
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil || q.Question == "" {
			t.Fatal(err, lines.Text())
		}
		all = append(all, q.Question)
	}
	if len(all) < 80 {
		t.Fatalf("%d questions, %v", len(all), lines.Err())
	}
	return all
}
