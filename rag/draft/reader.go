package draft

import (
	"regexp"
	"strings"
	"unicode"
)

// maxSentence is the longest sentence that is waited for, in runes. What is longer is none.
const maxSentence = 2000

// Reader takes a draft piece by piece, as a model writes it, and gives each sentence once nothing that may still
// come can change it: half a handle is never in one.
type Reader struct {
	checker *checker
	pending []rune
	thinks  bool // it thinks aloud: nothing counts until the end of that
	begun   bool // the first words were seen: it does not think aloud, or no more
	unknown int  // handles that are none of this request, so far
}

// NewReader makes a reader of one draft about passages.
func NewReader(passages []Passage, o Options) *Reader {
	return &Reader{checker: newChecker(passages, o)}
}

// Write takes the next piece of a draft and gives the sentences that it settles.
func (r *Reader) Write(piece string) []Sentence {
	r.pending = append(r.pending, []rune(visible(piece))...)
	return r.settle(false)
}

// visible leaves out what does not show: within a handle, a mark or an address it would hide that. White space in a
// line is blanks.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, text)
}

// Close gives what is left. A last sentence without an end has the fault Unending, unless the model was done.
func (r *Reader) Close(complete bool) []Sentence {
	all := r.settle(true)
	if last := len(all) - 1; last >= 0 && !complete && !endsSentence(all[last].Text) {
		all[last].Faults = append(all[last].Faults, Unending)
	}
	return all
}

// Unknown is how many handles there were that are none of this request's.
func (r *Reader) Unknown() int { return r.unknown }

func (r *Reader) settle(final bool) (all []Sentence) {
	if r.begun = r.begun || r.begin(); !r.begun {
		if final {
			r.pending = nil
		}
		return nil
	}
	for {
		end, ok := nextEnd(r.pending, final)
		if !ok {
			return all
		}
		raw := string(r.pending[:end])
		r.pending = r.pending[end:]
		s := r.checker.check(raw)
		r.unknown += s.Unknown
		switch {
		case end >= maxSentence:
			s.Faults = append(s.Faults, Unending)
			all = append(all, s)
		case s.Text != "":
			all = append(all, s)
		}
	}
}

// Models that think aloud do so first, between tags.
var (
	thought    = regexp.MustCompile(`(?s)^\s*<(think|thinking|thought|reasoning)>.*?</(?:think|thinking|thought|reasoning)>`)
	thinking   = regexp.MustCompile(`^\s*<(?:think|thinking|thought|reasoning)>`)
	thoughtEnd = regexp.MustCompile(`</(?:think|thinking|thought|reasoning)>`)
	mayThink   = regexp.MustCompile(`^\s*(?:<(?:t(?:h(?:i(?:n(?:k(?:i(?:n(?:g)?)?)?)?)?|o(?:u(?:g(?:h(?:t)?)?)?)?)?)?|r(?:e(?:a(?:s(?:o(?:n(?:i(?:n(?:g)?)?)?)?)?)?)?)?)?)?$`)
)

// thoughtTail is how much of a thought is kept: of the tag that ends it all but one character may be there.
const thoughtTail = len("</reasoning>")

// begin says whether the draft has begun, and leaves out what was thought aloud.
func (r *Reader) begin() bool {
	text := string(r.pending)
	if !r.thinks {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		at := thinking.FindStringIndex(text)
		if at == nil {
			r.pending = []rune(text)
			return !mayThink.MatchString(text)
		}
		r.thinks, text = true, text[at[1]:]
	}
	at := thoughtEnd.FindStringIndex(text)
	if at != nil {
		r.pending = []rune(text[at[1]:])
		return true
	}
	r.pending = []rune(text)
	r.pending = r.pending[max(0, len(r.pending)-thoughtTail):]
	return false
}

// nextEnd is where the first sentence of a text ends, with the references behind it. ok is false where more of
// the text may change that, or nothing is left; final says that there is no more.
func nextEnd(text []rune, final bool) (end int, ok bool) {
	start := 0
	for start < len(text) && unicode.IsSpace(text[start]) {
		start++
	}
	if start == len(text) {
		return 0, false
	}
	var open []rune
	for i := start; i < len(text); i++ {
		open = track(open, text, i)
		at, isEnd, isSure := endAt(text, i, len(open) > 0, final)
		if isEnd && !isSure {
			return 0, false
		}
		if isEnd {
			return withReferences(text, at, final)
		}
		if i-start >= maxSentence {
			return i + 1, true
		}
	}
	return len(text), final
}

// endAt says whether a sentence ends with the rune at i, and where; isSure is false where that depends on what comes.
func endAt(text []rune, i int, quoted, final bool) (at int, isEnd, isSure bool) {
	switch r := text[i]; {
	case r == '\n':
		return i, true, true
	case quoted:
		return 0, false, true
	case (r == '?' || r == '!') && i+1 < len(text) && text[i+1] < unicode.MaxASCII && unicode.In(text[i+1], unicode.Letter, unicode.Digit): // of an address
		return 0, false, true
	case strings.ContainsRune("。！？!?", r), r == '…' && i > 0 && text[i-1] == '…':
		at = i + 1
	case r == '.':
		if i+1 == len(text) && !final {
			return 0, true, false
		}
		if i < 2 || !unicode.IsLetter(text[i-1]) && !unicode.IsDigit(text[i-1]) && !strings.ContainsRune(")]”\"%", text[i-1]) ||
			i+1 < len(text) && !unicode.IsSpace(text[i+1]) && !strings.ContainsRune("[［【<^(", text[i+1]) || isMarker(text, i) || isShort(text, i) && !citedNext(text, i+1) {
			return 0, false, true
		}
		at = i + 1
	case strings.ContainsRune("”」』\"", r) && i > 0 && strings.ContainsRune("。！？!?", text[i-1]): // closes what was quoted, with its end
		if i+1 == len(text) && !final {
			return 0, true, false
		}
		if i+1 < len(text) && !unicode.IsSpace(text[i+1]) && !strings.ContainsRune("[［【<^", text[i+1]) {
			return 0, false, true
		}
		return i + 1, true, true
	default:
		return 0, false, true
	}
	for at < len(text) && strings.ContainsRune("。！？!?”」』）)\"…", text[at]) && text[at] != '\n' {
		at++
	}
	if at == len(text) && !final {
		return 0, true, false
	}
	return at, true, true
}

// isMarker says whether the full stop at i is that of a number in a list.
func isMarker(text []rune, i int) bool {
	start := i
	for start > 0 && unicode.IsDigit(text[start-1]) {
		start--
	}
	return start < i && i-start <= 2 && (start == 0 || text[start-1] == '\n')
}

// shortened are words before a full stop that ends no sentence.
var shortened = regexp.MustCompile(`(?:^|[^\p{L}])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|No|vs|cf|Fig|pp?|e\.g|i\.e|approx|ca|est|Inc|Ltd|Co|Corp|Univ|Dept|vol|al|Gen|Gov|Sen|Rep|Jr|Sr|Mt|` +
	`a\.m|p\.m|U\.[A-Z]|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|\d{1,2})$`)

// isShort says whether the full stop at i is that of a shortened word.
func isShort(text []rune, i int) bool { return shortened.MatchString(string(text[max(0, i-9):i])) }

// citedNext says whether a reference, a line end or nothing follows behind i: a sentence ends there, whatever it ends with.
func citedNext(text []rune, i int) bool {
	for i < len(text) && text[i] == ' ' {
		i++
	}
	return i == len(text) || strings.ContainsRune("\n[［【<^", text[i])
}

// withReferences takes what is cited behind a sentence to it.
func withReferences(text []rune, end int, final bool) (int, bool) {
	for {
		next := end
		for next < len(text) && unicode.IsSpace(text[next]) {
			next++
		}
		rest := string(text[next:])
		if at := referenceFirst.FindStringIndex(rest); at != nil {
			end = next + len([]rune(rest[:at[1]]))
			for end < len(text) && strings.ContainsRune("。.；;，,", text[end]) { // a mark behind it is its own
				end++
			}
			continue
		}
		if !final && (rest == "" || mayBeReference.MatchString(rest)) {
			return 0, false
		}
		return end, true
	}
}

var (
	referenceFirst = regexp.MustCompile(`^(?:` + reference.String() + `)`)
	// mayBeReference is a text that may be the beginning of a reference.
	mayBeReference = regexp.MustCompile(`(?i)^(?:\^?[\[［【〔<（(][^\]］】〕>）)\n]{0,120}|\^|r|re|ref\s?[:：]?\s?[0-9A-Za-z_\-]{0,40})$`)
)

// quoteMarks are those that open a quotation, and what closes each.
var quoteMarks = map[rune]rune{'“': '”', '「': '」', '『': '』', '«': '»', '＂': '＂', '"': '"', '〝': '〞', '„': '“'}

// track keeps the quotation marks that are open behind the rune at i.
func track(open []rune, text []rune, i int) []rune {
	r := text[i]
	switch closing, isOpening := quoteMarks[r]; {
	case r == '\n':
		return nil
	case len(open) > 0 && (r == open[len(open)-1] || r == '”' && open[len(open)-1] == '“'):
		return open[:len(open)-1]
	case isOpening:
		return append(open, closing)
	}
	return open
}

func endsSentence(text string) bool {
	text = strings.TrimRight(text, "”」』）)\"")
	return strings.HasSuffix(text, "。") || strings.HasSuffix(text, "！") || strings.HasSuffix(text, "？") ||
		strings.HasSuffix(text, ".") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, "?")
}

// WithoutThoughts leaves out what a model thought aloud before its reply.
func WithoutThoughts(reply string) string {
	if at := thought.FindStringIndex(reply); at != nil {
		return reply[at[1]:]
	}
	if thinking.MatchString(reply) {
		return ""
	}
	return reply
}
