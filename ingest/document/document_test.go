package document

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// mustRead reads a file and checks what holds for every document.
func mustRead(tb testing.TB, name string, raw []byte) *Document {
	tb.Helper()
	d, err := Read(tb.Context(), name, raw)
	if err != nil {
		tb.Fatal(err)
	}
	checkLaws(tb, d, raw)
	return d
}

func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// checkLaws checks that lines are slices of the text without line breaks, in order, and that every rune of
// them leads to itself in the file.
func checkLaws(tb testing.TB, d *Document, raw []byte) {
	tb.Helper()
	if !utf8.ValidString(d.Text) {
		tb.Error("the text is not UTF-8")
	}
	end, number := 0, 1
	for i, l := range d.Lines {
		switch {
		case l.Byte < end || l.Byte+len(l.Text) > len(d.Text) || d.Text[l.Byte:l.Byte+len(l.Text)] != l.Text:
			tb.Fatalf("line %d: byte %d does not begin %q", i, l.Byte, l.Text)
		case strings.ContainsAny(l.Text, "\r\n"):
			tb.Errorf("line %d has a line break in it: %q", i, l.Text)
		case l.Number < number:
			tb.Errorf("line %d has the number %d after %d", i, l.Number, number)
		case l.Level < 0 || l.Level > 6 || l.Page < 0 || d.Pages > 0 && l.Page > d.Pages:
			tb.Errorf("line %d has level %d and page %d of %d", i, l.Level, l.Page, d.Pages)
		}
		end, number = l.Byte+len(l.Text), l.Number
	}
	checkPlaces(tb, d, raw)
}

func checkPlaces(tb testing.TB, d *Document, raw []byte) {
	tb.Helper()
	if _, ok := d.RawByte(len(d.Text)); ok {
		tb.Error("there is a place behind the text")
	}
	before := 0
	for at, r := range d.Text {
		place, ok := d.RawByte(at)
		switch {
		case ok != d.source.inFile:
			tb.Fatalf("byte %d: has a place: %t", at, ok)
		case !ok:
			return
		case place < before || place > len(raw):
			tb.Fatalf("byte %d leads to %d after %d", at, place, before)
		}
		marks := d.Encoding == big5.name && unicode.Is(unicode.Mn, r) // the second rune of a character
		if got := runeAt(d, raw, place); got != r && got != '&' && !unicode.IsSpace(r) && !marks {
			tb.Fatalf("byte %d is %q, byte %d of the file %q", at, r, place, got)
		}
		before = place
	}
}

// runeAt is the rune at a byte of the file.
func runeAt(d *Document, raw []byte, at int) rune {
	text := raw[at:min(len(raw), at+utf8.UTFMax)]
	if d.source.coded != nil {
		decoded := make([]byte, 4*utf8.UTFMax)
		n, _, _ := d.source.coded.codec.NewDecoder().Transform(decoded, text, true)
		text = decoded[:n]
	}
	r, _ := utf8.DecodeRune(text)
	return r
}

// texts are the texts of lines, without blank ones.
func texts(d *Document) []string {
	var out []string
	for _, l := range d.Lines {
		if l.Text != "" {
			out = append(out, l.Text)
		}
	}
	return out
}

func find(tb testing.TB, d *Document, text string) Line {
	tb.Helper()
	i := slices.IndexFunc(d.Lines, func(l Line) bool { return strings.Contains(l.Text, text) })
	if i < 0 {
		tb.Fatalf("%q is in no line of %q", text, d.Text)
	}
	return d.Lines[i]
}

func TestKindIsTakenFromTheNameOnly(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a.doc", "a", "a.txt.gz"} {
		if _, err := Read(t.Context(), name, []byte("x")); !errors.Is(err, ErrKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, extension := range Extensions {
		if _, err := Read(t.Context(), "A"+strings.ToUpper(extension), []byte("x")); errors.Is(err, ErrKind) {
			t.Errorf("%s: %v", extension, err)
		}
	}
}

func TestAnEndedContextReadsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, extension := range Extensions {
		if _, err := Read(ctx, "a"+extension, []byte("x")); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", extension, err)
		}
	}
}
