package rag

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Cues are the words beside a name or a date by which a question uses it of a text, and not of an event.
// They are looked for right behind it, or right before it.
var (
	closing = `^[》”"」』）)\s]*`

	// textBehind is a text: 李天文的文章, 光明日报那篇, 王一鸣写的.
	textBehind = regexp.MustCompile(closing + `(?:上|里|中|所|的|最近|当天|那天|之前|曾)*(?:(?:这|那|该|同|一|两|几|三|哪)(?:一|两|几|三)?篇|文章|一文|文中|文里|文末|笔下|撰文|写|署名|稿|文稿|访谈|评论|社论|系列|报道|消息|刊|登|见报|发表|发的|发文|杂志|期刊|作者|专栏|头版|第.{1,3}版)`)
	// saidBehind is what a text does, or what is asked of its author: 王一鸣列了, 李天文是什么身份.
	saidBehind = regexp.MustCompile(closing + `(?:先生|女士|教授|老师|同志|的|在|也|都|又|还|则|各|分别|是怎么|怎么|如何|曾|对|就|给|用|把|是)*(?:说|讲|谈|提|列|举|引|认为|主张|指出|强调|分析|论述|归纳|总结|概括|比喻|比作|建议|呼吁|批评|看待|看法|解释|描述|定性|观点|意见|措辞|表述|角度|单位|职务|身份|是谁|什么人|哪里人|任职|任什么|开头|结尾|标题|题目|原话)`)
	// textBefore is 作者李天文, 写都江堰那篇的顾南浦.
	textBefore = regexp.MustCompile(`(?:作者|署名|笔者|记者|篇的|文章的|文章是|一文的)[：:（(是叫\s]*[《“"「『]?$`)
	// saidBefore is 照王立文的分析.
	saidBefore = regexp.MustCompile(`(?:^|[，,。；;？?！!\s])(?:按照|按|照|根据|据|依|听|看|读|对照|对比|比较)?[《“"「『]?$`)

	// spokenOf is what is told of a person, and not what that person says: 李天文是哪年出生的.
	spokenOf = regexp.MustCompile(closing + `(?:是|在|于|哪一?年|哪里|哪儿|哪天|何时|何地|什么时候|什么地方)*(?:出生|生于|去世|逝世|牺牲|毕业|结婚|当选|去了|来到|大桥|大道|故居|纪念馆)`)
	// aboutBefore and aboutBehind, on both sides of a name, make it what a text is about: 介绍李天文的文章.
	aboutBefore = regexp.MustCompile(`(?:关于|有关|报道|采访|纪念|怀念|回忆|描写|介绍|(?:^|[^讲])讲|(?:^|[^写])写)(?:了|到|过)?$`)
	aboutBehind = regexp.MustCompile(`^的(?:那|这|几|一|两|哪|些)*(?:篇|文章|报道|稿|访谈|消息)`)
	// paperItself is what is told of a paper, and not of its texts: 光明日报社, 光明日报的发行量.
	paperItself = regexp.MustCompile(closing + `(?:社(?:[^论]|$)|的?(?:是|在|于|由|哪一?年|哪里|哪儿|何时|何地|什么时候)*(?:创刊|创办|停刊|改版|发行|主办|举行|举办|召开|开幕|总编|编辑部))`)
	// goingBefore is said before a place: 从高原, 去高原.
	goingBefore = regexp.MustCompile(`(?:向|从|往|在|去|到|自)$`)
	// wordBefore ends with what may be a family name, and is none.
	wordBefore = regexp.MustCompile(`(?:于|有关|相关|如何|为何|任何|双方|对方|周)$`)

	englishBehind = regexp.MustCompile(`(?i)^[”"’']?(?:['’]s?)?,?\s*(?:says?|said|writes?|wrote|pieces?|articles?|essays?|words|argues?|thinks?|think|lists?|views?|opinion|propose[sd]?|describes?|warns?|believes?|suggests?|names?|call[s]?|mean|means|paper|commentary|editorial|compare|define[sd]?|explains?|explain)\b`)
	englishBefore = regexp.MustCompile(`(?i)\b(?:according to|by|does|did|by author|author|in)\s+(?:the\s+)?[“"‘']?$`)

	// rangeBehind is a bound: 2024年以后的文章. What it bounds has to be a text, too.
	sinceBehind = regexp.MustCompile(`^(?:(?:之|以)?(?:后|来)|起)(?:的|登的|写的|发表|刊登|发的|哪些|有哪些|所有|那些|几篇|那几篇)*(?:文章|报道|评论|社论|材料|稿|篇|发表|刊登|写的|登的)`)
	untilBehind = regexp.MustCompile(`^(?:之|以)?前(?:的|登的|写的|发表|刊登|发的|哪些|有哪些|所有|那些|几篇|那几篇)*(?:文章|报道|评论|社论|材料|稿|篇|发表|刊登|写的|登的)`)
	// dateBehind is a text of that date: 2023年9月的文章, 3月14日登的.
	dateBehind = regexp.MustCompile(`^(?:的|当天的?|那天的?|所)?(?:(?:这|那)(?:一|两|几|三)?篇|文章|评论员?文章|报道|社论|消息|访谈|刊登|登的|登出|刊发|刊载|发表的|发的那|见报|写的)`)
	// eventBehind is no text though it is published: 9月9日发表的讲话.
	eventBehind = regexp.MustCompile(`^(?:当天|那天)?(?:所)?发表的?(?:的?重要|新年|电视|联合)*(?:讲话|演讲|谈话|声明|公报|致辞|贺词|宣言)`)

	sinceBefore   = regexp.MustCompile(`(?i)\b(?:articles?|pieces?|texts?|reports?|published|written|anything)\s+(?:\w+\s+)?(?:since|after|from)\s+$`)
	untilBefore   = regexp.MustCompile(`(?i)\b(?:articles?|pieces?|texts?|reports?|published|written|anything)\s+(?:\w+\s+)?(?:before|until)\s+$`)
	dateBefore    = regexp.MustCompile(`(?i)\b(?:articles?|pieces?|reports?|published|printed|written|dated)\s+(?:on|in|of|from)?\s*$`)
	dateOfEnglish = regexp.MustCompile(`(?i)^\s+(?:articles?|pieces?|editorial|commentary|issue)\b`)
)

// beside gives what stands before and behind a span, some words of each.
func (l *lookups) beside(s Span) (before, behind string) {
	const words = 24
	return string(l.runes[max(0, s.Start-words):s.Start]), string(l.runes[s.End:min(len(l.runes), s.End+words)])
}

// ofText says whether the words beside a span speak of a text.
func (l *lookups) ofText(s Span) bool {
	before, behind := l.beside(s)
	return textBehind.MatchString(behind) || textBefore.MatchString(before) || englishBehind.MatchString(behind)
}

// ofSaying says whether they speak of what somebody says, or of who that is.
func (l *lookups) ofSaying(s Span) bool {
	before, behind := l.beside(s)
	return saidBehind.MatchString(behind) || englishBefore.MatchString(before)
}

// begins says whether a clause begins with the span.
func (l *lookups) begins(s Span) bool {
	before, _ := l.beside(s)
	return saidBefore.MatchString(before)
}

// inMarks says whether a span is all that stands in title or quotation marks.
func (l *lookups) inMarks(s Span) bool {
	return s.Start > 0 && s.End < len(l.runes) && strings.ContainsRune("《〈“「『\"", l.runes[s.Start-1]) && strings.ContainsRune("》〉”」』\"", l.runes[s.End])
}

// withinMarks says whether marks hold the span and more.
func (l *lookups) withinMarks(s Span) bool {
	for _, m := range l.marked {
		if m.Start <= s.Start && s.End <= m.End && m != s {
			return true
		}
	}
	return false
}

// familyNames are those of some 9 in 10 people.
const familyNames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆" +
	"范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪辛柯葛牛翟樊俞章鲁倪" +
	"庞殷耿关左焦祝纪柳欧凌霍柴管翁伍谷简齐单季房冉梅包路涂乐鲍宁邢聂甘安申游温庄晏娄车项卓解祁苗骆宗穆"

// familyPairs are family names of two characters.
var familyPairs = strings.Fields(`欧阳 司马 上官 诸葛 令狐 皇甫 慕容 尉迟 公孙 司徒 端木 东方 夏侯 轩辕 宇文 长孙 独孤 南宫 闻人 澹台`)

// isPersonal says whether a name can be a Chinese person's.
func isPersonal(name string) bool {
	first, _ := utf8.DecodeRuneInString(name)
	n := utf8.RuneCountInString(name)
	return n >= 2 && n <= 4 && (strings.ContainsRune(familyNames, first) ||
		n > 2 && slices.ContainsFunc(familyPairs, func(pair string) bool { return strings.HasPrefix(name, pair) }))
}

// inLonger says whether what stands before a name of two characters makes it a part of another one, 王石磊, or a place.
func (l *lookups) inLonger(s Span) bool {
	before, _ := l.beside(s)
	last, _ := utf8.DecodeLastRuneInString(before)
	return goingBefore.MatchString(before) || !wordBefore.MatchString(before) && strings.ContainsRune(familyNames, last)
}

// paperEnds are what names of papers and journals end with, by which they are no common words.
var paperEnds = regexp.MustCompile(`(?:..报|..網|..网|周刊|月刊|学刊|杂志|文稿|文摘|文萃|通讯社|新华社|电视台|学报|参考消息|论坛)$`)

// paperKinds tell one paper of a place from another one: what differs in them is no slip of the pen.
var paperKinds = regexp.MustCompile(`[日晚晨早时周商都学]报$`)

// shapes are characters that are taken for each other by eye, in groups.
var shapes = strings.Fields(`日曰目 末未 己已巳 戊戌戍 土士 天夭 人入八 干千于 大太犬 问间闲 晴睛 鸣呜 乌鸟 崇祟 免兔 今令 贝见 拔拨 侯候 冶治 ` +
	`折拆 洒酒 刺剌 代伐 辛幸 哀衷衰 宜宣 恩思 亨享 竞竟 析折 瑞端 刘列 元无 王玉主 田由甲申 力刀 历厉 名各 兴光 明朋 报极 育盲 教救 失夫矢 毛手 ` +
	`住往佳 杨扬 扬杨 莱菜 荣容 丽两 圆园 晓哓 雪霜 洋详 阳阴 栗粟 萧肃 斌赋 贤坚 坤绅 沈沉 凌淩 磊垒 薜薛 汩汨 壮状 栋拣 孙孔`)

// alike says whether two characters look alike.
func lookAlike(a, b rune) bool {
	for _, group := range shapes {
		if strings.ContainsRune(group, a) && strings.ContainsRune(group, b) {
			return true
		}
	}
	return false
}
