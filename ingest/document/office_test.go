package document

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// zipped packs entries, in order of their names.
func zipped(tb testing.TB, entries map[string]string) []byte {
	tb.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, entries[name])
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

const wordHead = `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="` + wordXML + `" xmlns:mc="` + compatXML + `" xmlns:m="` + mathXML + `"><w:body>`

// docx packs a body of WordprocessingML, and further entries.
func docx(tb testing.TB, body string, more map[string]string) []byte {
	tb.Helper()
	entries := map[string]string{"word/document.xml": wordHead + body + "</w:body></w:document>"}
	maps.Copy(entries, more)
	return zipped(tb, entries)
}

func p(text string) string { return "<w:p><w:r><w:t>" + text + "</w:t></w:r></w:p>" }

func TestDocumentsOfLibreOfficeAreReadAsTheyStand(t *testing.T) {
	t.Parallel()
	d := mustRead(t, "a.docx", fixture(t, "libreoffice.docx"))
	if diff := cmp.Diff(Meta{Title: "三座桥的故事", Date: "2023-05-06", Authors: []string{"沈若谷"}}, d.Meta); diff != "" {
		t.Error(diff)
	}
	got := rows(d)
	want := []string{
		"11三座桥的故事", "21老桥", "3¶江上的桥有三座，最老的一座建于一九五七年，至今还在通车。石碑上还留着造桥人的名字。", "4¶每天清晨，卖菜的人从北岸过桥到南岸去。",
		"5+天黑以前 再走回来。", "6¶框下面的正文接着讲桥。", "7¶框里的话：过桥请走右边。", "81新桥", "9¶第二座桥晚了三十年。它比老桥宽一倍，桥面上有四条车道，两边是人行道。",
		"10¶桥名 通车年份 车道", "11¶老桥 1957 2", "122车道",
	}
	if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
		t.Error(diff)
	}
	if last := got[len(got)-1]; last != "17¶石碑立于一九五八年。" {
		t.Errorf("the note is %q", last)
	}
	if d.Pages != 0 || d.Lines[8].Page != 0 { // it marks the breaks by hand only, and its third heading is on page 4
		t.Errorf("page %d of %d", d.Lines[8].Page, d.Pages)
	}
}

func TestDocumentsOfPandocAreRead(t *testing.T) {
	t.Parallel()
	d := mustRead(t, "a.docx", fixture(t, "pandoc.docx"))
	if l := find(t, d, "新桥"); l.Level != 1 || d.Meta.Title != "三座桥的故事" {
		t.Errorf("%+v of %q", l, d.Meta.Title)
	}
	find(t, d, "老桥 1957 2")
	find(t, d, "北岸的菜市场在二〇二一年搬走了。")
}

func TestPartsOfAWordDocumentThatAreNoTextStayOut(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want []string
	}{
		"revisions":      {`<w:p><w:r><w:t>一</w:t></w:r><w:del><w:r><w:delText>x</w:delText></w:r></w:del><w:ins><w:r><w:t>二</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>x</w:t></w:r></w:moveFrom></w:p>`, []string{"1¶一二"}},
		"hidden text":    {`<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>一</w:t></w:r></w:p><w:p><w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr><w:r><w:t>二</w:t></w:r></w:p>`, []string{"1¶一", "2¶二"}},
		"fields":         {`<w:p><w:r><w:instrText>HYPERLINK x</w:instrText></w:r><w:hyperlink><w:r><w:t>一</w:t></w:r></w:hyperlink></w:p>`, []string{"1¶一"}},
		"a text box":     {`<w:p><w:r><w:t>一</w:t><mc:AlternateContent><mc:Choice><w:txbxContent>` + p("框") + `</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>` + p("框") + `</w:txbxContent></mc:Fallback></mc:AlternateContent><w:t>二</w:t></w:r></w:p>`, []string{"1¶一二", "2¶框"}},
		"ruby":           {`<w:p><w:r><w:ruby><w:rt><w:r><w:t>qiao</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>桥</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>`, []string{"1¶桥"}},
		"breaks":         {`<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>一</w:t><w:tab/><w:t>二</w:t><w:br/><w:t>三</w:t><w:noBreakHyphen/></w:r></w:p><w:p/>`, []string{"1¶一 二", "2+三-"}},
		"a nested table": {`<w:tbl><w:tr><w:tc>` + p("一") + `<w:tbl><w:tr><w:tc>` + p("二") + `</w:tc><w:tc>` + p("三") + `</w:tc></w:tr></w:tbl></w:tc><w:tc>` + p("四") + `</w:tc></w:tr></w:tbl>`, []string{"1¶一", "2¶二 三", "3¶四"}},
		"a formula":      {`<w:p><w:r><w:t>式 </w:t></w:r><m:oMath><m:r><m:t>a+b</m:t></m:r></m:oMath></w:p>`, []string{"1¶式 a+b"}},
		"outline levels": {`<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>一</w:t></w:r></w:p><w:p><w:pPr><w:pStyle w:val="Heading3"/></w:pPr><w:r><w:t>二</w:t></w:r></w:p>`, []string{"12一", "23二"}},
	} {
		if diff := cmp.Diff(tc.want, rows(mustRead(t, "a.docx", docx(t, tc.body, nil)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestHeadingsAreKnownByTheStylesTheyAreBasedOn(t *testing.T) {
	t.Parallel()
	styles := `<w:styles xmlns:w="` + wordXML + `"><w:style w:styleId="2"><w:name w:val="heading 2"/></w:style><w:style w:styleId="own"><w:name w:val="我的"/><w:basedOn w:val="2"/></w:style>` +
		`<w:style w:styleId="toc"><w:name w:val="TOC Heading"/><w:basedOn w:val="2"/><w:pPr><w:outlineLvl w:val="9"/></w:pPr></w:style><w:style w:styleId="a"><w:name w:val="b"/><w:basedOn w:val="a"/></w:style>` +
		`<w:style w:styleId="h"><w:name w:val="hidden"/><w:rPr><w:vanish/></w:rPr></w:style><w:style w:styleId="zh"><w:name w:val="标题 1"/></w:style></w:styles>`
	var body strings.Builder
	for _, id := range []string{"2", "own", "toc", "a", "zh"} {
		body.WriteString(`<w:p><w:pPr><w:pStyle w:val="` + id + `"/></w:pPr><w:r><w:t>桥</w:t></w:r><w:r><w:rPr><w:rStyle w:val="h"/></w:rPr><w:t>x</w:t></w:r></w:p>`)
	}
	want := []string{"12桥", "22桥", "3¶桥", "4¶桥", "51桥"}
	if diff := cmp.Diff(want, rows(mustRead(t, "a.docx", docx(t, body.String(), map[string]string{"word/styles.xml": styles})))); diff != "" {
		t.Error(diff)
	}
}

func TestPagesOfAWordDocumentAreWhereItWasLaidOut(t *testing.T) {
	t.Parallel()
	const soft, hard = `<w:lastRenderedPageBreak/>`, `<w:br w:type="page"/>`
	run := func(s string) string { return "<w:p><w:r>" + s + "</w:r></w:p>" }
	text := func(s string) string { return "<w:t>" + s + "</w:t>" }
	before := `<w:p><w:pPr><w:pageBreakBefore/></w:pPr><w:r>` + soft + text("五") + `</w:r></w:p>`
	body := run(text("一")+soft+text("二")) + run(hard) + run(soft+text("三")) + run(text("四")) + before
	d := mustRead(t, "a.docx", docx(t, body, nil))
	var got []int
	for _, l := range d.Lines {
		got = append(got, l.Page)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 3, 4}, got); diff != "" || d.Pages != 4 || d.Lines[1].Break != Continues {
		t.Errorf("%d pages: %s", d.Pages, diff)
	}
	byHand := run(text("一")) + run(hard) + run(text("二"))
	for pages, want := range map[string]int{"2": 2, "3": 0, "": 0} {
		app := map[string]string{"docProps/app.xml": "<Properties><Pages>" + pages + "</Pages></Properties>"}
		if d := mustRead(t, "a.docx", docx(t, byHand, app)); d.Lines[1].Page != want || d.Pages != want {
			t.Errorf("%q pages counted: page %d of %d", pages, d.Lines[1].Page, d.Pages)
		}
	}
}

func TestNotesThatTheTextRefersToComeAtItsEnd(t *testing.T) {
	t.Parallel()
	notes := `<w:footnotes xmlns:w="` + wordXML + `"><w:footnote w:id="0">` + p("x") + `</w:footnote><w:footnote w:id="1">` + p("注一") + `</w:footnote><w:footnote w:id="2">` + p("x") + `</w:footnote></w:footnotes>`
	body := `<w:p><w:r><w:t>一</w:t><w:lastRenderedPageBreak/><w:t>二</w:t><w:footnoteReference w:id="1"/></w:r><w:del><w:r><w:footnoteReference w:id="2"/></w:r></w:del></w:p>`
	d := mustRead(t, "a.docx", docx(t, body, map[string]string{"word/footnotes.xml": notes}))
	if diff := cmp.Diff([]string{"1¶一", "2+二", "3¶注一"}, rows(d)); diff != "" || d.Lines[2].Page != 2 {
		t.Errorf("page %d: %s", d.Lines[2].Page, diff)
	}
}

func TestDamagedArchivesAreRefused(t *testing.T) {
	t.Parallel()
	good := fixture(t, "libreoffice.docx")
	book := fixture(t, "pandoc.epub")
	bomb := strings.Repeat(" ", 40<<20)
	for name, tc := range map[string]struct {
		file string
		raw  []byte
		want error
	}{
		"no zip":             {"a.docx", []byte("no zip"), ErrBroken},
		"cut off":            {"a.docx", good[:len(good)/2], ErrBroken},
		"another zip":        {"a.docx", zipped(t, map[string]string{"a.txt": "x"}), ErrBroken},
		"XML cut off":        {"a.docx", zipped(t, map[string]string{"word/document.xml": wordHead + "<w:p>"}), ErrBroken},
		"old or locked Word": {"a.docx", append(slices.Clone(oldOffice), 0), ErrEncrypted},
		"a bomb":             {"a.docx", docx(t, p(bomb), nil), ErrBomb},
		"a bomb of styles":   {"a.docx", docx(t, p("x"), map[string]string{"word/styles.xml": bomb}), ErrBomb},
		"entities":           {"a.docx", zipped(t, map[string]string{"word/document.xml": `<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + strings.TrimPrefix(wordHead, `<?xml version="1.0" encoding="UTF-8"?>`) + p("&b;") + "</w:body></w:document>"}), ErrBroken},
		"a book cut off":     {"a.epub", book[:len(book)/2], ErrBroken},
		"no book":            {"a.epub", good, ErrBroken},
		"a locked book":      {"a.epub", bookOf(t, map[string]string{"META-INF/encryption.xml": `<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></EncryptedData></encryption>`}), ErrEncrypted},
		"a missing chapter":  {"a.epub", bookOf(t, map[string]string{"c1.xhtml": ""}), ErrBroken},
	} {
		if _, err := Read(t.Context(), tc.file, tc.raw); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// bookOf makes a book of two chapters; an entry given as "" is left out.
func bookOf(tb testing.TB, more map[string]string) []byte {
	tb.Helper()
	entries := map[string]string{
		"META-INF/container.xml": `<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>`,
		"b.opf": `<package xmlns:opf="http://www.idpf.org/2007/opf"><metadata><title>书</title><creator opf:role="trl">译者</creator><creator opf:role="aut">作者</creator><date opf:event="modification">2024</date><date opf:event="publication">2019-03</date></metadata>` +
			`<manifest><item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/><item id="v" href="cover.xhtml" media-type="application/xhtml+xml"/><item id="f" href="front.xhtml" media-type="application/xhtml+xml"/><item id="i" href="i.png" media-type="image/png"/>` +
			`<item id="1" href="c1.xhtml" media-type="application/xhtml+xml"/><item id="2" href="c%202.xhtml" media-type="application/xhtml+xml"/></manifest>` +
			`<spine><itemref idref="v"/><itemref idref="f"/><itemref idref="n"/><itemref idref="2"/><itemref idref="1"/></spine><guide><reference type="cover" href="front.xhtml"/></guide></package>`,
		"nav.xhtml":   `<html><nav epub:type="page-list"><ol><li><a href="c1.xhtml#x">9</a></li></ol></nav></html>`,
		"cover.xhtml": "<p>封面</p>",
		"front.xhtml": "<p>封面</p>",
		"c1.xhtml":    `<p>三<span id="x"/>四</p><div class="footer">五</div>`,
		"c 2.xhtml":   `<title/><p>一<span epub:type="pagebreak" title="7">7</span>桥<a epub:type="noteref">1</a>，` + "\n" + `路</p><p>a` + "\n" + `b</p><aside epub:type="footnote">注</aside>`,
	}
	for name, text := range more {
		if entries[name] = text; text == "" {
			delete(entries, name)
		}
	}
	return zipped(tb, entries)
}

func TestBooksAreReadInTheOrderOfTheirSpine(t *testing.T) {
	t.Parallel()
	d := mustRead(t, "a.epub", bookOf(t, map[string]string{"META-INF/encryption.xml": `<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/></EncryptedData></encryption>`}))
	if diff := cmp.Diff([]string{"1¶一", "2+桥，路", "3¶a b", "4¶注", "5¶三", "6+四", "7¶五"}, rows(d)); diff != "" {
		t.Error(diff)
	}
	var pages []int
	for _, l := range d.Lines {
		pages = append(pages, l.Page)
	}
	if diff := cmp.Diff([]int{0, 7, 7, 7, 7, 9, 9}, pages); diff != "" || d.Pages != 9 {
		t.Errorf("%d pages: %s", d.Pages, diff)
	}
	if diff := cmp.Diff(Meta{Title: "书", Date: "2019-03", Authors: []string{"作者"}}, d.Meta); diff != "" {
		t.Error(diff)
	}
}

func TestBooksOfPandocAreRead(t *testing.T) {
	t.Parallel()
	d := mustRead(t, "a.epub", fixture(t, "pandoc.epub"))
	if diff := cmp.Diff(Meta{Title: "三座桥的故事", Publication: "江畔日报", Date: "2023-05-06", Authors: []string{"沈若谷", "韩牧"}}, d.Meta); diff != "" {
		t.Error(diff)
	}
	if l := find(t, d, "新桥"); l.Level != 1 || l.Break != Begins {
		t.Errorf("%+v", l)
	}
	find(t, d, "天黑以前再走回来。")
	find(t, d, "老桥 1957 2")
}

func FuzzDOCX(f *testing.F) {
	for _, body := range []string{p("一"), "<w:tbl><w:tr><w:tc>" + p("二") + "</w:tc></w:tr></w:tbl>", "<w:p><w:r><w:lastRenderedPageBreak/><w:t>三</w:t><w:br w:type='page'/></w:r></w:p>"} {
		f.Add([]byte(body), []byte("<w:footnotes/>"))
	}
	f.Fuzz(func(t *testing.T, body, styles []byte) {
		raw := docx(t, string(body), map[string]string{"word/styles.xml": string(styles), "word/footnotes.xml": string(styles)})
		if d, err := Read(t.Context(), "a.docx", raw); err == nil {
			checkLaws(t, d, raw)
		}
	})
}

func FuzzEPUB(f *testing.F) {
	f.Add([]byte("<p>一</p>"), []byte("<nav epub:type='page-list'><a href='c1.xhtml#x'>3</a></nav>"))
	f.Fuzz(func(t *testing.T, chapter, nav []byte) {
		raw := bookOf(t, map[string]string{"c1.xhtml": string(chapter), "nav.xhtml": string(nav)})
		if d, err := Read(t.Context(), "a.epub", raw); err == nil {
			checkLaws(t, d, raw)
		}
	})
}

// Any archive, however broken, is read or refused.
func FuzzArchive(f *testing.F) {
	for _, name := range []string{"libreoffice.docx", "pandoc.epub"} {
		f.Add(fixture(f, name))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, name := range []string{"a.docx", "a.epub"} {
			if d, err := Read(t.Context(), name, raw); err == nil {
				checkLaws(t, d, raw)
			}
		}
	})
}
