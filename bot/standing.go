package bot

import "yinju/rag"

// Standing is what an answer says of itself, in one line: why a model's text is not given, or how far the corpus
// answers. It is "" for one that answers.
func Standing(a rag.Answer, lang Lang) string {
	if a.Written != nil && a.Written.Why != "" && !a.Written.Used {
		return a.Written.Why.Say(lang != English)
	}
	if a.NoMore {
		return lang.Say("除了已经引用的，没有再找到足够贴近的原文。", "Nothing else was found that is close enough, beside what was quoted.")
	}
	switch a.Status {
	case rag.Related:
		return lang.Say("语料没有直接回答这个问题，最接近的原文是：", "The corpus does not answer this directly. The nearest passages are:")
	case rag.NotFound:
		return lang.Say("语料中没有找到这个问题的答案。", "The corpus does not answer this question.")
	case rag.Answered:
	}
	return ""
}
