package draft

import (
	"regexp"
	"slices"
	"strings"
)

// denial is a word that denies what follows it. What only looks like one is noDenial.
var (
	denial   = regexp.MustCompile(`不|没|未|非|无|勿|莫|别|否|拒绝|禁止|严禁|防止|避免|杜绝|反对|切忌|停止|(?i:\b(?:not|no|never|without|none|cannot|neither|nor|avoid\w*|prevent\w*|oppos(?:e[sd]?|ing)|refus\w*|forbid\w*|ban(?:s|ned|ning)?)\b|n't\b)`)
	noDenial = regexp.MustCompile(`不断|不仅|不但|不只|不光|不单|不同|不少|不久|不过|不管|不论|不禁|不妨|不止|不愧|不惜|不息|不懈|不约而同|不谋而合|不一而足|不可或缺|必不可少|不可分割|不容忽视|不得不|无不|无非|无论|无疑|无数|无穷|无限|无比|无一|未来|未必不|非常|非凡|非遗|并非不|别的|别人|分别|特别|区别|级别|个别|性别|类别|识别|差别|辨别|告别|没收|淹没|沉没|是否|能否|可否|与否|否则|否定|除非|莫过于|无形|无人|不锈|无线|无缝|非公|非洲|非物质|是非|无偿|无私|无愧|无畏|离不开|少不了|不容小觑|不容置疑|不难看出|不难发现|不难理解|不可替代|不言而喻|不可逆转|不乏|不外乎|不遗余力|不折不扣|不忘|密不可分|不负|不确定性|不平衡|不充分|不稳定性|不动产|无效|(?i:\bno\.\s*\d)`)
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

// behindDenials are words between a denial and what it denies.
var behindDenials = regexp.MustCompile(`^(?:是|能够|能|会|要|应当|应该|应|可以|可|必要|必须|必|得|有|曾经|曾|再|已经|已|所有|一定|都|就|完全|真正|简单地?|单纯地?|只|仅仅|仅|允许|准许|允|准|许|对|向|把|将|给|为|在|获得?|得到|进行|了|过|“)+`)

// deniedBefore is a denial of what stands before it in its clause: 统筹粗放解决不可取.
var deniedBefore = regexp.MustCompile(`不可取|要不得|行不通|不足取|是?不对的?|是错误的|不成立|不可行`)

// deniedThings are what a text denies, item by item, and the rest of it, clause by clause. What follows a denial in its
// sentence may be denied with it (不是放弃，把它丢下), unless it says otherwise (不是放弃，而是改造): it is
// unclear.
func deniedThings(text string) (denied, affirmed, unclear []string) {
	for _, sentence := range sentenceMarks.Split(text, -1) {
		isDenied := false
		for _, clause := range clauses.Split(sentence, -1) {
			clause = strings.TrimLeft(clause, "“‘\"' ")
			isDenied = isDenied && !otherwise.MatchString(clause)
			found := denials(clause)
			switch at := deniedBefore.FindStringIndex(clause); {
			case at != nil:
				denied = append(denied, clause[:at[0]])
			case len(found) > 0:
				affirmed = append(affirmed, clause[:found[0]])
				denied = append(denied, deniedItems(clause[found[0]:])...)
				isDenied = true
			case isDenied:
				unclear = append(unclear, clause)
			default:
				affirmed = append(affirmed, clause)
			}
		}
	}
	return denied, affirmed, unclear
}

// deniedItems are the items of a list that is denied.
func deniedItems(text string) (all []string) {
	for _, item := range items.Split(text, -1) {
		if thing := behindDenials.ReplaceAllString(item, ""); thing != "" {
			all = append(all, thing)
		}
	}
	return all
}

var (
	sentenceMarks = regexp.MustCompile(`[。；！？;!?\n]+`)
	clauses       = regexp.MustCompile(`[，：,:]+`)
	otherwise     = regexp.MustCompile(`^(?:而|但|却|要|应|须|必须|还要|也要|同时|反而|只有|才|则)`)
	items         = regexp.MustCompile(`[、]|和|或者?|以及`)
)

const (
	thingShare = 0.8 // of the pairs of characters of what is denied, by which a text speaks of it
	thingPairs = 12  // so many of them are looked at, from its beginning
)

// contradicts says whether one of two texts denies what the other one affirms, and nowhere denies.
func contradicts(claim, source string) bool {
	deniedHere, affirmedHere, unclearHere := deniedThings(claim)
	deniedThere, affirmedThere, unclearThere := deniedThings(source)
	return saysOtherwise(deniedHere, affirmedThere, slices.Concat(deniedThere, unclearThere)) ||
		saysOtherwise(deniedThere, affirmedHere, slices.Concat(deniedHere, unclearHere, affirmedThere, unclearThere)) ||
		turnsRound(claim, source)
}

// sameShare is how many of the pairs of characters of each of two clauses the other one has that say the same, or the
// opposite.
const sameShare = 0.75

// turnsRound says whether a clause of a claim is one of the source but for a denial, that only one of them has.
func turnsRound(claim, source string) bool {
	there := plainClauses(source)
	return slices.ContainsFunc(plainClauses(claim), func(here plainClause) bool {
		best, nearest := 0.0, here
		for _, c := range there {
			if share := min(shareOf(here.pairs, c.pairs), shareOf(c.pairs, here.pairs)); share > best {
				best, nearest = share, c
			}
		}
		return len(here.pairs) > 2 && best >= sameShare && nearest.isDenied != here.isDenied && !nearest.isUnclear && !here.isUnclear
	})
}

// plainClause is a clause without its denials.
type plainClause struct {
	pairs     []string
	isDenied  bool
	isUnclear bool // it may be denied by the clause before
}

func plainClauses(text string) (all []plainClause) {
	for _, sentence := range sentenceMarks.Split(text, -1) {
		carried := false
		for _, clause := range clauses.Split(sentence, -1) {
			carried = carried && !otherwise.MatchString(clause)
			c := plainClause{isDenied: len(denials(clause)) > 0}
			c.isUnclear = carried && !c.isDenied
			carried = carried || c.isDenied
			c.pairs = hanPairs(denial.ReplaceAllLiteralString(clause, ""))
			all = append(all, c)
		}
	}
	return all
}

// shareOf is the share of some pairs that others have among them.
func shareOf(pairs, others []string) float64 {
	shared := 0
	for _, pair := range pairs {
		if slices.Contains(others, pair) {
			shared++
		}
	}
	return float64(shared) / float64(max(1, len(pairs)))
}

// saysOtherwise says whether a thing that is denied in one text is affirmed in another, and nowhere excused.
func saysOtherwise(denied, affirmed, excuses []string) bool {
	return slices.ContainsFunc(denied, func(thing string) bool {
		return isSaid(thing, affirmed) && !isSaid(thing, excuses)
	})
}

// isSaid says whether one of some clauses speaks of a thing. Of what has one pair of characters, all texts may.
func isSaid(thing string, clauses []string) bool {
	want := hanPairs(thing)
	if len(want) < 2 {
		return false
	}
	want = want[:min(len(want), thingPairs)]
	for _, clause := range clauses {
		if shareOf(want, hanPairs(clause)) >= thingShare {
			return true
		}
	}
	return false
}

// hanPairs are the pairs of neighbouring letters and digits of a text.
func hanPairs(text string) (pairs []string) {
	runes := fold([]rune(text), nil).runes
	for i := range max(0, len(runes)-1) {
		pairs = append(pairs, string(runes[i:i+2]))
	}
	return pairs
}
