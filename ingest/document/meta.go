package document

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// dateMark finds a day, month or year written with figures, the year first. The groups are those of a
// date with separators, then those of eight figures.
var dateMark = regexp.MustCompile(`(?:^|[^0-9])((?:1[5-9]|20)[0-9]{2})(?:\s*[-/.年]\s*([0-9]{1,2})(?:\s*[-/.月]\s*([0-9]{1,2}))?|([0-9]{2})([0-9]{2})[0-9]{0,6})?(?:[^0-9]|$)`)

// dateOf reads the first date in a text as YYYY-MM-DD, YYYY-MM or YYYY; "" where there is none.
func dateOf(s string) string {
	m := dateMark.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	year, month, day := m[1], m[2]+m[4], m[3]+m[5]
	if month == "" {
		return year
	}
	if day == "" {
		date := fmt.Sprintf("%s-%02s", year, month)
		if _, err := time.Parse("2006-01", date); err != nil {
			return year
		}
		return date
	}
	date := fmt.Sprintf("%s-%02s-%02s", year, month, day)
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return ""
	}
	return date
}

// tidy makes one line of a text, without white space around it.
func tidy(s string) string { return strings.Join(strings.Fields(s), " ") }

// field is a part of Meta.
type field uint8

const (
	titleField field = iota
	publicationField
	dateField
	authorField
	fields
)

// metaName is what a <meta> of a name says, and how much it is believed: a lower rank wins.
type metaName struct {
	field field
	rank  int
}

// metaNames are Open Graph's, Dublin Core's, the ones that search engines and citation managers read, and those that Chinese
// government sites have to give (ArticleTitle, PubDate, ContentSource, SiteName).
var metaNames = map[string]metaName{
	"articletitle": {titleField, 1}, "citation_title": {titleField, 1}, "og:title": {titleField, 2}, "dc.title": {titleField, 3},
	"dcterms.title": {titleField, 3}, "twitter:title": {titleField, 4}, "headline": {titleField, 4},
	"contentsource": {publicationField, 1}, "citation_journal_title": {publicationField, 1}, "og:site_name": {publicationField, 2},
	"article:publisher": {publicationField, 3}, "sitename": {publicationField, 4}, "dc.publisher": {publicationField, 4},
	"pubdate": {dateField, 1}, "article:published_time": {dateField, 1}, "citation_publication_date": {dateField, 1},
	"citation_date": {dateField, 2}, "datepublished": {dateField, 2}, "publishdate": {dateField, 2}, "og:published_time": {dateField, 2},
	"og:release_date": {dateField, 2}, "dc.date": {dateField, 3}, "dcterms.date": {dateField, 3}, "dc.date.issued": {dateField, 3},
	"dcterms.issued": {dateField, 3}, "date": {dateField, 4},
	"citation_author": {authorField, 1}, "article:author": {authorField, 2}, "author": {authorField, 2},
	"dc.creator": {authorField, 3}, "dcterms.creator": {authorField, 3},
}

const (
	titleTagRank  = 5 // <title> often has the site's name in it
	maxMetaBytes  = 1000
	maxMetaValues = 50 // authors
)

// pageMeta collects what a page says of itself.
type pageMeta struct {
	rank   [fields]int // of the values, 0 where there is none
	values [fields][]string
}

func (m *pageMeta) title(text string) { m.add(titleField, titleTagRank, text) }

func (m *pageMeta) tag(a attributes) {
	if n, ok := metaNames[a.name]; ok {
		m.add(n.field, n.rank, a.content)
	}
}

// add keeps a value where nothing that is believed more has been said, the first one of each rank; all
// authors of a rank.
func (m *pageMeta) add(f field, rank int, value string) {
	if value = tidy(value); value == "" || len(value) > maxMetaBytes {
		return
	}
	switch f {
	case dateField:
		if value = dateOf(value); value == "" {
			return
		}
	case titleField, fields:
	case authorField, publicationField:
		if strings.Contains(value, "://") { // an address of a profile
			return
		}
	}
	had := m.rank[f]
	switch {
	case had == 0 || rank < had:
		m.rank[f], m.values[f] = rank, []string{value}
	case f == authorField && rank == had && len(m.values[f]) < maxMetaValues && !slices.Contains(m.values[f], value):
		m.values[f] = append(m.values[f], value)
	}
}

func (m *pageMeta) result() Meta {
	first := func(f field) string {
		if len(m.values[f]) == 0 {
			return ""
		}
		return m.values[f][0]
	}
	return Meta{Title: first(titleField), Publication: first(publicationField), Date: first(dateField), Authors: m.values[authorField]}
}
