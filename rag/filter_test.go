package rag_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// namedStore has sources whose articles differ in what is told of them, and all speak of a slow train.
func namedStore(t *testing.T) *rag.Retriever {
	t.Helper()
	s := ragtest.Store(t)
	for _, e := range []rag.Edition{
		named("press/a.txt", "青瓦巷的灯火与炊烟", []string{"陆知远"}, "江畔日报", "2024-03-14", "慢车开过巷口，灯火还亮着。", "巷子里有七户人家。"),
		named("press/b.txt", "慢车为什么还在开", []string{"陆知远", "林晓雪"}, "北湖晚报", "2023-09-09", "慢车每天停十一个小站。"),
		named("notes/c.txt", "菜价背后的四本账", []string{"何海亮"}, "江畔日报", "2023-09", "慢车运菜，运费不高。"),
		named("notes/d_1%.txt", "牧场笔记", []string{"O'Neill 100%"}, "云岭周刊", "2024", "慢车进山，牧场在望。"),
		named("notes/e.txt", "", nil, "", "", "慢车晚点了。"),
	} {
		replace(t, s, e)
	}
	return rag.NewRetriever(s, fixed(axis(0)), "m")
}

// filesOf are the files that a query finds, each once, sorted.
func filesOf(t *testing.T, r *rag.Retriever, q rag.Query) (files []string, scopes []rag.Scope) {
	t.Helper()
	hits, scopes, err := r.SearchIn(t.Context(), q, 20)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	for _, h := range hits {
		files = append(files, h.Passage.Article.File)
	}
	slices.Sort(files)
	return slices.Compact(files), scopes
}

var allFiles = []string{"notes/c.txt", "notes/d_1%.txt", "notes/e.txt", "press/a.txt", "press/b.txt"}

func TestSearchInTheArticlesOfAFilter(t *testing.T) {
	t.Parallel()
	r := namedStore(t)
	for _, c := range []struct {
		name   string
		filter rag.Filter
		want   []string // nil: none, so that all are searched
	}{
		{"an author", rag.Filter{Author: "陆知远"}, []string{"press/a.txt", "press/b.txt"}},
		{"the second author", rag.Filter{Author: "林晓雪"}, []string{"press/b.txt"}},
		{"an author with blanks and marks", rag.Filter{Author: " 陆 知·远"}, []string{"press/a.txt", "press/b.txt"}},
		{"a part of an author is none", rag.Filter{Author: "知远"}, nil},
		{"an author who sounds alike is none", rag.Filter{Author: "何海量"}, nil},
		{"an author in other letters' case", rag.Filter{Author: "o’neill 100"}, []string{"notes/d_1%.txt"}},
		{"a publication", rag.Filter{Publication: "江畔日报"}, []string{"notes/c.txt", "press/a.txt"}},
		{"a part of a publication", rag.Filter{Publication: "晚报"}, []string{"press/b.txt"}},
		{"a part of a title", rag.Filter{Title: "背后的四本"}, []string{"notes/c.txt"}},
		{"a title in its marks", rag.Filter{Title: "《牧场笔记》"}, []string{"notes/d_1%.txt"}},
		{"a file", rag.Filter{File: "press/a.txt"}, []string{"press/a.txt"}},
		{"a folder", rag.Filter{File: "notes/"}, []string{"notes/c.txt", "notes/d_1%.txt", "notes/e.txt"}},
		{"a file does not end as asked", rag.Filter{File: "a.txt"}, nil},
		{"a file in another case", rag.Filter{File: "PRESS/"}, nil},
		{"a day", rag.Filter{From: "2024-03-14", To: "2024-03-14"}, []string{"press/a.txt"}},
		{"a month", rag.Filter{From: "2023-09", To: "2023-09"}, []string{"notes/c.txt", "press/b.txt"}},
		{"a day leaves out what has a month only", rag.Filter{From: "2023-09-01", To: "2023-09-30"}, []string{"press/b.txt"}},
		{"a year", rag.Filter{From: "2024", To: "2024"}, []string{"notes/d_1%.txt", "press/a.txt"}},
		{"until a month leaves out what has its year only", rag.Filter{To: "2024-03"}, []string{"notes/c.txt", "press/a.txt", "press/b.txt"}},
		{"since a month leaves out what has its year only", rag.Filter{From: "2024-01"}, []string{"press/a.txt"}},
		{"all fields have to hold", rag.Filter{Author: "陆知远", Publication: "江畔", From: "2024"}, []string{"press/a.txt"}},
		{"fields that hold for no one", rag.Filter{Author: "何海亮", Publication: "北湖晚报"}, nil},
		{"a quote in an author", rag.Filter{Author: "' or '1'='1"}, nil},
		{"a percent sign and letters", rag.Filter{Publication: "%日报"}, []string{"notes/c.txt", "press/a.txt"}},
		{"a percent sign in a file is no wildcard", rag.Filter{File: "%"}, nil},
		{"an underscore in a file is no wildcard", rag.Filter{File: "notes/_"}, nil},
		{"a percent sign of a file", rag.Filter{File: "notes/d_1%"}, []string{"notes/d_1%.txt"}},
		{"a quote in a file", rag.Filter{File: "x' or true --"}, nil},
		{"a dollar sign in a file", rag.Filter{File: "$1"}, nil},
		{"a backslash in a file", rag.Filter{File: `\`}, nil},
		{"a statement in a title", rag.Filter{Title: "'); drop table articles; --"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want := c.want
			if want == nil {
				want = allFiles
			}
			// The second question has no word of the corpus: only meaning finds something.
			for _, question := range []string{"慢车停几站？", "何処"} {
				files, scopes := filesOf(t, r, rag.Query{Question: question, Filter: c.filter})
				if diff := cmp.Diff(want, files); diff != "" {
					t.Errorf("%s: %s", question, diff)
				}
				expected := []rag.Scope{{Filter: c.filter, Text: c.filter.Describe(true), Widened: c.want == nil}}
				if diff := cmp.Diff(expected, scopes); diff != "" {
					t.Errorf("%s: %s", question, diff)
				}
			}
		})
	}
}

func TestSearchRefusesAFilterThatCannotBeTaken(t *testing.T) {
	t.Parallel()
	r := namedStore(t)
	for _, f := range []rag.Filter{{From: "2024-13"}, {To: "'; --"}, {File: "a\x00b"}, {Author: "\xff陆"}, {Title: "%"}} {
		var fault *rag.FilterError
		if _, _, err := r.SearchIn(t.Context(), rag.Query{Question: "慢车？", Filter: f}, 5); !errors.As(err, &fault) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestSearchPutsTheArticlesThatAQuestionNamesFirst(t *testing.T) {
	t.Parallel()
	r := namedStore(t)
	for _, c := range []struct {
		name, question, first string
		scopes                []rag.Scope
	}{
		{"no name", "慢车晚点了吗？", "notes/e.txt", []rag.Scope{}},
		{"an author", "何海亮写的慢车怎么了？", "notes/c.txt", []rag.Scope{{Filter: rag.Filter{Author: "何海亮"}, Text: "作者 何海亮"}}},
		{"an author who sounds alike", "何海量写的慢车怎么了？", "notes/c.txt", []rag.Scope{{Filter: rag.Filter{Author: "何海亮"}, Text: "作者 何海亮"}}},
		{
			"a paper with a wrong character and a day", "江畔曰报3月14号讲的慢车怎么了？", "press/a.txt",
			[]rag.Scope{{Filter: rag.Filter{Publication: "江畔日报", From: "2024-03-14", To: "2024-03-14"}, Text: "《江畔日报》；2024-03-14"}},
		},
		{"a title", "《牧场笔记》这篇里的慢车怎么了？", "notes/d_1%.txt", []rag.Scope{{Filter: rag.Filter{Title: "牧场笔记"}, Text: "标题《牧场笔记》"}}},
		{"a month", "2024年3月的报道里慢车怎么了？", "press/a.txt", []rag.Scope{{Filter: rag.Filter{From: "2024-03", To: "2024-03"}, Text: "2024-03"}}},
		{
			"a paper of which there is no such day", "北湖晚报7月1日那篇讲的慢车停几站？", "press/b.txt",
			[]rag.Scope{{Filter: rag.Filter{Publication: "北湖晚报"}, Text: "《北湖晚报》", Widened: true}},
		},
		{"in English", "What does Lin Xiaoxue say about 慢车?", "press/b.txt", []rag.Scope{{Filter: rag.Filter{Author: "林晓雪"}, Text: "作者 林晓雪"}}},
		{"the day of an event", "3月14日慢车晚点了吗？", "notes/e.txt", []rag.Scope{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hits, scopes, err := r.SearchIn(t.Context(), rag.Query{Question: c.question}, 5)
			if err != nil {
				t.Fatal(err)
			}
			if len(hits) == 0 || hits[0].Passage.Article.File != c.first {
				t.Errorf("first is not %s: %+v", c.first, hits)
			}
			if diff := cmp.Diff(c.scopes, scopes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFilterHoldsAgainstWhatAQuestionNames(t *testing.T) {
	t.Parallel()
	r := namedStore(t)
	files, scopes := filesOf(t, r, rag.Query{Question: "何海亮写的慢车怎么了？", Filter: rag.Filter{Publication: "北湖晚报"}})
	if diff := cmp.Diff([]string{"press/b.txt"}, files); diff != "" {
		t.Error(diff)
	}
	want := []rag.Scope{
		{Filter: rag.Filter{Publication: "北湖晚报"}, Text: "《北湖晚报》"},
		{Filter: rag.Filter{Author: "何海亮"}, Text: "作者 何海亮", Widened: true},
	}
	if diff := cmp.Diff(want, scopes); diff != "" {
		t.Error(diff)
	}
}
