package rag

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestQuestionsOfAnImprintAreToldFromOthers(t *testing.T) {
	t.Parallel()
	for question, want := range map[string][]Field{
		"《渠边旧事》的作者是谁？":                       {AuthorsField},
		"《渠边旧事》是谁写的？":                        {AuthorsField},
		"那篇讲磨坊的文章由谁撰写？":                      {AuthorsField},
		"写水车那篇文章的人是谁？":                       {AuthorsField},
		"Who wrote the article on the mill?": {AuthorsField},
		"何小满是什么职务？":                          {AffiliationField},
		"那篇文章的作者在哪个单位？":                      {AffiliationField},
		"《渠边旧事》登在哪家报纸？":                      {PublicationField},
		"那篇文章发表于什么刊物？":                       {PublicationField},
		"那篇文章出自哪份报纸？":                        {PublicationField},
		"《渠边旧事》发表于哪一年？":                      {DateField},
		"那篇文章什么时候见报的？":                       {DateField},
		"那篇文章的作者是谁，登在哪家报纸？":                  {AuthorsField, PublicationField},

		"规划是什么时候印发的？":              nil,
		"他写了什么？":                   nil,
		"他发现了哪口井？":                 nil,
		"磨坊是哪一年建的？":                nil,
		"水车是谁造的？":                  nil,
		"渠水流到哪里？":                  nil,
		"When was the mill built?": nil,
	} {
		fields, share := imprintFields(question)
		if diff := cmp.Diff(want, fields, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", question, diff)
		}
		if share <= 0 || share > 1 {
			t.Errorf("%q: share %v", question, share)
		}
	}
}

func TestTheShareIsWhatElseTheQuestionAsks(t *testing.T) {
	t.Parallel()
	for question, want := range map[string]float64{
		"那篇文章的作者是谁？":               1,
		"那篇文章的作者是谁，磨坊有多少层？":        0.5,
		"那篇文章的作者是谁，登在哪家报纸，磨坊有多少层？": 2.0 / 3,
		"那篇文章讲磨坊，很长，作者是谁？":         1,
	} {
		if _, share := imprintFields(question); share != want {
			t.Errorf("%q: share %v, want %v", question, share, want)
		}
	}
}

func TestOnlyAQuestionOfATextAsksForItsImprint(t *testing.T) {
	t.Parallel()
	named := []Mention{{Filter: Filter{Author: "何小满"}}}
	for _, tc := range []struct {
		question string
		scope    []Mention
		want     bool
	}{
		{"那篇讲磨坊的是谁写的？", nil, true},
		{"石碑上的字是谁写的？", nil, false},
		{"何小满是什么职务？", named, true},
		{"何小满是什么职务？", nil, false},
	} {
		s := &search{question: tc.question, scope: tc.scope}
		if fields, _ := s.imprintAsked(); (len(fields) > 0) != tc.want {
			t.Errorf("%q with %v: %v", tc.question, tc.scope, fields)
		}
	}
}

// imprintArticle is an article of which each text is a line of the source, from line 1 on.
func imprintArticle(texts ...string) *Article {
	a := &Article{Facts: map[Field]Fact{}}
	at := 0
	for i, text := range texts {
		a.Places = append(a.Places, Run{Start: at, Line: i + 1})
		a.Text += text
		at += len([]rune(text))
	}
	return a
}

func TestAnImprintIsTheSourcesOwnLine(t *testing.T) {
	t.Parallel()
	a := imprintArticle("渠边旧事\n", "何小满\n", "（东川大学教授、\n", "镇志编者）\n", "渠水东流不息。\n", "《渠边晚报》2019年5月6日")
	a.ID = 5
	a.Facts = map[Field]Fact{TitleField: {Line: 1}, AuthorsField: {Line: 2}, AffiliationField: {Line: 3}, DateField: {Line: 6}}
	found := a.imprint([]Field{AuthorsField, AffiliationField, DateField, PublicationField})
	got := map[Field]string{}
	for field, p := range found.lines {
		got[field] = p.text
		if cut := string([]rune(a.Text)[p.span.Start:p.span.End]); cut != p.text || p.article != 5 {
			t.Errorf("%s: the span of %d has %q, not %q", field, p.article, cut, p.text)
		}
	}
	want := map[Field]string{
		AuthorsField: "渠边旧事\n何小满", AffiliationField: "（东川大学教授、\n镇志编者）", DateField: "《渠边晚报》2019年5月6日",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	known := map[Field]bool{AuthorsField: true, AffiliationField: true, DateField: true, PublicationField: false}
	if diff := cmp.Diff(known, found.known); diff != "" {
		t.Errorf("known (-want +got):\n%s", diff)
	}
}

func TestHeadlineAndBylineStayApartOverASentenceOrATear(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		between string
		tear    int // 0: none
		want    string
	}{
		"nothing between":      {"", 0, "渠边旧事\n何小满"},
		"a second headline":    {"——石桥镇的水\n", 0, "渠边旧事\n——石桥镇的水\n何小满"},
		"a sentence between":   {"渠水东流不息。\n", 0, "何小满"},
		"layout between":       {"", 5, "何小满"},
		"too much between":     {longLine(headingsRunes), 0, "何小满"},
		"layout in the byline": {"", 6, ""},
	} {
		a := imprintArticle("渠边旧事\n", tc.between, "何小满\n", "磨坊停了。")
		a.Facts = map[Field]Fact{TitleField: {Line: 1}, AuthorsField: {Line: 3}}
		if tc.tear > 0 {
			a.Tears = []int{tc.tear}
		}
		if got := a.imprint([]Field{AuthorsField}).lines[AuthorsField].text; got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestALineThatIsNotInTheTextOrIsALongOneSaysNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		article *Article
		line    int
	}{
		"no line":                {imprintArticle("渠边旧事\n", "磨坊停了。"), 0},
		"a line of another text": {imprintArticle("渠边旧事\n", "磨坊停了。"), 9},
		"too long":               {imprintArticle("渠边旧事\n", longLine(imprintRunes+1)), 2},
		"only white space":       {imprintArticle("渠边旧事\n", " \n", "磨坊停了。"), 2},
	} {
		if span, ok := tc.article.lineOf([]rune(tc.article.Text), tc.line); ok {
			t.Errorf("%s: %v", name, span)
		}
	}
	torn := imprintArticle("（东川大学教授、\n", "镇志编者）\n")
	torn.Tears = []int{9}
	if span, ok := torn.lineOf([]rune(torn.Text), 1); ok {
		t.Errorf("a note goes on over a tear: %v", span)
	}
	open := imprintArticle("（东川大学教授\n", longLine(imprintRunes+10)+"）")
	if span, ok := open.lineOf([]rune(open.Text), 1); !ok || span.Len() != 7 {
		t.Errorf("a bracket that closes far away: %v, %v", span, ok)
	}
}

func longLine(n int) string {
	line := make([]rune, n)
	for i := range line {
		line[i] = '水'
	}
	return string(line) + "\n"
}
