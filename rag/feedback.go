package rag

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// Limits of feedback, in characters.
const (
	MaxReader = 200
	MaxNote   = 2000
)

// Feedback is what a reader found of an answer.
type Feedback struct {
	Answer int64  // its id in the log
	By     string // who, as the channel names him: "telegram:123"; 1 to MaxReader characters
	Good   bool
	Note   string    // in his words, at most MaxNote characters; "" for none
	Given  time.Time // set by the store
}

// FeedbackError says which part of feedback cannot be taken.
type FeedbackError struct {
	Field string // "by" or "note"
	Want  string
}

func (e *FeedbackError) Error() string { return fmt.Sprintf("feedback: %s: want %s", e.Field, e.Want) }

// Check says, as a *FeedbackError, what cannot be taken: no reader, what is too long or no text.
func (f Feedback) Check() error {
	if f.By == "" || !isText(f.By, MaxReader) {
		return &FeedbackError{"by", fmt.Sprintf("1 to %d characters in UTF-8", MaxReader)}
	}
	if !isText(f.Note, MaxNote) {
		return &FeedbackError{"note", fmt.Sprintf("at most %d characters in UTF-8", MaxNote)}
	}
	return nil
}

// isText says whether the database takes a text, and it is not longer than so many characters.
func isText(s string, most int) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, 0) && utf8.RuneCountInString(s) <= most
}

// GiveFeedback keeps feedback in place of what the same reader gave for the answer before. It returns a
// *FeedbackError, ErrNoAnswer where the answer is not logged, or what the database said.
func (s *Store) GiveFeedback(ctx context.Context, f Feedback) error {
	if err := f.Check(); err != nil {
		return err
	}
	done, err := s.pool.Exec(ctx, `insert into feedback (answer_id, by, good, note) select id, $2, $3, $4 from answers where id = $1
		on conflict (answer_id, by) do update set good = excluded.good, note = excluded.note, given_at = excluded.given_at`,
		f.Answer, f.By, f.Good, f.Note)
	if err == nil && done.RowsAffected() == 0 {
		err = ErrNoAnswer
	}
	if err != nil {
		return fmt.Errorf("keep the feedback on answer %d: %w", f.Answer, err)
	}
	return nil
}

// Feedback is what was given last, at most limit, newest first.
func (s *Store) Feedback(ctx context.Context, limit int) ([]Feedback, error) {
	rows, _ := s.pool.Query(ctx, `select answer_id, by, good, note, given_at from feedback order by given_at desc, answer_id desc, by limit $1`, limit)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Feedback])
	if err != nil {
		return nil, fmt.Errorf("read the feedback: %w", err)
	}
	return all, nil
}
