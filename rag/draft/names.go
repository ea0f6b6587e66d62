package draft

import (
	"regexp"
	"strings"
	"unicode"
)

// surnames are frequent family names; a name is looked for only where a word says that one stands there.
const surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖施洪辛柯葛牛翟樊俞章鲁倪习"

// knownPlaces are provinces, large cities and countries, whose names are seldom part of other words.
const knownPlaces = `北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门|` +
	`深圳|广州|杭州|南京|苏州|武汉|成都|西安|长沙|郑州|青岛|大连|哈尔滨|沈阳|长春|合肥|福州|厦门|昆明|贵阳|兰州|雄安|` +
	`美国|日本|德国|法国|英国|俄罗斯|印度|韩国|欧盟|巴西|意大利|加拿大|澳大利亚|新加坡|越南|南非|墨西哥|西班牙|荷兰|瑞士|瑞典|以色列|沙特|土耳其|印度尼西亚|马来西亚|泰国|乌克兰`

var (
	placeNames = regexp.MustCompile(knownPlaces)
	titles     = regexp.MustCompile(`《([^《》]{1,60})》`)
	latinWords = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*`)

	// bodies end with these; the two characters before are enough to tell one from another.
	bodies  = regexp.MustCompile(`\p{Han}{2}(?:大学|学院|研究院|研究所|公司|集团|银行|委员会|日报|晚报|时报|商报|周刊|杂志社|出版社|医院|实验室)`)
	regions = regexp.MustCompile(`\p{Han}{2}(?:省|市|县|镇|村|自治区|自治州)`)
	noBody  = regexp.MustCompile(`^(?:一|二|三|各|该|本|此|这|那|某|等|些|家|个|所|批|多|数|几|的|和|与|及|或|是|为|在|对|从|由|让|使|把|被|向|当|每|其|我|他|她|它|们|有|了|着|过|于|之|级|型|色|国内|国外|地方|科技|高新|民营|国有|大型|中小|龙头|上市|跨国|重点|国家|研究|专业|商业|综合|大|小|新|老|全|同)|(?:的|家|所|个|该|各|本|此|些|批|等|和|与|及|或|是|为|在|于|级|型|类|性|化|业|有|多|地|城|都|超|门|股|省|县|乡|国|全|大|小|新|老|成为|技|创|术)(?:大学|学院|研究院|研究所|公司|集团|银行|委员会|医院|实验室|省|市|县|镇|村)$`)

	spoken = regexp.MustCompile(`([` + surnames + `]\p{Han}{1,2}?)(?:同志|教授|院士|总书记|主席|总理|部长|研究员|校长|主任|先生|女士)?(?:说|指出|认为|强调|表示|提出|写道|介绍|回忆|主张|解释|撰文|称)`)
	titled = regexp.MustCompile(`(?:记者|教授|院士|总书记|总理|主席|部长|研究员|校长|主任|作者|学者)([` + surnames + `]\p{Han}{1,2})`)
	// noPerson are words that stand where a name may, and begin as one.
	noPerson = regexp.MustCompile(`^(?:文章|文中|文件|文献|章程|方案|方面|方法|金融|安全|高层|高校|高度|成果|时代|石化|任务|常委|严肃|严格|向来|向大|向全|田间|施工|江山|龙头|史学|程度|于是|段落|夏季|白皮|万事|万众|马上|严厉|和|同时|明确|关于|对于|经济|何以|何为|方才|余下|付出|武器|易于|常常|牛奶|毛利|毛病|钱财|康复|顾客|顾虑|雷达|钟表|谢谢|许多|许可|曾经|曾多|石油|金属|宋代|唐代|周边|周围|周期|王朝|黄金|黄河|林业|林区|江南|江河|任何|任由|白天|苏联|辛苦|向前|向外|习惯|习俗|莫过|孔子|程序|徐徐|何况|何时|田野|高等|高新|高端|高质|高水|高效|方向|方针|方式|马克|马列)`)
)

// IsPlace says whether a text is the name of a place that is always one.
func IsPlace(text string) bool { return placeNames.FindString(text) == text }

// inventsName says whether a claim names somebody or something that a source does not. Who is meant has to be
// clear from the words beside the name: prose is full of pairs of characters that might be one.
func inventsName(claim string, source folded) bool {
	for _, m := range titles.FindAllStringSubmatch(claim, -1) {
		if !source.has(m[1]) {
			return true
		}
	}
	for _, name := range placeNames.FindAllString(claim, -1) {
		if !source.has(name) {
			return true
		}
	}
	for _, form := range []*regexp.Regexp{bodies, regions} {
		for _, name := range form.FindAllString(claim, -1) {
			if !noBody.MatchString(name) && !source.has(name) && !source.has(string([]rune(name)[1:])) {
				return true
			}
		}
	}
	for _, form := range []*regexp.Regexp{spoken, titled} {
		for _, m := range form.FindAllStringSubmatch(claim, -1) {
			if !noPerson.MatchString(m[1]) && !source.has(m[1]) && !source.has(string([]rune(m[1])[:2])) {
				return true
			}
		}
	}
	return isChinese(claim) && inventsWord(claim, source)
}

// inventsWord says whether a Chinese claim has a word of Latin letters that a source has not.
func inventsWord(claim string, source folded) bool {
	for _, word := range latinWords.FindAllString(claim, -1) {
		if !source.has(word) {
			return true
		}
	}
	return false
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
