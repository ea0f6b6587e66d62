package rag

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// fittedThresholds asks for thresholds fitted with an embedder to the confidence of this program.
const fittedThresholds = `select answered, related from calibration where embedder = $1 and made_by = $2`

// queueThresholds asks for the thresholds in a batch, so that they cost a question no round trip.
func queueThresholds(batch *pgx.Batch, embedder string, to *Thresholds) {
	*to = DefaultThresholds
	batch.Queue(fittedThresholds, embedder, confidenceMadeBy).Query(func(rows pgx.Rows) error {
		fitted, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Thresholds])
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err == nil {
			*to = fitted
		}
		return err
	})
}

// Thresholds are those in use with an embedder, and whether they were fitted.
func (s *Store) Thresholds(ctx context.Context, embedder string) (t Thresholds, fitted bool, err error) {
	rows, _ := s.pool.Query(ctx, fittedThresholds, embedder, confidenceMadeBy)
	t, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Thresholds])
	if errors.Is(err, pgx.ErrNoRows) {
		return DefaultThresholds, false, nil
	}
	if err != nil {
		return Thresholds{}, false, fmt.Errorf("read the thresholds: %w", err)
	}
	return t, true, nil
}

// SetThresholds stores thresholds that were fitted with an embedder on a number of questions, in place of
// those before.
func (s *Store) SetThresholds(ctx context.Context, t Thresholds, embedder string, questions int) error {
	if err := t.Check(); err != nil {
		return fmt.Errorf("store the thresholds: %w", err)
	}
	_, err := s.pool.Exec(ctx, `insert into calibration (answered, related, embedder, made_by, questions) values ($1, $2, $3, $4, $5)
		on conflict (one) do update set answered = $1, related = $2, embedder = $3, made_by = $4, questions = $5, fitted_at = now()`,
		t.Answered, t.Related, embedder, confidenceMadeBy, questions)
	if err != nil {
		return fmt.Errorf("store the thresholds: %w", err)
	}
	return nil
}

// ResetThresholds goes back to DefaultThresholds.
func (s *Store) ResetThresholds(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, `delete from calibration`); err != nil {
		return fmt.Errorf("reset the thresholds: %w", err)
	}
	return nil
}
