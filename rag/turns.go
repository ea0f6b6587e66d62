package rag

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// Limits of what is kept of conversations.
const (
	MaxTurns        = 20         // of one conversation, the last ones
	MaxConversation = 128        // characters of an id
	turnsLast       = `24 hours` // for so long a turn is used
)

// Turn is one question of a conversation and what it was answered with.
type Turn struct {
	Question string // as it was asked
	Resolved string // as it was understood: it stands by itself
	Status   Status
	Cited    []CitedQuote
}

// CitedQuote is a quote as it was given. A re-ingest may have taken its article from the store since.
type CitedQuote struct {
	Article int64    `json:"article"`
	Title   string   `json:"title"` // "" where the source gives none
	Authors []string `json:"authors"`
	Text    string   `json:"text"`
	Span    Span     `json:"span"` // of the article's runes
}

// ConversationError says that an id of a conversation cannot be taken.
type ConversationError struct{ ID string }

func (e *ConversationError) Error() string {
	return fmt.Sprintf("conversation %.200q: want 1 to %d printable characters", e.ID, MaxConversation)
}

// CheckConversation says, as a *ConversationError, that an id is not one of 1 to MaxConversation printable characters.
func CheckConversation(id string) error {
	n := utf8.RuneCountInString(id)
	if n < 1 || n > MaxConversation || !utf8.ValidString(id) || strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return &ConversationError{ID: id}
	}
	return nil
}

// History gives the turns of a conversation, oldest first: the last MaxTurns, none older than 24 hours. An
// unknown conversation has none. It returns a *ConversationError, or what the database said.
func (s *Store) History(ctx context.Context, conversation string) ([]Turn, error) {
	if err := CheckConversation(conversation); err != nil {
		return nil, err
	}
	rows, _ := s.pool.Query(ctx, `select question, resolved, status, cited from conversation_turns
		where conversation = $1 and asked_at > now() - $2::interval order by n desc limit $3`, conversation, turnsLast, MaxTurns)
	turns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Turn])
	if err != nil {
		return nil, fmt.Errorf("read the conversation: %w", err)
	}
	slices.Reverse(turns)
	return turns, nil
}

// AddTurn puts a turn at the end of a conversation, and deletes what is past the limits: of this conversation by
// number, of all by age. It returns a *ConversationError, or what the database said.
func (s *Store) AddTurn(ctx context.Context, conversation string, t Turn) error {
	if err := CheckConversation(conversation); err != nil {
		return err
	}
	if t.Cited == nil {
		t.Cited = []CitedQuote{}
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var batch pgx.Batch
		batch.Queue(`set local synchronous_commit = off`)
		batch.Queue(`select pg_advisory_xact_lock(hashtextextended($1, $2))`, conversation, int64(migrationLock))
		// What another one is deleting is left to it: two that wait for each other would be a deadlock.
		batch.Queue(`delete from conversation_turns where (conversation, n) in (
			select conversation, n from conversation_turns where asked_at <= now() - $1::interval for update skip locked)`, turnsLast)
		batch.Queue(`insert into conversation_turns (conversation, n, question, resolved, status, cited)
			select $1, coalesce(max(n), 0) + 1, $2, $3, $4, $5 from conversation_turns where conversation = $1`,
			conversation, t.Question, t.Resolved, t.Status, t.Cited)
		batch.Queue(`delete from conversation_turns where conversation = $1
			and n <= (select max(n) from conversation_turns where conversation = $1) - $2`, conversation, MaxTurns)
		return tx.SendBatch(ctx, &batch).Close()
	})
	if err != nil {
		return fmt.Errorf("keep the turn of the conversation: %w", err)
	}
	return nil
}

// Branch makes a conversation anew as a copy of the turns of another one, with their ages; what it had is deleted. It
// is empty afterwards where from is "" or unknown, and stays as it is where both are the same. It returns a
// *ConversationError, or what the database said.
func (s *Store) Branch(ctx context.Context, from, to string) error {
	if err := CheckConversation(to); err != nil {
		return err
	}
	if from == "" {
		return s.Forget(ctx, to)
	}
	if err := CheckConversation(from); err != nil || from == to {
		return err
	}
	// One statement reads the other conversation: all of a turn that comes meanwhile, or none of it.
	return s.remake(ctx, to, `insert into conversation_turns (conversation, n, asked_at, question, resolved, status, cited)
		select $1, n, asked_at, question, resolved, status, cited from conversation_turns where conversation = $2`, to, from)
}

// Forget deletes all turns of a conversation; an unknown one has none. It returns a *ConversationError, or what the
// database said.
func (s *Store) Forget(ctx context.Context, conversation string) error {
	if err := CheckConversation(conversation); err != nil {
		return err
	}
	return s.remake(ctx, conversation, "")
}

// remake deletes the turns of a conversation and fills it by a statement, if there is one.
func (s *Store) remake(ctx context.Context, conversation, fill string, args ...any) error {
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		var batch pgx.Batch
		batch.Queue(`select pg_advisory_xact_lock(hashtextextended($1, $2))`, conversation, int64(migrationLock))
		batch.Queue(`delete from conversation_turns where conversation = $1`, conversation)
		if fill != "" {
			batch.Queue(fill, args...)
		}
		return tx.SendBatch(ctx, &batch).Close()
	})
	if err != nil {
		return fmt.Errorf("make the conversation anew: %w", err)
	}
	return nil
}
