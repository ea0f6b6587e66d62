package document

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html/atom"
)

// kind is what a reader has to know of an element's name.
type kind uint8

const (
	inline    kind = iota
	void           // without content and end tag
	unread         // its text is no text of the page
	block          // begins and ends lines
	container      // a block that may be a menu
	aside          // a container that is no text of the page's own
	form           // a container that some pages put around all they have
)

func (k kind) isBlock() bool { return k >= block }

var tags = func() map[atom.Atom]kind {
	m := map[atom.Atom]kind{}
	for k, names := range map[kind]string{
		void:      "area base br col embed frame hr img input keygen link meta param source track wbr",
		unread:    "script style noscript template svg annotation iframe select button textarea title rt rp noframes noembed video audio canvas datalist",
		block:     "html body main article p h1 h2 h3 h4 h5 h6 li dt dd td th tr tbody thead tfoot caption pre listing xmp blockquote figure figcaption address details summary legend hgroup optgroup option frameset dir",
		container: "div section ul ol dl table center header menu fieldset",
		aside:     "nav footer aside dialog",
		form:      "form search",
	} {
		for name := range strings.FieldsSeq(names) {
			if a := atom.Lookup([]byte(name)); a != 0 {
				m[a] = k
			}
		}
	}
	return m
}()

// attributes are the ones that count.
type attributes struct {
	id, class, role, epubType   string
	name, content, title, label string
	hidden, href                bool
}

func (r *htmlReader) attributes(more bool) (a attributes) {
	for more {
		var key, value []byte
		key, value, more = r.z.TagAttr()
		switch string(key) {
		case "id":
			a.id = string(value)
		case "class":
			a.class = string(value)
		case "role":
			a.role = strings.ToLower(string(value))
		case "epub:type":
			a.epubType = string(value)
		case "name", "property", "itemprop":
			a.name = strings.ToLower(string(value))
		case "content":
			a.content = string(value)
		case "title":
			a.title = string(value)
		case "aria-label":
			a.label = string(value)
		case "href":
			a.href = len(value) > 0
		case "hidden":
			a.hidden = a.hidden || string(value) != "until-found"
		case "aria-hidden":
			a.hidden = a.hidden || string(value) == "true"
		case "style":
			a.hidden = a.hidden || noDisplay.Match(value)
		}
	}
	return a
}

// isNoteMark says whether an element is only the number of a note, or the arrow back from it.
func (a attributes) isNoteMark() bool {
	return a.role == "doc-noteref" || a.role == "doc-backlink" || a.epubType == "noteref" || a.epubType == "backlink"
}

var noDisplay = regexp.MustCompile(`(?i)(?:^|[;\s])display\s*:\s*none`)

// furniture is what an element's name, role or class says of its being no text of the page's own.
type furniture uint8

const (
	none     furniture = iota
	linkText           // if it holds links mainly
	likely             // unless it holds most of the text of the page
	certain
)

// furnitureRoles are landmarks whose text is not the page's own.
var furnitureRoles = []string{"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alertdialog", "menu", "menubar"}

// furnitureWords in a class or id say so, too, as whole words.
var furnitureWords = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq("menu menus submenu nav navbar navigation topnav subnav breadcrumb breadcrumbs crumb crumbs footer sidebar share sharing " +
		"social comment comments related recommend recommended recommendation recommendations cookie cookies advert adverts advertisement advertising ad ads " +
		"sponsor sponsored pagination pager paging popup modal newsletter subscribe login toolbar masthead copyright skip") {
		m[w] = true
	}
	return m
}()

// furnitureOf judges a block by its name and attributes.
func (r *htmlReader) furnitureOf(tag atom.Atom, k kind, a attributes) furniture {
	switch {
	case r.book: // a book has no menus
		return none
	case k == aside, slices.Contains(furnitureRoles, a.role):
		return certain
	case k == form:
		return likely
	case slices.Contains([]atom.Atom{atom.Html, atom.Body, atom.Main, atom.Td, atom.Th, atom.Tr, atom.Tbody}, tag):
		return none
	case hasFurnitureWord(a.class), hasFurnitureWord(a.id):
		return likely
	}
	return none
}

// hasFurnitureWord looks at the words of a class or id, parted by blanks, - and _ and capitals.
func hasFurnitureWord(s string) bool {
	const longest = 1000 // what is longer is no list of classes
	if s == "" || len(s) > longest {
		return false
	}
	var before rune
	start := 0
	for i, c := range s {
		switch {
		case !unicode.IsLetter(c):
			if furnitureWords[strings.ToLower(s[start:i])] {
				return true
			}
			start = i + 1
		case unicode.IsUpper(c) && unicode.IsLower(before):
			if furnitureWords[strings.ToLower(s[start:i])] {
				return true
			}
			start = i
		}
		before = c
	}
	return furnitureWords[strings.ToLower(s[min(start, len(s)):])]
}

// leaving is a block that may be left out: the lines from from to to.
type leaving struct {
	furniture furniture
	from, to  int
	text      int
}

const (
	menuLinks   = 3   // fewer links are no menu
	menuPercent = 60  // of a menu's characters are links, at least
	closedShare = 0.5 // of the page's text, more than which no furniture holds
)

// leave notes a closed block that may be furniture and says whether it did. Furniture without an end
// tag is less certain: it may have swallowed the page.
func (r *htmlReader) leave(e element, closed bool) bool {
	r.boundary(e.tag, false)
	before := e.sizesBefore
	text, linked, links := r.size.text-before.text, r.size.linked-before.linked, r.size.links-before.links
	f := e.furniture
	if f == certain && !closed {
		f = likely
	}
	mainlyLinks := linked*100 > text*menuPercent
	k := tags[e.tag]
	switch {
	case r.book || text == 0:
		return false
	case f != none:
	case e.tag == atom.Header && r.mains == 0 && mainlyLinks:
		f = likely
	case (k == container || k == form || e.tag == atom.Td) && mainlyLinks && links >= menuLinks:
		f = linkText
	default:
		return false
	}
	r.leaving = append(r.leaving, leaving{furniture: f, from: e.from, to: len(r.w.lines), text: text})
	if f == certain || f == linkText { // what is around is judged without it
		r.size = before
	}
	return true
}

// furniture decides which lines are left out: what is certain; what is likely unless it holds most of the text;
// menus, unless no sentence would be left.
func (r *htmlReader) furniture(lines int) func(line int) bool {
	out := r.mark(lines, func(l leaving) bool {
		return l.furniture == certain || l.furniture == likely && float64(l.text) <= closedShare*float64(r.size.text)
	})
	left := func(keep []bool, want func(string) bool) bool {
		for i := range lines {
			end := len(r.w.text)
			if i+1 < lines {
				end = r.w.lines[i+1].Byte - 1
			}
			if !keep[i] && want(string(r.w.text[r.w.lines[i].Byte:end])) {
				return true
			}
		}
		return false
	}
	all := func(string) bool { return true }
	if !left(out, all) {
		out = make([]bool, lines)
	}
	menus := r.mark(lines, func(l leaving) bool { return l.furniture == linkText })
	for i := range menus {
		menus[i] = menus[i] || out[i]
	}
	if left(menus, endsSentence) {
		out = menus
	}
	return func(i int) bool { return out[i] }
}

// mark gives the lines of the blocks that are wanted.
func (r *htmlReader) mark(lines int, want func(leaving) bool) []bool {
	depth := make([]int, lines+1)
	for _, l := range r.leaving {
		if want(l) {
			depth[l.from]++
			depth[l.to]--
		}
	}
	marked, open := make([]bool, lines), 0
	for i := range marked {
		open += depth[i]
		marked[i] = open > 0
	}
	return marked
}
