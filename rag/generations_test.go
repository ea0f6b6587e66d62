package rag_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// build fills a generation with the files, as an ingest with the embedder does.
func build(t *testing.T, s *rag.Store, embedder, rules string, axisOf int, files ...string) rag.Generation {
	t.Helper()
	g, err := s.Building(t.Context(), embedder, rules, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		put(t, s, g, embedder, rules, axisOf, f)
	}
	return g
}

func put(t *testing.T, s *rag.Store, g rag.Generation, embedder, rules string, axisOf int, name string) {
	t.Helper()
	e := file(name, titled("题"+name, "甲", name+"的桥有三十六米长。\n"+prose(uint64(len(name)), 10)))
	e.Embedder, e.MadeBy = embedder, rules
	for i := range e.Passages {
		e.Passages[i].Vector = axis(axisOf)
	}
	if err := s.Replace(s.In(t.Context(), g), e); err != nil {
		t.Fatal(err)
	}
}

func live(t *testing.T, s *rag.Store) rag.Generation {
	t.Helper()
	g, err := s.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A new index is built beside the old one, by whoever goes on with it, and takes its place whole, with the ids that were.
func TestANewIndexIsBuiltBesideTheOld(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	s, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first := build(t, s, "m", "r", 0, "a.txt", "b.txt")
	if !first.IsLive || first.Embedder != "m" {
		t.Fatalf("the first one: %+v", first)
	}
	was := map[string]map[string]int64{"a.txt": ids(t, s, "a.txt"), "b.txt": ids(t, s, "b.txt")}
	second := build(t, s, "n", "r", 1, "a.txt")
	if second.IsLive || second.ID == first.ID || live(t, s).ID != first.ID {
		t.Fatalf("%+v while %+v is live", second, live(t, s))
	}
	var behind *rag.BehindError
	if err := s.Switch(t.Context(), second, false); !errors.As(err, &behind) || len(behind.Missing) != 1 || behind.Missing[0] != "b.txt" {
		t.Errorf("it took the place though a file is missing: %v", err)
	}
	other, err := rag.Open(t.Context(), url) // another process goes on
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	again := build(t, other, "n", "r", 1, "b.txt")
	if again.ID != second.ID {
		t.Errorf("it was begun anew: %+v", again)
	}
	if err := other.Switch(t.Context(), again, false); err != nil {
		t.Fatal(err)
	}
	if g := live(t, other); g.ID != second.ID || g.Embedder != "n" {
		t.Errorf("%+v is live", g)
	}
	for name, before := range was {
		if diff := cmp.Diff(before, ids(t, other, name)); diff != "" {
			t.Errorf("ids of %s: %s", name, diff)
		}
	}
	// The model of before still finds its own index; a model that none was made with is told so.
	if hits, err := rag.NewRetriever(other, fixed(axis(0)), "m").Search(t.Context(), "桥有多长", 1); err != nil || len(hits) == 0 || hits[0].Similarity < .9 {
		t.Errorf("the old one: %v, %v", hits, err)
	}
	var wrong *rag.OtherEmbedderError
	if _, err := rag.NewRetriever(other, fixed(axis(0)), "x").Search(t.Context(), "桥有多长", 1); !errors.As(err, &wrong) || wrong.Stored != "n" {
		t.Errorf("a model of none: %v", err)
	}
	if _, err := other.Building(t.Context(), "m", "r", false); !errors.Is(err, rag.ErrReplaced) {
		t.Errorf("the index that was replaced is made again: %v", err)
	}
	g := build(t, other, "n", "r2", 1)
	if g.IsLive {
		t.Error("other rules do not make another index")
	}
	e := file("a.txt", titled("题a.txt", "甲", "a.txt的桥有三十六米长。\n"+prose(5, 10)))
	digests := []rag.Digest{e.Passages[0].Digest(), e.Passages[1].Digest()}
	if found, err := other.Encodings(other.In(t.Context(), g), "n", digests); err != nil || len(found) != 2 {
		t.Errorf("what the live index has by the same model is embedded again: %d, %v", len(found), err)
	}
	var schemas int
	count := func() int {
		if err := other.Pool().QueryRow(t.Context(), `select count(*) from pg_namespace where nspname like 'public\_index\_%'`).Scan(&schemas); err != nil {
			t.Fatal(err)
		}
		return schemas
	}
	if n := count(); n != 3 {
		t.Errorf("%d indexes, want 3", n)
	}
	if g := build(t, other, "n", "r3", 1); g.IsLive || count() != 3 {
		t.Errorf("what was begun with other rules is not given up: %d", schemas)
	}
	if err := other.Rename(t.Context(), []rag.Move{{From: "b.txt", To: rag.Seen{Path: "c.txt", Root: "/corpus"}}}); err != nil {
		t.Error(err)
	}
	if err := other.Remove(t.Context(), []string{"a.txt"}); err != nil {
		t.Fatal(err)
	}
	for _, g := range []rag.Generation{first, second} { // a program of the old model answers out of the old one
		if known, err := other.Known(other.In(t.Context(), g)); err != nil || len(known) != 1 || known["c.txt"].Path == "" {
			t.Errorf("generation %d has %v, %v", g.ID, known, err)
		}
	}
	if err := other.DropOlder(t.Context(), time.Hour); err != nil || count() != 3 {
		t.Errorf("%v, %d", err, schemas)
	}
	if err := other.DropOlder(t.Context(), 0); err != nil || count() != 2 {
		t.Errorf("%v, %d", err, schemas)
	}
	if _, err := other.Building(t.Context(), "m", "r", false); !errors.Is(err, rag.ErrReplaced) {
		t.Errorf("an hour later: %v", err)
	}
	if g, err := other.Building(t.Context(), "m", "r", true); err != nil || g.IsLive {
		t.Errorf("forced: %+v, %v", g, err)
	}
}

// While generations take turns, each answer is of one: the model that embedded the question is the one of the passages, and
// quotes stand in their articles. Programs with either model answer all the time.
func TestNoSearchMixesTwoModels(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	files := []string{"甲", "乙", "丙"}
	turn := func(n int) {
		g := build(t, s, fmt.Sprint("m", n%2), fmt.Sprint("r", n), n%2, files...)
		if err := s.Switch(t.Context(), g, false); err != nil {
			t.Error(err)
		}
	}
	turn(0)
	turn(1)
	ctx, stop := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	var asked atomic.Int64
	for i := range 4 {
		retriever := rag.NewRetriever(s, fixed(axis(i%2)), fmt.Sprint("m", i%2))
		answerer := rag.NewAnswerer(retriever, s).WithoutLog()
		asking.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				name := files[n%len(files)]
				hits, err := retriever.Search(ctx, name+"的桥有多长", 3)
				if ctx.Err() == nil && (err != nil || len(hits) == 0 || hits[0].Similarity < .9) {
					t.Errorf("hits %v, %v", hits, err)
					return
				}
				a, err := answerer.Ask(ctx, name+"的桥有多长？")
				if ctx.Err() == nil && (err != nil || len(a.Citations) == 0 || !strings.Contains(a.Citations[0].Quote.Article().Text, a.Citations[0].Quote.Text())) {
					t.Errorf("%+v, %v", a, err)
					return
				}
				asked.Add(1)
			}
		})
	}
	for n := 2; n <= 6; n++ {
		turn(n)
		time.Sleep(300 * time.Millisecond)
	}
	stop()
	asking.Wait()
	if asked.Load() < 20 {
		t.Errorf("%d asked", asked.Load())
	}
}

// A store of before has its index as the first generation, with everything in it.
func TestTheIndexOfAnOlderStoreIsTheFirstGeneration(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := rag.MigrateTo(t.Context(), conn, 14); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`insert into sources (path, root, hash, made_by, embedder, passages, terms) values ('a.txt', '/c', '\x01', 'r sidecar 01', 'm', 1, 2)`,
		`insert into articles (source_id, ordinal, title, authors, publication, published, section, body, places) values (1, 0, '题', '{}', '', '', '', '桥有三十六米长。', '{0,1,0,0}')`,
		`insert into passages (article_id, start_char, end_char, start_line, end_line, body) values (1, 0, 8, 1, 1, '桥有三十六米长。')`,
		`insert into passage_vectors select 1, array_fill(0.1::float4, array[512])::vector(512)::halfvec(512)`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	s, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if st, err := s.Stats(t.Context()); err != nil || st.Sources != 1 || st.Articles != 1 || st.Passages != 1 {
		t.Errorf("%+v, %v", st, err)
	}
	if g, err := s.Building(t.Context(), "m", "r", false); err != nil || !g.IsLive {
		t.Errorf("%+v, %v", g, err)
	}
	replace(t, s, edition("b.txt", "新的一句话。"))
	if got := articleIDs(t, s); got["a.txt"] != 1 || got["b.txt"] != 2 {
		t.Errorf("ids %v", got)
	}
	if g, err := s.Building(t.Context(), "n", "r", false); err != nil || g.IsLive {
		t.Errorf("%+v, %v", g, err)
	}
}
