package bot

import (
	"regexp"
	"strings"
	"unicode"
)

// smallTalk is what people say who want nothing of a corpus, whole.
var smallTalk = regexp.MustCompile(`(?i)^(?:(?:你|您)(?:们)?好|早上好|下午好|晚上好|早|晚安|在吗|在不在|哈喽|嗨|(?:多|非常|太|十分)?(?:谢|感谢)(?:谢|你|您|啦|了|大家)*|辛苦(?:了|你了|您了)?|` +
	`好(?:的|吧|嘞|滴)?|嗯+|哦+|噢+|行|可以|明白(?:了)?|知道(?:了)?|懂(?:了)?|收到|了解(?:了)?|没事(?:了)?|不客气|(?:太|真|很|非常)?(?:好|棒|赞|厉害|不错)(?:了|啊|呀)?|哈+|呵+|嘿+|再见|拜拜|对|是的|没错|` +
	`(?:你|您)(?:是谁|叫什么(?:名字)?|是什么|会(?:做|干)?什么|能(?:做|干|帮我做)?(?:些)?什么|怎么用)|怎么用|帮助|` +
	`hi|hello|hey|good (?:morning|afternoon|evening|night)|thanks?|thank you(?: (?:so|very) much)?|thx|ty|ok(?:ay)?|yes|no|sure|great|nice|cool|got it|i see|bye|goodbye|wow|lol|ha(?:ha)+|` +
	`who are you|what are you|what can you do|how (?:does|do) (?:this|you|it) work|help)$`)

const maxSmallTalk = 300 // bytes; what is longer says something

// IsSmallTalk says whether a message greets, thanks or agrees, whole, and asks nothing. One of signs alone, such as 👍, is one.
func IsSmallTalk(text string) bool {
	bare := strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(text) > maxSmallTalk {
		return false
	}
	return bare == "" && strings.TrimSpace(text) != "" || smallTalk.MatchString(bare)
}
