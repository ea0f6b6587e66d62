package rag

import (
	"regexp"
	"strings"
)

// What a question that goes on from an earlier one looks like. Each pattern takes the whole question or its
// beginning, so that a question with a matter of its own never is one.
const (
	// opener is what may stand before anything said.
	opener = `(?i)^(?:(?:那么|那|嗯|哦|噢|好的|好|请问|请|而|然后|所以|可是|可|但是|但|不过|对了|再问一下|问一下|接着|麻烦|and|so|but|then|ok|okay|well|please)[，,、\s]*)*`
	ending = `[呢啊呀吗吧的\s]*[?？!！。.…~\s]*$`
)

var (
	openers = regexp.MustCompile(opener)

	moreAsked = regexp.MustCompile(opener + `(?:还有(?:没有|什么|别的|其他的?|其它的?|更多的?|说法|内容|观点|例子)*|继续(?:说|讲|找)?(?:下去)?|(?:接着|往下)(?:说|讲)|更多|多(?:说|讲|来|给)(?:一)?(?:点|些|几条)|` +
		`再(?:说|讲|来|给|找)(?:我)?(?:一)?(?:点|些|条|几条|个)|(?:除此(?:之外|以外)|此外)(?:还有(?:什么|别的|其他的?)*)?|(?:其他|其它|别)的|下一条|` +
		`(?:tell me |show me |some |any )?more|(?:is there )?(?:anything|something) else|what else(?: is there)?|any others?|others|go on|continue|next(?: one)?|keep going)` + ending)

	nthAsked     = regexp.MustCompile(opener + `(?:(?:说说|讲讲|谈谈|展开|详细|具体|再|看看|解释|说明|一下|说|讲)*(?:(第|最后)\s*([一二三四五六七八九十两]|\d{1,2})\s*(点|条|个|种|项|方面|句|则|段|部分|篇|处)|[\[［【]\s*(\d{1,2})\s*[\]］】]))([^，。？?！!]*)` + `[?？!！。.…~\s]*$`)
	elaborate    = regexp.MustCompile(`^(?:引文|引用|内容|原文|上下文|背景|细节|展开|具体|详细|仔细|再|多|一下|一点|点|些|说说|讲讲|谈谈|解释|说明|说|讲|是|的|呢|吧|吗|啊|什么|意思|怎么|如何|理解|请|能|可以|不能|给我|看看|看)*$`)
	nthInEnglish = regexp.MustCompile(opener + `(?:tell me|more|about|explain|expand|elaborate|on|what|is|was|'s|\s)*\bthe (first|second|third|fourth|fifth|last) (?:one|point|quote|citation|item|passage)(?:\s+(?:please|in detail|further|again|mean))*[?.!\s]*$`)

	// ofThatArticle is a question about the article before, and what is left of it.
	ofThatArticle = regexp.MustCompile(opener + `(?:上面|刚才|前面|刚刚)?(?:引的|引用的|说的|提到的)?(?:(?:这|那)(?:一)?篇(?:文章|报道|社论|评论|稿子|文字)?|该文|此文|(?:这|那)(?:个|则|份)?(?:文章|报道))([^篇]*)$`)
	// namesItself is such a rest that says which article it means: 讲天花怎么绝迹的登在哪.
	namesItself = regexp.MustCompile(`^(?:专门)?(?:讲|写|谈|说|关于|介绍|论|提到|登|发|叫|题为|名为)[^，,？?]{2,}的(?:文章|那篇|这篇|是|登|刊|发|作者|出|在|谁|哪|什么|题|标|单位|为|怎|呢|[?？。\s]*$)|^[《“"「]|^关于`)
	// imprintAlone asks what an article says of itself and names none.
	imprintAlone = regexp.MustCompile(opener + `(?:(?:(?:这|那)(?:一)?(?:句|段|些)(?:话|文字)?)?(?:到底|究竟)?(?:是|由|都是)?谁(?:写|撰写|执笔|署名|说|讲)(?:的)?|(?:它的?)?作者(?:是|叫|都是)?(?:谁|哪位|什么人|什么名字)?|作者(?:是)?(?:什么|哪个|哪儿)(?:的)?(?:单位|身份|职务|人)|` +
		`(?:它|它是)?(?:登|刊|发|载|发表|刊登|刊载)(?:在|于)(?:了)?(?:哪|什么)(?:里|儿|一?家|一?份|个地方)?(?:报纸|报|刊物|杂志|媒体)?(?:上)?|哪(?:家|份|张)报纸?|什么报纸?|` +
		`(?:它)?(?:是)?(?:什么时候|哪天|哪年|哪一天|哪一年|何时|几号|几月几号)(?:发表|发|登|刊登|见报|写|登出来)|(?:发表|刊登|见报)(?:的)?(?:时间|日期)?(?:是)?(?:什么时候|哪天|何时)|` +
		`who wrote (?:it|that|this)(?: one| article| piece)?|who(?:'s| is| was) (?:the|its) author|(?:when|where) (?:was|is) (?:it|that|this)(?: article| piece)? (?:published|printed))` + ending)
	// saidBy asks for the speaker of a quote, who is the writer as far as the article tells.
	saidBy        = regexp.MustCompile(`(?:(?:这|那)(?:一)?(?:句|段|些)(?:话|文字)?)?(?:是|由)?谁(?:说|讲)(?:的)?`)
	sourceAlone   = regexp.MustCompile(opener + `(?:(?:这|那)(?:句|段)?话?的?)?(?:原文|引文|它)?的?(?:(?:出处|来源|出自)(?:是|在)?(?:哪里|哪儿|哪|什么|哪篇文章|哪家报纸)?|哪(?:儿|里)来|(?:what(?:'s| is) )?(?:the |its )?source|where is (?:it|that|this) from)` + ending)
	thatInEnglish = regexp.MustCompile(`(?i)\b(?:it|that|this)(?: one| article| piece)?\b|\b(?:the|its) author\b`)

	// pronounAsked begins with somebody or something that was said before. What may stand behind it parts 他怎么看 from 他汀类药物.
	pronounAsked     = regexp.MustCompile(opener + `((?:为什么|为何|后来|当时|关于|对于|根据|按照?|另外|你知道|除此之外)?[，,]?)(他们|她们|它们|他|她|它|(?:该|这位|那位|这个|此|上述)作者|此人|这个人|那个人|该人)((?:的|是|在|还|又|也|都|说|讲|写|提|认|怎|为|什|哪|有|用|对|把|被|给|从|跟|和|最|后来|当时|当年|多|几|叫|今年|现|属|曾|具体|到底|究竟|强调|主张|指|建|引|举|列|批|谈|如|之前|以前|会|能|想|去|来|做|当|任|生|死|出|毕|得|获|发|负|担|研|于|因|与|同|就|呢|更|应|要|不|没|何|一共|总|先|再|除|另|本人|自己|归纳|总结|分析|比|论|描|解|呼)[^\n]*|[?？\s]*)$`)
	saidMore         = regexp.MustCompile(`^还(?:说|讲|提|谈|写|有|列|举|主张|建议|强调|认为|指出)`)
	ofTheWriter      = regexp.MustCompile(`单位|职务|职称|身份|头衔|干什么的|做什么的|什么人|工作|^(?:还|又|也|具体|到底|究竟|对|的|是)*[^，。？?]{0,8}(?:说|讲|认为|看待|怎么看|如何看|主张|强调|指出|建议|观点|看法|提出|提到|写|谈|归纳|总结|举)`)
	pronounInEnglish = regexp.MustCompile(`(?i)^((?:(?:and|so|but|then|what|where|when|how|why|who|which|else|does|did|do|is|was|has|had|can|could|would|from|for|about|of|in|to|also|tell|me|more|other|university)[\s,]+){0,6})(he|she|his|her|the author|this author|that author)\b((?:'s)?)(.*)$`)

	possessivePronoun = regexp.MustCompile(`(?i)^(?:his|her)$`)

	// swapAsked is the question before, of somebody or something else.
	swapAsked     = regexp.MustCompile(opener + `(?:在|按照?|照|根据)?([^，,。；;？?！!]{2,24}?)(?:(?:的?(?:文章|报道|说法|观点|看法|评论))?(?:里|中|上)?(?:又|则|对此|是)*(?:怎么|如何|咋)(?:说|看|讲|写|评价|认为|谈)(?:的)?(?:呢)?|(?:的?(?:文章|报道|说法|观点|看法|评论|那篇|这篇))?呢)[?？!！。.\s]*$`)
	swapInEnglish = regexp.MustCompile(`(?i)^(?:(?:and|so|but|then|ok|okay),? )*(?:what|how) about (?:the )?([^?.!,]{2,40}?)(?:['’]s)?[?.!\s]*$`)
	asksItself    = regexp.MustCompile(`什么|怎|多少|谁|哪|几|吗|[如为任]何|何[时地人种]|^(?:你|您|我|咱|大家)|(?i)\b(?:what|who|when|where|why|how|which)\b`)

	// elliptic has no word of its own matter.
	elliptic        = regexp.MustCompile(opener + `(?:为什么|为何|为啥|怎么|怎样|如何|咋|具体|详细|做|办|说|讲|呢|吗|啊|吧|这|那|是|的|了|什么|啥|意思|时候|谁|哪里|哪儿|哪年|哪天|哪一年|哪些|哪个|多少|多久|多大|几个|几年|原因|结果|后来|之后|之前|依据|根据|理由|例子|举个|举例|比如|例如|真的|又|会|要|能|应该|可以|到底|究竟|一下|有|样|展开|解释|说明|细节|影响|意义|好处|坏处|措施|办法|步骤|背景|目的|作用|何|[，,、\s])+[?？!！。.…~\s]*$`)
	ellipticEnglish = regexp.MustCompile(`(?i)^(?:(?:and|but|so|then),? )*(?:why(?: not| is that| so)?|how(?: so| exactly| come| much| many| long)?|when|where|who|which(?: ones?)?|in what way|what does (?:that|it|this) mean|such as|for example|like what|since when|(?:can you )?explain|really|by whom|what for|what happened next)[?.!\s]*$`)
)

// ellipticRunes is the longest question that is taken for one without a matter of its own.
const ellipticRunes = 12

func isElliptic(question string) bool {
	return ellipticEnglish.MatchString(question) || len([]rune(question)) <= ellipticRunes && elliptic.MatchString(question)
}

// pointOf is the n-th point that a text counts, from its mark to the next one or the end of its sentence; "" where
// it counts none.
func pointOf(text string, n int) string {
	from := markOf(n).FindStringIndex(text)
	if n < 1 || n > len(numbered) || from == nil {
		return ""
	}
	point := text[from[0]:]
	if n < len(numbered) {
		if next := markOf(n + 1).FindStringIndex(text[from[1]:]); next != nil {
			point = text[from[0] : from[1]+next[0]]
		}
	}
	if end := strings.IndexAny(point, "。！？\n"); end >= 0 {
		point = point[:end]
	}
	return strings.TrimRight(point, "；;，,、 ")
}

var numbered = []rune("一二三四五六七八九十")

// markOf finds how a text begins its n-th point.
func markOf(n int) *regexp.Regexp {
	if n < 1 || n > len(numbered) {
		return regexp.MustCompile(`$^`)
	}
	h := string(numbered[n-1])
	forms := h + `是|第` + h + `[，,、是：:]|[（(]` + h + `[）)]|(?:^|[。；;\n\s])` + h + `、`
	switch n {
	case 1:
		forms += `|首先`
	case 2:
		forms += `|其次`
	}
	return regexp.MustCompile(forms)
}
