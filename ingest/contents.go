package ingest

import "strings"

// entry is one line of a table of contents: a title that some page of the file should bear.
type entry struct {
	title   string
	section string
}

const (
	minEntries   = 3 // fewer rows with leaders are no table of contents
	maxEntryRows = 4 // a title and its imprint, at most, before the row with the leader
)

// contents reads the table of contents. It returns its entries in order and the rows it takes up. A row
// belongs to it when it has a leader and a page number, or stands a few rows above one that has and
// makes no statement.
func contents(rows []row) (entries []entry, taken map[int]bool) {
	taken = map[int]bool{}
	open, current := "", ""
	for i := range rows {
		text := rows[i].content()
		leader := tocLeader.FindStringIndex(text)
		switch {
		case leader != nil:
			entries = append(entries, entry{title: join(open, text[:leader[0]]), section: current})
			open = ""
		case !leadsToLeader(rows, i) || len(entries) == 0 && !tocHead.MatchString(text) && !taken[i-1]:
			open = ""
			continue
		case tocHead.MatchString(text), open == "" && fullDate.MatchString(text): // the heading, or an imprint
		case section.MatchString(text):
			current, open = section.FindStringSubmatch(text)[1], ""
		default:
			open = join(open, text)
		}
		taken[i] = true
	}
	if len(entries) < minEntries {
		return nil, map[int]bool{}
	}
	return entries, taken
}

// leadsToLeader says whether a row with a leader stands a few rows below row i, with no statement between.
func leadsToLeader(rows []row, i int) bool {
	for j := i; j < min(i+maxEntryRows+1, len(rows)); j++ {
		text := rows[j].content()
		if tocLeader.MatchString(text) {
			return true
		}
		if rows[j].columns > longLine || endsSentence(text) {
			return false
		}
	}
	return false
}

func join(a, b string) string {
	return strings.TrimSpace(strings.TrimSpace(a) + " " + strings.TrimSpace(b))
}
