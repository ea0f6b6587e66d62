package main

import (
	"net/http"
	"runtime/debug"

	"yinju/bot/mcp"
	"yinju/bot/openai"
	"yinju/rag"
)

// chatCompletions is the endpoint for programs that speak OpenAI's protocol.
func (a *app) chatCompletions(answerer *rag.Answerer) http.Handler {
	return openai.Handler(openai.Options{
		Asker: answerer, Conversations: a.db, BaseURL: a.cfg.PublicURL, Wait: a.cfg.HTTP.AskTimeout, Lang: a.lang, Log: a.log(),
	})
}

// toolServer is the endpoint for programs that use tools by the Model Context Protocol.
func (a *app) toolServer(answerer *rag.Answerer, retriever *rag.Retriever) http.Handler {
	return mcp.Handler(mcp.Options{
		Asker: answerer, Search: retriever, Articles: a.db, BaseURL: a.cfg.PublicURL, Wait: a.cfg.HTTP.AskTimeout,
		Lang: a.lang, Version: version(), Log: a.log(),
	})
}

// version is the program's, as it was built.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
