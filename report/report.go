// Package report shows what an evaluation measured: as text, and as one web page with plots.
package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"yinju/bot"
	"yinju/rag"
	"yinju/rag/eval"
	"yinju/rag/llm"
)

// words say a report in the reader's language.
type words struct{ lang bot.Lang }

func (w words) summary(r *eval.Report) string {
	with := r.All.Shares[eval.AnsweredShare].Of
	made := w.lang.Say("默认", "the program's own")
	if r.Fitted {
		made = w.lang.Say("拟合所得", "fitted")
	}
	return fmt.Sprintf(w.lang.Say("%d 个问题：%d 个可答，%d 个不可答。阈值（%s）：回答 %.3f，相关 %.3f。每个回答用时中位数 %.1f 毫秒，95%% 在 %.1f 毫秒以内。",
		"%d questions: %d answerable, %d not. Thresholds (%s): answered %.3f, related %.3f. An answer takes %.1f ms in the median, 95%% at most %.1f ms."),
		r.All.Questions, with, r.All.Questions-with, made, r.Thresholds.Answered, r.Thresholds.Related, r.All.Latency.P50, r.All.Latency.P95)
}

// missing warns of evidence that is not in the store, "" where all is.
func (w words) missing(r *eval.Report) string {
	if len(r.Missing) == 0 {
		return ""
	}
	return w.lang.Say("注意：库中没有这些证据所在的文件：", "Note: the store has no file for this evidence: ") + bot.OneLine(strings.Join(r.Missing, " "))
}

func (w words) status(s rag.Status) string {
	switch s {
	case rag.Answered:
		return w.lang.Say("已回答", "answered")
	case rag.Related:
		return w.lang.Say("仅相关", "related")
	case rag.NotFound:
	}
	return w.lang.Say("未找到", "not found")
}

// kind names a group of questions.
func (w words) kind(name string) string {
	if name == "" {
		return w.lang.Say("全部", "all")
	}
	return bot.OneLine(name)
}

// calibration says what a fit did, a line each.
func (w words) calibration(c *eval.Calibration) []string {
	lines := []string{
		fmt.Sprintf(w.lang.Say("阈值：回答 %.3f → %.3f，相关 %.3f → %.3f", "thresholds: answered %.3f → %.3f, related %.3f → %.3f"),
			c.Old.Answered, c.New.Answered, c.Old.Related, c.New.Related),
	}
	for _, e := range []struct {
		name   string
		effect eval.Effect
	}{
		{w.lang.Say("原来", "before"), c.Before},
		{w.lang.Say("现在", "now"), c.After},
		{w.lang.Say("交叉验证", "cross-validated"), c.CrossValidated},
	} {
		lines = append(lines, e.name+w.lang.Say("：", ": ")+w.effect(e.effect))
	}
	return lines
}

func (w words) effect(e eval.Effect) string {
	parts := []string{w.lang.Say("回答 ", "answered ") + fraction(e.Answered)}
	for _, name := range sortedKeys(e.Refused) {
		parts = append(parts, w.lang.Say("拒答 ", "refused ")+bot.OneLine(name)+" "+fraction(e.Refused[name]))
	}
	return strings.Join(parts, w.lang.Say("，", ", "))
}

func fraction(s eval.Share) string {
	return fmt.Sprintf("%.3f (%d/%d, %.2f–%.2f)", s.Share, s.N, s.Of, s.Low, s.High)
}

// model says what a language model did, a line each; none where no model took part.
func (w words) model(r *eval.Report) []string {
	m := r.Model
	if m == nil {
		return nil
	}
	lines := []string{
		fmt.Sprintf(w.lang.Say("语言模型 %s：%s。与原文不符的引语 %d 处，不存在的代号 %d 个。", "Language model %s: %s. It altered or invented %d quotations and used %d codes that do not exist."),
			bot.OneLine(m.Name), w.tokens(m.Tokens), m.Lost, m.Unknown),
	}
	if m.Error != "" {
		lines = append(lines, w.lang.Say("有调用失败：", "A call failed: ")+bot.OneLine(m.Error))
	}
	if m.Judging == nil {
		return append(lines, w.lang.Say("是否有据按字词、数字、日期、名称比对，不是语义判断；要点也是。",
			"Support and key points are compared by words, numbers, dates and names, not by meaning."))
	}
	lines = append(lines, fmt.Sprintf(w.lang.Say("由该模型判断：问了 %d 次，%d 次没有答出是或否，不计入比例；%s。",
		"The model judged: it was asked %d times, and said neither yes nor no %d times, which are in no share; %s."), m.Judging.Asked, m.Judging.Unjudged, w.tokens(m.Judging.Tokens)))
	if m.Judging.Error != "" {
		lines = append(lines, w.lang.Say("有判断失败：", "A judgement failed: ")+bot.OneLine(m.Judging.Error))
	}
	return lines
}

func (w words) tokens(t llm.Usage) string {
	about := ""
	if t.Estimated {
		about = w.lang.Say("约 ", "about ")
	}
	said := fmt.Sprintf(w.lang.Say("%d 次调用，%s%d 个词元（输入 %d，输出 %d）", "%d calls, %s%d tokens (%d in, %d out)"), t.Calls, about, t.Prompt+t.Completion, t.Prompt, t.Completion)
	if t.Cost > 0 {
		said += fmt.Sprintf(w.lang.Say("，费用 %.4f", ", cost %.4f"), t.Cost)
	}
	return said
}

// whyNot is one line a reason for which a text is not the model's, the head first; nil where there is none.
func (w words) whyNot(r *eval.Report) [][]string {
	if r.Model == nil || len(r.Model.WhyNot) == 0 {
		return nil
	}
	rows := [][]string{{w.lang.Say("为何不是模型的回答", "why not the model's"), "n"}}
	for _, reason := range slices.Sorted(maps.Keys(r.Model.WhyNot)) {
		rows = append(rows, []string{w.reason(reason), strconv.Itoa(r.Model.WhyNot[reason])})
	}
	return rows
}

func (w words) reason(r rag.Reason) string {
	switch r {
	case rag.NoAnswer:
		return w.lang.Say("模型说原文没有回答", "the model finds no answer")
	case rag.NothingSupported:
		return w.lang.Say("没有一句有据", "no sentence held")
	case rag.CutOff:
		return w.lang.Say("中途断了", "broke off")
	case rag.Failed:
		return w.lang.Say("没有作答", "failed")
	case rag.OverBudget:
		return w.lang.Say("用量已到上限", "over budget")
	}
	return bot.OneLine(string(r))
}
