package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/klippa-app/go-pdfium"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/text/unicode/norm"
)

const (
	maxPages     = 5000
	maxPageChars = 200_000   // of one page: each takes some 150 bytes for a while
	maxTextBytes = 256 << 20 // of a file

	headerBytes = 1024     // within which a PDF says that it is one
	wasmPages   = 16 << 10 // of 64 KB: what PDFium may take, the file included
)

// pdfRuntime lets one file be read at a time, and keeps the compiled module for the next: compiling takes
// seconds, starting an instance a tenth of one.
var pdfRuntime = struct {
	turn  chan struct{}
	cache wazero.CompilationCache
}{turn: make(chan struct{}, 1), cache: wazero.NewCompilationCache()}

// readPDF reads a PDF with PDFium in a WebAssembly sandbox that sees neither files nor network. Each file has an
// instance of its own, which ends with the context: no file can hold the program up or take it down.
func readPDF(ctx context.Context, raw []byte) (d *Document, err error) {
	if !bytes.Contains(raw[:min(len(raw), headerBytes)], []byte("%PDF-")) {
		return nil, fmt.Errorf("it does not begin as a PDF: %w", ErrBroken)
	}
	select {
	case pdfRuntime.turn <- struct{}{}:
		defer func() { <-pdfRuntime.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() {
		if p := recover(); p != nil {
			d, err = nil, fmt.Errorf("PDFium: %v: %w", p, ErrBroken)
		}
		if err != nil && ctx.Err() != nil { // whatever broke off then broke off because of it
			d, err = nil, fmt.Errorf("%w (%w)", ctx.Err(), err)
		}
	}()
	pool, err := webassembly.Init(webassembly.Config{
		Context: ctx, MaxTotal: 1, FSConfig: wazero.NewFSConfig(), Stdout: io.Discard, Stderr: io.Discard,
		RuntimeConfig: wazero.NewRuntimeConfig().
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
			WithCompilationCache(pdfRuntime.cache).WithCloseOnContextDone(true).WithMemoryLimitPages(wasmPages),
	})
	if err != nil {
		return nil, fmt.Errorf("start PDFium: %w", err)
	}
	defer func() { _ = pool.Close() }()
	instance, err := pool.GetInstanceWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("start PDFium: %w", err)
	}
	opened, err := instance.OpenDocument(&requests.OpenDocument{File: &raw})
	switch {
	case errors.Is(err, pdferrors.ErrPassword), errors.Is(err, pdferrors.ErrSecurity):
		return nil, ErrEncrypted
	case err != nil:
		return nil, fmt.Errorf("open the PDF: %w (%w)", ErrBroken, err)
	}
	r := pdfReader{ctx: ctx, pdf: instance, file: opened.Document}
	return r.read()
}

// pdfReader reads one file.
type pdfReader struct {
	ctx   context.Context //nolint:containedctx // lives as long as the one call of read
	pdf   pdfium.Pdfium
	file  references.FPDF_DOCUMENT
	lines []Line
	bytes int
}

func (r *pdfReader) read() (*Document, error) {
	count, err := r.pdf.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: r.file})
	if err != nil {
		return nil, fmt.Errorf("count the pages: %w (%w)", ErrBroken, err)
	}
	if count.PageCount > maxPages {
		return nil, fmt.Errorf("%w: it has %d pages, read are %d", ErrTooLarge, count.PageCount, maxPages)
	}
	d := &Document{Pages: count.PageCount, Meta: r.meta()}
	for page := 1; page <= d.Pages; page++ {
		text, shows, err := r.page(page)
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", page, err)
		}
		if !text && shows {
			d.Unread = append(d.Unread, page)
		}
		if r.bytes > maxTextBytes || len(r.lines) > maxLines {
			return nil, fmt.Errorf("%w: up to page %d it has more than %d MB of text", ErrTooLarge, page, maxTextBytes>>20)
		}
	}
	if len(r.lines) == 0 && len(d.Unread) > 0 {
		return nil, ErrScanned
	}
	d.Text, d.Lines = numbered(r.lines)
	return d, nil
}

// page reads one page. It says whether the page has text, and whether it shows anything.
func (r *pdfReader) page(number int) (text, shows bool, err error) {
	if err := r.ctx.Err(); err != nil {
		return false, false, err
	}
	loaded, err := r.pdf.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: r.file, Index: number - 1})
	if err != nil {
		return false, false, r.broken(err)
	}
	defer func() { _, _ = r.pdf.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page}) }()
	page := requests.Page{ByReference: &loaded.Page}
	if err := r.checkSize(page); err != nil {
		return false, false, err
	}
	objects, err := r.pdf.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
	if err != nil {
		return false, false, r.broken(err)
	}
	chars, err := r.pdf.GetPageTextStructured(&requests.GetPageTextStructured{Page: page, Mode: requests.GetPageTextStructuredModeChars})
	if err != nil {
		return false, false, r.broken(err)
	}
	rows := rowsOf(chars.Chars)
	if !isReadable(rows) {
		return false, objects.Count > 0, nil
	}
	r.add(rows, number)
	return true, true, nil
}

// checkSize counts the characters of a page before they are all fetched.
func (r *pdfReader) checkSize(page requests.Page) error {
	text, err := r.pdf.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if err != nil {
		return r.broken(err)
	}
	defer func() { _, _ = r.pdf.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}) }()
	count, err := r.pdf.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: text.TextPage})
	switch {
	case err != nil:
		return r.broken(err)
	case count.Count > maxPageChars:
		return fmt.Errorf("%w: it has %d characters, read are %d", ErrTooLarge, count.Count, maxPageChars)
	}
	return nil
}

func (r *pdfReader) broken(err error) error { return fmt.Errorf("%w (%w)", ErrBroken, err) }

// add appends the rows of a page as lines, with a blank line between blocks. A page may begin within a paragraph.
func (r *pdfReader) add(rows []row, page int) {
	pitch := usualPitch(rows)
	for i, row := range rows {
		if i > 0 && partsBlocks(rows[i-1], row, pitch) {
			r.lines = append(r.lines, Line{Page: page})
		}
		r.lines = append(r.lines, Line{Page: page, Text: row.text})
		r.bytes += len(row.text) + 1
	}
}

// row is a line of a page: its text, and where it stands, in points from the lower left corner.
type row struct {
	text        string
	top, bottom float64
	placed      bool // a character of it has a place
}

// rowsOf makes rows of a page's characters, at the line breaks that PDFium puts between them. Rows
// without text are left out.
func rowsOf(chars []*responses.GetPageTextStructuredChar) []row {
	var rows []row
	var current row
	var text strings.Builder
	flush := func() {
		current.text = plainForms(strings.TrimRightFunc(text.String(), unicode.IsSpace))
		if !isBlank(current.text) {
			rows = append(rows, current)
		}
		current = row{}
		text.Reset()
	}
	for _, c := range chars {
		switch c.Text {
		case "\r", "\n":
			flush()
			continue
		case "\x02", "\uFFFE": // PDFium's mark for a hyphen at the end of a line, in place of the line break
			text.WriteByte('-')
			flush()
			continue
		default:
			text.WriteString(strings.Map(withoutControls, c.Text))
		}
		current.place(c)
	}
	flush()
	return rows
}

func withoutControls(r rune) rune {
	switch {
	case r == '\t' || r == '\v' || r == '\f':
		return ' '
	case unicode.IsControl(r):
		return -1
	}
	return r
}

// place widens the row by a character.
func (r *row) place(c *responses.GetPageTextStructuredChar) {
	box := c.PointPosition
	if isBlank(c.Text) || box.Top <= box.Bottom {
		return
	}
	if !r.placed {
		r.top, r.bottom, r.placed = box.Top, box.Bottom, true
		return
	}
	r.top, r.bottom = max(r.top, box.Top), min(r.bottom, box.Bottom)
}

func (r *row) middle() float64 { return (r.top + r.bottom) / 2 }

// usualPitch is the median distance from a row to the next below; 0 where there is none.
func usualPitch(rows []row) float64 {
	var pitches []float64
	for i := 1; i < len(rows); i++ {
		if down := rows[i-1].middle() - rows[i].middle(); rows[i].placed && down > (rows[i].top-rows[i].bottom)/2 {
			pitches = append(pitches, down)
		}
	}
	if len(pitches) == 0 {
		return 0
	}
	slices.Sort(pitches)
	return pitches[(len(pitches)-1)/2]
}

// blockPitch is how many usual pitches below the row before a new block begins.
const blockPitch = 1.3

// partsBlocks says whether a row is clearly farther below the one before than rows usually are, or above
// it, as the next column is.
func partsBlocks(before, row row, pitch float64) bool {
	if !before.placed || !row.placed || pitch == 0 {
		return false
	}
	down := before.middle() - row.middle()
	return down > blockPitch*pitch || down < -pitch
}

// isReadable says whether rows are text: a font without a table of its characters gives private or no characters.
func isReadable(rows []row) bool {
	good, bad := 0, 0
	for _, row := range rows {
		for _, r := range row.text {
			switch {
			case r == unicode.ReplacementChar || unicode.Is(unicode.Co, r):
				bad++
			case !unicode.IsSpace(r):
				good++
			}
		}
	}
	return good > bad
}

// plainForms replaces the forms of characters that fonts are drawn by with the characters: ligatures, radicals,
// compatibility ideographs.
func plainForms(s string) string {
	if !strings.ContainsFunc(s, isForm) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case radicals[r] != 0:
			b.WriteRune(radicals[r])
		case isForm(r):
			b.WriteString(norm.NFKC.String(string(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isForm(r rune) bool {
	return r >= 0x2E80 && r < 0x2FE0 || r >= 0xFB00 && r < 0xFB07 || r >= 0xF900 && r < 0xFB00
}

// radicals of the supplement that are characters of their own, after Unicode's EquivalentUnifiedIdeograph.txt.
var radicals = map[rune]rune{
	'⺁': '厂', '⺋': '㔾', '⺗': '㣺', '⺟': '母', '⺠': '民', '⺩': '王', '⺬': '示', '⺮': '竹', '⺼': '肉', '⻁': '虎', '⻄': '西', '⻅': '见', '⻆': '角',
	'⻉': '贝', '⻋': '车', '⻓': '长', '⻔': '门', '⻘': '青', '⻙': '韦', '⻚': '页', '⻛': '风', '⻜': '飞', '⻝': '食', '⻢': '马',
	'⻣': '骨', '⻤': '鬼', '⻥': '鱼', '⻦': '鸟', '⻨': '麦', '⻩': '黄', '⻬': '齐', '⻮': '齿', '⻰': '龙', '⻳': '龟',
}

// meta reads the information that a PDF has on itself.
func (r *pdfReader) meta() Meta {
	get := func(tag string) string {
		m, err := r.pdf.FPDF_GetMetaText(&requests.FPDF_GetMetaText{Document: r.file, Tag: tag})
		if err != nil || len(m.Value) > maxMetaBytes {
			return ""
		}
		return tidy(strings.Map(withoutControls, m.Value))
	}
	meta := Meta{Title: writtenTitle(get("Title")), Date: dateOf(strings.TrimPrefix(get("CreationDate"), "D:"))}
	if author := get("Author"); author != "" {
		meta.Authors = []string{author}
	}
	return meta
}

// writtenTitle is a title, or "" where a program has put a file's name in its place.
func writtenTitle(title string) string {
	if strings.HasPrefix(title, "Microsoft Word - ") {
		return ""
	}
	for _, end := range []string{".doc", ".docx", ".pdf", ".indd", ".wps", ".html", ".odt"} {
		if strings.HasSuffix(strings.ToLower(title), end) {
			return ""
		}
	}
	return title
}
