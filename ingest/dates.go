package ingest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

const months = `Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?`

// form is a way to write a day. It gives year, month and day by name.
type form struct {
	*regexp.Regexp
	needs string // characters of which the text has one
}

func newForm(needs, expr string) form { return form{Regexp: regexp.MustCompile(expr), needs: needs} }

const capitalsOfMonths = "JFMASOND"

var (
	// dateForms are the ways a day is written; a month alone comes last.
	dateForms = []form{
		newForm("年-./", `(?P<y>\d{4})`+blanks+`[年.\-/]`+blanks+`(?P<m>\d{1,2})`+blanks+`[月.\-/]`+blanks+`(?P<d>\d{1,2})`+blanks+`日?`),
		newForm("年", `(?P<y>[一二三四五六七八九〇○零Ｏ]{4})年(?P<m>[一二三四五六七八九十]{1,2})月(?P<d>[一二三四五六七八九十]{1,3})日`),
		newForm(capitalsOfMonths, `\b(?P<m>`+months+`)\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})\b`),
		newForm(capitalsOfMonths, `\b(?P<d>\d{1,2})(?:st|nd|rd|th)?\s+(?P<m>`+months+`)\.?,?\s+(?P<y>\d{4})\b`),
		newForm("年", `(?P<y>[一二三四五六七八九〇○零Ｏ]{4})年(?P<m>[一二三四五六七八九十]{1,2})月(?P<d>)`),
		newForm("年", `(?P<y>\d{4})`+blanks+`年`+blanks+`(?P<m>\d{1,2})`+blanks+`月(?P<d>)`),
		newForm(capitalsOfMonths, `\b(?P<m>`+months+`)\.?\s+(?P<y>\d{4})\b(?P<d>)`),
	}
	// minguo is a year of the Republic's calendar, 1912 being the first.
	minguo = regexp.MustCompile(`民` + blanks + `[国國]` + blanks + `(\d{2,3}|[一二三四五六七八九十百〇○零]{1,4})` + blanks + `年` + blanks + `(\d{1,2}|[一二三四五六七八九十]{1,2})` + blanks + `月` + blanks + `(\d{1,2}|[一二三四五六七八九十]{1,3})` + blanks + `日`)
	clock  = regexp.MustCompile(`^(?:[\s\p{Zs}]*[（(]?(?:星期|周|週|礼拜|禮拜)[一二三四五六日天][）)]?)?[T\s\p{Zs}]*(?:\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?:\s*[AaPp]\.?[Mm]\.?)?)?`)
)

// day is a date found in a text: YYYY-MM-DD or YYYY-MM, and the bytes that it takes, a time of day included.
type day struct {
	date     string
	from, to int
}

// findDate finds the first date of a text, by the first form that fits.
func findDate(text string) (day, bool) {
	if !strings.ContainsAny(text, "12年") {
		return day{}, false
	}
	if m := minguo.FindStringSubmatchIndex(text); m != nil { // its literal first character makes it cheap
		year := strconv.Itoa(1911 + numeral(text[m[2]:m[3]]))
		return day{date: date(year, text[m[4]:m[5]], text[m[6]:m[7]]), from: m[0], to: m[1]}, true
	}
	for _, form := range dateForms {
		if !strings.ContainsAny(text, form.needs) {
			continue
		}
		m := form.FindStringSubmatchIndex(text)
		if m == nil {
			continue
		}
		part := func(name string) string {
			i := form.SubexpIndex(name)
			return text[m[2*i]:m[2*i+1]]
		}
		if d := date(part("y"), part("m"), part("d")); d != "" {
			return day{date: d, from: m[0], to: m[1] + len(clock.FindString(text[m[1]:]))}, true
		}
	}
	return day{}, false
}

func hasDate(text string) bool {
	_, ok := findDate(text)
	return ok
}

// date writes a date as the contract has it, or "" where it is cut off or impossible.
func date(year, month, dayOfMonth string) string {
	y, m, d := numeral(year), monthOf(month), numeral(dayOfMonth)
	switch {
	case y < 1000 || m < 1 || m > 12:
		return ""
	case dayOfMonth == "":
		return fmt.Sprintf("%04d-%02d", y, m)
	case d < 1 || d > 31:
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
}

func monthOf(s string) int {
	for i, name := range strings.Fields("jan feb mar apr may jun jul aug sep oct nov dec") {
		if strings.HasPrefix(strings.ToLower(s), name) {
			return i + 1
		}
	}
	return numeral(s)
}

// numeral reads a number in digits, or in Chinese numerals digit by digit (二〇二四) or below a hundred
// (二十三); -1 where it is none.
func numeral(s string) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	n, tens := 0, false
	for _, r := range s {
		i := strings.IndexRune("〇一二三四五六七八九", r)
		switch {
		case r == '十':
			n, tens = max(n, 1)*10, true
		case strings.ContainsRune("○零Ｏ", r):
			n *= 10
		case i < 0:
			return -1
		case tens:
			n += i / len("一")
		default:
			n = n*10 + i/len("一")
		}
	}
	if s == "" {
		return -1
	}
	return n
}
