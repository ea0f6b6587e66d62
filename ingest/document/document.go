// Package document reads files of many kinds as lines of text: plain text in the encodings that Chinese
// and English texts come in, HTML, PDF, DOCX and EPUB.
package document

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Document is a file as text.
type Document struct {
	Text     string // UTF-8: what the file says; every Line is a slice of it
	Lines    []Line
	Meta     Meta   // what the format itself says of it
	Pages    int    // 0 where the format has none, or the file does not say
	Unread   []int  // pages, 1-based, that show something but hold no text: images of text
	Encoding string // of the file's characters, such as UTF-8 or GB18030; "" for PDF, DOCX and EPUB

	source source
}

// Line is one line of the text, without its line break.
type Line struct {
	Number int // 1-based: the line of the file for text and HTML, the line of Text for PDF, DOCX and EPUB
	Page   int // 1-based; 0 where there are no pages
	Byte   int // where Text begins in Document.Text
	Text   string
	Level  int   // 1 to 6 where the format marks a heading, else 0
	Break  Break // what the format knows of the beginning of this line
}

// Break is what a format knows of the beginning of a line.
type Break uint8

// Kinds of beginnings.
const (
	Unknown   Break = iota // wrapping has to be guessed
	Begins                 // a paragraph, a row, a list item or a heading begins
	Continues              // the paragraph of the line before goes on
	Cell                   // the table row of the line before goes on with a cell: a blank parts the two
)

// Meta is what a format says of its text. Date is YYYY-MM-DD, YYYY-MM, YYYY or "".
type Meta struct {
	Title, Publication, Date string
	Authors                  []string
}

// Reasons why a file is not read.
var (
	ErrKind      = errors.New("this kind of file is not read; read are " + strings.Join(Extensions, " "))
	ErrBinary    = errors.New("this is not a text: it holds bytes that no text has")
	ErrEncoding  = errors.New("the encoding of the text is not known or broken: save it as UTF-8")
	ErrTooLarge  = errors.New("the file is too large: split it")
	ErrScanned   = errors.New("the pages are images without text: run OCR on the file, e.g. ocrmypdf")
	ErrEncrypted = errors.New("the file is encrypted: save it without password or copy protection")
	ErrBroken    = errors.New("the file is broken or not of the kind its name says")
	ErrBomb      = errors.New("the file unpacks to far more than it holds: it is not taken")
)

// Extensions are the kinds of file that are read.
var Extensions = []string{".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".pdf", ".docx", ".epub"}

const (
	maxBytes = 1 << 30 // of a file: places in it are kept in 32 bits
	maxLines = 8 << 20 // of a file: the list of lines takes some 60 bytes each
)

// Format is how a file of a name is read, told by its extension: "text", "html", "xhtml", "pdf", "docx", "epub"; "" is not.
func Format(name string) string { return formats[strings.ToLower(filepath.Ext(name))] }

var formats = map[string]string{
	".txt": "text", ".text": "text", ".md": "text", ".markdown": "text", ".html": "html", ".htm": "html", ".xhtml": "xhtml",
	".pdf": "pdf", ".docx": "docx", ".epub": "epub",
}

// Read reads a file. The name only gives the format by its extension. Errors are the reasons above, wrapped
// with what was being done, or the context's.
func Read(ctx context.Context, name string, raw []byte) (*Document, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	read := map[string]func(context.Context, []byte) (*Document, error){
		"text": readText, "html": readHTML, "xhtml": readXHTML, "pdf": readPDF, "docx": readDOCX, "epub": readEPUB,
	}[Format(name)]
	if read == nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(name), ErrKind)
	}
	if len(raw) > maxBytes {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(name), ErrTooLarge)
	}
	d, err := read(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(name), err)
	}
	return d, nil
}

// source leads from Document.Text to the file: through the pieces that an HTML reader cut out of the
// decoded file, if there are any, and through the encoding, unless it is UTF-8.
type source struct {
	inFile bool
	pieces []piece
	coded  *coded
}

// RawByte leads from a byte of Text to the byte of the file where that rune stands. A character reference
// of HTML stands where its & does; a blank or line break that stands for tags, at the first of them. It is
// false for PDF, DOCX and EPUB, whose text is not in the file as such, and outside the text.
func (d *Document) RawByte(at int) (int, bool) {
	if !d.source.inFile || at < 0 || at >= len(d.Text) {
		return 0, false
	}
	for at > 0 && !utf8.RuneStart(d.Text[at]) {
		at--
	}
	if d.source.pieces != nil {
		at = sourceOf(d.source.pieces, at)
	}
	if d.source.coded != nil {
		at = d.source.coded.rawByte(at)
	}
	return at, true
}

// numbered makes the lines of a format whose text is not in the file: Text is the lines with a line break
// after each but the last, and a line's number counts them.
func numbered(lines []Line) (string, []Line) {
	var text strings.Builder
	size := len(lines)
	for i := range lines {
		size += len(lines[i].Text)
	}
	text.Grow(size)
	for i := range lines {
		if i > 0 {
			text.WriteByte('\n')
		}
		lines[i].Number, lines[i].Byte = i+1, text.Len()
		text.WriteString(lines[i].Text)
	}
	whole := text.String()
	for i := range lines {
		l := &lines[i]
		l.Text = whole[l.Byte : l.Byte+len(l.Text)]
	}
	return whole, lines
}
