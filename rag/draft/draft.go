// Package draft reads what a language model writes about passages that it was given, sentence by sentence, and
// says of each what holds: which passages it cites, which of its quotes stand in them and where, and what in it
// the passages do not bear out. It knows texts only; nothing that it returns as a quote is the model's own
// spelling, but a place in a passage.
package draft

// Passage is a text that the model may cite.
type Passage struct {
	Handle  string   // what the model cites it by, of NewHandles
	Text    string   // as it stands in the article, paragraphs between line breaks
	About   string   // title, authors, publication and date of its article, for people: they bear out sentences as the text does
	Authors []string // the article's; a sentence that names those of another passage has to cite it

	Publication string // in which it came out; a quote that is said to be of another one is none
}

// Span is a range of runes of a passage's text, half open.
type Span struct{ Start, End int }

// Quote is a quotation in a sentence that stands in a passage.
type Quote struct {
	Passage int  // index of the passage
	Span    Span // in its text
	At      Span // in the text of the sentence, within the quotation marks
}

// Sentence is one sentence of a draft.
type Sentence struct {
	Lead   string // what stands before it: "", a line break, or two
	Marker string // of a list: "1. ", "- "
	Text   string // without handles and markup; each quote is spelt as its passage has it

	LeadsOn bool // it says nothing itself but what follows: “three things:”; it needs no handle

	Cites  []int // indices of the passages that it rests on, in the order of their handles; distinct
	Quotes []Quote

	Faults  []Fault // why nothing supports it; none: it is supported
	Lost    int     // quotations that no passage has: their marks are taken away
	Unknown int     // handles that are none of this request
}

// Fault is a reason for which a sentence is not supported by the passages that it cites.
type Fault string

// The faults.
const (
	NoHandle  Fault = "no_handle" // it cites nothing that it was given
	Number    Fault = "number"    // a number that is not in the passages cited, or not with this unit
	Date      Fault = "date"      // a day, month or year that is not
	Name      Fault = "name"      // a person, body, place or title that is not
	Negation  Fault = "negation"  // it denies what the passages affirm, or the other way round
	Unrelated Fault = "unrelated" // it shares too few words with the passages
	Unending  Fault = "unending"  // it has no end
	Misquoted Fault = "misquoted" // a quotation that no passage has: of Check only, in a draft it loses its marks
)

// Supported says whether the passages that a sentence cites bear it out, as far as this package can see.
func (s Sentence) Supported() bool { return len(s.Faults) == 0 }
