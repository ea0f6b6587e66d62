package rag_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// prose is a text of so many sentences of 20 characters, a different one for each seed.
func prose(seed uint64, sentences int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	for range sentences {
		for range 19 {
			b.WriteRune(han(r))
		}
		b.WriteString("。")
	}
	return b.String()
}

func han(r *rand.Rand) rune { return rune(0x4e00 + r.IntN(3000)) }

// misread replaces so many characters in a hundred.
func misread(text string, percent int) string {
	r := rand.New(rand.NewPCG(7, 7))
	runes := []rune(text)
	for i := range runes {
		if r.IntN(100) < percent {
			runes[i] = han(r)
		}
	}
	return string(runes)
}

// file makes an edition of articles, each given as its passages. All passages lie at one angle to every question.
func file(path string, articles ...*rag.Article) rag.Edition {
	e := rag.Edition{Source: rag.Source{Path: path, Root: "/corpus", Hash: []byte(path)}, MadeBy: "test", Embedder: "m", Articles: articles}
	for i, a := range articles {
		a.File, a.Places = path, rag.Places{{Start: 0, Line: 1 + 10*i, Byte: 0}}
		at := 0
		for _, text := range strings.SplitAfter(a.Text, "\n") {
			end := at + len([]rune(text))
			e.Passages = append(e.Passages, rag.Passage{Article: a, Span: rag.Span{Start: at, End: end}, Text: text, Opens: true, Vector: axis(0)})
			at = end
		}
	}
	return e
}

// unread makes an edition of one article of which search knows nothing, which is faster to store.
func unread(path, text string) rag.Edition {
	e := file(path, &rag.Article{Text: text})
	e.Passages[0].Text, e.Passages[0].Span.End = "", 0
	return e
}

func text(passages ...string) *rag.Article { return &rag.Article{Text: strings.Join(passages, "\n")} }

// twins are the pairs of files that hold twins, each as "a b" and "b a".
func twins(t *testing.T, s *rag.Store) []string {
	t.Helper()
	files, same := map[int64]string{}, map[int64][]int64{}
	err := s.Articles(t.Context(), nil, func(a *rag.Article) error {
		files[a.ID], same[a.ID] = a.File, a.SameAs
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	for id, others := range same {
		for _, other := range others {
			pairs = append(pairs, files[id]+" "+files[other])
		}
	}
	slices.Sort(pairs)
	return pairs
}

func TestTwinsAreCopiesAndNotArticlesOnOneSubject(t *testing.T) {
	t.Parallel()
	body, speech := prose(1, 40), prose(2, 12)
	for name, c := range map[string]struct {
		a, b string
		twin bool
	}{
		"the same":                        {body, body, true},
		"4 in 100 characters misread":     {body, misread(body, 4), true},
		"punctuation, width, line breaks": {body + "ＧＤＰ１２", strings.ReplaceAll(body, "。", ",\n") + "gdp12", true},
		"another headline, the end lost":  {"一个题目\n" + body, "另外的题目\n" + body[:len(body)*3/4], true},
		"one in a compilation":            {prose(3, 7), prose(4, 200) + prose(3, 7) + prose(5, 200), true},
		"one speech in two articles":      {speech + prose(6, 28), prose(7, 28) + speech, false},
		"two short notices":               {prose(8, 4), prose(8, 4), false},
		"nothing in common":               {body, prose(9, 40), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			if c.twin {
				want = []string{"a b", "b a"}
			}
			for _, order := range [][]rag.Edition{
				{file("a", text(c.a)), file("b", text(c.b))},
				{file("b", text(c.b)), file("a", text(c.a))},
			} {
				s := ragtest.Store(t)
				replace(t, s, order[0])
				replace(t, s, order[1])
				if diff := cmp.Diff(want, twins(t, s)); diff != "" {
					t.Errorf("%s first: %s", order[0].Source.Path, diff)
				}
			}
		})
	}
}

func TestTwinsWithinOneFileAreFound(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, file("a", text(prose(1, 20)), text(prose(2, 20)), text(prose(1, 20))))
	if diff := cmp.Diff([]string{"a a", "a a"}, twins(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestReplaceAndRemoveDropTwins(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	for _, path := range []string{"a", "b", "c"} {
		replace(t, s, file(path, text(prose(1, 20)), text(prose(2, 20))))
	}
	replace(t, s, file("b", text(prose(3, 20)))) // the one article changed, the other one gone
	if diff := cmp.Diff([]string{"a c", "a c", "c a", "c a"}, twins(t, s)); diff != "" {
		t.Error(diff)
	}
	if err := s.Remove(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	if left := twins(t, s); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	replace(t, s, file("b", text(prose(4, 20)), text(prose(2, 20))))
	if diff := cmp.Diff([]string{"b c", "c b"}, twins(t, s)); diff != "" {
		t.Error(diff)
	}
}

// Whoever came second would miss the first one's article, were it not stored by then; a circle of locks would
// end in an error.
func TestReplacesAtOnceMissNoTwin(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const files = 6
	for round := range 4 {
		var all sync.WaitGroup
		for i := range files {
			path := strconv.Itoa(i)
			all.Go(func() {
				articles := []*rag.Article{text(prose(1, 20)), text(prose(2, 20)), text(prose(uint64(100+i), 20))}
				if err := s.Replace(ctx, file(path, articles[:2+round%2]...)); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				if err := s.Remove(ctx, []string{"x" + path, "y"}); err != nil {
					t.Error(err)
				}
				if err := s.Replace(ctx, file("x"+path, text(prose(1, 20)))); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		// All copies of text 1 are twins, and all of text 2.
		if got, want := len(twins(t, s)), 2*files*(2*files-1)+files*(files-1); got != want {
			t.Errorf("round %d: %d pairs, want %d", round, got, want)
		}
	}
}

func TestWhatManyArticlesShareHidesNoTwinAndMakesNone(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	imprint := prose(1, 20)
	const articles = 60
	for i := range articles {
		replace(t, s, unread(fmt.Sprintf("%02d", i), prose(uint64(100+i), 20)+imprint))
	}
	replace(t, s, unread("copy", imprint+prose(100+articles-1, 20)))
	if diff := cmp.Diff([]string{"59 copy", "copy 59"}, twins(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestAnArticlePrintedVeryOftenHasTwinsStill(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	const copies = 60
	for i := range copies {
		replace(t, s, unread(fmt.Sprintf("%02d", i), prose(1, 20)))
	}
	have := map[string]bool{}
	for _, pair := range twins(t, s) {
		have[pair[:2]] = true
	}
	if len(have) != copies {
		t.Errorf("%d of %d copies have a twin", len(have), copies)
	}
}

func TestArticlesOfAnOlderStoreAreComparedWhenReplaced(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	s, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	replace(t, s, file("old", text(prose(1, 20))))
	conn, err := ragtest.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for _, sql := range []string{`delete from article_samples`, `update articles set samples = 0`} { // as migrated
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	replace(t, s, file("new", text(prose(1, 20))))
	if got := twins(t, s); len(got) > 0 {
		t.Errorf("got %v", got)
	}
	replace(t, s, file("old", text(prose(1, 20))))
	if diff := cmp.Diff([]string{"new old", "old new"}, twins(t, s)); diff != "" {
		t.Error(diff)
	}
}

func search(t *testing.T, s *rag.Store, question string, k int) []rag.Hit {
	t.Helper()
	hits, err := rag.NewRetriever(s, fixed(axis(0)), "m").Search(t.Context(), question, k)
	if err != nil {
		t.Fatal(err)
	}
	return hits
}

func TestSearchShowsWhatTwinsSayOnceFromTheBestDescribed(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	first, second := prose(1, 8), prose(2, 8)
	replace(t, s, file("a.txt", text(first, second)))
	named := text(first[:30]+"误"+first[33:], second, prose(3, 8))
	named.Title, named.Date = "有题目", "2024-01-02"
	replace(t, s, file("b.txt", named))
	for _, question := range []string{first[:60], second[:60]} {
		hits := search(t, s, question, 10)
		if len(hits) != 3 {
			t.Fatalf("%d hits, want 3", len(hits))
		}
		best := hits[0]
		if best.Passage.Article.File != "b.txt" || len(best.Also) != 1 || best.Also[0].Article.File != "a.txt" {
			t.Errorf("%q: found %s, also %+v", question, best.Passage.Article.File, best.Also)
		}
	}
}

// A copy may have a sentence more, or a passage more: both are found, however well the other one is described.
func TestSearchLosesNothingThatOneCopyHas(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	first, last := prose(1, 10), prose(2, 10)
	named := text(first, last)
	named.Title, named.Authors, named.Publication, named.Date = "有题目", []string{"张望"}, "江畔日报", "2024-01-02"
	replace(t, s, file("a.txt", named))
	replace(t, s, file("b.txt", text(first+"渡口的老船工说新桥通车那天他哭了。", last, "全镇的人都来看第一列火车。")))
	if got := twins(t, s); len(got) != 2 {
		t.Fatalf("twins: %v", got)
	}
	for _, only := range []string{"渡口的老船工说新桥通车那天他哭了", "全镇的人都来看第一列火车"} {
		if best := search(t, s, only, 1)[0]; !strings.Contains(best.Passage.Text, only) {
			t.Errorf("%s: found %q", only, best.Passage.Text)
		}
	}
}

// Twelve prints of one article, and ten others with as much to say.
func TestCopiesTakeUpNoPlaces(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	passages := make([]string, 8)
	for i := range passages {
		passages[i] = "石桥" + prose(uint64(i), 8)
	}
	for i := range 12 {
		replace(t, s, file(fmt.Sprintf("copy%02d", i), text(passages...)))
	}
	for i := range 10 {
		replace(t, s, file(fmt.Sprintf("other%d", i), text("石桥"+prose(uint64(100+i), 12))))
	}
	found := map[string]bool{}
	for _, h := range search(t, s, "石桥", 18) {
		found[h.Passage.Text] = true
		if len(h.Also) > 5 {
			t.Errorf("%d copies are named", len(h.Also))
		}
	}
	if len(found) != 18 {
		t.Errorf("%d different passages in 18 places", len(found))
	}
}

func ask(t *testing.T, s *rag.Store, question string) rag.Answer {
	t.Helper()
	a, err := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(0)), "m"), s).Ask(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Citations) == 0 {
		t.Fatalf("no citations: %+v", a)
	}
	return a
}

const (
	bridgeQuestion = "赵州桥由谁设计？"
	bridgeFact     = "赵州桥由隋代的李春设计建造。"
)

func TestAQuoteIsCitedFromTheBestDescribedArticleThatHasIt(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	// The named copy is cut elsewhere, so that its passages do not take the place of the others'.
	body := prose(1, 10)
	replace(t, s, file("bare.txt", text(bridgeFact, body)))
	named := text(body[:300], body[300:]+"\u3000赵州桥由隋代的\n李春设计建造。")
	named.Title, named.Date = "石桥", "2023-05-06"
	replace(t, s, file("named.txt", named))
	replace(t, s, file("misread.txt", text(strings.ReplaceAll(bridgeFact, "李春", "李舂"), body)))
	if got := twins(t, s); len(got) != 6 {
		t.Fatalf("twins: %v", got)
	}
	a := ask(t, s, bridgeQuestion)
	q := a.Citations[0].Quote
	start := len([]rune(body)) + 2
	want := rag.Location{StartLine: 1, EndLine: 1, StartChar: start, EndChar: start + 15}
	if q.Article().File != "named.txt" || q.Text() != "赵州桥由隋代的\n李春设计建造。" || q.Location() != want {
		t.Errorf("cited %s, %q at %+v, want %+v", q.Article().File, q.Text(), q.Location(), want)
	}
	if also := q.Also(); len(also) != 1 || also[0].Article.File != "bare.txt" || also[0].Location.EndChar != 14 {
		t.Errorf("also %+v", also)
	}
}

func TestAlsoIsLoggedAndBounded(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	s, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 8 {
		replace(t, s, file(fmt.Sprintf("%d.txt", i), text(bridgeFact+prose(1, 10))))
	}
	a := ask(t, s, bridgeQuestion)
	conn, err := ragtest.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var logged []byte
	if err := conn.QueryRow(t.Context(), `select answer from answers where id = $1::bigint`, a.ID).Scan(&logged); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Citations []struct {
			Article struct{ File string }
			Also    []struct{ Article struct{ File string } }
		}
	}
	if err := json.Unmarshal(logged, &got); err != nil {
		t.Fatal(err)
	}
	files := map[string]bool{got.Citations[0].Article.File: true}
	for _, c := range got.Citations[0].Also {
		files[c.Article.File] = true
	}
	if diff := cmp.Diff([]string{"0.txt", "1.txt", "2.txt", "3.txt", "4.txt", "5.txt"}, slices.Sorted(maps.Keys(files))); diff != "" {
		t.Error(diff)
	}
}

func TestAQuoteOfAnArticleWithoutTwinsStandsNowhereElse(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, file("a.txt", text(bridgeFact+prose(1, 10))))
	written, err := json.Marshal(ask(t, s, bridgeQuestion))
	if err != nil || !strings.Contains(string(written), `"also":[]`) {
		t.Errorf("%v: %s", err, written)
	}
}
