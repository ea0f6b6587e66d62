package rag_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// talk asks questions one after the other in a conversation.
func talk(t *testing.T, s *rag.Store, questions ...string) (answers []rag.Answer) {
	t.Helper()
	answerer := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(0)), "m"), s)
	for _, q := range questions {
		a, err := answerer.AskIn(t.Context(), rag.Query{Question: q, Conversation: "c"})
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	return answers
}

// bridges stores two articles that both speak of the bridge of Zhaozhou.
func bridges(t *testing.T, s *rag.Store) {
	t.Helper()
	first := edition("石桥.txt", "赵州桥由李春设计。", "赵州桥用了二十八道拱。", "桥上的石栏刻着龙。")
	first.Articles[0].Title, first.Articles[0].Authors = "石桥", []string{"张望"}
	replace(t, s, first)
	second := edition("栏杆.txt", "赵州桥的栏杆请谁雕刻，史书没有写。")
	second.Articles[0].Title, second.Articles[0].Authors = "栏杆", []string{"李远"}
	replace(t, s, second)
}

func quotesOf(a rag.Answer) (texts []string) {
	for _, c := range a.Citations {
		texts = append(texts, c.Quote.Text())
	}
	return texts
}

func TestAQuestionOnThatArticleIsAnsweredOutOfItAlone(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	bridges(t, s)
	a := talk(t, s, "赵州桥由谁设计？", "这篇怎么说赵州桥的拱？")[1]
	if a.Question != "这篇怎么说赵州桥的拱？" || a.Resolved != "《石桥》这篇怎么说赵州桥的拱？" || a.ConversationID != "c" {
		t.Errorf("taken as %q, %+v", a.Resolved, a)
	}
	if got := quotesOf(a); !slices.Contains(got, "赵州桥用了二十八道拱。") || slices.ContainsFunc(a.Citations, func(c rag.Citation) bool { return c.Quote.Article().File != "石桥.txt" }) {
		t.Errorf("quoted %q", got)
	}
	want := rag.Scope{Filter: rag.Filter{Title: "石桥", File: "石桥.txt"}, Text: "上文引用的文章"}
	if !slices.Contains(a.Scope, want) {
		t.Errorf("scope %+v, want %+v in it", a.Scope, want)
	}
}

// The article has no title, so that nothing but its id leads to it.
func TestAnArticleWithoutATitleIsLookedInAlone(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, edition("石桥.txt", "赵州桥由李春设计。", "桥栏刻着龙。"))
	replace(t, s, edition("栏杆.txt", "赵州桥的栏杆刻着龙和花，请谁雕刻，史书没有写。"))
	a := talk(t, s, "赵州桥由李春设计吗？", "这篇怎么说栏杆？")[1]
	if len(a.Citations) == 0 || slices.ContainsFunc(a.Citations, func(c rag.Citation) bool { return c.Quote.Article().File != "石桥.txt" }) {
		t.Errorf("quoted %q", quotesOf(a))
	}
}

func TestWhereTheArticleHasNoAnswerAllAreLookedInAndThatIsSaid(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	bridges(t, s)
	replace(t, s, edition("茶.txt", "一。", "二。", "三。", "四。", "五。", "茶叶按发酵的程度分为六大类。"))
	talk(t, s, "赵州桥由谁设计？")
	a, err := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(5)), "m"), s).AskIn(t.Context(), rag.Query{Question: "该文怎么说茶叶按发酵的程度分类？", Conversation: "c"})
	if err != nil || !slices.Contains(quotesOf(a), "茶叶按发酵的程度分为六大类。") {
		t.Errorf("quoted %q, %v", quotesOf(a), err)
	}
	if !slices.ContainsFunc(a.Scope, func(s rag.Scope) bool { return s.Text == "上文引用的文章" && s.Widened }) {
		t.Errorf("scope %+v", a.Scope)
	}
}

func TestWhereTheArticleIsGoneAllAreLookedInAndThatIsSaid(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	bridges(t, s)
	talk(t, s, "赵州桥由谁设计？")
	if err := s.Remove(t.Context(), []string{"石桥.txt"}); err != nil {
		t.Fatal(err)
	}
	a := talk(t, s, "这篇怎么说赵州桥的栏杆？")[0]
	if got := quotesOf(a); !slices.Contains(got, "赵州桥的栏杆请谁雕刻，史书没有写。") {
		t.Errorf("quoted %q", got)
	}
	if !slices.ContainsFunc(a.Scope, func(s rag.Scope) bool { return s.Text == "上文引用的文章" && s.Widened }) {
		t.Errorf("scope %+v", a.Scope)
	}
}

func TestMoreGivesNoQuoteAgain(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	var texts []string
	for _, part := range []string{"桥面宽九米，两边各有石栏。", "桥下的河水冬天不结冰。", "拱券用了二十八道石料。", "匠人的名字叫李春。", "造桥花去十年时间。"} {
		texts = append(texts, "赵州桥是隋代的石桥，"+part)
	}
	replace(t, s, edition("桥.txt", texts...))
	var given []string
	for _, a := range talk(t, s, "赵州桥是隋代的石桥吗？", "还有呢？", "继续") {
		for _, quote := range quotesOf(a) {
			if slices.Contains(given, quote) {
				t.Errorf("%q is given again", quote)
			}
			given = append(given, quote)
		}
	}
	if len(given) <= 3 {
		t.Errorf("only %q are given", given)
	}
}

func TestAQuestionByItselfIsInNoConversation(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	bridges(t, s)
	talk(t, s, "赵州桥由谁设计？")
	a, err := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(0)), "m"), s).Ask(t.Context(), "还有呢，赵州桥？")
	if err != nil || a.Resolved != "" || a.ConversationID != "" || len(history(t, s, "c")) != 1 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestAnAnswerOutlivesATurnThatCannotBeKept(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	s, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	bridges(t, s)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), `alter table conversation_turns add check (n < 1)`); err != nil {
		t.Fatal(err)
	}
	a, err := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(0)), "m"), s).AskIn(t.Context(), rag.Query{Question: "赵州桥由谁设计？", Conversation: "c"})
	if !errors.Is(err, rag.ErrNotLogged) || len(a.Citations) == 0 || a.ID == "" {
		t.Errorf("%+v, %v", a, err)
	}
	_, err = rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(0)), "m"), s).AskIn(t.Context(), rag.Query{Question: "赵州桥由谁设计？", Conversation: strings.Repeat("c", 129)})
	if _, ok := errors.AsType[*rag.ConversationError](err); !ok {
		t.Errorf("a long id: %v", err)
	}
}
