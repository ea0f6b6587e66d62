package ingest

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestWhatSaysNothingForTooLongIsLeft(t *testing.T) {
	t.Parallel()
	ctx, _, stop := untilStalled(t.Context(), time.Millisecond)
	defer stop()
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, errStalled) {
		t.Error(err)
	}
}
