package rag_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/tmc/langchaingo/llms"

	"yinju/rag"
	"yinju/rag/llm"
	"yinju/rag/ragtest"
)

// asked is what a scripted model was asked: the prompt, and in it the handles of the passages by what these say.
type asked struct {
	system, prompt string
	n              int // which call it is, from 1
}

var passageGiven = regexp.MustCompile(`(?s)<<([a-z0-9]{5}) (?:出处：|from: )([^\n]*)\n(.*?)\n([a-z0-9]{5})>>`)

// ref is the reference to the first passage that has a text.
func (a asked) ref(text string) string {
	for _, m := range passageGiven.FindAllStringSubmatch(a.prompt, -1) {
		if strings.Contains(m[2]+m[3], text) {
			return "[ref:" + m[1] + "]"
		}
	}
	return "[ref:none of the passages has " + text + "]"
}

// none is what stands for no answer.
func (a asked) none() string {
	return regexp.MustCompile(`只写 (\[ref:[a-z0-9]{5}\])|only (\[ref:[a-z0-9]{5}\])`).FindString(a.system)[len("只写 "):]
}

// scripted is a model that does what it is told.
type scripted struct {
	reply func(a asked) (text, stop string, err error)
	calls []asked
}

func (m *scripted) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var o llms.CallOptions
	for _, set := range options {
		set(&o)
	}
	a := asked{n: len(m.calls) + 1}
	for _, message := range messages {
		text := message.Parts[0].(llms.TextContent).Text
		if message.Role == llms.ChatMessageTypeSystem {
			a.system = text
		} else {
			a.prompt = text
		}
	}
	m.calls = append(m.calls, a)
	text, stop, err := m.reply(a)
	for _, piece := range strings.SplitAfter(text, "") {
		if o.StreamingFunc == nil {
			break
		}
		if err := o.StreamingFunc(ctx, []byte(piece)); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	return &llms.ContentResponse{Choices: []*llms.ContentChoice{{
		Content: text, StopReason: stop,
		GenerationInfo: map[string]any{"PromptTokens": 100, "CompletionTokens": 10, "Calls": 1},
	}}}, nil
}

func (m *scripted) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, m, prompt, options...)
}

// says is a model that writes one text.
func says(text func(a asked) string) *scripted {
	return &scripted{reply: func(a asked) (string, string, error) { return text(a), "stop", nil }}
}

// canals stores two articles, and makes every question with a hit an answered one.
func canals(t *testing.T) *rag.Store {
	t.Helper()
	s := ragtest.Store(t)
	replace(t, s, hashedEdition("渠.txt", rag.Article{Title: "渠的故事", Authors: []string{"李渡"}, Publication: "江州日报", Date: "2021-06-01"},
		"渠首建于1958年，全长71.5公里。渠上共有十二座闸门，其中最老的一座是石闸。管理所不允许在渠堤上种树。"))
	replace(t, s, hashedEdition("磨坊.txt", rag.Article{Title: "磨坊", Authors: []string{"赵晚"}},
		"水磨的效率比畜力高三倍，渠边的磨坊靠渠水转动。2019年磨坊重新开张，当年接待游客1200人次。"))
	if err := s.SetThresholds(t.Context(), rag.Thresholds{Answered: 0.0001, Related: 0}, "m", 1); err != nil {
		t.Fatal(err)
	}
	return s
}

// writes asks a question of a store with a model.
func writes(t *testing.T, s *rag.Store, m llms.Model, w rag.Writing, q rag.Query) (rag.Answer, []rag.Event, error) {
	t.Helper()
	w.Model, w.Name, w.Context = m, "scripted", 8192
	answerer := rag.NewAnswerer(rag.NewRetriever(s, hashed{}, "m"), s).WithWriting(w)
	var events []rag.Event
	a, err := answerer.Stream(t.Context(), q, func(e rag.Event) error {
		events = append(events, e)
		return nil
	})
	return a, events, err
}

// written is the answer to a question about the canal, whose events are those of the answer.
func written(t *testing.T, m llms.Model, w rag.Writing) rag.Answer {
	t.Helper()
	s := canals(t)
	a, events, err := writes(t, s, m, w, rag.Query{Question: "渠上有多少座闸门？"})
	if err != nil {
		t.Fatal(err)
	}
	checkEvents(t, a, events)
	checkCitations(t, s, a)
	return a
}

// checkEvents holds the law of events: their texts are the answer's, their citations are its citations, and each
// comes before the text that has its number.
func checkEvents(t *testing.T, a rag.Answer, events []rag.Event) {
	t.Helper()
	var text strings.Builder
	cited := 0
	for _, e := range events {
		switch {
		case e.Citation != nil:
			cited++
			if e.Citation.N != cited {
				t.Errorf("citation %d comes as the %d. one", e.Citation.N, cited)
			}
		case e.Text != "":
			text.WriteString(e.Text)
			for _, m := range regexp.MustCompile(`\[(\d+)\]`).FindAllStringSubmatch(e.Text, -1) {
				if m[1] > string(rune('0'+cited)) {
					t.Errorf("%q comes before citation %s", e.Text, m[1])
				}
			}
		}
	}
	if text.String() != a.Text || cited != len(a.Citations) {
		t.Errorf("events say %q with %d citations, the answer %q with %d", text.String(), cited, a.Text, len(a.Citations))
	}
}

// checkCitations holds the laws of citations: each is in its article at its span, and each is referred to.
func checkCitations(t *testing.T, s *rag.Store, a rag.Answer) {
	t.Helper()
	bodies := map[string]string{}
	if err := s.Articles(t.Context(), nil, func(article *rag.Article) error {
		bodies[rag.FormatID(article.ID)] = article.Text
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range a.Citations {
		at := c.Quote.Location()
		body := []rune(bodies[rag.FormatID(c.Quote.Article().ID)])
		if string(body[at.StartChar:at.EndChar]) != c.Quote.Text() {
			t.Errorf("[%d] quotes %q where the article has %q", c.N, c.Quote.Text(), string(body[at.StartChar:at.EndChar]))
		}
		if !strings.Contains(a.Text, "["+string(rune('0'+c.N))+"]") {
			t.Errorf("[%d] is cited nowhere in %q", c.N, a.Text)
		}
	}
	for _, m := range regexp.MustCompile(`“([^“”]*)”`).FindAllStringSubmatch(a.Text, -1) {
		found := false
		for _, c := range a.Citations {
			found = found || strings.Contains(strings.Join(strings.Fields(c.Quote.Text()), ""), strings.Join(strings.Fields(m[1]), ""))
		}
		if !found {
			t.Errorf("the text quotes “%s”, which no citation has", m[1])
		}
	}
}

func TestAWrittenAnswerCitesWhatBearsItOut(t *testing.T) {
	t.Parallel()
	m := says(func(a asked) string {
		return "渠上有12座闸门" + a.ref("闸门") + "。文中说“最老的一座是石闸”。" + a.ref("闸门") + "磨坊2019年重新开张。" + a.ref("磨坊")
	})
	a := written(t, m, rag.Writing{})
	want := "渠上有12座闸门。[1]文中说“最老的一座是石闸”。[1]磨坊2019年重新开张。[2]"
	if a.Text != want || a.Status != rag.Answered || !a.Written.Used || a.Written.Why != "" {
		t.Errorf("%q, %s, %+v, want %q", a.Text, a.Status, a.Written, want)
	}
	if a.Citations[0].Quote.Text() != "渠上共有十二座闸门，其中最老的一座是石闸。" || a.Citations[1].Quote.Article().Title != "磨坊" {
		t.Errorf("cites %q and %q", a.Citations[0].Quote.Text(), a.Citations[1].Quote.Text())
	}
	if a.Written.Usage != (llm.Usage{Prompt: 100, Completion: 10, Calls: 1}) {
		t.Errorf("used %+v", a.Written.Usage)
	}
	if len(m.calls) != 1 || strings.Contains(a.Text, "ref") {
		t.Errorf("%d calls, %q", len(m.calls), a.Text)
	}
	if _, err := json.Marshal(a); err != nil {
		t.Error(err)
	}
}

func TestWhatNothingSupportsIsLeftOut(t *testing.T) {
	t.Parallel()
	a := written(t, says(func(a asked) string {
		return "渠上有13座闸门。" + a.ref("闸门") + "渠上共有十二座闸门。" + a.ref("闸门") + "渠是省里最长的。管理所允许在渠堤上种树。" + a.ref("种树")
	}), rag.Writing{})
	if a.Text != "渠上共有十二座闸门。[1]" || a.Written.Dropped["number"] != 1 || a.Written.Dropped["no_handle"] != 1 || a.Written.Dropped["negation"] != 1 {
		t.Errorf("%q, dropped %v", a.Text, a.Written.Dropped)
	}
}

func TestWhatNothingSupportsIsMarkedWhereThatIsWanted(t *testing.T) {
	t.Parallel()
	a := written(t, says(func(a asked) string {
		return "渠上有13座闸门。" + a.ref("闸门") + "渠上共有十二座闸门。" + a.ref("闸门")
	}), rag.Writing{Mark: true})
	if a.Text != "渠上有13座闸门。〔原文未能证实〕渠上共有十二座闸门。[1]" || a.Written.Sentences[0].Faults[0] != "number" {
		t.Errorf("%q, %+v", a.Text, a.Written)
	}
}

func TestAnInventedQuotationLosesItsMarks(t *testing.T) {
	t.Parallel()
	a := written(t, says(func(a asked) string {
		return "文中说“渠上的闸门共有十二座，都很老”。" + a.ref("闸门")
	}), rag.Writing{})
	if strings.ContainsAny(a.Text, "“”") || !strings.Contains(a.Text, "已去引号") || a.Written.Lost != 1 {
		t.Errorf("%q, %+v", a.Text, a.Written)
	}
}

func TestWithoutASentenceThatHoldsTheQuotesAreGivenAndWhy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		why    rag.Reason
		status rag.Status
		reply  func(a asked) (string, string, error)
	}{
		"nothing supported": {rag.NothingSupported, rag.Answered, func(asked) (string, string, error) {
			return "渠上有13座闸门。[ref:zzzz2]“渠是河”。", "stop", nil
		}},
		"empty":       {rag.NothingSupported, rag.Answered, func(asked) (string, string, error) { return "", "stop", nil }},
		"no answer":   {rag.NoAnswer, rag.Related, func(a asked) (string, string, error) { return a.none(), "stop", nil }},
		"failed":      {rag.Failed, rag.Answered, func(asked) (string, string, error) { return "", "", errors.New("down") }},
		"cut at once": {rag.CutOff, rag.Answered, func(asked) (string, string, error) { return "渠上有十", "", llm.ErrCut }},
		"day spent":   {rag.OverBudget, rag.Answered, func(asked) (string, string, error) { return "", "", llm.ErrBudget }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := written(t, &scripted{reply: tc.reply}, rag.Writing{})
			if a.Written.Why != tc.why || a.Written.Used || a.Status != tc.status || len(a.Citations) == 0 || !strings.HasPrefix(a.Text, "（语言模型") {
				t.Errorf("%s, %q, %+v", a.Status, a.Text, a.Written)
			}
		})
	}
}

func TestAReplyThatBreaksOffKeepsWhatHolds(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]func(a asked) (string, string, error){
		"cut": func(a asked) (string, string, error) {
			return "渠上共有十二座闸门。" + a.ref("闸门") + "其中最老的一座", "", llm.ErrCut
		},
		"length": func(a asked) (string, string, error) {
			return "渠上共有十二座闸门。" + a.ref("闸门") + "其中最老的一座", "length", nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := written(t, &scripted{reply: reply}, rag.Writing{})
			if a.Text != "渠上共有十二座闸门。[1]\n（语言模型的回答中途断了。）" || !a.Written.Used || a.Written.Why != rag.CutOff || a.Written.Error == "" {
				t.Errorf("%q, %+v", a.Text, a.Written)
			}
		})
	}
}

func TestAModelIsNotAskedWhatTheCorpusDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s := canals(t)
	for _, set := range []rag.Thresholds{{Answered: 1, Related: 1}, {Answered: 1, Related: 0}} {
		if err := s.SetThresholds(t.Context(), set, "m", 1); err != nil {
			t.Fatal(err)
		}
		m := says(func(asked) string { return "渠上有13座闸门。" })
		a, events, err := writes(t, s, m, rag.Writing{}, rag.Query{Question: "渠上有多少座闸门？"})
		if err != nil || len(m.calls) != 0 || a.Status == rag.Answered || a.Written.Usage.Calls != 0 {
			t.Errorf("%d calls, %s, %v", len(m.calls), a.Status, err)
		}
		checkEvents(t, a, events)
	}
}

func TestAReaderWhoGoesAwayEndsTheCall(t *testing.T) {
	t.Parallel()
	s := canals(t)
	gone := errors.New("gone")
	m := says(func(a asked) string {
		return "渠上共有十二座闸门。" + a.ref("闸门") + strings.Repeat("渠上共有十二座闸门。", 100)
	})
	answerer := rag.NewAnswerer(rag.NewRetriever(s, hashed{}, "m"), s).WithWriting(rag.Writing{Model: m, Context: 8192})
	_, err := answerer.Stream(t.Context(), rag.Query{Question: "渠上有多少座闸门？"}, func(e rag.Event) error {
		if e.Text != "" {
			return gone
		}
		return nil
	})
	if !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err = answerer.Stream(ctx, rag.Query{Question: "渠上有多少座闸门？"}, func(e rag.Event) error {
		if e.Text != "" {
			cancel(gone)
		}
		return nil
	})
	if !errors.Is(err, gone) && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
