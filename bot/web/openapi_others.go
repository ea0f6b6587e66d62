package web

import (
	"net/http"

	"github.com/google/jsonschema-go/jsonschema"

	"yinju/bot/openai"
)

// The parts of the document that are no API of ours: pages, and what other programs speak. Their protocols are described
// elsewhere, so only what this server makes of them is said here.

// lines are events whose data is said elsewhere.
var lines = object{"type": "object", "required": []string{"data"}, "properties": object{"data": object{"type": "string"}}}

func html() object { return object{"text/html": object{"schema": object{"type": "string"}}} }

// pageOperations are those of the pages. hasOpenPages: reading pages need no key.
func pageOperations(hasOpenPages bool) []operation {
	path := func(name string) object {
		return object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}}
	}
	files := object{}
	for _, kind := range []string{"text/javascript", "text/css", "image/svg+xml"} {
		files[kind] = object{"schema": object{"type": "string"}}
	}
	var reading []int
	if !hasOpenPages {
		reading = []int{http.StatusForbidden}
	}
	return []operation{
		{method: "get", path: "/", id: "front", summary: "The page on which people ask and read", status: http.StatusOK, also: html(), isOpen: true},
		{
			method: "get", path: "/page/{file}", id: "frontFile", summary: "A file that the page loads", status: http.StatusOK, also: files,
			params: []object{path("file")}, faults: []int{http.StatusNotFound}, isOpen: true,
		},
		{
			method: "get", path: "/articles/{id}", id: "readingPage", summary: "An article as a page, a quote in it marked", status: http.StatusOK, also: html(),
			params: []object{path("id"), query("quote", "START-END: the runes of the article's text that are marked, half open", &jsonschema.Schema{Type: "string", Pattern: `^[0-9]+-[0-9]+$`}, false)},
			loose:  []int{http.StatusBadRequest, http.StatusNotFound, http.StatusInternalServerError, http.StatusServiceUnavailable}, faults: reading, isOpen: hasOpenPages,
		},
		{
			method: "get", path: "/openapi.json", id: "document", summary: "This document", status: http.StatusOK, isOpen: true,
			also: object{"application/json": object{"schema": object{"type": "object"}}},
		},
	}
}

// chatOperations are those of OpenAI's protocol, with its own form of faults.
func chatOperations() []operation {
	faults := []int{http.StatusBadRequest, http.StatusForbidden, http.StatusInternalServerError}
	message := object{"type": "object", "required": []string{"role"}, "properties": object{
		"role": object{"enum": openai.Roles},
		"content": object{"anyOf": []object{
			{"type": []string{"string", "null"}},
			{"type": "array", "maxItems": openai.MaxParts, "items": object{"type": "object", "required": []string{"type"}, "properties": object{"type": object{"type": "string", "minLength": 1}, "text": object{"type": "string"}}}},
		}},
	}}
	return []operation{
		{
			method: "post", path: "/v1/chat/completions", id: "chat", summary: "Answer the last question of a chat, in OpenAI's protocol; stream: as events, the last of which is [DONE]",
			takes: object{"type": "object", "required": []string{"model", "messages"}, "properties": object{
				"model": object{"const": openai.Model},
				"messages": object{
					"type": "array", "maxItems": openai.MaxMessages, "items": message, "description": "the last one of the user is the question: text, with words in it",
					"contains": object{"type": "object", "required": []string{"role"}, "properties": object{"role": object{"const": "user"}}},
				},
				"stream": object{"type": []string{"boolean", "null"}},
				"user":   object{"type": []string{"string", "null"}, "description": "parts the chats of several people with one key"},
			}},
			status: http.StatusOK, isOpenAI: true,
			also: object{
				"application/json":  object{"schema": object{"type": "object", "required": []string{"id", "object", "created", "model", "choices", "usage", "citations", "yinju"}}},
				"text/event-stream": object{"schema": lines},
			},
			faults: append([]int{
				http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusTooManyRequests,
				http.StatusServiceUnavailable, http.StatusGatewayTimeout,
			}, faults...),
		},
		{
			method: "get", path: "/v1/models", id: "models", summary: "The models of OpenAI's protocol: one", status: http.StatusOK, isOpenAI: true,
			also: object{"application/json": object{"schema": object{"type": "object", "required": []string{"object", "data"}}}}, faults: faults[1:],
		},
		{
			method: "get", path: "/v1/models/{id}", id: "model", summary: "A model of OpenAI's protocol", status: http.StatusOK, isOpenAI: true,
			params: []object{{"name": "id", "in": "path", "required": true, "schema": object{"type": "string"}}},
			also:   object{"application/json": object{"schema": object{"type": "object", "required": []string{"id", "object"}}}}, faults: append([]int{http.StatusNotFound}, faults[1:]...),
		},
	}
}

// toolOperations are those of the Model Context Protocol over streamable HTTP.
func toolOperations() []operation {
	version := object{"const": "2.0"}
	message := object{
		"type": "object", "required": []string{"jsonrpc"}, "anyOf": []object{{"required": []string{"method"}}, {"required": []string{"id"}}},
		"properties": object{"jsonrpc": version, "id": object{"type": []string{"integer", "string"}, "description": "none: nothing is answered"}, "method": object{"type": "string"}, "params": object{"type": "object"}},
	}
	reply := object{"type": "object", "required": []string{"jsonrpc"}, "properties": object{"jsonrpc": version}}
	faults := []int{http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests, http.StatusServiceUnavailable}
	return []operation{{
		method: "post", path: "/mcp", id: "tools", summary: "The tools ask, search and article, by the Model Context Protocol (streamable HTTP, without sessions): one message of JSON-RPC",
		takes: message, status: http.StatusOK, also: object{"application/json": object{"schema": reply}, "text/event-stream": object{"schema": lines}},
		faults: faults,
		loose:  []int{http.StatusAccepted, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusUnsupportedMediaType, http.StatusGatewayTimeout},
	}}
}
