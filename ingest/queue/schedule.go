package queue

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Bounds of a schedule by durations.
const (
	minEvery = time.Minute
	maxEvery = 366 * 24 * time.Hour
)

// ErrSchedule says what a schedule may be.
var ErrSchedule = errors.New("want a duration from 1m to 8784h such as 6h, a cron expression of five fields such as \"30 3 * * *\", or off")

// Schedule says when the corpus is synced. The zero value is never.
type Schedule struct {
	cron  cron.Schedule
	every time.Duration
	zone  *time.Location
}

// ParseSchedule reads a duration, a cron expression of five fields (in the time zone), or "off".
func ParseSchedule(text string, zone *time.Location) (Schedule, error) {
	text = strings.TrimSpace(text)
	if text == "off" {
		return Schedule{}, nil
	}
	if every, err := time.ParseDuration(text); err == nil {
		if every < minEvery || every > maxEvery {
			return Schedule{}, ErrSchedule
		}
		return Schedule{every: every}, nil
	}
	if len(strings.Fields(text)) != 5 {
		return Schedule{}, ErrSchedule
	}
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(text)
	if err != nil {
		return Schedule{}, fmt.Errorf("%w: %w", ErrSchedule, err)
	}
	if parsed.Next(time.Unix(0, 0)).IsZero() {
		return Schedule{}, fmt.Errorf("%w: there is no such day", ErrSchedule)
	}
	return Schedule{cron: parsed, zone: zone}, nil
}

// IsOff says whether nothing is ever due.
func (s Schedule) IsOff() bool { return s.cron == nil && s.every == 0 }

// Next is the first time after t at which a sync is due; zero where none ever is. Durations are counted from the same
// moment by every process, so that a restart does not shift them.
func (s Schedule) Next(t time.Time) time.Time {
	switch {
	case s.every > 0:
		return t.Truncate(s.every).Add(s.every)
	case s.cron != nil:
		return s.cron.Next(t.In(s.zone))
	}
	return time.Time{}
}

// Due says whether a sync that began at last was followed by a time at which one was due, by now. A zero last is none.
func (s Schedule) Due(last, now time.Time) bool {
	if s.IsOff() {
		return false
	}
	if last.IsZero() {
		return true
	}
	next := s.Next(last)
	return !next.IsZero() && !next.After(now)
}
