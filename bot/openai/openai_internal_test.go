package openai

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/tmc/langchaingo/llms"
	"go.uber.org/goleak"

	"yinju/bot"
	"yinju/rag"
	"yinju/rag/ragtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is the handler over a small corpus.
type rig struct {
	*testing.T
	store *rag.Store
	h     handler
}

func newRig(t *testing.T) *rig {
	t.Helper()
	s := ragtest.Store(t)
	for file, a := range map[string]*rag.Article{
		"桥.txt": {Title: "石桥", Authors: []string{"张望"}, Publication: "江畔日报", Date: "2023-05-06", Text: "赵州桥由李春设计。桥长六十四米[1]，只有一个大拱。"},
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
	o := Options{
		Asker: rag.NewAnswerer(rag.NewRetriever(s, subjects{}, "m"), s), Conversations: s, BaseURL: "https://yinju.example", Wait: time.Minute,
		Lang: bot.English, Log: slog.New(slog.DiscardHandler),
	}
	return &rig{t, s, handler{o, time.Hour}}
}

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

// post asks with a body, and gives the status and the response's body.
func (r *rig) post(body string, header ...string) (int, string) {
	r.Helper()
	w := r.record(http.MethodPost, "/v1/chat/completions", body, header...)
	return w.Code, w.Body.String()
}

func (r *rig) record(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r.Helper()
	request := httptest.NewRequestWithContext(r.Context(), method, path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	r.h.mux().ServeHTTP(w, request)
	return w
}

// said is a request's messages: the user's and the assistant's in turn.
func said(texts ...string) string {
	messages := []map[string]string{{"role": "system", "content": "你是诗人。"}}
	for i, text := range texts {
		messages = append(messages, map[string]string{"role": []string{"user", "assistant"}[i%2], "content": text})
	}
	b, err := json.Marshal(messages)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// given is an answer as a program reads it.
type given struct {
	ID, Object, Model string
	Created           int64
	Choices           []struct {
		Index        int
		Message      struct{ Role, Content string }
		Delta        givenDelta
		FinishReason *string `json:"finish_reason"`
	}
	Usage     map[string]int
	Citations []givenCitation
	Yinju     about
	Error     *struct {
		Message, Type string
		Param, Code   *string
	}
}

type givenDelta struct {
	Role, Content string
	Annotations   []annotation
	Citations     []givenCitation
}

type givenCitation struct {
	N        int
	Quote    string
	Article  rag.ArticleRef
	Location rag.Location
}

func (r *rig) ask(texts ...string) given {
	r.Helper()
	return r.askWith("key", texts...)
}

func (r *rig) askWith(key string, texts ...string) (g given) {
	r.Helper()
	status, body := r.post(`{"model":"yinju","messages":`+said(texts...)+`}`, "Authorization", "Bearer "+key)
	if err := json.Unmarshal([]byte(body), &g); err != nil || status != http.StatusOK {
		r.Fatalf("%d %s: %v", status, body, err)
	}
	return g
}

const question = "赵州桥由谁设计？"

func TestAnAnswerHasItsCitationsInTheFormOfTheProtocol(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	status, body := r.post(`{"model":"yinju","temperature":0.3,"max_tokens":5,"tools":[],"messages":` + said(question) + `}`)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	choice := got["choices"].([]any)[0].(map[string]any)
	message := choice["message"].(map[string]any)
	content, _ := message["content"].(string)
	if got["object"] != "chat.completion" || got["model"] != "yinju" || choice["finish_reason"] != "stop" || message["role"] != "assistant" ||
		message["refusal"] != nil || !strings.HasPrefix(got["id"].(string), "chatcmpl-") || got["created"].(float64) < 1.7e9 {
		t.Errorf("%s", body)
	}
	if diff := cmp.Diff(map[string]any{"prompt_tokens": 0., "completion_tokens": 0., "total_tokens": 0.}, got["usage"]); diff != "" {
		t.Error(diff)
	}
	citations := got["citations"].([]any)
	first := citations[0].(map[string]any)
	if first["quote"] != "赵州桥由李春设计。" || first["article"].(map[string]any)["title"] != "石桥" || first["location"].(map[string]any)["start_line"] != 7. {
		t.Errorf("%v", first)
	}
	if diff := cmp.Diff(got["citations"], message["citations"]); diff != "" {
		t.Error(diff)
	}
	article := first["article"].(map[string]any)["id"].(string)
	link := "https://yinju.example/articles/" + article + "?quote=0-9&of=7f911e5b"
	if !strings.Contains(content, "“赵州桥由李春设计。”[1]") || !strings.Contains(content, "\n\n- [1] 桥.txt:7 "+link) {
		t.Errorf("a reader of the text alone does not see the evidence:\n%s", content)
	}
	annotations := message["annotations"].([]any)
	if len(annotations) != len(citations) {
		t.Errorf("%d annotations of %d citations", len(annotations), len(citations))
	}
	for i, a := range annotations {
		a := a.(map[string]any)
		u := a["url_citation"].(map[string]any)
		marked := string([]rune(content)[int(u["start_index"].(float64)):int(u["end_index"].(float64))])
		if a["type"] != "url_citation" || marked != fmt.Sprintf("[%d]", i+1) || i == 0 && (u["url"] != link || u["title"] != "石桥") {
			t.Errorf("%v marks %q", a, marked)
		}
	}
	about := got["yinju"].(map[string]any)
	if l, err := r.store.SharedAnswer(t.Context(), about["share"].(string)); err != nil || rag.FormatID(l.ID) != about["id"] || about["status"] != "answered" {
		t.Errorf("%v: %v", about, err)
	}
}

// The article says [1] itself: that leads nowhere.
func TestAMarkWithinAQuoteIsNoCitation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, err := r.h.Asker.Stream(t.Context(), rag.Query{Question: "桥长多少米？"}, func(rag.Event) error { return nil })
	if err != nil || !strings.Contains(a.Text, "六十四米[1]") {
		t.Fatalf("%q, %v", a.Text, err)
	}
	for _, written := range []bool{false, true} {
		if written {
			a.Written, a.Text = &rag.Written{Used: true}, "它说“桥长六十四米[1]，只有一个大拱。”[1][99][0]"
		}
		for _, got := range r.h.annotations(a) {
			before := string([]rune(a.Text)[:got.Citation.Start])
			if strings.HasSuffix(before, "六十四米") || !strings.HasSuffix(before, "”") {
				t.Errorf("annotated behind %q", before)
			}
		}
		if n := len(r.h.annotations(a)); written && n != 1 || n == 0 {
			t.Errorf("%d annotations of %q", n, a.Text)
		}
	}
}

// A text that a model wrote does not have its quotes, so they are behind it.
func TestAWrittenAnswerIsFollowedByItsQuotes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, err := r.h.Asker.Stream(t.Context(), rag.Query{Question: question}, func(rag.Event) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	a.Citations, a.Text = a.Citations[:1], "是李春设计的。[1]"
	a.Written = &rag.Written{Used: true, Why: rag.CutOff}
	a.Written.Usage.Prompt, a.Written.Usage.Completion = 30, 4
	got := r.h.completion(a)
	if !strings.HasPrefix(got.Choices[0].Message.Content, a.Text+"\n\n- [1] “赵州桥由李春设计。” 《石桥》 · 张望 · 江畔日报 · 2023-05-06 · 桥.txt:7 https://") {
		t.Errorf("%q", got.Choices[0].Message.Content)
	}
	if got.Choices[0].FinishReason != "length" || got.Usage != (usage{30, 4, 34}) {
		t.Errorf("%+v", got)
	}
}

// author is a language model that bears out one sentence with the passage it is from, and stops in the middle of the next.
type author struct{}

var handle = regexp.MustCompile(`(?s)<<([a-z0-9]{5}) [^\n]*\n[^<]*赵州桥由李春设计`)

func (author) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var o llms.CallOptions
	for _, set := range options {
		set(&o)
	}
	found := handle.FindStringSubmatch(messages[len(messages)-1].Parts[0].(llms.TextContent).Text)
	text := "赵州桥是李春设计的[ref:" + found[1] + "]。它还"
	for piece := range strings.SplitSeq(text, "") {
		if err := o.StreamingFunc(ctx, []byte(piece)); err != nil {
			return nil, err
		}
	}
	return &llms.ContentResponse{Choices: []*llms.ContentChoice{{
		Content: text, StopReason: "length", GenerationInfo: map[string]any{"PromptTokens": 100, "CompletionTokens": 10, "Calls": 1},
	}}}, nil
}

func (a author) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, a, prompt, options...)
}

func TestAWrittenAnswerIsStreamedWithItsMarksAndQuotes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.h.Asker = r.h.Asker.(*rag.Answerer).WithWriting(rag.Writing{Model: author{}, Name: "author", Context: 8192})
	status, body := r.post(`{"model":"yinju","stream":true,"stream_options":{"include_usage":true},"messages":` + said(question) + `}`)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	chunks, _ := r.events(body)
	var shown strings.Builder
	var marks []annotation
	for _, c := range chunks[:len(chunks)-1] {
		shown.WriteString(c.Choices[0].Delta.Content)
		marks = append(marks, c.Choices[0].Delta.Annotations...)
	}
	content, reason := shown.String(), text(chunks[len(chunks)-2].Choices[0].FinishReason)
	if !strings.HasPrefix(content, "赵州桥是李春设计的。[1]\n") || !strings.Contains(content, "\n\n- [1] “赵州桥由李春设计。") || reason != "length" {
		t.Errorf("%q, %s", content, reason)
	}
	if len(marks) != 1 || string([]rune(content)[marks[0].Citation.Start:marks[0].Citation.End]) != "[1]" {
		t.Errorf("%+v", marks)
	}
	if usage := chunks[len(chunks)-1].Usage; usage["prompt_tokens"] != 100 || usage["total_tokens"] != 110 {
		t.Errorf("%v", usage)
	}
}

// events are the chunks of a stream, and what stands at its end.
func (r *rig) events(body string) (chunks []given, end string) {
	r.Helper()
	for event := range strings.SplitSeq(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		data, ok := strings.CutPrefix(event, "data: ")
		if !ok {
			r.Fatalf("%q is no event", event)
		}
		if end = data; data == "[DONE]" {
			continue
		}
		var c given
		if err := json.Unmarshal([]byte(data), &c); err != nil {
			r.Fatal(err)
		}
		chunks = append(chunks, c)
	}
	return chunks, end
}

func TestAStreamSaysWhatThePlainAnswerSays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	plain := r.ask(question)
	for _, withUsage := range []bool{false, true} {
		w := r.record(http.MethodPost, "/v1/chat/completions", fmt.Sprintf(`{"model":"yinju","stream":true,"stream_options":{"include_usage":%t},"messages":%s}`, withUsage, said(question)))
		if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "text/event-stream" {
			t.Fatalf("%d %s", w.Code, got)
		}
		chunks, end := r.events(w.Body.String())
		if end != "[DONE]" {
			t.Errorf("it ends with %s", end)
		}
		if strings.Contains(w.Body.String(), `"usage":null`) != withUsage {
			t.Errorf("usage: %s", w.Body)
		}
		if withUsage {
			last := chunks[len(chunks)-1]
			if len(last.Choices) != 0 || len(last.Usage) != 3 {
				t.Errorf("the last one is %+v", last)
			}
			chunks = chunks[:len(chunks)-1]
		}
		var whole givenDelta
		for i, c := range chunks {
			d := c.Choices[0].Delta
			isLast := i == len(chunks)-1
			if c.ID != chunks[0].ID || c.Object != "chat.completion.chunk" || c.Model != "yinju" || (d.Role == "assistant") != (i == 0) || (c.Choices[0].FinishReason != nil) != isLast {
				t.Errorf("chunk %d of %d: %+v", i, len(chunks), c)
			}
			whole.Content += d.Content
			whole.Annotations = append(whole.Annotations, d.Annotations...)
			if len(d.Citations) > 0 {
				whole.Citations = c.Citations
			}
		}
		if whole.Content != plain.Choices[0].Message.Content || !cmp.Equal(whole.Citations, plain.Citations) || len(whole.Annotations) != len(plain.Citations) {
			t.Errorf("%+v\nplain: %+v", whole, plain)
		}
	}
}

func TestAChatGoesOnFromItsOwnTurnsOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.ask(question)
	answer := first.Choices[0].Message.Content
	const next = "那篇是谁写的？"
	for name, tc := range map[string]struct {
		key    string
		texts  []string
		goesOn bool
	}{
		"the same chat":                 {"key", []string{question, answer, next}, true},
		"asked again":                   {"key", []string{question, answer, next}, true},
		"trimmed by its program":        {"key", []string{question + "\n", "  " + strings.ReplaceAll(answer, "\n\n", "\n"), next}, true},
		"of another key":                {"other", []string{question, answer, next}, false},
		"of no key":                     {"", []string{question, answer, next}, false},
		"with another answer":           {"key", []string{question, "不知道。", next}, false},
		"with another question":         {"key", []string{"桥？", answer, next}, false},
		"with its words cut elsewhere":  {"key", []string{question + answer[:3], answer[3:], next}, false},
		"begun with an answer":          {"key", []string{"", answer, next}, false},
		"a question by itself":          {"key", []string{next}, false},
		"what was asked before, by key": {"key", []string{question}, false},
	} {
		if got := r.askWith(tc.key, tc.texts...).Yinju.Resolved; (got != "") != tc.goesOn {
			t.Errorf("%s: taken as %q", name, got)
		}
	}
	second := r.ask(question, answer, next)
	third := r.ask(question, answer, next, second.Choices[0].Message.Content, "还有呢？")
	if third.Yinju.Resolved != second.Yinju.Resolved {
		t.Errorf("the third question is taken as %q, the second one was %q", third.Yinju.Resolved, second.Yinju.Resolved)
	}
}

// Each chat is kept under what was said and nothing else, and without its words.
func TestWhatAChatKeepsHasNoNameThatCanBeGuessed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	answer := r.ask(question).Choices[0].Message.Content
	r.ask(question)
	r.ask(question, answer, "龙窑有多长？")
	rows, _ := r.store.Pool().Query(t.Context(), `select distinct conversation from conversation_turns`)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) != 2 {
		t.Errorf("kept as %q, %v", names, err)
	}
	guess := chat{question: question}.after(answer)
	if slices.Contains(names, guess) {
		t.Errorf("%s is the name without the key", guess)
	}
	one, two := chat{earlier: []message{{"user", content{text: "桥assistant长"}}}}, chat{earlier: []message{{"user", content{text: "桥"}}, {"assistant", content{text: "长"}}}}
	if one.before() == two.before() {
		t.Error("what one person wrote into a message is taken for two messages")
	}
	if c := (chat{question: question, user: "u"}); c.after(answer) == guess {
		t.Error("two persons of one program share a chat")
	}
}

func TestAContentMayComeInParts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	status, body := r.post(`{"model":"yinju","n":1,"response_format":{"type":"text"},"messages":[
		{"role":"developer","content":[{"type":"text","text":"x"}]},
		{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:"}}]},
		{"role":"assistant","content":null,"tool_calls":[]},
		{"role":"tool","content":"x","tool_call_id":"1"},
		{"role":"user","content":[{"type":"text","text":"赵州桥由谁"},{"type":"text","text":"设计？"}]},
		{"role":"assistant","content":[{"type":"refusal","refusal":"x"}]}]}`)
	var g given
	if err := json.Unmarshal([]byte(body), &g); err != nil || status != http.StatusOK || len(g.Citations) == 0 || g.Citations[0].Quote != "赵州桥由李春设计。" {
		t.Errorf("%d %s, %v", status, body, err)
	}
}

// As many messages and parts as there may be are taken.
func TestALongChatIsTaken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	parts := strings.Repeat(`{"type":"text","text":""},`, MaxParts-1) + `{"type":"text","text":"赵州桥由谁设计？"}`
	status, body := r.post(`{"model":"yinju","messages":[` + strings.Repeat(`{"role":"system","content":"x"},`, MaxMessages-1) + `{"role":"user","content":[` + parts + `]}]}`)
	if status != http.StatusOK || !strings.Contains(body, "李春") {
		t.Errorf("%d %s", status, body)
	}
}

func TestWhatCannotBeTakenIsSaidInTheProtocolsForm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ask := func(content string) string {
		return `{"model":"yinju","messages":[{"role":"user","content":` + content + `}]}`
	}
	for _, tc := range []struct {
		body, param, code, says string
		status                  int
	}{
		{"", "", "", "not JSON", 400},
		{"{", "", "", "not JSON", 400},
		{"[]", "", "", "wrong type", 400},
		{"null", "model", "", "Give a model", 400},
		{`{"model":"yinju"} {}`, "", "", "not JSON", 400},
		{`{"model":"gpt-4o","messages":[]}`, "model", "model_not_found", "no such model", 404},
		{`{"model":7,"messages":[]}`, "model", "", "wrong type", 400},
		{`{"model":"yinju"}`, "messages", "", "no question", 400},
		{`{"model":"yinju","messages":{}}`, "messages", "", "wrong type", 400},
		{`{"model":"yinju","messages":[{"role":7}]}`, "messages.role", "", "wrong type", 400},
		{`{"model":"yinju","messages":[null]}`, "messages[0].role", "", "role", 400},
		{`{"model":"yinju","messages":[{"role":"pope","content":"x"}]}`, "messages[0].role", "", "role", 400},
		{`{"model":"yinju","messages":[{"role":"assistant","content":"x"}]}`, "messages", "", "no question", 400},
		{`{"model":"yinju","n":2,"messages":[]}`, "n", "", "one answer", 400},
		{`{"model":"yinju","response_format":{"type":"json_schema"},"messages":[]}`, "response_format", "", "text", 400},
		{`{"model":"yinju","stream":"yes","messages":[]}`, "stream", "", "wrong type", 400},
		{ask(`null`), "messages", "", "empty", 400},
		{ask(`""`), "messages", "", "empty", 400},
		{ask(`"？！"`), "messages", "", "empty", 400},
		{ask(`"a\u0000b"`), "messages", "", "empty", 400},
		{ask(`7`), "messages", "", "content should be", 400},
		{ask(`{"type":"text"}`), "messages", "", "content should be", 400},
		{ask(`[{"text":"桥"}]`), "messages", "", "content should be", 400},
		{ask(`["桥"]`), "messages", "", "content should be", 400},
		{ask(`[{"type":"text","text":"这是什么？"},{"type":"image_url","image_url":{"url":"data:"}}]`), "messages[0].content", "", "ask in words", 400},
		{ask(`"` + strings.Repeat("桥", rag.MaxQuestion+1) + `"`), "messages", "", "2001 characters", 400},
		{`{"model":"yinju","messages":[` + strings.Repeat(`{"role":"user","content":"桥"},`, MaxMessages) + `{}]}`, "messages", "", "Too many messages", 400},
		{ask(`[` + strings.Repeat(`{"type":"text","text":"桥"},`, MaxParts) + `{}]`), "messages", "", "Too many messages", 400},
		{ask(`"` + strings.Repeat("桥", maxBody/3+1) + `"`), "", "", "too large", 413},
	} {
		for _, stream := range []string{tc.body, strings.Replace(tc.body, `"messages"`, `"stream":true,"messages"`, 1)} {
			status, body := r.post(stream)
			var g given
			if err := json.Unmarshal([]byte(body), &g); err != nil || g.Error == nil {
				t.Errorf("%.80s: %d %s", stream, status, body)
				continue
			}
			if status != tc.status || g.Error.Type != "invalid_request_error" || !strings.Contains(g.Error.Message, tc.says) || text(g.Error.Param) != tc.param || text(g.Error.Code) != tc.code {
				t.Errorf("%.80s: %d %s", stream, status, body)
			}
		}
	}
	if w := r.record(http.MethodPost, "/v1/chat/completions", ask(`"桥"`), "Content-Type", "text/plain"); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("what any page may send from a browser: %d", w.Code)
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestTheModelIsListed(t *testing.T) {
	t.Parallel()
	r := &rig{T: t, h: handler{Options{Lang: bot.English}, time.Hour}}
	for path, want := range map[string]string{
		"/v1/models":       `{"data":[{"id":"yinju","object":"model","created":0,"owned_by":"yinju"}],"object":"list"}`,
		"/v1/models/yinju": `{"id":"yinju","object":"model","created":0,"owned_by":"yinju"}`,
	} {
		if w := r.record(http.MethodGet, path, ""); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for request, want := range map[string]int{
		"GET /v1/models/gpt": 404, "GET /v1/chat/completions": 405, "POST /v1/models": 405, "DELETE /v1/models/yinju": 405, "GET /v1/embeddings": 404,
	} {
		method, path, _ := strings.Cut(request, " ")
		var g given
		w := r.record(method, path, "")
		if err := json.Unmarshal(w.Body.Bytes(), &g); err != nil || w.Code != want || g.Error == nil || (want == 405) != (w.Header().Get("Allow") != "") {
			t.Errorf("%s: %d %s", request, w.Code, w.Body)
		}
	}
}

// scripted answers as it is told.
type scripted func(ctx context.Context, tell func(rag.Event) error) (rag.Answer, error)

func (s scripted) Stream(ctx context.Context, _ rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
	return s(ctx, tell)
}

var errSecret = errors.New("dial postgres://secret")

func TestWhatGoesWrongWithinAnAnswerIsSaidAndEndsIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	half := func(_ context.Context, tell func(rag.Event) error) (rag.Answer, error) {
		return rag.Answer{}, errors.Join(tell(rag.Event{Stage: rag.StageSearch}), tell(rag.Event{Text: "半"}), errSecret)
	}
	late := func(ctx context.Context, _ func(rag.Event) error) (rag.Answer, error) {
		<-ctx.Done()
		return rag.Answer{}, context.Cause(ctx)
	}
	none := func(context.Context, func(rag.Event) error) (rag.Answer, error) {
		return rag.Answer{}, rag.ErrEmptyCorpus
	}
	away := func(context.Context, func(rag.Event) error) (rag.Answer, error) {
		return rag.Answer{}, fmt.Errorf("search: %w", &net.OpError{Op: "dial", Err: errSecret})
	}
	for name, tc := range map[string]struct {
		asker        scripted
		stream       bool
		status       int
		code, before string
		again        bool
	}{
		"the database, plain":     {half, false, 500, "internal_error", "", true},
		"the database, streaming": {half, true, 200, "internal_error", "半", true},
		"the time, plain":         {late, false, 504, "timeout", "", false},
		"the time, streaming":     {late, true, 504, "timeout", "", false},
		"no database, plain":      {away, false, 503, "database_unreachable", "", true},
		"no database, streaming":  {away, true, 503, "database_unreachable", "", true},
		"the corpus, streaming":   {none, true, 503, "corpus_empty", "", false},
	} {
		r.h.Asker, r.h.Wait = tc.asker, time.Minute
		if tc.code == "timeout" {
			r.h.Wait = time.Millisecond
		}
		w := r.record(http.MethodPost, "/v1/chat/completions", fmt.Sprintf(`{"model":"yinju","stream":%t,"messages":%s}`, tc.stream, said("桥")))
		body := w.Body.String()
		if strings.Contains(body, "secret") || strings.Contains(body, "[DONE]") {
			t.Errorf("%s: %s", name, body)
		}
		if w.Code == http.StatusOK {
			chunks, _ := r.events(body)
			if len(chunks) != 2 || chunks[0].Choices[0].Delta.Content != tc.before {
				t.Errorf("%s: %s", name, body)
			}
			body = body[strings.LastIndex(body, "data: ")+len("data: "):]
		}
		var g given
		if err := json.Unmarshal([]byte(body), &g); err != nil || g.Error == nil {
			t.Fatalf("%s: %s", name, body)
		}
		if w.Code != tc.status || g.Error.Type != "server_error" || text(g.Error.Code) != tc.code || (w.Header().Get("X-Should-Retry") == "") != tc.again ||
			(w.Header().Get("Retry-After") == "5") != (tc.code == "database_unreachable") {
			t.Errorf("%s: %d %v %+v", name, w.Code, w.Header(), g.Error)
		}
	}
}

// An answer that is not logged stands, and what asked it is not kept without end.
func TestAnAnswerThatCouldNotBeKeptStands(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.h.Asker = scripted(func(context.Context, func(rag.Event) error) (rag.Answer, error) {
		return rag.Answer{Text: "有", Status: rag.Answered, Citations: []rag.Citation{}}, fmt.Errorf("%w: full", rag.ErrNotLogged)
	})
	if g := r.ask("桥"); g.Choices[0].Message.Content != "有" || g.Citations == nil {
		t.Errorf("%+v", g)
	}
}

// A silent model does not make proxies give the reader up, and a reader who goes ends the answer.
func TestALongSilenceIsBrokenAndAReaderWhoGoesEndsTheAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ended := make(chan struct{})
	r.h.pulse = time.Millisecond
	r.h.Asker = scripted(func(ctx context.Context, _ func(rag.Event) error) (rag.Answer, error) {
		<-ctx.Done()
		close(ended)
		return rag.Answer{}, context.Cause(ctx)
	})
	server := httptest.NewServer(r.h.mux())
	defer server.Close()
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/v1/chat/completions", strings.NewReader(`{"model":"yinju","stream":true,"messages":`+said("桥")+`}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	line, err := bufio.NewReader(response.Body).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, ":") {
		t.Errorf("%q, %v", line, err)
	}
	leave()
	<-ended
	_, _ = io.Copy(io.Discard, response.Body)
}
