package rag

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Codes reads the codes and starts of passages by id.
func (s *Store) Codes(ctx context.Context, ids []int64) (map[int64][]Code, map[int64][]int32, error) {
	codes, starts := map[int64][]Code{}, map[int64][]int32{}
	var batch pgx.Batch
	queueCodes(&batch, ids, func(id int64, c []Code, s []int32) { codes[id], starts[id] = c, s })
	err := s.pool.SendBatch(ctx, &batch).Close()
	return codes, starts, err
}

// queueCodes asks for the codes of passages by id and hands them to found, in any order. Passages without codes
// are left out.
func queueCodes(batch *pgx.Batch, ids []int64, found func(id int64, codes []Code, starts []int32)) {
	batch.Queue(`select passage_id, codes from passage_codes where passage_id = any($1)`, ids).
		Query(func(rows pgx.Rows) error {
			var id int64
			var data pgtype.DriverBytes // the driver's memory, good until the next row
			_, err := pgx.ForEachRow(rows, []any{&id, &data}, func() error {
				codes, starts, err := decodeTokens(data)
				if err != nil {
					return fmt.Errorf("codes of passage %d: %w", id, err)
				}
				found(id, codes, starts)
				return nil
			})
			return err
		})
}

// DropOlder is DropOld with another age.
func (s *Store) DropOlder(ctx context.Context, kept time.Duration) error { return s.dropOld(ctx, kept) }

// MigrateTo brings a database to an older version of the schema.
func MigrateTo(ctx context.Context, conn *pgx.Conn, version int) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := needVector(ctx, tx); err != nil {
			return err
		}
		names, err := fs.Glob(migrations, "migrations/*.sql")
		if err != nil {
			return err
		}
		return applyNames(ctx, tx, names[:version])
	})
}
