package eval

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"yinju/rag"
	"yinju/rag/draft"
	"yinju/rag/llm"
)

// scripted is a judge for which some sets of texts are enough; it says nothing of those that it cannot judge.
type scripted struct {
	enough  []string // sets of texts, such as "a b"
	unknown []string
	asked   []string
	err     error
}

func (j *scripted) Supports(_ context.Context, _ string, passages []draft.Passage) (rag.Verdict, llm.Usage, error) {
	var texts []string
	for _, p := range passages {
		texts = append(texts, p.Text)
	}
	j.asked = append(j.asked, strings.Join(texts, " "))
	if j.err != nil {
		return rag.Unjudged, llm.Usage{Calls: 1}, j.err
	}
	if slices.Contains(j.unknown, strings.Join(texts, " ")) {
		return rag.Unjudged, llm.Usage{Calls: 1}, nil
	}
	return verdict(slices.ContainsFunc(j.enough, func(set string) bool {
		return !slices.ContainsFunc(strings.Fields(set), func(text string) bool { return !slices.Contains(texts, text) })
	})), llm.Usage{Calls: 1, Prompt: 10}, nil
}

func (j *scripted) Holds(_ context.Context, _, point, text string) (rag.Verdict, llm.Usage, error) {
	return verdict(strings.Contains(text, point)), llm.Usage{Calls: 1}, j.err
}

func cited(texts string) (all []draft.Passage) {
	for text := range strings.FieldsSeq(texts) {
		all = append(all, draft.Passage{Text: text})
	}
	return all
}

// The definition of ALCE: what is recalled, and which citations are precise.
func TestACitationIsImpreciseWhereTheOthersDoWithoutItAndItDoesNot(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		cites   string
		judge   scripted
		faults  []draft.Fault
		want    rag.Verdict
		precise string
		asked   int
	}{
		{name: "one that is enough", cites: "a", judge: scripted{enough: []string{"a"}}, want: rag.Yes, precise: "yes", asked: 1},
		{name: "one that is not", cites: "a", want: rag.No, precise: "no", asked: 1},
		{name: "either of two is enough", cites: "a b", judge: scripted{enough: []string{"a", "b"}}, want: rag.Yes, precise: "yes yes", asked: 3},
		{name: "two that are needed together", cites: "a b", judge: scripted{enough: []string{"a b"}}, want: rag.Yes, precise: "yes yes", asked: 3},
		{name: "one of two is irrelevant", cites: "a b", judge: scripted{enough: []string{"a"}}, want: rag.Yes, precise: "yes no", asked: 3},
		{name: "two needed and one irrelevant", cites: "a b c", judge: scripted{enough: []string{"a b"}}, want: rag.Yes, precise: "yes yes no", asked: 7},
		{name: "two that are not enough together", cites: "a b", judge: scripted{enough: []string{"a b c"}}, want: rag.No, precise: "no no", asked: 1},
		{name: "none cited", cites: "", judge: scripted{enough: []string{""}}, want: rag.No, precise: "", asked: 0},
		{name: "marked as not supported", cites: "a", judge: scripted{enough: []string{"a"}}, faults: []draft.Fault{draft.Number}, want: rag.No, precise: "no", asked: 0},
		{name: "all is not judged", cites: "a b", judge: scripted{unknown: []string{"a b"}}, want: rag.Unjudged, precise: "unjudged unjudged", asked: 1},
		{name: "one alone is not judged", cites: "a b", judge: scripted{enough: []string{"b"}, unknown: []string{"a"}}, want: rag.Yes, precise: "unjudged yes", asked: 3},
		{name: "the rest is not judged", cites: "a b c", judge: scripted{enough: []string{"a b"}, unknown: []string{"b c"}}, want: rag.Yes, precise: "unjudged yes no", asked: 7},
	} {
		b := &bench{Judge: &tc.judge}
		got, precise, err := b.sentence(t.Context(), rag.WrittenSentence{Text: "一句", Faults: tc.faults}, cited(tc.cites))
		var all []string
		for _, v := range precise {
			all = append(all, string(v))
		}
		if err != nil || got != tc.want || strings.Join(all, " ") != tc.precise {
			t.Errorf("%s: %s, %v, %v; want %s, %s", tc.name, got, all, err, tc.want, tc.precise)
		}
		if len(tc.judge.asked) != tc.asked || b.judging.Asked != tc.asked {
			t.Errorf("%s: asked %q, counted %d; want %d questions", tc.name, tc.judge.asked, b.judging.Asked, tc.asked)
		}
	}
}

func TestAJudgeThatFailsHasNotJudgedAndIsReported(t *testing.T) {
	t.Parallel()
	b := &bench{Judge: &scripted{err: errors.New("down")}}
	if v, _, err := b.sentence(t.Context(), rag.WrittenSentence{}, cited("a")); v != rag.Unjudged || err != nil {
		t.Errorf("%s, %v", v, err)
	}
	held, err := b.points(t.Context(), Question{KeyPoints: []string{"x"}}, &rag.Answer{Status: rag.Answered})
	if err != nil || held[0] != rag.Unjudged {
		t.Errorf("%v, %v", held, err)
	}
	if j := b.judging; j.Asked != 2 || j.Unjudged != 2 || j.Error != "down" || j.Tokens.Calls != 2 {
		t.Errorf("%+v", j)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := b.sentence(ctx, rag.WrittenSentence{}, cited("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("the context has ended, and the error is %v", err)
	}
}

// Support by words is that of the quotes together, and of what their articles are called.
func TestByWordsALawfulSentenceIsRecalledAndAnIrrelevantCitationIsNot(t *testing.T) {
	t.Parallel()
	built := draft.Passage{Text: "渠首建于1958年，全长71.5公里。", About: "渠的故事 江州日报"}
	gates := draft.Passage{Text: "渠上共有十二座闸门，其中最老的一座是石闸。"}
	b := &bench{Judge: byWords{}}
	for _, tc := range []struct {
		text  string
		cites []draft.Passage
		want  rag.Verdict
		all   []rag.Verdict
	}{
		{"渠首建于1958年，渠上有12座闸门。", []draft.Passage{built, gates}, rag.Yes, []rag.Verdict{rag.Yes, rag.Yes}},
		{"渠上共有12座闸门，最老的是石闸。", []draft.Passage{built, gates}, rag.Yes, []rag.Verdict{rag.No, rag.Yes}},
		{"渠上共有13座闸门，最老的是石闸。", []draft.Passage{built, gates}, rag.No, []rag.Verdict{rag.No, rag.No}},
	} {
		got, precise, err := b.sentence(t.Context(), rag.WrittenSentence{Text: tc.text}, tc.cites)
		if err != nil || got != tc.want || !slices.Equal(precise, tc.all) {
			t.Errorf("%q: %s, %v, %v", tc.text, got, precise, err)
		}
	}
}

func TestQuotationsAreLookedUpWhiteSpaceAside(t *testing.T) {
	t.Parallel()
	quotes := []string{"渠上共有十二\n座闸门，", "最老的一座 是石闸。"}
	for text, want := range map[string][2]int{
		"文中说“十二座闸门”，“是石闸”。":  {2, 2},
		"文中说“十二座……一座是石闸”。":   {2, 2},
		"文中说“十三座闸门”，“是石闸”。":  {1, 2},
		"文中说“座闸门，最老的”，没有别的。": {0, 1}, // of two quotes, together it is in neither
		"没有引语。": {0, 0},
	} {
		if n, of := inline(text, quotes); n != want[0] || of != want[1] {
			t.Errorf("%s: %d of %d, want %v", text, n, of, want)
		}
	}
}
