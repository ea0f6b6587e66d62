package bot

import (
	"fmt"
	"strings"

	"yinju/rag"
)

// Imprint is authors · publication · date of an article, as far as the source gives them, each as show shows it.
func Imprint(a *rag.Article, show func(string) string) string {
	var known []string
	for _, field := range []string{strings.Join(a.Authors, "、"), a.Publication, a.Date} {
		if field = show(field); field != "" {
			known = append(known, field)
		}
	}
	return strings.Join(known, " · ")
}

// Place is file:line, or file:line-line.
func Place(file string, l rag.Location) string {
	if l.StartLine == l.EndLine {
		return fmt.Sprintf("%s:%d", file, l.StartLine)
	}
	return fmt.Sprintf("%s:%d-%d", file, l.StartLine, l.EndLine)
}
