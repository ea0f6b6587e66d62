package rag

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Codes reads the codes and starts of passages by id.
func (s *Store) Codes(ctx context.Context, ids []int64) (map[int64][]Code, map[int64][]int32, error) {
	codes, starts := map[int64][]Code{}, map[int64][]int32{}
	var batch pgx.Batch
	queueCodes(&batch, ids, func(id int64, c []Code, s []int32) { codes[id], starts[id] = c, s })
	err := s.pool.SendBatch(ctx, &batch).Close()
	return codes, starts, err
}
