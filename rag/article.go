// Package rag holds the domain of the product and everything that stands on it: sources, articles,
// passages and quotes; the store that keeps them in Postgres; search; answers.
package rag

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// Span is a half-open range of runes, counted from 0, of an article's text.
type Span struct{ Start, End int }

// Len is the number of runes in the span.
func (s Span) Len() int { return s.End - s.Start }

// Source is one file of the corpus.
type Source struct {
	ID   int64
	Path string // relative to Root, with forward slashes; what citations name
	Root string // absolute folder the corpus was read from
	Hash []byte // SHA-256 of the raw bytes

	Version string // what tells without reading it that it has not changed, such as its size and time; "": nothing does
	Size    int64  // bytes
}

// Article is one citable text of a source.
type Article struct {
	ID          int64
	File        string // Source.Path
	Title       string // "" where the source gives none
	Authors     []string
	Affiliation string // of the first author, in the words of the source
	Publication string
	Date        string // YYYY-MM-DD, YYYY-MM, YYYY or ""
	Section     string
	Facts       map[Field]Fact // where the source says these things
	Text        string         // reflowed, headline included; every Span counts its runes
	Places      Places         // from runes of Text to lines and bytes of the source
	Tears       []int          // runes of Text before which the source has layout that is dropped: no quote spans one
	SameAs      []int64        // ids of its twins; only where it is read whole

	length int // runes of the whole text, also where Text has its first words only
}

// Field is a thing that a citation says of an article.
type Field string

// The fields.
const (
	TitleField       Field = "title"
	AuthorsField     Field = "authors"
	AffiliationField Field = "affiliation"
	PublicationField Field = "publication"
	DateField        Field = "date"
	SectionField     Field = "section"
)

// Fact is where a source says a field of an article, and how sure it is that it does.
type Fact struct {
	Line       int     `json:"line"`       // of the source, 1-based; 0: on no line of it
	Confidence float64 `json:"confidence"` // 0..1
}

// displayTitleRunes is how much of an untitled article's text names it.
const displayTitleRunes = 24

// DisplayTitle is the title, or the article's first words where it has none.
func (a *Article) DisplayTitle() string {
	if a.Title != "" {
		return a.Title
	}
	first, _, _ := strings.Cut(strings.TrimSpace(a.Text), "\n")
	runes := []rune(first)
	if len(runes) <= displayTitleRunes {
		return first
	}
	return string(runes[:displayTitleRunes]) + "…"
}

// compareDescription puts the article first that more is known of: of title, authors, publication and date
// the most in number, then in that order of weight. Among equals the earlier one is first (a date without a
// day counts as the last of its month), then the longer one, then the first by path.
func compareDescription(a, b *Article) int {
	return cmp.Or(
		bits.OnesCount(b.known())-bits.OnesCount(a.known()), cmp.Compare(b.known(), a.known()),
		strings.Compare(a.Date+"~", b.Date+"~"), // ~ sorts after every digit and hyphen
		b.length-a.length, strings.Compare(a.File, b.File), cmp.Compare(a.ID, b.ID),
	)
}

// known has a bit for each part of the description that the source gives, the weightiest highest.
func (a *Article) known() (set uint) {
	for _, has := range []bool{a.Title != "", len(a.Authors) > 0, a.Publication != "", a.Date != ""} {
		set <<= 1
		if has {
			set |= 1
		}
	}
	return set
}

// Passage is the unit of search: whole sentences of one article.
type Passage struct {
	ID      int64
	Article *Article
	Span    Span
	Text    string    // exactly the runes of Article.Text at Span
	Opens   bool      // a sentence begins where it does
	Vector  []float32 // set on the way in; searches leave it nil
	Codes   []Code    // of the tokens of IndexText, at most 512; none where the model has no codes
	Starts  []int32   // the rune of Text at which each of them begins, -1 for the heading's; never decreasing

	digest   []byte    // as the store has it; empty where that is not to be trusted
	prepared *prepared // what search reckoned of it; nil before
}

// IndexText is what search knows of the passage: the text, after the words that say which article it
// is from. Those words help to find it and never stand in a quote.
func (p *Passage) IndexText() string {
	if heading := p.Article.Heading(); heading != "" {
		return heading + "\n" + p.Text
	}
	return p.Text
}

// headingRunes is the longest heading: what names an article must leave room for its text.
const headingRunes = 160

// Heading is title, authors, publication and date in one line, cut at headingRunes characters; ""
// where the source gives none of them.
func (a *Article) Heading() string {
	parts := append([]string{a.Title}, a.Authors...)
	parts = append(parts, a.Publication, a.Date)
	heading := []rune(strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " "))
	return string(heading[:min(len(heading), headingRunes)])
}

// Location says where a span stands. Lines are 1-based and inclusive, in the raw file; chars are
// runes of the article's text, half open. Page is nil unless the source has pages.
type Location struct {
	StartLine int  `json:"start_line"`
	EndLine   int  `json:"end_line"`
	StartChar int  `json:"start_char"`
	EndChar   int  `json:"end_char"`
	Page      *int `json:"page"`
}

// ArticleRef is an article as answers and search results name it.
type ArticleRef struct {
	ID           string   `json:"id"`
	Title        string   `json:"title"`
	DisplayTitle string   `json:"display_title"`
	Authors      []string `json:"authors"`
	Publication  string   `json:"publication"`
	Date         string   `json:"date"`
	File         string   `json:"file"`
	URL          string   `json:"url"`
}

// Copy is another article in which a text stands, too, and where.
type Copy struct {
	Article  *Article
	Location Location
}

// maxCopies is the most copies that are named beside a text.
const maxCopies = 5

// CopyRef is a copy as answers and search results name it.
type CopyRef struct {
	Article  ArticleRef `json:"article"`
	Location Location   `json:"location"`
}

// Refs names copies without their texts; none is an empty list.
func Refs(copies []Copy) []CopyRef {
	refs := make([]CopyRef, len(copies))
	for i, c := range copies {
		refs[i] = CopyRef{Article: c.Article.Ref(), Location: c.Location}
	}
	return refs
}

// Ref names the article without its text.
func (a *Article) Ref() ArticleRef {
	authors := a.Authors
	if authors == nil {
		authors = []string{}
	}
	return ArticleRef{
		ID: FormatID(a.ID), Title: a.Title, DisplayTitle: a.DisplayTitle(), Authors: authors,
		Publication: a.Publication, Date: a.Date, File: a.File,
	}
}

// FormatID writes a database id as the string that the outside sees.
func FormatID(id int64) string { return strconv.FormatInt(id, 10) }

// ParseID reads what FormatID wrote.
func ParseID(s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id <= 0 || FormatID(id) != s {
		return 0, fmt.Errorf("%q is not an id", s)
	}
	return id, nil
}
