package openai

import (
	"crypto/rand"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yinju/bot"
	"yinju/rag"
)

// completion is a whole answer.
type completion struct {
	ID        string         `json:"id"`
	Object    string         `json:"object"`
	Created   int64          `json:"created"` // seconds since 1970
	Model     string         `json:"model"`
	Choices   []choice       `json:"choices"` // one
	Usage     usage          `json:"usage"`
	Citations []rag.Citation `json:"citations"`
	About     about          `json:"yinju"`
}

type choice struct {
	Index        int    `json:"index"`
	Message      reply  `json:"message"`
	Logprobs     *int   `json:"logprobs"` // null
	FinishReason string `json:"finish_reason"`
}

type reply struct {
	Role        string         `json:"role"`
	Content     string         `json:"content"`
	Refusal     *string        `json:"refusal"` // null
	Annotations []annotation   `json:"annotations"`
	Citations   []rag.Citation `json:"citations"`
}

// annotation says what a mark [n] of the content leads to.
type annotation struct {
	Type     string      `json:"type"`
	Citation urlCitation `json:"url_citation"`
}

type urlCitation struct {
	Start int    `json:"start_index"` // in characters of the content, half open
	End   int    `json:"end_index"`
	URL   string `json:"url"`
	Title string `json:"title"`
}

// usage is the tokens of the language model, none where quotes alone answer.
type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

// about is what the protocol has no place for.
type about struct {
	ID         string     `json:"id"`              // of the answer in the log; "": it is not logged
	Share      string     `json:"share,omitempty"` // see rag.Answer
	Status     rag.Status `json:"status"`
	Resolved   string     `json:"resolved,omitempty"`
	Confidence float64    `json:"confidence"`
}

func newID() string { return "chatcmpl-" + rand.Text() }

func (h handler) completion(a rag.Answer) completion {
	return completion{
		ID: newID(), Object: "chat.completion", Created: time.Now().Unix(), Model: Model,
		Choices: []choice{{
			Message:      reply{Role: "assistant", Content: h.content(a), Annotations: h.annotations(a), Citations: a.Citations},
			FinishReason: finishReason(a),
		}},
		Usage: usageOf(a), Citations: a.Citations, About: aboutOf(a),
	}
}

func aboutOf(a rag.Answer) about {
	return about{ID: a.ID, Share: a.Share, Status: a.Status, Resolved: a.Resolved, Confidence: a.Confidence}
}

func finishReason(a rag.Answer) string {
	if a.Written != nil && a.Written.Used && a.Written.Why == rag.CutOff {
		return "length"
	}
	return "stop"
}

func usageOf(a rag.Answer) usage {
	if a.Written == nil {
		return usage{}
	}
	u := a.Written.Usage
	return usage{u.Prompt, u.Completion, u.Prompt + u.Completion}
}

// content is what a client shows: the text of an answer, and behind it where its quotes stand, as far as it does not
// say so itself.
func (h handler) content(a rag.Answer) string { return a.Text + h.behind(a) }

func (h handler) behind(a rag.Answer) string {
	evidence := bot.Evidence(a, h.BaseURL)
	if evidence == "" {
		return ""
	}
	return "\n\n" + evidence
}

var (
	mark      = regexp.MustCompile(`\[(\d{1,4})\]`)
	quotation = regexp.MustCompile(`“[^”]*”`)
)

// annotations are those of an answer's marks. What looks like one within a quote is the source's own.
func (h handler) annotations(a rag.Answer) []annotation {
	all := []annotation{}
	quoted := quotedIn(a)
	for _, at := range mark.FindAllStringSubmatchIndex(a.Text, -1) {
		n, _ := strconv.Atoi(a.Text[at[2]:at[3]])
		if n < 1 || n > len(a.Citations) || quoted.has(at[0]) {
			continue
		}
		quote := a.Citations[n-1].Quote
		start := utf8.RuneCountInString(a.Text[:at[0]])
		all = append(all, annotation{"url_citation", urlCitation{
			Start: start, End: start + at[1] - at[0],
			URL: bot.ReadingURL(h.BaseURL, quote.Article().ID, quote.Location(), quote.Text()), Title: bot.OneLine(quote.Article().DisplayTitle()),
		}})
	}
	return all
}

// ranges are parts of a text, in bytes, half open.
type ranges [][]int

func (all ranges) has(i int) bool {
	for _, r := range all {
		if r[0] <= i && i < r[1] {
			return true
		}
	}
	return false
}

// quotedIn is where a text has words of its sources.
func quotedIn(a rag.Answer) (all ranges) {
	if a.Written != nil && a.Written.Used {
		return quotation.FindAllStringIndex(a.Text, -1)
	}
	for _, c := range a.Citations {
		quote := inDirection(c.Quote.Text())
		for from := 0; ; {
			i := strings.Index(a.Text[from:], quote)
			if i < 0 || quote == "" {
				break
			}
			all = append(all, []int{from + i, from + i + len(quote)})
			from += i + len(quote)
		}
	}
	return all
}

// inDirection is a quote as an answer's text has it.
func inDirection(quote string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, quote)
}
