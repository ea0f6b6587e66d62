package ingest

import "strings"

// entry is one line of a table of contents: a title that some page of the file should bear.
type entry struct {
	title   string
	section string
}

// contents reads the tables of contents. It returns their entries in order and the rows they take up.
func contents(rows []row) (entries []entry, taken map[int]bool) {
	taken = map[int]bool{}
	last := -1
	for i, r := range rows {
		if tocLeader.MatchString(r.content()) {
			last = i
		}
	}
	if last < 0 {
		return nil, taken
	}
	open, current := "", ""
	inside := false
	for i := 0; i <= last; i++ {
		text := rows[i].content()
		leader := tocLeader.FindStringIndex(text)
		switch {
		case tocHead.MatchString(text):
			inside = true
		case section.MatchString(text) && inside:
			current, open = section.FindStringSubmatch(text)[1], ""
		case leader != nil:
			if !inside { // a table without a heading begins with the rows that wrap into its first leader
				inside = true
			}
			entries = append(entries, entry{title: join(open, text[:leader[0]]), section: current})
			open = ""
		case inside && open == "" && isImprint(rows, i):
		case inside:
			open = join(open, text)
		default:
			continue
		}
		taken[i] = true
	}
	return entries, taken
}

// isImprint says whether a row between two entries is no title: the last word of a publisher, with a date.
func isImprint(rows []row, i int) bool { return fullDate.MatchString(rows[i].content()) }

func join(a, b string) string {
	return strings.TrimSpace(strings.TrimSpace(a) + " " + strings.TrimSpace(b))
}
