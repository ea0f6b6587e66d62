package web

import "time"

// Routes are the patterns of what is served.
func Routes(o Options) []string { return newServer(o).routes().patterns }

// Quick are the options with short waits.
func Quick(o Options) Options {
	o.waits = waits{slot: 20 * time.Millisecond, write: 250 * time.Millisecond, event: 250 * time.Millisecond, pulse: 10 * time.Millisecond}
	return o
}
