package rag_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// ids are those of a file's articles, by their titles.
func ids(t *testing.T, s *rag.Store, file string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	err := s.Articles(t.Context(), []string{file}, func(a *rag.Article) error {
		found[a.Title] = a.ID
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func titled(title string, author string, text string) *rag.Article {
	return &rag.Article{Title: title, Authors: []string{author}, Text: text}
}

// A link to an article leads to it whatever else changes in its file.
func TestArticlesKeepTheirIDs(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	edited := misread(prose(2, 20), 5)
	replace(t, s, file("a.txt", titled("一", "甲", prose(1, 10)), titled("二", "乙", prose(2, 20)), titled("三", "丙", prose(3, 5)), titled("四", "丁", prose(4, 5))))
	was := ids(t, s, "a.txt")
	replace(t, s, file("a.txt", titled("新", "戊", prose(9, 10)), titled("三", "丙", prose(3, 5)), titled("二改", "乙", edited), titled("四", "丁", prose(5, 8)), titled("一", "甲", prose(1, 10))))
	now := ids(t, s, "a.txt")
	want := map[string]int64{"一": was["一"], "二改": was["二"], "三": was["三"], "四": was["四"]}
	for title, id := range want {
		if now[title] != id {
			t.Errorf("%s has id %d, want %d", title, now[title], id)
		}
	}
	if slices.Contains(slices.Collect(maps.Values(was)), now["新"]) {
		t.Error("a new article has an old one's id")
	}
	replace(t, s, file("a.txt", titled("三", "丙", prose(3, 5))))
	if got := ids(t, s, "a.txt"); len(got) != 1 || got["三"] != was["三"] {
		t.Errorf("of all that are gone %v is left", got)
	}
}

// What was embedded comes back as it was, for any file that has the same text under the same heading, and the model's own only.
func TestEncodingsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	e := file("a.txt", titled("题", "甲", "第一段。\n第二段。"))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range e.Passages {
		p := &e.Passages[i]
		p.Vector = make([]float32, rag.Dimensions)
		for k := range p.Vector {
			p.Vector[k] = float32(r.NormFloat64())
		}
		p.Codes, p.Starts = []rag.Code{{r.Uint64(), r.Uint64()}, {r.Uint64()}}, []int32{-1, int32(i)}
	}
	replace(t, s, e)
	copied := file("b.txt", titled("题", "甲", "第一段。\n第二段。"))
	digests := []rag.Digest{copied.Passages[0].Digest(), copied.Passages[1].Digest(), {1}}
	found, err := s.Encodings(t.Context(), "m", digests)
	if err != nil || len(found) != 2 {
		t.Fatalf("%d found, %v", len(found), err)
	}
	for i := range copied.Passages {
		copied.Passages[i].Keep(found[digests[i]])
	}
	if diff := cmp.Diff(e.Passages[1].Codes, copied.Passages[1].Codes); diff != "" || !slices.Equal(copied.Passages[1].Starts, []int32{-1, 1}) {
		t.Errorf("codes changed: %s %v", diff, copied.Passages[1].Starts)
	}
	replace(t, s, copied)
	var different int
	err = s.Pool().QueryRow(t.Context(), `select count(*) from (select p.digest from passages p join passage_vectors v on v.passage_id = p.id
		join passage_codes c on c.passage_id = p.id group by p.digest having count(distinct (v.embedding::text, c.codes)) > 1) x`).Scan(&different)
	if err != nil || different != 0 {
		t.Errorf("%d passages have other bits than those of the same text, %v", different, err)
	}
	if found, err = s.Encodings(t.Context(), "another", digests); err != nil || len(found) != 0 {
		t.Errorf("%d of another model, %v", len(found), err)
	}
}

func TestARenamedSourceKeepsWhatWasMadeOfIt(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, file("a.txt", titled("一", "甲", prose(1, 10)), titled("二", "乙", prose(2, 10))))
	replace(t, s, file("b.txt", titled("三", "甲", prose(3, 10))))
	was := ids(t, s, "a.txt")
	if err := s.Rename(t.Context(), []rag.Move{{From: "a.txt", To: rag.Seen{Path: "sub/c.txt", Root: "/corpus", Version: "v"}}}); err != nil {
		t.Fatal(err)
	}
	known, err := s.Known(t.Context())
	if err != nil || known["sub/c.txt"].Version != "v" || len(known) != 2 {
		t.Errorf("%v, %v", known, err)
	}
	if diff := cmp.Diff(was, ids(t, s, "sub/c.txt")); diff != "" {
		t.Error(diff)
	}
	for _, wrong := range []struct{ from, to string }{{"a.txt", "d.txt"}, {"b.txt", "sub/c.txt"}} {
		if err := s.Rename(t.Context(), []rag.Move{{From: wrong.from, To: rag.Seen{Path: wrong.to}}}); !errors.Is(err, rag.ErrRenamed) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	is := ids(t, s, "b.txt")
	if err := s.Rename(t.Context(), []rag.Move{{From: "b.txt", To: rag.Seen{Path: "sub/c.txt"}}, {From: "sub/c.txt", To: rag.Seen{Path: "b.txt"}}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]map[string]int64{was, is}, []map[string]int64{ids(t, s, "b.txt"), ids(t, s, "sub/c.txt")}); diff != "" {
		t.Errorf("after they changed names (-want +got):\n%s", diff)
	}
	if err := s.Touch(t.Context(), []rag.Seen{{Path: "b.txt", Root: "/other", Version: "w"}, {Path: "gone", Version: "x"}}); err != nil {
		t.Fatal(err)
	}
	if known, _ = s.Known(t.Context()); known["b.txt"].Version != "w" || known["b.txt"].Root != "/other" || len(known) != 2 {
		t.Errorf("touched: %v", known)
	}
}

// Whatever was added, changed, renamed and removed before: the store is as if only what there is now had been ingested, in
// whatever order.
func TestAStoreIsAsIfItWereNew(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 3))
			s, fresh := ragtest.Store(t), ragtest.Store(t)
			have := map[string]rag.Edition{}
			for range 40 {
				change(t, r, s, have)
			}
			paths := slices.Sorted(maps.Keys(have))
			for _, k := range r.Perm(len(paths)) {
				replace(t, fresh, have[paths[k]])
			}
			if diff := cmp.Diff(ragtest.Contents(t, fresh), ragtest.Contents(t, s)); diff != "" {
				t.Errorf("want -, have +:\n%.3000s", diff)
			}
		})
	}
}

// change does something to the store, and notes what is to be in it.
func change(t *testing.T, r *rand.Rand, s *rag.Store, have map[string]rag.Edition) {
	t.Helper()
	path := fmt.Sprintf("%d.txt", r.IntN(6))
	e, isThere := have[path]
	switch what := r.IntN(6); {
	case what == 0 && isThere:
		gone := []string{path, fmt.Sprintf("%d.txt", r.IntN(6)), "never.txt"}
		if err := s.Remove(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		for _, p := range gone {
			delete(have, p)
		}
	case what == 1 && isThere:
		to := fmt.Sprintf("new-%d.txt", r.IntN(1000))
		if err := s.Rename(t.Context(), []rag.Move{{From: path, To: rag.Seen{Path: to, Root: "/corpus"}}}); err != nil {
			t.Fatal(err)
		}
		e.Source.Path = to
		have[to] = e
		delete(have, path)
	default:
		e := someEdition(r, path)
		replace(t, s, e)
		have[path] = e
	}
}

// someEdition is of a few articles out of few texts, so that there are twins and names in common; each of some passages,
// with vectors and codes of their own.
func someEdition(r *rand.Rand, path string) rag.Edition {
	var articles []*rag.Article
	for range 1 + r.IntN(4) {
		seed := uint64(r.IntN(8))
		body := strings.Replace(misread(prose(seed, 12), r.IntN(2)*10), "。", "。\n", r.IntN(4))
		articles = append(articles, titled(fmt.Sprint("题", seed), "王"+strconv.FormatUint(seed%3, 10), body))
	}
	e := file(path, articles...)
	for i := range e.Passages {
		p := &e.Passages[i]
		p.Vector = axis(int(p.Digest()[0]))
		if r.IntN(4) > 0 {
			p.Codes, p.Starts = []rag.Code{{uint64(len(p.Text))}}, []int32{-1}
		}
	}
	return e
}

// Files that hold the same articles are stored at once, each with its articles in another order than before: whoever
// compares them must not wait for one who moves them, and he for the comparing.
func TestArticlesThatMoveMakeNobodyWaitInACircle(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	for round := range 6 {
		var all sync.WaitGroup
		for i := range 6 {
			r := rand.New(rand.NewPCG(uint64(round), uint64(i)))
			all.Go(func() {
				var articles []*rag.Article
				for _, k := range r.Perm(5) {
					articles = append(articles, titled(fmt.Sprint("题", k), "甲", prose(uint64(k), 12)))
				}
				if err := s.Replace(t.Context(), file(strconv.Itoa(i), articles...)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	if got, want := len(twins(t, s)), 5*6*5; got != want {
		t.Errorf("%d pairs, want %d", got, want)
	}
}

// New rules cut the same texts in large part: a new index takes what the live one has of the same model.
func TestANewIndexTakesWhatTheLiveOneHasEmbedded(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	build(t, s, "m", "r", 3, "a.txt", "b.txt")
	beside := build(t, s, "m", "r2", 4, "a.txt")
	e := file("a.txt", titled("题a.txt", "甲", "a.txt的桥有三十六米长。\n"), titled("题b.txt", "甲", "b.txt的桥有三十六米长。\n"))
	digests := []rag.Digest{e.Passages[0].Digest(), e.Passages[0].Digest(), e.Passages[2].Digest(), {7}}
	for name, c := range map[string]struct {
		in       rag.Generation
		embedder string
		want     map[rag.Digest]rag.Encoding
	}{
		"the live one":     {live(t, s), "m", map[rag.Digest]rag.Encoding{digests[0]: {Vector: axis(3)}, digests[2]: {Vector: axis(3)}}},
		"its own first":    {beside, "m", map[rag.Digest]rag.Encoding{digests[0]: {Vector: axis(4)}, digests[2]: {Vector: axis(3)}}},
		"of another model": {beside, "n", map[rag.Digest]rag.Encoding{}},
	} {
		found, err := s.Encodings(s.In(t.Context(), c.in), c.embedder, digests)
		if diff := cmp.Diff(c.want, found); diff != "" || err != nil {
			t.Errorf("%s: %v %.500s", name, err, diff)
		}
	}
}

// A removal of many goes in portions.
func TestManySourcesAreRemoved(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	const n = 1201
	if _, err := s.Pool().Exec(t.Context(), `insert into sources (path, root, hash, made_by, embedder, passages, terms)
		select i || '.txt', '/corpus', '', '', '', 0, 0 from generate_series(1, $1) i`, n); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for i := range n - 1 {
		paths = append(paths, fmt.Sprintf("%d.txt", i+1))
	}
	if err := s.Remove(t.Context(), paths); err != nil {
		t.Fatal(err)
	}
	if known, err := s.Known(t.Context()); err != nil || len(known) != 1 || known[fmt.Sprintf("%d.txt", n)].Path == "" {
		t.Errorf("%d are left, %v", len(known), err)
	}
}
