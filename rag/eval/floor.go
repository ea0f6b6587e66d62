package eval

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Floor is the least that a figure has to be.
type Floor struct {
	Name  string // of a measure, or measure/type
	Value float64
}

// ErrFloor is returned for a floor that cannot be read.
var ErrFloor = errors.New("a floor is MEASURE=VALUE or MEASURE/TYPE=VALUE with a value from 0 to 1, measures are " + strings.Join(rising(), " "))

// rising are the measures of which more is better.
func rising() []string {
	return slices.DeleteFunc(Measures(), func(name string) bool { return name == FalseRefusals })
}

// ReadFloors reads floors, one a line; blank lines and what follows a # are left out.
func ReadFloors(r io.Reader) ([]Floor, error) {
	var floors []Floor
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		floor, err := parseFloor(text)
		if err != nil {
			return nil, err
		}
		floors = append(floors, floor)
	}
	return floors, lines.Err()
}

func parseFloor(text string) (Floor, error) {
	name, number, _ := strings.Cut(text, "=")
	name = strings.TrimSpace(name)
	measure, _, _ := strings.Cut(name, "/")
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(value >= 0 && value <= 1) || !slices.Contains(rising(), measure) {
		return Floor{}, fmt.Errorf("%q: %w", text, ErrFloor)
	}
	return Floor{Name: name, Value: value}, nil
}

// Miss is a floor that was not reached.
type Miss struct {
	Floor
	Have  float64
	Known bool // false: there was nothing to measure
}

// Missed are the floors that the report does not reach.
func (r *Report) Missed(floors []Floor) []Miss {
	var missed []Miss
	for _, f := range floors {
		if have, ok := r.Value(f.Name); !ok || have < f.Value {
			missed = append(missed, Miss{f, have, ok})
		}
	}
	return missed
}
