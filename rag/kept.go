package rag

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// An article has at least keptShare of the longer one's shingles in common with its edited self. In files of more than
// keptBytes only one of keptEvery shingles is looked at, for the memory.
const (
	keptShare = 0.3
	keptBytes = 1 << 20
	keptEvery = 4
)

// keptArticle is an article as the store has it of a source that is stored anew.
type keptArticle struct {
	ID      int64
	Title   string
	Authors []string
	Text    string
}

// keptArticles are those of a source, in their order.
func keptArticles(ctx context.Context, tx pgx.Tx, source int64) ([]keptArticle, error) {
	rows, _ := tx.Query(ctx, `select id, title, authors, body from articles where source_id = $1 order by ordinal`, source)
	return pgx.CollectRows(rows, pgx.RowToStructByPos[keptArticle])
}

// keepIDs gives articles the ids that the same ones have had, 0 to those that are new: links and citations lead to them.
// The same are, in this order, those of one text and name, those of one text, those that have most of their text in common,
// those of one title and authors, and those that stand between the same neighbours where as many stood. Of several alike
// the first one left is taken, so that they keep their order.
func keepIDs(old []keptArticle, articles []*Article) {
	m := matching{old: old, articles: articles, used: make([]bool, len(old)), every: 1}
	size := 0
	for _, o := range old {
		size += len(o.Text)
	}
	if size > keptBytes {
		m.every = keptEvery
	}
	for _, a := range articles {
		a.ID = 0
	}
	m.byKey(func(o keptArticle) string { return o.Text + "\x00" + named(o.Title, o.Authors) }, func(a *Article) string { return a.Text + "\x00" + named(a.Title, a.Authors) })
	m.byKey(func(o keptArticle) string { return o.Text }, func(a *Article) string { return a.Text })
	m.byShare()
	m.byKey(func(o keptArticle) string { return named(o.Title, o.Authors) }, func(a *Article) string { return named(a.Title, a.Authors) })
	m.byPlace()
}

// named is what tells articles apart by name, "" for one without a title.
func named(title string, authors []string) string {
	if title == "" {
		return ""
	}
	return strings.Join(append([]string{title}, authors...), "\x00")
}

// matching matches each article with one of the old ones at most, and these with one each.
type matching struct {
	old      []keptArticle
	articles []*Article
	used     []bool // of old
	every    uint64 // one in so many shingles is looked at
}

func (m *matching) match(o int, a *Article) {
	a.ID, m.used[o] = m.old[o].ID, true
}

// byKey matches what is left by a key. "" is none.
func (m *matching) byKey(ofOld func(keptArticle) string, of func(*Article) string) {
	free := map[string][]int{}
	for i, o := range m.old {
		if key := ofOld(o); key != "" && !m.used[i] {
			free[key] = append(free[key], i)
		}
	}
	for _, a := range m.articles {
		if a.ID != 0 {
			continue
		}
		if first := free[of(a)]; len(first) > 0 {
			m.match(first[0], a)
			free[of(a)] = first[1:]
		}
	}
}

// byPlace matches what is left between two articles that are matched with what was left between the same two, or at an end.
func (m *matching) byPlace() {
	type gap struct{ before, behind int64 }
	was, is := map[gap][]int{}, map[gap][]int{}
	each := func(n int, id func(int) int64, into map[gap][]int) {
		var before int64
		for i := 0; i < n; {
			end := i
			for end < n && id(end) == 0 {
				end++
			}
			var behind int64
			if end < n {
				behind = id(end)
			}
			for k := i; k < end; k++ {
				into[gap{before, behind}] = append(into[gap{before, behind}], k)
			}
			before, i = behind, end+1
		}
	}
	each(len(m.old), func(i int) int64 {
		if !m.used[i] {
			return 0
		}
		return m.old[i].ID
	}, was)
	each(len(m.articles), func(i int) int64 { return m.articles[i].ID }, is)
	for g, left := range is {
		if old := was[g]; len(old) == len(left) {
			for k, i := range left {
				m.match(old[k], m.articles[i])
			}
		}
	}
}

// pair is an old article and one that has some of its text.
type pair struct {
	old, article int
	share        float64 // of the longer one's traits
}

// byShare matches what is left by how much of the text is the same, the most alike first.
func (m *matching) byShare() {
	pairs := m.pairs()
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.share, a.share), a.article-b.article, a.old-b.old)
	})
	for _, p := range pairs {
		if a := m.articles[p.article]; a.ID == 0 && !m.used[p.old] {
			m.match(p.old, a)
		}
	}
}

// traits are the shingles by which articles are compared here.
func (m *matching) traits(text string) []uint64 {
	return slices.DeleteFunc(shingles(text), func(h uint64) bool { return h%m.every != 0 })
}

// pairs are those of what is left that have enough in common, in no order. They are looked up by the traits of the old articles.
func (m *matching) pairs() (pairs []pair) {
	holders := map[uint64][]int{}
	sizes := make([]int, len(m.old))
	for i, o := range m.old {
		if m.used[i] {
			continue
		}
		set := m.traits(o.Text)
		sizes[i] = len(set)
		for _, h := range set {
			holders[h] = append(holders[h], i)
		}
	}
	for k, a := range m.articles {
		if a.ID != 0 || len(holders) == 0 {
			continue
		}
		set, common := m.traits(a.Text), map[int]int{}
		for _, h := range set {
			for _, i := range holders[h] {
				common[i]++
			}
		}
		for i, n := range common {
			if share := float64(n) / float64(max(sizes[i], len(set))); share >= keptShare {
				pairs = append(pairs, pair{i, k, share})
			}
		}
	}
	return pairs
}

// dropped are the old articles that nothing was matched with.
func dropped(old []keptArticle, articles []*Article) []int64 {
	kept := make(map[int64]bool, len(articles))
	for _, a := range articles {
		kept[a.ID] = true
	}
	gone := []int64{}
	for _, o := range old {
		if !kept[o.ID] {
			gone = append(gone, o.ID)
		}
	}
	return gone
}
