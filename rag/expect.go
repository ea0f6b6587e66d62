package rag

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// expectation is a kind of thing that a question asks for and that a text can be seen to have or not to have:
// who asks how many houses there are is not answered by a text without a number of houses.
type expectation struct {
	kind expectedKind
	isIn func(*told) bool
}

// expectedKind names what is expected.
type expectedKind int

// The kinds.
const (
	expectAmount expectedKind = iota // a number, with its unit where the question names one
	expectTime                       // a year, a month or a day
	expectBody                       // a school, a company, an office
	expectPlace                      // a country, a province, a town
	expectList                       // so many things
	expectRole                       // somebody of whom the question says what he is
	expectReason
	expectDefinition // what something is
	expectedKinds    // how many there are
)

// expectations are what a question asks for, as far as its words tell.
func expectations(question string) (all []expectation) {
	q := foldText(question)
	for kind, read := range [expectedKinds]func(q string) func(*told) bool{
		expectAmount: readAmount, expectTime: readTime, expectBody: readBody, expectPlace: readPlace,
		expectList: readList, expectRole: readRole, expectReason: readReason,
		expectDefinition: readDefinition,
	} {
		if isIn := read(q); isIn != nil {
			all = append(all, expectation{expectedKind(kind), isIn})
		}
	}
	return all
}

// expecting are the expectations of the search's question, read once: its windows and its confidence go by them.
func (s *search) expecting() []expectation {
	if s.expected == nil {
		s.expected = expectations(s.question)
	}
	return s.expected
}

// foldText takes out what an extraction puts between characters: width, white space and case.
func foldText(text string) string {
	return strings.ToLower(strings.Join(strings.Fields(norm.NFKC.String(text)), " "))
}

const (
	digit   = `[0-9一二三四五六七八九十百千万亿两零〇半]`
	numeral = `[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?[百千万亿]*|` + digit + `+(?:\.` + digit + `+)*` // 1,200万, 3.5; a mark behind it is none of it
)

var (
	amountAsked = regexp.MustCompile(`多少|几|百分之几|how (?:many|much|long|old|high|far|fast|big|deep|tall)|多(?:大|高|长|重|远|深|宽|久)|比例|比重|增速|占比|what (?:percentage|share)`)
	noAmount    = regexp.MustCompile(`(?:哪|好|这|那|第|周|头|十|一|近)几|几(?:月|号|日|乎|回事|篇都|处都|家都|[十百千])|有几(?:点|方面)|[许很更众最诸好]多(?:大|高|长|重|远|深|宽)|多重(?:意义|作用|身份|因素|含义|困难|压力)`)
	numbers     = regexp.MustCompile(numeral)
)

// unitClasses are units that count the same: a question names one, a text another.
var unitClasses = [][]string{
	{"元", "钱", "块", "美元", "两银", "金", "yuan", "dollar"},
	{"%", "百分", "个百分点", "成", "分之", "percent", "per cent"},
	{"名", "位", "人", "口", "员", "个", "户"},
	{"年", "周年", "岁", "载"},
	{"秒", "分钟", "分", "小时", "个小时", "钟头", "个钟头", "天", "日", "周", "个月", "月", "年", "second", "minute", "hour", "day", "week", "month", "year"},
	{"公里", "千米", "米", "里", "厘米", "丈", "尺", "kilomet", "met", "mile", "feet"},
	{"克", "千克", "公斤", "斤", "吨", "两"},
	{"平方公里", "平方米", "公顷", "亩", "平方"},
	{
		"个", "所", "家", "座", "项", "台", "处", "间", "种", "类", "部", "条", "支", "块", "颗", "头", "只", "篇", "辆", "艘", "棵", "根", "卷",
		"册", "层", "枚", "届", "次", "期", "户", "站", "句", "首", "幅", "张", "把", "件", "股", "道", "门", "字", "章", "编", "批", "场",
	},
}

// askedUnits lead to the class of what is asked for in other words than 多少 and a unit.
var askedUnits = []struct {
	asked *regexp.Regexp
	class int
}{
	{regexp.MustCompile(`多少(?:万|亿)*(?:钱|元|块)|票价|价格|造价|罚款|经费|how much money|budget|cost`), 0},
	{regexp.MustCompile(`百分之|比例|比重|增速|占比|率(?:[^领先军队部众兵直]|$)|percent`), 1},
	{regexp.MustCompile(`多长时间|多久|几(?:分钟|小时|个小时|天|个月)|how long`), 4},
	{regexp.MustCompile(`多(?:高|深|长|宽|远)|how (?:high|far|deep|tall)`), 5},
	{regexp.MustCompile(`多重`), 6},
	{regexp.MustCompile(`面积`), 7},
}

// readAmount looks for a number that the question does not name itself, and its unit.
func readAmount(q string) func(*told) bool {
	if !amountAsked.MatchString(noAmount.ReplaceAllString(q, "")) {
		return nil
	}
	asked := numbers.FindAllString(q, -1)
	units := unitsAsked(q)
	return func(t *told) bool {
		return slices.ContainsFunc(t.all(numbers), func(at []int) bool {
			return !slices.Contains(asked, t.text[at[0]:at[1]]) && isCounted(t.text[:at[0]], t.text[at[1]:], units)
		})
	}
}

var asksUnit = regexp.MustCompile(`(?:多少|几)(?:万|亿)*(\p{Han}{0,4})`)

// unitsAsked are the units in which the answer may count; none where the question does not say. What stands
// behind 多少 says it better than another word of the question.
func unitsAsked(q string) []string {
	if m := asksUnit.FindStringSubmatch(q); m != nil {
		if class := classOfUnit(m[1]); class != nil {
			return class
		}
	}
	for _, u := range askedUnits {
		if u.asked.MatchString(q) {
			return unitClasses[u.class]
		}
	}
	return nil
}

// classOfUnit is the class of the longest unit with which a text begins: 个月 is no 个.
func classOfUnit(text string) (class []string) {
	longest := 0
	for _, c := range unitClasses {
		for _, unit := range c {
			if len(unit) > longest && strings.HasPrefix(text, unit) {
				longest, class = len(unit), c
			}
		}
	}
	return class
}

// isCounted says whether a number between two texts counts one of the units, or anything where there are none.
func isCounted(before, after string, units []string) bool {
	if len(units) == 0 {
		return true
	}
	if strings.HasSuffix(before, "百分之") {
		return slices.Contains(units, "百分")
	}
	after = strings.TrimLeft(after, " 多余来约")
	return slices.ContainsFunc(units, func(unit string) bool { return strings.HasPrefix(after, unit) })
}

var (
	timeAsked = regexp.MustCompile(`哪(?:一)?(?:年|天|日|月)|何(?:时|年|日)|什么(?:时候|时间|日期)|几(?:月|号|日|时)|年份|日期|周几|^(?:and |since |until )?when\b|(?:know|tell me) when\b|(?:which|what) (?:year|day|date|month)`)
	yearAsked = regexp.MustCompile(`哪(?:一)?年|何年|年份|(?:which|what) year`)
	dayAsked  = regexp.MustCompile(`哪(?:一)?(?:天|日)|几(?:号|日)|何日`)
	timesTold = regexp.MustCompile(`\d{4}[-/.]\d{1,2}|in \d{4}|(?:[0-9一二三四五六七八九〇零]{2,4}|[去今前明当]) ?年|[0-9一二三四五六七八九十]{1,3} ?(?:月|日)|世纪|年代|年间|[秦汉魏晋隋唐宋辽金元明清南北王]朝`)
	yearsTold = regexp.MustCompile(`\d{4}[-/.]\d{1,2}|(?:[0-9一二三四五六七八九〇零]{2,4}|[去今前明当同]|[元一二三四五六七八九十]{1,3}) ?年|in \d{4}|世纪|年代`)
	daysTold  = regexp.MustCompile(`\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|[0-9一二三四五六七八九十]{1,3} ?日|当天|次日`)
)

// readTime looks for a time that the question does not name itself.
func readTime(q string) func(*told) bool {
	if !timeAsked.MatchString(q) {
		return nil
	}
	times := timesTold
	switch {
	case dayAsked.MatchString(q):
		times = daysTold
	case yearAsked.MatchString(q):
		times = yearsTold
	}
	asked := times.FindAllString(q, -1)
	return func(t *told) bool {
		return slices.ContainsFunc(t.all(times), func(at []int) bool { return !slices.Contains(asked, t.text[at[0]:at[1]]) })
	}
}

// bodies are what kinds of bodies are called: as a question asks for one, and as their names end.
var bodies = []struct{ asked, named *regexp.Regexp }{
	{regexp.MustCompile(`(?:哪|什么)(?:个|所|些|几所|几个)?(?:大学|高校|学校|院校|学院)|which (?:university|college|school)|念的书|毕业`), regexp.MustCompile(`大学|学院|学校|中学|小学|学堂|university|college`)},
	{regexp.MustCompile(`(?:哪|什么)(?:个|家|些|几家)?(?:企业|公司|厂|集团|银行|船厂)|which (?:company|firm|shipyard)`), regexp.MustCompile(`公司|企业|集团|厂|银行|股份|works|company`)},
	{
		regexp.MustCompile(`(?:哪|什么)(?:个|些|几个)?(?:部门|部委|机关|单位|机构|组织)|(?:谁|哪里)牵头|which (?:institution|department|agency)|what institution`),
		regexp.MustCompile(`[\p{Han}]部|委|局|办公|厅|院|会|大学|中心|公司|所|institut|department|university`),
	},
	{regexp.MustCompile(`(?:哪|什么)(?:个|家|份|些|几家)?(?:报(?:[^告道酬复应名答]|$)|刊|杂志|媒体|期刊)|which (?:newspaper|paper|journal|magazine)`), regexp.MustCompile(`报|刊|杂志|网|《|daily|times|journal`)},
}

// noName are words that end as names of bodies and places do, or begin so, and are none.
var noName = regexp.MustCompile(`全部|干部|内部|外部|局部|部分|部署|社会|机会|[就不才都也还将只又便他她我你们人]会|会(?:有|在|被|是)|所(?:以|有|谓|说|在|需)|局(?:面|势|限)|报(?:告|道|酬|复|应|名|答)|网络|东西|有利|胜利|权利|福利|便利|顺利|盈利|专利|全国|各国|外国|本国|市场|立场`)

// readBody looks for a body of the kind that is asked for, which the question does not name itself.
func readBody(q string) func(*told) bool {
	for _, b := range bodies {
		if b.asked.MatchString(q) {
			return newlyNamed(q, b.named)
		}
	}
	return nil
}

// newlyNamed finds words of a kind that stand with a character before them with which the question has none.
func newlyNamed(q string, named *regexp.Regexp) func(*told) bool {
	return func(t *told) bool {
		t = t.names()
		return slices.ContainsFunc(t.all(named), func(at []int) bool {
			last, size := utf8.DecodeLastRuneInString(t.text[:at[0]])
			return size > 0 && isWordRune(last) && !strings.Contains(q, t.text[at[0]-size:at[1]])
		})
	}
}

const provinces = `北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门`

// places are what kinds of places are called: as a question asks for one, and as a text names it.
var places = []struct{ asked, named *regexp.Regexp }{
	{regexp.MustCompile(`(?:哪|什么)(?:个|些|几个|座|几座)?(?:城市|市)|which (?:city|town)`), regexp.MustCompile(`[\p{Han}]市|` + provinces + `|\bin\b`)},
	{regexp.MustCompile(`(?:哪|什么)(?:个|些|几个)?(?:省|省份|地区)|which province`), regexp.MustCompile(`[\p{Han}]省|` + provinces + `|\bin\b`)},
	{regexp.MustCompile(`(?:哪|什么)(?:个|些|几个)?国(?:家)?|哪国|which country`), regexp.MustCompile(`[\p{Han}]国|[\p{Han}]{2}(?:亚|兰|利|西|斯|非)|\bin\b`)},
	{regexp.MustCompile(`(?:哪|什么)(?:个|些|座)?(?:村|镇|乡|街道|县|区)|which village`), regexp.MustCompile(`[\p{Han}](?:村|镇|乡|街道|县|区)`)},
	{
		regexp.MustCompile(`(?:哪|什么)(?:些|个)?(?:地方|场合|地点)|哪(?:里|儿)|在哪(?:[^些个几一年天日月次场届本篇家所份种]|$)|何处|何地|^(?:and |from )?where\b|(?:know|tell me) where\b`),
		regexp.MustCompile(`[\p{Han}](?:省|市|县|区|州|国|村|镇|乡|岛|山|江|河|湖|海|港|会|馆|院|园|场|站|楼|网|平台)|` + provinces + `|\bin\b|\bat\b`),
	},
}

// noPlace are questions with a word for a place that ask for none: 难在哪里.
var noPlace = regexp.MustCompile(`(?:错|难|好|差|妙|强|新|别|不同|优势|关键|问题|原因|难点|意义|症结|根源|特点)(?:出|就|究竟|到底|主要)?在哪(?:里|儿)?|哪(?:里|儿)不同`)

// readPlace looks for a place of the kind that is asked for, which the question does not name itself.
func readPlace(q string) func(*told) bool {
	q = noPlace.ReplaceAllString(q, "")
	for _, p := range places {
		if p.asked.MatchString(q) {
			return func(t *told) bool {
				t = t.names()
				return slices.ContainsFunc(t.all(p.named), func(at []int) bool { return !strings.Contains(q, t.text[at[0]:at[1]]) })
			}
		}
	}
	return nil
}

var listAsked = regexp.MustCompile(`(?:哪|这|是)([二两三四五六七八九十]|[0-9]{1,2})(?:个|种|类|项|条|大|点|样|座|家|所|方面|位|句|步|招|行动|区|篇|门|处|层)|(?:分别|具体)(?:是|有)?哪([些几二两三四五六七八九十])|(?:列出|都有)(?:名字|哪些|啥|什么)|有哪些`)

// listParts are what parts a list.
var listParts = regexp.MustCompile(`[、;；]|和|及|与|[一二三四五六七八九十]是|第[一二三四五六七八九十]|其[一二三四五六七八九十次]|, `)

// readList looks for as many parts as are asked for, or two.
func readList(q string) func(*told) bool {
	m := listAsked.FindStringSubmatch(q)
	if m == nil {
		return nil
	}
	least := max(2, numberOf(m[1]+m[2])-1)
	return func(t *told) bool { return len(t.all(listParts))+1 >= least }
}

// roleAsked finds what the one is who is asked for: 组长是谁, 哪位记者, 带头人叫什么.
var roleAsked = regexp.MustCompile(`(\p{Han}{2})(?:们|同志)?(?:是|叫)(?:谁|哪位|哪个|哪几位|什么|啥|哪些人)(?:名字)?|(?:哪位|哪几位|哪个)(\p{Han}{2})`)

// noRole are pairs of characters before 是谁 that say nothing of him.
var noRole = regexp.MustCompile(`的人|这话|原话|讲的|说的|写的|的是|提的|名字|题目|内容|意思|这个|那个|作者`)

// readRole looks for the word for what he is.
func readRole(q string) func(*told) bool {
	m := roleAsked.FindStringSubmatch(q)
	if m == nil || noRole.MatchString(m[1]+m[2]) {
		return nil
	}
	role := m[1] + m[2]
	return func(t *told) bool { return strings.Contains(t.text, role) }
}

var (
	reasonAsked = regexp.MustCompile(`为什么|为啥|为何|干嘛|什么原因|凭什么|怎么回事|\bwhy\b`)
	reasonTold  = regexp.MustCompile(`因为|由于|因此|所以|为了|原因|以便|否则|才能|才会|从而|在于|是为|不是|造成|使得|可能|只有|只好|必须|because|so that|therefore`)
)

func readReason(q string) func(*told) bool {
	if !reasonAsked.MatchString(q) {
		return nil
	}
	return func(t *told) bool { return t.has(reasonTold) }
}

// String names a kind.
func (k expectedKind) String() string {
	return [expectedKinds]string{"amount", "time", "body", "place", "list", "role", "reason", "definition"}[k]
}

var (
	definitionAsked = regexp.MustCompile(`什么(?:是|叫)|啥(?:是|叫)|何谓|是(?:个|一种)?什么(?:意思|概念|东西)?(?:[?？]|$)|(?:的|怎么|如何|怎样)定义|指(?:的)?(?:是)?什么|\bwhat (?:is|are)\b|\bdefin`)
	definitionTold  = regexp.MustCompile(`是指|指的是|所谓|就是|叫做|称为|是(?:一种|由|以|代表|对|[^,。?!;:]{2,30}的)`)
)

// definedAsked finds what is to be defined: 什么是脉冲星, 脉冲星是什么.
var definedAsked = regexp.MustCompile(`(?:什么(?:是|叫)|何谓|啥(?:是|叫))[“"]?(\p{Han}{2,12})|(\p{Han}{2,12})[”"]?(?:是|指)(?:的是|的)?(?:一种)?什么`)

// readDefinition looks for a sentence that says what something is, and does not ask it.
func readDefinition(q string) func(*told) bool {
	if !definitionAsked.MatchString(q) {
		return nil
	}
	says := func(t *told) bool { return t.has(definitionTold) }
	if m := definedAsked.FindStringSubmatch(q); m != nil {
		definition := regexp.MustCompile(regexp.QuoteMeta(m[1]+m[2]) + `[”"]?,?(?:是|就是|指|即|意味)`)
		says = func(t *told) bool { return definition.MatchString(t.text) }
	}
	return func(t *told) bool { return !strings.Contains(t.text, "?") && says(t) }
}
