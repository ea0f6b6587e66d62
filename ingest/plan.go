package ingest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"

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

	known  knownFiles        // when it was made
	before map[string]string // paths before they were renamed
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
		ofSidecar.ReplaceAllString(old.MadeBy, "") == source{delimiter: j.Delimiter}.madeBy()
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

// findRenamed looks among the new files for those that are gone under another name. A file is read only where one of its
// size is gone.
func (j Job) findRenamed(ctx context.Context, c Corpus, p *Plan) error {
	type content struct {
		size int64
		hash string
	}
	gone, sizes := map[content][]string{}, map[int64]bool{}
	for _, path := range p.Removed {
		if k := p.known[path]; k.Size > 0 {
			is := content{k.Size, string(k.Hash)}
			gone[is], sizes[k.Size] = append(gone[is], path), true
		}
	}
	for _, f := range p.Todo {
		if _, isKnown := p.known[f.Path]; isKnown || !sizes[f.Size] {
			continue
		}
		r, err := c.Read(ctx, f)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			continue // its own turn tells
		}
		hash := sha256.Sum256(r.Raw)
		is := content{int64(len(r.Raw)), string(hash[:])}
		if len(gone[is]) == 0 {
			continue
		}
		p.Renamed = append(p.Renamed, Rename{From: gone[is][0], To: f.Path, to: rag.Seen{Path: f.Path, Root: f.Root}})
		gone[is] = gone[is][1:]
	}
	p.before = make(map[string]string, len(p.Renamed))
	left := make(map[string]bool, len(p.Renamed))
	for _, r := range p.Renamed {
		p.before[r.To], left[r.From] = r.From, true
	}
	p.Removed = slices.DeleteFunc(p.Removed, func(path string) bool { return left[path] })
	return nil
}

// Begin does what of a plan needs no embedding: what was renamed has its new name, and what is gone leaves the answers.
func (j Job) Begin(ctx context.Context, p Plan) error {
	for _, r := range p.Renamed {
		if err := j.Library.Rename(ctx, r.From, r.to); err != nil {
			return err
		}
	}
	if len(p.Removed) == 0 {
		return nil
	}
	return j.Library.Remove(ctx, p.Removed)
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
	}
	s, err := j.open(ctx, c, f)
	switch {
	case err != nil:
		return "", err
	case !isKnown:
		return New, nil
	case j.has(old, s):
		return Touched, nil
	}
	return Changed, nil
}
