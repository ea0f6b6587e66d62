package rag_test

import (
	"strings"
	"testing"

	"yinju/rag"
	"yinju/rag/bge"
	"yinju/rag/gloss"
	"yinju/rag/ragtest"
)

// modelEdition is an edition as the real model encodes it.
func modelEdition(t *testing.T, m *bge.Model, path string, texts ...string) rag.Edition {
	t.Helper()
	e := edition(path, texts...)
	e.Embedder = ragtest.ModelName
	var passages []string
	for i := range e.Passages {
		passages = append(passages, e.Passages[i].IndexText())
	}
	encoded, err := m.EncodeDocuments(t.Context(), passages)
	if err != nil {
		t.Fatal(err)
	}
	for i := range e.Passages {
		e.Passages[i].Take(encoded[i])
	}
	return e
}

func TestQuestionsInOtherWordsFindAChineseText(t *testing.T) {
	t.Parallel()
	m, s := ragtest.Model(t), ragtest.Store(t)
	replace(t, s, modelEdition(t, m, "a.txt",
		"石桥镇的磨坊在一九五六年秋天停了，因为水渠断了流。", "何小满在北坡种下四十棵柿子树，第三年才结果。",
		"渔民每年三月修补渔网，四月出海。", "砖塔高三十五米，塔顶有鸟窝。", "镇上的小学有两百名学生，教室是新盖的。"))
	dictionary := ragtest.Dictionary(t)
	retriever := rag.NewRetriever(s, m, ragtest.ModelName).WithDictionary(func() (*gloss.Dictionary, error) { return dictionary, nil })
	for question, want := range map[string]string{
		"Why did the mill stop?":                         "磨坊在一九五六年秋天停了",
		"How many persimmon trees did He Xiaoman plant?": "四十棵柿子树",
		"When do the fishermen mend their nets?":         "修补渔网",
		"How many pupils does the primary school have?":  "两百名学生",
		"砖塔有多高？":                                         "三十五米",
		"和小满种了什么树？":                                      "柿子树",
	} {
		hits, err := retriever.Search(t.Context(), question, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(hits) == 0 || !strings.Contains(hits[0].Passage.Text, want) {
			t.Errorf("%q: %+v", question, hits)
		}
	}
}
