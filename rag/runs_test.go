package rag_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinju/rag"
	"yinju/rag/ragtest"
)

func TestTheLastRunsAreKept(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	if _, err := s.LastRun(t.Context()); !errors.Is(err, rag.ErrNoRun) {
		t.Errorf("before the first: %v", err)
	}
	begin := time.Date(2026, 11, 28, 1, 2, 3, 0, time.UTC)
	for i := range rag.MaxRuns + 5 {
		r := rag.IngestRun{Started: begin, Ended: begin.Add(time.Minute), Report: json.RawMessage(fmt.Sprintf(`{"files":%d}`, i))}
		if err := s.KeepRun(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	runs, err := s.Runs(t.Context(), 1000)
	if err != nil || len(runs) != rag.MaxRuns || string(runs[rag.MaxRuns-1].Report) != `{"files":5}` {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	last, err := s.LastRun(t.Context())
	if err != nil || string(last.Report) != `{"files":104}` || !last.Started.Equal(begin) || last.Ended.Sub(last.Started) != time.Minute || last.Error != "" {
		t.Errorf("the last one: %+v, %v", last, err)
	}
	if two, err := s.Runs(t.Context(), 2); err != nil || !cmp.Equal(two, runs[:2]) {
		t.Errorf("at most two: %+v, %v", two, err)
	}
}

// What went wrong is kept, also where it is no text that the database takes.
func TestARunThatFailedIsKeptWithItsError(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	const report = `{"failed":[{"file":"a\u0000b","error":"no text"}]}`
	r := rag.IngestRun{Started: time.Now(), Ended: time.Now(), Report: json.RawMessage(report), Error: "a\x00\xff" + strings.Repeat("长", 3000)}
	if err := s.KeepRun(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	got, err := s.LastRun(t.Context())
	if want := "a\uFFFD\uFFFD" + strings.Repeat("长", 1997); err != nil || string(got.Report) != report || got.Error != want {
		t.Errorf("%.100s, %.20q, %v", got.Report, got.Error, err)
	}
	for _, odd := range []string{"", "{", `"` + strings.Repeat("a", rag.MaxReport) + `"`} {
		if err := s.KeepRun(t.Context(), rag.IngestRun{Report: json.RawMessage(odd)}); !errors.Is(err, rag.ErrReport) {
			t.Errorf("%.10q: %v", odd, err)
		}
	}
	if got, err := s.Runs(t.Context(), 10); err != nil || len(got) != 1 {
		t.Errorf("kept %d, %v", len(got), err)
	}
}
