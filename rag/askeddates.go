package rag

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// askedDate is a date in a question. Year, month or day are 0 where it does not say them.
type askedDate struct {
	span             Span
	year, month, day int
}

const (
	chineseNumber = `(?:\d{1,2}|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])`
	chineseYear   = `[〇○零一二三四五六七八九]{4}`
	englishMonth  = `(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?`
)

// dateShapes are how dates are written, the fullest first; groups are named y, m, d, and e for an English month.
var dateShapes = []*regexp.Regexp{
	regexp.MustCompile(`(?P<y>\d{4})\s*[-/.]\s*(?P<m>\d{1,2})\s*[-/.]\s*(?P<d>\d{1,2})`),
	regexp.MustCompile(`(?:(?P<y>\d{4}|\d{2}|` + chineseYear + `)\s*年\s*)?(?P<m>` + chineseNumber + `)\s*月份?\s*(?P<d>` + chineseNumber + `)\s*[日号號]`),
	regexp.MustCompile(`(?P<y>\d{4}|\d{2}|` + chineseYear + `)\s*年\s*(?P<m>` + chineseNumber + `)\s*月份?`),
	regexp.MustCompile(`(?P<y>\d{4}|` + chineseYear + `)\s*年`),
	regexp.MustCompile(`\b(?P<e>` + englishMonth + `)\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y>\d{4})\b)?`),
	regexp.MustCompile(`\b(?P<d>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<e>` + englishMonth + `)\b(?:,?\s+(?P<y>\d{4})\b)?`),
	regexp.MustCompile(`\b(?P<e>` + englishMonth + `)\s+(?P<y>\d{4})\b`),
	regexp.MustCompile(`(?P<y>\d{4})-(?P<m>\d{2})\b`),
	regexp.MustCompile(`\b(?P<y>(?:19|20)\d{2})\b`),
	regexp.MustCompile(`(?P<m>` + chineseNumber + `)\s*月份?`),
}

// askedDates are the dates of a question, in no order; the words of one are not read as another one.
func askedDates(question string) []askedDate {
	var all []askedDate
	for _, shape := range dateShapes {
		for _, m := range shape.FindAllStringSubmatchIndex(question, -1) {
			d := askedDate{span: spanOf(question, m[0], m[1])}
			for i, name := range shape.SubexpNames() {
				if m[2*i] >= 0 {
					d.set(name, question[m[2*i]:m[2*i+1]])
				}
			}
			if d.valid() && !overlapsDate(all, d.span) {
				all = append(all, d)
			}
		}
	}
	return all
}

func overlapsDate(all []askedDate, span Span) bool {
	for _, d := range all {
		if overlap(d.span, span) {
			return true
		}
	}
	return false
}

func overlap(a, b Span) bool { return a.Start < b.End && b.Start < a.End }

// set notes one part of a date as it is written.
func (d *askedDate) set(part, text string) {
	switch part {
	case "y":
		d.year = numberOf(text)
		if len(text) == 2 {
			d.year += 2000
		}
	case "m":
		d.month = numberOf(text)
	case "d":
		d.day = numberOf(text)
	case "e":
		d.month = strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(text[:3]))/3 + 1
	}
}

// numberOf reads a number below 100 or a year in Chinese characters, or any in digits.
func numberOf(text string) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	tens, units, found := strings.Cut(strings.ReplaceAll(text, "两", "二"), "十")
	if !found {
		return digitsOf(text)
	}
	if tens == "" {
		tens = "一"
	}
	return 10*digitsOf(tens) + digitsOf(units)
}

func digitsOf(text string) (n int) {
	for _, digit := range text {
		n = 10*n + max(0, strings.IndexRune("零一二三四五六七八九", digit))/len("零")
	}
	return n
}

func (d askedDate) valid() bool {
	return (d.year == 0 || d.year >= 1000) && d.month >= 0 && d.month <= 12 && d.day >= 0 && d.day <= 31 && (d.day == 0 || d.month > 0)
}

// pattern is the date for SQL's like, and fits what is a part of it.
func (d askedDate) pattern() string {
	year := "____"
	if d.year > 0 {
		year = fmt.Sprintf("%04d", d.year)
	}
	switch {
	case d.month == 0:
		return year + "%"
	case d.day == 0:
		return year + fmt.Sprintf("-%02d", d.month) + "%"
	default:
		return year + fmt.Sprintf("-%02d-%02d", d.month, d.day)
	}
}

// datePatterns are the patterns of all dates that a question says.
func (l *lookups) datePatterns() []string {
	patterns := []string{}
	for _, d := range l.dates {
		patterns = append(patterns, d.pattern())
	}
	return patterns
}

// in gives the date as a filter has it, in a year where it says none itself.
func (d askedDate) in(year string) string {
	if d.year > 0 {
		year = fmt.Sprintf("%04d", d.year)
	}
	switch {
	case d.month == 0:
		return year
	case d.day == 0:
		return fmt.Sprintf("%s-%02d", year, d.month)
	default:
		return fmt.Sprintf("%s-%02d-%02d", year, d.month, d.day)
	}
}
