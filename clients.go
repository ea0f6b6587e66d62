package main

import (
	"net/http"
	"runtime/debug"

	"yinju/bot"
	"yinju/bot/mcp"
	"yinju/bot/openai"
	"yinju/rag"
)

// chatCompletions is the endpoint for programs that speak OpenAI's protocol.
func (a *app) chatCompletions(asker bot.Asker) http.Handler {
	return openai.Handler(openai.Options{
		Asker: asker, Conversations: a.db, BaseURL: a.cfg.PublicURL, Wait: a.cfg.HTTP.AskTimeout, Lang: a.lang, Log: a.log(),
	})
}

// toolServer is the endpoint for programs that use tools by the Model Context Protocol.
func (a *app) toolServer(retriever *rag.Retriever) func(bot.Asker) http.Handler {
	return func(asker bot.Asker) http.Handler {
		return mcp.Handler(mcp.Options{
			Asker: asker, Search: retriever, Articles: a.db, BaseURL: a.cfg.PublicURL, Wait: a.cfg.HTTP.AskTimeout,
			Lang: a.lang, Version: version(), Log: a.log(),
		})
	}
}

// version is the program's, as it was built.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
