package queue

import (
	"context"
	"encoding/json"
	"time"
)

// Work is what a sync of one corpus consists of. Each step may be repeated: a process that is killed in the middle
// leaves it to another one.
type Work interface {
	// Spec names the corpus: processes with the same one share the work.
	Spec() string
	// Plan makes the store know what the corpus has as far as that takes no reading of text: it looks for what changed,
	// and notes what was renamed, moved or removed. Where that is too much, and it is not forced, it changes nothing.
	Plan(ctx context.Context, forced bool) (Plan, error)
	// File brings one file of the plan up to date. It says its progress as often as it likes.
	File(ctx context.Context, f File, progress func(embedded, passages int)) (Outcome, error)
	// Finish is called when every file of the plan has been worked, and before that is told.
	Finish(ctx context.Context, forced bool) error
	// Lasting says whether an error is the corpus's own fault, which no second attempt mends.
	Lasting(err error) bool
	// Fatal says whether an error of File will meet every other file too.
	Fatal(err error) bool
}

// File is one file of a plan.
type File struct {
	Path string          `json:"path"`
	Size int64           `json:"size"`
	Args json.RawMessage `json:"args,omitempty"` // what else Work wants to be told of it
}

// Plan is what is to be done.
type Plan struct {
	Whole  bool // the corpus is all that there is, not some files by name: what others noted of theirs holds no longer
	Files  []File
	Report Report // what is known, and done, so far
}

// Outcome is what became of one file. At most one of the flags is set; without any it was changed.
type Outcome struct {
	Unchanged bool   `json:"unchanged,omitempty"` // its bytes were known
	Added     bool   `json:"added,omitempty"`
	Error     string `json:"error,omitempty"` // why it was not taken
	Attempts  int    `json:"attempts,omitempty"`
	Articles  int    `json:"articles,omitempty"`
	Passages  int    `json:"passages,omitempty"` // embedded
	Reused    int    `json:"reused,omitempty"`   // not embedded again: their text was known
	Unread    []int  `json:"unread,omitempty"`   // pages that are images
}

// Report says what a sync did, as it is kept and printed.
type Report struct {
	Files     int       `json:"files"` // in the corpus
	Unchanged int       `json:"unchanged"`
	Added     int       `json:"added"`
	Changed   int       `json:"changed"`
	Touched   int       `json:"touched"` // of the unchanged ones: those that had to be read
	Renamed   []Rename  `json:"renamed"`
	Removed   []string  `json:"removed"`
	Articles  int       `json:"articles"`          // in files added and changed
	Passages  int       `json:"passages_embedded"` // as it says
	Reused    int       `json:"passages_reused"`   // not embedded again
	Failed    []Failure `json:"failed"`
	Strays    []string  `json:"stray_sidecars"`
	Unread    []Unread  `json:"unread_pages"`
	TookMS    int64     `json:"took_ms"`

	LeftOut map[string]int `json:"left_out,omitempty"` // how many names of a list are not kept
}

// Rename is a source that has another path now.
type Rename struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Failure is a file that is not in the store as it is in the corpus.
type Failure struct {
	File     string    `json:"file"`
	Error    string    `json:"error"`
	Attempts int       `json:"attempts,omitempty"`
	Since    time.Time `json:"since,omitzero"`
	Last     time.Time `json:"last,omitzero"`
}

// Unread is pages of a file that are images.
type Unread struct {
	File  string `json:"file"`
	Pages []int  `json:"pages"`
}

// add counts what became of a file.
func (r *Report) add(path string, o Outcome) {
	switch {
	case o.Error != "":
		r.Failed = append(r.Failed, Failure{File: path, Error: o.Error, Attempts: o.Attempts})
		return
	case o.Unchanged:
		r.Unchanged++
		r.Touched++
	case o.Added:
		r.Added++
	default:
		r.Changed++
	}
	r.Articles += o.Articles
	r.Passages += o.Passages
	r.Reused += o.Reused
	if len(o.Unread) > 0 {
		r.Unread = append(r.Unread, Unread{File: path, Pages: o.Unread})
	}
}

// keptMost is how many files a kept report names in each of its lists.
const keptMost = 1000

// Kept is a report of which a hundred may be kept. Its lists are not nil.
func (r Report) Kept() Report {
	r.LeftOut = map[string]int{}
	for name, n := range map[string]int{
		"renamed": len(r.Renamed), "removed": len(r.Removed), "failed": len(r.Failed), "stray_sidecars": len(r.Strays), "unread_pages": len(r.Unread),
	} {
		if n > keptMost {
			r.LeftOut[name] = n - keptMost
		}
	}
	r.Renamed, r.Removed, r.Strays = most(r.Renamed), most(r.Removed), most(r.Strays)
	r.Failed, r.Unread = most(r.Failed), most(r.Unread)
	return r
}

func most[T any](list []T) []T {
	return append([]T{}, list[:min(len(list), keptMost)]...)
}
