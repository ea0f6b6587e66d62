package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"yinju/rag"
)

// ReadingURL is the address of the reading page with a quote marked: under the address by which the program is seen
// from outside, or, where that is "", the path alone.
func ReadingURL(base string, article int64, l rag.Location, quote string) string {
	url := fmt.Sprintf("%s/articles/%s?quote=%d-%d", strings.TrimRight(base, "/"), rag.FormatID(article), l.StartChar, l.EndChar)
	if quote != "" {
		url += "&of=" + Fingerprint(quote)
	}
	return url
}

// Fingerprint tells whether what stands at a link's place is what it was made for.
func Fingerprint(quote string) string {
	sum := sha256.Sum256([]byte(quote))
	return hex.EncodeToString(sum[:4])
}

// Evidence is a line for each citation of an answer, for where nothing but text is shown: its number and its place,
// with the address of its reading page where base is not "". Where a model wrote the text, which does not have the
// quotes, they are in it, with what their articles are called. It is "" for an answer without citations.
func Evidence(a rag.Answer, base string) string {
	isWritten := a.Written != nil && a.Written.Used
	var b strings.Builder
	for _, c := range a.Citations {
		article, at := c.Quote.Article(), c.Quote.Location()
		fmt.Fprintf(&b, "- [%d] ", c.N)
		if isWritten {
			fmt.Fprintf(&b, "“%s” ", inOneLine(c.Quote.Text()))
			if name := articleName(article); name != "" {
				b.WriteString(OneLine(name) + " · ")
			}
		}
		b.WriteString(place(article.File, at))
		if base != "" {
			b.WriteString(" " + ReadingURL(base, article.ID, at, c.Quote.Text()))
		}
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n")
}

// inOneLine is a quote in one line: the breaks of its lines are white space, in which it may differ from its source.
func inOneLine(quote string) string { return OneLine(strings.Join(strings.Fields(quote), " ")) }

// Passages are what search found as text: of each passage its number, its words, and where they stand, as Evidence
// has it. It is "" for none.
func Passages(hits []rag.Hit, base string) string {
	var b strings.Builder
	for i, h := range hits {
		article := h.Passage.Article
		fmt.Fprintf(&b, "[%d] %s\n", i+1, printable(strings.TrimSpace(h.Passage.Text)))
		if name := articleName(article); name != "" {
			b.WriteString(OneLine(name) + " · ")
		}
		b.WriteString(place(article.File, h.Location))
		if base != "" {
			b.WriteString(" " + ReadingURL(base, article.ID, h.Location, h.Passage.Text))
		}
		b.WriteString("\n\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// Reading is an article as text: what it is called and where it stands, then its words.
func Reading(a *rag.Article, base string) string {
	head := OneLine(a.DisplayTitle())
	if name := articleName(a); name != "" {
		head = OneLine(name)
	}
	places := make([]string, len(a.Ranges()))
	for i, r := range a.Ranges() {
		places[i] = place(a.File, rag.Location{StartLine: r.Start, EndLine: r.End})
	}
	head += "\n" + strings.Join(places, ", ")
	if base != "" {
		head += " " + strings.TrimRight(base, "/") + "/articles/" + rag.FormatID(a.ID)
	}
	return head + "\n\n" + printable(a.Text)
}
