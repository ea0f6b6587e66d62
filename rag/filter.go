package rag

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Filter narrows a search to articles. Every field that is set has to hold; none set is every article.
type Filter struct {
	Author      string `json:"author,omitempty"`      // one of the authors, white space and punctuation aside
	Publication string `json:"publication,omitempty"` // a part of its name is enough
	Title       string `json:"title,omitempty"`       // a part of it is enough, white space and punctuation aside
	File        string `json:"file,omitempty"`        // the path, or how it begins, as it stands
	From        string `json:"from,omitempty"`        // YYYY, YYYY-MM or YYYY-MM-DD: published then or later
	To          string `json:"to,omitempty"`          // the same: published then or earlier
}

// Scope is what an answer was looked for in, when that was not the whole corpus.
type Scope struct {
	Filter  Filter `json:"filter"`
	Text    string `json:"text"`    // the filter in words, in the question's language
	Widened bool   `json:"widened"` // there was nothing in it, so that more was searched
}

// IsZero says whether the filter leaves every article.
func (f Filter) IsZero() bool { return f == Filter{} }

// FilterError says which value of a filter cannot be taken.
type FilterError struct{ Field, Value, Want string }

func (e *FilterError) Error() string {
	return fmt.Sprintf("filter by %s: %q, want %s", e.Field, e.Value, e.Want)
}

// Check says what of a filter cannot be taken, as a *FilterError: what is no text, dates that are none, From after
// To, and names without a letter.
func (f Filter) Check() error {
	for _, v := range []struct{ field, value string }{
		{"author", f.Author}, {"publication", f.Publication}, {"title", f.Title}, {"file", f.File},
	} {
		if !utf8.ValidString(v.value) || strings.ContainsRune(v.value, 0) {
			return &FilterError{v.field, v.value, "text in UTF-8"}
		}
		if v.field != "file" && v.value != "" && bare(v.value) == "" {
			return &FilterError{v.field, v.value, "letters or digits"}
		}
	}
	for _, v := range []struct{ field, value string }{{"from", f.From}, {"to", f.To}} {
		if v.value != "" && !isDate(v.value) {
			return &FilterError{v.field, v.value, "YYYY, YYYY-MM or YYYY-MM-DD"}
		}
	}
	if n := min(len(f.From), len(f.To)); f.From[:n] > f.To[:n] {
		return &FilterError{"from", f.From, "a date no later than " + f.To}
	}
	return nil
}

var dateForm = regexp.MustCompile(`^\d{4}(?:-\d{2}){0,2}$`)

func isDate(s string) bool {
	if !dateForm.MatchString(s) {
		return false
	}
	_, err := time.Parse("2006-01-02"[:len(s)], s)
	return err == nil
}

// condition is the filter in SQL over articles a and sources s, with its arguments; the first of them is
// $first. It is "true" for a filter that leaves every article.
func (f Filter) condition(first int) (sql string, args []any) {
	var parts []string
	add := func(part, value string) {
		parts = append(parts, strings.ReplaceAll(part, "$", fmt.Sprintf("$%d", first+len(args))))
		args = append(args, value)
	}
	const named = `exists (select from article_names n where n.article_id = a.id and n.kind = `
	for _, c := range []struct{ part, value string }{
		{named + `'author' and n.name = $)`, bare(f.Author)},
		{named + `'publication' and strpos(n.name, $) > 0)`, bare(f.Publication)},
		{named + `'title' and strpos(n.name, $) > 0)`, bare(f.Title)},
		{`starts_with(s.path, $)`, f.File},
		// Compared as far as the filter goes: 2024-03-14 lies in 2024-03. What is of 2024 only does not, nor before it.
		{`a.published <> '' and left(a.published, char_length($::text)) collate "C" >= $`, f.From},
		{`a.published <> '' and left(a.published || '~~~~~~', char_length($::text)) collate "C" <= $`, f.To},
	} {
		if c.value != "" {
			add(c.part, c.value)
		}
	}
	if len(parts) == 0 {
		return "true", nil
	}
	return strings.Join(parts, " and "), args
}

// covers says whether a date, as articles have it, lies between From and To.
func (f Filter) covers(date string) bool {
	if f.From == "" && f.To == "" {
		return true
	}
	padded := date + "~~~~~~" // behind every month and day
	return date != "" && date[:min(len(date), len(f.From))] >= f.From && (f.To == "" || padded[:len(f.To)] <= f.To)
}

// Describe says the filter in words, for readers of Chinese or of English; "" where it leaves every article.
func (f Filter) Describe(chinese bool) string {
	words := struct{ author, paper, title, file, from, to, between, join string }{
		"author %s", "publication %s", "title “%s”", "file %s", "from %s on", "until %s", "%s to %s", "; ",
	}
	if chinese {
		words.author, words.paper, words.title, words.file = "作者 %s", "《%s》", "标题《%s》", "文件 %s"
		words.from, words.to, words.between, words.join = "%s 起", "%s 止", "%s 至 %s", "；"
	}
	var parts []string
	for _, p := range []struct{ format, value string }{
		{words.author, f.Author}, {words.paper, f.Publication}, {words.title, f.Title}, {words.file, f.File},
	} {
		if p.value != "" {
			parts = append(parts, fmt.Sprintf(p.format, p.value))
		}
	}
	switch {
	case f.From != "" && f.From == f.To:
		parts = append(parts, f.From)
	case f.From != "" && f.To != "":
		parts = append(parts, fmt.Sprintf(words.between, f.From, f.To))
	case f.From != "":
		parts = append(parts, fmt.Sprintf(words.from, f.From))
	case f.To != "":
		parts = append(parts, fmt.Sprintf(words.to, f.To))
	}
	return strings.Join(parts, words.join)
}
