package draft

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// amount is a number in a text, and what it counts as far as that matters.
type amount struct {
	value   float64
	percent bool
	unit    string // of measures, "" where it counts something else
	text    string // as it stands, with its measure
	alone   bool   // one Chinese digit without a word that counts: 一 in 统一
}

const (
	arabic  = `\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?`
	chinese = `[〇零一二两三四五六七八九十百千万亿]+(?:点[〇零一二三四五六七八九]+)?`
	scales  = `万亿|千万|百万|十万|亿|万|千|百`
)

// measures are units that other units are easily mistaken for.
const measures = `平方公里|平方千米|平方米|立方米|公顷|万吨|公里|千米|厘米|毫米|英里|里|尺|丈|寸|公斤|千克|毫克|瓩时|瓩|兆瓦|小时|分钟|美元|欧元|英镑|日元|港元|人民币|吨|克|斤|米|元|亩|度|秒|天|年|岁|km|kg|mm|cm|kwh|kw|mw|gw|kilomet(?:er|re)s?|met(?:er|re)s?|tons?|tonnes?|hours?|minutes?|miles?|feet|foot|inch(?:es)?|days?|years?|yuan|dollars?|euros?`

var (
	amountForm = regexp.MustCompile(`(?i)(百分之)?(?:(` + arabic + `)\s*(` + scales + `)?(?:\s*(thousand|million|billion|trillion)\b)?|(` + chinese + `))(?:多|余|来|左右)?\s*(%|‰|个百分点|percentage points?|per ?cent|成(?:[^为立功果员就本长熟效分群]|$))?\s*(` + measures + `)?`)

	englishNumbers = regexp.MustCompile(`(?i)\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred)\b`)
	englishValues  = map[string]string{
		"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
		"eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
		"twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90", "hundred": "100",
	}

	// counters stand behind a Chinese digit that counts.
	counters = regexp.MustCompile(`^(?:个|项|点|种|大(?:类|领域|任务|方面|特征|优势|体系)|类|次|年|月|日|号|届|家|名|位|条|倍|省|市|座|台|所|篇|章|部|万|亿|成|批|艘|架|亩|米|元|吨|天|小时|分钟|重|步|方面|层|块|头|只|颗|岁|户|人)`)

	scaleOf = map[string]float64{
		"百": 1e2, "千": 1e3, "万": 1e4, "十万": 1e5, "百万": 1e6, "千万": 1e7, "亿": 1e8, "万亿": 1e12,
		"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
	}
)

// formalRow is a row of Chinese digits with some that are not written every day, as on bills: 拾叁. One alone is
// mostly another word: 大陆, 队伍.
var (
	formalRow    = regexp.MustCompile(`[〇零一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]{2,}`)
	formalDigits = strings.NewReplacer("壹", "一", "贰", "二", "叁", "三", "肆", "四", "伍", "五", "陆", "六", "柒", "七", "捌", "八", "玖", "九", "拾", "十", "佰", "百", "仟", "千")
	rareDigits   = strings.NewReplacer("千瓦时", "瓩时", "千瓦", "瓩", "千克", "公斤", "千米", "公里", "平方千米", "平方公里",
		"廿", "二十", "卅", "三十", "萬", "万", "億", "亿", "兩", "两", "貳", "贰")
)

// inOrdinaryDigits writes numbers in other scripts' digits, and in Chinese ones that are not written every day, as others are.
func inOrdinaryDigits(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf || !unicode.Is(unicode.Nd, r) {
			return r
		}
		zero := r // digits of a script stand in a row, from 0 to 9
		for r-zero < 9 && unicode.Is(unicode.Nd, zero-1) {
			zero--
		}
		return '0' + r - zero
	}, text)
	return formalRow.ReplaceAllStringFunc(rareDigits.Replace(text), formalDigits.Replace)
}

// amounts are the numbers in a text of one width.
func amounts(text string) (all []amount) {
	text = englishNumbers.ReplaceAllStringFunc(text, func(word string) string { return englishValues[strings.ToLower(word)] })
	for _, m := range amountForm.FindAllStringSubmatchIndex(text, -1) {
		part := func(n int) string {
			if m[2*n] < 0 {
				return ""
			}
			return text[m[2*n]:m[2*n+1]]
		}
		a := amount{percent: part(1) != "" || strings.HasPrefix(part(6), "%") || strings.HasPrefix(strings.ToLower(part(6)), "per"), unit: strings.ToLower(part(7)), text: text[m[0]:m[1]]}
		if strings.HasPrefix(strings.ToLower(part(6)), "percentage") {
			a.percent = false
		}
		if digits := part(5); digits != "" {
			all = append(all, a.inChinese(digits, text[m[11]:], strings.HasPrefix(part(6), "成"))...)
			continue
		}
		value, err := strconv.ParseFloat(strings.ReplaceAll(part(2), ",", ""), 64)
		if err != nil {
			continue
		}
		a.value = value
		if scale := strings.ToLower(part(3) + part(4)); scale != "" {
			a.value *= scaleOf[scale]
		}
		if part(6) == "‰" {
			a.value, a.percent = a.value/10, true
		}
		all = append(all, a)
	}
	return all
}

// inChinese are the amounts that Chinese digits say; behind is what follows them, tenths says that it is 成.
func (a amount) inChinese(digits, behind string, tenths bool) (all []amount) {
	isOne := utf8.RuneCountInString(digits) == 1
	a.alone = isOne && (digits == "一" || !counters.MatchString(strings.TrimLeft(behind, "多余来几")))
	a.percent = a.percent || tenths
	for _, value := range chineseValues(digits) {
		if a.value = value; tenths {
			a.value *= 10
		}
		all = append(all, a)
	}
	return all
}

// chineseValues reads a row of Chinese digits: 一千二百 and 二〇二四; what is no one number, 十四五, is several.
func chineseValues(text string) (all []float64) {
	whole, point, _ := strings.Cut(text, "点")
	var digits, units []rune
	for _, r := range whole {
		if strings.ContainsRune("十百千万亿", r) {
			units = append(units, r)
		} else {
			digits = append(digits, r)
		}
	}
	if len(units) == 0 {
		value, _ := strconv.ParseFloat(arabicOf(digits)+"."+arabicOf([]rune(point))+"0", 64)
		return []float64{value}
	}
	var total, section, digit float64
	last := math.Inf(1) // unit of the section that came before
	for _, r := range whole {
		switch unit := map[rune]float64{'十': 10, '百': 100, '千': 1000, '万': 1e4, '亿': 1e8}[r]; {
		case unit == 0:
			if digit != 0 { // two digits in a row
				all, total, section, last = append(all, total+section+digit), 0, 0, math.Inf(1)
			}
			digit = float64(strings.IndexRune("零一二三四五六七八九", r) / len("零"))
			if r == '两' {
				digit = 2
			}
			digit = max(digit, 0)
		case unit >= 1e4:
			total = (total + max(section+digit, boolOf(section+digit == 0 && total == 0))) * unit
			section, digit, last = 0, 0, math.Inf(1)
		default:
			if unit >= last {
				all, total, section = append(all, total+section+digit), 0, 0
			}
			section += max(digit, boolOf(digit == 0)) * unit
			digit, last = 0, unit
		}
	}
	if point != "" {
		fraction, _ := strconv.ParseFloat("0."+arabicOf([]rune(point)), 64)
		digit += fraction
	}
	return append(all, total+section+digit)
}

func boolOf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func arabicOf(digits []rune) string {
	var b strings.Builder
	for _, r := range digits {
		switch i := strings.IndexRune("零一二三四五六七八九", r); {
		case r == '〇':
			b.WriteByte('0')
		case r == '两':
			b.WriteByte('2')
		case i >= 0:
			b.WriteByte(byte('0' + i/len("零"))) //nolint:gosec // 0 to 9
		}
	}
	return b.String()
}

// inventsNumber says whether a claim has a number that a source has not: not at all, as a share where it is none,
// or with another measure.
func inventsNumber(claim, source string) bool {
	have := amounts(source)
	for _, a := range amounts(claim) {
		if a.alone || strings.Contains(source, a.text) && !isCut(source, a.text) {
			continue
		}
		if !borneOut(a, have) {
			return true
		}
	}
	return false
}

// isCut says whether a number stands in a text only as a part of longer ones.
func isCut(text, number string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], number)
		if i < 0 {
			return true
		}
		start, end := from+i, from+i+len(number)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if !isDigitOrPoint(before) && !isDigitOrPoint(after) && !strings.ContainsRune("%‰万亿千百十", after) {
			return false
		}
		from = start + 1
		for from < len(text) && !utf8.RuneStart(text[from]) {
			from++
		}
	}
}

func isDigitOrPoint(r rune) bool {
	return unicode.IsDigit(r) || r == '.' || r == ',' || strings.ContainsRune("〇零一二两三四五六七八九十百千万亿", r)
}

func borneOut(a amount, have []amount) bool {
	for _, h := range have {
		same := math.Abs(h.value-a.value) <= 1e-9*max(math.Abs(h.value), 1)
		if same && (h.percent || !a.percent) && (a.unit == "" || h.unit == "" || sameMeasure(a.unit, h.unit)) {
			return true
		}
	}
	return false
}

// sameMeasures are names of one measure.
var sameMeasures = [][]string{
	{"公里", "千米", "km", "kilometer", "kilometre"},
	{"米", "meter", "metre"},
	{"公斤", "千克", "kg"},
	{"吨", "ton", "tonne"},
	{"平方公里", "平方千米"},
	{"小时", "hour"},
	{"分钟", "minute"},
	{"天", "day", "日"},
	{"年", "year", "岁"},
	{"元", "人民币", "yuan"},
	{"美元", "dollar"},
	{"欧元", "euro"},
	{"英里", "mile"},
	{"厘米", "cm"},
	{"毫米", "mm"},
	{"瓩时", "kwh", "度"},
	{"瓩", "kw"},
	{"兆瓦", "mw"},
}

func sameMeasure(a, b string) bool {
	a, b = strings.TrimSuffix(a, "s"), strings.TrimSuffix(b, "s")
	if a == b {
		return true
	}
	for _, names := range sameMeasures {
		if slices.Contains(names, a) && slices.Contains(names, b) {
			return true
		}
	}
	return false
}

// Keeps says whether a question that was put otherwise still has what was named and counted in it: numbers, words
// of Latin letters in a Chinese text, titles and what stood between quotation marks.
func Keeps(question, otherwise string) bool {
	if inventsNumber(question, otherwise) {
		return false
	}
	in := fold([]rune(otherwise), nil)
	if hasHan(question) && inventsWord(question, in) {
		return false
	}
	parts, _ := segments(question)
	for _, part := range parts {
		if part.quoted && !in.has(part.text) {
			return false
		}
	}
	for _, m := range titles.FindAllStringSubmatch(question, -1) {
		if !in.has(m[1]) {
			return false
		}
	}
	return true
}
