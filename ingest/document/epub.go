package document

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// readEPUB reads the texts of a book in the order of its spine, without cover and tables of contents.
func readEPUB(ctx context.Context, raw []byte) (*Document, error) {
	a, err := openArchive(raw)
	if err != nil {
		return nil, err
	}
	if err := a.checkRights(); err != nil {
		return nil, err
	}
	book, err := a.readPackage()
	if err != nil {
		return nil, err
	}
	pages, err := a.pageList(book)
	if err != nil {
		return nil, err
	}
	d := &Document{Meta: book.meta()}
	var lines []Line
	page := 0
	for _, chapter := range book.chapters() {
		data, err := a.read(chapter)
		if err != nil {
			return nil, fmt.Errorf("read the book's texts: %w (%w)", ErrBroken, err)
		}
		text, _, _, err := decode(data, charsetLabel(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", chapter, err)
		}
		r := newHTMLReader(text, false)
		r.xhtml, r.book, r.pageOf, r.w.page = true, true, pages[chapter], page
		if err := r.read(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", chapter, err)
		}
		page = r.w.page
		_, more, _ := r.w.finish(func(int) bool { return false })
		if lines = append(lines, more...); len(lines) > maxLines {
			return nil, fmt.Errorf("%w: it has more than %d lines", ErrTooLarge, maxLines)
		}
	}
	for _, l := range lines {
		d.Pages = max(d.Pages, l.Page)
	}
	d.Text, d.Lines = numbered(lines)
	return d, nil
}

// fontObfuscation are the ways of encrypting that books use for fonts only.
var fontObfuscation = []string{"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}

// checkRights says whether the book's texts are encrypted.
func (a *archive) checkRights() error {
	var encryption struct {
		Data []struct {
			Method struct {
				Algorithm string `xml:",attr"`
			} `xml:"EncryptionMethod"`
		} `xml:"EncryptedData"`
	}
	if err := a.readOptional("META-INF/encryption.xml", &encryption); err != nil {
		return err
	}
	for _, d := range encryption.Data {
		if !slices.Contains(fontObfuscation, d.Method.Algorithm) {
			return fmt.Errorf("the book is under copy protection: %w", ErrEncrypted)
		}
	}
	return nil
}

// bookPackage is a book's package document (OPF).
type bookPackage struct {
	folder string // of the archive, that its addresses count from

	Titles     []string `xml:"metadata>title"`
	Publishers []string `xml:"metadata>publisher"`
	Creators   []struct {
		Role string `xml:"role,attr"`
		Name string `xml:",chardata"`
	} `xml:"metadata>creator"`
	Dates []struct {
		Event string `xml:"event,attr"`
		Value string `xml:",chardata"`
	} `xml:"metadata>date"`
	Items []struct {
		ID         string `xml:"id,attr"`
		Href       string `xml:"href,attr"`
		MediaType  string `xml:"media-type,attr"`
		Properties string `xml:"properties,attr"`
	} `xml:"manifest>item"`
	Spine []struct {
		ID string `xml:"idref,attr"`
	} `xml:"spine>itemref"`
	Guide []struct {
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	} `xml:"guide>reference"`
}

func (a *archive) readPackage() (*bookPackage, error) {
	var container struct {
		Files []struct {
			Path string `xml:"full-path,attr"`
		} `xml:"rootfiles>rootfile"`
	}
	const name = "META-INF/container.xml"
	if err := a.readXML(name, &container); err != nil {
		return nil, fmt.Errorf("find the book's contents: %w (%w)", ErrBroken, err)
	}
	if len(container.Files) == 0 {
		return nil, fmt.Errorf("%s names no book: %w", name, ErrBroken)
	}
	p := &bookPackage{folder: path.Dir(container.Files[0].Path)}
	if err := a.readXML(container.Files[0].Path, p); err != nil {
		return nil, fmt.Errorf("read the book's contents: %w (%w)", ErrBroken, err)
	}
	return p, nil
}

func (p *bookPackage) meta() Meta {
	var m Meta
	if len(p.Titles) > 0 {
		m.Title = tidy(p.Titles[0])
	}
	if len(p.Publishers) > 0 {
		m.Publication = tidy(p.Publishers[0])
	}
	for _, c := range p.Creators {
		if name := tidy(c.Name); name != "" && (c.Role == "" || c.Role == "aut") {
			m.Authors = append(m.Authors, name)
		}
	}
	for _, d := range p.Dates {
		if m.Date == "" && (d.Event == "" || d.Event == "publication") {
			m.Date = dateOf(d.Value)
		}
	}
	return m
}

// entry is the name of the archive's entry that an address in a document of a folder leads to, and the element in it.
func entry(folder, href string) (name, id string) {
	href, id, _ = strings.Cut(href, "#")
	if plain, err := url.PathUnescape(href); err == nil {
		href = plain
	}
	return path.Join(folder, href), id
}

// chapters are the entries with the book's texts, in reading order.
func (p *bookPackage) chapters() []string {
	skipped := map[string]bool{}
	for _, g := range p.Guide {
		if g.Type == "cover" || g.Type == "toc" {
			name, _ := entry(p.folder, g.Href)
			skipped[name] = true
		}
	}
	texts := map[string]string{} // by id
	for _, i := range p.Items {
		name, _ := entry(p.folder, i.Href)
		isText := i.MediaType == "application/xhtml+xml" || i.MediaType == "text/html"
		base := strings.TrimSuffix(strings.ToLower(path.Base(name)), path.Ext(name))
		if isText && !skipped[name] && base != "cover" && !slices.Contains(strings.Fields(i.Properties), "nav") {
			texts[i.ID] = name
		}
	}
	var chapters []string
	for _, s := range p.Spine {
		if name := texts[s.ID]; name != "" {
			chapters = append(chapters, name)
			delete(texts, s.ID) // each once
		}
	}
	return chapters
}

// pageList reads where the pages of the printed book begin: for each entry, the page of each element's id.
// EPUB 3 has them in its navigation document, EPUB 2 in its NCX.
func (a *archive) pageList(p *bookPackage) (map[string]map[string]int, error) {
	pages := map[string]map[string]int{}
	for _, i := range p.Items {
		isNav := slices.Contains(strings.Fields(i.Properties), "nav")
		if !isNav && i.MediaType != "application/x-dtbncx+xml" {
			continue
		}
		name, _ := entry(p.folder, i.Href)
		if !a.has(name) {
			continue
		}
		data, err := a.read(name)
		if err != nil {
			return nil, err
		}
		for href, page := range pageMarks(data) {
			file, id := entry(path.Dir(name), href)
			if pages[file] == nil {
				pages[file] = map[string]int{}
			}
			pages[file][id] = page
		}
	}
	return pages, nil
}

// pageMarks reads the list of pages of a navigation document or an NCX, as addresses and pages. What cannot be
// read ends it.
func pageMarks(data []byte) map[string]int {
	marks := map[string]int{}
	d := xmlDecoder(data)
	d.Strict, d.Entity, d.AutoClose = false, xml.HTMLEntity, xml.HTMLAutoClose
	in, depth, label, href := 0, 0, "", "" // depth of the list, and of the element; 0: none
	for {
		token, err := d.Token()
		if err != nil {
			return marks
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			if in == 0 && (t.Name.Local == "pageList" || t.Name.Local == "nav" && plainAttribute(t, "type") == "page-list") {
				in = depth
			}
			switch t.Name.Local {
			case "a":
				label, href = "", plainAttribute(t, "href")
			case "pageTarget":
				label = ""
			case "content":
				href = plainAttribute(t, "src")
			}
		case xml.CharData:
			if in > 0 && len(label) < maxMetaBytes {
				label += string(t)
			}
		case xml.EndElement:
			if in > 0 && (t.Name.Local == "a" || t.Name.Local == "pageTarget") {
				if page := pageNumber(label); page > 0 && href != "" {
					marks[href] = page
				}
			}
			if depth--; depth < in {
				in = 0
			}
		}
	}
}

func plainAttribute(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

var digits = regexp.MustCompile(`^\D{0,20}?(\d{1,5})\D{0,5}$`)

// pageNumber reads a page's number from a label such as 12, "Page 12" or page12; 0 where there is none.
func pageNumber(label string) int {
	m := digits.FindStringSubmatch(tidy(label))
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// turnPage says whether an element only marks where a page of the printed book begins. It notes the page of one
// that does, or that the book's list of pages names.
func (r *htmlReader) turnPage(a attributes) bool {
	page := 0
	if a.id != "" {
		page = r.pageOf[a.id]
	}
	mark := a.role == "doc-pagebreak" || slices.Contains(strings.Fields(a.epubType), "pagebreak")
	if mark {
		for _, label := range []string{a.title, a.label, a.id} {
			if page == 0 {
				page = pageNumber(label)
			}
		}
	}
	if page > 0 {
		r.w.page = page
	}
	return mark
}
