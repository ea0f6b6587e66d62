package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"yinju/bot"
	"yinju/rag"
	"yinju/rag/draft"
	"yinju/rag/llm"
)

// object is a part of the document that is no schema.
type object = map[string]any

// operation is what one method of one path does.
type operation struct {
	method, path, id, summary string
	params                    []object
	body                      reflect.Type // nil: none
	status                    int
	reply                     reflect.Type // nil: there is no body
	also                      object       // other contents of the reply
	links                     object       // to what may be done next
	faults                    []int
	isOpen                    bool // it needs no key

	takes    object // the schema of a body that is of another protocol; nil: see body
	isOpenAI bool   // faults are said as OpenAI's protocol does
	loose    []int  // other statuses, said as a page or as JSON-RPC
}

// citationJSON is what MarshalJSON of rag.Citation writes.
type citationJSON struct {
	N        int            `json:"n" jsonschema:"from 1; the answer refers to it as [n]"`
	Quote    string         `json:"quote" jsonschema:"verbatim, white space aside"`
	Article  rag.ArticleRef `json:"article"`
	Location rag.Location   `json:"location"`
	Hash     string         `json:"text_sha256" jsonschema:"of the article's text when the quote was cut from it"`
	Also     []rag.CopyRef  `json:"also" jsonschema:"where else the same words stand"`
}

// What requests may say. fields reads them; a test holds both against each other.
type (
	askRequest struct {
		Question     string     `json:"question"`
		Conversation *string    `json:"conversation_id,omitempty" jsonschema:"the conversation that the question goes on with: any id"`
		Stream       *bool      `json:"stream,omitempty" jsonschema:"the answer comes as server-sent events, as with Accept: text/event-stream"`
		Filter       *askFilter `json:"filter,omitempty" jsonschema:"articles to look in; where it leaves none, all are looked in"`
	}
	askFilter struct {
		Author      *string `json:"author,omitempty" jsonschema:"one of the authors, white space and punctuation aside"`
		Publication *string `json:"publication,omitempty" jsonschema:"a part of its name"`
		Title       *string `json:"title,omitempty" jsonschema:"a part of it"`
		File        *string `json:"file,omitempty" jsonschema:"a path of the corpus, or how one begins"`
		From        *string `json:"from,omitempty" jsonschema:"published then or later; no later than to"`
		To          *string `json:"to,omitempty" jsonschema:"published then or earlier"`
	}
	feedbackRequest struct {
		Answer string  `json:"answer_id"`
		Good   bool    `json:"good"`
		Note   *string `json:"note,omitempty"`
	}
)

// Patterns of what requests may say, in the regular expressions of JSON Schema.
const (
	noNUL     = `^[^\x00]*$`
	withWords = `^[^\x00]*[\p{L}\p{Nd}][^\x00]*$`
	orNothing = `^([^\x00]*[\p{L}\p{Nd}][^\x00]*)?$`
	printable = `^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$`
)

func text(pattern string, least, most int) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string", Pattern: pattern}
	if least > 0 {
		s.MinLength = &least
	}
	if most > 0 {
		s.MaxLength = &most
	}
	return s
}

func date() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", AnyOf: []*jsonschema.Schema{
		{Pattern: `^([0-9]{4})?$`}, {Pattern: `^[0-9]{4}-(0[1-9]|1[0-2])$`}, {Format: "date"},
	}}
}

func number(least, most, otherwise int) *jsonschema.Schema {
	low, high := float64(least), float64(most)
	return &jsonschema.Schema{Type: "integer", Minimum: &low, Maximum: &high, Default: json.RawMessage(strconv.Itoa(otherwise))}
}

// limits are the constraints of the fields of requests, by the name of their type and their own.
func limits() map[string]*jsonschema.Schema {
	return map[string]*jsonschema.Schema{
		"AskRequest.question":        text(withWords, 1, rag.MaxQuestion),
		"AskRequest.conversation_id": text(printable, 1, rag.MaxConversation),
		"Filter.author":              text(orNothing, 0, 0),
		"Filter.publication":         text(orNothing, 0, 0),
		"Filter.title":               text(orNothing, 0, 0),
		"Filter.file":                text(noNUL, 0, 0),
		"Filter.from":                date(),
		"Filter.to":                  date(),
		"FeedbackRequest.note":       text(noNUL, 0, rag.MaxNote),
	}
}

func query(name, description string, schema *jsonschema.Schema, isRequired bool) object {
	return object{"name": name, "in": "query", "required": isRequired, "description": description, "schema": schema}
}

func filterParams() []object {
	l := limits()
	return []object{
		query("author", "one of the authors, white space and punctuation aside", l["Filter.author"], false),
		query("publication", "a part of its name", l["Filter.publication"], false),
		query("title", "a part of it", l["Filter.title"], false),
		query("file", "a path of the corpus, or how one begins", l["Filter.file"], false),
		query("from", "published then or later; no later than to", date(), false),
		query("to", "published then or earlier", date(), false),
	}
}

// operations are all that the document describes.
func operations() []operation {
	faults := []int{http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
	withBody := append([]int{http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}, faults...)
	return []operation{
		{
			method: "post", path: "/v1/ask", id: "ask", summary: "Answer a question with quotes out of the corpus",
			body: reflect.TypeFor[askRequest](), status: http.StatusOK, reply: reflect.TypeFor[rag.Answer](),
			also: object{"text/event-stream": object{"schema": refTo("Event")}},
			links: object{
				"feedback": object{"operationId": "feedback", "requestBody": object{"answer_id": "$response.body#/id", "good": true}},
				"share":    object{"operationId": "sharedAnswer", "parameters": object{"share": "$response.body#/share"}},
			},
			faults: append(slices.Clone(withBody), http.StatusTooManyRequests),
		},
		{
			links:  object{"article": object{"operationId": "article", "parameters": object{"id": "$response.body#/hits/0/article/id"}}},
			method: "get", path: "/v1/search", id: "search", summary: "Passages for a question, best first", status: http.StatusOK, reply: reflect.TypeFor[searchReply](),
			params: append([]object{
				query("q", "the question", text(withWords, 1, rag.MaxQuestion), true),
				query("k", "how many passages at most", number(1, maxHits, defaultHits), false),
			}, filterParams()...),
			faults: append(slices.Clone(faults), http.StatusTooManyRequests),
		},
		{
			links:  object{"article": object{"operationId": "article", "parameters": object{"id": "$response.body#/articles/0/id"}}},
			method: "get", path: "/v1/articles", id: "articles", summary: "Articles in the order of their files", status: http.StatusOK, reply: reflect.TypeFor[articlesReply](),
			params: append([]object{
				query("words", "parted by white space: title, authors, publication, section, date or file has each of them", text(noNUL, 0, rag.MaxBrowseWords), false),
				query("offset", "articles that are passed over", number(0, maxOffset, 0), false),
				query("limit", "articles at most", number(1, rag.MaxBrowse, defaultPage), false),
			}, filterParams()...),
			faults: faults,
		},
		{
			method: "get", path: "/v1/articles/{id}", id: "article", summary: "An article whole, with how it is cited", status: http.StatusOK, reply: reflect.TypeFor[articleReply](),
			params: []object{{"name": "id", "in": "path", "required": true, "schema": object{"type": "string"}}},
			faults: append([]int{http.StatusNotFound}, faults...),
		},
		{
			method: "post", path: "/v1/feedback", id: "feedback", summary: "Say whether an answer is good, in place of what the same key said of it before",
			body: reflect.TypeFor[feedbackRequest](), status: http.StatusNoContent, faults: append([]int{http.StatusNotFound}, withBody...),
		},
		{
			method: "get", path: "/v1/answers/{share}", id: "sharedAnswer", summary: "An answer as it was given, by the id that it is shared by", status: http.StatusOK, reply: reflect.TypeFor[rag.Answer](),
			params: []object{{"name": "share", "in": "path", "required": true, "schema": object{"type": "string"}}},
			faults: append([]int{http.StatusNotFound}, faults...),
		},
		{
			method: "get", path: "/v1/ingest", id: "ingest", summary: "What the store holds, how the last ingest went, and how far the one under way is", status: http.StatusOK, reply: reflect.TypeFor[ingestReply](), faults: faults,
		},
		{
			method: "post", path: "/v1/ingest", id: "startIngest", summary: "Ask for an ingest of the corpus: make the store equal to it",
			body: reflect.TypeFor[ingestRequest](), status: http.StatusAccepted, reply: reflect.TypeFor[ingestReply](), faults: append([]int{http.StatusConflict}, withBody...),
		},
		{
			method: "get", path: "/healthz", id: "healthz", summary: "The program runs", status: http.StatusOK, reply: reflect.TypeFor[liveness](), isOpen: true,
		},
		{
			method: "get", path: "/metrics", id: "metrics", summary: "Figures for Prometheus", status: http.StatusOK,
			also:   object{"text/plain": object{"schema": object{"type": "string"}}},
			faults: []int{http.StatusForbidden},
		},
		{
			method: "get", path: "/readyz", id: "readyz", summary: "Whether questions can be answered", status: http.StatusOK, reply: reflect.TypeFor[readiness](), isOpen: true,
		},
	}
}

func refTo(name string) object { return object{"$ref": "#/components/schemas/" + name} }

// named are the types that have a name in the document; before: each may refer to those before it.
func named() []struct {
	name string
	t    reflect.Type
} {
	return []struct {
		name string
		t    reflect.Type
	}{
		{"ArticleRef", reflect.TypeFor[rag.ArticleRef]()},
		{"Location", reflect.TypeFor[rag.Location]()},
		{"Copy", reflect.TypeFor[rag.CopyRef]()},
		{"Citation", reflect.TypeFor[citationJSON]()},
		{"FilterUsed", reflect.TypeFor[rag.Filter]()},
		{"Scope", reflect.TypeFor[rag.Scope]()},
		{"Usage", reflect.TypeFor[llm.Usage]()},
		{"WrittenSentence", reflect.TypeFor[rag.WrittenSentence]()},
		{"Written", reflect.TypeFor[rag.Written]()},
		{"Answer", reflect.TypeFor[rag.Answer]()},
		{"StatusEvent", reflect.TypeFor[statusEvent]()},
		{"TokenEvent", reflect.TypeFor[tokenEvent]()},
		{"Passage", reflect.TypeFor[bot.Passage]()},
		{"SearchReply", reflect.TypeFor[searchReply]()},
		{"ArticleEntry", reflect.TypeFor[articleEntry]()},
		{"ArticlesReply", reflect.TypeFor[articlesReply]()},
		{"Article", reflect.TypeFor[articleReply]()},
		{"Run", reflect.TypeFor[rag.IngestRun]()},
		{"IngestProgress", reflect.TypeFor[bot.IngestProgress]()},
		{"IngestFailure", reflect.TypeFor[bot.IngestFailure]()},
		{"Ingest", reflect.TypeFor[ingestReply]()},
		{"Liveness", reflect.TypeFor[liveness]()},
		{"Readiness", reflect.TypeFor[readiness]()},
		{"FieldError", reflect.TypeFor[FieldError]()},
		{"Problem", reflect.TypeFor[Problem]()},
		{"Filter", reflect.TypeFor[askFilter]()},
		{"AskRequest", reflect.TypeFor[askRequest]()},
		{"FeedbackRequest", reflect.TypeFor[feedbackRequest]()},
		{"IngestRequest", reflect.TypeFor[ingestRequest]()},
	}
}

// schemas makes the schemas of the named types out of the types themselves.
func schemas() (map[string]*jsonschema.Schema, error) {
	known := map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[time.Time](): {Type: "string", Format: "date-time"},

		reflect.TypeFor[json.RawMessage](): {Type: "object"}, // the report of a run, see docs/contract.md
		reflect.TypeFor[rag.Status]():      enum(rag.Answered, rag.Related, rag.NotFound),
		reflect.TypeFor[rag.Stage]():       enum(rag.StageSearch, rag.StageWrite),
		reflect.TypeFor[rag.Reason]():      enum(rag.NoAnswer, rag.NothingSupported, rag.CutOff, rag.Failed, rag.OverBudget),
		reflect.TypeFor[draft.Fault]():     enum(draft.NoHandle, draft.Number, draft.Date, draft.Name, draft.Negation, draft.Unrelated, draft.Unending, draft.Misquoted),
	}
	limited, all := limits(), map[string]*jsonschema.Schema{}
	for _, n := range named() {
		s, err := jsonschema.ForType(n.t, &jsonschema.ForOptions{TypeSchemas: known})
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", n.name, err)
		}
		tidy(s)
		for field, property := range s.Properties {
			if limit := limited[n.name+"."+field]; limit != nil {
				limit.Description, limit.Types = property.Description, property.Types
				if limit.Types != nil {
					limit.Type = ""
				}
				s.Properties[field] = limit
			}
		}
		all[n.name] = s
		known[n.t] = &jsonschema.Schema{Ref: "#/components/schemas/" + n.name}
		if n.name == "Citation" {
			known[reflect.TypeFor[rag.Citation]()] = known[n.t]
		}
	}
	return all, nil
}

func enum[T ~string](values ...T) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

// tidy mends what does not hold of our JSON: lists are never null, and a reference that may be null is one of the two.
func tidy(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if slices.Equal(s.Types, []string{"null", "array"}) {
		s.Type, s.Types = "array", nil
	}
	if s.Ref != "" && len(s.Types) > 0 {
		s.AnyOf, s.Ref, s.Types = []*jsonschema.Schema{{Ref: s.Ref}, {Type: "null"}}, "", nil
	}
	for _, p := range s.Properties {
		tidy(p)
	}
	tidy(s.Items)
	tidy(s.AdditionalProperties)
}

// event is one of the events of an answer that comes piece by piece: its data is JSON.
func event() *jsonschema.Schema {
	s := &jsonschema.Schema{Description: "The texts of the tokens, one behind the other, are the answer's. A citation comes before the text that has its number. The last event is an answer or an error."}
	for _, e := range []struct{ name, data string }{
		{"status", "StatusEvent"}, {"token", "TokenEvent"}, {"citation", "Citation"}, {"answer", "Answer"}, {"error", "Problem"},
	} {
		s.OneOf = append(s.OneOf, &jsonschema.Schema{
			Type: "object", Required: []string{"event", "data"}, Properties: map[string]*jsonschema.Schema{
				"event": {Type: "string", Enum: []any{e.name}},
				"data":  {Type: "string", ContentMediaType: "application/json", ContentSchema: &jsonschema.Schema{Ref: "#/components/schemas/" + e.data}},
			},
		})
	}
	return s
}

// document is the OpenAPI document of all that is served. A test holds it against the paths that there are.
func (s server) document() ([]byte, error) {
	hasKeys, all := len(s.keys()) > 0, operations()
	if s.Articles != nil {
		all = append(all, pageOperations(s.OpenPages)...)
	}
	if s.Chats != nil {
		all = append(all, chatOperations()...)
	}
	if s.Tools != nil {
		all = append(all, toolOperations()...)
	}
	return document(all, hasKeys)
}

// document describes operations. hasKeys says whether keys are needed.
func document(all []operation, hasKeys bool) ([]byte, error) {
	components, err := schemas()
	if err != nil {
		return nil, err
	}
	components["Event"] = event()
	names := map[reflect.Type]string{}
	for _, n := range named() {
		names[n.t] = n.name
	}
	paths := map[string]object{}
	for _, op := range all {
		if paths[op.path] == nil {
			paths[op.path] = object{}
		}
		paths[op.path][op.method] = op.object(names, hasKeys)
	}
	doc := object{
		"openapi": "3.1.0",
		"info": object{
			"title": "引据 yinju", "version": "1",
			"description": "Answers out of one's own articles, each quote with its file and line. Faults are problem details (RFC 9457).",
		},
		"paths": paths,
		"components": object{"schemas": components, "securitySchemes": object{
			"bearer": object{"type": "http", "scheme": "bearer"},
			"key":    object{"type": "apiKey", "in": "header", "name": "X-API-Key"},
		}},
	}
	return json.Marshal(doc)
}

func (op operation) object(names map[reflect.Type]string, hasKeys bool) object {
	ok := object{"description": http.StatusText(op.status), "headers": object{"X-Request-Id": header("string", "names the request in the log", true)}}
	content := object{}
	if op.reply != nil {
		content["application/json"] = object{"schema": refTo(names[op.reply])}
	}
	maps.Copy(content, op.also)
	if len(content) > 0 {
		ok["content"] = content
	}
	if op.links != nil {
		ok["links"] = op.links
	}
	responses := object{strconv.Itoa(op.status): ok}
	faults := append(slices.Clone(op.faults), http.StatusMethodNotAllowed)
	if !op.isOpen && hasKeys {
		faults = append(faults, http.StatusUnauthorized)
	}
	for _, status := range faults {
		responses[strconv.Itoa(status)] = problemReply(status, op.isOpenAI)
	}
	for _, status := range op.loose {
		responses[strconv.Itoa(status)] = looseReply(status)
	}
	if op.path == "/readyz" {
		responses["503"] = ok
	}
	out := object{"operationId": op.id, "summary": op.summary, "responses": responses}
	if len(op.params) > 0 {
		out["parameters"] = op.params
	}
	if op.takes != nil {
		out["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": op.takes}}}
	}
	if op.body != nil {
		out["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": refTo(names[op.body])}}}
	}
	if hasKeys && !op.isOpen {
		out["security"] = []object{{"bearer": []string{}}, {"key": []string{}}}
	}
	return out
}

func looseReply(status int) object {
	return object{"description": http.StatusText(status), "headers": object{"X-Request-Id": header("string", "names the request in the log", true)}}
}

func problemReply(status int, isOpenAI bool) object {
	headers := object{"X-Request-Id": header("string", "names the request in the log", true)}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		headers["Retry-After"] = header("integer", "seconds to wait", false)
	}
	if status == http.StatusMethodNotAllowed { // of the path's other methods, which the document has no other place for
		headers["Allow"] = header("string", "the methods of the path", true)
	}
	if isOpenAI {
		fault := object{"type": "object", "required": []string{"error"}, "properties": object{"error": object{"type": "object", "required": []string{"message", "type", "param", "code"}}}}
		return object{"description": http.StatusText(status), "headers": headers, "content": object{"application/json": object{"schema": fault}}}
	}
	return object{
		"description": http.StatusText(status), "headers": headers,
		"content": object{"application/problem+json": object{"schema": refTo("Problem")}},
	}
}

func header(kind, description string, isRequired bool) object {
	return object{"description": description, "required": isRequired, "schema": object{"type": kind}}
}

// openAPI gives the document.
func openAPI(doc []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(doc) // the reader may be gone
	}
}
