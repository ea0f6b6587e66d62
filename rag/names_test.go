package rag_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// named is a source of one article with what is told of it.
func named(path, title string, authors []string, publication, date string, texts ...string) rag.Edition {
	e := edition(path, texts...)
	a := e.Articles[0]
	a.Title, a.Authors, a.Publication, a.Date = title, authors, publication, date
	return e
}

// storeAndConn are a store and a connection to its database.
func storeAndConn(t *testing.T) (*rag.Store, *pgx.Conn) {
	t.Helper()
	url := ragtest.Database(t)
	s, err := rag.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	conn, err := ragtest.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return s, conn
}

func lines(t *testing.T, conn *pgx.Conn, sql string, args ...any) []string {
	t.Helper()
	rows, _ := conn.Query(t.Context(), sql, args...)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const allNames = `select kind || ' ' || name || ' | ' || sound || ' | ' || shown from article_names order by kind, name collate "C", sound collate "C"`

func TestReplaceStoresTheNamesOfItsArticles(t *testing.T) {
	t.Parallel()
	s, conn := storeAndConn(t)
	replace(t, s, named("a.txt", "江畔日报：石桥不老——古桥新说②", []string{"张 望", "Li Hua", "O'Neill"}, "江畔日报", "2023-05-06", "赵州桥由李春设计。"))
	want := []string{
		"author lihua | li hua | Li Hua",
		"author oneill |  | O'Neill",
		"author 张望 | zan wan | 张望",
		"publication 江畔日报 | _畔日报 | 江畔日报",
		"publication 江畔日报 | jian pan ri bao | 江畔日报",
		"publication 江畔日报 | 江_日报 | 江畔日报",
		"publication 江畔日报 | 江畔_报 | 江畔日报",
		"publication 江畔日报 | 江畔日_ | 江畔日报",
		"title 古桥新说 |  | 古桥新说",
		"title 江畔日报石桥不老古桥新说 |  | 江畔日报：石桥不老——古桥新说",
		"title 江畔日报石桥不老古桥新说2 |  | 江畔日报：石桥不老——古桥新说②",
		"title 石桥不老 |  | 石桥不老",
		"title 石桥不老古桥新说 |  | 石桥不老——古桥新说",
		"title 石桥不老古桥新说2 |  | 石桥不老——古桥新说②",
	}
	if diff := cmp.Diff(want, lines(t, conn, allNames)); diff != "" {
		t.Error(diff)
	}
	replace(t, s, named("a.txt", "", nil, "", "", "赵州桥由李春设计。"))
	if have := lines(t, conn, allNames); len(have) != 0 {
		t.Errorf("old names stay: %q", have)
	}
}

func TestRemovedArticlesHaveNoNames(t *testing.T) {
	t.Parallel()
	s, conn := storeAndConn(t)
	e := named("a.txt", "石桥不老", []string{"张望"}, "", "", "第一句话。")
	second := &rag.Article{File: "a.txt", Authors: []string{"李远"}, Text: "第二句话。", Places: rag.Places{{Line: 2}}}
	e.Articles = append(e.Articles, second)
	replace(t, s, e)
	replace(t, s, named("b.txt", "", []string{"王立"}, "", "", "别的话。"))
	e.Articles = e.Articles[:1]
	replace(t, s, e)
	const names = `select name from article_names group by name order by name collate "C"`
	if diff := cmp.Diff([]string{"张望", "王立", "石桥不老"}, lines(t, conn, names)); diff != "" {
		t.Error(diff)
	}
	if err := s.Remove(t.Context(), []string{"a.txt"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"王立"}, lines(t, conn, names)); diff != "" {
		t.Error(diff)
	}
}

func TestLongNamesAreNotKept(t *testing.T) {
	t.Parallel()
	s, conn := storeAndConn(t)
	long := strings.Repeat("长", 5000)
	replace(t, s, named("a.txt", long, []string{long}, long, "", "一句话。"))
	if have := lines(t, conn, allNames); len(have) != 0 {
		t.Errorf("%d names are kept", len(have))
	}
}

func TestTermsAreFoundByTheirSounds(t *testing.T) {
	t.Parallel()
	s, conn := storeAndConn(t)
	replace(t, s, edition("a.txt", "海亮去了银行。GDP涨。"))
	const bySound = `select term from term_sounds where sound = $1 order by term`
	for sound, want := range map[string][]string{"hai lian": {"海亮"}, "yin xin": {"银行"}, "yin han": {"银行"}, "gdp": nil} {
		if have := lines(t, conn, bySound, sound); !slices.Equal(have, want) {
			t.Errorf("%s: %q, want %q", sound, have, want)
		}
	}
	replace(t, s, edition("b.txt", "海量的银行。"))
	if have := lines(t, conn, bySound, "hai lian"); len(have) != 2 {
		t.Errorf("after a second source: %q", have)
	}
}

// Sources with the same new terms, in other orders, are stored at once.
func TestSourcesWithTheSameTermsMayBeStoredAtOnce(t *testing.T) {
	t.Parallel()
	s, conn := storeAndConn(t)
	words := []string{"赵州桥由李春设计。", "渡口在河的北岸。", "海亮去了银行。", "张望写了一篇文章。"}
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			texts := append(slices.Clone(words[i%len(words):]), words[:i%len(words)]...)
			for range 5 {
				if err := s.Replace(t.Context(), edition(string(rune('a'+i))+".txt", texts...)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	missing := lines(t, conn, `select distinct term from postings p where term ~ '^..$' and not exists (select from term_sounds where term = p.term)`)
	if len(missing) != 0 {
		t.Errorf("terms without a sound: %q", missing)
	}
}
