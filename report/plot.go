package report

import (
	"fmt"
	"math"
	"strings"

	"yinju/rag/eval"
)

// The square of a plot, in the units of its SVG; shares 0..1 lie within.
const (
	plotSize = 320.0
	barWidth = 300.0
)

// x and y lead from a share to the plot.
func x(share float64) float64 { return round(share * plotSize) }

func y(share float64) float64 { return round((1 - share) * plotSize) }

func round(v float64) float64 { return math.Round(v*10) / 10 }

// barRow is the bars of one type of question.
type barRow struct {
	Name string
	Bars []bar
}

// bar is a share with its interval, in units of barWidth.
type bar struct {
	Class            string
	Width, Low, High float64
	Text, Title      string
}

// bars are hit@5 and evidence of types with answerable questions, and what was refused of the others.
func bars(w words, groups []eval.Group) []barRow {
	var rows []barRow
	for _, g := range groups {
		row := barRow{Name: w.kind(g.Type)}
		for i, name := range []string{eval.HitAt5, eval.EvidenceFound, eval.RefusedShare} {
			if s, ok := g.Shares[name]; ok {
				row.Bars = append(row.Bars, bar{
					Class: fmt.Sprintf("c%d", i), Width: round(s.Share * barWidth), Low: round(s.Low * barWidth), High: round(s.High * barWidth),
					Text: fmt.Sprintf("%d/%d", s.N, s.Of), Title: name + " " + fraction(s),
				})
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// line is a curve with the point on it that is in use.
type line struct {
	Class, Name, Points string
	AtX, AtY            float64
}

// refusalLines are for each type of question without an answer what is refused of it, over what is refused wrongly.
func refusalLines(w words, r *eval.Report) []line {
	var lines []line
	for _, g := range r.Types {
		area, ok := g.Scores[eval.AUC]
		if !ok {
			continue
		}
		l := line{Class: fmt.Sprintf("c%d", len(lines)%colours), Name: fmt.Sprintf("%s (AUC %.3f)", w.kind(g.Type), area)}
		var points []string
		for i, p := range r.Curve {
			points = append(points, fmt.Sprintf("%g,%g", x(p.FalseRefusals), y(p.Refused[g.Type])))
			if i == 0 || r.Curve[i-1].Threshold < r.Thresholds.Answered { // up to the first that refuses as much
				l.AtX, l.AtY = x(p.FalseRefusals), y(p.Refused[g.Type])
			}
		}
		l.Points = strings.Join(points, " ")
		lines = append(lines, l)
	}
	return lines
}

// colours is how many there are in the style.
const colours = 4

// dot is a bin of the reliability plot with its interval.
type dot struct {
	X, Y, Low, High, Radius float64
	Title                   string
}

func dots(r *eval.Report) []dot {
	var out []dot
	for _, b := range r.Reliability {
		s := b.Answerable
		out = append(out, dot{
			X: x(b.Confidence), Y: y(s.Share), Low: y(s.Low), High: y(s.High), Radius: round(3 + math.Sqrt(float64(s.Of))),
			Title: fmt.Sprintf("%.2f–%.2f: %s", b.From, b.To, fraction(s)),
		})
	}
	return out
}

// tick is a mark of the axes.
type tick struct {
	At, Down float64 // from the left, from the top
	Text     string
}

func ticks() []tick {
	var out []tick
	for i := range 6 {
		share := float64(i) / 5
		out = append(out, tick{At: x(share), Down: y(share), Text: fmt.Sprintf("%.1f", share)})
	}
	return out
}
