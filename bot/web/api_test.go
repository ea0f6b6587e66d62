package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tmc/langchaingo/llms"

	"yinju/bot"
	"yinju/bot/web"
	"yinju/rag"
)

// failing is a part that has one answer to everything.
type failing struct{ err error }

func (f failing) Stream(ctx context.Context, _ rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
	if err := tell(rag.Event{Stage: rag.StageSearch}); err != nil {
		return rag.Answer{}, err
	}
	if f.err == nil {
		<-ctx.Done()
		return rag.Answer{}, ctx.Err()
	}
	return rag.Answer{}, f.err
}

func (f failing) SearchIn(context.Context, rag.Query, int) ([]rag.Hit, []rag.Scope, error) {
	return nil, nil, f.err
}

func (f failing) Browse(context.Context, rag.Browse) (rag.Listing, error) {
	return rag.Listing{}, f.err
}

func (f failing) Article(context.Context, int64) (*rag.Article, error) { return nil, f.err }

func (f failing) SharedAnswer(context.Context, string) (rag.LoggedAnswer, error) {
	return rag.LoggedAnswer{}, f.err
}

func (f failing) LastRun(context.Context) (rag.IngestRun, error) { return rag.IngestRun{}, f.err }

func (f failing) GiveFeedback(context.Context, rag.Feedback) error { return f.err }

func (f failing) Stats(context.Context) (rag.Stats, error) { return rag.Stats{}, f.err }

// broken are the options of an API of which every part fails.
func broken(err error) web.Options {
	f := failing{err}
	return web.Options{Store: f, Articles: f, Asker: f, Search: f, Browse: f, Feedback: f, Shares: f, Runs: f, Lang: bot.Chinese, Log: slog.New(slog.DiscardHandler)}
}

// errAway is what a database says that cannot be reached.
var errAway = fmt.Errorf("search: %w", &net.OpError{Op: "dial", Err: errors.New("hunter2")})

// Who asks while the database is away is told so, and when to ask again; what the database is called he is not.
func TestADatabaseThatIsAwayIsSaid(t *testing.T) {
	t.Parallel()
	o := broken(errAway)
	c := newClient(t, o)
	for lang, want := range map[string]string{"zh": "连不上数据库", "en": "The database cannot be reached"} {
		for _, target := range []string{"/v1/search?q=桥", "/v1/articles", "/articles/1"} {
			w := c.do("GET", target, "", "Accept-Language", lang)
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" || !strings.Contains(w.Body.String(), want) || strings.Contains(w.Body.String(), "hunter2") {
				t.Errorf("%s: %d %v %s", target, w.Code, w.Header(), w.Body)
			}
		}
	}
}

// Every status that the document promises is had, and none else: do holds each response against it.
func TestEveryStatusOfTheDocument(t *testing.T) {
	t.Parallel()
	store := corpus(t)
	o := over(store)
	o.Keys = keys("reader", askKey, "admin", adminKey)
	c := newClient(t, o)
	had := c.seen
	key := []string{"X-Api-Key", askKey}
	answer := jsonOf[struct{ ID, Share string }](t, c.do("POST", "/v1/ask", `{"question":"赵州桥是谁设计的？"}`, key...))
	long := strings.Repeat("长", rag.MaxQuestion+1)
	for _, tc := range []struct {
		status                    int
		method, path, body, wrong string
	}{
		{200, "POST", "/v1/ask", `{"question":"桥长多少？","conversation_id":"室 1","stream":false,"filter":{"author":"张望","publication":"江畔","title":"石桥","file":"桥","from":"2023","to":"2023-05-06"}}`, ""},
		{200, "POST", "/v1/ask", `{"question":"桥长多少？","conversation_id":null,"stream":null,"filter":null}`, ""},
		{200, "POST", "/v1/ask", `{"question":"桥长多少？","stream":true}`, ""},
		{400, "POST", "/v1/ask", `{"question":`, ""},
		{400, "POST", "/v1/ask", `{"question":"桥"} {}`, ""},
		{413, "POST", "/v1/ask", `{"question":"` + strings.Repeat("长", 70_000/3) + `"}`, ""},
		{422, "POST", "/v1/ask", `[]`, "body"},
		{422, "POST", "/v1/ask", `null`, "body"},
		{422, "POST", "/v1/ask", `{}`, "body.question"},
		{422, "POST", "/v1/ask", `{"question":null}`, "body.question"},
		{422, "POST", "/v1/ask", `{"question":7}`, "body.question"},
		{422, "POST", "/v1/ask", `{"question":"？！"}`, "body.question"},
		{422, "POST", "/v1/ask", `{"question":"` + long + `"}`, "body.question"},
		{422, "POST", "/v1/ask", `{"question":"桥","Stream":true}`, "body.Stream"},
		{422, "POST", "/v1/ask", `{"question":"桥","stream":"true"}`, "body.stream"},
		{422, "POST", "/v1/ask", `{"question":"桥","conversation_id":""}`, "body.conversation_id"},
		{422, "POST", "/v1/ask", `{"question":"桥","conversation_id":"a\nb"}`, "body.conversation_id"},
		{422, "POST", "/v1/ask", `{"question":"桥","filter":"张望"}`, "body.filter"},
		{422, "POST", "/v1/ask", `{"question":"桥","filter":{"writer":"张望"}}`, "body.filter.writer"},
		{422, "POST", "/v1/ask", `{"question":"桥","filter":{"author":[]}}`, "body.filter.author"},
		{422, "POST", "/v1/ask", `{"question":"桥","filter":{"from":"2024-13"}}`, "body.filter.from"},
		{422, "POST", "/v1/ask", `{"question":"桥","filter":{"from":"2024","to":"2023"}}`, "body.filter.from"},
		{200, "GET", "/v1/search?q=桥&k=2&author=张望&publication=&title=石桥&file=桥.txt&from=2023-05&to=2023-05-06", "", ""},
		{400, "GET", "/v1/search?q=%zz", "", ""},
		{422, "GET", "/v1/search", "", "query.q"},
		{422, "GET", "/v1/search?q=", "", "query.q"},
		{422, "GET", "/v1/search?q=%ff", "", "query.q"},
		{422, "GET", "/v1/search?q=桥&q=窑", "", "query.q"},
		{422, "GET", "/v1/search?q=桥&k=0", "", "query.k"},
		{422, "GET", "/v1/search?q=桥&k=101", "", "query.k"},
		{422, "GET", "/v1/search?q=桥&k=", "", "query.k"},
		{422, "GET", "/v1/search?q=桥&k=%2B5", "", "query.k"},
		{422, "GET", "/v1/search?q=桥&author=%00", "", "query.author"},
		{422, "GET", "/v1/search?q=桥&writer=张望", "", "query.writer"},
		{200, "GET", "/v1/articles", "", ""},
		{200, "GET", "/v1/articles?words=江畔%202023&offset=1&limit=1&author=李远", "", ""},
		{400, "GET", "/v1/articles?a;b", "", ""},
		{422, "GET", "/v1/articles?limit=101", "", "query.limit"},
		{422, "GET", "/v1/articles?offset=-1", "", "query.offset"},
		{422, "GET", "/v1/articles?words=" + strings.Repeat("a", rag.MaxBrowseWords+1), "", "query.words"},
		{422, "GET", "/v1/articles?to=2023-02-30", "", "query.to"},
		{200, "GET", "/v1/articles/1", "", ""},
		{404, "GET", "/v1/articles/99", "", ""},
		{404, "GET", "/v1/articles/x", "", ""},
		{400, "GET", "/v1/articles/1?%zz", "", ""},
		{422, "GET", "/v1/articles/1?quote=1-2", "", "query.quote"},
		{204, "POST", "/v1/feedback", `{"answer_id":"` + answer.ID + `","good":false,"note":"少了一句"}`, ""},
		{204, "POST", "/v1/feedback", `{"answer_id":"` + answer.ID + `","good":true,"note":null}`, ""},
		{400, "POST", "/v1/feedback", `x`, ""},
		{404, "POST", "/v1/feedback", `{"answer_id":"99","good":true}`, ""},
		{404, "POST", "/v1/feedback", `{"answer_id":"x","good":true}`, ""},
		{413, "POST", "/v1/feedback", strings.Repeat(" ", 70_000), ""},
		{422, "POST", "/v1/feedback", `{"answer_id":"1"}`, "body.good"},
		{422, "POST", "/v1/feedback", `{"good":true}`, "body.answer_id"},
		{422, "POST", "/v1/feedback", `{"answer_id":1,"good":true}`, "body.answer_id"},
		{422, "POST", "/v1/feedback", `{"answer_id":"` + answer.ID + `","good":true,"note":"` + strings.Repeat("长", rag.MaxNote+1) + `"}`, "body.note"},
		{200, "GET", "/v1/answers/" + answer.Share, "", ""},
		{404, "GET", "/v1/answers/" + answer.ID, "", ""},
		{400, "GET", "/v1/answers/x?%zz", "", ""},
		{422, "GET", "/v1/answers/x?a=b", "", "query.a"},
		{200, "GET", "/v1/ingest", "", ""},
		{400, "GET", "/v1/ingest?%zz", "", ""},
		{422, "GET", "/v1/ingest?x=1", "", "query.x"},
		{200, "GET", "/healthz", "", ""},
		{200, "GET", "/readyz", "", ""},
		{403, "GET", "/metrics", "", ""},
	} {
		w := c.do(tc.method, tc.path, tc.body, key...)
		var p web.Problem
		if w.Code >= 400 {
			p = jsonOf[web.Problem](t, w)
		}
		locations := ""
		if len(p.Errors) == 1 {
			locations = p.Errors[0].Location
		}
		if w.Code != tc.status || locations != tc.wrong {
			t.Errorf("%s %s %.80s: %d at %q, want %d at %q: %.300s", tc.method, tc.path, tc.body, w.Code, locations, tc.status, tc.wrong, w.Body)
		}
		if p.Status != 0 && (p.Status != w.Code || p.Title == "" || p.Detail == "" || p.RequestID != w.Header().Get("X-Request-Id")) {
			t.Errorf("%s %s: %+v", tc.method, tc.path, p)
		}
	}
	for path, status := range map[string]int{
		"/": 200, "/page/app.js": 200, "/page/none.js": 404, "/openapi.json": 200, "/articles/1": 200, "/articles/1?quote=0-2": 200, "/articles/1?quote=2": 400, "/articles/99": 404,
	} {
		if w := c.do("GET", path, "", key...); w.Code != status {
			t.Errorf("%s: %d, want %d", path, w.Code, status)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(c.doc.Paths)) {
		if w := c.do("PUT", strings.NewReplacer("{id}", "1", "{file}", "app.js", "{share}", "x").Replace(path), "", key...); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
			t.Errorf("PUT %s: %d %v", path, w.Code, w.Header())
		}
	}
	for _, path := range []string{"/v1/ask", "/v1/feedback"} {
		for _, kind := range [][]string{{"Content-Type", "text/plain"}, {"Content-Encoding", "gzip"}} {
			if w := c.do("POST", path, `{}`, append(kind, "X-Api-Key", askKey)...); w.Code != http.StatusUnsupportedMediaType {
				t.Errorf("%s with %s: %d", path, kind, w.Code)
			}
		}
	}
	for _, op := range []struct{ method, path string }{
		{"POST", "/v1/ask"}, {"GET", "/v1/search"}, {"GET", "/v1/articles"}, {"GET", "/v1/articles/1"}, {"POST", "/v1/feedback"}, {"GET", "/v1/answers/x"}, {"GET", "/v1/ingest"}, {"GET", "/metrics"}, {"GET", "/articles/1"},
	} {
		if w := c.do(op.method, op.path, ""); w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s without a key: %d", op.path, w.Code)
		}
		if w := c.do(op.method, op.path, "", "X-Api-Key", adminKey); w.Code != http.StatusForbidden && op.path != "/metrics" {
			t.Errorf("%s with another scope: %d", op.path, w.Code)
		}
	}
	c.do("GET", "/metrics", "", "X-Api-Key", adminKey)

	everything := map[string]string{"POST /v1/ask": `{"question":"桥"}`, "GET /v1/search?q=桥": "", "GET /v1/articles": "", "GET /v1/articles/1": "", "POST /v1/feedback": `{"answer_id":"1","good":true}`, "GET /v1/answers/0123456789abcdef0123456789abcdef": "", "GET /v1/ingest": "", "GET /readyz": "", "GET /articles/1": ""}
	try := func(o web.Options, status int, only string) {
		o.Keys = keys("reader", askKey)
		c := newClient(t, o)
		c.seen = had
		for what, body := range everything {
			method, path, _ := strings.Cut(what, " ")
			if !strings.Contains(path, only) {
				continue
			}
			w := c.do(method, path, body, key...)
			if w.Code != status && path != "/readyz" && path != "/articles/1" || strings.Contains(w.Body.String(), "hunter2") {
				t.Errorf("%s: %d, want %d: %s", what, w.Code, status, w.Body)
			}
		}
	}
	try(broken(errors.New("dial db.internal: hunter2")), http.StatusInternalServerError, "")
	try(broken(fmt.Errorf("search: %w", context.DeadlineExceeded)), http.StatusGatewayTimeout, "")
	try(broken(errAway), http.StatusServiceUnavailable, "")
	try(broken(rag.ErrEmptyCorpus), http.StatusServiceUnavailable, "/ask")
	try(broken(&rag.OtherEmbedderError{Stored: "a", Used: "b"}), http.StatusServiceUnavailable, "/search")
	fast := over(store)
	fast.PerMinute, fast.Keys = 1, keys("reader", askKey)
	limited := newClient(t, fast)
	limited.seen = had
	for range 2 {
		limited.do("GET", "/v1/search?q=桥", "", key...)
		limited.do("POST", "/v1/ask", `{"question":"桥"}`, key...)
	}

	ingestStatuses(t, o, had)

	for _, methods := range c.doc.Paths {
		for _, op := range methods {
			for status := range op.Responses {
				if !had[op.OperationID+" "+status] {
					t.Errorf("%s: %s is documented, and was not had", op.OperationID, status)
				}
			}
		}
	}
}

func TestAnswersAreThoseOfTheCommand(t *testing.T) {
	t.Parallel()
	store := corpus(t)
	c := newClient(t, over(store))
	w := c.do("POST", "/v1/ask", `{"question":"赵州桥是谁设计的？"}`)
	id := jsonOf[struct{ ID string }](t, w).ID
	n, err := rag.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	logged, err := store.LoggedAnswer(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	got, want := jsonOf[map[string]any](t, w), map[string]any{}
	if err := json.Unmarshal(logged.Answer, &want); err != nil {
		t.Fatal(err)
	}
	for field := range want {
		if field != "timings_ms" && fmt.Sprint(got[field]) != fmt.Sprint(want[field]) {
			t.Errorf("%s: %v, want %v", field, got[field], want[field])
		}
	}
	if got["status"] != "answered" || !strings.Contains(w.Body.String(), "李春") {
		t.Errorf("%s", w.Body)
	}
}

func TestAnswersComePieceByPiece(t *testing.T) {
	t.Parallel()
	store := corpus(t)
	for name, asker := range map[string]bot.Asker{
		"quotes":  over(store).Asker,
		"written": rag.NewAnswerer(rag.NewRetriever(store, subjects{}, "m"), store).WithWriting(rag.Writing{Model: scribe{}, Name: "scribe", Context: 8192}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := over(store)
			o.Asker = asker
			c := newClient(t, o)
			w := c.do("POST", "/v1/ask", `{"question":"赵州桥是谁设计的？"}`, "Accept", "text/event-stream, application/json;q=0.5")
			if kind := w.Header().Get("Content-Type"); w.Code != http.StatusOK || kind != "text/event-stream" {
				t.Fatalf("%d %s", w.Code, kind)
			}
			var text string
			var cited []string
			events := eventsOf(t, w.Body)
			for _, e := range events {
				switch e.name {
				case "token":
					piece := jsonValue[struct {
						Text    string
						Written bool
					}](t, e.data)
					if text += piece.Text; piece.Written != (name == "written") {
						t.Errorf("written: %s", e.data)
					}
					for _, m := range regexp.MustCompile(`\[(\d+)\]`).FindAllStringSubmatch(piece.Text, -1) {
						if !slices.Contains(cited, m[1]) {
							t.Errorf("[%s] comes before its citation", m[1])
						}
					}
				case "citation":
					cited = append(cited, strconv.Itoa(jsonValue[struct{ N int }](t, e.data).N))
				}
			}
			last := events[len(events)-1]
			answer := jsonValue[struct {
				Answer    string
				Citations []any
			}](t, last.data)
			if events[0].name != "status" || last.name != "answer" || answer.Answer != text || len(answer.Citations) != len(cited) || len(cited) == 0 {
				t.Errorf("%+v", events)
			}
		})
	}
}

func jsonValue[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// scribe is a model that writes the first sentence of the first passage, and another that holds nowhere.
type scribe struct{}

var passageGiven = regexp.MustCompile(`(?s)<<([a-z0-9]{5}) (?:出处：|from: )[^\n]*\n([^。]*。)`)

func (scribe) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var o llms.CallOptions
	for _, set := range options {
		set(&o)
	}
	m := passageGiven.FindStringSubmatch(messages[len(messages)-1].Parts[0].(llms.TextContent).Text)
	if m == nil {
		return nil, errors.New("no passage was given")
	}
	reply := m[2] + "[ref:" + m[1] + "]桥长九千九百米。[ref:" + m[1] + "]"
	if o.StreamingFunc != nil {
		if err := o.StreamingFunc(ctx, []byte(reply)); err != nil {
			return nil, err
		}
	}
	return &llms.ContentResponse{Choices: []*llms.ContentChoice{{Content: reply, StopReason: "stop"}}}, nil
}

func (scribe) Call(context.Context, string, ...llms.CallOption) (string, error) { return "", nil }

func TestAFaultOfAnAnswerUnderWayIsItsLastEvent(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err    error
		status int
	}{{errors.New("hunter2"), 500}, {rag.ErrEmptyCorpus, 503}, {errAway, 503}, {context.DeadlineExceeded, 504}} {
		c := newClient(t, broken(tc.err))
		w := c.do("POST", "/v1/ask", `{"question":"桥","stream":true}`)
		events := eventsOf(t, strings.NewReader(w.Body.String()))
		last := events[len(events)-1]
		p := jsonValue[web.Problem](t, last.data)
		if last.name != "error" || p.Status != tc.status || p.RequestID == "" || strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%v: %+v", tc.err, events)
		}
	}
}

func TestSearchAndListsGiveWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	c := newClient(t, over(corpus(t)))
	hits := jsonOf[struct {
		Hits  []bot.Passage
		Scope []rag.Scope
	}](t, c.do("GET", "/v1/search?q=屋顶护着什么&k=2&author=李远", ""))
	if len(hits.Hits) != 2 || hits.Hits[0].Article.Title != "廊桥" || hits.Hits[0].Location.StartLine != 11 || len(hits.Scope) != 1 || hits.Scope[0].Filter.Author != "李远" {
		t.Errorf("%+v", hits)
	}
	list := jsonOf[struct {
		Articles []struct {
			ID, Title, Section string
			DisplayTitle       string `json:"display_title"`
			Line               int
		}
		Total int
	}](t, c.do("GET", "/v1/articles?offset=1&limit=2", ""))
	if list.Total != 4 || len(list.Articles) != 2 || list.Articles[0].Title != "廊桥" || list.Articles[0].Line != 11 || list.Articles[1].Title != "龙窑" {
		t.Errorf("%+v", list)
	}
	none := c.do("GET", "/v1/articles?words=没有的", "").Body.String()
	if strings.TrimSpace(none) != `{"articles":[],"total":0}` {
		t.Errorf("%s", none)
	}
	all := jsonOf[struct{ Articles []struct{ ID, Title string } }](t, c.do("GET", "/v1/articles?words=石桥", ""))
	a := jsonOf[struct {
		bot.Article
		Cite struct{ GBT7714, Plain string }
	}](t, c.do("GET", "/v1/articles/"+all.Articles[0].ID, "", "Accept-Language", "en"))
	if a.Title != "石桥" || a.Section != "第3版" || a.Facts[rag.AuthorsField].Line != 1 || a.Locations[0].Start != 1 || !strings.HasPrefix(a.Text, "赵州桥由李春设计。") {
		t.Errorf("%+v", a)
	}
	if a.Cite.GBT7714 != "张望. 石桥[N]. 江畔日报, 2023-05-06(3)." || a.Cite.Plain != "张望, “石桥”, 江畔日报, 6 May 2023." {
		t.Errorf("%+v", a.Cite)
	}
	if got := jsonOf[struct{ Sources, Articles int }](t, c.do("GET", "/v1/ingest", "")); got.Sources != 3 || got.Articles != 4 {
		t.Errorf("%+v", got)
	}
}

// One reader's word counts once: the last that he said.
func TestFeedbackIsTheCallers(t *testing.T) {
	t.Parallel()
	store := corpus(t)
	o := over(store)
	o.Keys = keys("ask", askKey, "other", adminKey)
	c := newClient(t, o)
	id := jsonOf[struct{ ID, Share string }](t, c.do("POST", "/v1/ask", `{"question":"赵州桥是谁设计的？"}`, "X-Api-Key", askKey)).ID
	for _, tc := range []struct{ key, good string }{{askKey, "true"}, {adminKey, "true"}, {askKey, "false"}} {
		if w := c.do("POST", "/v1/feedback", `{"answer_id":"`+id+`","good":`+tc.good+`,"note":"注"}`, "X-Api-Key", tc.key); w.Code != http.StatusNoContent {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	all, err := store.Feedback(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]bool{}
	for _, f := range all {
		by[f.By] = f.Good
	}
	if len(all) != 2 || by["http:ask"] || !by["http:other"] || all[0].Note != "注" {
		t.Errorf("%+v", all)
	}
}
