package ingest

import (
	"context"
	"crypto/sha256"
	"slices"

	"yinju/rag"
)

const (
	rereadMost   = 1000 // files that changed under names known before, which are read to learn whether they changed names
	comparedMost = 100  // new files that are cut to learn which of those that are gone they were
)

// content tells what a file holds.
type content struct {
	size int64
	hash string
}

func contentOf(raw []byte) content {
	hash := sha256.Sum256(raw)
	return content{int64(len(raw)), string(hash[:])}
}

// findRenamed looks which sources stand under other names now: gone ones, those whose name another file has taken, and
// those that have changed names with each other. Files are read only where one of their size may have been renamed.
func (j Job) findRenamed(ctx context.Context, c Corpus, p *Plan) error {
	m := newMoves(p)
	for _, f := range m.suspects() {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if r, err := c.Read(ctx, f); err == nil { // else its own turn tells
			m.now[f.Path] = contentOf(r.Raw)
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := m.match(func(path string) (bool, error) {
		from, err := j.sameAs(ctx, c, m.todo[path], []string{path})
		return from != "", err
	}); err != nil {
		return err
	}
	if err := j.findEdited(ctx, c, m); err != nil {
		return err
	}
	m.settle()
	return nil
}

// moves is what a plan learns of files that were renamed.
type moves struct {
	*Plan
	todo    map[string]File // by path
	removed map[string]bool
	reread  bool // also files that changed under a name known before
	now     map[string]content
}

func newMoves(p *Plan) *moves {
	p.before, p.left = map[string]string{}, map[string]bool{}
	m := &moves{Plan: p, todo: make(map[string]File, len(p.Todo)), removed: make(map[string]bool, len(p.Removed)), now: map[string]content{}}
	for _, path := range p.Removed {
		m.removed[path] = true
	}
	n := 0
	for _, f := range p.Todo {
		m.todo[f.Path] = f
		if m.isKnown(f) {
			n++
		}
	}
	m.reread = n <= rereadMost
	return m
}

func (m *moves) isKnown(f File) bool {
	_, ok := m.known[f.Path]
	return ok
}

// sources are those that may have been renamed.
func (m *moves) sources() []string {
	paths := slices.Clone(m.Removed)
	for _, f := range m.Todo {
		if m.reread && m.isKnown(f) {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// suspects are the files that are to be read: those as large as a source was that may have been renamed, unless it can
// only be their own.
func (m *moves) suspects() (files []File) {
	was, is := map[int64]int{}, map[int64]int{}
	for _, path := range m.sources() {
		was[m.known[path].Size]++
	}
	for _, f := range m.Todo {
		is[f.Size]++
	}
	for _, f := range m.Todo {
		switch k, isKnown := m.known[f.Path]; {
		case f.Size == 0 || was[f.Size] == 0, isKnown && !m.reread:
		case isKnown && k.Size == f.Size && was[f.Size] == 1 && is[f.Size] == 1:
		default:
			files = append(files, f)
		}
	}
	return files
}

// match finds the files that hold what a source held that does not stand under its own name any more. isEdited says whether
// what stands there is still that source, edited: then the other file is a copy of what it was.
func (m *moves) match(isEdited func(path string) (bool, error)) error {
	left := map[content][]string{}
	for _, path := range m.sources() {
		k := m.known[path]
		if was := (content{k.Size, string(k.Hash)}); m.removed[path] || m.isOther(path, was) {
			left[was] = append(left[was], path)
		}
	}
	for _, f := range m.Todo {
		is, ok := m.now[f.Path]
		if !ok || string(m.known[f.Path].Hash) == is.hash {
			continue
		}
		for len(left[is]) > 0 {
			path := left[is][0]
			left[is] = left[is][1:]
			if !m.removed[path] {
				if stays, err := isEdited(path); err != nil {
					return err
				} else if stays {
					continue
				}
			}
			m.found(path, f)
			break
		}
	}
	return nil
}

// isOther says whether a file surely holds something else than its source did.
func (m *moves) isOther(path string, was content) bool {
	if is, ok := m.now[path]; ok {
		return is != was
	}
	return m.todo[path].Size != was.size
}

func (m *moves) found(from string, to File) {
	m.Renamed = append(m.Renamed, Rename{From: from, To: to.Path, to: rag.Seen{Path: to.Path, Root: to.Root}})
	m.before[to.Path], m.left[from] = from, true
}

// settle takes what was found from what is gone.
func (m *moves) settle() {
	for _, r := range m.Renamed {
		if _, isKnown := m.known[r.To]; isKnown && !m.left[r.To] {
			m.overwritten = append(m.overwritten, r.To)
		}
	}
	m.Removed = slices.DeleteFunc(m.Removed, func(path string) bool { return m.left[path] })
}

// findEdited looks for gone sources among the new files that hold at least half of the passages of one: such a file was
// renamed and edited. Its articles stay in the answers until what was changed is embedded.
func (j Job) findEdited(ctx context.Context, c Corpus, m *moves) error {
	gone := slices.DeleteFunc(slices.Clone(m.Removed), func(path string) bool { return m.left[path] })
	compared := 0
	for _, f := range m.Todo {
		if m.isKnown(f) || m.before[f.Path] != "" || !slices.ContainsFunc(gone, func(path string) bool { return isAbout(m.known[path].Size, f.Size) }) {
			continue
		}
		if compared++; compared > comparedMost {
			break
		}
		from, err := j.sameAs(ctx, c, f, gone)
		if err != nil {
			return err
		}
		if from != "" {
			m.found(from, f)
			gone = slices.DeleteFunc(gone, func(path string) bool { return path == from })
		}
	}
	return nil
}

// isAbout says whether a file of one size may be one of another after it was edited.
func isAbout(was, is int64) bool { return was > 0 && is <= 2*was && was <= 2*is }

// sameAs is the source that holds at least half of a file's passages; "" where none does, or the file cannot be read.
func (j Job) sameAs(ctx context.Context, c Corpus, f File, gone []string) (string, error) {
	s, err := j.open(ctx, c, f)
	var e rag.Edition
	if err == nil {
		e, _, err = j.edition(ctx, f, s)
	}
	if err != nil {
		return "", context.Cause(ctx) // its own turn tells
	}
	digests := make(map[rag.Digest]bool, len(e.Passages))
	all := make([]rag.Digest, 0, len(e.Passages))
	for i := range e.Passages {
		if d := e.Passages[i].Digest(); !digests[d] {
			digests[d] = true
			all = append(all, d)
		}
	}
	from, n, err := j.Library.Holding(ctx, all, gone)
	if err != nil || 2*n < len(all) {
		return "", err
	}
	return from, nil
}
