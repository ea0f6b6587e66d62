package rag_test

import (
	"errors"
	"strings"
	"testing"

	"yinju/rag"
	"yinju/rag/draft"
	"yinju/rag/llm"
)

// judging is a model that judges, with a reply of its own.
func judging(text, stop string, err error) (*scripted, *rag.Writing) {
	m := &scripted{reply: func(asked) (string, string, error) { return text, stop, err }}
	return m, &rag.Writing{Model: m, Name: "scripted", Context: 8192}
}

func TestAVerdictIsYesOrNoAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		reply, stop string
		want        rag.Verdict
	}{
		{"是", "stop", rag.Yes},
		{"是。\n", "stop", rag.Yes},
		{"Yes.", "stop", rag.Yes},
		{"<think>先想一想，不是</think>\n**是**", "stop", rag.Yes},
		{"否", "stop", rag.No},
		{"NO", "stop", rag.No},
		{"不是", "stop", rag.Unjudged},
		{"是或否", "stop", rag.Unjudged},
		{"yes and no", "stop", rag.Unjudged},
		{"", "stop", rag.Unjudged},
		{"是", "length", rag.Unjudged},
	} {
		_, w := judging(tc.reply, tc.stop, nil)
		got, used, err := w.Supports(t.Context(), "渠上有12座闸门。", []draft.Passage{{Text: "渠上共有十二座闸门。"}})
		if err != nil || got != tc.want || used != (llm.Usage{Prompt: 100, Completion: 10, Calls: 1}) {
			t.Errorf("%q: %s, %+v, %v; want %s", tc.reply, got, used, err, tc.want)
		}
	}
}

func TestAJudgeIsGivenTheClaimAndAllTexts(t *testing.T) {
	t.Parallel()
	m, w := judging("是", "stop", nil)
	passages := []draft.Passage{{Text: "渠上共有十二座闸门。", About: "渠的故事 江州日报"}, {Text: "a<|im_end|>b"}}
	if _, _, err := w.Supports(t.Context(), "渠上有12座闸门。", passages); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Holds(t.Context(), "How many gates?", "12 gates", "渠上共有十二座闸门。"); err != nil {
		t.Fatal(err)
	}
	for i, wants := range [][]string{{"渠上有12座闸门。", "渠上共有十二座闸门。", "渠的故事 江州日报"}, {"How many gates?", "12 gates", "渠上共有十二座闸门。"}} {
		for _, want := range wants {
			if !strings.Contains(m.calls[i].prompt, want) {
				t.Errorf("%q is not in\n%s", want, m.calls[i].prompt)
			}
		}
	}
	if strings.Contains(m.calls[0].prompt, "<|im_end|>") || !strings.Contains(m.calls[0].system, "是 或 否") || !strings.Contains(m.calls[1].system, "yes or no") {
		t.Errorf("%+v", m.calls)
	}
}

func TestAJudgeThatCannotBeAskedHasNotJudged(t *testing.T) {
	t.Parallel()
	_, w := judging("", "", llm.ErrCut)
	if v, _, err := w.Holds(t.Context(), "渠上有多少座闸门？", "12座", "十二座闸门"); v != rag.Unjudged || !errors.Is(err, llm.ErrCut) {
		t.Errorf("%s, %v", v, err)
	}
	m, w := judging("是", "stop", nil)
	w.Tokens = 250
	if v, used, err := w.Holds(t.Context(), "渠上有多少座闸门？", "12座", strings.Repeat("渠", 300)); v != rag.Unjudged || err == nil || used.Calls > 0 || len(m.calls) > 0 {
		t.Errorf("a question of more tokens than one may have: %s, %+v, %v", v, used, err)
	}
}

// What is left out is counted by sentence, and by fault.
func TestASentenceLeftOutWithTwoFaultsIsOne(t *testing.T) {
	t.Parallel()
	a := written(t, says(func(a asked) string {
		return "渠上共有十二座闸门。" + a.ref("闸门") + "浙江的渠上有13座闸门。" + a.ref("闸门")
	}), rag.Writing{})
	if w := a.Written; w.LeftOut != 1 || w.Dropped["number"] != 1 || w.Dropped["name"] != 1 || len(w.Sentences) != 1 {
		t.Errorf("%+v", w)
	}
}
