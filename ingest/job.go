package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"yinju/ingest/document"
	"yinju/rag"
)

// rules names the reading, reflow, segmentation and cutting of this package, and what the store makes of them. A
// source made by other rules is made again, so change it with them.
const rules = "2026-11-25.3"

const (
	filesAtOnce  = 4 // enough to keep the embedder busy while a file is read or stored
	giveUpAfter  = 5 // failures in a row of the model or the store, which mean that it is not the file
	bytesPassage = 3 * passageGoal
)

// Library is where editions go.
type Library interface {
	Known(ctx context.Context) (map[string]rag.Known, error)
	Replace(ctx context.Context, e rag.Edition) error
	Touch(ctx context.Context, seen []rag.Seen) error
	Remove(ctx context.Context, paths []string) error
}

// Embedder makes one vector a text. langchaingo's embeddings.Embedder has it.
type Embedder interface {
	EmbedDocuments(ctx context.Context, texts []string) ([][]float32, error)
}

// TokenEncoder is an embedder that makes codes for late interaction in the same pass as a vector. Where the
// Embedder of a Job is one, they are stored.
type TokenEncoder interface {
	EncodeDocuments(ctx context.Context, texts []string) ([]rag.Encoded, error)
}

// Job syncs the store with a corpus.
type Job struct {
	Library   Library
	Embedder  Embedder
	Model     string           // names the embedder; other vectors and codes than its own are made again
	Count     func(string) int // tokens of a text as the model counts them
	MaxTokens int              // the longest text the model takes, in tokens
	Delimiter *regexp.Regexp   // of a whole line that parts the articles of a file; nil: none
	Progress  func(Progress)   // called often, one call at a time; may be nil
}

// Progress is how far a sync is. Total is an estimate until every file has been cut.
type Progress struct {
	Files, AllFiles int
	Passages, Total int
}

// Failure is one file that could not be ingested, and why. What the store holds of it stays.
type Failure struct {
	Path string
	Err  error
}

// Report says what a sync did.
type Report struct {
	Files     int // in the corpus
	Unchanged int
	Added     int
	Changed   int
	Removed   []string
	Articles  int // in files added and changed
	Passages  int // embedded
	Failed    []Failure
	Strays    []string // sidecars whose source is not there
	Unread    []Unread // pages that are images: what stands on them is not in the store
	Took      time.Duration
}

// Unread is pages, 1-based, of a file of which the rest was read.
type Unread struct {
	Path  string
	Pages []int
}

// Run makes the store equal to the corpus at paths: new files are added, changed ones replaced and
// unchanged ones left alone; when the paths are folders, what came from elsewhere is removed. Files that
// fail are in the report and do not stop the others.
func (j Job) Run(ctx context.Context, paths []string) (Report, error) {
	begin := time.Now()
	l, err := list(paths)
	if err != nil {
		return Report{}, err
	}
	known, err := j.Library.Known(ctx)
	if err != nil {
		return Report{}, err
	}
	if err := l.adopt(known); err != nil {
		return Report{}, err
	}
	s := &run{Job: j, known: known, report: Report{Files: len(l.files) + len(l.failed), Failed: slices.Clone(l.failed), Strays: l.strays()}}
	s.progress.AllFiles = len(l.files)
	for _, f := range l.files {
		s.bytesLeft += f.size
	}
	err = s.files(ctx, l.files)
	if err == nil {
		err = s.removeOthers(ctx, l)
	}
	s.report.Took = time.Since(begin)
	slices.SortFunc(s.report.Unread, func(a, b Unread) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(s.report.Failed, func(a, b Failure) int { return strings.Compare(a.Path, b.Path) })
	return s.report, err
}

// adopt gives files named by themselves the names under which the store has them. A new one may not take
// the name of another file.
func (l *listing) adopt(known map[string]rag.Known) error {
	byPlace := make(map[string]rag.Known, len(known))
	for _, k := range known {
		byPlace[filepath.Join(k.Root, filepath.FromSlash(k.Path))] = k
	}
	for i := range l.files {
		f := &l.files[i]
		if !f.single {
			continue
		}
		if k, ok := byPlace[f.abs]; ok {
			f.path, f.root = k.Path, k.Root
		} else if other, taken := known[f.path]; taken {
			return fmt.Errorf("ingest %s: %s of %s is cited as %q already: rename the file, or ingest both folders together", f.abs, other.Path, other.Root, f.path)
		}
	}
	return nil
}

// run is one run of the job.
type run struct {
	Job
	known map[string]rag.Known

	mu        sync.Mutex // guards what follows
	report    Report
	progress  Progress
	bytesLeft int64 // of files not cut so far
	planned   int   // passages of files cut so far
	inARow    int   // failures of the model or the store
}

func (s *run) files(ctx context.Context, files []file) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(filesAtOnce)
	for _, f := range files {
		if groupCtx.Err() != nil {
			break
		}
		group.Go(func() error { return s.file(groupCtx, f) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// file brings one file up to date. It returns an error only where going on makes no sense.
func (s *run) file(ctx context.Context, f file) error {
	raw, err := readFile(f.abs)
	if err != nil {
		return s.fail(f, plain(err))
	}
	hash := sha256.Sum256(raw)
	side, err := sidecarOf(f.abs)
	if err != nil {
		return s.fail(f, err)
	}
	src := source{sidecar: side, delimiter: s.Delimiter}
	madeBy := src.madeBy()
	old, isKnown := s.known[f.path]
	if isKnown && bytes.Equal(old.Hash, hash[:]) && old.MadeBy == madeBy && old.Embedder == s.Model {
		return s.unchanged(ctx, f, old)
	}
	if src.doc, err = document.Read(ctx, f.abs, raw); err != nil {
		return s.unread(ctx, f, err)
	}
	articles, err := src.articles()
	if err != nil {
		return s.fail(f, err)
	}
	e := rag.Edition{
		Source: rag.Source{Path: f.path, Root: f.root, Hash: hash[:]}, MadeBy: madeBy, Embedder: s.Model, Articles: articles,
	}
	c := cutter{count: s.Count, maxTokens: s.MaxTokens}
	for _, a := range articles {
		e.Passages = append(e.Passages, c.passages(a)...)
	}
	if len(e.Passages) == 0 {
		return s.fail(f, ErrNoText)
	}
	s.cut(f, len(e.Passages))
	if err := s.store(ctx, e); err != nil {
		return s.brokenPart(ctx, f, err)
	}
	s.done(e, isKnown)
	if len(src.doc.Unread) > 0 {
		s.update(func() { s.report.Unread = append(s.report.Unread, Unread{Path: f.path, Pages: src.doc.Unread}) })
	}
	return nil
}

// portion is how many passages are embedded between two looks at the progress.
const portion = 32

// store embeds an edition and stores it.
func (s *run) store(ctx context.Context, e rag.Edition) error {
	for part := range slices.Chunk(e.Passages, portion) {
		if err := s.embed(ctx, part); err != nil {
			return fmt.Errorf("embed: %w", err)
		}
		s.embedded(len(part))
	}
	return s.Library.Replace(ctx, e)
}

func (j Job) embed(ctx context.Context, passages []rag.Passage) error {
	texts := make([]string, len(passages))
	for i := range passages {
		texts[i] = passages[i].IndexText()
	}
	encoded, err := j.encode(ctx, texts)
	if err != nil {
		return err
	}
	if len(encoded) != len(passages) {
		return fmt.Errorf("%d vectors came back for %d passages", len(encoded), len(passages))
	}
	for i := range passages {
		passages[i].Take(encoded[i])
	}
	return nil
}

// encode gives the texts' vectors, and their codes where the embedder has them.
func (j Job) encode(ctx context.Context, texts []string) ([]rag.Encoded, error) {
	if e, ok := j.Embedder.(TokenEncoder); ok {
		return e.EncodeDocuments(ctx, texts)
	}
	vectors, err := j.Embedder.EmbedDocuments(ctx, texts)
	encoded := make([]rag.Encoded, len(vectors))
	for i := range vectors {
		encoded[i].Vector = vectors[i]
	}
	return encoded, err
}

func (s *run) unchanged(ctx context.Context, f file, old rag.Known) error {
	if old.Root != f.root {
		if err := s.Library.Touch(ctx, []rag.Seen{{Path: f.path, Root: f.root, Version: old.Version}}); err != nil {
			return s.brokenPart(ctx, f, err)
		}
	}
	s.update(func() {
		s.report.Unchanged++
		s.progress.Files++
		s.bytesLeft -= f.size
	})
	return nil
}

// unread notes a file that cannot be read.
func (s *run) unread(ctx context.Context, f file, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return s.fail(f, err)
}

// fail notes a file that cannot be taken.
func (s *run) fail(f file, err error) error {
	s.update(func() {
		s.report.Failed = append(s.report.Failed, Failure{Path: f.path, Err: err})
		s.progress.Files++
		s.bytesLeft -= f.size
	})
	return nil
}

// brokenPart notes a file that failed in the model or the store, and gives up after several in a row.
func (s *run) brokenPart(ctx context.Context, f file, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	giveUp := false
	s.update(func() {
		s.report.Failed = append(s.report.Failed, Failure{Path: f.path, Err: err})
		s.inARow++
		giveUp = s.inARow >= giveUpAfter
	})
	if giveUp || rag.IsFull(err) {
		return fmt.Errorf("ingest stopped at %s, what was stored before stays: %w", f.path, err)
	}
	return nil
}

func (s *run) cut(f file, passages int) {
	s.update(func() {
		s.bytesLeft -= f.size
		s.planned += passages
	})
}

func (s *run) embedded(n int) {
	s.update(func() {
		s.progress.Passages += n
		s.report.Passages += n
	})
}

func (s *run) done(e rag.Edition, isKnown bool) {
	s.update(func() {
		s.inARow = 0
		s.progress.Files++
		s.report.Articles += len(e.Articles)
		if isKnown {
			s.report.Changed++
		} else {
			s.report.Added++
		}
	})
}

// update changes the run's figures and shows them.
func (s *run) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.progress.Total = s.planned + int(s.bytesLeft/bytesPassage)
	if s.Progress != nil {
		s.Progress(s.progress)
	}
}

// removeOthers removes the sources that are no longer in the corpus. What could not be looked at stays: what
// is not seen need not be gone.
func (s *run) removeOthers(ctx context.Context, l listing) error {
	if !l.whole {
		return nil
	}
	gone := make(map[string]bool, len(s.known))
	for path := range s.known {
		gone[path] = !l.unseen(path)
	}
	for _, f := range l.files {
		delete(gone, f.path)
	}
	for path, isGone := range gone {
		if isGone {
			s.report.Removed = append(s.report.Removed, path)
		}
	}
	if len(s.report.Removed) == 0 {
		return nil
	}
	slices.Sort(s.report.Removed)
	return s.Library.Remove(ctx, s.report.Removed)
}
