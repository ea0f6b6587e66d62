package web

import (
	"context"
	"math"
	"net/http"
	"time"

	"yinju/bot"
	"yinju/rag"
)

const lookWait = 10 * time.Second // for the database, where no model is asked

// Limits of a search.
const (
	defaultHits = 10
	maxHits     = 100
	defaultPage = 20
	maxOffset   = math.MaxInt32
)

// Searcher finds passages. *rag.Retriever has it.
type Searcher interface {
	SearchIn(ctx context.Context, q rag.Query, k int) ([]rag.Hit, []rag.Scope, error)
}

// Browser lists articles. *rag.Store has it.
type Browser interface {
	Browse(ctx context.Context, b rag.Browse) (rag.Listing, error)
}

// searchReply are passages, best first.
type searchReply struct {
	Hits  []bot.Passage `json:"hits"`
	Scope []rag.Scope   `json:"scope"`
}

func (s server) search(w http.ResponseWriter, r *http.Request) {
	f, err := s.query(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	f.need("q")
	q := rag.Query{Question: f.text("q"), Filter: f.filter()}
	k := f.number("k", 1, maxHits, defaultHits)
	if err := f.done(); err != nil {
		s.problem(w, r, err)
		return
	}
	hits, scope, err := s.Search.SearchIn(r.Context(), q, k)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	reply := searchReply{Hits: make([]bot.Passage, len(hits)), Scope: scope}
	for i, h := range hits {
		reply.Hits[i] = bot.PassageOf(h)
	}
	writeJSON(w, http.StatusOK, reply)
}

// articlesReply is a page of the articles that were looked for.
type articlesReply struct {
	Articles []articleEntry `json:"articles"`
	Total    int            `json:"total"`
}

// articleEntry is an article in a list.
type articleEntry struct {
	ID           string   `json:"id"`
	File         string   `json:"file"`
	Title        string   `json:"title"`
	DisplayTitle string   `json:"display_title"`
	Authors      []string `json:"authors"`
	Publication  string   `json:"publication"`
	Date         string   `json:"date"`
	Section      string   `json:"section"`
	Line         int      `json:"line"` // of the file, where it begins
}

func (s server) articles(w http.ResponseWriter, r *http.Request) {
	f, err := s.query(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	b := rag.Browse{
		Words: f.text("words"), Filter: f.filter(), Offset: f.number("offset", 0, maxOffset, 0), Limit: f.number("limit", 1, rag.MaxBrowse, defaultPage),
	}
	if err := f.done(); err != nil {
		s.problem(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), lookWait)
	defer cancel()
	listing, err := s.Browse.Browse(ctx, b)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	reply := articlesReply{Articles: make([]articleEntry, len(listing.Articles)), Total: listing.Total}
	for i, a := range listing.Articles {
		ref := a.Ref()
		reply.Articles[i] = articleEntry{ref.ID, ref.File, ref.Title, ref.DisplayTitle, ref.Authors, ref.Publication, ref.Date, a.Section, a.Places.Line(0)}
	}
	writeJSON(w, http.StatusOK, reply)
}

// articleReply is an article whole.
type articleReply struct {
	bot.Article
	Places [][3]int         `json:"places" jsonschema:"[character, line, page]: from which character of the text on it stands on which line of the file and, where that has pages, on which page"`
	Cite   cite             `json:"cite"`
	Copies []rag.ArticleRef `json:"copies"` // those of same_as, at most maxTwins
}

// cite is how an article is cited.
type cite struct {
	GBT7714 string `json:"gbt7714"`
	Plain   string `json:"plain"`
}

func placesOf(a *rag.Article) [][3]int {
	places := make([][3]int, len(a.Places))
	for i, r := range a.Places {
		places[i] = [3]int{r.Start, r.Line, r.Page}
	}
	return places
}

func (s server) wholeArticle(w http.ResponseWriter, r *http.Request) {
	if err := s.noQuery(r); err != nil {
		s.problem(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), lookWait)
	defer cancel()
	a, err := s.read(ctx, r.PathValue("id"))
	if err != nil {
		s.problem(w, r, err)
		return
	}
	reply := articleReply{Article: bot.ArticleOf(a), Places: placesOf(a), Cite: cite{bot.CiteGBT7714(a), bot.CitePlain(a, s.lang(r))}, Copies: []rag.ArticleRef{}}
	for _, twin := range s.twins(ctx, a) {
		reply.Copies = append(reply.Copies, twin.Ref())
	}
	writeJSON(w, http.StatusOK, reply)
}
