package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"

	"yinju/bot"
	"yinju/rag"
)

const (
	articleWait = 10 * time.Second // for the database
	maxTwins    = 5                // other places of the text that are named
)

//go:embed pages.html
var pagesSource string

//go:embed pages.css
var style string

var pages = template.Must(template.New("").Parse(pagesSource))

// policy allows the pages' own style and nothing else.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

// article is the reading page, with the quote marked that ?quote=START-END names: runes of the text, half open.
func (s server) article(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), articleWait)
	defer cancel()
	lang := s.lang(r)
	a, err := s.read(ctx, r.PathValue("id"))
	switch {
	case errors.Is(err, rag.ErrNoArticle):
		s.fault(w, r, lang, http.StatusNotFound, lang.Say("没有这篇文章：它可能已不在语料中，或已重新收入而有了新的编号。",
			"There is no such article: it may have left the corpus, or have been ingested anew under another number."))
		return
	case rag.IsAway(err):
		s.Log.WarnContext(ctx, "http: read an article", "error", err)
		w.Header().Set("Retry-After", seconds(bot.AwayFor))
		s.fault(w, r, lang, http.StatusServiceUnavailable, bot.Away(lang))
		return
	case err != nil:
		s.Log.WarnContext(ctx, "http: read an article", "error", err)
		s.fault(w, r, lang, http.StatusInternalServerError, lang.Say("现在读不到这篇文章，请稍后再试。", "The article cannot be read now. Try again later."))
		return
	}
	v := articleView{head: head{lang}, Article: a}
	if r.URL.Query().Has("quote") {
		span, ok := parseQuote(r.URL.Query().Get("quote"))
		if ok && !holds(a, span, r.URL.Query().Get("of")) {
			ok = r.URL.Query().Has("of") // else the link was never right
			v.HasChanged, v.quote = ok, nil
		} else {
			v.quote = &span
		}
		if !ok {
			s.fault(w, r, lang, http.StatusBadRequest, lang.Say("链接中的引文位置不对：应为 quote=起-止，不超出文章。",
				"The link's quote is not a place in the article: it should be quote=START-END."))
			return
		}
	}
	v.twins = s.twins(ctx, a)
	s.page(w, r, http.StatusOK, "article", v)
}

// read gives the article of an id as it stands in an address.
func (s server) read(ctx context.Context, id string) (*rag.Article, error) {
	n, err := rag.ParseID(id)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", rag.ErrNoArticle, err)
	}
	return s.Articles.Article(ctx, n)
}

// twins are other articles with the same text. One that cannot be read is left out: the page stands without it.
func (s server) twins(ctx context.Context, a *rag.Article) (twins []*rag.Article) {
	for _, id := range a.SameAs[:min(len(a.SameAs), maxTwins)] {
		if twin, err := s.Articles.Article(ctx, id); err == nil {
			twins = append(twins, twin)
		}
	}
	return twins
}

// holds says whether an article has a span, and at it the words that a link was made for, if it says which.
func holds(a *rag.Article, s rag.Span, of string) bool {
	text := []rune(a.Text)
	return s.End <= len(text) && (of == "" || of == bot.Fingerprint(string(text[s.Start:s.End])))
}

// parseQuote reads START-END.
func parseQuote(text string) (rag.Span, bool) {
	from, to, _ := strings.Cut(text, "-")
	start, errStart := strconv.ParseUint(from, 10, 31)
	end, errEnd := strconv.ParseUint(to, 10, 31)
	span := rag.Span{Start: int(start), End: int(end)}
	return span, errStart == nil && errEnd == nil && span.Start < span.End
}

// lang is the language that the browser likes best of ours, or the configured one.
func (s server) lang(r *http.Request) bot.Lang {
	wanted, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return s.Lang
	}
	for _, tag := range wanted {
		switch base, _ := tag.Base(); base.String() {
		case "zh":
			return bot.Chinese
		case "en":
			return bot.English
		}
	}
	return s.Lang
}

func (s server) fault(w http.ResponseWriter, r *http.Request, lang bot.Lang, status int, message string) {
	s.page(w, r, status, "fault", faultView{head{lang}, message})
}

// page writes a page as a whole, or none of it.
func (s server) page(w http.ResponseWriter, r *http.Request, status int, name string, view any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, view); err != nil {
		s.Log.ErrorContext(r.Context(), "http: make a page", "page", name, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader may be gone
}

// head is what all pages share.
type head struct{ lang bot.Lang }

func (h head) Say(zh, en string) string { return h.lang.Say(zh, en) }

func (h head) Lang() string { return h.lang.Say("zh", "en") }

func (h head) Style() template.CSS { return template.CSS(style) } //nolint:gosec // it is a file of this package

// faultView is a page that says what is wrong.
type faultView struct {
	head
	Message string
}

// articleView is an article as the page shows it.
type articleView struct {
	head
	*rag.Article
	quote      *rag.Span // nil: none
	HasChanged bool      // the quote that the link is of does not stand there any more
	twins      []*rag.Article
}

// Name is what the page is called.
func (v articleView) Name() string { return bot.OneLine(v.DisplayTitle()) }

// TextLang is the language of the text where its characters tell, so that they are drawn as in China.
func (v articleView) TextLang() string {
	if strings.ContainsFunc(v.Text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return "zh"
	}
	return ""
}

// By says who wrote the article, and where and when it was published.
func (v articleView) By() []string {
	authors := strings.Join(v.Authors, v.Say("、", ", "))
	if v.Affiliation != "" {
		authors += v.Say("（"+v.Affiliation+"）", " ("+v.Affiliation+")")
	}
	var by []string
	for _, said := range []string{authors, v.Publication, v.Date, v.Section} {
		if said != "" {
			by = append(by, bot.OneLine(said))
		}
	}
	return by
}

// Place is the file with the article's lines.
func (v articleView) Place() string { return placeOf(v.Article) }

func placeOf(a *rag.Article) string {
	var lines []string
	for _, r := range a.Ranges() {
		lines = append(lines, linesOf(r.Start, r.End))
	}
	return bot.OneLine(a.File) + ":" + strings.Join(lines, ",")
}

func linesOf(start, end int) string {
	if start == end {
		return strconv.Itoa(start)
	}
	return fmt.Sprintf("%d-%d", start, end)
}

// QuotePlace is the quote's lines, and its page; "" where there is no quote.
func (v articleView) QuotePlace() string {
	if v.quote == nil {
		return ""
	}
	at := v.Places.Locate(*v.quote)
	place := fmt.Sprintf(v.Say("第 %s 行", "line %s"), linesOf(at.StartLine, at.EndLine))
	if at.Page != nil {
		place = fmt.Sprintf(v.Say("第 %d 页，", "page %d, "), *at.Page) + place
	}
	return place
}

// paragraph is one line of the text, in pieces of which the quote's are marked.
type paragraph []piece

type piece struct {
	Text    string
	Marked  bool
	Anchors bool // the quote begins here
}

// Headline is the title as the text has it; none where the text does not begin with it.
func (v articleView) Headline() []paragraph { return v.paragraphs()[:v.headlines()] }

// Body is the rest of the text.
func (v articleView) Body() []paragraph { return v.paragraphs()[v.headlines():] }

// headlines is how many of the first lines are the title: it may stand on several.
func (v articleView) headlines() int {
	title, said := squeeze(v.Title), ""
	n := 0
	for line := range strings.SplitSeq(v.Text, "\n") {
		n++
		said += squeeze(line)
		if title == "" || !strings.HasPrefix(title, said) {
			return 0
		}
		if said == title {
			return n
		}
	}
	return 0
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func (v articleView) paragraphs() []paragraph {
	var all []paragraph
	at, isAnchored := 0, false
	for line := range strings.SplitSeq(v.Text, "\n") {
		runes := []rune(line)
		from, to := len(runes), len(runes)
		if v.quote != nil {
			from, to = within(v.quote.Start-at, runes), within(v.quote.End-at, runes)
		}
		var p paragraph
		for _, part := range []piece{{Text: string(runes[:from])}, {Text: string(runes[from:to]), Marked: true}, {Text: string(runes[to:])}} {
			if part.Text == "" {
				continue
			}
			part.Anchors = part.Marked && !isAnchored
			isAnchored = isAnchored || part.Anchors
			p = append(p, part)
		}
		all = append(all, p)
		at += len(runes) + 1
	}
	return all
}

func within(n int, runes []rune) int { return min(max(n, 0), len(runes)) }

// twinView is another article with the same text.
type twinView struct{ ID, Name, Place string }

// Twins are where else the text stands.
func (v articleView) Twins() []twinView {
	out := make([]twinView, len(v.twins))
	for i, t := range v.twins {
		out[i] = twinView{rag.FormatID(t.ID), bot.OneLine(t.DisplayTitle()), placeOf(t)}
	}
	return out
}
