package rag

import (
	"fmt"
	"strings"
	"unicode"
)

// frame is the answer's own words around its citations: who says it, and where. They are Chinese for a
// question that has a Chinese character in it, else English.
func frame(a Answer) string {
	chinese := hasHan(a.Question)
	var b strings.Builder
	if a.Written != nil && a.Written.Why != "" {
		b.WriteString(a.Written.Why.Say(chinese) + "\n")
	}
	b.WriteString(opening(a.Status, a.NoMore, chinese))
	for _, s := range a.Scope {
		if s.Widened {
			fmt.Fprintf(&b, "\n"+widened(chinese), s.Text)
		}
	}
	for _, c := range a.Citations {
		format := "\n%s: “%s” [%d]"
		if chinese {
			format = "\n%s：“%s”[%d]"
		}
		fmt.Fprintf(&b, format, attribution(c.Quote.Article()), c.Quote.Text(), c.N)
	}
	return inDirection(strings.TrimSpace(b.String()))
}

// inDirection leaves out what turns the direction of writing: from within a quote it would turn what stands behind
// it. Citations have it still.
func inDirection(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text)
}

func widened(chinese bool) string {
	if chinese {
		return "（%s：其中没有可引的原文，以下出自其他文章。）"
	}
	return "(There is nothing to quote from %s; what follows is from other articles.)"
}

func opening(status Status, noMore, chinese bool) string {
	switch {
	case noMore && chinese:
		return "除了已经引用的，没有再找到足够贴近的原文。"
	case noMore:
		return "Nothing else was found that is close enough, beside what was quoted."
	case status == NotFound && chinese:
		return "语料中没有找到这个问题的答案。"
	case status == NotFound:
		return "The corpus does not answer this question."
	case status == Related && chinese:
		return "语料没有直接回答这个问题，最接近的原文是："
	case status == Related:
		return "The corpus does not answer this directly. The nearest passages are:"
	default:
		return ""
	}
}

// unquoting takes quotation marks out of what no name has them in.
var unquoting = strings.NewReplacer("“", "", "”", "", "「", "", "」", "", "\"", "")

// unmarked takes the form of a citation, and of a tag, from what an article says of itself.
var unmarked = strings.NewReplacer("[", "〔", "]", "〕", "<", "＜", ">", "＞")

// inName is what an article says of itself, such that it cannot be taken for the answer's own words, or a citation.
func inName(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsSpace(r) && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co)) {
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(unmarked.Replace(text)), " ")
}

// attribution names an article by title, or file, with authors, publication and date.
func attribution(a *Article) string {
	name := a.File
	if a.Title != "" {
		name = titled(inName(a.Title))
	}
	var rest []string
	for _, part := range []string{strings.Join(a.Authors, "、"), a.Publication, a.Date} {
		if part = unquoting.Replace(inName(part)); part != "" {
			rest = append(rest, part)
		}
	}
	if len(rest) == 0 {
		return name
	}
	return name + "（" + strings.Join(rest, "，") + "）"
}

// Say says why a model's answer is not given, or not to its end, in Chinese or in English.
func (r Reason) Say(chinese bool) string {
	said := map[Reason][2]string{
		NoAnswer:         {"（语言模型认为这些原文没有回答这个问题。）", "(The language model finds no answer in these passages.)"},
		NothingSupported: {"（语言模型写的没有一句能由原文证实，所以只给原文。）", "(Nothing that the language model wrote is borne out by the passages, so these are the passages alone.)"},
		CutOff:           {"（语言模型的回答中途断了。）", "(The language model's answer broke off.)"},
		Failed:           {"（语言模型没有作答，所以只给原文。）", "(The language model gave no answer, so these are the passages alone.)"},
		OverBudget:       {"（语言模型的用量已到上限，所以只给原文。）", "(The language model's tokens are spent, so these are the passages alone.)"},
	}[r]
	if chinese {
		return said[0]
	}
	return said[1]
}

// unsupported marks a sentence that nothing supports.
func unsupported(chinese bool) string {
	if chinese {
		return "〔原文未能证实〕"
	}
	return " [not borne out by the passages]"
}

// unquoted marks a sentence in which a quotation lost its marks.
func unquoted(chinese bool) string {
	if chinese {
		return "〔引语与原文不符，已去引号〕"
	}
	return " [not a verbatim quotation]"
}
