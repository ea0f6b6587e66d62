package rag_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// shelf is a store of some articles; one file has two.
func shelf(t *testing.T) *rag.Store {
	t.Helper()
	s := ragtest.Store(t)
	two := named("press/b.txt", "慢车为什么还在开", []string{"陆知远", "林晓雪"}, "北湖晚报", "2023-09-09", "慢车每天停十一个小站。")
	second := named("press/b.txt", "Élan 100%", []string{"O'Neill"}, "北湖晚报", "2023-09-10", "Second.")
	second.Articles[0].Section = `a\b_c`
	two.Articles, two.Passages = append(two.Articles, second.Articles...), append(two.Passages, second.Passages...)
	replace(t, s, two)
	replace(t, s, named("press/a.txt", "青瓦巷的灯火", []string{"陆知远"}, "江畔日报", "2024-03-14", "灯火还亮着。"))
	replace(t, s, named("notes/c.txt", "", nil, "", "", strings.Repeat("一篇没有标题的长文。", 50)))
	return s
}

func TestBrowseFindsArticlesByWhatIsToldOfThem(t *testing.T) {
	t.Parallel()
	s := shelf(t)
	for words, want := range map[string][]string{
		"":             {"notes/c.txt ", "press/a.txt 青瓦巷的灯火", "press/b.txt 慢车为什么还在开", "press/b.txt Élan 100%"},
		" 　\n":         {"notes/c.txt ", "press/a.txt 青瓦巷的灯火", "press/b.txt 慢车为什么还在开", "press/b.txt Élan 100%"},
		"陆知远":          {"press/a.txt 青瓦巷的灯火", "press/b.txt 慢车为什么还在开"},
		"陆知远　晚报":       {"press/b.txt 慢车为什么还在开"},
		"晓雪":           {"press/b.txt 慢车为什么还在开"},
		"2023-09":      {"press/b.txt 慢车为什么还在开", "press/b.txt Élan 100%"},
		"2023-09 ÉLAN": {"press/b.txt Élan 100%"},
		"o'neill":      {"press/b.txt Élan 100%"},
		"NOTES/":       {"notes/c.txt "},
		"100%":         {"press/b.txt Élan 100%"},
		"%":            {"press/b.txt Élan 100%"},
		"_":            {"press/b.txt Élan 100%"},
		`\`:            {"press/b.txt Élan 100%"},
		`A\B_C`:        {"press/b.txt Élan 100%"},
		`a_b`:          nil,
		".*":           nil,
		"灯火 慢车":        nil,
		"远林":           nil,
		"没有标题":         nil, // of the text
		"' or true --": nil,
	} {
		got, err := s.Browse(t.Context(), rag.Browse{Words: words, Limit: 100})
		if err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		var found []string
		for _, a := range got.Articles {
			found = append(found, a.File+" "+a.Title)
		}
		if diff := cmp.Diff(want, found); diff != "" || got.Total != len(want) {
			t.Errorf("%q: in all %d; %s", words, got.Total, diff)
		}
	}
}

func TestBrowseGivesPagesOfWhatAFilterLeaves(t *testing.T) {
	t.Parallel()
	s := shelf(t)
	in := rag.Filter{File: "press/", From: "2023", To: "2024"}
	for _, c := range []struct {
		browse rag.Browse
		want   []string
		total  int
	}{
		{rag.Browse{Filter: in, Limit: 2}, []string{"青瓦巷的灯火", "慢车为什么还在开"}, 3},
		{rag.Browse{Filter: in, Offset: 2, Limit: 2}, []string{"Élan 100%"}, 3},
		{rag.Browse{Filter: in, Offset: 3, Limit: 2}, nil, 3},
		{rag.Browse{Filter: in, Offset: math.MaxInt, Limit: 2}, nil, 3},
		{rag.Browse{Filter: in, Words: "晚报", Offset: 1, Limit: 100}, []string{"Élan 100%"}, 2},
		{rag.Browse{Filter: rag.Filter{Author: "无名"}, Limit: 1}, nil, 0},
	} {
		got, err := s.Browse(t.Context(), c.browse)
		if err != nil {
			t.Fatalf("%+v: %v", c.browse, err)
		}
		var titles []string
		for _, a := range got.Articles {
			titles = append(titles, a.Title)
		}
		if diff := cmp.Diff(c.want, titles); diff != "" || got.Total != c.total {
			t.Errorf("%+v: in all %d, want %d; %s", c.browse, got.Total, c.total, diff)
		}
	}
	var page *rag.PageError
	for _, b := range []rag.Browse{{}, {Limit: 101}, {Limit: -1}, {Limit: 1, Offset: -1}} {
		if _, err := s.Browse(t.Context(), b); !errors.As(err, &page) {
			t.Errorf("%+v: %v", b, err)
		}
	}
	var filter *rag.FilterError
	for _, b := range []rag.Browse{
		{Limit: 1, Words: "\xff"}, {Limit: 1, Words: "a\x00"}, {Limit: 1, Words: strings.Repeat("长 ", 101)}, {Limit: 1, Filter: rag.Filter{From: "x"}},
	} {
		if _, err := s.Browse(t.Context(), b); !errors.As(err, &filter) {
			t.Errorf("%+v: %v", b, err)
		}
	}
}

func TestBrowseGivesTheBeginningsOfArticles(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	e := edition("a.txt", "一篇没有标题、但是开头很长很长很长很长的文章。", strings.Repeat("很长。", 5000))
	e.Articles[0].Places = rag.Places{{Start: 0, Line: 7, Byte: 90, Page: 3}, {Start: 40, Line: 9, Byte: 200, Page: 4}}
	replace(t, s, e)
	got, err := s.Browse(t.Context(), rag.Browse{Limit: 1})
	if err != nil || len(got.Articles) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	a := got.Articles[0]
	if at := a.Places.Locate(rag.Span{}); at.StartLine != 7 || at.Page == nil || *at.Page != 3 {
		t.Errorf("it begins at %+v", at)
	}
	if a.DisplayTitle() != e.Articles[0].DisplayTitle() || len([]rune(a.Text)) > 100 || a.ID != e.Articles[0].ID {
		t.Errorf("%q, %d characters of its text", a.DisplayTitle(), len([]rune(a.Text)))
	}
}

func TestOneArticleIsReadAsAllAre(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	var text strings.Builder
	for i := range 40 {
		fmt.Fprintf(&text, "第%d孔由第%d位石匠砌成。", i, i*i)
	}
	for _, file := range []string{"a.txt", "b.txt"} {
		e := named(file, "石桥", []string{"张望"}, "江畔日报", "2023-05-06", text.String())
		a := e.Articles[0]
		a.Section, a.Affiliation, a.Tears = "文化", "桥梁所", []int{5}
		a.Facts = map[rag.Field]rag.Fact{rag.TitleField: {Line: 1, Confidence: 0.5}}
		replace(t, s, e)
	}
	n := 0
	err := s.Articles(t.Context(), nil, func(want *rag.Article) error {
		n++
		got, err := s.Article(t.Context(), want.ID)
		if diff := cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got)); diff != "" || err != nil || len(got.SameAs) != 1 {
			t.Errorf("%v, same as %v; %s", err, got.SameAs, diff)
		}
		return nil
	})
	if err != nil || n != 2 {
		t.Errorf("%d articles, %v", n, err)
	}
	if _, err := s.Article(t.Context(), 1<<40); !errors.Is(err, rag.ErrNoArticle) {
		t.Errorf("an unknown article: %v", err)
	}
}
