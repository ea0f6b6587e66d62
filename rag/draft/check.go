package draft

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Options say how a draft is checked.
type Options struct {
	// Simplify writes traditional characters simplified, one for one. It is called only for a quotation that no
	// passage has as it stands; nil: such a one is lost.
	Simplify func(text string) string

	// Gloss gives the phrases of a sentence in another language, each with Chinese renderings, those that have any;
	// nil: whether such a sentence speaks of what its passages do is not checked.
	Gloss func(text string) [][]string

	// IsName says whether words of Latin letters stand for a name that a text has in Chinese characters: Harbin. It
	// is asked of sentences in another language; nil: their names are not checked.
	IsName func(words, text string) (isName, isThere bool)
}

// minShared is the least share of a sentence's pairs of Chinese characters that the passages which it cites must
// have. See docs/decisions.md for what it was fitted to.
const minShared = 0.25

// source is a passage as sentences are checked against it.
type source struct {
	Passage
	runes  []rune
	folded folded
	simple *folded // simplified; nil until it is wanted
}

// checker checks the sentences of one draft.
type checker struct {
	passages []source
	handles  map[string]int
	all      []int // indices of the passages
	simplify func(string) string
	isName   func(words, text string) (isName, isThere bool)
	gloss    func(text string) [][]string
}

func newChecker(passages []Passage, o Options) *checker {
	c := &checker{handles: map[string]int{}, simplify: o.Simplify, isName: o.IsName, gloss: o.Gloss}
	for i, p := range passages {
		runes := []rune(p.Text)
		c.passages = append(c.passages, source{Passage: p, runes: runes, folded: fold(runes, nil)})
		c.handles[strings.ToLower(p.Handle)] = i
		c.all = append(c.all, i)
	}
	return c
}

func (c *checker) simplified(i int) folded {
	p := &c.passages[i]
	if p.simple == nil {
		f := fold(p.runes, c.simplify)
		p.simple = &f
	}
	return *p.simple
}

var (
	lists  = regexp.MustCompile(`^(?:[-*•·+]\s+|\d{1,2}(?:\.\s|[、)）]\s?)|[（(]\d{1,2}[)）]\s?|#{1,6}\s+)`)
	images = regexp.MustCompile(`!\[[^\]\n]*\]\([^)\n]*\)`)
	links  = regexp.MustCompile(`\[([^\]\n]*)\]\([^)\n]*\)`)
	tags   = regexp.MustCompile(`</?[A-Za-z!?|][^<>\n]{0,300}>|<\|[^|\n]{0,60}\|>|\[/?INST\]`)
	entity = regexp.MustCompile(`&(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});`)
	urls   = regexp.MustCompile(`(?i)(?:[a-z][a-z0-9+.\-]{1,20}://|(?:https?|ftp|javascript|vbscript|data|file|blob|mailto|tel|tg|intent):)[^\s，。；、）)】]+|\bwww\.[^\s，。；、）)】]+`)
	// beginsTag is what a reader of HTML takes for a tag though it has no end; "](" is such of Markdown.
	beginsTag = regexp.MustCompile(`<([A-Za-z/!?])`)
	blanks    = regexp.MustCompile(`\s+`)
	hanGaps   = regexp.MustCompile(`(\p{Han}|[，。；：、！？”“])\s+(\p{Han}|[，。；：、！？”“])`)
	twice     = regexp.MustCompile(`([。！？!?][”」』"]?)[，,；;。.]+$`) // a reference stood between
	beforeP   = regexp.MustCompile(`\s+([，。；：、！？,.;:!?）)])`)
)

var (
	emphasis = strings.NewReplacer("**", "", "__", "", "`", "", "*", "")
	// otherMarks are quotation marks of other kinds than those that segments knows.
	otherMarks = strings.NewReplacer("｢", "“", "｣", "”", "﹁", "“", "﹂", "”", "﹃", "“", "﹄", "”", "❝", "“", "❞", "”", "‹", "“", "›", "”",
		"❛", "‘", "❜", "’", "‛", "‘", "‟", "\"", "〟", "\"", "``", "\"", "''", "\"", "‘‘", "“", "’’", "”", "＇", "'",
		"″", "\"", "ʺ", "\"", "ˮ", "\"", "˝", "\"", "¨", "\"", "〃", "\"", "‶", "\"", "‷", "\"", "′", "'", "‵", "'", "ʹ", "'", "ʼ", "'", "´", "'",
		"❮", "“", "❯", "”", "⸢", "“", "⸣", "”", "⸤", "“", "⸥", "”", "⟨", "“", "⟩", "”", "⟪", "“", "⟫", "”", "⌈", "“", "⌉", "”",
		"【", "", "】", "", "〖", "", "〗", "", "〈", "", "〉", "") // set off, or part of a title: no quotation
)

// check reads one sentence with what stands before it and the references behind it.
func (c *checker) check(raw string) Sentence {
	rest := strings.TrimLeftFunc(raw, unicode.IsSpace)
	s := Sentence{Lead: strings.Repeat("\n", min(2, strings.Count(raw[:len(raw)-len(rest)], "\n")))}
	rest = c.plain(&s, rest)
	var text, own strings.Builder
	runes := 0
	add := func(part string) {
		text.WriteString(part)
		runes += len([]rune(part))
	}
	for _, part := range c.parts(&s, rest) {
		if part.quotes == nil {
			add(part.text)
			own.WriteString(part.text)
			continue
		}
		add("“")
		spelt, at := c.spell(part.quotes)
		for i, q := range part.quotes {
			q.At = Span{runes + at[i].Start, runes + at[i].End}
			s.Quotes = append(s.Quotes, q)
			if !slices.Contains(s.Cites, q.Passage) {
				s.Cites = append(s.Cites, q.Passage)
			}
		}
		add(spelt + "”")
		own.WriteString("“”")
	}
	s.Text = text.String()
	if strings.Trim(s.Text, " \t“”。．.,，;；:：、-*#|") == "" {
		s.Text = ""
		return s
	}
	s.Faults = c.faults(&s, own.String())
	return s
}

// part is a part of a sentence: words of its own, or quotes that stand in a passage.
type part struct {
	text   string
	quotes []Quote // of its own words: none
}

// parts looks up what a sentence quotes. What no passage has is the sentence's own words, without quotation marks.
func (c *checker) parts(s *Sentence, text string) (all []part) {
	pieces, lost := segments(text)
	s.Lost += lost
	var own strings.Builder
	settle := func() {
		all = append(all, part{text: c.bare(s, own.String())}) // marks that were taken away may have parted a reference
		own.Reset()
	}
	for _, piece := range pieces {
		if !piece.quoted {
			own.WriteString(piece.text)
			continue
		}
		if len([]rune(piece.text)) >= leastQuote && (len(all) == 0 || strings.TrimSpace(own.String()) != "") { // it stands alone
			if found, ok := c.match(piece.text, own.String(), s.Cites); ok {
				settle()
				all = append(all, part{quotes: found})
				continue
			}
			s.Lost++
		}
		own.WriteString(withoutMarks(piece.text))
	}
	settle()
	return all
}

// plain takes the markup off a sentence, notes the mark of a list, and makes a quotation of a block that is set
// off as one.
func (c *checker) plain(s *Sentence, text string) string {
	text, s.Cites, s.Unknown = c.references(text) // which may stand in brackets of the kind that otherMarks takes away
	text = otherMarks.Replace(text)
	isBlock := strings.HasPrefix(text, ">")
	text = strings.TrimLeft(text, "> \t")
	s.Marker = lists.FindString(text)
	text = text[len(s.Marker):]
	if strings.HasPrefix(s.Marker, "#") {
		s.Marker = ""
	}
	text = blanks.ReplaceAllString(c.bare(s, text), " ")
	text = hanGaps.ReplaceAllString(text, "$1$2")
	text = strings.TrimSpace(beforeP.ReplaceAllString(text, "$1"))
	text = twice.ReplaceAllString(text, "$1")
	if isBlock && !strings.ContainsAny(text, "“”「」『』\"") {
		text = "“" + text + "”"
	}
	return text
}

// maxNested is how deep markup within markup is taken out; a text with deeper ones loses all that makes them.
const maxNested = 8

// bare takes markup, addresses and references out of a text until none is left: what stood around one may be another.
func (c *checker) bare(s *Sentence, text string) string {
	before := ""
	for n := 0; before != text; n++ {
		if n == maxNested {
			text = strings.Map(func(r rune) rune {
				if strings.ContainsRune("<>[]［］【】〔〕()（）*_:：&`", r) {
					return -1
				}
				return r
			}, text)
		}
		before = text
		text = images.ReplaceAllString(text, "")
		text = links.ReplaceAllString(text, "$1")
		text = tags.ReplaceAllString(text, "")
		text = entity.ReplaceAllString(text, "")
		text = urls.ReplaceAllString(text, "")
		text = emphasis.Replace(text)
		var cites []int
		var unknown int
		text, cites, unknown = c.references(text)
		s.Cites, s.Unknown = distinct(append(s.Cites, cites...)), s.Unknown+unknown
	}
	return strings.ReplaceAll(beginsTag.ReplaceAllString(text, "< $1"), "](", "] (")
}

var (
	// leadIn is a line that says nothing but that something follows, counted how many things those are.
	leadIn  = regexp.MustCompile(`^.{1,60}[：:]$`)
	counted = regexp.MustCompile(`(?:[二两三四五六七八九十]|\d{1,2})\s*(?:个?方面|点|项|条|类|种|个|大)|\b(?:two|three|four|five|six|seven|\d{1,2})\b`)
)

// faults are what is wrong with a sentence, judged by the words that are its own.
func (c *checker) faults(s *Sentence, own string) (all []Fault) {
	s.LeadsOn = len(s.Cites) == 0 && leadIn.MatchString(s.Text)
	on := s.Cites
	switch {
	case s.LeadsOn:
		own, on = counted.ReplaceAllLiteralString(own, ""), c.all
	case len(s.Cites) == 0:
		return []Fault{NoHandle}
	}
	var text strings.Builder
	for _, i := range on {
		text.WriteString(c.passages[i].Text + "\n" + c.passages[i].About + "\n")
	}
	source := inOrdinaryDigits(norm.NFKC.String(text.String()))
	claim := inOrdinaryDigits(norm.NFKC.String(own))
	whole := inOrdinaryDigits(norm.NFKC.String(s.Text))
	chinese := isChinese(claim)
	have, _ := dates(source)
	said, rest := dates(claim)
	in := fold([]rune(source), nil)
	for _, look := range []struct {
		fault Fault
		is    bool
	}{
		{Date, inventsDate(said, have)},
		{Number, inventsNumber(rest, source)},
		{Name, inventsName(claim, in) || c.misattributes(s, claim, source) || c.misquotes(s) || c.misheard(s) || !chinese && c.inventsForeignName(claim, source)},
		{Negation, chinese && contradicts(whole, source) || deniesAnew(claim, string(in.runes))},
		{Unrelated, !s.LeadsOn && (chinese && !shares(fold([]rune(whole), nil).runes, in.runes, len(said)+len(amounts(rest))) || !chinese && c.unlike(claim, source))},
	} {
		if look.is {
			all = append(all, look.fault)
		}
	}
	return all
}

// deniesAnew says whether a claim denies something and the source denies nothing at all.
func deniesAnew(claim, source string) bool {
	return len(denials(claim)) > 0 && len(denials(source)) == 0
}

// shares says whether a source has enough of a claim's pairs of Chinese characters: of a short one half.
// Numbers and dates count as pairs that both have: they were looked up.
func shares(claim, source []rune, numbers int) bool {
	have := map[[2]rune]bool{}
	for i := range len(source) - 1 {
		have[[2]rune{source[i], source[i+1]}] = true
	}
	shared, all := 2*numbers, 2*numbers
	for i := range max(0, len(claim)-1) {
		if unicode.Is(unicode.Han, claim[i]) && unicode.Is(unicode.Han, claim[i+1]) {
			all++
			if have[[2]rune{claim[i], claim[i+1]}] {
				shared++
			}
		}
	}
	if all < shortPairs {
		return 2*shared >= all
	}
	return float64(shared) >= minShared*float64(all)
}

// shortPairs is how many pairs of characters are enough for a share of them to mean something.
const shortPairs = 4
