package rag

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestFilterCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		filter Filter
		field  string // at fault; "" where the filter is good
	}{
		{"nothing", Filter{}, ""},
		{"everything", Filter{"陆知远", "江畔日报", "慢车", "a/b.txt", "2023", "2024-05-06"}, ""},
		{"a year", Filter{From: "2023", To: "2023"}, ""},
		{"from within to", Filter{From: "2024-03-14", To: "2024"}, ""},
		{"to within from", Filter{From: "2024", To: "2024-03"}, ""},
		{"a leap day", Filter{From: "2024-02-29"}, ""},
		{"no leap day", Filter{From: "2023-02-29"}, "from"},
		{"no month", Filter{To: "2023-13"}, "to"},
		{"month 0", Filter{To: "2023-00"}, "to"},
		{"a date without its hyphens", Filter{From: "20230102"}, "from"},
		{"a year of two digits", Filter{From: "23"}, "from"},
		{"a date that is not filled up", Filter{From: "2023-1-2"}, "from"},
		{"a hyphen too many", Filter{From: "2023-"}, "from"},
		{"more than a date", Filter{From: "2023-01-02T00:00"}, "from"},
		{"a blank", Filter{From: " 2023"}, "from"},
		{"a line behind", Filter{To: "2023\n"}, "to"},
		{"full-width digits", Filter{To: "２０２３"}, "to"},
		{"from after to", Filter{From: "2024-03", To: "2024-02-29"}, "from"},
		{"an author of marks", Filter{Author: "·、"}, "author"},
		{"a publication of marks", Filter{Publication: "《》"}, "publication"},
		{"a title of blanks", Filter{Title: " \t"}, "title"},
		{"a file of marks", Filter{File: "%'_"}, ""},
		{"an author that is no text", Filter{Author: "陆\xff"}, "author"},
		{"a title with a null", Filter{Title: "慢\x00车"}, "title"},
		{"a file that is no text", Filter{File: "a\xff"}, "file"},
		{"a file with a null", Filter{File: "a\x00"}, "file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.filter.Check()
			var fault *FilterError
			switch {
			case c.field == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.field != "" && (!errors.As(err, &fault) || fault.Field != c.field):
				t.Errorf("%v, want a fault of %s", err, c.field)
			}
		})
	}
}

func FuzzFilterCheck(f *testing.F) {
	for _, d := range [][2]string{{"2023", "2024-01"}, {"2023-02-30", ""}, {"0000", "9999-99"}, {"-001", "２０２３"}, {"2024-12-31\n", "2024-1-1"}} {
		f.Add(d[0], d[1])
	}
	f.Fuzz(func(t *testing.T, from, to string) {
		filter := Filter{From: from, To: to}
		if filter.Check() != nil {
			return
		}
		for _, d := range []string{from, to} {
			if d != "" && !parses(d) {
				t.Errorf("%q is taken for a date", d)
			}
		}
		if from != "" && to != "" && !filter.covers(from) && !filter.covers(to) {
			t.Errorf("%q to %q leaves neither end", from, to)
		}
	})
}

func parses(date string) bool {
	for _, layout := range []string{"2006", "2006-01", "2006-01-02"} {
		if _, err := time.Parse(layout, date); err == nil {
			return true
		}
	}
	return false
}

func TestFilterCoversDatesAtThePrecisionGiven(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, from, to string
		in, out        string // dates, parted by blanks
	}{
		{"a day", "2024-03-14", "2024-03-14", "2024-03-14", "2024-03-13 2024-03-15 2024-03 2024"},
		{"a month", "2024-03", "2024-03", "2024-03-01 2024-03-31 2024-03", "2024-02-29 2024-04-01 2024"},
		{"a year", "2024", "2024", "2024-01-01 2024-12 2024", "2023-12-31 2025"},
		{"since", "2024-03", "", "2024-03 2024-03-01 2025", "2024-02 2024 2023"},
		{"until", "", "2024-03", "2024-03-31 2024-02 2023", "2024-04 2024 2025-01-01"},
		{"until a day", "", "2024-03-14", "2024-03-14 2024-02 2023", "2024-03 2024 2024-03-15"},
		{"a day to a year", "2024-03-14", "2025", "2024-03-14 2025-12-31 2025", "2024-03-13 2024-03 2026"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := Filter{From: c.from, To: c.to}
			for date := range strings.FieldsSeq(c.in) {
				if !f.covers(date) {
					t.Errorf("%s is left out", date)
				}
			}
			for _, date := range append(strings.Fields(c.out), "") {
				if f.covers(date) {
					t.Errorf("%q is left in", date)
				}
			}
		})
	}
	if !(Filter{Author: "陆知远"}).covers("") {
		t.Error("a filter without dates leaves out what has none")
	}
}

func TestFilterDescribe(t *testing.T) {
	t.Parallel()
	all := Filter{"陆知远", "江畔日报", "慢车", "a.txt", "2023", "2024-05"}
	for _, c := range []struct {
		name             string
		filter           Filter
		chinese, english string
	}{
		{"nothing", Filter{}, "", ""},
		{"everything", all, "作者 陆知远；《江畔日报》；标题《慢车》；文件 a.txt；2023 至 2024-05", "author 陆知远; publication 江畔日报; title “慢车”; file a.txt; 2023 to 2024-05"},
		{"one day", Filter{From: "2024-03-14", To: "2024-03-14"}, "2024-03-14", "2024-03-14"},
		{"since", Filter{From: "2024"}, "2024 起", "from 2024 on"},
		{"until", Filter{To: "2024"}, "2024 止", "until 2024"},
		{"a percent sign", Filter{File: "%s%d"}, "文件 %s%d", "file %s%d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if have := c.filter.Describe(true); have != c.chinese {
				t.Errorf("%q, want %q", have, c.chinese)
			}
			if have := c.filter.Describe(false); have != c.english {
				t.Errorf("%q, want %q", have, c.english)
			}
		})
	}
}
