package rag_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/tmc/langchaingo/embeddings"

	"yinju/deploy/local"
	"yinju/rag"
	"yinju/rag/bge"
	"yinju/rag/ragtest"
)

var _ rag.QueryEmbedder = embeddings.Embedder(nil)

// axis is a unit vector along one dimension; an embedder that gives it makes the dense leg predictable.
func axis(i int) []float32 {
	v := make([]float32, rag.Dimensions)
	v[i] = 1
	return v
}

type fixed []float32

func (f fixed) EmbedQuery(context.Context, string) ([]float32, error) { return f, nil }

// edition makes one article of the texts, each a passage of its own along its axis.
func edition(path string, texts ...string) rag.Edition {
	a := &rag.Article{File: path, Text: strings.Join(texts, "")}
	e := rag.Edition{Source: rag.Source{Path: path, Root: "/corpus", Hash: []byte(path)}, MadeBy: "test", Embedder: "m", Articles: []*rag.Article{a}}
	at := 0
	for i, text := range texts {
		a.Places = append(a.Places, rag.Run{Start: at, Line: i + 1, Byte: len(strings.Join(texts[:i], ""))})
		end := at + len([]rune(text))
		e.Passages = append(e.Passages, rag.Passage{Article: a, Span: rag.Span{Start: at, End: end}, Text: text, Opens: true, Vector: axis(i)})
		at = end
	}
	return e
}

func replace(t *testing.T, s *rag.Store, e rag.Edition) {
	t.Helper()
	if err := s.Replace(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func TestSeveralProcessesMayOpenAnEmptyDatabaseAtOnce(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	migrations, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := rag.Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if st, err := s.Stats(t.Context()); err != nil || st.Schema != len(migrations) {
				t.Errorf("schema %d, %v", st.Schema, err)
			}
		})
	}
	wg.Wait()
}

func TestADatabaseOfANewerProgramIsLeftAlone(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	s, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), `insert into schema_version (version) values (999)`); err != nil {
		t.Fatal(err)
	}
	if _, err := rag.Open(t.Context(), url); !errors.Is(err, rag.ErrNewerSchema) {
		t.Errorf("got %v", err)
	}
}

// A server of its own whose pgvector is made old, then taken away.
func TestAServerWithoutFitPgvectorIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "yinju-novector") //nolint:usetesting // the server's account cannot enter t.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	bin, err := local.Postgres(ragtest.Parts(t))
	if err != nil {
		t.Fatal(err)
	}
	wheel := filepath.Dir(filepath.Dir(filepath.Dir(bin)))
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", wheel, filepath.Join(dir, "parts")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	relative, err := filepath.Rel(wheel, bin)
	if err != nil {
		t.Fatal(err)
	}
	bin = filepath.Join(dir, "parts", relative)
	server, err := local.Start(t.Context(), local.Options{BinDir: bin, DataDir: filepath.Join(dir, "data")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := server.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	control := filepath.Join(bin, "..", "share", "postgresql", "extension", "vector.control")
	if err := os.WriteFile(control, []byte("default_version = '0.8.3'\nmodule_pathname = '$libdir/vector'\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var old *rag.OldVectorError
	if _, err := rag.Open(t.Context(), server.URL()); !errors.As(err, &old) || old.Have != "0.8.3" {
		t.Errorf("with an old pgvector: %v", err)
	}
	if err := os.Remove(control); err != nil {
		t.Fatal(err)
	}
	if _, err := rag.Open(t.Context(), server.URL()); !errors.Is(err, rag.ErrNoVector) {
		t.Errorf("without pgvector: %v", err)
	}
}

func TestReplaceKeepsArticleIDsAndLeavesNothingOld(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, edition("a.txt", "旧的第一句话。", "旧的第二句话。"))
	replace(t, s, edition("b.txt", "另一个文件。"))
	before := articleIDs(t, s)
	replace(t, s, edition("a.txt", "新的唯一一句话。"))
	if after := articleIDs(t, s); after["a.txt"] != before["a.txt"] || after["b.txt"] != before["b.txt"] {
		t.Errorf("ids were %v, are %v", before, after)
	}
	r := rag.NewRetriever(s, fixed(axis(0)), "m")
	hits, err := r.Search(t.Context(), "旧的第二句话", 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hits {
		if strings.Contains(h.Passage.Text, "旧") {
			t.Errorf("an old passage is found: %q", h.Passage.Text)
		}
		if strings.Contains(h.Passage.Text, "新") && h.Lexical == 0 {
			t.Error("the new passage is not in the lexical index")
		}
	}
	if err := s.Remove(t.Context(), []string{"a.txt", "b.txt"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Search(t.Context(), "新的", 10); !errors.Is(err, rag.ErrEmptyCorpus) {
		t.Errorf("after everything was removed: %v", err)
	}
}

func articleIDs(t *testing.T, s *rag.Store) map[string]int64 {
	t.Helper()
	ids := map[string]int64{}
	err := s.Articles(t.Context(), nil, func(a *rag.Article) error {
		ids[a.File] = a.ID
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestReadersNeverSeeHalfAnEdition(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	editions := []rag.Edition{edition("a.txt", "甲说桥长。", "甲说桥高。"), edition("a.txt", "乙说桥长。", "乙说桥高。")}
	replace(t, s, editions[0])
	ctx, cancel := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 1; ctx.Err() == nil; i++ {
			if err := s.Replace(ctx, editions[i%2]); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	for range 60 {
		var text string
		err := s.Articles(t.Context(), nil, func(a *rag.Article) error {
			text += a.Text
			return nil
		})
		if err != nil || text != "甲说桥长。甲说桥高。" && text != "乙说桥长。乙说桥高。" {
			t.Errorf("a reader saw %q, %v", text, err)
		}
	}
	cancel()
	writer.Wait()
	if n, err := s.MisplacedPassages(t.Context()); err != nil || n != 0 {
		t.Errorf("%d passages misplaced, %v", n, err)
	}
}

func TestAFailedReplaceLosesNothing(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, edition("a.txt", "原来的话。"))
	broken := edition("a.txt", "新的话。", "没有向量的话。")
	broken.Passages[1].Vector = []float32{1, 2, 3}
	if err := s.Replace(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "3 dimensions") {
		t.Errorf("got %v", err)
	}
	hits, err := rag.NewRetriever(s, fixed(axis(0)), "m").Search(t.Context(), "原来的话", 1)
	if err != nil || len(hits) != 1 || hits[0].Passage.Text != "原来的话。" {
		t.Errorf("got %v, %v", hits, err)
	}
}

func TestVectorsOfAnotherModelAreNotSearched(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, edition("a.txt", "一句话。"))
	var other *rag.OtherEmbedderError
	if _, err := rag.NewRetriever(s, fixed(axis(0)), "another").Search(t.Context(), "一句话", 1); !errors.As(err, &other) {
		t.Errorf("got %v", err)
	}
}

func TestQuestionsThatCannotBeTaken(t *testing.T) {
	t.Parallel()
	var long *rag.LongQuestionError
	for question, ok := range map[string]func(error) bool{
		"":                               func(err error) bool { return errors.Is(err, rag.ErrNoQuestion) },
		" 　\n":                           func(err error) bool { return errors.Is(err, rag.ErrNoQuestion) },
		"？！":                             func(err error) bool { return errors.Is(err, rag.ErrNoQuestion) },
		"\xff\xfe":                       func(err error) bool { return errors.Is(err, rag.ErrNoQuestion) },
		strings.Repeat("长", 100_000):     func(err error) bool { return errors.As(err, &long) && long.Have == 100_000 },
		strings.Repeat("长", 2000):        func(err error) bool { return err == nil },
		"'; drop table sources; -- 桥 %s": func(err error) bool { return err == nil },
	} {
		if err := rag.CheckQuestion(question); !ok(err) {
			t.Errorf("%.20q: %v", question, err)
		}
	}
}

func TestAnswerQuotesTheStoredArticleAtItsSpan(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	e := edition("桥.txt", "序言一句。", "赵州桥由李春设计。它有一千四百年了！")
	e.Articles[0].Title, e.Articles[0].Authors, e.Articles[0].Publication, e.Articles[0].Date = "石桥", []string{"张望"}, "江畔日报", "2023-05-06"
	replace(t, s, e)
	a, err := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(1)), "m"), s).Ask(t.Context(), "赵州桥由谁设计？")
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != rag.Answered || a.ID == "" || len(a.Citations) == 0 {
		t.Fatalf("got %+v", a)
	}
	q := a.Citations[0].Quote
	want := rag.Location{StartLine: 2, EndLine: 2, StartChar: 5, EndChar: 14}
	if q.Text() != "赵州桥由李春设计。" || q.Location() != want {
		t.Errorf("quote %q at %+v, want %+v", q.Text(), q.Location(), want)
	}
	if want := "《石桥》（张望，江畔日报，2023-05-06）：“赵州桥由李春设计。”[1]"; !strings.HasPrefix(a.Text, want) {
		t.Errorf("answer %q, want %q first", a.Text, want)
	}
}

func TestARefusalHasNoQuotes(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	replace(t, s, edition("a.txt", "赵州桥由李春设计。"))
	a, err := rag.NewAnswerer(rag.NewRetriever(s, fixed(axis(7)), "m"), s).Ask(t.Context(), "怎样给轮胎充气？")
	if err != nil || a.Status != rag.NotFound || len(a.Citations) != 0 || a.Text == "" {
		t.Errorf("got %+v, %v", a, err)
	}
}

// The vectors of a real model and its length fit what the store takes.
func TestTheModelFitsTheStore(t *testing.T) {
	t.Parallel()
	if bge.Dimensions != rag.Dimensions {
		t.Error(fmt.Sprint(bge.Dimensions, " is not ", rag.Dimensions))
	}
}

// A program that is gone without a word keeps its locks for minutes, not hours: also those of a connection of its own.
func TestTheServerEndsSessionsOfProgramsThatAreGone(t *testing.T) {
	t.Parallel()
	url := ragtest.Database(t)
	s, err := rag.Open(t.Context(), url+"&idle_in_transaction_session_timeout=7min")
	if !strings.Contains(url, "?") || err != nil {
		t.Fatal(url, err)
	}
	defer s.Close()
	conn, err := pgx.ConnectConfig(t.Context(), s.Pool().Config().ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var set int
	var idle string
	if err := conn.QueryRow(t.Context(), `select count(*), current_setting('idle_in_transaction_session_timeout') from pg_settings
		where name in ('tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count', 'tcp_user_timeout') and source = 'session'`).Scan(&set, &idle); err != nil {
		t.Fatal(err)
	}
	if set != 4 || idle != "7min" {
		t.Errorf("%d of 4 settings of the network are the session's; in a transaction it may do nothing for %s", set, idle)
	}
	plain, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if err := plain.Pool().QueryRow(t.Context(), `show idle_in_transaction_session_timeout`).Scan(&idle); err != nil || idle != "3min" {
		t.Errorf("in a transaction it may do nothing for %s: %v", idle, err)
	}
}

// A database that is away is told from one that refuses what it is asked, and from a reader who gave up.
func TestADatabaseThatIsAwayIsTold(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	_, nowhere := rag.Open(ctx, "postgres:///yinju?host="+t.TempDir())
	s := ragtest.Store(t)
	_, ended := s.Pool().Exec(ctx, `select pg_terminate_backend(pg_backend_pid())`)
	_, refused := s.Pool().Exec(ctx, `select nothing`)
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, gaveUp := s.Pool().Exec(over, `select 1`)
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, late := s.Pool().Exec(short, `select pg_sleep(5)`)
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"no server": {nowhere, true}, "the connection is ended": {ended, true}, "refused": {refused, false}, "given up": {gaveUp, false}, "too late": {late, false},
	} {
		if tc.err == nil || rag.IsAway(tc.err) != tc.want {
			t.Errorf("%s: away %t: %v", name, rag.IsAway(tc.err), tc.err)
		}
	}
}
