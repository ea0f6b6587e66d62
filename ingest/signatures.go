package ingest

import (
	"slices"
	"strings"
	"unicode"
)

// startsOfSigned looks for the headline of a text that ends with a name, where the headline above it has a
// byline of its own: the text between is of two articles. It is the widest row that stands between the end of
// a paragraph and the beginning of the next.
func (s *segmenter) startsOfSigned() {
	for i := range s.rows {
		if !s.signs(i) && !s.signsLatin(i) {
			continue
		}
		n := s.blockBefore(i)
		if n < 0 {
			continue
		}
		from, signed := s.blocks[n].to, s.isAuthored(&s.blocks[n])
		best := -1
		for j := from + 1; signed && j < i-1; j++ {
			r := &s.rows[j]
			if s.headlike(j) && !r.titled && !r.indented && s.opensText(j) && (best < 0 || r.columns > s.rows[best].columns) {
				best = j
			}
		}
		if best >= 0 {
			s.take(newBlock(best, best+1).surely(guessed))
			found := s.blocks[len(s.blocks)-1]
			s.blocks = slices.Insert(s.blocks[:len(s.blocks)-1], n+1, found)
		}
	}
}

// opensText says whether row j stands between the end of a paragraph, or a label, and the beginning of the next.
func (s *segmenter) opensText(j int) bool {
	above, below := &s.rows[j-1], &s.rows[j+1]
	ended := above.is(statement|labelled) || above.dropped || j > 1 && s.headlike(j-1) && above.columns <= labelColumns && s.rows[j-2].is(statement)
	return ended && (below.indented || below.parted && s.rows[j].parted)
}

// isAuthored says whether a block names authors, or the first words of its text do.
func (s *segmenter) isAuthored(b *block) bool {
	for j := b.from; j < min(len(s.rows), b.to+1); j++ {
		if r := &s.rows[j]; r.imp != nil && len(r.imp.authors) > 0 || j >= b.to && r.is(reported) {
			return true
		}
	}
	return false
}

// signsLatin says whether row i is a name in Latin letters under the end of a text.
func (s *segmenter) signsLatin(i int) bool {
	r := &s.rows[i]
	if i == 0 || r.dropped || r.titled || r.imp != nil && len(r.imp.authors) == 0 || r.columns > titleColumns/2 || !s.rows[i-1].is(statement) || r.has&capitals == 0 || !strings.ContainsFunc(r.content(), unicode.IsLower) {
		return false
	}
	names := latinNames(strings.TrimLeft(r.content(), "-–— "))
	if names == nil {
		return false
	}
	r.imp = &imprint{authors: names, signs: true}
	return true
}

// doubtBareNames takes rows of one bare name for no bylines in a file where no such row stands under what can
// be its headline: they are headlines themselves, or words.
func (s *segmenter) doubtBareNames() {
	var bare []int
	for i := range s.rows {
		r := &s.rows[i]
		if r.imp == nil || len(r.imp.authors) != 1 || r.indent >= signedIndent || !isBareNames(r) || firstRune(r.content()) < 0x2e80 {
			continue
		}
		above := i - 1
		for above > 0 && s.rows[above].imp != nil && s.rows[above].imp.underHeadline() {
			above--
		}
		if i > 0 && !s.rows[above].dropped && s.headlike(above) {
			return
		}
		bare = append(bare, i)
	}
	for _, i := range bare {
		if i > 0 && s.closes(i-1) { // under the end of an article: its headline may be lost
			continue
		}
		s.rows[i].imp = nil
	}
}

// isBareNames says whether a row is names and nothing else, which two characters of a label may look like.
func isBareNames(r *row) bool {
	return len(strings.Join(r.imp.authors, "")) >= len(strings.Join(strings.Fields(r.content()), ""))
}

// closes says whether row i ends an article: a source line, or the end of a note on the author that does
// not stand under a headline.
func (s *segmenter) closes(i int) bool {
	return i >= 0 && !s.rows[i].dropped && !s.rows[i].titled && (s.rows[i].imp != nil && s.rows[i].imp.source || s.tails[i] != nil || s.notes[i] || s.rows[i].is(done))
}

// noteRows is how many rows a note on the author may be wrapped over.
const noteRows = 5

// notesOn finds the bracketed notes on authors.
func notesOn(rows []row) map[int]bool {
	notes := map[int]bool{}
	for i := range rows {
		if !rows[i].is(note) {
			continue
		}
		for j := i; j < min(i+noteRows, len(rows)); j++ {
			if endsBracket(rows[j].content()) {
				for k := i; k <= j; k++ {
					notes[k] = k == j
				}
				break
			}
		}
	}
	return notes
}

// signs says whether row i ends an article with the name of its reporter, or with that of who signs it.
func (s *segmenter) signs(i int) bool {
	return i >= 0 && !s.rows[i].dropped && !s.rows[i].titled && (signatureAt(s.rows, i) != nil || isSigned(&s.rows[i]))
}

// signedIndent is how far a signature stands from the edge, where a paragraph begins two characters in.
const signedIndent = 8

// isSigning says whether a row set far to the right is the body that signs a notice.
func isSigning(r *row) bool { return r.indent >= signedIndent && isOrgan(r.content()) }

// isSigned says whether a row is a signature: names or a date set far to the right.
func isSigned(r *row) bool {
	return r.imp != nil && (r.indent >= signedIndent || r.imp.signs) && (len(r.imp.authors) > 0 || r.imp.date != "")
}
