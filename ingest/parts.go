package ingest

import (
	"regexp"
	"strings"
)

// part is a stretch of a source that a delimiter or the file's ends bound.
type part struct {
	rows  []row
	said  words // in the front matter
	whole bool  // one article, whatever the rules say of its bounds
}

// partsOf cuts lines at delimiters and takes off the front matter at the top of each part. Both are
// furniture, and in no row.
func partsOf(lines []line, delimiter *regexp.Regexp) []part {
	var parts []part
	begin := 0
	said, body := frontMatter(lines)
	delimited := false
	add := func(end int) {
		parts = append(parts, part{rows: prepare(lines[begin+body : end]), said: said, whole: said != nil})
	}
	for i := body; i < len(lines) && delimiter != nil; i++ {
		if !delimiter.MatchString(strings.TrimFunc(lines[i].Text, isBlank)) {
			continue
		}
		add(i)
		delimited = true
		begin = i
		if said, body = frontMatter(lines[i:]); said == nil { // the delimiter is no fence of front matter
			begin = i + 1
			said, body = frontMatter(lines[begin:])
		}
		i = max(i, begin+body-1)
	}
	add(len(lines))
	for i := range parts {
		parts[i].whole = parts[i].whole || delimited
	}
	return parts
}

// cut makes the articles of the part.
func (p part) cut() (cut []saidPiece, furniture []row) {
	cut, furniture, st := p.cutRows(nil, p.rows)
	for i := range cut {
		cut[i].style = st
	}
	return cut, furniture
}

// cutRows makes the articles of some rows of the part, with what stands over them.
func (p part) cutRows(top, rows []row) (cut []saidPiece, furniture []row, st style) {
	if len(rows) == 0 {
		return nil, nil, style{}
	}
	if p.whole {
		one, furniture, st := wholeArticle(top, rows)
		if len(one.rows) == 0 {
			return nil, furniture, st
		}
		p.said.apply(&one.article, one.rows)
		return []saidPiece{{piece: one, said: p.said}}, furniture, st
	}
	pieces, furniture, st := segmentUnder(top, rows)
	for _, one := range pieces {
		cut = append(cut, saidPiece{piece: one})
	}
	return cut, furniture, st
}
