package document

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// codec is an encoding under its name. It must be without state: reading may begin at any character.
type codec struct {
	name string
	encoding.Encoding
}

var (
	gb18030 = codec{"GB18030", simplifiedchinese.GB18030}
	big5    = codec{"Big5", traditionalchinese.Big5}
	utf16LE = codec{"UTF-16LE", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)}
	utf16BE = codec{"UTF-16BE", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)}
)

// decode reads raw as text. Label is the encoding that the file itself names, or "". A byte order mark
// counts first, then whether raw is UTF-8, then the label, then how plausible the text is in each of the
// encodings above. coded is nil for UTF-8, where the text is raw as it is, byte order mark included.
func decode(raw []byte, label string) (text, name string, c *coded, err error) {
	hasNUL := bytes.IndexByte(raw, 0) >= 0
	marked := func(mark string) bool { return bytes.HasPrefix(raw, []byte(mark)) }
	var found codec
	from := 0
	switch {
	case marked("\xFF\xFE\x00\x00") || marked("\x00\x00\xFE\xFF"):
		return "", "", nil, fmt.Errorf("UTF-32: %w", ErrEncoding)
	case marked("\xFF\xFE"):
		found, from = utf16LE, 2
	case marked("\xFE\xFF"):
		found, from = utf16BE, 2
	case !hasNUL && utf8.Valid(raw):
		text = string(raw)
		if controls(text) {
			return "", "", nil, ErrBinary
		}
		return text, "UTF-8", nil, nil
	default:
		found, err = detect(raw, hasNUL, label)
	}
	if err != nil {
		return "", "", nil, err
	}
	text, anchors, err := decodeAll(raw, from, found)
	if err != nil {
		return "", "", nil, err
	}
	if strings.IndexByte(text, 0) >= 0 || controls(text) {
		return "", "", nil, ErrBinary
	}
	return text, found.name, &coded{raw: raw, codec: found, anchors: anchors}, nil
}

// detect finds the encoding of a file that is not UTF-8.
func detect(raw []byte, hasNUL bool, label string) (codec, error) {
	line, stray := strayByte(raw)
	switch {
	case hasNUL:
		if c, ok := mostPlausible(raw, utf16LE, utf16BE); ok {
			return c, nil
		}
		return codec{}, ErrBinary
	case stray:
		return codec{}, fmt.Errorf("line %d holds bytes that are not UTF-8: %w", line, ErrEncoding)
	}
	if c, ok := labelled(label); ok {
		return c, nil
	}
	if c, ok := mostPlausible(raw, gb18030, big5, utf16LE, utf16BE); ok {
		return c, nil
	}
	if controls(string(raw)) {
		return codec{}, ErrBinary
	}
	return codec{}, fmt.Errorf("line %d holds bytes that are not UTF-8: %w", line, ErrEncoding)
}

// labelled is the encoding that a file names. UTF-8 and UTF-16 would have been found without it; encodings
// with state are not taken.
func labelled(label string) (codec, bool) {
	e, name := charset.Lookup(label)
	switch name {
	case "", "utf-8", "utf-16le", "utf-16be", "iso-2022-jp", "hz-gb-2312", "replacement", "x-user-defined":
		return codec{}, false
	case "gbk", "gb18030":
		return gb18030, true
	}
	return codec{name, e}, true
}

// strayByte finds the first line that is not UTF-8, and says whether the rest of the text is: at least twice as many
// characters of several bytes as bytes that belong to none. In a text of another encoding it is the reverse.
func strayByte(raw []byte) (line int, stray bool) {
	good, bad, first := 0, 0, 0
	for at := 0; at < len(raw); {
		if raw[at] < utf8.RuneSelf {
			at++
			continue
		}
		r, size := utf8.DecodeRune(raw[at:])
		if r == utf8.RuneError && size == 1 {
			if bad == 0 {
				first = at
			}
			bad++
		} else {
			good++
		}
		at += size
	}
	return bytes.Count(raw[:first], []byte{'\n'}) + 1, bad > 0 && good >= 2*bad
}

// sampleBytes is how much of a file its encoding is judged by.
const sampleBytes = 64 << 10

// mostPlausible decodes the beginning of raw in each encoding and takes the one that gives the best text.
func mostPlausible(raw []byte, codecs ...codec) (codec, bool) {
	best, bestScore := codec{}, leastPlausible
	for _, c := range codecs {
		wide := c == utf16LE || c == utf16BE
		if wide && len(raw)%2 != 0 {
			continue
		}
		buf := make([]byte, 2*sampleBytes)
		n, _, err := c.NewDecoder().Transform(buf, raw[:min(len(raw), sampleBytes)], len(raw) <= sampleBytes)
		if err != nil && !errors.Is(err, transform.ErrShortSrc) {
			continue
		}
		if score := plausibility(string(buf[:n]), wide); score > bestScore {
			best, bestScore = c, score
		}
	}
	return best, best.Encoding != nil
}

// controls says whether more than one byte in fifty at the beginning of a text is a control character that
// texts do not use.
func controls(text string) bool {
	text = text[:min(len(text), sampleBytes)]
	n := 0
	for i := range len(text) {
		if c := text[i]; c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' {
			n++
		}
	}
	return n*50 > len(text)
}

// coded leads from the decoded text back to the file.
type coded struct {
	raw     []byte
	codec   codec
	anchors []anchor // in rising order, the first at text 0
}

// anchor is a byte of the text and the byte of the file where it stands.
type anchor struct{ text, raw uint32 }

// anchorBytes is how many bytes of text lie between two anchors at most: what rawByte has to decode.
const anchorBytes = 512

// rawByte is where the rune at a byte of the text stands: it decodes from the anchor before it until the
// text is as long.
func (c *coded) rawByte(at int) int {
	i := sort.Search(len(c.anchors), func(i int) bool { return int(c.anchors[i].text) > at }) - 1
	from := c.anchors[i]
	var buf [anchorBytes + utf8.UTFMax]byte
	_, n, _ := c.codec.NewDecoder().Transform(buf[:at-int(from.text)], c.raw[from.raw:], true)
	return int(from.raw) + n
}

var replacement = []byte(string(utf8.RuneError))

// decodeAll decodes raw from a byte on. A byte that is not of the encoding is an error; a file may well
// hold a replacement character of its own.
func decodeAll(raw []byte, from int, c codec) (string, []anchor, error) {
	var text strings.Builder
	text.Grow(len(raw) + len(raw)/2)
	anchors := make([]anchor, 0, len(raw)/anchorBytes*3/2+1)
	decoder := c.NewDecoder()
	buf := make([]byte, anchorBytes)
	for at := from; at < len(raw) || len(anchors) == 0; {
		n, size, err := decoder.Transform(buf, raw[at:], true)
		if err != nil && !errors.Is(err, transform.ErrShortDst) || size == 0 && at < len(raw) {
			return "", nil, fmt.Errorf("%s: %w", c.name, ErrEncoding)
		}
		if bad := bytes.Index(buf[:n], replacement); bad >= 0 && !writesReplacement(c, raw[at:at+size], buf[:n]) {
			line := strings.Count(text.String(), "\n") + bytes.Count(buf[:bad], []byte{'\n'}) + 1
			return "", nil, fmt.Errorf("line %d holds bytes that are not %s: %w", line, c.name, ErrEncoding)
		}
		anchors = append(anchors, anchor{text: uint32(text.Len()), raw: uint32(at)}) //nolint:gosec // raw is at most maxBytes, its text below 4 GB
		text.Write(buf[:n])
		at += size
	}
	return text.String(), slices.Clip(anchors), nil
}

// writesReplacement says whether a piece holds the replacement characters that its text has, and no bytes
// in place of which they were put.
func writesReplacement(c codec, raw, text []byte) bool {
	again, err := c.NewEncoder().Bytes(text)
	return err == nil && bytes.Equal(again, raw)
}
