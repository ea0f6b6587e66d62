package rag_test

import (
	"testing"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// imprintEdition is an edition of one article of which each text is a line of the source, and the last a passage of its own.
func imprintEdition(path string, a rag.Article, vector int, texts ...string) rag.Edition {
	e := edition(path, texts...)
	stored := e.Articles[0]
	a.File, a.Text, a.Places = stored.File, stored.Text, stored.Places
	*stored = a
	for i := range e.Passages {
		e.Passages[i].Vector = axis(vector)
	}
	return e
}

func imprintStore(t *testing.T) *rag.Store {
	t.Helper()
	s := ragtest.Store(t)
	replace(t, s, imprintEdition("渠.txt", rag.Article{
		Title: "石桥镇的渠边旧事", Authors: []string{"何小满"}, Affiliation: "东川大学教授", Publication: "渠边晚报", Date: "2019-05-06",
		Facts: map[rag.Field]rag.Fact{
			rag.TitleField: {Line: 1, Confidence: 1}, rag.AuthorsField: {Line: 2, Confidence: 1}, rag.AffiliationField: {Line: 3, Confidence: 1},
			rag.PublicationField: {Line: 6, Confidence: 1}, rag.DateField: {Line: 6, Confidence: 1},
		},
	}, 1, "石桥镇的渠边旧事\n", "何小满\n", "（东川大学水利系教授、\n", "镇志编者）\n", "磨坊的水车转了一百年，后来停了。渠水东流不息。\n", "《渠边晚报》2019年5月6日"))
	replace(t, s, imprintEdition("塔.txt", rag.Article{
		Title: "山脚下的砖塔小记", Facts: map[rag.Field]rag.Fact{rag.TitleField: {Line: 1, Confidence: 1}},
	}, 3, "山脚下的砖塔小记\n", "砖塔立在山脚，塔高三十米。鸟在塔顶做窝，孩子们都爱来看。\n"))
	return s
}

func TestAnArticleIsAskedForItsImprint(t *testing.T) {
	t.Parallel()
	s := imprintStore(t)
	ask := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(1)), "m"), s)
	for question, want := range map[string]string{
		"《石桥镇的渠边旧事》的作者是谁？":    "石桥镇的渠边旧事\n何小满",
		"《石桥镇的渠边旧事》是谁写的？":     "石桥镇的渠边旧事\n何小满",
		"《石桥镇的渠边旧事》登在哪家报纸？":   "《渠边晚报》2019年5月6日",
		"《石桥镇的渠边旧事》发表于哪一年？":   "《渠边晚报》2019年5月6日",
		"《石桥镇的渠边旧事》的作者是什么职务？": "（东川大学水利系教授、\n镇志编者）",
		"何小满是什么职务？":           "（东川大学水利系教授、\n镇志编者）",
		"何小满的文章登在哪家报纸？":       "《渠边晚报》2019年5月6日",
		"讲磨坊的水车转了一百年的那篇是谁写的？": "石桥镇的渠边旧事\n何小满",
	} {
		a, err := ask.Ask(t.Context(), question)
		if err != nil {
			t.Fatal(err)
		}
		if a.Status != rag.Answered || len(a.Citations) == 0 || a.Citations[0].Quote.Text() != want {
			t.Errorf("%q: %s, %s", question, a.Status, a.Text)
		}
	}
	a, err := ask.Ask(t.Context(), "《石桥镇的渠边旧事》的作者是谁，登在哪家报纸？")
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Citations) < 2 || a.Citations[0].Quote.Text() != "石桥镇的渠边旧事\n何小满" || a.Citations[1].Quote.Text() != "《渠边晚报》2019年5月6日" {
		t.Errorf("both are asked for: %s", a.Text)
	}
}

func TestWhatAnArticleDoesNotSayOfItselfIsNotAnswered(t *testing.T) {
	t.Parallel()
	s := imprintStore(t)
	ask := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(3)), "m"), s)
	for _, question := range []string{"《山脚下的砖塔小记》的作者是谁？", "《山脚下的砖塔小记》登在哪家报纸？", "《山脚下的砖塔小记》发表于哪一年？", "《山脚下的砖塔小记》是谁写的？"} {
		a, err := ask.Ask(t.Context(), question)
		if err != nil {
			t.Fatal(err)
		}
		if a.Status == rag.Answered {
			t.Errorf("%q, confidence %v: %s", question, a.Confidence, a.Text)
		}
	}
}
