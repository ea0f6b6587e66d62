package bot

import (
	"cmp"
	"fmt"
	"slices"
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

// Place is file:line, or file:line-line, and the page where the file has pages: its lines are then those of its text.
func Place(file string, l rag.Location) string {
	at := fmt.Sprintf("%s:%d", file, l.StartLine)
	if l.EndLine != l.StartLine {
		at = fmt.Sprintf("%s-%d", at, l.EndLine)
	}
	if l.Page != nil {
		at = fmt.Sprintf("%s (p. %d)", at, *l.Page)
	}
	return at
}

// Looked says in which articles was looked, a line for each scope. What another line says already is left out, and that
// something of other articles follows where nothing does.
func Looked(scopes []rag.Scope, quotes int, lang Lang) (lines []string) {
	for i, s := range scopes {
		isSaid := slices.ContainsFunc(scopes[:i], func(before rag.Scope) bool {
			return s.Filter.Title != "" && s.Widened == before.Widened && before.Filter.Title == s.Filter.Title && (rag.Filter{Title: s.Filter.Title}) == s.Filter
		})
		if !isSaid && (!s.Widened || quotes > 0) {
			lines = append(lines, lookedIn(s, lang))
		}
	}
	return lines
}

func lookedIn(s rag.Scope, lang Lang) string {
	what := cmp.Or(s.Filter.Describe(lang != English), s.Text)
	if s.Widened {
		return fmt.Sprintf(lang.Say("“%s”中没有可引的原文，以下出自其他文章。", "There is nothing to quote from %s: what follows is from other articles."), what)
	}
	return fmt.Sprintf(lang.Say("范围：%s", "looked in: %s"), what)
}
