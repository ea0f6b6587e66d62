package mcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"

	"yinju/bot"
	"yinju/bot/mcp"
	"yinju/rag"
	"yinju/rag/ragtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// subjects embeds a text by what it is about.
type subjects struct{}

func (subjects) EmbedQuery(_ context.Context, text string) ([]float32, error) {
	v := make([]float32, rag.Dimensions)
	for i, word := range []string{"桥", "窑", "设计"} {
		if strings.Contains(text, word) {
			v[i] = 1
		}
	}
	v[100] = .1
	return v, nil
}

// corpus is a store with two articles.
func corpus(t *testing.T) *rag.Store {
	t.Helper()
	s := ragtest.Store(t)
	for file, a := range map[string]*rag.Article{
		"桥.txt": {Title: "石桥", Authors: []string{"张望"}, Publication: "江畔日报", Date: "2023-05-06", Text: "赵州桥由李春设计。桥长六十四米，只有一个大拱。"},
		"窑.txt": {Title: "龙窑", Authors: []string{"王鸣"}, Text: "龙窑依山而建，长几十米。"},
	} {
		a.File, a.Places = file, rag.Places{{Line: 7}}
		e := rag.Edition{Source: rag.Source{Path: file, Root: "/corpus", Hash: []byte{1}}, MadeBy: "t", Embedder: "m", Articles: []*rag.Article{a}}
		runes := []rune(a.Text)
		for _, span := range rag.Sentences(runes) {
			p := rag.Passage{Article: a, Span: span, Text: string(runes[span.Start:span.End]), Opens: true}
			p.Vector, _ = subjects{}.EmbedQuery(t.Context(), p.Text)
			e.Passages = append(e.Passages, p)
		}
		if err := s.Replace(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func options(s *rag.Store) mcp.Options {
	retriever := rag.NewRetriever(s, subjects{}, "m")
	return mcp.Options{
		Asker: rag.NewAnswerer(retriever, s), Search: retriever, Articles: s, BaseURL: "https://yinju.example", Wait: time.Minute,
		Lang: bot.English, Version: "1", Log: slog.New(slog.DiscardHandler),
	}
}

// client is a client of the protocol, connected to a server with the options.
type client struct {
	*testing.T
	*sdk.ClientSession
}

func connect(t *testing.T, o mcp.Options) client {
	t.Helper()
	server := httptest.NewServer(mcp.Handler(o))
	t.Cleanup(server.Close)
	transport := &sdk.StreamableClientTransport{Endpoint: server.URL + "/mcp", HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), transport, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return client{t, session}
}

// use calls a tool: what it says, its structured result read into out, and whether it is an error.
func (c client) use(tool string, arguments, out any) (said string, isError bool) {
	c.Helper()
	result, err := c.CallTool(c.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		c.Fatalf("%s %v: %v", tool, arguments, err)
	}
	if len(result.Content) != 1 {
		c.Errorf("%s %v: %d parts", tool, arguments, len(result.Content))
	}
	said = result.Content[0].(*sdk.TextContent).Text
	if result.StructuredContent != nil {
		b, err := json.Marshal(result.StructuredContent)
		if err == nil {
			err = json.Unmarshal(b, out)
		}
		if err != nil {
			c.Fatal(err)
		}
	}
	return said, result.IsError
}

type answer struct {
	ID, Share, Status, Answer, Resolved string
	Citations                           []struct {
		N        int
		Quote    string
		Article  rag.ArticleRef
		Location rag.Location
	}
}

type args = map[string]any

func TestTheToolsAskSearchAndReadWithTheirEvidence(t *testing.T) {
	t.Parallel()
	s := corpus(t)
	c := connect(t, options(s))
	listed, err := c.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range listed.Tools {
		names = append(names, tool.Name)
		if tool.Description == "" || tool.InputSchema == nil || tool.OutputSchema == nil || !tool.Annotations.ReadOnlyHint {
			t.Errorf("%+v", tool)
		}
	}
	if !cmp.Equal(names, []string{"article", "ask", "search"}) {
		t.Errorf("tools %q", names)
	}

	var a answer
	said, isError := c.use("ask", args{"question": "赵州桥由谁设计？"}, &a)
	if isError || a.Status != "answered" || len(a.Citations) == 0 || a.Citations[0].Quote != "赵州桥由李春设计。" || a.Citations[0].Location.StartLine != 7 {
		t.Fatalf("%s %+v", said, a)
	}
	id := a.Citations[0].Article.ID
	if !strings.HasPrefix(said, a.Answer+"\n\n- [1] 桥.txt:7 https://yinju.example/articles/"+id+"?quote=0-9") {
		t.Errorf("said %q", said)
	}
	if l, err := s.SharedAnswer(t.Context(), a.Share); err != nil || rag.FormatID(l.ID) != a.ID {
		t.Errorf("not logged: %v", err)
	}

	var found struct {
		Hits []bot.Passage
	}
	said, isError = c.use("search", args{"query": "桥"}, &found)
	if isError || len(found.Hits) < 2 || !strings.HasPrefix(said, "[1] "+found.Hits[0].Text+"\n《石桥》 · 张望 · 江畔日报 · 2023-05-06 · 桥.txt:7 https://") {
		t.Errorf("%q %+v", said, found)
	}
	if _, isError = c.use("search", args{"query": "桥", "k": 1}, &found); isError || len(found.Hits) != 1 {
		t.Errorf("%+v", found)
	}

	var article bot.Article
	said, isError = c.use("article", args{"id": id}, &article)
	want := "《石桥》 · 张望 · 江畔日报 · 2023-05-06\n桥.txt:7 https://yinju.example/articles/" + id + "\n\n赵州桥由李春设计。桥长六十四米，只有一个大拱。"
	if isError || said != want || article.ID != id || article.Text != "赵州桥由李春设计。桥长六十四米，只有一个大拱。" {
		t.Errorf("%q %+v", said, article)
	}
}

func TestAFilterAndAConversationHold(t *testing.T) {
	t.Parallel()
	c := connect(t, options(corpus(t)))
	var found struct {
		Hits []bot.Passage
	}
	if said, isError := c.use("search", args{"query": "桥长多少米？", "filter": args{"author": "王鸣"}}, &found); isError || len(found.Hits) != 1 || found.Hits[0].Article.File != "窑.txt" {
		t.Errorf("%s %+v", said, found)
	}
	var first, second answer
	c.use("ask", args{"question": "赵州桥由谁设计？", "conversation_id": "a chat"}, &first)
	c.use("ask", args{"question": "那篇是谁写的？", "conversation_id": "a chat"}, &second)
	if !strings.HasPrefix(second.Resolved, "《石桥》") {
		t.Errorf("taken as %q", second.Resolved)
	}
	var alone answer
	if c.use("ask", args{"question": "那篇是谁写的？"}, &alone); alone.Resolved != "" {
		t.Errorf("taken as %q", alone.Resolved)
	}
	if said, isError := c.use("ask", args{"question": "那篇是谁写的？", "conversation_id": nil}, &alone); isError || alone.Resolved != "" {
		t.Errorf("null: %s, taken as %q", said, alone.Resolved)
	}
	var none answer
	if said, isError := c.use("ask", args{"question": "月亮有多重？"}, &none); isError || none.Status != "not_found" || !strings.Contains(said, "没有找到") {
		t.Errorf("%s %+v", said, none)
	}
}

// What a tool cannot take is an error of the tool, which whoever uses it can mend, and nothing is asked.
func TestWhatAToolCannotTakeIsItsError(t *testing.T) {
	t.Parallel()
	s := corpus(t)
	c := connect(t, options(s))
	for _, tc := range []struct {
		tool string
		args any
		says string
	}{
		{"ask", nil, "question"},
		{"ask", args{}, "question"},
		{"ask", args{"question": 7}, "question"},
		{"ask", args{"question": ""}, "question"},
		{"ask", args{"question": "？！"}, "empty"},
		{"ask", args{"question": "a\x00b"}, "empty"},
		{"ask", args{"question": strings.Repeat("桥", rag.MaxQuestion+1)}, "maxLength"},
		{"ask", args{"question": "桥", "temperature": 1}, "temperature"},
		{"ask", args{"question": "桥", "conversation_id": ""}, "conversation_id"},
		{"ask", args{"question": "桥", "conversation_id": "a\nb"}, "conversation"},
		{"ask", args{"question": "桥", "filter": args{"year": 1}}, "year"},
		{"ask", args{"question": "桥", "filter": args{"from": "soon"}}, "YYYY"},
		{"search", args{"query": "桥", "k": 0}, "minimum"},
		{"search", args{"query": "桥", "k": 101}, "maximum"},
		{"search", args{"query": "桥", "k": 1.5}, "k"},
		{"search", args{"query": "桥", "filter": args{"author": "-"}}, "letters"},
		{"article", args{"id": "99999"}, "no such article"},
		{"article", args{"id": "x"}, "no such article"},
		{"article", args{"id": "-1"}, "no such article"},
		{"article", args{"id": strings.Repeat("9", 20)}, "no such article"},
		{"article", args{"id": 1}, "id"},
	} {
		if said, isError := c.use(tc.tool, tc.args, &args{}); !isError || !strings.Contains(said, tc.says) {
			t.Errorf("%s %.60v: %t %q", tc.tool, tc.args, isError, said)
		}
	}
	if _, err := c.CallTool(t.Context(), &sdk.CallToolParams{Name: "delete", Arguments: args{}}); err == nil {
		t.Error("an unknown tool is no error")
	}
	if logged, err := s.LoggedAnswers(t.Context(), 10); err != nil || len(logged) != 0 {
		t.Errorf("answered %+v, %v", logged, err)
	}
}

// scripted answers as it is told.
type scripted func(ctx context.Context) (rag.Answer, error)

func (s scripted) Stream(ctx context.Context, _ rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
	return s(ctx)
}

func TestTroubleIsSaidWithoutItsText(t *testing.T) {
	t.Parallel()
	for says, asker := range map[string]scripted{
		"Try again later":     func(context.Context) (rag.Answer, error) { return rag.Answer{}, errors.New("dial postgres://secret") },
		"done in time":        func(ctx context.Context) (rag.Answer, error) { <-ctx.Done(); return rag.Answer{}, ctx.Err() },
		"run yinju ingest":    func(context.Context) (rag.Answer, error) { return rag.Answer{}, rag.ErrEmptyCorpus },
		"an answer not kept.": notKept,
	} {
		o := mcp.Options{Asker: asker, Wait: 50 * time.Millisecond, Lang: bot.English, Log: slog.New(slog.DiscardHandler)}
		said, isError := connect(t, o).use("ask", args{"question": "桥"}, &answer{})
		if isError != (says != "an answer not kept.") || !strings.Contains(said, says) || strings.Contains(said, "secret") {
			t.Errorf("%t %q, want %q", isError, said, says)
		}
	}
}

func notKept(context.Context) (rag.Answer, error) {
	return rag.Answer{
		Text: "an answer not kept.", Status: rag.NotFound, Citations: []rag.Citation{}, Scope: []rag.Scope{}, Timings: map[string]float64{},
	}, fmt.Errorf("%w: secret", rag.ErrNotLogged)
}

// What is refused is said as JSON-RPC says it, also what the SDK has plain text for.
func TestWhatIsNotOfTheProtocolIsRefused(t *testing.T) {
	t.Parallel()
	h := mcp.Handler(mcp.Options{Log: slog.New(slog.DiscardHandler)})
	const both = "application/json, text/event-stream"
	list := `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	for _, tc := range []struct {
		method, kind, accept, version, body string
		want                                int
	}{
		{"GET", "application/json", both, "", "", 405},
		{"DELETE", "application/json", both, "", "", 405},
		{"POST", "text/plain", both, "", list, 415},
		{"POST", "application/json", "text/html", "", list, 400},
		{"POST", "application/json", both, "1999-01-01", list, 400},
		{"POST", "application/json", both, "", "{", 400},
		{"POST", "application/json", both, "", "", 400},
		{"POST", "application/json", both, "", `"` + strings.Repeat("a", 64<<10) + `"`, 413},
	} {
		r := httptest.NewRequestWithContext(t.Context(), tc.method, "/mcp", strings.NewReader(tc.body))
		r.Header.Set("Content-Type", tc.kind)
		r.Header.Set("Accept", tc.accept)
		if tc.version != "" {
			r.Header.Set("MCP-Protocol-Version", tc.version)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if f := faultIn(t, w); w.Code != tc.want || f.Code != -32600 || f.Message == "" || (w.Code == 405) != (w.Header().Get("Allow") == "POST") {
			t.Errorf("%s %s %.20s: %d %s %v, want %d", tc.method, tc.kind, tc.body, w.Code, w.Body, w.Header(), tc.want)
		}
	}
}

// Whoever leaves ends what he asked for, whichever version of the protocol he speaks.
func TestWhoeverLeavesEndsTheTool(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			begun, ended := make(chan struct{}), make(chan error, 1)
			o := mcp.Options{Lang: bot.English, Log: slog.New(slog.DiscardHandler), Asker: scripted(func(ctx context.Context) (rag.Answer, error) {
				close(begun)
				<-ctx.Done()
				ended <- ctx.Err()
				return rag.Answer{}, ctx.Err()
			})}
			server := httptest.NewServer(mcp.Handler(o))
			defer server.Close()
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			r := callRequest(ctx, t, server.URL, version, "1")
			left := make(chan struct{})
			go func() {
				defer close(left)
				response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
				if err == nil {
					b, _ := io.ReadAll(response.Body)
					_ = response.Body.Close()
					t.Errorf("%d %s", response.StatusCode, b)
				}
			}()
			select {
			case <-begun:
			case <-left:
				t.FailNow()
			}
			leave()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			<-left
		})
	}
}

// callRequest calls ask in a version of the protocol, with an id.
func callRequest(ctx context.Context, t *testing.T, url, version, id string) *http.Request {
	t.Helper()
	meta := ""
	if version >= "2026" {
		meta = `,"_meta":{"io.modelcontextprotocol/protocolVersion":"` + version + `","io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`
	}
	body := `{"jsonrpc":"2.0","id":` + id + `,"method":"tools/call","params":{"name":"ask","arguments":{"question":"桥"}` + meta + `}}`
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if version != "" {
		r.Header.Set("MCP-Protocol-Version", version)
	}
	if version >= "2026" {
		r.Header.Set("Mcp-Method", "tools/call")
		r.Header.Set("Mcp-Name", "ask")
	}
	return r
}

// A batch would bring many questions past what counts requests.
func TestABatchIsRefusedAndAsksNothing(t *testing.T) {
	t.Parallel()
	o := mcp.Options{Lang: bot.English, Log: slog.New(slog.DiscardHandler), Asker: scripted(func(context.Context) (rag.Answer, error) {
		t.Error("asked")
		return rag.Answer{}, rag.ErrEmptyCorpus
	})}
	h := mcp.Handler(o)
	one := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{"question":"桥"}}}`
	for _, version := range []string{"", "2025-03-26", "2025-06-18"} {
		for _, body := range []string{"[" + one + "]", " \r\n\t[" + one + "," + one + "]", "[]", "["} {
			r := callRequest(t.Context(), t, "/mcp", version, "1")
			r.Body = io.NopCloser(strings.NewReader(body))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if f := faultIn(t, w); w.Code != http.StatusBadRequest || f.Code != -32600 || !strings.Contains(f.Message, "array") {
				t.Errorf("%s %.20s: %d %s", version, body, w.Code, w.Body)
			}
		}
	}
}

type rpcFault struct {
	Code    int
	Message string
}

// faultIn is the JSON-RPC error of a response.
func faultIn(t *testing.T, w *httptest.ResponseRecorder) rpcFault {
	t.Helper()
	var said struct {
		JSONRPC string
		ID      any
		Error   rpcFault
	}
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || said.JSONRPC != "2.0" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%v: %q %v", err, w.Body, w.Header())
	}
	return said.Error
}

// Where a tool has less time than it may take otherwise, that is an error of the tool, too: no empty response.
func TestATimeThatIsOverIsTheToolsError(t *testing.T) {
	t.Parallel()
	o := mcp.Options{Lang: bot.Chinese, Log: slog.New(slog.DiscardHandler), Asker: scripted(func(ctx context.Context) (rag.Answer, error) {
		<-ctx.Done()
		return rag.Answer{}, ctx.Err()
	})}
	for _, version := range []string{"", "2025-06-18", "2025-11-25", "2026-07-28"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		w := httptest.NewRecorder()
		mcp.Handler(o).ServeHTTP(w, callRequest(ctx, t, "/mcp", version, "1"))
		cancel()
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"isError":true`) || !strings.Contains(w.Body.String(), "没能按时答完") {
			t.Errorf("%s: %d %q", version, w.Code, w.Body)
		}
	}
}
