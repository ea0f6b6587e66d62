// Package telegram is the front end in Telegram chats.
package telegram

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"yinju/bot"
	"yinju/rag"
)

// What Telegram takes in one message.
const (
	maxUnits    = 4096 // UTF-16 units of the text, without tags
	maxEntities = 100  // marked parts; the marks of those behind are lost
)

// Message is a text that Telegram takes as one message.
type Message struct {
	HTML  string // for parse_mode HTML
	Plain string // the same without marks and links, for where the HTML is refused; within the limits, too
	Cited []int  // numbers of the citations whose quotes end in it, in order
}

// Format makes messages.
type Format struct {
	Lang    bot.Lang
	BaseURL string // under which the reading pages are seen from outside, such as https://example.org; "": no links
	Open    bool   // quotes are shown whole at once, not folded
}

// Answer is an answer as one or more messages, in order: what it says, then every quote with its article, file and
// lines. Nothing of the text or of a quote is left out but white space at a cut, and what [clean] takes.
func (f Format) Answer(a rag.Answer) []Message {
	entries := make([]entry, len(a.Citations))
	for i, c := range a.Citations {
		entries[i] = entry{n: c.N, quote: c.Quote.Text(), article: c.Quote.Article(), location: c.Quote.Location(), also: c.Quote.Also()}
	}
	text := ""
	if a.Written != nil && a.Written.Used {
		text = a.Text
		if a.Written.LeftOut > 0 {
			text += "\n\n" + fmt.Sprintf(f.Lang.Say("（另有 %d 句在原文中没有依据，已删去。）", "(%d more sentences had nothing in the quotes to bear them out, and were left out.)"), a.Written.LeftOut)
		}
	}
	return f.messages(f.opening(a), text, entries)
}

// part is a run of text with one mark, or none.
type part struct {
	text   string
	begin  string // tag
	end    string // tag
	quoted int    // the number of the citation whose quote it is; 0: of none
}

func plain(text string) part { return part{text: text} }

func tagged(tag, text string) part {
	return part{text: text, begin: "<" + tag + ">", end: "</" + tag + ">"}
}

func linked(text, to string) part {
	return part{text: text, begin: `<a href="` + html.EscapeString(clean(to)) + `">`, end: "</a>"}
}

// entry is a citation.
type entry struct {
	n        int // 0: none of several, without a number
	quote    string
	article  *rag.Article
	location rag.Location
	also     []rag.Copy
}

// messages lays out lines of an opening, the text that a model wrote, and the citations.
func (f Format) messages(opening []part, text string, entries []entry) []Message {
	c := composer{lang: f.Lang}
	first := opening
	if text = strings.TrimSpace(clean(text)); text != "" {
		if len(first) > 0 {
			first = append(first, plain("\n\n"))
		}
		first = append(first, plain(text))
	}
	if len(first) > 0 {
		c.add(first)
	}
	for _, e := range entries {
		c.add(f.citation(e))
	}
	c.flush()
	return c.messages
}

// opening is how the question was understood, what the answer says of itself, and where it looked.
func (f Format) opening(a rag.Answer) []part {
	var lines []part
	line := func(p part) {
		if p.text == "" {
			return
		}
		if len(lines) > 0 {
			lines = append(lines, plain("\n"))
		}
		lines = append(lines, p)
	}
	if a.Resolved != "" {
		line(tagged("i", f.Lang.Say("理解为：", "Taken as: ")+short(a.Resolved, rag.MaxQuestion)))
	}
	line(tagged("b", f.status(a)))
	for _, looked := range bot.Looked(a.Scope, len(a.Citations), f.Lang) {
		line(tagged("i", short(sentence(looked), maxField)))
	}
	if a.Status == rag.NotFound {
		line(plain(f.Lang.Say("可以换个说法再问，或用 /search 看相近的段落。", "You may put it otherwise, or see what is near with /search.")))
	}
	return lines
}

// status is what an answer says of itself; where it answers, whose words it is in.
func (f Format) status(a rag.Answer) string {
	standing := bot.Standing(a, f.Lang)
	switch {
	case standing != "" || a.Status != rag.Answered:
		return standing
	case a.Written != nil && a.Written.Used:
		return f.Lang.Say("模型据所附原文写成：", "Written by a model from the quotes below:")
	}
	return f.Lang.Say("原文说：", "In the words of the corpus:")
}

// citation is a numbered quote, and under it where it stands. The place is marked as code: a name such as notes.md
// would else become a link to a site of that name.
func (f Format) citation(e entry) []part {
	var block []part
	if e.n > 0 {
		block = append(block, tagged("b", mark(e.n)), plain("\n"))
	}
	if quote := strings.TrimSpace(clean(e.quote)); quote != "" {
		tag := "<blockquote expandable>"
		if f.Open {
			tag = "<blockquote>"
		}
		block = append(block, part{text: quote, begin: tag, end: "</blockquote>", quoted: e.n}, plain("\n"))
	}
	if name := articleName(e.article); name != "" {
		block = append(block, plain(name+" · "))
	}
	block = append(block, tagged("code", place(e.article.File, e.location)))
	if link := f.link(e.article.ID, e.location, e.quote); link != "" {
		block = append(block, plain(" · "), linked(f.Lang.Say("打开原文", "open"), link))
	}
	if also := f.also(e.also); also != "" {
		block = append(block, plain("\n"+also))
	}
	return block
}

func mark(n int) string { return "[" + strconv.Itoa(n) + "]" }

// link opens the reading page at a quote.
func (f Format) link(article int64, l rag.Location, quote string) string {
	if f.BaseURL == "" {
		return ""
	}
	return bot.ReadingURL(f.BaseURL, article, l, quote)
}

// also says where else a quote stands.
func (f Format) also(copies []rag.Copy) string {
	if len(copies) == 0 {
		return ""
	}
	places := make([]string, len(copies))
	for i, c := range copies {
		places[i] = place(c.Article.File, c.Location)
	}
	return f.Lang.Say("另见 "+strings.Join(places, "、"), "Also in "+strings.Join(places, ", "))
}

// maxField is how many UTF-16 units are shown of what an article says of itself: more would leave no room for its quote.
const maxField = 200

// articleName is 《title》 authors · publication · date, as far as the source gives them.
func articleName(a *rag.Article) string {
	title := short(a.Title, maxField)
	if title != "" {
		title = "《" + title + "》"
	}
	return strings.TrimSpace(title + " " + known(a, maxField))
}

// known is what is known of an article beside its title, each of it cut at so many UTF-16 units.
func known(a *rag.Article, most int) string {
	return bot.Imprint(a, func(field string) string { return short(field, most) })
}

// place is file:line. Of a long path its end is shown.
func place(file string, l rag.Location) string {
	name := oneLine(file)
	if over := unitsOf(name) - maxField; over > 0 {
		name = "…" + name[len(prefix(name, over)):]
	}
	return bot.Place(name, l)
}

// short is a text on one line, cut at so many UTF-16 units.
func short(text string, most int) string {
	text = oneLine(text)
	if unitsOf(text) <= most {
		return text
	}
	return prefix(text, most) + "…"
}

func oneLine(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }

// clean takes out what Telegram drops itself, or what could show a text in another order: controls and the marks of
// direction. Ends of lines of all kinds become \n, tabs spaces.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\r', r == '\v', r == '\f', r == '\u0085', r == '\u2028', r == '\u2029':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\uFEFF',
			r == 0x030A, r == 0x0333, r == 0x033F: // combining marks that Telegram drops
			return -1
		}
		return r
	}, text)
}

// composer fills messages with blocks of parts.
type composer struct {
	lang     bot.Lang
	messages []Message

	html, plain strings.Builder
	units       int
	entities    int
	cited       []int
}

// leastRoom is how much room, in units, a message must have left for a long text to begin in it.
const leastRoom = 400

// add puts a block behind what is there: whole where one message can hold it, else cut.
func (c *composer) add(block []part) {
	units, entities := sizeOf(block)
	const gap = 2
	if c.units > 0 && (c.units+gap+units > maxUnits || c.entities+entities > maxEntities) {
		isCut := units > maxUnits && c.units+2*leastRoom < maxUnits && c.entities+entities <= maxEntities
		if !isCut {
			c.flush()
		}
	}
	if c.units > 0 {
		c.put(plain("\n\n"))
	}
	for _, p := range block {
		c.addPart(p)
	}
}

func sizeOf(block []part) (units, entities int) {
	for _, p := range block {
		units += unitsOf(p.text)
		if p.begin != "" {
			entities++
		}
	}
	return units, entities
}

// addPart puts one part, in as many messages as it takes.
func (c *composer) addPart(p part) {
	for {
		room := maxUnits - c.units
		if unitsOf(p.text) <= room && (p.begin == "" || c.entities < maxEntities) {
			c.put(p)
			if p.quoted > 0 {
				c.cited = append(c.cited, p.quoted)
			}
			return
		}
		if room >= leastRoom && c.entities < maxEntities {
			head, rest := cut(p.text, room)
			begun := p
			begun.text, p.text = strings.TrimRightFunc(head, unicode.IsSpace), strings.TrimLeftFunc(rest, unicode.IsSpace)
			c.put(begun)
		}
		c.flush()
		if p.quoted > 0 {
			c.put(tagged("b", mark(p.quoted)+c.lang.Say("（续）", " (continued)")))
			c.put(plain("\n"))
		}
	}
}

func (c *composer) put(p part) {
	if p.text == "" {
		return
	}
	c.html.WriteString(p.begin + escaping.Replace(p.text) + p.end)
	c.plain.WriteString(p.text)
	c.units += unitsOf(p.text)
	if p.begin != "" {
		c.entities++
	}
}

// escaping are the only four names of characters that Telegram knows.
var escaping = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// flush ends the message. One with nothing to see in it is none.
func (c *composer) flush() {
	if text := strings.TrimSpace(c.plain.String()); text != "" {
		c.messages = append(c.messages, Message{HTML: strings.TrimSpace(c.html.String()), Plain: text, Cited: c.cited})
	}
	c.html.Reset()
	c.plain.Reset()
	c.units, c.entities, c.cited = 0, 0, nil
}

// unitsOf is the length of a text as Telegram counts it.
func unitsOf(text string) (n int) {
	for _, r := range text {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// cut parts a text after at most so many units: at the end of a paragraph or sentence, else of a clause, else of a word, else
// anywhere that parts no character and no [1].
func cut(text string, units int) (head, rest string) {
	most := prefix(text, units)
	for _, last := range []func(string, string) int{lastSentence, lastClause, lastSpace} {
		if at := last(text, most); at*4 >= len(most) {
			return text[:at], text[at:]
		}
	}
	at := len(most)
	if open := strings.LastIndexByte(most, '['); open > 0 && strings.Trim(most[open+1:], "0123456789") == "" {
		at = open
	}
	for back := at; back > at-maxCluster && back > 0; {
		if r, _ := utf8.DecodeRuneInString(text[back:]); !joins(r) && !strings.HasSuffix(text[:back], zwj) {
			return text[:back], text[back:]
		}
		_, n := utf8.DecodeLastRuneInString(text[:back])
		back -= n
	}
	return text[:at], text[at:]
}

const (
	zwj        = "\u200D"
	maxCluster = 100 // bytes that are looked through for the begin of a character with all its marks
)

// joins says that a rune belongs to the one before it.
func joins(r rune) bool {
	return unicode.In(r, unicode.M, unicode.Variation_Selector) || string(r) == zwj || r >= 0x1F3FB && r <= 0x1F3FF
}

// prefix is as much of a text as so many units hold.
func prefix(text string, units int) string {
	for i, r := range text {
		if units -= max(1, utf16.RuneLen(r)); units < 0 {
			return text[:i]
		}
	}
	return text
}

// lastSentence is where in most, a prefix of text, the last whole sentence ends.
func lastSentence(text, most string) (at int) {
	runes := []rune(text)
	most = strings.TrimRightFunc(most, unicode.IsSpace)
	end := 0
	for _, s := range rag.Sentences(runes) {
		end += len(string(runes[s.Start:s.End]))
		if len(strings.TrimRightFunc(text[:end], unicode.IsSpace)) > len(most) {
			return at
		}
		at = end
	}
	return at
}

func lastClause(_, most string) int {
	return after(most, strings.LastIndexAny(most, "，、；：,;:"))
}

func lastSpace(_, most string) int { return after(most, strings.LastIndexFunc(most, unicode.IsSpace)) }

func after(text string, at int) int {
	if at < 0 {
		return -1
	}
	_, n := utf8.DecodeRuneInString(text[at:])
	return at + n
}
