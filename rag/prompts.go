package rag

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"unicode"

	"github.com/tmc/langchaingo/llms"
)

//go:embed prompts.tmpl
var promptText string

var promptSet = template.Must(template.New("prompts").Option("missingkey=error").Parse(promptText))

// What fills the prompts in.
type (
	answerPrompt struct {
		Question  string
		Passages  []promptPassage
		Example   string // how a code is written
		None      string // what stands for no answer
		Sentences int    // most
	}
	promptPassage struct{ Handle, About, Text string }
	rewritePrompt struct {
		Question string
		Turns    []promptTurn
	}
	promptTurn      struct{ Question, Cited string }
	translatePrompt struct{ Question string }
	judgePrompt     struct {
		Claim    string
		Passages []promptPassage
	}
	holdsPrompt struct{ Question, Point, Answer string }
)

// messagesOf are the two messages of a prompt. lang is ".zh", ".en" or "".
func messagesOf(name, lang string, data any) ([]llms.MessageContent, error) {
	var texts [2]strings.Builder
	for i, part := range []string{".system", ".user"} {
		if err := promptSet.ExecuteTemplate(&texts[i], name+part+lang, data); err != nil {
			return nil, fmt.Errorf("fill in the prompt: %w", err)
		}
	}
	return []llms.MessageContent{
		llms.TextParts(llms.ChatMessageTypeSystem, texts[0].String()),
		llms.TextParts(llms.ChatMessageTypeHuman, texts[1].String()),
	}, nil
}

// controlWords are texts that servers of models read as the beginning or end of a message.
var controlWords = regexp.MustCompile(`<\|[^|<>\n]{0,60}\|>|\[/?INST\]|\[/?[A-Z]+_[A-Z_]+\]|\[g?MASK\]|<</?SYS>>|<｜[^｜<>\n]{0,60}｜>|</?_?[A-Za-z][A-Za-z0-9_]{0,40}>`)

// asData makes a text of the corpus, or of a reader, fit to stand in a prompt: without what servers take for marks
// of their own, without characters that do not show. It is for reading only, quotes are looked up in the text itself.
func asData(text string) string {
	text = strings.Map(func(r rune) rune { // first of all: within a mark they would hide it
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r)) {
			return -1
		}
		return r
	}, text)
	text = controlWords.ReplaceAllStringFunc(text, func(s string) string {
		return strings.NewReplacer("<", "‹", ">", "›", "[", "(", "]", ")").Replace(s)
	})
	return strings.NewReplacer("<<", "‹‹", ">>", "››").Replace(text)
}

// inOneLine is asData for what has to stay on its line.
func inOneLine(text string) string { return strings.Join(strings.Fields(asData(text)), " ") }
