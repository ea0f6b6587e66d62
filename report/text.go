package report

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/width"

	"yinju/bot"
	"yinju/rag/eval"
)

// Text writes the figures as tables: all questions with intervals, then each type, then what failed.
func Text(out io.Writer, lang bot.Lang, r *eval.Report) error {
	w, buffered := words{lang}, bufio.NewWriter(out)
	fmt.Fprintln(buffered, w.summary(r))
	if missing := w.missing(r); missing != "" {
		fmt.Fprintln(buffered, missing)
	}
	for _, line := range w.model(r) {
		fmt.Fprintln(buffered, line)
	}
	fmt.Fprintln(buffered)
	table(buffered, all(w, &r.All))
	fmt.Fprintln(buffered)
	table(buffered, byType(w, r))
	if why := w.whyNot(r); why != nil {
		fmt.Fprintln(buffered)
		table(buffered, why)
	}
	if failed := failures(w, r); len(failed) > 0 {
		fmt.Fprintln(buffered, "\n"+lang.Say("未通过的问题：", "questions that failed:"))
		table(buffered, failed)
	}
	if r.Calibration != nil {
		fmt.Fprintln(buffered, "\n"+strings.Join(w.calibration(r.Calibration), "\n"))
	}
	return buffered.Flush()
}

// all is one line a measure.
func all(w words, g *eval.Group) [][]string {
	rows := [][]string{{w.lang.Say("指标", "measure"), "", "n", "95%"}}
	for _, name := range eval.Measures() {
		if s, ok := g.Shares[name]; ok {
			rows = append(rows, []string{name, fmt.Sprintf("%.3f", s.Share), fmt.Sprintf("%d/%d", s.N, s.Of), fmt.Sprintf("%.3f–%.3f", s.Low, s.High)})
		} else if score, ok := g.Scores[name]; ok {
			rows = append(rows, []string{name, fmt.Sprintf("%.3f", score), "", ""})
		}
	}
	return rows
}

// byType is one line a type, one column a measure of which there is anything.
func byType(w words, r *eval.Report) [][]string {
	names := slices.DeleteFunc(eval.Measures(), func(name string) bool {
		return name == eval.FalseRefusals || // the rest of those answered
			!slices.ContainsFunc(r.Types, func(g eval.Group) bool { return figure(&g, name) != "" })
	})
	head := append([]string{w.lang.Say("类型", "type"), "n"}, names...)
	rows := [][]string{append(head, "p50 ms", "p95 ms")}
	for _, g := range r.Types {
		row := []string{w.kind(g.Type), strconv.Itoa(g.Questions)}
		for _, name := range names {
			row = append(row, figure(&g, name))
		}
		rows = append(rows, append(row, fmt.Sprintf("%.1f", g.Latency.P50), fmt.Sprintf("%.1f", g.Latency.P95)))
	}
	return rows
}

// figure is a measure of a group, "" where there is nothing to measure.
func figure(g *eval.Group, name string) string {
	if s, ok := g.Shares[name]; ok {
		return fmt.Sprintf("%.2f", s.Share)
	}
	if score, ok := g.Scores[name]; ok {
		return fmt.Sprintf("%.2f", score)
	}
	return ""
}

// failures is one line a question that failed.
func failures(w words, r *eval.Report) [][]string {
	var rows [][]string
	for i := range r.Outcomes {
		if o := &r.Outcomes[i]; o.Failed() {
			rows = append(rows, []string{bot.OneLine(o.ID), w.kind(o.Type), w.status(o.Status), fmt.Sprintf("%.3f", o.Confidence), bot.OneLine(o.Question.Question)})
		}
	}
	return rows
}

// table writes rows with their columns below each other.
func table(out io.Writer, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-columns(cell)+2))
		}
		fmt.Fprintln(out, strings.TrimRight(line.String(), " "))
	}
}

// columns is how many columns of a terminal a text takes.
func columns(text string) (n int) {
	for _, r := range text {
		n++
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
	}
	return n
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
