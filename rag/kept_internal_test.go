package rag

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// sentences are so many sentences of the r's own.
func sentences(r *rand.Rand, n int) (text []string) {
	for range n {
		runes := make([]rune, 20)
		for i := range runes {
			runes[i] = rune(0x4e00 + r.IntN(3000))
		}
		text = append(text, string(runes)+"。")
	}
	return text
}

// edited is an article that is edited: where it came from, and what it says now.
type edited struct {
	id        int64 // of the article that it was; 0: none
	title     string
	sentences []string
	isDouble  bool // another one has the same text: no more than its place is changed
}

func (e edited) article() *Article {
	a := &Article{Title: e.title, Authors: []string{"甲"}}
	for _, s := range e.sentences {
		a.Text += s
	}
	return a
}

// Of any file whose articles are moved, edited, retitled, removed, and joined by new ones, each article that is still
// there has its id, and no other has one that was.
func TestArticlesAreKnownAgainAfterAnyEdit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		var before []edited
		for i := range 1 + r.IntN(12) {
			before = append(before, edited{id: int64(i + 1), title: fmt.Sprint("题", r.IntN(6), "之", i), sentences: sentences(r, 2+r.IntN(20))})
		}
		if r.IntN(4) == 0 && len(before) > 1 { // two of one text, as in a compilation
			before[1].sentences = before[0].sentences
			before[0].isDouble, before[1].isDouble = true, true
		}
		var old []keptArticle
		for _, e := range before {
			a := e.article()
			old = append(old, keptArticle{e.id, a.Title, a.Authors, a.Text})
		}
		after := edit(r, before)
		articles := make([]*Article, len(after))
		for i, e := range after {
			articles[i] = e.article()
		}
		keepIDs(old, articles)
		given := map[int64]bool{}
		for i, a := range articles {
			if a.ID != 0 && (given[a.ID] || a.ID > int64(len(old))) {
				t.Errorf("seed %d: id %d was given twice, or is none", seed, a.ID)
			}
			given[a.ID] = true
			if want := after[i].id; want != 0 && a.ID != want {
				t.Errorf("seed %d: article %d of %d has id %d, want %d", seed, i, len(after), a.ID, want)
			}
		}
	}
}

// edit changes a file: some articles go, some are edited, and new ones come, in whatever place.
func edit(r *rand.Rand, before []edited) (after []edited) {
	for _, e := range before {
		if r.IntN(5) == 0 && len(before) > 1 {
			continue
		}
		e.sentences = slices.Clone(e.sentences)
		switch change := r.IntN(5); {
		case e.isDouble:
		case change == 0, change == 3: // a third of it is written anew, and its title, too
			for k := 0; k < len(e.sentences); k += 3 {
				e.sentences[k] = sentences(r, 1)[0]
			}
			if change == 3 && len(e.sentences) >= 6 {
				e.title = fmt.Sprint("新题", r.IntN(1000))
			}
		case change == 1:
			e.title = fmt.Sprint("新题", r.IntN(1000))
		case change == 2: // all of it is, under its old title
			e.sentences = sentences(r, len(e.sentences))
		}
		after = append(after, e)
	}
	if r.IntN(3) == 0 {
		r.Shuffle(len(after), func(i, k int) { after[i], after[k] = after[k], after[i] })
	}
	for range r.IntN(4) {
		e := edited{title: fmt.Sprint("新文", r.IntN(1000)), sentences: sentences(r, 10)}
		after = slices.Insert(after, r.IntN(len(after)+1), e)
	}
	return after
}

// An article at the beginning of a file shifts no id, also where the others have no titles and are short.
func TestAnArticleInFrontShiftsNoID(t *testing.T) {
	t.Parallel()
	texts := []string{"会议通知。", "停水通知。", "会议通知。", "食堂改期。"}
	var old []keptArticle
	articles := []*Article{{Text: "新的通知。"}}
	for i, text := range texts {
		old = append(old, keptArticle{ID: int64(i + 1), Text: text})
		articles = append(articles, &Article{Text: text})
	}
	keepIDs(old, articles)
	for i, a := range articles {
		if a.ID != int64(i) {
			t.Errorf("article %d has id %d", i, a.ID)
		}
	}
}
