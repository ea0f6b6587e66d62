package telegramtest

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// The sizes that Telegram sets.
const (
	MaxText     = 4096 // UTF-16 units of a message's text after parsing
	MaxCaption  = 1024 // UTF-16 units of a caption after parsing
	MaxEntities = 100  // of a text; those behind are dropped without a word
)

// Entity is a marked part of a text, in the form of the Bot API.
type Entity struct {
	Type     string `json:"type"`   // bold, blockquote, expandable_blockquote, text_link, ...
	Offset   int    `json:"offset"` // in UTF-16 units
	Length   int    `json:"length"` // in UTF-16 units
	URL      string `json:"url,omitempty"`
	Language string `json:"language,omitempty"`
	User     *User  `json:"user,omitempty"` // of a text_mention
}

// Text is a text as people see it.
type Text struct {
	Text     string
	Entities []Entity // by offset, the outer before the inner
	Dropped  int      // entities beyond MaxEntities: what they marked shows as plain text
}

// Part is what the entity marks.
func (t Text) Part(e Entity) string {
	units := utf16.Encode([]rune(t.Text))
	return string(utf16.Decode(units[e.Offset : e.Offset+e.Length]))
}

// Units is the length of a text as Telegram counts it, in UTF-16 units.
func Units(text string) (n int) {
	for _, r := range text {
		n += unitsOf(r)
	}
	return n
}

func unitsOf(r rune) int { return max(1, utf16.RuneLen(r)) }

// ParseMessage reads a text as sendMessage does, with parse_mode HTML or "", and refuses what that refuses. The error's
// text is the description that the server answers with.
func ParseMessage(text, mode string) (Text, error) {
	t, refused := parseText(text, mode, "message text is empty")
	if refused == nil && Units(t.Text) > MaxText {
		refused = bad("message is too long")
	}
	if refused != nil {
		return Text{}, errors.New(refused.description)
	}
	return t, nil
}

// parseText reads a text in a parse mode; empty is what is said of one that is missing.
func parseText(text, mode, empty string) (Text, *refusal) {
	switch {
	case text == "":
		return Text{}, bad("%s", empty)
	case !utf8.ValidString(text):
		return Text{}, bad("strings must be encoded in UTF-8")
	}
	var t Text
	switch strings.ToLower(mode) {
	case "":
		var b builder
		for _, r := range text {
			b.add(r)
		}
		t.Text = b.text.String()
	case "html":
		var err error
		if t, err = parseHTML(text); err != nil {
			return Text{}, bad("can't parse entities: %v", err)
		}
	case "markdown", "markdownv2":
		return Text{}, bad("telegramtest does not read parse_mode %s", mode)
	default:
		return Text{}, bad("unsupported parse_mode")
	}
	t = t.finish()
	if t.Text == "" {
		return Text{}, bad("text must be non-empty")
	}
	return t, nil
}

// builder collects the text and counts it.
type builder struct {
	text  strings.Builder
	units int
}

// add adds a character as Telegram cleans it: controls become spaces, line and direction controls and three
// combining marks are dropped.
func (b *builder) add(r rune) {
	switch {
	case r == '\r', r >= 0x2028 && r <= 0x202e, r == 0x030a, r == 0x0333, r == 0x033f:
		return
	case r < 0x20 && r != '\n':
		r = ' '
	}
	b.text.WriteRune(r)
	b.units += unitsOf(r)
}

// open is a tag that waits for its end.
type open struct {
	tag    string
	value  string // of its one attribute that counts
	offset int    // in units
	begin  int    // in bytes of the text
}

// kinds are the entities that tags make.
var kinds = map[string]string{
	"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
	"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "span": "spoiler", "tg-spoiler": "spoiler",
	"a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote", "tg-emoji": "custom_emoji",
}

// parser reads Telegram's HTML: every < begins a tag, and only a few tags exist.
type parser struct {
	in    string
	at    int
	out   builder
	stack []open
	found []Entity
}

func parseHTML(in string) (Text, error) {
	p := &parser{in: in}
	for p.at < len(in) {
		if err := p.step(); err != nil {
			return Text{}, err
		}
	}
	if n := len(p.stack); n > 0 {
		return Text{}, fault("Can't find end tag corresponding to start tag %q", p.stack[n-1].tag)
	}
	return Text{Text: p.out.text.String(), Entities: p.found}, nil
}

// fault is an error in Telegram's words, which begin with a capital.
func fault(format string, args ...any) error { return fmt.Errorf(format, args...) }

func (p *parser) step() error {
	switch {
	case p.in[p.at] == '&':
		if r, n := decode(p.in[p.at:]); n > 0 {
			if !utf8.ValidRune(r) {
				return fault("Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units")
			}
			p.out.add(r)
			p.at += n
			return nil
		}
	case strings.HasPrefix(p.in[p.at:], "</"):
		return p.end()
	case p.in[p.at] == '<':
		return p.start()
	}
	r, n := utf8.DecodeRuneInString(p.in[p.at:])
	p.out.add(r)
	p.at += n
	return nil
}

// decode reads a character reference and says how many bytes it has, 0 where it is none: it stays as it is then.
func decode(s string) (r rune, n int) {
	if strings.HasPrefix(s, "&#") {
		return decodeNumber(s)
	}
	n = 1
	for n < len(s) && isLetter(s[n]) {
		n++
	}
	r, isKnown := map[string]rune{"lt": '<', "gt": '>', "amp": '&', "quot": '"'}[s[1:n]]
	if !isKnown {
		return 0, 0
	}
	return r, n + semicolon(s[n:])
}

func decodeNumber(s string) (r rune, n int) {
	base, n := 10, 2
	if strings.HasPrefix(s[n:], "x") {
		base, n = 16, 3
	}
	begin := n
	for n < len(s) && isDigit(s[n], base) {
		n++
	}
	value, err := strconv.ParseUint(s[begin:n], base, 32)
	if err != nil || value == 0 || value >= unicode.MaxRune || n >= 10 {
		return 0, 0
	}
	return rune(value), n + semicolon(s[n:])
}

func semicolon(s string) int {
	if strings.HasPrefix(s, ";") {
		return 1
	}
	return 0
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte, base int) bool {
	return c >= '0' && c <= '9' || base == 16 && c|0x20 >= 'a' && c|0x20 <= 'f'
}

func isSpace(c byte) bool { return strings.IndexByte(" \t\r\n\x00\x0b", c) >= 0 }

// until goes on to the first byte that stop takes.
func (p *parser) until(stop func(byte) bool) string {
	begin := p.at
	for p.at < len(p.in) && !stop(p.in[p.at]) {
		p.at++
	}
	return p.in[begin:p.at]
}

func (p *parser) spaces() { p.until(func(c byte) bool { return !isSpace(c) }) }

func (p *parser) isAt(c byte) bool { return p.at < len(p.in) && p.in[p.at] == c }

func (p *parser) start() error {
	begin := p.at
	p.at++
	tag := strings.ToLower(p.until(func(c byte) bool { return isSpace(c) || c == '>' }))
	if p.at == len(p.in) {
		return fault("Unclosed start tag at byte offset %d", begin)
	}
	if kinds[tag] == "" {
		return fault("Unsupported start tag %q at byte offset %d", tag, begin)
	}
	opened := open{tag: tag, offset: p.out.units, begin: p.out.text.Len()}
	for {
		p.spaces()
		if p.isAt('>') {
			break
		}
		name, value, err := p.attribute(tag, begin)
		if err != nil {
			return err
		}
		opened.set(name, value)
	}
	p.at++
	if tag == "span" && opened.value != "tg-spoiler" {
		return fault("Tag \"span\" must have class \"tg-spoiler\" at byte offset %d", begin)
	}
	p.stack = append(p.stack, opened)
	return nil
}

func (p *parser) attribute(tag string, begin int) (name, value string, err error) {
	unclosed := fault("Unclosed start tag %q at byte offset %d", tag, begin)
	name = p.until(func(c byte) bool { return isSpace(c) || c == '=' || c == '>' })
	if p.at == len(p.in) {
		return "", "", unclosed
	}
	if name == "" {
		return "", "", fault("Empty attribute name in the tag %q at byte offset %d", tag, begin)
	}
	if tag == "blockquote" && name == "expandable" && !p.isAt('=') {
		return name, "1", nil
	}
	p.spaces()
	if !p.isAt('=') {
		return "", "", fault("Expected equal sign in declaration of an attribute of the tag %q at byte offset %d", tag, begin)
	}
	p.at++
	p.spaces()
	if p.at == len(p.in) {
		return "", "", unclosed
	}
	if value, err = p.value(); err == nil && p.at == len(p.in) {
		err = unclosed
	}
	return name, value, err
}

func (p *parser) value() (string, error) {
	if mark := p.in[p.at]; mark == '"' || mark == '\'' {
		p.at++
		var b strings.Builder
		for p.at < len(p.in) && p.in[p.at] != mark {
			if r, n := decode(p.in[p.at:]); n > 0 && p.in[p.at] == '&' {
				b.WriteRune(r)
				p.at += n
				continue
			}
			b.WriteByte(p.in[p.at])
			p.at++
		}
		p.at = min(p.at+1, len(p.in))
		return b.String(), nil
	}
	begin := p.at
	value := strings.ToLower(p.until(func(c byte) bool { return !isLetter(c) && !isDigit(c, 10) && c != '.' && c != '-' }))
	if p.at < len(p.in) && !isSpace(p.in[p.at]) && p.in[p.at] != '>' {
		return "", fault("Unexpected end of name token at byte offset %d", begin)
	}
	return value, nil
}

// set keeps the attribute that counts for the tag.
func (o *open) set(name, value string) {
	switch o.tag + " " + name {
	case "a href", "span class", "tg-emoji emoji-id", "blockquote expandable":
		o.value = value
	case "code class":
		o.value = strings.TrimPrefix(value, "language-")
		if o.value == value {
			o.value = ""
		}
	}
}

func (p *parser) end() error {
	begin := p.at
	n := len(p.stack)
	if n == 0 {
		return fault("Unexpected end tag at byte offset %d", begin)
	}
	p.at += 2
	tag := strings.ToLower(p.until(func(c byte) bool { return isSpace(c) || c == '>' }))
	p.spaces()
	if !p.isAt('>') {
		return fault("Unclosed end tag at byte offset %d", begin)
	}
	p.at++
	top := p.stack[n-1]
	if tag != "" && tag != top.tag {
		return fault(`Unmatched end tag at byte offset %d, expected "</%s>", found "</%s>"`, begin, top.tag, tag)
	}
	p.stack = p.stack[:n-1]
	p.close(top)
	return nil
}

// close makes the entity of a tag that has ended.
func (p *parser) close(o open) {
	e := Entity{Type: kinds[o.tag], Offset: o.offset, Length: p.out.units - o.offset}
	if e.Length == 0 {
		return
	}
	switch o.tag {
	case "a":
		e.URL = o.value
		if e.URL == "" {
			e.URL = p.out.text.String()[o.begin:]
		}
		if e.URL = checkedLink(e.URL); e.URL == "" {
			return
		}
	case "blockquote":
		if o.value != "" {
			e.Type = "expandable_blockquote"
		}
	case "code":
		e.Language = o.value
	case "pre":
		if n := len(p.found); n > 0 && p.found[n-1].Type == "code" && p.found[n-1].Offset == e.Offset && p.found[n-1].Length == e.Length {
			e.Language = p.found[n-1].Language
			p.found = p.found[:n-1]
		}
	}
	p.found = append(p.found, e)
}

// checkedLink is the address of a link as Telegram takes it, "" for one that it drops.
func checkedLink(link string) string {
	link = strings.TrimSpace(link)
	if link == "" {
		return ""
	}
	if !strings.Contains(link, "://") && !strings.HasPrefix(link, "tg:") {
		link = "http://" + link
	}
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "tg", "ton", "tonsite":
		return link
	case "http", "https":
		if _, err := netip.ParseAddr(u.Hostname()); err == nil || strings.Contains(strings.Trim(u.Hostname(), "."), ".") {
			return link
		}
	}
	return ""
}

// finish trims the text, drops entities that Telegram does not nest, and those beyond the most.
func (t Text) finish() Text {
	whole := t.Text
	t.Text = strings.TrimLeftFunc(whole, unicode.IsSpace)
	first := Units(whole) - Units(t.Text)
	t.Text = strings.TrimRightFunc(t.Text, unicode.IsSpace)
	last := first + Units(t.Text)
	var kept []Entity
	slices.SortStableFunc(t.Entities, func(a, b Entity) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Length, a.Length), rank(a)-rank(b))
	})
	for _, e := range t.Entities {
		begin, end := max(e.Offset, first), min(e.Offset+e.Length, last)
		if begin >= end {
			continue
		}
		e.Offset, e.Length = begin-first, end-begin
		if !e.isInside(kept) {
			kept = append(kept, e)
		}
	}
	if t.Dropped = max(0, len(kept)-MaxEntities); t.Dropped > 0 {
		kept = kept[:MaxEntities]
	}
	t.Entities = kept
	return t
}

// rank puts a quotation outside of what marks the same text.
func rank(e Entity) int {
	if strings.HasSuffix(e.Type, "blockquote") {
		return 0
	}
	return 1
}

// isInside says that the entity stands within one that does not take it: nothing stands in code, no quotation in
// another, and nothing in its own kind.
func (e Entity) isInside(others []Entity) bool {
	return slices.ContainsFunc(others, func(o Entity) bool {
		return e.Offset < o.Offset+o.Length &&
			(o.Type == "code" || o.Type == "pre" || o.Type == e.Type || rank(o) == 0 && rank(e) == 0)
	})
}
