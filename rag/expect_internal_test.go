package rag

import (
	"slices"
	"testing"
)

// expects gives whether a question expects a thing of a kind, and whether a text has it.
func expects(question string, kind expectedKind, text string) (isExpected, isMet bool) {
	for _, e := range expectations(question) {
		if e.kind == kind {
			return true, e.isIn(&told{text: foldText(text)})
		}
	}
	return false, false
}

func TestWhatAQuestionAsksForIsSeenInATextOrMissed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		kind     expectedKind
		question string
		met      string
		missed   string
	}{
		// amounts, with units
		{expectAmount, "水渠有多少座闸门？", "渠上一共建了十二座闸门。", "渠上建了闸门，用了三年。"},
		{expectAmount, "来帮忙的有几名木匠？", "请来５名木匠。", "请来几位木匠，做了3张桌子。"},
		{expectAmount, "磨坊雇了多少人？", "雇了1200多万人次中的三十余人。", "雇了人，花了三十元。"},
		{expectAmount, "全县有多少人？", "全县有1,200多万人。", "全县有1,200多万亩地。"},
		{expectAmount, "渠长多少公里？", "渠长八十余公里。", "渠上有八十座桥。"},
		{expectAmount, "塔有多高？", "塔高35.6米。", "塔有七层，建于1530年。"},
		{expectAmount, "石碾有多重？", "石碾重两吨。", "石碾有三个。"},
		{expectAmount, "果园面积有多少？", "果园占地五百亩。", "果园有五百棵树。"},
		{expectAmount, "面积最大的村有几户？", "那里住着40户。", "那里有40亩地。"},
		{expectAmount, "他率领多少人去修渠？", "他带了八百人。", "粮食去了百分之八。"},
		{expectAmount, "渠首有几个学校建的亭子？", "有3个亭子。", "亭子建于2001年，长3米。"},
		{expectAmount, "How many mills stood there?", "There were 14 mills.", "There were some mills."},
		{expectAmount, "How high is the tower?", "塔高三十米。", "塔有三十层。"},
		// percent
		{expectAmount, "稻田占比是多少？", "稻田占三分之二。", "稻田有三千亩。"},
		{expectAmount, "稻田占百分之几？", "稻田占百分之十二。", "稻田有十二块。"},
		{expectAmount, "增速是多少？", "增长8.5%。", "增长了8.5倍的是别处。"},
		{expectAmount, "比重提高了多少个百分点？", "提高了2个百分点。", "提高了，有2个人来看。"},
		{expectAmount, "What percentage of the fields is rice?", "水稻占七成。", "水稻有七种。"},
		{expectAmount, "What share of the fields is rice?", "Rice has 70 percent.", "Rice has most."},
		// money
		{expectAmount, "修渠花了多少钱？", "花了三万六千元。", "花了三年。"},
		{expectAmount, "门票票价几何，要多少？", "门票30元。", "门票有30种。"},
		{expectAmount, "造价多少万元？", "造价五百万元。", "造了五百间。"},
		{expectAmount, "How much money did it cost?", "It cost 300 yuan.", "It has 300 doors."},
		// durations
		{expectAmount, "修渠用了多少年？", "用了七年。", "用了七百人。"},
		{expectAmount, "磨一袋面要多久？", "磨一袋要两个小时。", "磨一袋要两个人。"},
		{expectAmount, "停水停了多少个月？", "停了3个月。", "停了3个闸。"},
		{expectAmount, "要磨多少个小时？", "要磨六小时。", "要磨六个人的粮。"},
		{expectAmount, "How long did the flood last?", "The flood lasted 9 days.", "The flood took 9 houses."},
		// the question's own numbers
		{expectAmount, "1998年渠上有多少？", "1998，那年渠上有六处。", "1998，那年渠上没有。"},
		{expectAmount, "30座闸门里坏了几座？", "坏了4座。", "一共是30座。"},
		{expectAmount, "How many of the 30 gates broke?", "Of 30, 4 broke.", "All of the 30."},
		// times
		{expectTime, "磨坊是什么时候停的？", "1956年秋天磨坊停了。", "磨坊停了，大门朝南，人都走了。"},
		{expectTime, "磨坊是哪个朝代何时建的？", "磨坊建于明朝。", "磨坊建于山下，朝着东方。"},
		{expectTime, "闸门几月关？", "每年十一月关。", "每年都关。"},
		{expectTime, "When was the mill built?", "The mill was built in 1820.", "The mill was built of stone."},
		{expectTime, "石桥是什么时候修的？", "2019-05-06修成。", "修成了。"},
		{expectTime, "石桥何时修的？", "乾隆年间修成。", "石匠修成。"},
		// years
		{expectYear, "水渠是哪一年通的？", "一九五八年通水。", "五月三日通水。"},
		{expectYear, "水渠何年通的？", "民国三年通水。", "那天通水。"},
		{expectYear, "In which year did it open?", "It opened in 1958.", "It opened on a Monday."},
		{expectYear, "1958年动工，哪年通水？", "1961年通水。", "1958年动工。"},
		// days
		{expectDay, "1958年哪一天动工的？", "1958年3月12日动工。", "1958年3月动工。"},
		{expectDay, "3月几号开闸？", "3月9日开闸。", "3月开闸。"},
		{expectDay, "哪天开闸？", "2020.3.9开闸。", "2020.3开闸。"},
		// bodies
		{expectBody, "他在哪所大学念书？", "他在东川大学念书。", "他念书很用功。"},
		{expectBody, "水车是哪家公司造的？", "水车由长风公司造。", "水车由木匠造。"},
		{expectBody, "修渠由哪个部门负责？", "修渠由水利局负责。", "修渠由他负责，全部干部都会来，这是社会的机会。"},
		{expectBody, "磨坊的事登在哪家报纸？", "事情登在《渠边晚报》。", "事情写在他的报告里，网络上没有。"},
		{expectBody, "Which company built the wheel?", "水车由长风公司造。", "水车由木匠造。"},
		{expectBody, "东川大学之外他还去过什么学校？", "还去过西川学院。", "他去过东川大学。"},
		// places
		{expectPlace, "水车卖到了哪个国家？", "水车卖到了泰国。", "水车和这些东西卖到全国各地，很有利。"},
		{expectPlace, "磨坊在哪里？", "磨坊在石桥镇。", "磨坊在渠边，社会上不会有人知道。"},
		{expectPlace, "哪个省的渠最长？", "河南的渠最长。", "渠都很长。"},
		{expectPlace, "工匠来自哪座城市？", "工匠来自平川市。", "工匠来自远方的市场。"},
		{expectPlace, "哪个村先通水？", "王家村先通水。", "山下先通水。"},
		{expectPlace, "Where was the mill?", "磨坊在石桥镇。", "磨坊很老。"},
		{expectPlace, "石桥镇的人从何处来？", "从柳树县来。", "石桥镇的人很多。"},
		// lists
		{expectList, "修渠要哪三样东西？", "要石头、木头、绳子。", "要石头。"},
		{expectList, "渠边有哪些树？", "有柳树、榆树。", "有柳树。"},
		{expectList, "办法分别是哪些？", "一是清淤；二是加固。", "办法很好。"},
		{expectList, "渠上有哪4座桥，是哪4座？", "有石桥、木桥、铁桥和索桥。", "有石桥和木桥。"},
		// roles
		{expectRole, "修渠队的队长是谁？", "队长老何走在前面。", "老何走在前面。"},
		{expectRole, "是哪位木匠做的水车？", "木匠老何做的。", "老何做的。"},
		// reasons
		{expectReason, "磨坊为什么停了？", "因为渠水断了，磨坊停了。", "磨坊在秋天停了。"},
		{expectReason, "他们干嘛要修渠？", "为了浇地。", "他们修渠。"},
		{expectReason, "Why did the mill stop?", "It stopped because the water was gone.", "It stopped in autumn."},
	} {
		kind := tc.kind
		if kind == expectYear || kind == expectDay {
			kind = expectTime
		}
		isExpected, isMet := expects(tc.question, kind, tc.met)
		if !isExpected {
			t.Errorf("%q does not expect %s", tc.question, kind)
			continue
		}
		if !isMet {
			t.Errorf("%q: %s not seen in %q", tc.question, kind, tc.met)
		}
		if _, isMet := expects(tc.question, kind, tc.missed); isMet {
			t.Errorf("%q: %s seen in %q", tc.question, kind, tc.missed)
		}
	}
}

// Kinds of times, for the table only.
const (
	expectYear = expectedKinds + 1 + iota
	expectDay
)

func TestWordsThatOnlyLookLikeAQuestionExpectNothing(t *testing.T) {
	t.Parallel()
	for question, kind := range map[string]expectedKind{
		"哪几个人修了渠？":                               expectAmount,
		"用了十几年修成的渠是哪条？":                          expectAmount,
		"他第几次来？":                                 expectAmount,
		"这几年渠里的水怎么样？":                            expectAmount,
		"近几年渠里的水怎么样？":                            expectAmount,
		"几千年来人们怎么引水？":                            expectAmount,
		"水几乎干了是怎么回事？":                            expectAmount,
		"他几月几号来的？":                               expectAmount,
		"许多高塔是谁修的？":                              expectAmount,
		"很多大树为什么枯了？":                             expectAmount,
		"水渠有怎样的多重意义？":                            expectAmount,
		"他作了什么报告？":                               expectBody,
		"水渠的好处体现在哪些方面？":                          expectPlace,
		"水渠是在哪一年修的？":                             expectPlace,
		"修渠难在哪里？":                                expectPlace,
		"老渠和新渠的区别在哪里？":                           expectPlace,
		"这话的意思是什么？":                              expectRole,
		"这话的作者是谁？":                               expectRole,
		"渠水从北往南流吗？":                              expectReason,
		"What did he say when the water rose?":   expectTime,
		"What grew in the place where he lived?": expectPlace,
	} {
		if isExpected, _ := expects(question, kind, ""); isExpected {
			t.Errorf("%q expects %s", question, kind)
		}
	}
}

func TestWhatIsAskedForGoesFirstAmongEqualWindows(t *testing.T) {
	t.Parallel()
	s := &search{question: "塔有多高？"}
	best := []window{
		{text: "塔很高，站在远处就看得见。", score: 5},
		{text: "塔高三十米，用青砖砌成。", score: 5 - expectedWeight/2},
		{text: "塔上有人。", score: 5 - 2*expectedWeight},
	}
	s.expect(best)
	if best[0].text != "塔高三十米，用青砖砌成。" || !slices.IsSortedFunc(best, compareWindows) {
		t.Errorf("got %+v", best)
	}
}

func TestATextIsReadOnceForAllQuestions(t *testing.T) {
	t.Parallel()
	text := &told{text: foldText("1958年，石桥村的水渠有十二座闸门。")}
	for range 2 { // the second time its places are known
		for question, want := range map[string]bool{
			"水渠有多少座闸门？": true, "水渠有多少公里？": false, "十二座闸门的水渠有多少座闸门？": false,
			"哪年通水？": true, "1958年的水渠哪年通水？": false, "水渠在哪个村？": true, "石桥村的水渠在哪个村？": false,
		} {
			all := expectations(question)
			if len(all) != 1 || all[0].isIn(text) != want {
				t.Errorf("%s: %d expectations, want one that is met: %t", question, len(all), want)
			}
		}
	}
}
