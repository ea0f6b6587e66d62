package ingest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"yinju/ingest/document"
	"yinju/rag"
)

// A sidecar is a small YAML file beside a source, in which a reader says where its articles are and what
// they are called. docs/contract.md has its format.
const (
	sidecarSuffix   = ".articles.yaml"
	maxSidecarBytes = 1 << 20
)

// SidecarError is a fault of a sidecar. What the store holds of its source stays.
type SidecarError struct {
	File    string // the sidecar's name
	Line    int    // of the sidecar, 1-based; 0: of no line in particular
	Problem string // what is wrong and what to do
}

func (e *SidecarError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Problem
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
}

// sidecar is one read and checked, but for the places, which need the source.
type sidecar struct {
	name       string
	raw        []byte
	articles   []namedArticle
	ignored    []extent
	ignoreRest bool // what nothing names is in no article
}

// namedArticle is one article of a sidecar: a stretch, or several in the order of the file.
type namedArticle struct {
	extents []extent
	open    bool // its end is left to the rules
	said    words
	line    int // of the sidecar
}

// folder is where a source stands, with what is beside it.
type folder interface {
	// has says whether there is a file, or a link, of a name.
	has(name string) (bool, error)
	// small reads a file of at most so many bytes, or gives tooLarge. What will not pass by itself is a *FileError.
	small(name string, most int64, tooLarge error) ([]byte, error)
}

// dirFolder is a folder of this machine.
type dirFolder string

func (d dirFolder) has(name string) (bool, error) { return exists(filepath.Join(string(d), name)), nil }

func (d dirFolder) small(name string, most int64, tooLarge error) ([]byte, error) {
	raw, err := readUpTo(filepath.Join(string(d), name), most, tooLarge)
	return raw, lasting(plain(err))
}

// sidecarNames are the names that the sidecar of a source may have.
func sidecarNames(source string) []string {
	return []string{source + sidecarSuffix, strings.TrimSuffix(source, filepath.Ext(source)) + sidecarSuffix}
}

// sidecarOf finds and reads the sidecar of a source of this machine; nil where there is none.
func sidecarOf(path string) (*sidecar, error) {
	return sidecarIn(dirFolder(filepath.Dir(path)), filepath.Base(path))
}

// sidecarIn finds and reads the sidecar of a source in a folder; nil where there is none. Errors are *SidecarError, or what
// the folder says.
func sidecarIn(in folder, source string) (*sidecar, error) {
	names := sidecarNames(source)
	full, short := names[0], names[1]
	hasFull, err := in.has(full)
	if err != nil {
		return nil, err
	}
	hasShort, err := in.has(short)
	if err != nil {
		return nil, err
	}
	name := full
	switch {
	case hasFull && hasShort:
		return nil, &SidecarError{File: short, Problem: fmt.Sprintf("there is %s, too: keep one of them", full)}
	case hasShort:
		other, err := twin(in, source)
		if err != nil {
			return nil, err
		}
		if other != "" {
			return nil, &SidecarError{File: short, Problem: fmt.Sprintf("it could be of %s or of %s: name it %s", source, other, full)}
		}
		name = short
	case !hasFull:
		return nil, nil //nolint:nilnil // most files have none
	}
	raw, err := in.small(name, maxSidecarBytes, &FileError{fmt.Errorf("it is larger than %d MB", maxSidecarBytes>>20)})
	if own := (*FileError)(nil); err != nil && !errors.As(err, &own) {
		return nil, err
	}
	if err != nil {
		return nil, &SidecarError{File: name, Problem: err.Error()}
	}
	return parseSidecar(name, raw)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// twin is another source beside one that differs in its extension only, or "".
func twin(in folder, source string) (string, error) {
	ext := filepath.Ext(source)
	for _, e := range document.Extensions {
		other := strings.TrimSuffix(source, ext) + e
		if e == ext {
			continue
		}
		if has, err := in.has(other); has || err != nil {
			return other, err
		}
	}
	return "", nil
}

// isSidecar says whether a name is a sidecar's.
func isSidecar(path string) bool { return strings.HasSuffix(path, sidecarSuffix) }

// parser reads one sidecar and keeps the first fault.
type parser struct {
	name string
	err  error
}

func (p *parser) fault(n *yaml.Node, format string, args ...any) {
	if p.err == nil {
		p.err = &SidecarError{File: p.name, Line: n.Line, Problem: fmt.Sprintf(format, args...)}
	}
}

func parseSidecar(name string, raw []byte) (*sidecar, error) {
	sc := &sidecar{name: name, raw: raw}
	doc, err := oneDocument(raw)
	if err != nil {
		return nil, &SidecarError{File: name, Problem: "it is no YAML: " + strings.Join(strings.Fields(err.Error()), " ")}
	}
	p := &parser{name: name}
	if doc != nil && doc.Tag != "!!null" {
		p.mapping(doc, map[string]func(*yaml.Node){
			"articles": func(n *yaml.Node) {
				for _, item := range p.list(n) {
					sc.articles = append(sc.articles, p.article(item))
				}
			},
			"ignore": func(n *yaml.Node) { sc.ignored = p.extents(n) },
			"rest": func(n *yaml.Node) {
				if sc.ignoreRest = n.Value == "ignore"; !sc.ignoreRest && n.Value != "auto" {
					p.fault(n, "rest is %q: write auto or ignore", n.Value)
				}
			},
		})
	}
	return sc, p.err
}

// oneDocument parses the only document of a YAML file; nil where there is none. References are not followed,
// so that they cannot multiply.
func oneDocument(raw []byte) (*yaml.Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	var doc, more yaml.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil //nolint:nilnil // comments alone are no fault
	case err != nil:
		return nil, err
	}
	if err := loader.Load(&more); !errors.Is(err, io.EOF) {
		return nil, errors.Join(errors.New("it has more than one document, parted by ---: keep one"), err)
	}
	if len(doc.Content) != 1 {
		return nil, nil //nolint:nilnil // as above
	}
	return doc.Content[0], nil
}

// mapping calls the reader of each key.
func (p *parser) mapping(n *yaml.Node, read map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		p.fault(n, "want keys with values here, such as %s", anyKey(read))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content) && p.err == nil; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		f := read[key.Value]
		switch {
		case f == nil:
			p.fault(key, "the key %q is not known here; known are %s", key.Value, anyKey(read))
		case seen[key.Value]:
			p.fault(key, "the key %q stands here twice: keep one", key.Value)
		case value.Kind == yaml.AliasNode:
			p.fault(value, "aliases such as *%s are not read: write the value out", value.Value)
		default:
			seen[key.Value] = true
			f(value)
		}
	}
}

func anyKey(read map[string]func(*yaml.Node)) string {
	var keys []string
	for k := range read {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return strings.Join(keys, ", ")
}

func (p *parser) list(n *yaml.Node) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		p.fault(n, "want a list here, one item a line with - before it")
		return nil
	}
	return n.Content
}

func (p *parser) article(n *yaml.Node) namedArticle {
	a := namedArticle{said: words{}, line: n.Line}
	var from, to *yaml.Node
	read := map[string]func(*yaml.Node){
		"from":  func(n *yaml.Node) { from = n },
		"to":    func(n *yaml.Node) { to = n },
		"parts": func(n *yaml.Node) { a.extents = p.extents(n) },
	}
	for _, name := range allFacts {
		read[string(name)] = func(n *yaml.Node) {
			values, err := valuesOf(name, n)
			if err != nil {
				p.fault(n, "%s: %v", name, err)
			}
			a.said[name] = word{values: values, line: n.Line}
		}
	}
	p.mapping(n, read)
	switch {
	case len(a.extents) > 0 && (from != nil || to != nil):
		p.fault(n, "the article has parts and also from or to: keep one way")
	case len(a.extents) > 0:
	case from == nil:
		p.fault(n, "the article has no from: write the line that it begins with")
	default:
		e := extent{from: p.position(from), line: from.Line}
		if a.open = to == nil; !a.open {
			e.to, e.toLine = p.position(to), to.Line
		}
		a.extents = []extent{e}
	}
	return a
}

func (p *parser) position(n *yaml.Node) position {
	at, err := parsePosition(n.Value)
	if err != nil || n.Kind != yaml.ScalarNode {
		p.fault(n, "%v", cmp.Or(err, errPlace))
	}
	return at
}

// extents reads one stretch or a list of them.
func (p *parser) extents(n *yaml.Node) []extent {
	items := []*yaml.Node{n}
	if n.Kind != yaml.ScalarNode {
		items = p.list(n)
	}
	var all []extent
	for _, item := range items {
		e, err := parseExtent(item.Value)
		if err != nil || item.Kind != yaml.ScalarNode {
			p.fault(item, "%v", cmp.Or(err, errPlace))
			return nil
		}
		e.line, e.toLine = item.Line, item.Line
		all = append(all, e)
	}
	if len(all) == 0 {
		p.fault(n, "the list is empty: name lines, or leave the key out")
	}
	return all
}

func (sc *sidecar) fault(line int, format string, args ...any) error {
	return &SidecarError{File: sc.name, Line: line, Problem: fmt.Sprintf(format, args...)}
}

// stretch is a resolved extent and whose it is.
type stretch struct {
	extent
	owner int // index into the sidecar's articles
	last  bool
}

// resolve turns the sidecar's places into bytes, in the order of the file, and refuses overlaps. An open
// end reaches to the next named article or the end of the file.
func (sc *sidecar) resolve(lines []line) (named, ignored []stretch, err error) {
	for owner, a := range sc.articles {
		for i, e := range a.extents {
			named = append(named, stretch{e, owner, i == len(a.extents)-1})
		}
	}
	for _, e := range sc.ignored {
		ignored = append(ignored, stretch{extent: e})
	}
	if err = sc.measure(lines, named); err == nil {
		err = sc.measure(lines, ignored)
	}
	for i := range named {
		n := &named[i]
		if sc.articles[n.owner].open {
			last := lines[len(lines)-1]
			if n.end = last.Byte + len(last.Text); i+1 < len(named) {
				n.end = named[i+1].begin
			}
		}
		if err == nil && i > 0 && n.begin < named[i-1].end {
			err = sc.fault(n.line, "line %d is in the article of line %d already: let one end before the other begins", n.from.line, named[i-1].line)
		}
	}
	return named, ignored, err
}

// measure sorts stretches and finds their bytes.
func (sc *sidecar) measure(lines []line, all []stretch) error {
	slices.SortStableFunc(all, func(a, b stretch) int { return a.from.compare(b.from) })
	var ends []*stretch // in their own order, so that the ruler walks the lines only once
	for i := range all {
		switch s := &all[i]; {
		case s.to == position{}: // open
		case s.to.line < s.from.line || s.to.line == s.from.line && s.to.char != 0 && s.to.char < s.from.char:
			return sc.fault(s.toLine, "it ends at %v before it begins at %v: turn them round", s.to, s.from)
		default:
			ends = append(ends, s)
		}
	}
	slices.SortStableFunc(ends, func(a, b *stretch) int { return a.to.compare(b.to) })
	begin, end := ruler{lines: lines}, ruler{lines: lines}
	for i := range all {
		var err error
		if all[i].begin, err = begin.begin(all[i].from); err != nil {
			return sc.fault(all[i].line, "%v: correct the place", err)
		}
	}
	for _, s := range ends {
		var err error
		if s.end, err = end.end(s.to); err != nil {
			return sc.fault(s.toLine, "%v: correct the place", err)
		}
	}
	return nil
}

// claimed is a row of which the sidecar says whose it is.
type claimed struct {
	row        // as it was before the rules looked at it
	marked row // with what the rules find it to be in the whole part
	owner  int // an index into the sidecar's articles, or one of the below
}

const (
	ownRest    = -1
	ownIgnored = -2
)

// cut makes the articles of a source that has the sidecar: those that it names, and between them those
// that the rules find in the rest. The rules never look across a named article.
func (sc *sidecar) cut(lines []line, parts []part) (cut []saidPiece, furniture []row, err error) {
	if len(lines) == 0 {
		return nil, nil, ErrNoText
	}
	named, ignored, err := sc.resolve(lines)
	if err != nil {
		return nil, nil, err
	}
	done := make([]bool, len(sc.articles))
	own := make([]ownRows, len(sc.articles))
	claims := claimer{named: named, ignored: ignored}
	for _, p := range parts {
		page := claims.look(p)
		for i, r := range page.rows { // an open end does not reach across a delimiter
			if r.owner >= 0 && sc.articles[r.owner].open && done[r.owner] {
				page.rows[i].owner = ownRest
			}
		}
		sc.closeEnds(page)
		pieces, left := sc.cutRest(p, page)
		cut, furniture = append(cut, pieces...), append(furniture, left...)
		for i, r := range page.rows {
			if r.owner >= 0 {
				done[r.owner] = true
				own[r.owner].add(r, page, i > 0 && page.rows[i-1].owner == r.owner)
			}
		}
	}
	for owner := range own {
		one, left := sc.articles[owner].make(own[owner])
		if len(one.rows) == 0 {
			return nil, nil, sc.fault(sc.articles[owner].line, "the lines from %v on hold no text of an article: correct the lines", sc.articles[owner].extents[0].from)
		}
		cut, furniture = append(cut, one), append(furniture, left...)
	}
	return cut, furniture, nil
}

// cutRest cuts what nothing names, between two named articles each.
func (sc *sidecar) cutRest(p part, page claimedPart) (cut []saidPiece, furniture []row) {
	var rest []row
	finish := func() {
		if sc.ignoreRest {
			furniture = append(furniture, rest...)
		} else {
			pieces, left, _ := p.cutRows(page.top, rest)
			cut, furniture = append(cut, pieces...), append(furniture, left...)
		}
		rest = nil
	}
	for _, r := range page.rows {
		switch r.owner {
		case ownIgnored:
			furniture = append(furniture, r.row)
		case ownRest:
			rest = append(rest, r.row)
		default:
			finish()
		}
	}
	finish()
	for i := range cut {
		cut[i].style = page.style
	}
	return cut, furniture
}

// ownRows are the rows of a named article, and of what part it is.
type ownRows struct {
	rows, marked []row
	top          []row
	style        style
}

func (o *ownRows) add(r claimed, page claimedPart, follows bool) {
	if len(o.rows) == 0 {
		o.top, o.style = page.top, page.style
	}
	r.marked.torn = r.torn || !follows // whatever the rules have dropped before it
	o.rows, o.marked = append(o.rows, r.row), append(o.marked, r.marked)
}

// make makes a named article. What the reader does not say of it, the rules find in its rows.
func (a namedArticle) make(own ownRows) (one saidPiece, furniture []row) {
	one.said, one.style = a.said, own.style
	if len(a.said) < len(allFacts) && len(own.rows) > 0 {
		rows := slices.Clone(own.rows)
		found, _, _ := wholeArticle(own.top, rows)
		one.article = found.article
		if _, given := a.said[rag.TitleField]; !given {
			a.markHeadings(own.marked, found.rows)
		}
	}
	for i := range own.marked {
		if r := own.marked[i]; r.isPageLayout() {
			furniture = append(furniture, r)
			continue
		}
		own.marked[i].torn = own.marked[i].torn || i > 0 && own.marked[i-1].isPageLayout()
		one.rows = append(one.rows, own.marked[i])
	}
	a.said.apply(&one.article, one.rows)
	return one, furniture
}

// markHeadings marks the rows that are headings among found, which are in the order of rows.
func (a namedArticle) markHeadings(rows, found []row) {
	for i := range rows {
		if len(found) > 0 && found[0].offset() == rows[i].offset() {
			rows[i].heading = rows[i].heading || found[0].heading
			found = found[1:]
		}
	}
}

// closeEnds ends the articles of which the sidecar does not say the end: where the rules find the
// beginning of another one in the rows.
func (sc *sidecar) closeEnds(page claimedPart) {
	for i := 0; i < len(page.rows) && !sc.ignoreRest; {
		owner, end := page.rows[i].owner, i+1
		for end < len(page.rows) && (page.rows[end].owner == owner || page.rows[end].owner == ownIgnored) {
			end++
		}
		if owner >= 0 && sc.articles[owner].open {
			closeEnd(page.rows[i:end], owner, page.top)
		}
		i = end
	}
}

func closeEnd(rows []claimed, owner int, top []row) {
	var own []row
	for _, r := range rows {
		if r.owner == owner {
			own = append(own, r.row)
		}
	}
	pieces, _, _ := segmentUnder(top, own)
	if len(pieces) < 2 {
		return
	}
	next := pieces[1].rows[0].offset()
	for i := range rows {
		if rows[i].owner == owner && rows[i].offset() >= next {
			rows[i].owner = ownRest
		}
	}
}

// claimedPart is a part of which each row has an owner.
type claimedPart struct {
	rows  []claimed
	top   []row // what stands over the part's first article
	style style
}

// claimer gives rows to their owners. It is asked once for each row, in the order of the file.
type claimer struct{ named, ignored []stretch }

func (c *claimer) look(p part) claimedPart {
	marked := slices.Clone(p.rows)
	pieces, _, st := segmentRows(marked)
	inPieces(marked, pieces)
	page := claimedPart{style: st}
	for i, r := range p.rows {
		if len(pieces) > 0 && len(page.top) == i && r.offset() < pieces[0].rows[0].offset() {
			page.top = append(page.top, r)
		}
		for mark := marked[i]; ; {
			owner, end := c.at(r.offset())
			head, more := cutRow(&r, end)
			markHead, _ := cutRow(&mark, end)
			if head.from < head.to {
				page.rows = append(page.rows, claimed{head, markHead, owner})
			}
			if !more {
				break
			}
		}
	}
	return page
}

// inPieces takes over what the rules have found of rows since they put them into pieces.
func inPieces(rows []row, pieces []piece) {
	at := make(map[int]*row, len(rows))
	for i := range rows {
		at[rows[i].offset()] = &rows[i]
	}
	for _, p := range pieces {
		for _, r := range p.rows {
			*at[r.offset()] = r
		}
	}
}

// at says whose a byte is, and up to which byte that does not change.
func (c *claimer) at(b int) (owner, end int) {
	owner, end = ownRest, int(^uint(0)>>1)
	look := func(all *[]stretch) (int, bool) {
		for len(*all) > 0 && (*all)[0].end <= b {
			*all = (*all)[1:]
		}
		if len(*all) == 0 {
			return 0, false
		}
		first := (*all)[0]
		if first.begin > b {
			end = min(end, first.begin)
			return 0, false
		}
		end = min(end, first.end)
		return first.owner, true
	}
	if o, is := look(&c.named); is {
		owner = o
	}
	if _, is := look(&c.ignored); is {
		owner = ownIgnored
	}
	return owner, end
}

// cutRow takes off the head of a row at a byte of the file; more says that something is left. Both keep the
// width of the line, which says how the text is set.
func cutRow(r *row, at int) (head row, more bool) {
	head = *r
	if at >= r.end() {
		return head, false
	}
	head.to = head.from + len(strings.TrimRightFunc(r.Text[r.from:at-r.Byte], isBlank))
	head.remark()
	r.from = r.to - len(strings.TrimLeftFunc(r.Text[at-r.Byte:r.to], isBlank))
	r.afterBlank, r.parted, r.indented, r.indent = false, false, false, 0
	r.remark()
	return head, r.from < r.to
}

// remark finds the marks of a row that has been cut.
func (r *row) remark() {
	r.imp, r.marks = nil, 0
	if r.from < r.to {
		_, r.has = measure(r.content())
		r.marks = marksOf(r.content(), r.columns, r.has)
	}
}
