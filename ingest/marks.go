package ingest

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mark is what a row looks like by itself.
type mark uint32

const (
	statement mark = 1 << iota // ends with the end of a sentence
	leader                     // a line of a table of contents: dots and a page number, or an arrow and a page
	chrome                     // what sites, papers and readers of shared documents print around a text
	related                    // heads a list of other texts
	advert                     // heads an advertisement
	folio                      // a page's number, as — 21 — or B2
	labelled                   // a column's label: ◆江岸走笔, 【文教】
	bulleted                   // begins with a bullet
	listed                     // begins as an item of a list or a numbered subhead does
	box                        // a box of highlights
	editorial                  // an editor's note
	note                       // begins a note on the author
	reported                   // begins as a report does: 本报讯, 【記者王小明／台北報導】
	chapter                    // 第一章　…
	done                       // says that a text is over: （完）
	rule                       // a line drawn with signs: ----
	greeting                   // addresses someone: 同志们：
	field                      // begins a paragraph by what it is: 关键词：, Figure 2.
	likely                     // may be chrome, and may be text: a second sign has to tell
	menu                       // a bar of links, or a row of a table
	ending                     // what a site prints after a text
	number                     // a document's number: 江政办发〔2021〕17号
)

const blanks = `[\s\p{Zs}]*`

var (
	leaders  = regexp.MustCompile(`(?:[.．·]{4,}|…{2,}|(?:\.\s){4,})` + blanks + `[^.．·…。，]{0,12}?[（(]?\d{1,4}[）)]?` + blanks + `$`)
	toPage   = regexp.MustCompile(`(?:(?:→|▶|►|>>)` + blanks + `(?:详见|见|下转|转)?` + blanks + `第?` + blanks + `(?:[A-D]\d{1,2}|[A-D]?\d{1,2}` + blanks + `版)|[（(](?:详见|见|下转|转)` + blanks + `第?` + blanks + `[A-D]?\d{1,2}` + blanks + `版[）)])$`)
	tocHead  = compile(`^(?:目` + blanks + `[录次錄]|Contents|CONTENTS|Table of Contents|今日导读|今日導讀|本期导读|本期要目|导读)$`)
	folioRow = compile(`^(?:[—–\-·•~〜]+` + blanks + `\d{1,4}` + blanks + `[—–\-·•~〜]+|第` + blanks + `\d{1,4}` + blanks + `页(?:` + blanks + `[/／,，]?` + blanks + `共` + blanks + `\d{1,4}` + blanks + `页)?|` +
		`[A-D]\d{1,2}` + blanks + `版?|[Pp]age \d{1,4}(?: of \d{1,4})?|\d{1,4} ?/ ?\d{1,4})$`)
	fieldRow = compile(`^(?:[【\[]?(?:摘` + blanks + `要|关键词|關鍵詞|中图分类号|文献标识码|文章编号|DOI|收稿日期|修回日期|基金项目|作者简介|通讯作者|参考文献|参考资料|注释|抄送|主题词|附件)[】\]]?` + blanks + `[:：]|` +
		`(?:Abstract|Keywords|Key words|Received|Funding|References|Acknowledg\w+)\b[.:—]|(?:Figure|Fig\.|Table|图|表) ?\d{1,3}[.:：\s\p{Zs}]|Translated by |(?:翻译|译者)[:：])`)
	ruleRow   = compile(`^(?:[-—–=_*＊~·#.+●○◆◇■□★☆※]\s?){3,}$`)
	numberRow = compile(`^\p{Han}{2,12}[〔［\[（(]\d{4}[〕］\]）)]` + blanks + `第?\d{1,5}` + blanks + `号$`)
	greets    = compile(`^(?:(?:各位|尊敬的|敬爱的|亲爱的|女士们|Dear )[^。]{0,40}|同志们|朋友们|老师们|同学们|家长们|乡亲们|[^。！？]{0,40}(?:同志们|部门|单位|政府|局|委员会|公司|学校|中心|馆|院|处)|编辑同志)[：:！,，]$`)
	labelRow  = compile(`^(?:(?:专栏|專欄|栏目|欄目|版块)[:：]` + blanks + `([^，。]{2,12})|[◆◇■□▲△★☆◎●]` + blanks + `([^，。、：:！？]{2,8})|[【\[〖]([^】\]〗：:]{2,20})[】\]〗]|[◆◇■]` + blanks + `[【\[]?([^】\]，。：:]{2,8})[】\]]?)$`)
	boxLabel  = compile(`^[【\[]?(?:核心提示|内容提要|内容摘要|导读|提要|核心提要)[】\]]?` + blanks + `(?:[:：]|$)`)
	editors   = compile(`^[【\[]?(?:编者按|编者的话|編者按)[】\]]?` + blanks + `(?:[:：]|$)`)
	noteStart = compile(`^(?:[（(]|\*\*[（(])` + blanks + `(?:本文|第一)?作者|^作者(?:单位|單位|简介|簡介)[:：]|^[\[(](?:The|About the) (?:author|writer)s?\b`)
	listMark  = compile(`^(?:[■●◆▲★•·○◇☆\-–*](?:[^\d-])|—[^—]|[（(]?[一二三四五六七八九十]{1,3}[)）、.．]|[（(]?\d{1,2}[)）、.．]|[①-⑳]|第[一二三四五六七八九十]{1,3}[，,、]|[A-Za-z][.)]\s|\[\d{1,3}\])`)
	bullet    = compile(`^[●■▲★◆•◎]` + blanks)
	// dateline begins a report: 本报讯, 新华社北京5月3日电.
	dateline   = compile(`^[（(【]?(?:\p{Han}{2,16}?\d{1,2}月\d{1,2}日(?:电|讯|電|訊)|[A-Z][A-Z .'-]{2,30}, (?:(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sep|Oct|Nov|Dec)\w*\.? \d{1,2} )?[-—–(]|(?:本报|本刊|本网|本社|新华社|中新社|中新网|人民网|中央社|本報|據|据新华社)[^，。；：\s]{0,16}?(?:电|讯|電|訊)|(?:本报|本網|本報)?[记記]者` + blanks + `[^，。；：]{2,20}?[/／][^，。；：]{2,8}(?:报道|報導|报导|電|电|訊|讯|摄影报道)[】）)]?)`)
	chapterRow = compile(`^(?:第[一二三四五六七八九十百〇零\d]{1,4}[章回讲講课課篇]|Chapter \w+|CHAPTER \w+)(?:[\s\p{Zs}:：.．].*)?$`)

	related1 = compile(`^[【\[—\-◆■]*` + blanks + `(?:相关(?:阅读|文章|新闻|推荐|链接|资源|搜索|内容|专题)|相關(?:文章|新聞|報導|閱讀|連結)|推荐(?:阅读|文章)|推薦(?:閱讀|文章)|延伸(?:阅读|閱讀)|更多(?:新闻|文章|内容|新聞|报道)|` +
		`往期(?:推荐|回顾|精选|文章)|热门(?:排行|文章|新闻|推荐|标签)|熱門(?:文章|新聞)|猜你喜欢|大家都在看|編輯推薦|编辑推荐|点击排行|阅读排行|最新(?:文章|新闻|评论)|Related (?:articles|posts|stories|news|links|reading|content)|Recent (?:posts|comments)|Recent Posts|More (?:stories|from .*)|Most (?:read|popular)|Popular(?: posts)?|Archives|Categories|Read more|You may also like)` + blanks + `[】\]—\-:：]*$`)
	// insistent is chrome whatever else the row holds, and chromeSure begins rows that are nothing else.
	insistent  = regexp.MustCompile(`ICP备|公网安备|对您有帮助|亲，该文档|We use cookies|_第\d+页$|点击(?:上方|下方)?蓝字|长按(?:识别)?二维码，?关注|关注[^，。]{2,16}，回复`)
	chromeSure = compile(`^[【\[（(]?(?:!\[|ZCZC\b|NNNN$|检索结果|标签[:：]|標籤[:：]|瀏覽數|浏览(?:数|量|次数)|点击(?:数|量)?[:：]|打印\]|上传人[:：]|文档编号[:：]|下载\s+相关|点击查看更多|资源描述$|展开阅读全文|当前位置[:：]|[您你].{0,6}位置[:：]|` +
		`(?:责任|本版|责|美术|图文|网络|版面|执行|責任)(?:编辑|編輯)|责编|責編|美编|本版摘编|打印本页|关闭窗口|分享到|字号[:：]|字体[:：]|字體[:：]|上一篇[:：]|下一篇[:：]|扫一扫|点击(?:上方|蓝字|下方)|阅读原文$|©|Copyright\s*©|Skip to content|Read more from|Share (?:this|on)\b|Share\s{2,}Tweet|` +
		`Posted in|Filed under|\d+ [Cc]omments?$|本报保留|本報保留|本版(?:电话|邮箱)|(?:相关|相關)(?:阅读|文章|新闻|链接|新聞|報導|閱讀|連結)[:：]|关注公众号)`)
	// endings are what sites print when a text is over, and not within it.
	endings = compile(`^[【\[（(]?(?:标签[:：]|標籤[:：]|瀏覽數|浏览(?:数|量|次数)|点击(?:数|量)?[:：]|打印\]|责任编辑|責任編輯|NNNN$|阅读原文|阅读\s*\d+|上一篇|Read more from|Tags?[:：]|\d+ [Cc]omments?$)`)
	adverts = compile(`^[【（(\[]?(?:广` + blanks + `告|廣` + blanks + `告|Advertisement|ADVERTISEMENT)[】）)\]]?$`)
	// chromeStart begins rows that may be printed around a text: a second sign has to tell.
	chromeStart = compile(`^[【\[（(]?(?:!\[|ZCZC\b|NNNN$|检索结果|請?请输入|跳到|标签[:：]|標籤[:：]|瀏覽數|浏览(?:数|量|次数)|点击(?:数|量)?[:：]|點擊率|打印\]|收藏\]|写留言|亲，该文档|Share\s|Tweet\b|Copy link|Read more from|Newsletter:|We use cookies|Accept all|News desk|Printed at|本报保留|本報保留|本版(?:电话|邮箱|热线)|稿件(?:未经|版权)|地址[:：]|请输入|(?:相关|相關)(?:阅读|文章|新闻|链接|新聞|報導|閱讀|連結)[:：]|上传人[:：]|文档编号[:：]|下载\s+相关|点击查看更多|资源描述$|展开阅读全文|返回(?:顶部|首页|列表)|当前位置[:：]|您(?:的|现在的)?位置|首页\s*[>|»]|` +
		`(?:本版|责任|责|美术|图文|网络|版面|执行|見習)?(?:编辑|責任編輯|编审|責編|责编|美编|版式|校对|审核|审校|监制|摘编|排版|文字|策划|出品)\s*[:：／/|｜　 ]|打印本页|关闭窗口|分享(?:到|至|$|[:：\s])|字号[:：]|字体[:：]|字體|【?打印(?:$|[\s|｜】])|上一篇[:：]|下一篇[:：]|扫一扫|扫码|长按(?:识别|二维码|图片)?|点击(?:上方|蓝字|关注|阅读原文|下方)|` +
		`阅读原文|关注我们|关注公众号|原创$|收录于|预览时标签|微信扫一扫|喜欢作者|Copyright|©|All [Rr]ights [Rr]eserved|Skip to|Share (?:this|on)|Leave a (?:comment|reply)|Filed under|Tags?[:：]|Posted in|\d+ [Cc]omments?$|(?:Subscribe|Sign (?:in|up)|Log ?in)(?:$|\s*[|/])|Home\s*[|>»]|Menu$|點擊|分享至|分享$|收藏$|收藏本文|点赞|END$|阅读\s*\d+|温馨提示[:：]|友情提示[:：]|在线客服|← Older|Newer posts|Older posts|Proudly powered|Powered by|本版邮箱|来信请寄|邮编[:：]|投稿)`)
	latinPhone = regexp.MustCompile(`\b(?:[Cc]all|[Tt]el|[Pp]hone)[.:]? [\d ()-]{7,}$`)
	// hotline is a telephone number with its purpose, or in English with the word for it.
	hotline = regexp.MustCompile(`(?:服务|服務|新闻|新聞|爆料|订报|訂報|广告|廣告)(?:热线|專線|专线|電話|电话)|\b(?:[Cc]all|[Tt]el|[Pp]hone)[.:]? [\d ()-]{7,}$`)
)

// siteNotices and siteLines are what rows of sites hold, the first kind also whole sentences.
var (
	siteNotices = []string{"本站所有", "取消订阅", "退订", "nsubscribe", "o leave the list", "版权归原作者", "侵权请联系"}
	siteLines   = []string{
		"对您有帮助", "ICP备", "公网安备", "版权所有", "版權所有", "未经授权", "不得转载", "未經授權", "網站地圖", "网站地图", "设为首页", "加入收藏",
	}
	sitePairs = [][2]string{{"主办", "承办"}, {"关于我们", "联系我们"}}
)

func holdsOne(text string, of []string) bool {
	return slices.ContainsFunc(of, func(s string) bool { return strings.Contains(text, s) })
}

// isSiteLine says whether a row holds what sites print around a text.
func isSiteLine(text string, has look) bool {
	if has&siteWords != 0 && (holdsOne(text, siteLines) ||
		slices.ContainsFunc(sitePairs, func(p [2]string) bool { return strings.Contains(text, p[0]) && strings.Contains(text, p[1]) })) {
		return true
	}
	return has&digits != 0 && (has&(siteWords|capitals) != 0 || strings.Contains(text, "all")) && hotline.MatchString(text)
}

// isSaid says whether a row says something, as what sites print does not.
func isSaid(text string, has look) bool {
	return has&points != 0 && (endsSentence(text) || strings.Contains(text, "，") || strings.Contains(text, "；")) && !strings.HasPrefix(text, "©")
}

// marksOf finds the marks of a row's text.
func marksOf(text string, columns int, has look) mark {
	var m mark
	if endsSentence(text) {
		m |= statement
	}
	if listMark.MatchString(text) {
		m |= listed
	}
	if has&(reports|capitals) != 0 && dateline.MatchString(text) {
		m |= reported
	}
	if noteStart.MatchString(text) {
		m |= note
	}
	if boxLabel.MatchString(text) {
		m |= box
	}
	if editors.MatchString(text) {
		m |= editorial
	}
	if fieldRow.MatchString(text) || columns <= titleColumns && strings.HasSuffix(text, "日印发") {
		m |= field
	}
	if has&arrows != 0 && hasLeader(text) {
		m |= leader
	}
	if columns > imprintColumns {
		return m
	}
	return m | shortMarks(text, columns, has)
}

// shortMarks finds the marks that only rows shorter than a paragraph have.
func shortMarks(text string, columns int, has look) mark {
	var m mark
	set := func(bit mark, is bool) {
		if is {
			m |= bit
		}
	}
	set(bulleted, bullet.MatchString(text))
	set(labelled, labelRow.MatchString(text))
	set(chrome, has&siteWords != 0 && holdsOne(text, siteNotices) || has&insists != 0 && insistent.MatchString(text))
	if has&points != 0 && strings.Contains(text, "。") {
		return m
	}
	set(chapter, chapterRow.MatchString(text))
	set(rule, ruleRow.MatchString(text))
	set(done, strings.Contains(text, "完") && (text == "（完）" || text == "(完)" || text == "（全文完）"))
	set(number, has&digits != 0 && strings.Contains(text, "号") && numberRow.MatchString(text))
	set(greeting, endsGreeting(text) && greets.MatchString(text))
	set(folio, has&digits != 0 && columns <= labelColumns && folioRow.MatchString(text))
	set(chrome, m&chrome != 0 || !isSaid(text, has) && (chromeSure.MatchString(text) || has&digits != 0 && latinPhone.MatchString(text)))
	set(likely, !isSaid(text, has) && (chromeStart.MatchString(text) || isSiteLine(text, has)))
	set(menu, has&points == 0 && isMenu(text))
	set(ending, m&(chrome|likely) != 0 && endings.MatchString(text))
	set(related, related1.MatchString(text))
	set(advert, adverts.MatchString(text))
	return m
}

// endsGreeting says whether text ends with a mark that follows who is addressed.
func endsGreeting(text string) bool {
	last, _ := utf8.DecodeLastRuneInString(text)
	return strings.ContainsRune("：:！", last) || last == ',' && strings.HasPrefix(text, "Dear ")
}

// hasLeader says whether text ends as a line of a table of contents does.
func hasLeader(text string) bool {
	last, _ := utf8.DecodeLastRuneInString(text)
	if unicode.IsDigit(last) || last == '）' || last == ')' {
		return strings.ContainsAny(text, ".．·…→▶►>") && (leaders.MatchString(text) || toPage.MatchString(text))
	}
	return last == '版' && strings.ContainsAny(text, "→▶►>") && toPage.MatchString(text)
}

// latinMenu is a bar of links in Latin letters, wide gaps between them.
var latinMenu = regexp.MustCompile(`^(?:[A-Z][\w&' ]{1,14}?\s{2,}){3,}[A-Z][\w&' ]{1,14}$`)

var menuGap = regexp.MustCompile(blanks + `[|｜]` + blanks)

// isMenu says whether a row is a bar of links: many short words parted by bars, or by blanks alone.
func isMenu(text string) bool {
	if strings.ContainsAny(text, "|｜") && text[0] != '|' {
		parts := menuGap.Split(text, -1)
		short := 0
		for _, p := range parts {
			if utf8.RuneCountInString(p) <= 12 {
				short++
			}
		}
		return len(parts) >= 3 && short == len(parts)
	}
	if latinMenu.MatchString(text) {
		return true
	}
	words := strings.Fields(text)
	if len(words) < 5 || strings.ContainsAny(text, "，、；：:《“") {
		return false
	}
	for _, w := range words {
		if n := utf8.RuneCountInString(w); n > 5 || n < 2 || firstRune(w) < 0x2e80 {
			return false
		}
	}
	return true
}

// titleKey is what two prints of one title have in common: letters and digits.
func titleKey(s string) string {
	return strings.Map(func(r rune) rune {
		if inKey(r) {
			return r
		}
		return -1
	}, s)
}

func inKey(r rune) bool {
	return r >= 0x4e00 && r <= 0x9fff || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsNumber(r)
}

// titleColumns is the widest row that can be (a row of) a headline.
const titleColumns = 76

// isTitleRow says whether a row looks like a headline or a part of one: short, and no statement.
func isTitleRow(r *row) bool {
	text := r.content()
	if r.columns > titleColumns || r.columns < 4 || r.is(listed) || endsOpen(text) && !strings.HasSuffix(text, "——") && !strings.HasSuffix(text, ":") {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(text)
	return !strings.ContainsRune("。；;.", last) && strings.ContainsFunc(text, unicode.IsLetter) && !strings.Contains(text, "。")
}
