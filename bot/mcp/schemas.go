package mcp

import (
	"encoding/json"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// The tools. What they give may have more fields than the schemas name: docs/contract.md has them all.
var (
	askTool = &sdk.Tool{
		Name: "ask", Title: "Ask the corpus", Annotations: reads,
		Description: "Answers a question out of the corpus, with numbered verbatim quotes, each with its article, file and lines. " +
			"The status says whether the corpus answers (answered), only touches the subject (related) or says nothing of it (not_found).",
		InputSchema: object(`"question"`, `
			"question": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "one question in plain words, in Chinese or English"},
			"conversation_id": {"type": ["string", "null"], "minLength": 1, "maxLength": 128, "description": "any text of your own that nobody else uses: questions with the same one are understood out of those before"},
			`+filterSchema),
		OutputSchema: result(`"id", "question", "status", "answer", "citations", "scope", "confidence", "timings_ms"`, `
			"id": {"type": "string"}, "share": {"type": "string"}, "question": {"type": "string"}, "resolved": {"type": "string"},
			"status": {"type": "string", "enum": ["answered", "related", "not_found"]}, "answer": {"type": "string"},
			"citations": {"type": "array", "items": {"type": "object", "required": ["n", "quote", "article", "location"], "properties": {
				"n": {"type": "integer"}, "quote": {"type": "string"}, "article": `+articleSchema+`, "location": `+locationSchema+`}}},
			"confidence": {"type": "number"}, "scope": {"type": "array"}, "timings_ms": {"type": "object"}`),
	}
	searchTool = &sdk.Tool{
		Name: "search", Title: "Search the corpus", Annotations: reads,
		Description: "Finds the passages of the corpus nearest to a question or to words, best first, each with its article, file and lines. Use ask for an answer.",
		InputSchema: object(`"query"`, `
			"query": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "a question or words, in Chinese or English"},
			"k": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10, "description": "how many passages at most"},
			`+filterSchema),
		OutputSchema: result(`"hits", "scope"`, `
			"hits": {"type": "array", "items": {"type": "object", "required": ["text", "score", "article", "location", "also"], "properties": {
				"text": {"type": "string"}, "score": {"type": "number"}, "article": `+articleSchema+`, "location": `+locationSchema+`, "also": {"type": "array"}}}},
			"scope": {"type": "array"}`),
	}
	articleTool = &sdk.Tool{
		Name: "article", Title: "Read an article", Annotations: reads,
		Description: "Gives one article of the corpus whole, by the id that ask and search name it by.",
		InputSchema: object(`"id"`, `"id": {"type": "string", "minLength": 1, "maxLength": 20, "description": "article.id of a citation or passage"}`),
		OutputSchema: result(`"id", "file", "title", "display_title", "authors", "publication", "date", "section", "text", "locations", "same_as"`, `
			"id": {"type": "string"}, "file": {"type": "string"}, "title": {"type": "string"}, "display_title": {"type": "string"},
			"authors": {"type": "array", "items": {"type": "string"}}, "publication": {"type": "string"}, "date": {"type": "string"},
			"section": {"type": "string"}, "affiliation": {"type": "string"}, "text": {"type": "string"},
			"locations": {"type": "array", "items": {"type": "object", "properties": {"start_line": {"type": "integer"}, "end_line": {"type": "integer"}}}},
			"same_as": {"type": "array", "items": {"type": "string"}}`),
	}
)

// reads says that a tool changes nothing that anybody reads, and looks into the corpus only.
var reads = &sdk.ToolAnnotations{ReadOnlyHint: true, OpenWorldHint: new(bool)}

const (
	filterSchema = `"filter": {"type": "object", "additionalProperties": false, "description": "looks in some articles only: all that is given has to hold", "properties": {
		"author": {"type": "string", "maxLength": 200, "description": "one of the authors"},
		"publication": {"type": "string", "maxLength": 200, "description": "a part of its name"},
		"title": {"type": "string", "maxLength": 200, "description": "a part of it"},
		"file": {"type": "string", "maxLength": 1000, "description": "a path of the corpus, or how one begins"},
		"from": {"type": "string", "maxLength": 10, "description": "YYYY, YYYY-MM or YYYY-MM-DD: published then or later"},
		"to": {"type": "string", "maxLength": 10, "description": "the same: published then or earlier"}}}`
	articleSchema = `{"type": "object", "required": ["id", "display_title", "file"], "properties": {
		"id": {"type": "string"}, "title": {"type": "string"}, "display_title": {"type": "string"}, "authors": {"type": "array", "items": {"type": "string"}},
		"publication": {"type": "string"}, "date": {"type": "string"}, "file": {"type": "string"}, "url": {"type": "string"}}}`
	locationSchema = `{"type": "object", "required": ["start_line", "end_line", "start_char", "end_char", "page"], "properties": {
		"start_line": {"type": "integer"}, "end_line": {"type": "integer"}, "start_char": {"type": "integer"}, "end_char": {"type": "integer"},
		"page": {"type": ["integer", "null"]}}}`
)

// object is the schema of what a tool takes, and nothing else.
func object(required, properties string) json.RawMessage {
	return json.RawMessage(`{"type": "object", "additionalProperties": false, "required": [` + required + `], "properties": {` + properties + `}}`)
}

// result is the schema of what a tool gives.
func result(required, properties string) json.RawMessage {
	return json.RawMessage(`{"type": "object", "required": [` + required + `], "properties": {` + properties + `}}`)
}
