package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// protocol is how a provider's reply is read line by line, and how langchaingo's parser of that provider is told what
// was read. The lines are made anew: so the parser sees none that it drops, chokes or blocks on.
type protocol interface {
	// decode reads a line without its end; an error is an [ErrMalformed].
	decode(line []byte) (piece, error)
	// bodyEnds says that a clean end of the body is an end mark once the model has said why it stopped.
	bodyEnds() bool
	head() string            // what the parser is told first
	text(text string) []byte // of at most maxFrame bytes
	tail() string            // what the parser is told last
}

// maxFrame is how many bytes of text a made line holds: written as JSON they can be six times as many, and a parser takes 64 KB.
const maxFrame = 8 << 10

// malformed is an [ErrMalformed] that shows how the line begins.
func malformed(line []byte) error {
	if len(line) > 4*maxExcerpt {
		line = line[:4*maxExcerpt]
	}
	return &malformedError{excerpt: string(line)}
}

// maxExcerpt is how many characters of a malformed line are shown.
const maxExcerpt = 60

type malformedError struct{ excerpt string }

func (e *malformedError) Error() string {
	return fmt.Sprintf("%s (it has %q)", ErrMalformed.Error(), e.excerpt)
}
func (e *malformedError) Unwrap() error { return ErrMalformed }

// sseData is the data of a line of server-sent events; ok is false for lines without any. Lines of no known field are
// malformed: the standard would have them ignored, but then a page of HTML reads as an empty reply.
func sseData(line []byte) (data []byte, ok bool, err error) {
	if len(line) == 0 || line[0] == ':' {
		return nil, false, nil
	}
	field, data, _ := bytes.Cut(line, []byte(":"))
	switch string(field) {
	case "data":
		data = bytes.TrimSpace(data)
		return data, len(data) > 0, nil
	case "event", "id", "retry":
		return nil, false, nil
	}
	return nil, false, malformed(line)
}

// tokens is a count that a provider gives; 0 where it is no sensible one.
func tokens(n float64) int {
	if n > 0 && n < 1e9 {
		return int(n)
	}
	return 0
}

// frame writes a line of JSON.
func frame(prefix string, v any, suffix string) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("llm: a text cannot be written as JSON: " + err.Error()) // maps and texts always can
	}
	return append(append([]byte(prefix), raw...), suffix...)
}

// frames cuts a text into parts of at most maxFrame bytes, between characters.
func frames(text string) []string {
	var parts []string
	for len(text) > maxFrame {
		n := maxFrame
		for !utf8.RuneStart(text[n]) {
			n--
		}
		parts = append(parts, text[:n])
		text = text[n:]
	}
	if text != "" {
		parts = append(parts, text)
	}
	return parts
}
