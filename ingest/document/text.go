package document

import (
	"context"
	"fmt"
	"strings"
)

const byteOrderMark = "\uFEFF"

// readText reads plain text and Markdown, whose lines are verbatim.
func readText(_ context.Context, raw []byte) (*Document, error) {
	text, name, c, err := decode(raw, "")
	if err != nil {
		return nil, err
	}
	lines, err := linesOf(text)
	if err != nil {
		return nil, err
	}
	return &Document{Text: text, Lines: lines, Encoding: name, source: source{inFile: true, coded: c}}, nil
}

// lineEnd is the byte that ends the lines of a text: LF, or CR in a text without any LF.
func lineEnd(text string) byte {
	if strings.IndexByte(text, '\n') < 0 && strings.IndexByte(text, '\r') >= 0 {
		return '\r'
	}
	return '\n'
}

// linesOf cuts a text into lines as editors count them, at LF, CRLF, or CR where there is no LF. A byte
// order mark is no part of the first line. A CR inside a line parts it in two of the same number.
func linesOf(text string) ([]Line, error) {
	end := lineEnd(text)
	count := strings.Count(text, string(end)) + 1
	if end == '\n' {
		count += strings.Count(text, "\r") - strings.Count(text, "\r\n")
	}
	if count > maxLines {
		return nil, fmt.Errorf("%w: it has more than %d lines", ErrTooLarge, maxLines)
	}
	lines := make([]Line, 0, count)
	at, number := len(text)-len(strings.TrimPrefix(text, byteOrderMark)), 0
	carriage := end == '\n' && strings.IndexByte(text, '\r') >= 0
	for at < len(text) {
		size := strings.IndexByte(text[at:], end)
		if size < 0 {
			size = len(text) - at
		}
		content := text[at : at+size]
		number++
		if carriage {
			content = strings.TrimRight(content, "\r")
			for cr := strings.IndexByte(content, '\r'); cr >= 0; cr = strings.IndexByte(content, '\r') {
				lines = append(lines, Line{Number: number, Byte: at, Text: content[:cr]})
				at, size, content = at+cr+1, size-cr-1, content[cr+1:]
			}
		}
		lines = append(lines, Line{Number: number, Byte: at, Text: content})
		at += size + 1
	}
	return lines, nil
}
