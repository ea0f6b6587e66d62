package rag_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"yinju/rag"
)

// files are what the files of a corpus say, line by line; each article is a file of its own.
type files map[string][]string

func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

// checkLaws holds for every answer, whatever the articles say and whatever a model makes of them.
func checkLaws(t *testing.T, corpus files, a rag.Answer, events []rag.Event, requests []asked) {
	t.Helper()
	checkStream(t, a, events)
	for _, c := range a.Citations {
		checkCut(t, corpus, c)
	}
	outside := a.Text
	if a.Written == nil || !a.Written.Used {
		outside = framed(t, a)
	}
	outside = checkQuoted(t, a, outside)
	checkPlain(t, a, outside)
	for _, r := range requests {
		checkHidden(t, corpus, a, outside, r)
		checkPrompt(t, corpus, r)
	}
}

// checkStream holds the law of events: their texts are the answer's, their citations are its own in their order, each
// before the text that has its number.
func checkStream(t *testing.T, a rag.Answer, events []rag.Event) {
	t.Helper()
	var text strings.Builder
	told := 0
	for _, e := range events {
		if e.Citation != nil {
			if told++; told > len(a.Citations) || e.Citation.N != told || e.Citation.Quote.Text() != a.Citations[told-1].Quote.Text() {
				t.Errorf("the %d. citation told is [%d]", told, e.Citation.N)
			}
		}
		text.WriteString(e.Text)
		for _, m := range citedNumber.FindAllStringSubmatch(withoutQuotes(a, e.Text), -1) {
			if n, _ := strconv.Atoi(m[1]); n < 1 || n > told {
				t.Errorf("%q refers to %s where %d citations were told", e.Text, m[0], told)
			}
		}
	}
	if text.String() != a.Text || told != len(a.Citations) {
		t.Errorf("events say %q with %d citations, the answer %q with %d", text.String(), told, a.Text, len(a.Citations))
	}
}

var citedNumber = regexp.MustCompile(`\[(\d+)\]`)

// checkCut holds that a citation stands in its article at its span, in the file on its lines, under its number.
func checkCut(t *testing.T, corpus files, c rag.Citation) {
	t.Helper()
	at, file := c.Quote.Location(), corpus[c.Quote.Article().File]
	body := []rune(strings.Join(file, ""))
	if at.StartChar < 0 || at.EndChar > len(body) || at.StartChar >= at.EndChar || string(body[at.StartChar:at.EndChar]) != c.Quote.Text() {
		t.Errorf("[%d] %q does not stand at %d-%d of %s", c.N, c.Quote.Text(), at.StartChar, at.EndChar, c.Quote.Article().File)
		return
	}
	if start, end := lineAt(file, at.StartChar), lineAt(file, at.EndChar-1); at.StartLine != start || at.EndLine != end {
		t.Errorf("[%d] is on lines %d-%d of %s, not on %d-%d", c.N, start, end, c.Quote.Article().File, at.StartLine, at.EndLine)
	}
}

func lineAt(file []string, char int) int {
	for i, line := range file {
		if char -= len([]rune(line)); char < 0 {
			return i + 1
		}
	}
	return len(file)
}

// framed is what an answer of quotes says beside its quotes. Each stands behind who says it.
func framed(t *testing.T, a rag.Answer) string {
	t.Helper()
	rest := a.Text
	for _, c := range a.Citations {
		n := "[" + strconv.Itoa(c.N) + "]"
		quote := regexp.MustCompile(`[^\n]*(?:：“|: “)` + regexp.QuoteMeta(shownQuote(c.Quote.Text())) + `” ?` + regexp.QuoteMeta(n))
		at := quote.FindStringIndex(rest)
		if at == nil {
			t.Errorf("[%d] is not shown in %q", c.N, a.Text)
			continue
		}
		who := strings.TrimSuffix(rest[at[0]:at[1]], n)
		who = who[:strings.LastIndex(who, "“"+shownQuote(c.Quote.Text()))]
		who = regexp.MustCompile(`^《[^《》\n]*》`).ReplaceAllString(who, "")
		rest = rest[:at[0]] + who + rest[at[1]:]
	}
	return rest
}

// shownQuote is a quote as the text of an answer has it: without characters that turn the direction of writing.
func shownQuote(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text)
}

// checkQuoted holds that what stands between quotation marks stands in a citation, to the character, and gives the rest.
func checkQuoted(t *testing.T, a rag.Answer, text string) string {
	t.Helper()
	rest := withoutQuotes(a, text)
	if strings.ContainsAny(rest, "“”„‟〝〞〟「」『』｢｣﹁﹂﹃﹄«»‹›\"＂❝❞") {
		t.Errorf("between quotation marks stands what no citation has: %q", rest)
	}
	return rest
}

// withoutQuotes takes out what stands between quotation marks and in a citation. Quotes that have such marks themselves
// are read as long as they can be.
func withoutQuotes(a rag.Answer, text string) string {
	var b strings.Builder
	for {
		before, behind, found := strings.Cut(text, "“")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		end := -1
		for i := range behind {
			if strings.HasPrefix(behind[i:], "”") && stands(a, behind[:i]) {
				end = i
			}
		}
		if end < 0 {
			b.WriteString("“")
			text = behind
			continue
		}
		text = behind[end+len("”"):]
	}
}

// stands says whether a quotation stands in one citation, or its parts do where it leaves something out.
func stands(a rag.Answer, quotation string) bool {
	in := func(part string) bool {
		return squeezed(part) != "" && slices.ContainsFunc(a.Citations, func(c rag.Citation) bool {
			return strings.Contains(squeezed(shownQuote(c.Quote.Text())), squeezed(part))
		})
	}
	if in(quotation) {
		return true
	}
	parts := strings.Split(quotation, "……")
	return len(parts) > 1 && !slices.ContainsFunc(parts, func(part string) bool { return !in(part) })
}

var (
	markup    = regexp.MustCompile(`(?i)</?[a-z!?][^\s]*|<\||\|>|!\[|\]\(|<<|>>|\[/?INST\]|&#?\w+;|\*\*|` + "`")
	addresses = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://|\bwww\.|(?:javascript|data|vbscript|mailto):\S`)
	fakes     = regexp.MustCompile(`(?i)\[\s*\^?\s*ref|【[^】]*】|\[[^\]]*[^\d\]][^\]]*\]\(`)
)

// checkPlain holds that a text beside its quotes has no markup, no address, nothing that does not show, and refers to
// its citations only.
func checkPlain(t *testing.T, a rag.Answer, outside string) {
	t.Helper()
	for _, form := range []*regexp.Regexp{markup, addresses, fakes} {
		if m := form.FindString(outside); m != "" {
			t.Errorf("the text has %q: %q", m, outside)
		}
	}
	if i := strings.IndexFunc(a.Text, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }); i >= 0 {
		t.Errorf("the text turns its direction: %q", a.Text)
	}
	if i := strings.IndexFunc(outside, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co)) }); i >= 0 {
		t.Errorf("the text has a character that does not show: %q", outside)
	}
	for _, m := range citedNumber.FindAllStringSubmatch(outside, -1) {
		if n, _ := strconv.Atoi(m[1]); a.Written.Used && (n < 1 || n > len(a.Citations)) {
			t.Errorf("%s is no citation", m[0])
		}
	}
	for _, c := range a.Citations {
		if !strings.Contains(a.Text, "["+strconv.Itoa(c.N)+"]") {
			t.Errorf("[%d] is cited nowhere in %q", c.N, a.Text)
		}
	}
}

// promptRun is how many characters in a row of the system's text may not be seen in an answer.
const promptRun = 12

var hexOf = regexp.MustCompile(`"(?:text_sha256|share)":"[0-9a-f]+"`)

// checkHidden holds that no handle shows, and nothing of what the model was told.
func checkHidden(t *testing.T, corpus files, a rag.Answer, outside string, r asked) {
	t.Helper()
	all, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	seen := hexOf.ReplaceAllString(strings.ToLower(string(all)), "") // which may have any five letters in it
	for _, h := range r.handles() {
		if strings.Contains(seen, h) {
			t.Errorf("the handle %s shows: %s", h, all)
		}
	}
	var articles strings.Builder
	for _, file := range slices.Sorted(maps.Keys(corpus)) {
		articles.WriteString(squeezed(strings.Join(corpus[file], "")))
	}
	said, told := squeezed(outside), []rune(squeezed(r.system))
	for i := range len(told) - promptRun {
		if run := string(told[i : i+promptRun]); strings.Contains(said, run) && !strings.Contains(articles.String(), run) {
			t.Errorf("the text has %q of what the model is told: %q", run, outside)
			return
		}
	}
}

var citeForm = regexp.MustCompile(`\[ref:([a-z0-9]{5})\]`)

// handles are all that one request has.
func (a asked) handles() (all []string) {
	for _, m := range passageBegins.FindAllStringSubmatch(a.prompt, -1) {
		all = append(all, m[1])
	}
	for _, m := range citeForm.FindAllStringSubmatch(a.system, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var passageBegins = regexp.MustCompile(`(?m)^<<([a-z0-9]{5}) (?:出处：|from: )[^\n]*\n`)

// checkPrompt holds that a prompt is what it says: the question in one line, and between pairs of handles, which no
// text has, passages of the corpus and nothing else.
func checkPrompt(t *testing.T, corpus files, r asked) {
	t.Helper()
	if i := strings.IndexFunc(r.prompt, func(c rune) bool { return c != '\n' && (unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Co)) }); i >= 0 {
		t.Errorf("the prompt has a character that does not show at %d: %q", i, r.prompt)
	}
	if m := controls.FindString(r.prompt); m != "" {
		t.Errorf("the prompt has the control word %q", m)
	}
	if strings.HasPrefix(r.prompt, "问：") || strings.HasPrefix(r.prompt, "最后一个问题：") || !strings.Contains(r.prompt, "<<") {
		return // it has no passages
	}
	begins := passageBegins.FindAllStringSubmatchIndex(r.prompt, -1)
	if len(begins) == 0 || strings.Count(r.prompt, "<<") != len(begins) || strings.Count(r.prompt, ">>") != len(begins) {
		t.Errorf("the prompt has %d passages with %d beginnings and %d ends:\n%s", len(begins), strings.Count(r.prompt, "<<"), strings.Count(r.prompt, ">>"), r.prompt)
		return
	}
	if head := r.prompt[:begins[0][0]]; strings.Count(head, "\n") != 4 {
		t.Errorf("before the passages stands %q", head)
	}
	for i, b := range begins {
		handle := r.prompt[b[2]:b[3]]
		text, behind, found := strings.Cut(r.prompt[b[1]:], "\n"+handle+">>\n")
		if !found || strings.Count(r.prompt, handle) != 2 {
			t.Errorf("the passage of %s is not between its handles:\n%s", handle, r.prompt)
			continue
		}
		if !slices.ContainsFunc(slices.Collect(maps.Values(corpus)), func(file []string) bool {
			return strings.Contains(letters(strings.Join(file, "")), letters(text))
		}) {
			t.Errorf("the passage of %s stands in no article: %q", handle, text)
		}
		if want := "\n<<"; i+1 < len(begins) && !strings.HasPrefix(behind, want) || i+1 == len(begins) && strings.Count(behind, "\n") != 1 {
			t.Errorf("behind the passage of %s stands %q", handle, behind)
		}
	}
}

// controls are texts that servers of models take for the beginning or end of a message.
var controls = regexp.MustCompile(`<\||\|>|</?s>|\[/?INST\]|<</?SYS|<(?:start|end)_of_turn>|<｜|｜>|<(?:bos|eos|_user|_bot|reserved_106)>|\[(?:TOOL_CALLS|gMASK)\]`)

// letters are the letters and digits of a text.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}
