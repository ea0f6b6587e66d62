package telegramtest

import (
	"encoding/json"
	"strings"
	"time"
)

// query is a pressed button or an inline query that waits for its answer.
type query struct {
	kind   string
	at     time.Time
	answer *QueryAnswer
}

// QueryAnswer is what the bot answered to a query.
type QueryAnswer struct {
	Text       string // of a pressed button, shown for a moment; or in a box with Alert
	Alert      bool
	URL        string
	Results    []InlineResult // of an inline query
	NextOffset string
	IsPersonal bool
}

// InlineResult is a result that a person may send.
type InlineResult struct {
	Type        string `json:"type"`
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Content     *struct {
		Text string `json:"message_text"`
		Mode string `json:"parse_mode"`
	} `json:"input_message_content"`
	Markup json.RawMessage `json:"reply_markup"`

	Message Text `json:"-"` // what would be sent
}

// QueryTime is how long a query can be answered.
const QueryTime = 15 * time.Second

// ask begins a query. The lock is held.
func (s *Server) ask(kind string) string {
	id := s.newID("")
	s.queries[id] = &query{kind: kind, at: s.options.Now()}
	return id
}

// Answered is what the bot answered to a query, nil for nothing yet.
func (s *Server) Answered(id string) *QueryAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queries[id]; q != nil {
		return q.answer
	}
	return nil
}

// waiting is the query that a call answers. One is answered once, and in time.
func (s *Server) waiting(id, kind string) (*query, *refusal) {
	q := s.queries[id]
	if q == nil || q.kind != kind || q.answer != nil || s.options.Now().Sub(q.at) > QueryTime {
		return nil, bad("query is too old and response timeout expired or query ID is invalid")
	}
	return q, nil
}

func (s *Server) answerCallbackQuery(r *request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.waiting(r.params["callback_query_id"], "callback_query")
	if refused != nil {
		return nil, refused
	}
	if Units(r.params["text"]) > 200 {
		return nil, bad("MESSAGE_TOO_LONG")
	}
	if r.params["url"] != "" {
		return nil, bad("URL_INVALID") // only games and links to the bot itself may open one
	}
	q.answer = &QueryAnswer{Text: r.params["text"], Alert: r.isTrue("show_alert")}
	return true, nil
}

const maxResults = 50

func (s *Server) answerInlineQuery(r *request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.waiting(r.params["inline_query_id"], "inline_query")
	if refused != nil {
		return nil, refused
	}
	var results []InlineResult
	if err := json.Unmarshal([]byte(r.params["results"]), &results); err != nil {
		return nil, bad("can't parse inline query results JSON object")
	}
	if len(results) > maxResults {
		return nil, bad("RESULTS_TOO_MUCH")
	}
	if len(r.params["next_offset"]) > 64 {
		return nil, bad("NEXT_OFFSET_INVALID")
	}
	seen := map[string]bool{}
	for i := range results {
		if refused := results[i].check(seen); refused != nil {
			return nil, refused
		}
	}
	q.answer = &QueryAnswer{Results: results, NextOffset: r.params["next_offset"], IsPersonal: r.isTrue("is_personal")}
	return true, nil
}

func (i *InlineResult) check(seen map[string]bool) *refusal {
	switch {
	case len(i.ID) == 0 || len(i.ID) > 64:
		return bad("RESULT_ID_INVALID")
	case seen[i.ID]:
		return bad("RESULT_ID_DUPLICATE")
	case i.Type != "article":
		return bad("can't parse inline query result: telegramtest knows no result of type %q", i.Type)
	case strings.TrimSpace(i.Title) == "":
		return bad(`can't parse inline query result: Can't find field "title"`)
	case i.Content == nil:
		return bad(`can't parse inline query result: Can't find field "input_message_content"`)
	}
	seen[i.ID] = true
	t, refused := parseText(i.Content.Text, i.Content.Mode, "message text is empty")
	if refused != nil {
		return refused
	}
	if i.Message = t; Units(t.Text) > MaxText {
		return bad("MESSAGE_TOO_LONG")
	}
	_, refused = markup(&request{params: map[string]string{"reply_markup": string(i.Markup)}})
	return refused
}
