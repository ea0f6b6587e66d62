package web

import "time"

// Quick are the options with short waits.
func Quick(o Options) Options {
	o.waits = waits{slot: 20 * time.Millisecond, event: 50 * time.Millisecond, pulse: 10 * time.Millisecond}
	return o
}
