package draft

import (
	"regexp"
	"slices"
	"strings"
)

// misattributes says whether a claim names the author of a passage that it does not cite.
func (c *checker) misattributes(s *Sentence, claim, source string) bool {
	for i := range c.passages {
		if slices.Contains(s.Cites, i) || s.LeadsOn {
			continue
		}
		for _, name := range c.passages[i].Authors {
			if len([]rune(name)) > 1 && strings.Contains(claim, name) && !strings.Contains(source, name) {
				return true
			}
		}
	}
	return false
}

// misquotes says whether a sentence says of a quote that it is of an author or a title that its passage does not
// name, though another passage does.
func (c *checker) misquotes(s *Sentence) bool {
	text := []rune(s.Text)
	from, named := 0, false
	for n, q := range s.Quotes {
		name := c.lastNamed(string(text[from:q.At.Start]))
		if from = q.At.End; name != "" && !c.names(q.Passage, name) {
			return true
		}
		named = named || name != ""
		behind := string(text[q.At.End:])
		if n+1 == len(s.Quotes) && !named && creditBehind.MatchString(behind) {
			name := c.firstNamed(behind)
			return name != "" && !c.names(q.Passage, name)
		}
	}
	return false
}

// misheard says whether a sentence gives a quote to a speaker who is not the author of its passage, and whom the
// paragraph does not name before it.
func (c *checker) misheard(s *Sentence) bool {
	text := []rune(s.Text)
	for _, q := range s.Quotes {
		said := string(text[max(0, q.At.Start-speakerReach):q.At.Start])
		found := spoken.FindAllStringSubmatchIndex(said, -1)
		if len(found) == 0 {
			continue
		}
		at := found[len(found)-1]
		speaker, title := said[at[2]:at[3]], said[at[3]:at[1]]
		p := &c.passages[q.Passage]
		around := string(p.runes[paragraphOf(p.runes, q.Span.Start):min(len(p.runes), q.Span.End+speakerReach)])
		if noPerson.MatchString(speaker) || slices.Contains(p.Authors, speaker) || strings.Contains(around, speaker) ||
			offices.MatchString(title) && strings.Contains(around, offices.FindString(title)) {
			continue
		}
		return true
	}
	return false
}

// speakerReach is how many characters before a quote its speaker is looked for.
const speakerReach = 24

// offices by which a text may call a speaker instead of by his name.
var offices = regexp.MustCompile(`总书记|主席|总理|教授|院士|部长|研究员|校长|主任`)

// paragraphOf is where the paragraph of a place begins.
func paragraphOf(text []rune, at int) int {
	for at > 0 && text[at-1] != '\n' {
		at--
	}
	return at
}

// creditBehind is how a quote is followed by whose it is.
var creditBehind = regexp.MustCompile(`^”?\s*(?:[，,、（(]|——|—|--)`)

// names says whether a passage, or what is known of its article, has a name.
func (c *checker) names(passage int, name string) bool {
	p := &c.passages[passage]
	return strings.Contains(p.Text, name) || strings.Contains(p.About, name)
}

// lastNamed is the last author or title in a text, "" where there is none.
func (c *checker) lastNamed(text string) string {
	last, at := "", -1
	for _, name := range c.namesIn(text) {
		if i := strings.LastIndex(text, name); i > at {
			last, at = name, i
		}
	}
	return last
}

// firstNamed is the author or title that a text has behind at most a few characters, "" where there is none.
func (c *checker) firstNamed(text string) string {
	for _, name := range c.namesIn(text) {
		if i := strings.Index(text, name); i >= 0 && len([]rune(text[:i])) <= creditReach {
			return name
		}
	}
	return ""
}

// creditReach is how many characters stand at most between a quote and the name of whose it is, behind it.
const creditReach = 6

// namesIn are the authors of passages in a text, and its titles.
func (c *checker) namesIn(text string) (all []string) {
	for _, p := range c.passages {
		for _, name := range append(slices.Clone(p.Authors), p.Publication) {
			if len([]rune(name)) > 1 && strings.Contains(text, name) {
				all = append(all, name)
			}
		}
	}
	for _, m := range titles.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}
