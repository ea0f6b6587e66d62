package rag_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"yinju/rag"
)

func isRewriting(a asked) bool {
	return strings.Contains(a.system, "改写成") || strings.Contains(a.system, "Rewrite")
}

func isTranslating(a asked) bool { return strings.Contains(a.system, "译成") }

// understands is a model that rewrites as it is told and writes nothing.
func understands(rewritten string) *scripted {
	return says(func(a asked) string {
		if isRewriting(a) {
			return rewritten
		}
		return a.none()
	})
}

// follows asks a question behind another one of a conversation, and gives how it was taken.
func follows(t *testing.T, m *scripted, question string) rag.Answer {
	t.Helper()
	s := canals(t)
	var a rag.Answer
	for _, q := range []string{"渠上有多少座闸门？", question} {
		var err error
		if a, _, err = writes(t, s, m, rag.Writing{}, rag.Query{Question: q, Conversation: "c"}); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func TestAFollowUpIsTakenInTheModelsWords(t *testing.T) {
	t.Parallel()
	m := understands("渠上最老的一座闸门是什么闸？")
	a := follows(t, m, "最老的是啥？")
	if a.Question != "最老的是啥？" || a.Resolved != "渠上最老的一座闸门是什么闸？" {
		t.Errorf("%q was taken as %q", a.Question, a.Resolved)
	}
	i := slices.IndexFunc(m.calls, isRewriting)
	if i < 0 || !strings.Contains(m.calls[i].prompt, "渠上有多少座闸门？") || !strings.Contains(m.calls[i].prompt, "最老的是啥？") || !strings.Contains(m.calls[i].prompt, "《渠的故事》") {
		t.Errorf("the model was not told the conversation: %+v", m.calls)
	}
	if n := len(slices.DeleteFunc(m.calls, func(a asked) bool { return !isRewriting(a) })); n != 1 {
		t.Errorf("%d questions were rewritten, want the second one alone", n)
	}
}

func TestWordsOfTheModelThatChangeTheQuestionAreNotTaken(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{
		"", "……", "两行\n的回答", "Which sluice is the oldest?", strings.Repeat("长", 3000),
		"渠上1958年的闸门有几座？", // another year
		"渠上闸门有几座？",       // without the year
	} {
		a := follows(t, understands(reply), "渠1959年有多少座闸门？")
		if a.Resolved != "" {
			t.Errorf("with %.40q the question was taken as %q", reply, a.Resolved)
		}
	}
}

func TestWithoutTheModelAFollowUpIsUnderstoodByRules(t *testing.T) {
	t.Parallel()
	m := &scripted{reply: func(asked) (string, string, error) { return "", "", errors.New("down") }}
	a := follows(t, m, "这篇是谁写的？")
	if a.Resolved != "《渠的故事》这篇是谁写的？" || a.Written == nil || a.Written.Error == "" {
		t.Errorf("taken as %q, %+v", a.Resolved, a.Written)
	}
}

func TestMoreOfTheSameIsNotRewritten(t *testing.T) {
	t.Parallel()
	m := understands("渠上有多少座闸门？")
	if a := follows(t, m, "还有呢？"); a.Resolved != "渠上有多少座闸门？" || slices.ContainsFunc(m.calls, isRewriting) {
		t.Errorf("taken as %q after %d calls", a.Resolved, len(m.calls))
	}
}

func TestAQuestionInAnotherLanguageIsSearchedInChinese(t *testing.T) {
	t.Parallel()
	s := canals(t)
	m := says(func(a asked) string {
		if isTranslating(a) {
			return "渠上有多少座闸门？"
		}
		return "The canal has 12 sluices: “渠上共有十二座闸门”. " + a.ref("闸门")
	})
	a, events, err := writes(t, s, m, rag.Writing{}, rag.Query{Question: "Сколько шлюзов на канале?"})
	if err != nil {
		t.Fatal(err)
	}
	if a.Text != "The canal has 12 sluices: “渠上共有十二座闸门”.[1]" || a.Resolved != "" || a.Question != "Сколько шлюзов на канале?" {
		t.Errorf("%q, taken as %q", a.Text, a.Resolved)
	}
	if len(m.calls) != 2 || !strings.Contains(m.calls[1].prompt, "Сколько") || !strings.Contains(m.calls[1].system, "language of the question") {
		t.Errorf("the model was asked %+v", m.calls)
	}
	checkEvents(t, a, events)
	checkCitations(t, s, a)
	if a.Written.Usage.Calls != 2 {
		t.Errorf("used %+v", a.Written.Usage)
	}
}

func TestAQuestionsTokensAreNotOverspent(t *testing.T) {
	t.Parallel()
	s := canals(t)
	m := says(func(a asked) string { return a.none() })
	a, _, err := writes(t, s, m, rag.Writing{Tokens: 150}, rag.Query{Question: "渠上有多少座闸门？"})
	if err != nil || len(m.calls) != 0 || a.Written.Why != rag.OverBudget || len(a.Citations) == 0 {
		t.Errorf("%d calls, %+v, %v", len(m.calls), a.Written, err)
	}
}
