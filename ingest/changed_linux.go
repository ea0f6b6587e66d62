package ingest

import (
	"io/fs"
	"syscall"
	"time"
)

// statusChanged is when a file's contents, name or rights were last changed, which no program sets; zero where that is not
// known.
func statusChanged(info fs.FileInfo) time.Time {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}
	}
	return time.Unix(stat.Ctim.Unix())
}
