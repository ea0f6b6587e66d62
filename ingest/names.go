package ingest

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// surnames are the family names that some 99 in 100 Chinese people bear, from the national statistics of
// names; a pair of characters is a compound one.
const surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆" +
	"范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪辛柯葛牛翟樊俞章鲁倪" +
	"庞殷耿关左焦祝纪柳欧凌霍柴管翁伍谷简齐单季房冉梅包路涂乐鲍宁邢聂甘安申游温庄晏娄车项卓解祁苗骆宗穆盛全童阮蓝费封靳尚辜丘" +
	"楼阎茅成裴席卫查屈岳桂司应蒲商佟席缪苟农仇占敖闻巩景卞湛瞿冼桑池明荆郁褚习滕权窦原党和艾隋曲官虞丛仲戚匡麦丰迟计米甄蔺" +
	"肇岑舒连初古储粟臧訾雍谌芦强禹冀佘楚奚危门沙狄满边母刁水巫喻窦戎揭师居衣步都耶满弘国暴尉于惠甯宾咸籍浦牟苑宫井富滑"

var compoundSurnames = []string{"欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "司徒", "令狐", "夏侯", "慕容", "东方", "端木", "公孙", "宇文", "长孙"}

// bylineRole is what may stand before the names of a byline.
var bylineRole = regexp.MustCompile(`^(?:[□■◎●○◆]\s*)?(?:(?:本报|本刊|本网|特约|通讯|实习|见习)*(?:记者|通讯员|评论员|撰稿人?)|作者|撰文|文|编译|By)?\s*[:：/／|｜]?\s*`)

// maxAuthors is more than any byline names.
const maxAuthors = 6

// byline reads a row that holds nothing but the names of authors: 张三, 张 三, 张三 李四, 本报记者 张三.
func byline(text string) []string {
	text = strings.TrimSpace(strings.Trim(text, "*"))
	role := bylineRole.FindString(text)
	names := splitNames(text[len(role):])
	if len(names) == 0 || len(names) > maxAuthors {
		return nil
	}
	for _, name := range names {
		if !isName(name) {
			return nil
		}
	}
	return names
}

var nameGap = regexp.MustCompile(`[\s\p{Zs}、，,;；和与/]+`)

// splitNames cuts at blanks and commas. Two single characters with a blank between are one name.
func splitNames(text string) []string {
	var names []string
	for _, part := range nameGap.Split(strings.TrimSpace(text), -1) {
		last := len(names) - 1
		if part == "" {
			continue
		}
		if last >= 0 && utf8.RuneCountInString(part) == 1 && utf8.RuneCountInString(names[last]) == 1 {
			names[last] += part
			continue
		}
		names = append(names, part)
	}
	return names
}

// isName says whether a text can be one Chinese person's full name.
func isName(s string) bool {
	n := utf8.RuneCountInString(s)
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) {
		return false
	}
	for _, c := range compoundSurnames {
		if strings.HasPrefix(s, c) {
			return n == 3 || n == 4
		}
	}
	first, _ := utf8.DecodeRuneInString(s)
	return (n == 2 || n == 3) && strings.ContainsRune(surnames, first)
}

var latinName = regexp.MustCompile(`^(?:[Bb]y\s+)?((?:[A-Z][\p{L}'.-]*\s+){1,3}[A-Z][\p{L}'-]+)$`)

// latinByline reads a row with one name in Latin letters; under a headline in the same script only, for
// any two capitalised words look like one.
func latinByline(text string) []string {
	if m := latinName.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
		return []string{m[1]}
	}
	return nil
}
