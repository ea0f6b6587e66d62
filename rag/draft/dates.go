package draft

import (
	"regexp"
	"strconv"
	"strings"
)

// date is a day, a month or a year; what a text does not say of it is 0.
type date struct{ year, month, day int }

const chineseDigit = `[〇零一二三四五六七八九十\d]`

var (
	chineseDate   = regexp.MustCompile(`(?:([12]\d{3}|[一二][〇零一二三四五六七八九]{3})\s*年)?\s*(?:(` + chineseDigit + `{1,3})\s*月(?:份)?)?\s*(?:(` + chineseDigit + `{1,3})\s*[日号])?`)
	isoDate       = regexp.MustCompile(`\b([12]\d{3})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?\b`)
	englishDate   = regexp.MustCompile(`(?i)\b(?:(\d{1,2})(?:st|nd|rd|th)?\s+)?(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?(?:\s+(\d{1,2})(?:st|nd|rd|th)?\b)?(?:,?\s+([12]\d{3})\b)?`)
	englishDecade = regexp.MustCompile(`\b(1\d\d0|20\d0)s\b`)
	chineseDecade = regexp.MustCompile(`(十[五六七八九]|二十|二十一|1[5-9]|20|21)世纪([一二三四五六七八九]十|[1-9]0)年代`)
	rocket        = regexp.MustCompile(`(?i)long march[ -]?\d*`) // no day in March
	months        = "janfebmaraprmayjunjulaugsepoctnovdec"
)

// dates takes the dates out of a text.
func dates(text string) (all []date, rest string) {
	text = rocket.ReplaceAllLiteralString(text, " ")
	text = englishDecade.ReplaceAllStringFunc(text, func(s string) string {
		all = append(all, date{year: numberIn(s[:4])})
		return " \x00 "
	})
	for _, m := range chineseDecade.FindAllStringSubmatch(text, -1) {
		all = append(all, date{year: 100*(numberIn(m[1])-1) + numberIn(m[2])})
	}
	rest = chineseDate.ReplaceAllStringFunc(text, func(s string) string {
		m := chineseDate.FindStringSubmatch(s)
		d := date{numberIn(m[1]), numberIn(m[2]), numberIn(m[3])}
		if !d.isOne() || d.year == 0 && d.month == 0 { // 3日 alone may be three days
			return s
		}
		all = append(all, d)
		return " \x00 "
	})
	rest = isoDate.ReplaceAllStringFunc(rest, func(s string) string {
		m := isoDate.FindStringSubmatch(s)
		d := date{numberIn(m[1]), numberIn(m[2]), numberIn(m[3])}
		if !d.isOne() {
			return s
		}
		all = append(all, d)
		return " \x00 "
	})
	rest = englishDate.ReplaceAllStringFunc(rest, func(s string) string {
		m := englishDate.FindStringSubmatch(s)
		day := numberIn(m[1]) + numberIn(m[3])
		d := date{numberIn(m[4]), 1 + strings.Index(months, strings.ToLower(m[2])[:3])/3, day}
		if d.year == 0 && d.day == 0 { // may, march
			return s
		}
		all = append(all, d)
		return " \x00 "
	})
	return all, rest
}

func (d date) isOne() bool {
	return d.month <= 12 && d.day <= 31 && (d.year > 0 || d.month > 0 || d.day > 0)
}

// numberIn reads digits of either kind, 0 for none.
func numberIn(text string) int {
	if text == "" {
		return 0
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return int(chineseValues(text)[0])
}

// inventsDate says whether a claim has a date that no source agrees with. A year that one date of the source has
// and a day that another one has make no date, unless the source says that day without a year.
func inventsDate(claim, source []date) bool {
	for _, c := range claim {
		if !agrees(c, source) {
			return true
		}
	}
	return false
}

func agrees(c date, source []date) bool {
	hasYear := c.year == 0
	hasDay := c.month == 0 && c.day == 0
	for _, s := range source {
		isYear := c.year == 0 || s.year == c.year
		isDay := (c.month == 0 || s.month == c.month) && (c.day == 0 || s.day == c.day)
		if isYear && isDay {
			return true
		}
		hasYear = hasYear || s.year == c.year
		hasDay = hasDay || isDay && s.year == 0
	}
	return hasYear && hasDay
}
