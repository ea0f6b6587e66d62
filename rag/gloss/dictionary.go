// Package gloss renders the words of an English question in Chinese, out of CC-CEDICT, for a search in Chinese texts.
package gloss

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// The most a dictionary may have; CC-CEDICT has 10 MB in 122,000 entries, the longest of 1,100 bytes.
const (
	maxBytes     = 64 << 20 // unpacked
	maxLineBytes = 64 << 10
)

// Dictionary is an index of a Chinese-English dictionary by English words. Any number of goroutines may use it.
type Dictionary struct {
	index
	surnames map[string]bool // in small letters
	simple   map[rune]rune   // from traditional
	entries  int
}

// FormatError says which line of a file is no entry of a dictionary like CC-CEDICT.
type FormatError struct {
	Path    string
	Line    int // from 1
	Problem string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("dictionary %s, line %d: %s; want lines such as 橋樑 桥梁 [qiao2 liang2] /bridge/; choose another file, or leave DICTIONARY_FILE empty", e.Path, e.Line, e.Problem)
}

// Open reads a dictionary in the format of CC-CEDICT, UTF-8 text, in gzip or not, of 64 MB at most. Lines are
// entries, empty, or comments after #. Errors: *FormatError, and those of reading the file.
func Open(path string) (*Dictionary, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open dictionary: %w", err)
	}
	defer f.Close()
	text := unpacked(f)
	defer text.Close()
	b := newBuilder()
	if err := b.readAll(text); err != nil {
		if format, ok := errors.AsType[*FormatError](err); ok {
			format.Path = path
			return nil, format
		}
		return nil, fmt.Errorf("read dictionary %s: %w", path, err)
	}
	return b.dictionary(), nil
}

// Entries is how many entries the dictionary has.
func (d *Dictionary) Entries() int { return d.entries }

// unpacked reads through gzip where the file is in it, ahead of whoever reads from it.
func unpacked(f io.Reader) *io.PipeReader {
	out, in := io.Pipe()
	go func() { in.CloseWithError(unpack(in, f)) }()
	return out
}

func unpack(to io.Writer, f io.Reader) error {
	from := bufio.NewReader(f)
	if magic, _ := from.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		_, err := from.WriteTo(to)
		return err
	}
	text, err := gzip.NewReader(from)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, text) //nolint:gosec // readAll stops reading at maxBytes
	return err
}

func (b *builder) readAll(text io.Reader) error {
	limited := &io.LimitedReader{R: text, N: maxBytes}
	lines := bufio.NewScanner(limited)
	lines.Buffer(make([]byte, maxLineBytes), maxLineBytes)
	n := 1
	for ; lines.Scan(); n++ {
		if problem := b.line(lines.Text()); problem != "" {
			return &FormatError{Line: n, Problem: problem}
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return &FormatError{Line: n, Problem: fmt.Sprintf("is longer than %d KB", maxLineBytes>>10)}
	case err != nil:
		return err
	case limited.N == 0:
		return &FormatError{Line: n, Problem: fmt.Sprintf("the text is longer than %d MB", maxBytes>>20)}
	case b.entries == 0:
		return &FormatError{Line: n, Problem: "the file ends without an entry"}
	}
	return nil
}

// entry is one line of the dictionary.
type entry struct {
	traditional, simplified string
	reading                 string // pinyin syllables with tones, parted by spaces
	glosses                 string // parted by / and ;
}

// line takes one line, or says what is wrong with it.
func (b *builder) line(line string) (problem string) {
	line = strings.TrimRight(strings.TrimPrefix(line, "\ufeff"), " \t\r")
	if line == "" || line[0] == '#' {
		return ""
	}
	if !utf8.ValidString(line) {
		return "is not UTF-8"
	}
	e, ok := parseEntry(line)
	if !ok {
		return "is no entry"
	}
	b.add(e)
	return ""
}

func parseEntry(line string) (e entry, ok bool) {
	head, rest, found := strings.Cut(line, " [")
	e.traditional, e.simplified, ok = strings.Cut(head, " ")
	if !found || !ok || e.traditional == "" || e.simplified == "" || strings.Contains(e.simplified, " ") {
		return e, false
	}
	e.reading, rest, ok = strings.Cut(rest, "] /")
	if !ok {
		return e, false
	}
	e.glosses, ok = strings.CutSuffix(rest, "/")
	return e, ok && e.glosses != ""
}
