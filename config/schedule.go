package config

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a machine without time zones of its own, such as a small container

	"github.com/robfig/cron/v3"
)

// Reingest is when the corpus is synced without being asked.
type Reingest struct {
	Schedule Schedule
	Watch    bool // also when something changes in the folder

	every string
	zone  *time.Location
}

const defaultEvery = "1h"

func reingestDefaults() Reingest {
	return Reingest{Watch: true, every: defaultEvery, zone: time.Local}
}

var reingestKeys = []key{
	{"REINGEST_EVERY", false, func(c *Config, v string) error { c.Reingest.every = v; return nil }},
	{"REINGEST_TIME_ZONE", false, func(c *Config, v string) (err error) {
		c.Reingest.zone, err = time.LoadLocation(v)
		return err
	}},
	{"REINGEST_WATCH", false, func(c *Config, v string) error {
		if v != "on" && v != "off" {
			return errors.New("want on or off")
		}
		c.Reingest.Watch = v == "on"
		return nil
	}},
}

// checkReingest reads the schedule, which takes the time zone.
func (c *Config) checkReingest() []error {
	zone := c.Reingest.zone
	if zone == nil {
		zone = time.Local // it was none: said already
	}
	var err error
	if c.Reingest.Schedule, err = parseSchedule(c.Reingest.every, zone); err != nil {
		return []error{fmt.Errorf("REINGEST_EVERY: %w", err)}
	}
	return nil
}

// Bounds of a schedule by durations.
const (
	minEvery = time.Minute
	maxEvery = 366 * 24 * time.Hour
)

var errSchedule = errors.New("want a duration from 1m to 8784h such as 6h, a cron expression of five fields such as \"30 3 * * *\", or off")

// Schedule says when the corpus is synced. The zero value is never.
type Schedule struct {
	cron  cron.Schedule
	every time.Duration
	zone  *time.Location
}

// parseSchedule reads a duration, a cron expression of five fields (in the time zone), or "off".
func parseSchedule(text string, zone *time.Location) (Schedule, error) {
	text = strings.TrimSpace(text)
	if text == "off" {
		return Schedule{}, nil
	}
	if every, err := time.ParseDuration(text); err == nil {
		if every < minEvery || every > maxEvery {
			return Schedule{}, errSchedule
		}
		return Schedule{every: every, zone: zone}, nil
	}
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return Schedule{}, errSchedule
	}
	fields[4] = sundayIsZero(fields[4])
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(strings.Join(fields, " "))
	if err != nil {
		return Schedule{}, fmt.Errorf("%w: %w", errSchedule, err)
	}
	if parsed.Next(time.Unix(0, 0)).IsZero() {
		return Schedule{}, fmt.Errorf("%w: there is no such day", errSchedule)
	}
	return Schedule{cron: parsed, zone: zone}, nil
}

// upToSunday is days of the week, one or a range and maybe each so many, that end with Sunday as 7.
var upToSunday = regexp.MustCompile(`^(?:([0-7])-)?7(?:/([1-7]))?$`)

// sundayIsZero writes Sunday as 0, as the parser wants it, where it is 7, as cron takes it too.
func sundayIsZero(days string) string {
	list := strings.Split(days, ",")
	for i, part := range list {
		m := upToSunday.FindStringSubmatch(part)
		if m == nil {
			continue
		}
		first, step := 7, 1
		if m[1] != "" {
			first = int(m[1][0] - '0')
		}
		if m[2] != "" {
			step = int(m[2][0] - '0')
		}
		var each []string
		for day := first; day <= 7; day += step {
			each = append(each, strconv.Itoa(day%7))
		}
		list[i] = strings.Join(each, ",")
	}
	return strings.Join(list, ",")
}

// IsOff says whether nothing is ever due.
func (s Schedule) IsOff() bool { return s.cron == nil && s.every == 0 }

// Next is the first time after t at which a sync is due, in the time zone of the schedule; zero where none ever is. Durations are counted from the same
// moment by every process, so that a restart does not shift them.
func (s Schedule) Next(t time.Time) time.Time {
	switch {
	case s.every > 0:
		return t.Truncate(s.every).Add(s.every).In(s.zone)
	case s.cron != nil:
		return s.cron.Next(t.In(s.zone))
	}
	return time.Time{}
}
