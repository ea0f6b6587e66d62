package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/sys"
)

// joined is the text of a document without line breaks.
func joined(d *Document) string { return strings.ReplaceAll(d.Text, "\n", "") }

func TestPrintedPagesAreReadWithTheirNumbers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		pages int
		on    map[string]int // line to page
		whole []string       // sentences over several lines
	}{
		"chromium.pdf": {3, map[string]int{
			"老桥": 1, "江上的桥有三座，最老的一座建于一九五七年，至今还在": 1, "新桥": 2, "长江日夜东流，马车早已不见，龙门吊立在两岸。": 2, "The third bridge": 3,
		}, []string{
			"造桥的人多半已经不在了，桥头的石碑上还留着他们的名字。", "左栏讲的是桥墩。桥墩立在江心，水深十二米，工人们用了两个冬天才把它们浇好。", "右栏讲的是桥面。桥面用钢板拼成，一共三百二十块，每一块都有编号。",
		}},
		"libreoffice.pdf": {4, map[string]int{
			"江上的桥有三座，最老的一座建于一九五七年，": 1, "1石碑立于一九五八年。": 1, "老桥 1957 2": 2, "了玻璃的。": 3, "The third bridge": 4,
		}, []string{"守桥的老人每天记下水位，记了三十一年，本子装满了两个木箱。", "三十年以后，当年的孩子带着自己的孩子回来，桥还在，码头已经改成了公园，窗上的纸船换成了玻璃的。"}},
	} {
		d := mustRead(t, name, fixture(t, name))
		if d.Pages != tc.pages || d.Unread != nil || !strings.HasPrefix(d.Meta.Title, "三座桥") {
			t.Errorf("%s: %d pages, unread %v, %q", name, d.Pages, d.Unread, d.Meta.Title)
		}
		for text, page := range tc.on {
			i := slices.IndexFunc(d.Lines, func(l Line) bool { return l.Text == text })
			if i < 0 || d.Lines[i].Page != page || d.Lines[i].Number != i+1 {
				t.Errorf("%s: line %d is not %q on page %d", name, i, text, page)
			}
		}
		for _, text := range tc.whole {
			if !strings.Contains(joined(d), text) {
				t.Errorf("%s: %q is not in %q", name, text, d.Text)
			}
		}
	}
}

func TestWordsOfAPrintedPageAreWrittenPlainly(t *testing.T) {
	t.Parallel()
	d := mustRead(t, "a.pdf", fixture(t, "chromium.pdf"))
	for _, text := range []string{"officially", "Efficient traffic flow", "well-to-do"} {
		if !strings.Contains(d.Text, text) {
			t.Errorf("%q is not in %q", text, d.Text)
		}
	}
	if d := mustRead(t, "a.pdf", pdfOf("BT /F 12 Tf 50 700 Td (Its infra-) Tj 0 -14 Td (structure stands.) Tj ET", 0)); d.Text != "Its infra-\nstructure stands." {
		t.Errorf("a hyphen at the end of a line: %q", d.Text)
	}
	if got := plainForms("⻓江⽇夜⻢⾞ ﬁne ﬄ 豈"); got != "长江日夜马車 fine ffl 豈" {
		t.Errorf("%q", got)
	}
}

func TestBlocksOfAPrintedPageArePartedByABlankLine(t *testing.T) {
	t.Parallel()
	d := mustRead(t, "a.pdf", fixture(t, "chromium.pdf"))
	lines := strings.Split(d.Text, "\n")
	for _, first := range []string{"每天清晨", "左栏", "右栏"} { // the last begins a column
		i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, first) })
		if i < 1 || lines[i-1] != "" || lines[i+1] == "" {
			t.Errorf("%s is line %d of %q", first, i, lines)
		}
	}
}

func TestPageImagesAreReported(t *testing.T) {
	t.Parallel()
	if _, err := Read(t.Context(), "a.pdf", fixture(t, "scanned.pdf")); !errors.Is(err, ErrScanned) {
		t.Error(err)
	}
	d := mustRead(t, "a.pdf", fixture(t, "mixed.pdf"))
	if !slices.Equal(d.Unread, []int{2}) || d.Pages != 2 || find(t, d, "The third bridge was opened").Page != 1 {
		t.Errorf("unread %v of %d", d.Unread, d.Pages)
	}
}

func TestPDFsThatCannotBeReadAreRefused(t *testing.T) {
	t.Parallel()
	good := fixture(t, "libreoffice.pdf")
	for name, tc := range map[string]struct {
		raw  []byte
		want error
	}{
		"a password":     {fixture(t, "encrypted.pdf"), ErrEncrypted},
		"no PDF":         {[]byte("<html>"), ErrBroken},
		"a header only":  {[]byte("%PDF-1.7\n"), ErrBroken},
		"the first half": {good[:len(good)/2], ErrBroken},
	} {
		if _, err := Read(t.Context(), "a.pdf", tc.raw); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// pdfOf makes a PDF of a page with a content stream, and more pages without any.
func pdfOf(content string, morePages int) []byte {
	var out bytes.Buffer
	var at []int
	object := func(format string, values ...any) {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n", len(at))
		fmt.Fprintf(&out, format, values...)
		out.WriteString("\nendobj\n")
	}
	out.WriteString("%PDF-1.4\n")
	object("<</Type/Catalog/Pages 2 0 R>>")
	object("<</Type/Pages/Kids[%s]/Count %d>>", "4 0 R "+strings.Repeat("5 0 R ", morePages), 1+morePages)
	object("<</Length %d>>stream\n%s\nendstream", len(content), content)
	object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 3 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>")
	object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>")
	from := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, byteAt := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", byteAt)
	}
	fmt.Fprintf(&out, "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF", len(at)+1, from)
	return out.Bytes()
}

func TestLimitsOfAPDFHold(t *testing.T) {
	t.Parallel()
	if d := mustRead(t, "a.pdf", pdfOf("BT /F 12 Tf 50 700 Td (A bridge.) Tj ET", 2)); d.Text != "A bridge." || d.Pages != 3 || d.Unread != nil {
		t.Errorf("%q, %d pages, unread %v", d.Text, d.Pages, d.Unread) // blank pages show nothing
	}
	line := "BT /F 1 Tf 5 %d Td (" + strings.Repeat("bridge ", 100) + ") Tj ET\n"
	var much strings.Builder
	for i := range maxPageChars/700 + 2 {
		fmt.Fprintf(&much, line, 2*i)
	}
	for name, raw := range map[string][]byte{"pages": pdfOf("", maxPages), "characters": pdfOf(much.String(), 0)} {
		if _, err := Read(t.Context(), "a.pdf", raw); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A page of a million characters keeps PDFium busy for seconds: the context must end it in the middle.
func TestTheContextEndsAPDFThatTakesLong(t *testing.T) {
	t.Parallel()
	small := pdfOf("BT /F 12 Tf 50 700 Td (A bridge.) Tj ET", 0)
	mustRead(t, "a.pdf", small) // starting takes long the first time
	long := pdfOf("BT /F 12 Tf "+strings.Repeat("1 0 0 1 3 4 Tm (bridge) Tj ", 200_000)+"ET", 0)
	var stopped *sys.ExitError
	for limit := 100 * time.Millisecond; stopped == nil; limit *= 2 { // until it is longer than the start takes
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		_, err := Read(ctx, "a.pdf", long)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v after %v", err, limit)
		}
		stopped, _ = errors.AsType[*sys.ExitError](err)
	}
	mustRead(t, "a.pdf", small) // and the next one is read
}

func FuzzPDF(f *testing.F) {
	small := pdfOf("BT /F 12 Tf 50 700 Td (A bridge.) Tj 0 -40 Td (Two.) Tj ET", 1)
	mustRead(f, "a.pdf", small) // compiling PDFium takes longer than an input may
	f.Add(small)
	f.Add(fixture(f, "scanned.pdf"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if d, err := Read(ctx, "a.pdf", raw); err == nil {
			checkLaws(t, d, raw)
		}
	})
}

// A page has some 170 characters; each file starts an instance of PDFium.
func BenchmarkPDF(b *testing.B) {
	raw := fixture(b, "libreoffice.pdf")
	pages := mustRead(b, "a.pdf", raw).Pages
	for b.Loop() {
		if _, err := Read(b.Context(), "a.pdf", raw); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(pages*b.N)/b.Elapsed().Seconds(), "pages/s")
}
