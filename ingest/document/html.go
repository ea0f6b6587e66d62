package document

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	tokens "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func readHTML(ctx context.Context, raw []byte) (*Document, error) { return readPage(ctx, raw, false) }

func readXHTML(ctx context.Context, raw []byte) (*Document, error) { return readPage(ctx, raw, true) }

// readPage reads a web page: its readable text, without menus and the like.
func readPage(ctx context.Context, raw []byte, xhtml bool) (*Document, error) {
	text, name, c, err := decode(raw, charsetLabel(raw))
	if err != nil {
		return nil, err
	}
	r := newHTMLReader(text, true)
	r.xhtml = xhtml
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	d := &Document{Meta: r.meta.result(), Encoding: name, source: source{inFile: true, coded: c}}
	d.Text, d.Lines, d.source.pieces = r.w.finish(r.furniture(len(r.w.lines)))
	return d, nil
}

// charsetLabel is the encoding that a page names at its beginning, or "".
func charsetLabel(raw []byte) string {
	const head = 4096
	m := charsetMark.FindSubmatch(raw[:min(len(raw), head)])
	if m == nil {
		return ""
	}
	return string(m[1]) + string(m[2])
}

var charsetMark = regexp.MustCompile(`(?i)<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]+)|<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w:.-]+)`)

// htmlReader reads HTML from the tokenizer's tokens, whose places it counts. It keeps a stack of open
// elements and repairs the common omissions of end tags; it is linear in the size of the page and does not
// recur.
type htmlReader struct {
	src   string
	xhtml bool // <p/> is an element without content
	z     *tokens.Tokenizer
	w     *weaver
	meta  pageMeta

	stack   []element
	nearest map[atom.Atom]int32 // index of the innermost open element of the name, and -1
	block   int32               // index of the innermost open block, and -1
	hidden  int                 // open elements whose text is not read
	unread  int                 // of them, those that never are text
	pre     int                 // open elements that keep white space
	links   int                 // open links
	mains   int                 // open elements that hold the page's own text
	size    sizes               // of the text so far
	leaving []leaving
	pageOf  map[string]int // EPUB: the page that begins at the element of an id
	book    bool           // EPUB: page marks are read, and nothing is left out
}

// sizes counts characters without white space, those within links, and links.
type sizes struct{ text, linked, links int }

// element is an open element. The zero value hides nothing and is inline.
type element struct {
	tag         atom.Atom
	outer       int32 // index of the next outer element of the same name, and -1
	block       int32 // index of the next outer block, and -1
	isBlock     bool
	hides       bool
	isLink      bool
	isMain      bool
	keepsSpace  bool
	level       int       // of headings, to be restored
	furniture   furniture // what its name, role or class says
	from        int       // first line in it
	sizesBefore sizes
}

func newHTMLReader(src string, cut bool) *htmlReader {
	return &htmlReader{
		src: src, w: newWeaver(src, cut), z: tokens.NewTokenizer(strings.NewReader(src)),
		nearest: map[atom.Atom]int32{}, block: -1,
	}
}

// tokensPerCheck is how often the context is asked and the lines are counted.
const tokensPerCheck = 4096

func (r *htmlReader) read(ctx context.Context) error {
	at := len(r.src) - len(strings.TrimPrefix(r.src, byteOrderMark))
	if at > 0 {
		r.z = tokens.NewTokenizer(strings.NewReader(r.src[at:]))
	}
	for n := 1; ; n++ {
		kind := r.z.Next()
		end := at + len(r.z.Raw())
		switch kind {
		case tokens.ErrorToken:
			if err := r.z.Err(); !errors.Is(err, io.EOF) {
				return fmt.Errorf("read its tags: %w (%w)", ErrBroken, err)
			}
			r.closeTo(0, false)
			return nil
		case tokens.TextToken:
			r.text(at, end)
		case tokens.StartTagToken, tokens.SelfClosingTagToken:
			r.start(kind == tokens.SelfClosingTagToken)
		case tokens.EndTagToken:
			name, _ := r.z.TagName()
			r.endTag(atom.Lookup(name))
		case tokens.CommentToken, tokens.DoctypeToken:
		}
		at = end
		if n%tokensPerCheck == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if len(r.w.lines) > maxLines {
				return fmt.Errorf("%w: it has more than %d lines", ErrTooLarge, maxLines)
			}
		}
	}
}

// text reads the bytes of src from from to to.
func (r *htmlReader) text(from, to int) {
	if r.hidden > 0 {
		r.hiddenText(from, to)
		return
	}
	for at := from; at < to; {
		switch c := r.src[at]; {
		case c == '&':
			at += r.reference(at, to)
		case c < 0x20:
			r.control(rune(c), at)
			at++
		case c == ' ' && r.pre == 0:
			r.w.space(at)
			at++
		default:
			end := at + 1
			for end < to && r.src[end] != '&' && r.src[end] >= 0x20 && (r.src[end] != ' ' || r.pre > 0) {
				end++
			}
			r.put(r.src[at:end], at, end-at)
			at = end
		}
	}
}

// hiddenText is the text of an element that is not read; a title is kept for the metadata.
func (r *htmlReader) hiddenText(from, to int) {
	if r.hidden == 1 && r.stack[len(r.stack)-1].tag == atom.Title {
		r.meta.title(html.UnescapeString(r.src[from:to]))
	}
}

// control reads a control character: white space, or nothing.
func (r *htmlReader) control(c rune, at int) {
	switch {
	case r.pre > 0 && byte(c) == r.w.end: //nolint:gosec // a control character is one byte
		r.w.endPre()
	case r.pre > 0 && c == '\t':
		r.put("\t", at, 1)
	case c == '\t' || c == '\n' || c == '\f' || c == '\r':
		r.w.space(at)
	}
}

func (r *htmlReader) put(text string, at, size int) {
	r.w.put(text, at, size)
	n := utf8.RuneCountInString(text)
	r.size.text += n
	if r.links > 0 {
		r.size.linked += n
	}
}

// maxReference is longer than the name of any character reference.
const maxReference = 40

// reference reads a character reference, or the & that begins none, and says how many bytes it takes.
func (r *htmlReader) reference(at, to int) int {
	end := at + 1
	if end < to && r.src[end] == '#' {
		for end++; end < to && isAlphanumeric(r.src[end]); end++ {
			continue
		}
	} else {
		for end < min(to, at+maxReference) && isAlphanumeric(r.src[end]) {
			end++
		}
	}
	if end < to && r.src[end] == ';' {
		end++
	}
	name := r.src[at:end]
	text := html.UnescapeString(name)
	if text == name {
		r.put("&", at, 1)
		return 1
	}
	size := end - at
	first, n := utf8.DecodeRuneInString(text)
	if rest := text[n:]; rest != "" && strings.HasSuffix(name, rest) {
		text, size = text[:n], size-len(rest) // a name without semicolon, and what follows it
	}
	switch {
	case first < 0x20:
		r.control(first, at)
		return size
	case first == ' ' && r.pre == 0:
		r.w.space(at)
		return size
	}
	for _, c := range text {
		r.put(string(c), at, size)
	}
	return size
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// start reads a start tag. One that closes itself does so in XHTML and in drawings; HTML knows nothing of it.
func (r *htmlReader) start(closesItself bool) {
	name, more := r.z.TagName()
	tag := atom.Lookup(name)
	a := r.attributes(more)
	empty := closesItself && (r.xhtml || tag == atom.Svg || tag == atom.Math || r.innermost(atom.Svg) >= 0)
	if empty || tag == atom.Plaintext {
		r.z.NextIsNotRawText()
	}
	if r.book && r.turnPage(a) || a.isNoteMark() {
		a.hidden = true
	}
	switch kind := tags[tag]; {
	case tag == 0:
		return
	case tag == atom.Br:
		if r.hidden == 0 {
			r.w.breakLine()
		}
		return
	case tag == atom.Meta:
		r.meta.tag(a)
		return
	case kind == void:
		if tag == atom.Hr {
			r.w.part(true)
		}
		return
	default:
		r.closeImplied(tag, kind)
		r.open(tag, kind, a)
	}
	if empty {
		r.closeTo(len(r.stack)-1, true)
	}
}

// closeImplied closes the elements that a start tag ends without their end tags; from within a select or
// the like, none around it.
func (r *htmlReader) closeImplied(tag atom.Atom, kind kind) {
	if !kind.isBlock() {
		if i := r.innermost(atom.A); tag == atom.A && i > r.block {
			r.closeTo(int(i), false)
		}
		return
	}
	for r.unread == 0 && r.block >= 0 && closes(tag, r.stack[r.block].tag) {
		r.closeTo(int(r.block), false)
	}
}

// closes says whether the start tag of a block ends the innermost open block.
func closes(tag, open atom.Atom) bool {
	return open == atom.P || slices.Contains(closedBy[open], tag)
}

// closedBy are the start tags that end an open block, beside P, which every block ends.
var closedBy = map[atom.Atom][]atom.Atom{
	atom.Li: {atom.Li},
	atom.Dt: {atom.Dt, atom.Dd}, atom.Dd: {atom.Dt, atom.Dd},
	atom.Td: {atom.Td, atom.Th, atom.Tr, atom.Tbody, atom.Thead, atom.Tfoot}, atom.Th: {atom.Td, atom.Th, atom.Tr, atom.Tbody, atom.Thead, atom.Tfoot},
	atom.Tr:    {atom.Tr, atom.Tbody, atom.Thead, atom.Tfoot},
	atom.Tbody: {atom.Tbody, atom.Thead, atom.Tfoot}, atom.Thead: {atom.Tbody, atom.Thead, atom.Tfoot}, atom.Tfoot: {atom.Tbody, atom.Thead, atom.Tfoot},
}

func (r *htmlReader) innermost(tag atom.Atom) int32 {
	if i, ok := r.nearest[tag]; ok {
		return i
	}
	return -1
}

func (r *htmlReader) open(tag atom.Atom, kind kind, a attributes) {
	e := element{
		tag: tag, outer: r.innermost(tag), block: r.block, isBlock: kind.isBlock(), level: r.w.level,
		hides: kind == unread || a.hidden && tag != atom.Body && tag != atom.Html, isLink: tag == atom.A && a.href,
		isMain: tag == atom.Article || tag == atom.Main, keepsSpace: tag == atom.Pre || tag == atom.Listing || tag == atom.Xmp,
	}
	if e.isBlock {
		e.furniture = r.furnitureOf(tag, kind, a)
		r.boundary(tag, e.furniture != none)
	}
	if (tag == atom.Td || tag == atom.Th) && r.hidden == 0 {
		r.w.beginCell()
	}
	e.from, e.sizesBefore = len(r.w.lines), r.size
	if e.isLink {
		r.size.links++
	}
	r.count(e, 1)
	if level := headingLevels[tag]; level > 0 {
		r.w.level = level
	}
	index := int32(len(r.stack)) //nolint:gosec // fewer than bytes of the page
	r.stack = append(r.stack, e)
	r.nearest[tag] = index
	if e.isBlock {
		r.block = index
	}
}

// boundary parts the text at the beginning or end of a block.
func (r *htmlReader) boundary(tag atom.Atom, hard bool) {
	if r.hidden > 0 {
		return
	}
	if tag == atom.Tr {
		r.w.beginRow()
		return
	}
	r.w.part(hard || tag == atom.Table || tag == atom.Caption)
}

// count keeps the numbers of open elements of the kinds that matter.
func (r *htmlReader) count(e element, n int) {
	for _, c := range []struct {
		is    bool
		count *int
	}{{e.hides, &r.hidden}, {tags[e.tag] == unread, &r.unread}, {e.isLink, &r.links}, {e.isMain, &r.mains}, {e.keepsSpace, &r.pre}} {
		if c.is {
			*c.count += n
		}
	}
}

// endTag closes the innermost element of the name. One that is not open is passed over, and so is one of text
// that is shown inline, if it began outside the innermost block.
func (r *htmlReader) endTag(tag atom.Atom) {
	i := r.innermost(tag)
	if tag == 0 || i < 0 || !r.stack[i].isBlock && !r.stack[i].hides && i < r.block {
		return
	}
	r.closeTo(int(i), true)
}

// closeTo closes all elements from index i inwards; closed says that the outermost has its end tag.
func (r *htmlReader) closeTo(i int, closed bool) {
	for n := len(r.stack) - 1; n >= i; n-- {
		e := r.stack[n]
		r.stack = r.stack[:n]
		r.nearest[e.tag] = e.outer
		r.count(e, -1)
		r.w.level = e.level
		if e.isBlock {
			r.block = e.block
			r.boundary(e.tag, r.leave(e, closed && n == i))
		}
	}
}

// headingLevels are the levels of headings; of other elements 0.
var headingLevels = map[atom.Atom]int{atom.H1: 1, atom.H2: 2, atom.H3: 3, atom.H4: 4, atom.H5: 5, atom.H6: 6}
