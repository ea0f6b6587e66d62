package ingest

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"

	"yinju/ingest/document"
	"yinju/rag"
)

// DefaultMaxRemoved is the share of the sources that a sync removes at most without being forced.
const DefaultMaxRemoved = 0.5

// Plan is what a sync has to do, as far as that can be told from the names and versions of files.
type Plan struct {
	Whole     bool      // the corpus is all that there is, not some files by name
	Files     int       // in the corpus
	Unchanged int       // of them
	Todo      []File    // new ones, and those that may have changed
	Renamed   []Rename  // their targets are in Todo, too: a sidecar may have come or gone with the name
	Removed   []string  // by path
	Failed    []Failure // what could not be looked at
	Strays    []string  // sidecars whose source is not there

	known       knownFiles        // when it was made
	before      map[string]string // paths before they were renamed, by the new ones
	left        map[string]bool   // those paths
	overwritten []string          // sources whose file was renamed over by another
}

// Rename is a source whose file stands elsewhere now.
type Rename struct {
	From, To string
	to       rag.Seen
}

// MassRemovalError says that a sync would remove more than may be without being forced: more likely a folder is not
// mounted. Nothing was changed.
type MassRemovalError struct{ Removed, Known int }

func (e *MassRemovalError) Error() string {
	return fmt.Sprintf("%d of %d files would be removed; nothing was changed: look whether the corpus is all there (a folder may not be mounted), or use --force", e.Removed, e.Known)
}

// Plan compares the corpus with the store. Files are read only where one may have been renamed. Errors are those of the
// corpus and the store, ErrNoSources, and *MassRemovalError with what the plan would be.
func (j Job) Plan(ctx context.Context, c Corpus) (Plan, error) {
	l, err := c.List(ctx)
	if err != nil {
		return Plan{}, err
	}
	if !j.Force || !l.Whole {
		if err := l.check(c); err != nil {
			return Plan{}, err
		}
	}
	known, err := j.Library.Known(ctx)
	if err != nil {
		return Plan{}, err
	}
	if err := l.adopt(known); err != nil {
		return Plan{}, err
	}
	p := Plan{Whole: l.Whole, Files: len(l.Files) + len(l.Failed), Failed: slices.Clone(l.Failed), Strays: l.strays(), known: known}
	for _, f := range l.Files {
		if old, ok := known[f.Path]; ok && j.isCurrent(old, f) {
			p.Unchanged++
		} else {
			p.Todo = append(p.Todo, f)
		}
	}
	p.Removed = l.gone(known)
	if err := j.findRenamed(ctx, c, &p); err != nil {
		return Plan{}, err
	}
	if n := len(p.Removed); !j.Force && float64(n) > j.MaxRemoved*float64(len(known)) {
		return p, &MassRemovalError{n, len(known)}
	}
	return p, nil
}

type knownFiles = map[string]rag.Known

// adopt gives files named by themselves the names under which the store has them. A new one may not take
// the name of another file.
func (l *Listing) adopt(known knownFiles) error {
	byPlace := make(map[string]rag.Known, len(known))
	for _, k := range known {
		byPlace[filepath.Join(k.Root, filepath.FromSlash(k.Path))] = k
	}
	for i := range l.Files {
		f := &l.Files[i]
		if !f.Single {
			continue
		}
		if k, ok := byPlace[f.At]; ok {
			f.Path, f.Root = k.Path, k.Root
		} else if other, taken := known[f.Path]; taken {
			return fmt.Errorf("ingest %s: %s of %s is cited as %q already: rename the file, or ingest both folders together", f.At, other.Path, other.Root, f.Path)
		}
	}
	return nil
}

var ofSidecar = regexp.MustCompile(` sidecar [0-9a-f]+`)

// isCurrent says whether the store has a file as it is, so that it need not be read. The version tells of sidecars, too.
func (j Job) isCurrent(old rag.Known, f File) bool {
	return f.Version != "" && old.Version == f.Version && old.Root == f.Root && old.Embedder == j.Model &&
		ofSidecar.ReplaceAllString(old.MadeBy, "") == source{format: document.Format(f.Path), delimiter: j.Delimiter}.madeBy()
}

// gone are the sources that are no longer in the corpus. What could not be looked at stays: what is not seen need not be
// gone.
func (l Listing) gone(known knownFiles) (gone []string) {
	if !l.Whole {
		return nil
	}
	here := make(map[string]bool, len(l.Files))
	for _, f := range l.Files {
		here[f.Path] = true
	}
	unseen := l.unseen()
	for path := range known {
		if !here[path] && !unseen(path) {
			gone = append(gone, path)
		}
	}
	slices.Sort(gone)
	return gone
}

// Begin does what of a plan needs no embedding: what was renamed has its new name, and what is gone leaves the answers.
func (j Job) Begin(ctx context.Context, p Plan) error {
	if gone := slices.Concat(p.Removed, p.overwritten); len(gone) > 0 {
		if err := j.Library.Remove(ctx, gone); err != nil {
			return err
		}
	}
	if len(p.Renamed) == 0 {
		return nil
	}
	moves := make([]rag.Move, len(p.Renamed))
	for i, r := range p.Renamed {
		moves[i] = rag.Move{From: r.From, To: r.to}
	}
	return j.Library.Rename(ctx, moves)
}

// Change says what a sync would do with a file of the plan.
type Change string

// What may become of a file.
const (
	New     Change = "new"
	Changed Change = "changed"
	Touched Change = "touched" // its bytes are those that the store has
)

// Foresee says what would become of a file of the plan. Nothing is changed. Errors are why it could not be read.
func (j Job) Foresee(ctx context.Context, c Corpus, p Plan, f File) (Change, error) {
	old, isKnown := p.known[f.Path]
	if from, ok := p.before[f.Path]; ok {
		old, isKnown = p.known[from], true
	} else if p.left[f.Path] {
		isKnown = false
	}
	s, err := j.open(ctx, c, f)
	if err != nil {
		return "", err
	}
	if isKnown && j.has(old, s) {
		return Touched, nil
	}
	if _, _, err := j.edition(ctx, f, s); err != nil {
		return "", err
	}
	if isKnown {
		return Changed, nil
	}
	return New, nil
}
