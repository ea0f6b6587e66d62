package rag

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/rag/gloss"
	"yinju/rag/sound"
)

// glossary is a translator that knows what it was given.
type glossary []gloss.Phrase

func (g glossary) Gloss(string) []gloss.Phrase { return g }

func opened(phrases ...gloss.Phrase) func() (translator, error) {
	return func() (translator, error) { return glossary(phrases), nil }
}

func readWith(t *testing.T, question string, phrases ...gloss.Phrase) reading {
	t.Helper()
	q, err := read(question, opened(phrases...))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// alikeIn are terms of a corpus by sound key.
func alikeIn(terms ...string) map[string][]string {
	alike := map[string][]string{}
	for _, term := range terms {
		for _, key := range sound.Keys(term) {
			alike[key] = append(alike[key], term)
		}
	}
	return alike
}

// wordsOf are the words of a group's renderings.
func wordsOf(g group) (words []string) {
	for _, r := range g.renderings {
		words = append(words, r.word())
	}
	return words
}

func TestHomophonesStandInOnlyForTermsThatTheCorpusLacks(t *testing.T) {
	t.Parallel()
	alike := alikeIn("水曲", "税渠", "睡去", "水库")
	for name, tc := range map[string]struct {
		known []string
		want  []string
	}{
		"the corpus has the term":     {[]string{"水渠"}, []string{"水渠"}},
		"the corpus lacks the term":   {nil, []string{"水渠", "水曲", "税渠"}},
		"it has another of the terms": {[]string{"水库"}, []string{"水渠", "水曲", "税渠"}},
	} {
		q := readWith(t, "水渠")
		q.hear(alike, func(term string) bool { return slices.Contains(tc.known, term) })
		if diff := cmp.Diff(tc.want, wordsOf(q.groups[0])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	q := readWith(t, "水渠")
	q.hear(alike, func(string) bool { return false })
	for _, r := range q.groups[0].renderings[1:] {
		if r.weight != soundWeight {
			t.Errorf("%q weighs %v", r.word(), r.weight)
		}
	}
}

func TestAHomophoneHasOneCharacterInTheSamePlace(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"水渠", "水曲", true}, {"水渠", "睡渠", true}, {"水渠", "睡去", false}, {"水渠", "渠水", false}, {"水", "水", false}, {"水渠", "水", false},
	} {
		if got := sharesCharacter(tc.a, tc.b); got != tc.want {
			t.Errorf("%s and %s: %v", tc.a, tc.b, got)
		}
	}
}

func TestANameInLatinLettersFindsTheChineseOne(t *testing.T) {
	t.Parallel()
	q := readWith(t, "What did He Xiaoman say?", gloss.Phrase{Words: "He Xiaoman", Name: true})
	q.hear(alikeIn("何小", "小满", "和晓", "晓曼", "满园"), func(string) bool { return true })
	var names []string
	for _, g := range q.groups {
		if g.latin {
			names = append(names, wordsOf(g)...)
		}
	}
	if !slices.Contains(names, "何小满") || !slices.Contains(names, "和晓曼") {
		t.Errorf("heard %q", names)
	}
	if slices.Contains(names, "何小曼") || slices.Contains(names, "何小晓曼") {
		t.Errorf("terms that do not join: %q", names)
	}
}

func TestANameHasNoMoreSpellingsThanAreTried(t *testing.T) {
	t.Parallel()
	alike := map[string][]string{}
	for r := range 100 {
		alike["a b"] = append(alike["a b"], "何"+string(rune('一'+r)))
	}
	if got := len(spell([]string{"a b"}, alike)); got != maxNames {
		t.Errorf("%d spellings", got)
	}
	if got := spell([]string{"a b", "c d"}, alike); len(got) != 0 {
		t.Errorf("a name of which the corpus has one half: %d", len(got))
	}
}

func TestThePartsOfAPhraseStandInWhereNoTextHasTheWhole(t *testing.T) {
	t.Parallel()
	phrase := gloss.Phrase{Words: "water mill", Chinese: []string{"水磨坊"}, Parts: []gloss.Phrase{
		{Words: "water", Chinese: []string{"水渠", "渠水"}}, {Words: "mill", Chinese: []string{"磨坊"}},
	}}
	for name, tc := range map[string]struct {
		held string
		want []string
	}{
		"a text has the whole": {"水磨坊", []string{"水磨坊", "water", "mill"}},
		"none has it":          {"磨坊", []string{"水渠", "渠水", "磨坊", "water", "mill"}},
		"none has even a part": {"", []string{"水渠", "渠水", "磨坊", "water", "mill"}},
	} {
		q := readWith(t, "the water mill", phrase)
		q.settle(func(r rendering) bool { return r.word() == tc.held })
		var got []string
		for _, g := range q.groups {
			got = append(got, wordsOf(g)...)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTheWordingInChineseIsTheCommonestAndAlwaysTheSame(t *testing.T) {
	t.Parallel()
	passages := map[string]int{"水渠": 2, "渠水": 2, "磨坊": 5, "碾坊": 1}
	count := func(r rendering) int { return passages[r.word()] }
	for range 20 {
		for _, chinese := range [][]string{{"水渠", "渠水", "河渠"}, {"河渠", "渠水", "水渠"}} {
			q := readWith(t, "canal mill", gloss.Phrase{Words: "canal", Chinese: chinese}, gloss.Phrase{Words: "mill", Chinese: []string{"碾坊", "磨坊"}})
			if got := q.inChinese(count); got != "水渠 磨坊" {
				t.Fatalf("in Chinese: %q", got)
			}
		}
	}
	q := readWith(t, "canal", gloss.Phrase{Words: "canal", Chinese: []string{"运河"}})
	if got := q.inChinese(count); got != "" {
		t.Errorf("a word that no text has: %q", got)
	}
	if got := readWith(t, "水渠和GDP", gloss.Phrase{Words: "GDP", Chinese: []string{"水渠"}}).inChinese(count); got != "" {
		t.Errorf("a Chinese question is translated: %q", got)
	}
}

func TestAWordOfAnotherLanguageInAChineseQuestionIsGlossed(t *testing.T) {
	t.Parallel()
	q := readWith(t, "GDP有多少", gloss.Phrase{Words: "GDP", Chinese: []string{"生产总值"}})
	if diff := cmp.Diff([]string{"gdp", "生产总值"}, wordsOf(q.groups[0])); diff != "" {
		t.Error(diff)
	}
	if q.foreign {
		t.Error("the question is Chinese")
	}
}

func TestADictionaryIsOpenedOnlyForWordsOfAnotherLanguage(t *testing.T) {
	t.Parallel()
	failed := errors.New("no dictionary")
	broken := func() (translator, error) { return nil, failed }
	for question, want := range map[string]error{"水渠有多长？": nil, "1958年？": nil, "mill": failed, "GDP有多少？": failed} {
		if _, err := read(question, broken); !errors.Is(err, want) || err != nil && want == nil {
			t.Errorf("%q: %v", question, err)
		}
	}
	q, err := read("old mill", nil)
	if diff := cmp.Diff([]string{"old", "mill"}, q.terms()); err != nil || diff != "" {
		t.Errorf("without a dictionary: %v, %s", err, diff)
	}
}
