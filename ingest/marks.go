package ingest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	blanks = `[\s\p{Zs}]*`
	// sourceLine is 《paper》 date alone on a row, brackets around it or not; the date may be cut off.
	sourceLine = regexp.MustCompile(`^[（(]?` + blanks + `(?:来源[:：]|原载|选自|摘自|刊于|载)?` + blanks + `《` + blanks + `([^《》]{2,20}?)` + blanks + `》` +
		blanks + `[，,]?` + blanks + `(?:(\d{4})` + blanks + `(?:[年.\-/]` + blanks + `(\d{1,2})` + blanks + `(?:[月.\-/]` + blanks + `(\d{1,2})` + blanks + `日?)?)?)?[^。]{0,12}[）)]?$`)
	// originLine is 来源：paper, as web pages have it, perhaps with a date.
	originLine = regexp.MustCompile(`^(?:信息)?来源[:：]` + blanks + `([^\s\p{Zs}，。|]{2,20})`)
	fullDate   = regexp.MustCompile(`(\d{4})` + blanks + `[年.\-/]` + blanks + `(\d{1,2})` + blanks + `[月.\-/]` + blanks + `(\d{1,2})` + blanks + `日?`)
	// dateOnly is a row that holds nothing but a date.
	dateOnly   = regexp.MustCompile(`^[（(]?` + blanks + `(?:发布时间|时间|日期|写于|发表于|发布于|更新于)?[:：]?` + blanks + fullDate.String() + blanks + `(?:\d{1,2}:\d{2}(?::\d{2})?)?` + blanks + `[）)]?$`)
	noteStart  = regexp.MustCompile(`^[（(]` + blanks + `(?:本文|第一)?作者`)
	tocLeader  = regexp.MustCompile(`(?:[.．·]{4,}|…{2,}|(?:\.\s){4,})` + blanks + `\d{1,4}` + blanks + `$`)
	tocHead    = regexp.MustCompile(`^目` + blanks + `(?:录|次)$`)
	section    = regexp.MustCompile(`^【([^】]{2,20})】$`)
	boxLabel   = regexp.MustCompile(`^[【\[]?(?:核心提示|内容提要|内容摘要|导读|提要)[】\]]?` + blanks + `(?:[:：]|$)`)
	editorNote = regexp.MustCompile(`^[【\[]?编者按[】\]]?` + blanks + `(?:[:：]|$)`)
	// pageFurniture is what sites and readers of shared documents print around a text.
	pageFurniture = regexp.MustCompile(`^(?:上传人[:：]|文档编号[:：]|下载\s+相关|点击查看更多|资源描述$|展开阅读全文|返回顶部|相关资源$|猜你喜欢$|相关搜索$|当前位置[:：]|` +
		`.{0,4}ICP备|版权所有|Copyright|扫一扫|责任编辑[:：]|上一篇[:：]|下一篇[:：]|第\s*\d+\s*页\s*/\s*共\s*\d+\s*页$|.{0,80}_第\d+页$|首页\s*[>|]|打印本页|关闭窗口|分享到[:：]?)`)
	listMark = regexp.MustCompile(`^(?:[■●◆▲★•\-]|—[^—]|[（(]?[一二三四五六七八九十]{1,3}[)）、.．]|[（(]?\d{1,2}[)）、.．])`)
)

// date writes a date as the contract has it, or "" where it is cut off or impossible.
func date(year, month, day string) string {
	y, errY := strconv.Atoi(year)
	m, errM := strconv.Atoi(month)
	d, errD := strconv.Atoi(day)
	switch {
	case errY != nil || errM != nil || y < 1000 || m < 1 || m > 12:
		return ""
	case errD != nil:
		return fmt.Sprintf("%04d-%02d", y, m)
	case d < 1 || d > 31:
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
}

// titleKey is what two prints of one title have in common: letters and digits.
func titleKey(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, s)
}

// titleColumns is the widest row that can be (a row of) a headline.
const titleColumns = 76

// isTitleRow says whether a row looks like a headline or a part of one: short, and no statement.
func isTitleRow(r row) bool {
	text := r.content()
	if r.columns > titleColumns || r.columns < 4 || listMark.MatchString(text) || endsOpen(text) && !strings.HasSuffix(text, "——") {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(text)
	return !strings.ContainsRune("。；;", last) && strings.ContainsFunc(text, unicode.IsLetter) && !strings.Contains(text, "。")
}
