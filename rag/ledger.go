package rag

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yinju/rag/llm"
)

var _ llm.Ledger = (*Store)(nil)

// usageLock is the advisory lock of who counts tokens, so that two calls together do not go over a limit.
const usageLock = 0x79696e6a75 // "yinju"

// Reserve counts tokens as spent today, by the database's day, unless all models together would have used more than
// limit then; 0 is no limit.
func (s *Store) Reserve(ctx context.Context, model string, tokens, limit int) (ok bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(usageLock)); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `insert into model_usage (model, reserved)
			select $1::text, $2::bigint where $3::bigint = 0 or
				$2::bigint + (select coalesce(sum(reserved + prompt + completion), 0) from model_usage where day = current_date) <= $3::bigint
			on conflict (day, model) do update set reserved = model_usage.reserved + excluded.reserved
			returning true`, model, int64(tokens), int64(limit)).Scan(&ok)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("count the model's tokens: %w", err)
	}
	return ok, nil
}

// Settle puts what a call has really used in the place of what was reserved for it.
func (s *Store) Settle(ctx context.Context, model string, reserved int, used llm.Usage) error {
	_, err := s.pool.Exec(ctx, `update model_usage set reserved = reserved - $2, prompt = prompt + $3, completion = completion + $4,
			calls = calls + $5, cost = cost + $6
		where model = $1 and day = (select max(day) from model_usage where model = $1 and reserved >= $2)`,
		model, int64(reserved), int64(used.Prompt), int64(used.Completion), int64(used.Calls), used.Cost)
	if err != nil {
		return fmt.Errorf("count the model's tokens: %w", err)
	}
	return nil
}

// Spent is what all language models have used today, by the database's day; tokens of calls under way count as
// prompt.
func (s *Store) Spent(ctx context.Context) (u llm.Usage, err error) {
	err = s.pool.QueryRow(ctx, `select coalesce(sum(prompt + reserved), 0)::bigint, coalesce(sum(completion), 0)::bigint,
			coalesce(sum(calls), 0)::bigint, coalesce(sum(cost), 0)
		from model_usage where day = current_date`).Scan(&u.Prompt, &u.Completion, &u.Calls, &u.Cost)
	if err != nil {
		return u, fmt.Errorf("read the model's tokens: %w", err)
	}
	return u, nil
}
