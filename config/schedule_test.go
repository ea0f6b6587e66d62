package config

import (
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, zone *time.Location, text string) time.Time {
	t.Helper()
	got, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func schedule(t *testing.T, every, zone string) Schedule {
	t.Helper()
	c, err := Load(env("REINGEST_EVERY", every, "REINGEST_TIME_ZONE", zone))
	if err != nil {
		t.Fatal(err)
	}
	return c.Reingest.Schedule
}

func TestCronIsReadInItsTimeZone(t *testing.T) {
	t.Parallel()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	s := schedule(t, "30 3 * * 1-5", "Asia/Shanghai")
	// A Friday, 19:45 in UTC, is Saturday 03:45 in Shanghai: the next working day is Monday.
	if got, want := s.Next(at(t, time.UTC, "2026-11-27 19:45")), at(t, shanghai, "2026-11-30 03:30"); !got.Equal(want) {
		t.Errorf("next %v, want %v", got, want)
	}
	if got, want := s.Next(at(t, time.UTC, "2026-11-26 19:00")), at(t, time.UTC, "2026-11-26 19:30"); !got.Equal(want) {
		t.Errorf("next %v, want %v", got, want)
	}
}

// Sunday is 0 or 7, as cron has it.
func TestSundayMayBeSeven(t *testing.T) {
	t.Parallel()
	for seven, zero := range map[string]string{"7": "0", "1,7": "0,1", "5-7": "0,5,6", "1-7": "*", "0-7": "0-6", "1-7/2": "0,1,3,5", "7-7": "sun", "0-6": "*"} {
		a, b := schedule(t, "15 4 * * "+seven, "UTC"), schedule(t, "15 4 * * "+zero, "UTC")
		when := at(t, time.UTC, "2026-11-27 12:00")
		for range 8 {
			if got, want := a.Next(when), b.Next(when); !got.Equal(want) {
				t.Errorf("%s: next %v, want %v", seven, got, want)
			}
			when = b.Next(when)
		}
	}
}

// When a sync is due is said in the time zone of the schedule.
func TestDueTimesAreInTheirTimeZone(t *testing.T) {
	t.Parallel()
	for _, every := range []string{"6h", "30 3 * * *"} {
		if got := schedule(t, every, "Asia/Tokyo").Next(at(t, time.UTC, "2026-11-27 12:00")).Location().String(); got != "Asia/Tokyo" {
			t.Errorf("%s is due in %s", every, got)
		}
	}
}

func TestDurationsKeepToOneGrid(t *testing.T) {
	t.Parallel()
	s := schedule(t, "6h", "")
	for _, from := range []string{"2026-11-27 12:00", "2026-11-27 12:01", "2026-11-27 17:59"} {
		if got, want := s.Next(at(t, time.UTC, from)), at(t, time.UTC, "2026-11-27 18:00"); !got.Equal(want) {
			t.Errorf("after %s comes %v, want %v", from, got, want)
		}
	}
}

func TestTheCorpusIsSyncedEachHourUnlessItIsOff(t *testing.T) {
	t.Parallel()
	if got, want := schedule(t, "", "").Next(at(t, time.UTC, "2026-11-27 12:01")), at(t, time.UTC, "2026-11-27 13:00"); !got.Equal(want) {
		t.Errorf("next %v, want %v", got, want)
	}
	if s := schedule(t, "off", ""); !s.IsOff() || !s.Next(time.Now()).IsZero() {
		t.Error("off is due")
	}
}

func TestScheduleFaults(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"6", "10s", "-1h", "9000h", "every day", "* * * *", "0 3 * * * *", "61 * * * *", "0 3 * * 8", "0 3 * * 7-1", "0 0 30 2 *", "CRON_TZ=UTC 0 3 * * *", "@daily"} {
		if _, err := Load(env("REINGEST_EVERY", text)); err == nil || !strings.HasPrefix(err.Error(), "REINGEST_EVERY: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Load(env("REINGEST_TIME_ZONE", "Mars/Olympus", "REINGEST_WATCH", "yes")); err == nil ||
		!strings.Contains(err.Error(), "REINGEST_TIME_ZONE: ") || !strings.Contains(err.Error(), "REINGEST_WATCH: ") {
		t.Errorf("faults of the others: %v", err)
	}
}
