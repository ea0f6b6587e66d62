package ingest

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"yinju/rag"
)

// claim is a stretch of the file that a sidecar has to name: of an article, or of furniture that
// shares a line with one.
type claim struct {
	article              int // -1: furniture
	begin, end           int // bytes
	firstLine, endLine   int
	sharesTop, sharesEnd bool
	from, to             position
}

// WriteSidecar writes the sidecar that names what was found, to be corrected. Read back, it gives the
// same articles.
func (p *Preview) WriteSidecar(w io.Writer) error {
	out := bufio.NewWriter(w)
	claims := p.claims()
	places := make([][]claim, len(p.Articles))
	var ignored []string
	for _, c := range claims {
		if c.article < 0 {
			ignored = append(ignored, rangeText(c.from, c.to))
		} else {
			places[c.article] = append(places[c.article], c)
		}
	}
	fmt.Fprintln(out, "articles:")
	for i, a := range p.Articles {
		if parts := places[i]; len(parts) == 1 {
			fmt.Fprintf(out, "  - from: %s\n    to: %s\n", placeYAML(parts[0].from), placeYAML(parts[0].to))
		} else {
			texts := make([]string, len(parts))
			for i, c := range parts {
				texts[i] = rangeText(c.from, c.to)
			}
			fmt.Fprintf(out, "  - parts: %s\n", listYAML(texts))
		}
		for _, f := range a.Found {
			value := strconv.Quote(f.Value)
			if f.Name == rag.AuthorsField {
				value = listYAML(a.Authors)
			}
			if f.Name == rag.TitleField && f.Value == "" {
				value += " # " + strconv.Quote(a.DisplayTitle())
			}
			fmt.Fprintf(out, "    %s: %s\n", f.Name, value)
		}
	}
	ignored = append(ignored, p.furnitureLines()...)
	if len(ignored) > 0 {
		fmt.Fprintln(out, "ignore:")
		for _, place := range ignored {
			fmt.Fprintf(out, "  - %s\n", strconv.Quote(place))
		}
	}
	return out.Flush()
}

// placeYAML puts marks around what old readers of YAML take for a number to the base of 60.
func placeYAML(p position) string {
	if p.char > 0 {
		return strconv.Quote(p.String())
	}
	return p.String()
}

func rangeText(from, to position) string {
	if from == to {
		return from.String()
	}
	return from.String() + "-" + to.String()
}

func listYAML(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// claims joins the spans of each article to stretches that nothing of another one interrupts.
func (p *Preview) claims() []claim {
	var all []claim
	furniture := p.furniture
	add := func(c claim) {
		if n := len(all); n > 0 {
			last := &all[n-1]
			if c.article >= 0 && last.article == c.article {
				last.end, last.endLine = c.end, c.endLine
				return
			}
			c.sharesTop = last.endLine == c.firstLine
			last.sharesEnd = c.sharesTop
		}
		all = append(all, c)
	}
	taken := map[int]bool{} // lines of which an article has a part
	for _, s := range p.spans {
		taken[s.line] = true
	}
	for _, s := range p.spans {
		var before []row
		before, furniture = until(furniture, s.begin, offsetOf)
		for _, r := range before {
			if taken[r.Number] {
				add(claim{article: -1, begin: r.offset(), end: r.end(), firstLine: r.Number, endLine: r.Number})
			}
		}
		add(claim{article: s.article, begin: s.begin, end: s.end, firstLine: s.line, endLine: s.line})
	}
	for _, r := range furniture {
		if taken[r.Number] {
			add(claim{article: -1, begin: r.offset(), end: r.end(), firstLine: r.Number, endLine: r.Number})
		}
	}
	p.measure(all)
	return all
}

// measure finds the lines and characters of claims. One that shares its last line reaches up to the next.
func (p *Preview) measure(all []claim) {
	charOf := func(line, b int) int { return charAt(p.lines, line, b) }
	for i := range all {
		c := &all[i]
		if c.from = (position{line: c.firstLine}); c.sharesTop {
			c.from.char = charOf(c.firstLine, c.begin)
			all[i-1].to.char = c.from.char - 1
		}
		c.to = position{line: c.endLine}
	}
}

// furnitureLines are the stretches of lines of which no article has anything, blank lines between them
// included.
func (p *Preview) furnitureLines() []string {
	var out []string
	taken := map[int]bool{} // lines of which an article has a part
	for _, s := range p.spans {
		taken[s.line] = true
	}
	from, to := 0, 0
	finish := func() {
		if from > 0 {
			out = append(out, rangeText(position{line: from}, position{line: to}))
		}
		from = 0
	}
	for l := range p.Lines() {
		switch {
		case len(l.Segments) == 1 && l.Segments[0].Kind == Furniture && !taken[l.Number]:
			if to = l.Number; from == 0 {
				from = l.Number
			}
		case len(l.Segments) > 0 && (len(l.Segments) > 1 || l.Segments[0].Kind != Blank):
			finish()
		}
	}
	finish()
	return out
}
