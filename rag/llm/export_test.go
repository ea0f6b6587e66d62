package llm

import (
	"context"
	"net/http"
	"time"
)

// SetClock puts other functions in the place of waiting and of the time of day.
func (m *Model) SetClock(sleep func(context.Context, time.Duration) error, now func() time.Time) {
	m.guard.sleep, m.guard.now = sleep, now
}

// SetBase puts another transport in the place of the network.
func (m *Model) SetBase(base http.RoundTripper) { m.guard.base = base }
