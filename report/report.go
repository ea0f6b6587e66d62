// Package report shows what an evaluation measured: as text, and as one web page with plots.
package report

import (
	"fmt"
	"strings"

	"yinju/bot"
	"yinju/rag"
	"yinju/rag/eval"
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
