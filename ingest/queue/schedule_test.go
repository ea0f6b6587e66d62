package queue_test

import (
	"errors"
	"testing"
	"time"

	"yinju/ingest/queue"
)

func at(t *testing.T, zone *time.Location, text string) time.Time {
	t.Helper()
	got, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func schedule(t *testing.T, text string, zone *time.Location) queue.Schedule {
	t.Helper()
	s, err := queue.ParseSchedule(text, zone)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return s
}

func TestCronIsReadInItsTimeZone(t *testing.T) {
	t.Parallel()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	s := schedule(t, "30 3 * * 1-5", shanghai)
	// A Friday, 19:00 in UTC, is Saturday 03:00 in Shanghai: the next working day is Monday.
	if got, want := s.Next(at(t, time.UTC, "2026-11-27 19:00")), at(t, shanghai, "2026-11-30 03:30"); !got.Equal(want) {
		t.Errorf("next %v, want %v", got, want)
	}
	if got, want := s.Next(at(t, time.UTC, "2026-11-26 19:00")), at(t, time.UTC, "2026-11-26 19:30"); !got.Equal(want) {
		t.Errorf("next %v, want %v", got, want)
	}
}

func TestDurationsKeepToOneGrid(t *testing.T) {
	t.Parallel()
	s := schedule(t, "6h", time.Local)
	for _, from := range []string{"2026-11-27 12:00", "2026-11-27 12:01", "2026-11-27 17:59"} {
		if got, want := s.Next(at(t, time.UTC, from)), at(t, time.UTC, "2026-11-27 18:00"); !got.Equal(want) {
			t.Errorf("after %s comes %v, want %v", from, got, want)
		}
	}
}

func TestDueIsWhatWasMissed(t *testing.T) {
	t.Parallel()
	s := schedule(t, "0 3 * * *", time.UTC)
	for _, c := range []struct {
		last, now string
		due       bool
	}{
		{"2026-11-27 03:00", "2026-11-27 23:00", false},
		{"2026-11-27 03:00", "2026-11-28 02:59", false},
		{"2026-11-27 03:00", "2026-11-28 03:00", true},
		{"2026-11-27 03:00", "2026-12-24 12:00", true},
	} {
		if got := s.Due(at(t, time.UTC, c.last), at(t, time.UTC, c.now)); got != c.due {
			t.Errorf("last %s, now %s: due %v", c.last, c.now, got)
		}
	}
	if !s.Due(time.Time{}, time.Now()) {
		t.Error("a corpus that was never synced is not due")
	}
	if off := schedule(t, "off", time.UTC); off.Due(time.Time{}, time.Now()) || !off.IsOff() {
		t.Error("off is due")
	}
}

func TestScheduleFaults(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "6", "10s", "-1h", "9000h", "every day", "* * * *", "0 3 * * * *", "61 * * * *", "0 0 30 2 *", "CRON_TZ=UTC 0 3 * * *", "@daily"} {
		if _, err := queue.ParseSchedule(text, time.UTC); !errors.Is(err, queue.ErrSchedule) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
