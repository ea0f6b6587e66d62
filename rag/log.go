package rag

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
)

// Log keeps an answer with its citations as they were given, and sets its ID and Share. Losing the newest ones
// in a power cut is accepted: a reader does not wait for the disk.
func (s *Store) Log(ctx context.Context, a *Answer) error {
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("log the answer: %w", err)
	}
	err = s.pool.QueryRow(ctx, `with at_once as materialized (select set_config('synchronous_commit', 'off', true))
		insert into answers (question, status, answer) select $1, $2, $3 from at_once returning id::text, share`,
		a.Question, a.Status, text).Scan(&a.ID, &a.Share)
	if err != nil {
		return fmt.Errorf("log the answer: %w", err)
	}
	return nil
}

// ErrNoAnswer says that the log has no answer of an id, or of a share id.
var ErrNoAnswer = errors.New("there is no such answer in the log")

// LoggedAnswer is an answer as it was given: what has been ingested since changes nothing in it.
type LoggedAnswer struct {
	ID       int64
	Asked    time.Time
	Question string
	Status   Status
	Answer   json.RawMessage // as MarshalJSON of Answer wrote it, with its ID and Share
	Good     int             // how many readers found it good, see GiveFeedback
	Bad      int             // and how many bad
}

const loggedAnswers = `select id, asked_at, question, status, answer || jsonb_build_object('id', id::text, 'share', share) as answer, f.good, f.bad
	from answers cross join lateral (
		select count(*) filter (where good) as good, count(*) filter (where not good) as bad from feedback where answer_id = id) f `

// LoggedAnswers are the newest logged answers, at most limit, newest first.
func (s *Store) LoggedAnswers(ctx context.Context, limit int) ([]LoggedAnswer, error) {
	rows, _ := s.pool.Query(ctx, loggedAnswers+`order by id desc limit $1`, limit)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[LoggedAnswer])
	if err != nil {
		return nil, fmt.Errorf("read the logged answers: %w", err)
	}
	return all, nil
}

// LoggedAnswer is the logged answer of an id. It returns ErrNoAnswer, or what the database said.
func (s *Store) LoggedAnswer(ctx context.Context, id int64) (LoggedAnswer, error) {
	rows, _ := s.pool.Query(ctx, loggedAnswers+`where id = $1`, id)
	l, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[LoggedAnswer])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoAnswer
	}
	if err != nil {
		return LoggedAnswer{}, fmt.Errorf("read logged answer %d: %w", id, err)
	}
	return l, nil
}

// shareForm is what share ids look like: 122 random bits.
var shareForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// SharedAnswer is the logged answer of a share id, without the id of its conversation: with that one could go on with
// it. It returns ErrNoAnswer, whatever the text is, or what the database said.
func (s *Store) SharedAnswer(ctx context.Context, share string) (LoggedAnswer, error) {
	if !shareForm.MatchString(share) {
		return LoggedAnswer{}, fmt.Errorf("read the shared answer: %w", ErrNoAnswer)
	}
	rows, _ := s.pool.Query(ctx, `select id, asked_at, question, status, answer - 'conversation_id', good, bad
		from (`+loggedAnswers+`where share = $1) l`, share)
	l, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[LoggedAnswer])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoAnswer
	}
	if err != nil {
		return LoggedAnswer{}, fmt.Errorf("read the shared answer: %w", err)
	}
	return l, nil
}

// LoggedCitation is one citation of a logged answer.
type LoggedCitation struct {
	Answer int64
	Asked  time.Time
	N      int
	Quote  string
	File   string
	Stands bool // in an article that the store has of the file
}

// LoggedCitations calls fn with every citation of every logged answer, oldest first.
func (s *Store) LoggedCitations(ctx context.Context, fn func(LoggedCitation) error) error {
	rows, err := s.pool.Query(ctx, `select l.id, l.asked_at, (c ->> 'n')::int, c ->> 'quote', c -> 'article' ->> 'file',
			exists (select from articles a join sources s on s.id = a.source_id
				where s.path = c -> 'article' ->> 'file'
					and strpos(regexp_replace(a.body, '\s', '', 'g'), regexp_replace(c ->> 'quote', '\s', '', 'g')) > 0)
		from answers l, jsonb_array_elements(l.answer -> 'citations') c order by l.id, 3`)
	if err != nil {
		return fmt.Errorf("read the logged citations: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c LoggedCitation
		if err := rows.Scan(&c.Answer, &c.Asked, &c.N, &c.Quote, &c.File, &c.Stands); err != nil {
			return fmt.Errorf("read the logged citations: %w", err)
		}
		if err := fn(c); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the logged citations: %w", err)
	}
	return nil
}

// MisplacedPassages counts passages whose text is not that of their article at their span: 0 unless
// somebody changed the database by hand.
func (s *Store) MisplacedPassages(ctx context.Context) (int, error) {
	var n int
	err := s.pool.QueryRow(ctx, `select count(*) from passages p join articles a on a.id = p.article_id
		where p.body <> substr(a.body, p.start_char + 1, p.end_char - p.start_char)`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("check the passages: %w", err)
	}
	return n, nil
}
