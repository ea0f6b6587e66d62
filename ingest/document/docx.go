package document

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// wordXML is the namespace of WordprocessingML, and the one of its strict form (ISO/IEC 29500).
const (
	wordXML       = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
	wordXMLStrict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
	mathXML       = "http://schemas.openxmlformats.org/officeDocument/2006/math"
	compatXML     = "http://schemas.openxmlformats.org/markup-compatibility/2006"
)

// readDOCX reads the text of a Word document as it stands with all revisions accepted: paragraphs, tables row by
// row, and at the end the notes. Headers, footers, comments and the numbers of lists are not read.
func readDOCX(ctx context.Context, raw []byte) (*Document, error) {
	a, err := openArchive(raw)
	if err != nil {
		return nil, err
	}
	main, err := a.mainPart()
	if err != nil {
		return nil, err
	}
	folder := path.Dir(main) + "/"
	styles, err := a.readStyles(folder + "styles.xml")
	if err != nil {
		return nil, err
	}
	w := wordReader{styles: styles, page: 1}
	if err := w.part(ctx, a, main); err != nil {
		return nil, err
	}
	pages := w.page
	for _, notes := range []string{"footnotes", "endnotes"} {
		if err := w.notesPart(ctx, a, folder+notes+".xml", notes); err != nil {
			return nil, err
		}
	}
	meta, counted, err := a.coreMeta()
	if err != nil {
		return nil, err
	}
	d := &Document{Meta: meta, Pages: w.settlePages(pages, counted)}
	d.Text, d.Lines = numbered(w.lines)
	return d, nil
}

// mainPart is the name of the entry that the text is in.
func (a *archive) mainPart() (string, error) {
	var relations struct {
		Relationship []struct {
			Type   string `xml:",attr"`
			Target string `xml:",attr"`
		}
	}
	if err := a.readOptional("_rels/.rels", &relations); err != nil {
		return "", err
	}
	for _, r := range relations.Relationship {
		if name := strings.TrimPrefix(path.Clean(r.Target), "/"); strings.HasSuffix(r.Type, "/officeDocument") && a.has(name) {
			return name, nil
		}
	}
	if name := "word/document.xml"; a.has(name) {
		return name, nil
	}
	return "", fmt.Errorf("word/document.xml is missing: %w", ErrBroken)
}

// coreMeta reads what the document says of itself, and the number of pages that the program that wrote it
// counted, 0 where it did not.
func (a *archive) coreMeta() (Meta, int, error) {
	var core struct {
		Title   string `xml:"title"`
		Creator string `xml:"creator"`
		Created string `xml:"created"`
	}
	var app struct {
		Pages int
	}
	if err := errors.Join(a.readOptional("docProps/core.xml", &core), a.readOptional("docProps/app.xml", &app)); err != nil {
		return Meta{}, 0, err
	}
	meta := Meta{Title: writtenTitle(tidy(core.Title)), Date: dateOf(core.Created)}
	for author := range strings.SplitSeq(core.Creator, ";") {
		if author = tidy(author); author != "" {
			meta.Authors = append(meta.Authors, author)
		}
	}
	return meta, app.Pages, nil
}

// wordReader reads the parts of one document.
type wordReader struct {
	styles wordStyles
	lines  []Line
	open   []*frame // paragraphs and table rows, the innermost last; a text box has paragraphs within a paragraph

	skip  int  // depth in an element that is not read
	text  bool // in an element whose characters are text
	props bool // in a paragraph's properties

	page    int
	started bool // text has come
	fresh   bool // no text has come since an explicit page break
	laidOut bool // the program that wrote the file has marked where its pages begin

	cited map[string]int // notes that the text refers to, as kind and id, and their pages
	notes string         // "" or the kind of notes that are read
}

// frame is a paragraph or a table row that is being read.
type frame struct {
	isRow  bool
	cells  [][]Line // of a row
	lines  []Line   // of a paragraph
	boxes  []Line   // of the text boxes in it, which come after it
	line   strings.Builder
	page   int // of the line
	level  int
	hidden bool // the run is
}

// part reads the text of one entry.
func (w *wordReader) part(ctx context.Context, a *archive, name string) error {
	data, err := a.read(name)
	if err != nil {
		return err
	}
	d := xmlDecoder(data)
	for n := 1; ; n++ {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w (%w)", name, ErrBroken, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if w.skip > 0 || w.unread(t) {
				w.skip++
			} else {
				w.start(t)
			}
		case xml.EndElement:
			if w.skip > 0 {
				w.skip--
			} else {
				w.end(t.Name)
			}
		case xml.CharData:
			if w.text && w.skip == 0 {
				w.add(string(t))
			}
		}
		if n%tokensPerCheck == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if len(w.lines) > maxLines {
				return fmt.Errorf("%w: it has more than %d lines", ErrTooLarge, maxLines)
			}
		}
	}
}

// notesPart reads the notes of a kind that the text refers to.
func (w *wordReader) notesPart(ctx context.Context, a *archive, name, kind string) error {
	w.notes = kind
	if err := w.part(ctx, a, name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func isWord(name xml.Name) bool { return name.Space == wordXML || name.Space == wordXMLStrict }

// unread says whether an element is no part of the text as it stands: what a revision took away, codes of fields,
// readings of characters, the second form of what stands there in two, and notes that nothing refers to.
func (w *wordReader) unread(e xml.StartElement) bool {
	if e.Name.Space == compatXML {
		return e.Name.Local == "Fallback"
	}
	if !isWord(e.Name) {
		return false
	}
	switch e.Name.Local {
	case "del", "moveFrom", "delText", "instrText", "delInstrText", "rt", "pPrChange", "rPrChange", "fldData":
		return true
	case "footnote", "endnote":
		page, cited := w.cited[w.notes+attribute(e, "id")]
		w.page = page
		return !cited
	}
	return false
}

func (w *wordReader) start(e xml.StartElement) {
	if e.Name.Space == mathXML && e.Name.Local == "t" {
		w.text = true
		return
	}
	if !isWord(e.Name) {
		return
	}
	switch e.Name.Local {
	case "p":
		w.open = append(w.open, &frame{})
	case "tr":
		w.open = append(w.open, &frame{isRow: true})
	case "tc":
		if f := w.top(true); f != nil {
			f.cells = append(f.cells, nil)
		}
	default:
		if f := w.top(false); f != nil {
			w.inParagraph(f, e)
		}
	}
}

// inParagraph reads the start of an element within a paragraph.
func (w *wordReader) inParagraph(f *frame, e xml.StartElement) {
	if w.props {
		w.property(f, e)
		return
	}
	switch e.Name.Local {
	case "pPr":
		w.props = true
	case "r":
		f.hidden = false
	case "vanish":
		f.hidden = f.hidden || isOn(e)
	case "rStyle":
		f.hidden = f.hidden || w.styles.hides(attribute(e, "val"))
	case "t":
		w.text = true
	case "tab", "ptab":
		w.add(" ")
	case "noBreakHyphen":
		w.add("-")
	case "br":
		if attribute(e, "type") == "page" {
			w.turnPage(f)
		} else {
			f.endLine()
		}
	case "cr":
		f.endLine()
	case "lastRenderedPageBreak":
		w.rendered(f)
	case "footnoteReference", "endnoteReference":
		w.cite(strings.TrimSuffix(e.Name.Local, "Reference")+"s", attribute(e, "id"), f.hidden)
	}
}

// property reads a property of a paragraph.
func (w *wordReader) property(f *frame, e xml.StartElement) {
	switch e.Name.Local {
	case "pStyle":
		style := w.styles.of(attribute(e, "val"))
		f.level = style.level
		if style.pageBefore {
			w.turnPage(f)
		}
	case "outlineLvl":
		f.level = outlineLevel(attribute(e, "val"))
	case "pageBreakBefore":
		if isOn(e) && !w.fresh {
			w.turnPage(f)
		}
	}
}

func (w *wordReader) end(name xml.Name) {
	switch {
	case name.Local == "t" && (isWord(name) || name.Space == mathXML):
		w.text = false
	case !isWord(name):
	case name.Local == "pPr":
		w.props = false
	case name.Local == "p" && w.top(false) != nil:
		f := w.pop()
		f.endLine()
		for i := range f.lines {
			f.lines[i].Level = f.level
			f.lines[i].Break = Continues
		}
		if len(f.lines) > 0 {
			f.lines[0].Break = Begins
		}
		w.emit(f.lines)
		w.emit(f.boxes)
	case name.Local == "tr" && w.top(true) != nil:
		f := w.pop()
		w.emit(f.row())
		w.emit(f.boxes)
	}
}

// top is the innermost frame if it is of the kind, or nil.
func (w *wordReader) top(isRow bool) *frame {
	if n := len(w.open); n > 0 && w.open[n-1].isRow == isRow {
		return w.open[n-1]
	}
	return nil
}

func (w *wordReader) pop() *frame {
	n := len(w.open) - 1
	f := w.open[n]
	w.open = w.open[:n]
	return f
}

// emit hands lines to what they stand in.
func (w *wordReader) emit(lines []Line) {
	if row := w.top(true); row != nil && len(row.cells) > 0 {
		last := len(row.cells) - 1
		row.cells[last] = append(row.cells[last], lines...)
	} else if around := w.top(false); around != nil {
		around.boxes = append(around.boxes, lines...)
	} else {
		w.lines = append(w.lines, lines...)
	}
}

// add appends text to the innermost paragraph.
func (w *wordReader) add(text string) {
	f := w.top(false)
	if f == nil || f.hidden {
		return
	}
	if f.line.Len() == 0 {
		f.page = w.page
	}
	f.line.WriteString(strings.Map(toBlank, text))
	if w.notes == "" && !isBlank(text) {
		w.started, w.fresh = true, false
	}
}

func toBlank(r rune) rune {
	if r == '\n' || r == '\r' || r == '\t' {
		return ' '
	}
	return r
}

// endLine ends the line of a paragraph, if it has text.
func (f *frame) endLine() {
	if text := strings.Trim(f.line.String(), " "); !isBlank(text) {
		f.lines = append(f.lines, Line{Page: f.page, Text: text})
	}
	f.line = strings.Builder{}
}

// row is a table row's text: one line where each cell has one at most, else the cells' lines.
func (f *frame) row() []Line {
	var all []Line
	single := true
	for _, lines := range f.cells {
		single = single && len(lines) <= 1
		all = append(all, lines...)
	}
	if !single || len(all) < 2 {
		return all
	}
	texts := make([]string, len(all))
	for i, l := range all {
		texts[i] = strings.TrimSpace(l.Text)
	}
	return []Line{{Page: all[0].Page, Text: strings.Join(texts, " "), Break: Begins}}
}

// turnPage begins a page where the author has broken it; not before the first text.
func (w *wordReader) turnPage(f *frame) {
	if w.notes != "" || !w.started {
		return
	}
	f.endLine()
	w.page++
	w.fresh = true
}

// rendered begins a page where the program that wrote the file did. It marks the pages after an explicit break, too.
func (w *wordReader) rendered(f *frame) {
	if w.notes != "" {
		return
	}
	w.laidOut = true
	if w.fresh || !w.started {
		w.fresh = false
		return
	}
	f.endLine()
	w.page++
}

func (w *wordReader) cite(kind, id string, hidden bool) {
	if hidden || w.notes != "" {
		return
	}
	if w.cited == nil {
		w.cited = map[string]int{}
	}
	if _, twice := w.cited[kind+id]; !twice {
		w.cited[kind+id] = w.page
	}
}

// settlePages gives the number of pages, and takes the page from all lines where it is not known. Explicit breaks alone do
// not tell it, for pages are full without one (LibreOffice writes no others), unless the program that wrote
// the file counted as many.
func (w *wordReader) settlePages(pages, counted int) int {
	if w.laidOut || pages == counted {
		return pages
	}
	for i := range w.lines {
		w.lines[i].Page = 0
	}
	return 0
}

func attribute(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local && isWord(a.Name) {
			return a.Value
		}
	}
	return ""
}

// isOn reads a switch, which is on without a value.
func isOn(e xml.StartElement) bool {
	return !slices.Contains([]string{"0", "false", "off"}, attribute(e, "val"))
}

// wordStyle is what a style means for the text.
type wordStyle struct {
	level      int
	pageBefore bool
	hides      bool
}

// wordStyles are the styles of a document by their ids.
type wordStyles struct{ byID map[string]wordStyle }

func (s wordStyles) of(id string) wordStyle {
	if style, ok := s.byID[id]; ok {
		return style
	}
	return wordStyle{level: namedLevel(id)}
}

func (s wordStyles) hides(id string) bool { return s.byID[id].hides }

// styleXML is a style as styles.xml has it.
type styleXML struct {
	ID    string `xml:"styleId,attr"`
	Name  onOff  `xml:"name"`
	Based onOff  `xml:"basedOn"`

	Outline    *onOff `xml:"pPr>outlineLvl"`
	PageBefore *onOff `xml:"pPr>pageBreakBefore"`
	Vanish     *onOff `xml:"rPr>vanish"`
}

// onOff is an element with a value, or a switch.
type onOff struct {
	Val string `xml:"val,attr"`
}

func (o *onOff) on() bool { return o != nil && !slices.Contains([]string{"0", "false", "off"}, o.Val) }

// maxBasedOn is how long a chain of styles may be; a longer one is a circle.
const maxBasedOn = 20

// readStyles resolves the styles of a document: each says for itself or as the one it is based on.
func (a *archive) readStyles(name string) (wordStyles, error) {
	var file struct {
		Style []styleXML `xml:"style"`
	}
	if err := a.readOptional(name, &file); err != nil {
		return wordStyles{}, err
	}
	raw := make(map[string]*styleXML, len(file.Style))
	for i := range file.Style {
		raw[file.Style[i].ID] = &file.Style[i]
	}
	styles := wordStyles{byID: make(map[string]wordStyle, len(raw))}
	for id, own := range raw {
		var style wordStyle
		level, page, vanish := false, false, false // have been said
		for s, n := own, 0; s != nil && n < maxBasedOn; s, n = raw[s.Based.Val], n+1 {
			if named := namedLevel(s.Name.Val); !level && (s.Outline != nil || named > 0) {
				level, style.level = true, named
				if s.Outline != nil {
					style.level = outlineLevel(s.Outline.Val)
				}
			}
			if !page && s.PageBefore != nil {
				page, style.pageBefore = true, s.PageBefore.on()
			}
			if !vanish && s.Vanish != nil {
				vanish, style.hides = true, s.Vanish.on()
			}
		}
		styles.byID[id] = style
	}
	return styles, nil
}

// outlineLevel reads an outline level, of which 0 is the first and 9 none.
func outlineLevel(val string) int {
	n, err := strconv.Atoi(val)
	if err != nil || n < 0 || n > 8 {
		return 0
	}
	return min(n+1, 6)
}

// namedLevel is the level that a style's name says: heading 1, Heading1, 标题 1, Title.
func namedLevel(name string) int {
	name = strings.ToLower(strings.ReplaceAll(name, " ", ""))
	if name == "title" || name == "标题" {
		return 1
	}
	for _, prefix := range []string{"heading", "标题"} {
		if digits, ok := strings.CutPrefix(name, prefix); ok && len(digits) == 1 && digits >= "1" && digits <= "9" {
			return min(int(digits[0]-'0'), 6)
		}
	}
	return 0
}
