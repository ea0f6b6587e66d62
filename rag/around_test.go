package rag_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// logQuote logs an answer that cites some runes of an article, and gives its id and their text.
func logQuote(t *testing.T, s *rag.Store, a *rag.Article, at rag.Span) (answer int64, quote string) {
	t.Helper()
	quote = string([]rune(a.Text)[at.Start:at.End])
	given := map[string]any{"citations": []any{map[string]any{
		"n": 1, "quote": quote, "article": a.Ref(), "location": a.Places.Locate(at),
	}}}
	err := s.Pool().QueryRow(t.Context(), `insert into answers (question, status, answer) values ('问', 'answered', $1) returning id`, given).Scan(&answer)
	if err != nil {
		t.Fatal(err)
	}
	return answer, quote
}

// around is what Around gives, which the laws hold for: the quote says what was given, the whole holds it, and begins
// and ends where passages or the text do.
func around(t *testing.T, s *rag.Store, answer int64, quote string, passages []rag.Passage) rag.Surroundings {
	t.Helper()
	got, err := s.Around(t.Context(), answer, 1)
	if err != nil {
		t.Fatal(err)
	}
	text := []rune(got.Article.Text)
	if said := string(text[got.Quote.Start:got.Quote.End]); noSpace(said) != noSpace(quote) {
		t.Errorf("quote %q, was %q", said, quote)
	}
	if got.Whole.Start > got.Quote.Start || got.Whole.End < got.Quote.End {
		t.Errorf("whole %v, quote %v", got.Whole, got.Quote)
	}
	starts, ends := got.Whole.Start == 0, got.Whole.End == len(text)
	for _, p := range passages {
		starts = starts || p.Article.ID == got.Article.ID && p.Span.Start == got.Whole.Start
		ends = ends || p.Article.ID == got.Article.ID && p.Span.End == got.Whole.End
	}
	if !starts || !ends {
		t.Errorf("whole %v does not begin and end with passages", got.Whole)
	}
	if want := got.Article.Places.Locate(got.Quote); !cmp.Equal(got.Location, want) {
		t.Errorf("location %+v, want %+v", got.Location, want)
	}
	return got
}

func noSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func TestAQuoteIsShownWithThePassagesAroundIt(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	e := edition("桥.txt", "第一段。", "第二段有话。", "第三段。", "第四段。", "第五段。") // from 0, 4, 10, 14, 18 to 22
	replace(t, s, e)
	for _, c := range []struct {
		name        string
		quote, want rag.Span
	}{
		{"a passage", rag.Span{Start: 10, End: 14}, rag.Span{Start: 4, End: 18}},
		{"a part of one", rag.Span{Start: 11, End: 12}, rag.Span{Start: 4, End: 18}},
		{"over a border", rag.Span{Start: 9, End: 11}, rag.Span{Start: 0, End: 18}},
		{"the first", rag.Span{Start: 0, End: 4}, rag.Span{Start: 0, End: 10}},
		{"the last", rag.Span{Start: 18, End: 22}, rag.Span{Start: 14, End: 22}},
	} {
		answer, quote := logQuote(t, s, e.Articles[0], c.quote)
		got := around(t, s, answer, quote, e.Passages)
		if got.Quote != c.quote || got.Whole != c.want || got.Moved {
			t.Errorf("%s: %v in %v, moved %v; want %v in %v", c.name, got.Quote, got.Whole, got.Moved, c.quote, c.want)
		}
	}
}

func TestAQuoteOutsideOfAllPassagesIsShown(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	e := edition("桥.txt", "题目。", "第一段。", "没人看。", "第二段。", "没了。")
	e.Passages = []rag.Passage{e.Passages[1], e.Passages[3]}
	replace(t, s, e)
	for quote, want := range map[rag.Span]rag.Span{
		{Start: 0, End: 3}:   {Start: 0, End: 7},
		{Start: 7, End: 11}:  {Start: 3, End: 15},
		{Start: 15, End: 18}: {Start: 11, End: 18},
	} {
		answer, text := logQuote(t, s, e.Articles[0], quote)
		if got := around(t, s, answer, text, e.Passages); got.Whole != want {
			t.Errorf("%q: whole %v, want %v", text, got.Whole, want)
		}
	}
}

func TestAQuoteIsFoundAgainWhereItsFileHasItNow(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	e := edition("桥.txt", "序言。", "赵州桥由李春设计。", "后记。")
	replace(t, s, e)
	answer, quote := logQuote(t, s, e.Articles[0], rag.Span{Start: 3, End: 12})
	other := edition("别的.txt", "赵州桥由李春设计。")
	replace(t, s, other)

	same := edition("桥.txt", "序言。", "赵州桥由李春设计。", "改了。")
	replace(t, s, same)
	if got := around(t, s, answer, quote, same.Passages); got.Moved || got.Article.Text != same.Articles[0].Text {
		t.Errorf("the file changed behind the quote: %+v", got)
	}
	later := edition("桥.txt", "更长的序言。", "赵州桥\n由李春　设计。", "后记。")
	replace(t, s, later)
	if got := around(t, s, answer, quote, later.Passages); !got.Moved || got.Quote != (rag.Span{Start: 6, End: 17}) || got.Location.StartLine != 2 {
		t.Errorf("the file changed before the quote: %+v", got)
	}
	second := edition("桥.txt", "又一篇文章，没有那句话。")
	moved := edition("桥.txt", "赵州桥由李春设计。", "后记。")
	second.Articles, second.Passages = append(second.Articles, moved.Articles...), append(second.Passages, moved.Passages...)
	replace(t, s, second)
	if got := around(t, s, answer, quote, second.Passages); !got.Moved || got.Article.ID != moved.Articles[0].ID || got.Quote.Start != 0 {
		t.Errorf("another article came before: %+v", got)
	}
	replace(t, s, edition("桥.txt", "赵州桥没有了。"))
	if _, err := s.Around(t.Context(), answer, 1); !errors.Is(err, rag.ErrGone) {
		t.Errorf("only another file has the words: %v", err)
	}
	if err := s.Remove(t.Context(), []string{"桥.txt"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Around(t.Context(), answer, 1); !errors.Is(err, rag.ErrGone) {
		t.Errorf("the file is gone: %v", err)
	}
}

func TestQuotesOfNoAnswerAreRefused(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, edition("桥.txt", "序言一句。", "赵州桥由李春设计。"))
	a, err := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(1)), "m"), s).Ask(t.Context(), "赵州桥由谁设计？")
	if err != nil || len(a.Citations) == 0 {
		t.Fatalf("got %+v, %v", a, err)
	}
	id, err := rag.ParseID(a.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Around(t.Context(), id, 1)
	if want := a.Citations[0].Quote; err != nil || got.Location != want.Location() || got.Article.File != "桥.txt" {
		t.Errorf("an answer as it was logged: %+v, %v", got, err)
	}
	for _, n := range []int{-1, 0, len(a.Citations) + 1, 1 << 40} {
		if _, err := s.Around(t.Context(), id, n); !errors.Is(err, rag.ErrNoCitation) {
			t.Errorf("citation %d: %v", n, err)
		}
	}
	if _, err := s.Around(t.Context(), id+1, 1); !errors.Is(err, rag.ErrNoAnswer) {
		t.Errorf("an unknown answer: %v", err)
	}
}

// Random texts of few letters, so that words repeat, are cut at random, quoted, changed and cut again.
func TestQuotesAroundHoldForAnyTexts(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	random := rand.New(rand.NewPCG(1, 2))
	cut := func() rag.Edition {
		texts := make([]string, 1+random.IntN(6))
		for i := range texts {
			for range 1 + random.IntN(8) {
				texts[i] += string([]rune("甲乙丙。 \n　𠮷")[random.IntN(8)])
			}
		}
		return edition("a.txt", texts...)
	}
	const rounds = 60
	gone, moved := 0, 0
	for range rounds {
		e := cut()
		replace(t, s, e)
		n := len([]rune(e.Articles[0].Text))
		start := random.IntN(n)
		answer, quote := logQuote(t, s, e.Articles[0], rag.Span{Start: start, End: start + 1 + random.IntN(min(n-start, 5))})
		if got := around(t, s, answer, quote, e.Passages); got.Moved {
			t.Errorf("%q moved in the text it is from", quote)
		}
		if e = edition("a.txt", e.Articles[0].Text, "续。"); random.IntN(3) > 0 {
			e = cut()
		}
		replace(t, s, e)
		if _, err := s.Around(t.Context(), answer, 1); errors.Is(err, rag.ErrGone) {
			gone++
			if in := noSpace(e.Articles[0].Text); noSpace(quote) != "" && strings.Contains(in, noSpace(quote)) {
				t.Errorf("%q is said to be gone from %q", quote, e.Articles[0].Text)
			}
			continue
		}
		if around(t, s, answer, quote, e.Passages).Moved {
			moved++
		}
	}
	if gone == 0 || moved == 0 || gone+moved == rounds {
		t.Errorf("%d of %d quotes are gone, %d moved: not every case was tried", gone, rounds, moved)
	}
}
