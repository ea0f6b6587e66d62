// Package eval measures how a corpus answers questions whose right answers are known: what is found, what is
// quoted, what is refused, and whether every quote stands in its file.
package eval

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"yinju/rag"
)

// Limits on a file of questions.
const (
	MaxQuestions = 20_000
	maxLineBytes = 1 << 20
)

// Question is a question with what answers it.
type Question struct {
	ID         string     `json:"id"` // the number of its line where none is given
	Question   string     `json:"question"`
	Type       string     `json:"type"`       // figures are given for each
	Answerable bool       `json:"answerable"` // else the right answer is a refusal
	ArticleIDs []string   `json:"article_ids"`
	KeyPoints  []string   `json:"key_points"`
	Evidence   []Evidence `json:"evidence"` // any of them will do
	Split      string     `json:"split"`
}

// Evidence is a text of the corpus that answers a question, and where it stands.
type Evidence struct {
	ArticleID string `json:"article_id"` // FILE:name, or 001-09 for an article of the file whose name begins with 001_
	Quote     string `json:"quote"`
	StartLine int    `json:"start_line"` // 1-based and inclusive
	EndLine   int    `json:"end_line"`
}

// What is wrong with a line of questions.
var (
	ErrNoEvidence  = errors.New("the question is answerable and has no evidence: give at least one quote of the corpus")
	ErrDuplicate   = errors.New("an earlier line has this id: give each question its own")
	ErrTooMany     = fmt.Errorf("there are more than %d questions: split the file", MaxQuestions)
	ErrNoQuestions = errors.New("there is no question in it: give one JSON object a line")
)

// LineError says which line of a file of questions cannot be taken, and why.
type LineError struct {
	Line int // 1-based
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// Read reads questions, one JSON object a line; blank lines are none. Errors are *LineError, ErrNoQuestions or
// what the reader said.
func Read(r io.Reader) ([]Question, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLineBytes)
	var all []Question
	seen := map[string]bool{}
	number := 0
	for lines.Scan() {
		number++
		text := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
		if len(text) == 0 {
			continue
		}
		q, err := parse(text, number)
		switch {
		case err == nil && seen[q.ID]:
			err = fmt.Errorf("%s: %w", q.ID, ErrDuplicate)
		case err == nil && len(all) == MaxQuestions:
			err = ErrTooMany
		}
		if err != nil {
			return nil, &LineError{number, err}
		}
		seen[q.ID] = true
		all = append(all, q)
	}
	if err := lines.Err(); err != nil {
		return nil, &LineError{number + 1, err}
	}
	if len(all) == 0 {
		return nil, ErrNoQuestions
	}
	return all, nil
}

func parse(text []byte, line int) (q Question, err error) {
	if err := json.Unmarshal(text, &q); err != nil {
		return q, fmt.Errorf("this is not a question in JSON: %w", err)
	}
	if err := rag.CheckQuestion(q.Question); err != nil {
		return q, err
	}
	q.ID, q.Type = cmp.Or(q.ID, strconv.Itoa(line)), cmp.Or(q.Type, "untyped")
	if q.Answerable && len(q.Evidence) == 0 {
		return q, ErrNoEvidence
	}
	for _, e := range q.Evidence {
		if squeeze(e.Quote) == "" {
			return q, errors.New("a piece of evidence has no quote: copy it from the corpus")
		}
		if e.StartLine < 0 || e.EndLine < e.StartLine {
			return q, fmt.Errorf("evidence from line %d to line %d: lines count from 1 and rise", e.StartLine, e.EndLine)
		}
	}
	return q, nil
}
