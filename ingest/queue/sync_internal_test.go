package queue

import (
	"context"
	"testing"

	"yinju/rag/ragtest"
)

// nothing is work of which there is none.
type nothing struct{}

func (nothing) Spec() string                             { return "/corpus" }
func (nothing) Plan(context.Context, bool) (Plan, error) { return Plan{}, nil }
func (nothing) Finish(context.Context, bool) error       { return nil }
func (nothing) Lasting(error) bool                       { return false }
func (nothing) Fatal(error) bool                         { return false }
func (nothing) File(context.Context, File, func(done, passages int)) (Outcome, error) {
	return Outcome{}, nil
}

// A sync may have been planned, and its job be over, between the look at it and the question whether anybody plans it.
func TestASyncThatHasJustBeenPlannedGoesOn(t *testing.T) {
	t.Parallel()
	store := ragtest.Store(t)
	q, err := New(t.Context(), Options{Pool: store.Pool(), Work: nothing{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, isPlanned := range []bool{true, false} {
		var s syncRow
		if err := store.Pool().QueryRow(t.Context(), `insert into ingest_syncs (id, job, corpus, queue, forced, planned) values (1, 7, '/corpus', $1, false, $2) returning id, job, queue`,
			q.name, isPlanned).Scan(&s.ID, &s.Job, &s.Queue); err != nil {
			t.Fatal(err)
		}
		if err := q.breakOffDead(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if _, err := q.current(t.Context()); (err == nil) != isPlanned {
			t.Errorf("planned %t: %v", isPlanned, err)
		}
		if _, err := store.Pool().Exec(t.Context(), `delete from ingest_syncs`); err != nil {
			t.Fatal(err)
		}
	}
}
