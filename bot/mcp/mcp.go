// Package mcp is the front end for programs that use tools by the Model Context Protocol.
package mcp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"yinju/bot"
	"yinju/rag"
)

const (
	maxBody     = 64 << 10 // bytes
	defaultWait = 3 * time.Minute
	writeWait   = 10 * time.Second
)

// Searcher finds passages. *rag.Retriever has it.
type Searcher interface {
	SearchIn(ctx context.Context, q rag.Query, k int) ([]rag.Hit, []rag.Scope, error)
}

// Articles gives articles by their id. *rag.Store has it.
type Articles interface {
	// Article gives an article whole, or rag.ErrNoArticle.
	Article(ctx context.Context, id int64) (*rag.Article, error)
}

// Options say what is served.
type Options struct {
	Asker    bot.Asker
	Search   Searcher
	Articles Articles
	BaseURL  string        // under which reading pages are seen from outside; "": texts have no links
	Wait     time.Duration // for a tool; 0: three minutes
	Lang     bot.Lang      // of what is said of errors
	Version  string        // of the program
	Log      *slog.Logger
}

// Handler serves the protocol over streamable HTTP, at any path. It keeps no sessions: each request stands by itself.
// Who may ask, and under which names of the host, is not its matter.
func Handler(o Options) http.Handler {
	if o.Wait == 0 {
		o.Wait = defaultWait
	}
	t := tools{o}
	server := sdk.NewServer(&sdk.Implementation{Name: "yinju", Title: "引据", Version: o.Version}, &sdk.ServerOptions{
		Instructions: "Answers out of a corpus of articles, mostly Chinese, with verbatim quotes. Cite what you use by title, author, publication, date, file and lines as the results have them, and quote word for word. " +
			"Where the status of an answer is related or not_found, the corpus does not answer: say so.",
		Capabilities: &sdk.ServerCapabilities{Tools: &sdk.ToolCapabilities{}},
	})
	sdk.AddTool(server, askTool, t.ask)
	sdk.AddTool(server, searchTool, t.search)
	sdk.AddTool(server, articleTool, t.article)
	protocol := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return server }, &sdk.StreamableHTTPOptions{
		Stateless: true, JSONResponse: true, MaxRequestBodyBytes: maxBody, PropagateRequestCancellation: true,
		DisableLocalhostProtection: true, // a proxy of this machine passes on the names that it is known by
	})
	return endpoint{o, protocol}
}

type tools struct{ Options }

// filter is a rag.Filter as a tool takes it.
type filter struct {
	Author      string `json:"author"`
	Publication string `json:"publication"`
	Title       string `json:"title"`
	File        string `json:"file"`
	From        string `json:"from"`
	To          string `json:"to"`
}

type askInput struct {
	Question     string  `json:"question"`
	Conversation *string `json:"conversation_id"`
	Filter       filter  `json:"filter"`
}

// ask gives an Answer.
func (t tools) ask(ctx context.Context, _ *sdk.CallToolRequest, in askInput) (*sdk.CallToolResult, any, error) {
	ctx, cancel := during(ctx)
	defer cancel()
	q := rag.Query{Question: in.Question, Filter: rag.Filter(in.Filter)}
	if in.Conversation != nil {
		if err := rag.CheckConversation(*in.Conversation); err != nil {
			return nil, nil, t.fault(ctx, err)
		}
		q.Conversation = *in.Conversation
	}
	answer, err := t.Asker.Stream(ctx, q, func(rag.Event) error { return nil })
	if errors.Is(err, rag.ErrNotLogged) {
		t.Log.WarnContext(ctx, "mcp: keep an answer", "error", err)
		err = nil
	}
	if err != nil {
		return nil, nil, t.fault(ctx, err)
	}
	said := answer.Text
	if evidence := bot.Evidence(answer, t.BaseURL); evidence != "" {
		said += "\n\n" + evidence
	}
	return text(said), answer, nil
}

type searchInput struct {
	Query  string `json:"query"`
	K      int    `json:"k"`
	Filter filter `json:"filter"`
}

// found is what search gives.
type found struct {
	Hits  []bot.Passage `json:"hits"`
	Scope []rag.Scope   `json:"scope"`
}

func (t tools) search(ctx context.Context, _ *sdk.CallToolRequest, in searchInput) (*sdk.CallToolResult, any, error) {
	ctx, cancel := during(ctx)
	defer cancel()
	hits, scope, err := t.Search.SearchIn(ctx, rag.Query{Question: in.Query, Filter: rag.Filter(in.Filter)}, in.K)
	if err != nil {
		return nil, nil, t.fault(ctx, err)
	}
	out := found{make([]bot.Passage, len(hits)), scope}
	for i, h := range hits {
		out.Hits[i] = bot.PassageOf(h)
	}
	said := bot.Passages(hits, t.BaseURL)
	if said == "" {
		said = t.Lang.Say("没有找到相关的段落。", "No passage was found.")
	}
	return text(said), out, nil
}

type articleInput struct {
	ID string `json:"id"`
}

func (t tools) article(ctx context.Context, _ *sdk.CallToolRequest, in articleInput) (*sdk.CallToolResult, any, error) {
	ctx, cancel := during(ctx)
	defer cancel()
	id, err := rag.ParseID(in.ID)
	if err != nil {
		return nil, nil, t.fault(ctx, rag.ErrNoArticle)
	}
	a, err := t.Articles.Article(ctx, id)
	if err != nil {
		return nil, nil, t.fault(ctx, err)
	}
	return text(bot.Reading(a, t.BaseURL)), bot.ArticleOf(a), nil
}

func text(s string) *sdk.CallToolResult {
	return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: s}}}
}

// fault says an error to whoever uses the tool. What is not his is logged, and its text is not shown.
func (t tools) fault(ctx context.Context, err error) error {
	var long *rag.LongQuestionError
	var filter *rag.FilterError
	var conversation *rag.ConversationError
	switch {
	case errors.Is(err, rag.ErrNoQuestion), errors.Is(err, rag.ErrEmptyCorpus), errors.Is(err, rag.ErrChanging), errors.As(err, &long), errors.As(err, &filter), errors.As(err, &conversation):
		return errors.New(bot.Explain(err, t.Lang))
	case errors.Is(err, rag.ErrNoArticle):
		return errors.New(bot.Explain(rag.ErrNoArticle, t.Lang))
	case rag.IsAway(err):
		t.Log.WarnContext(ctx, "mcp: use a tool", "error", err)
		return errors.New(bot.Away(t.Lang))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errors.New(t.Lang.Say("没能按时答完，请稍后再试。", "This could not be done in time. Try again later."))
	case errors.Is(ctx.Err(), context.Canceled): // whoever used the tool is gone
		return context.Canceled
	}
	t.Log.WarnContext(ctx, "mcp: use a tool", "error", err)
	return errors.New(t.Lang.Say("现在做不了，请稍后再试。", "This cannot be done now. Try again later."))
}
