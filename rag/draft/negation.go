package draft

import (
	"regexp"
	"strings"
)

// denial is a word that denies what follows it. What only looks like one is noDenial.
var (
	denial   = regexp.MustCompile(`不|没|未|非|无|勿|莫|别|否|拒绝|禁止|严禁|防止|避免|杜绝|反对|切忌|停止|(?i:\b(?:not|no|never|without|none|cannot|neither|nor|avoid\w*|prevent\w*|oppos(?:e[sd]?|ing)|refus\w*|forbid\w*|ban(?:s|ned|ning)?)\b|n't\b)`)
	noDenial = regexp.MustCompile(`不断|不仅|不但|不只|不光|不单|不同|不少|不久|不过|不管|不论|不禁|不妨|不止|不愧|不惜|不息|不懈|不约而同|不谋而合|不一而足|不可或缺|必不可少|不可分割|不容忽视|不得不|无不|无非|无论|无疑|无数|无穷|无限|无比|无一|未来|未必不|非常|非凡|非遗|并非不|别的|别人|分别|特别|区别|级别|个别|性别|类别|识别|差别|辨别|告别|没收|淹没|沉没|是否|能否|可否|与否|否则|否定|除非|莫过于|无形|无人|不锈|无线|无缝|非公|非洲|非物质|是非|无偿|无私|无愧|无畏|(?i:\bno\.\s*\d)`)
)

// denials are the words in a folded text that deny, as places behind each.
func denials(text string) (behind []int) {
	blank := noDenial.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("\x00", len(s)) })
	for _, at := range denial.FindAllStringIndex(blank, -1) {
		behind = append(behind, at[1])
	}
	return behind
}

// denied says whether a text ends with a word that denies what follows: 不是, 防止.
func denied(before []rune) bool {
	text := string(before[max(0, len(before)-deniedReach):])
	return deniedEnd.MatchString(text)
}

// deniedReach is how many runes before a text are looked at for a denial of it.
const deniedReach = 8

// deniedEnd is a denial with nothing behind it, in Chinese, or in English without its blanks.
var deniedEnd = regexp.MustCompile(`(?:不|没|未|非|勿|莫|(?:不|没|未|绝)(?:是|能|要|会|应|可|得|该|必|曾|有|准|许|宜|` +
	`允许|准许|可以|能够|应该|应当|必须|愿意|同意|赞成|支持|主张|建议|提倡|鼓励|认为|相信|表明|意味着)|并非|而非|从未|绝不|防止|避免|杜绝|严禁|禁止|反对|拒绝|切忌|零下|` +
	`not|never|cannot|without|nor|isnt|arent|wasnt|werent|dont|doesnt|didnt|wont|cant)$`)

// deniedRunes is how much behind a denial has to be the same for two texts to speak of the same thing.
const deniedRunes = 3

// contradicts says whether one of two folded texts denies what the other one affirms: the same words, with a
// denial before them in one and in no place of the other without it.
func contradicts(claim, source string) bool {
	return deniesAlone(claim, source) || deniesAlone(source, claim)
}

// deniesAlone says whether a denies something that b has, and b never denies it.
func deniesAlone(a, b string) bool {
	for _, behind := range denials(a) {
		said := firstRunes(a[behind:], deniedRunes)
		if said == "" {
			continue
		}
		if affirmed, isDenied := howSaid(b, said); affirmed && !isDenied {
			if again, _ := howSaid(a, said); !again { // a does not affirm it, too
				return true
			}
		}
	}
	return false
}

// howSaid says whether a text has words without a denial right before them, and with one.
func howSaid(text, said string) (affirmed, isDenied bool) {
	behind := map[int]bool{}
	for _, at := range denials(text) {
		behind[at] = true
	}
	for from := 0; ; {
		i := strings.Index(text[from:], said)
		if i < 0 {
			return affirmed, isDenied
		}
		at := from + i
		if behind[at] {
			isDenied = true
		} else {
			affirmed = true
		}
		from = at + 1
		for from < len(text) && text[from]&0xc0 == 0x80 { // to the next rune
			from++
		}
	}
}

// firstRunes are the first n runes of a text, "" where it has fewer.
func firstRunes(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	if n == 0 {
		return text
	}
	return ""
}
