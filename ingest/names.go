package ingest

import (
	"regexp"
	"slices"
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
	"尤骆滕陳張劉楊趙黃吳孫馬羅鄭謝韓馮鄧許蕭葉蘇呂盧蔣賈鄒鐘譚陸範連溫莊顏龍錢湯嚴龔麥鄺關賴詹簡藍賀顧萬喬龐閻魯韋倪婁翟齊閔紀梅羅樂歐單賓" +
	"肇岑舒连初古储粟臧訾雍谌芦强禹冀佘楚奚危门沙狄满边母刁水巫喻窦戎揭师居衣步都耶满弘国暴尉于惠甯宾咸籍浦牟苑宫井富滑"

var compoundSurnames = []string{"欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "司徒", "令狐", "夏侯", "慕容", "东方", "端木", "公孙", "宇文", "长孙", "闻人", "歐陽", "司馬", "諸葛", "尉遲", "東方", "公孫", "長孫", "聞人"}

var (
	// role is what stands before a name, or between names, without being one.
	role = compile(`^(?:本报|本刊|本网|本社|特约|特邀|见习|实习|新华社|驻[^\s\p{Zs}]{1,4}|本報|特派|見習|實習)*(?:首席)?(?:记者|通讯员|评论员|评论员|撰稿人?|撰稿|撰文|作者|采访整理|采访|采写|整理|编译|摄影|摄|图片|文字|原创|读者|讀者|市民|村民|网友|居民|文图|图文|记|記者|通訊員|特派員|採訪|攝影|攝|撰文者|編譯|整理者|文|图|圖)$`)
	// reportsFrom is what stands behind a reporter's name: 台北報導.
	reportsFrom = compile(`^[^\s\p{Zs}]{0,6}(?:报道|報導|报导|摄影报道|電|电|讯|訊)$`)
	roleBefore  = compile(`^(?:[□■◎●○◆◇△▲]` + blanks + `)?(?:本报|本刊|本网|特约|见习|本報|特派|見習)*(?:记者|通讯员|記者|通訊員)(\p{Han}{2,4})$`)
	organ       = regexp.MustCompile(`(?:大学|学院|研究院|研究所|研究中心|中心|委员会|党校|行政学院|社科院|科学院|协会|学会|医院|中学|小学|银行|集团|公司|出版社|报社|杂志社|图书馆|博物馆|办公室|系|局|厅|部|处|学校|剧团|剧院|气象台|研究室|编辑部|中医院|法院|检察院|政府|合作社|教研室|研究会|研究社|棋院|诊所|診所|学社|剧场|文化馆|档案馆|航标处|工作室|少儿部|编委会|学系|大學|學院|學會|醫院|中學|研究員|教授|教师|读者|讀者)$`)
)

var (
	superscript = regexp.MustCompile(`(\p{Han})(?:[\d¹²³⁴⁵*]+(?:[,，][\d*]+)*)`) // behind a name, points to where its bearer works
	place       = compile(`^\p{Han}{1,6}(?:省|市|县|區|区|镇|乡|村|街道|社区)$`)
	reader      = compile(`^(?:读者|讀者|市民|村民|网友|居民)$`)
)

// organEnds are the characters that names of bodies end with, as organ has them.
const organEnds = "部学學院所心会會校协協医醫行团團司社馆館物室系局厅部处團台站府者授师究"

// isNameGap says whether a character stands between names.
func isNameGap(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("、，,;；和与與/／|｜丨▍▏:：&", r)
}

// maxAuthors is more than any byline names.
const maxAuthors = 8

// byline reads a row that holds nothing but the names of authors: 张三, 张 三, 张三 李四, 本报记者 张三.
func byline(text string) []string {
	names, _ := bylineOf(text)
	return names
}

// bylineOf reads a row that names authors, and perhaps what they are and where they work.
func bylineOf(text string) (names []string, affiliation string) {
	text = strings.TrimSpace(strings.Trim(text, "*"))
	if len(text) > 160 || !mayBeNames(text) || strings.ContainsAny(text, "。！？") || startsBracket(text) && !endsBracket(text) {
		return nil, ""
	}
	if strings.ContainsAny(text, "/／丨|") {
		text = pictureSlash.ReplaceAllString(textSlash.ReplaceAllString(text, "$1撰文 "), "$1摄影 ")
	}
	text, affiliation = withoutBrackets(text)
	bracketed := strings.ContainsRune("【[", firstRune(text)) // as a column's label may be, too
	if strings.ContainsAny(text, "0123456789¹²³⁴⁵*") {
		text = superscript.ReplaceAllString(text, "$1")
	}
	text = strings.TrimLeft(strings.Trim(text, wraps), "□■◎●○◆◇△▲ \u3000")
	parts := strings.FieldsFunc(text, isNameGap)
	if len(parts) > 3*maxAuthors {
		return nil, ""
	}
	told, pictures := false, false // a role was named: what follows is a name, and that of who took the picture
	parts = joinSingles(parts)
	for i, part := range parts {
		switch {
		case part == "":
		case role.MatchString(part):
			told, pictures = true, picture.MatchString(part) && len(names) > 0
		case pictures && isPerson(part):
		case i > 0 && told && reportsFrom.MatchString(part):
		case i == 0 && len(parts) > 1 && (place.MatchString(part) || reader.MatchString(parts[1])):
		case isName(part) || told && isPerson(part):
			names = append(names, part)
		case roleBefore.MatchString(part):
			names, told = append(names, roleBefore.FindStringSubmatch(part)[1]), true
		case affiliation == "" && isOrgan(part):
			affiliation = part
		default:
			return nil, ""
		}
	}
	if len(names) == 0 || len(names) > maxAuthors || bracketed && !told || affiliation != "" && !told && len(parts) > 1+2*len(names)+2 {
		return nil, ""
	}
	return names, affiliation
}

// textSlash and pictureSlash find roles of one character, which would be taken for a part of a name.
var (
	textSlash    = regexp.MustCompile(`(^|[\s\p{Zs}▍])文` + blanks + `[/／丨|]`)
	pictureSlash = regexp.MustCompile(`(^|[\s\p{Zs}▍])[图圖摄攝]` + blanks + `[/／丨|]`)
)

// longestFirst is how long the first word of a byline may be, unless it ends as a body's name does.
const longestFirst = 9

// mayBeNames says by its first word whether a text may be a byline. Nearly all running text is told by it.
func mayBeNames(text string) bool {
	n := 0
	var last rune
	for _, r := range strings.TrimLeft(text, wraps+"□■◎●○◆◇△▲▍ \u3000") {
		if isNameGap(r) || strings.ContainsRune("（(", r) {
			break
		}
		last = r
		if n++; n > 24 {
			return false
		}
	}
	return n > 0 && (n <= longestFirst || strings.ContainsRune(organEnds, last))
}

// inBrackets is where an author works, behind the name: 张正（江州大学历史系）.
var inBrackets = regexp.MustCompile(`[（(]([^（）()]{2,24})[）)]`)

// picture are the roles of those who took the pictures.
var picture = regexp.MustCompile(`^(?:图|圖|摄|攝|摄影|攝影|图片)$`)

// withoutBrackets takes the first affiliation in brackets out of a byline.
func withoutBrackets(text string) (rest, affiliation string) {
	m := inBrackets.FindStringSubmatchIndex(text)
	if m == nil || m[0] == 0 {
		return text, ""
	}
	inside := text[m[2]:m[3]]
	if !isOrgan(inside) && !strings.HasSuffix(inside, "级") && !strings.HasSuffix(inside, "班") {
		return text, ""
	}
	return text[:m[0]] + " " + text[m[1]:], inside
}

func startsBracket(text string) bool { return strings.ContainsRune("（(【[", firstRune(text)) }

func endsBracket(text string) bool {
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(text, "*"))
	return strings.ContainsRune("）)】]", last)
}

func isOrgan(s string) bool {
	if last, _ := utf8.DecodeLastRuneInString(s); !strings.ContainsRune(organEnds, last) {
		return false
	}
	n := utf8.RuneCountInString(s)
	return n >= 4 && n <= 24 && organ.MatchString(s)
}

// isPerson says whether what follows a role can be a name: two to four Chinese characters.
func isPerson(s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= 2 && n <= 4 && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) })
}

// splitNames cuts at blanks and commas. Two single characters with a blank between are one name.
func splitNames(text string) []string {
	return joinSingles(strings.FieldsFunc(text, isNameGap))
}

// joinSingles joins names that are printed with a blank between their characters: 张 正, 李 小 满,
// 张 正 王 伟.
func joinSingles(parts []string) []string {
	var names, run []string
	flush := func() {
		size := 2
		if n := len(run); n == 3 || n > 3 && n%3 == 0 && !strings.ContainsRune(surnames, firstRune(run[2])) {
			size = 3
		}
		for chunk := range slices.Chunk(run, size) {
			names = append(names, strings.Join(chunk, ""))
		}
		run = nil
	}
	for _, part := range parts {
		if utf8.RuneCountInString(part) == 1 {
			run = append(run, part)
			continue
		}
		flush()
		if part != "" {
			names = append(names, part)
		}
	}
	flush()
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
