package ingest

import (
	"regexp"
	"strings"
)

// entry is one line of a table of contents: a title that some page of the file should bear.
type entry struct {
	title   string
	section string
}

const (
	minEntries   = 3 // fewer rows with leaders are no table of contents
	maxEntryRows = 4 // a title and its imprint, at most, before the row with the leader
)

// contents reads the table of contents and drops its rows. It returns its entries in order. A row belongs
// to it when it has a leader and a page number, or stands a few rows above one that has and makes no
// statement.
func contents(rows []row) []entry {
	var entries []entry
	var taken []int
	open, current := "", ""
	headed := false // 目录 stands above it
	for i := range rows {
		text := rows[i].content()
		last := len(taken) > 0 && taken[len(taken)-1] == i-1
		switch {
		case rows[i].is(leader):
			entries = append(entries, entry{title: join(open, withoutLeader(text)), section: current})
			open = ""
		case !leadsToLeader(rows, i) || len(entries) == 0 && !tocHead.MatchString(text) && !last:
			open = ""
			continue
		case tocHead.MatchString(text):
			headed = true
		case open == "" && hasDate(text): // the heading, or an imprint
		case rows[i].is(labelled):
			current, open = labelOf(text), ""
		default:
			open = join(open, text)
		}
		taken = append(taken, i)
	}
	if len(entries) < minEntries || !headed && !oneStands(rows, entries, taken) {
		return nil
	}
	for _, i := range taken {
		rows[i].dropped = true
	}
	return entries
}

// oneStands says whether a title of a table of contents stands elsewhere in the file, too.
func oneStands(rows []row, entries []entry, taken []int) bool {
	titles := byTitle(entries)
	inside := map[int]bool{}
	for _, i := range taken {
		inside[i] = true
	}
	for i := range rows {
		if !inside[i] && rows[i].columns <= titleColumns && titles[titleKey(rows[i].content())] != nil {
			return true
		}
	}
	return false
}

func withoutLeader(text string) string {
	for _, form := range []*regexp.Regexp{leaders, toPage} {
		if at := form.FindStringIndex(text); at != nil {
			return text[:at[0]]
		}
	}
	return text
}

// leadsToLeader says whether a row with a leader stands a few rows below row i, with no statement between.
func leadsToLeader(rows []row, i int) bool {
	for j := i; j < min(i+maxEntryRows+1, len(rows)); j++ {
		if rows[j].is(leader) {
			return true
		}
		if rows[j].columns > longLine || rows[j].is(statement) {
			return false
		}
	}
	return false
}

func join(a, b string) string {
	return strings.TrimSpace(strings.TrimSpace(a) + " " + strings.TrimSpace(b))
}
