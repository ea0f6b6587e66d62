package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"yinju/ingest/document"
	"yinju/rag"
)

// Rules names the reading, reflow, segmentation and cutting of this package, and what the store makes of them. A
// source made by other rules is made again, and there is an index for each, so change it with them.
const Rules = "2026-11-28.1"

// What holds for every sync, in one process or by way of the queue.
const (
	FilesAtOnce  = 4               // enough to keep the embedder busy while a file is read or stored
	LargeFile    = 4 << 20         // bytes from which a file is worked by itself: it needs 35 times its size in memory, or more
	GiveUpAfter  = 5               // failures in a row of the model or the store, which mean that it is not the file
	BytesPassage = 3 * passageGoal // of a file that has not been cut, about
)

// Library is where editions go.
type Library interface {
	Known(ctx context.Context) (map[string]rag.Known, error)
	KnownAs(ctx context.Context, path string) (k rag.Known, ok bool, err error)
	Encodings(ctx context.Context, embedder string, digests []rag.Digest) (map[rag.Digest]rag.Encoding, error)
	Replace(ctx context.Context, e rag.Edition) error
	Touch(ctx context.Context, seen []rag.Seen) error
	Rename(ctx context.Context, moves []rag.Move) error
	Holding(ctx context.Context, passages []rag.Digest, paths []string) (path string, n int, err error)
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

// Job syncs the store with a corpus: Plan, Begin, then File for each of the plan's, in any order and by any number of
// processes, or Run for all of them. Each step may be repeated.
type Job struct {
	Library    Library
	Embedder   Embedder
	Model      string           // names the embedder; other vectors and codes than its own are made again
	Count      func(string) int // tokens of a text as the model counts them
	MaxTokens  int              // the longest text the model takes, in tokens
	Delimiter  *regexp.Regexp   // of a whole line that parts the articles of a file; nil: none
	MaxRemoved float64          // share of the sources that a sync removes at most, 0..1
	Force      bool             // it may remove them all
	Progress   func(Progress)   // called often by Run, one call at a time; may be nil
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
	Touched   int // of the unchanged ones: those that had to be read
	Added     int
	Changed   int
	Renamed   []Rename
	Removed   []string
	Articles  int // in files added and changed
	Passages  int // embedded
	Reused    int // not embedded, as the same text was before
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

// FileError is a fault of a file itself: it is of no use to try again before the file has changed.
type FileError struct{ Err error }

func (e *FileError) Error() string { return e.Err.Error() }

// Unwrap gives the fault.
func (e *FileError) Unwrap() error { return e.Err }

// Outcome is what became of a file.
type Outcome struct {
	Change   Change
	Articles int
	Passages int   // embedded
	Reused   int   // not embedded, as the same text was before
	Unread   []int // pages that are images
}

// File brings one file up to date. step is told how many passages are done, of how many; it may be nil. Errors are
// *FileError, ErrBusy, and what the corpus, the model and the store say.
func (j Job) File(ctx context.Context, c Corpus, f File, step func(done, all int)) (Outcome, error) {
	for range fileTries {
		out, err := j.file(ctx, c, f, step)
		if !errors.Is(err, errOvertaken) {
			return out, err
		}
	}
	return Outcome{}, ErrBusy
}

const fileTries = 3

// errOvertaken says that another process stored the file meanwhile: what was read may be older than that.
var errOvertaken = errors.New("another process has stored it meanwhile")

func (j Job) file(ctx context.Context, c Corpus, f File, step func(done, all int)) (Outcome, error) {
	s, err := j.open(ctx, c, f)
	if err != nil {
		return Outcome{}, err
	}
	old, isKnown, err := j.Library.KnownAs(ctx, f.Path)
	if err != nil {
		return Outcome{}, err
	}
	if isKnown && j.has(old, s) {
		return Outcome{Change: Touched}, j.Library.Touch(ctx, []rag.Seen{{Path: f.Path, Root: f.Root, Version: s.version}})
	}
	e, unread, err := j.edition(ctx, f, s)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Change: New, Articles: len(e.Articles), Unread: unread}
	if isKnown {
		out.Change = Changed
	}
	if out.Passages, err = j.encodeAll(ctx, e.Passages, step); err != nil {
		return Outcome{}, err
	}
	out.Reused = len(e.Passages) - out.Passages
	now, _, err := j.Library.KnownAs(ctx, f.Path)
	if err != nil {
		return Outcome{}, err
	}
	if !bytes.Equal(now.Hash, old.Hash) || now.MadeBy != old.MadeBy || now.Embedder != old.Embedder {
		return Outcome{}, errOvertaken
	}
	return out, j.Library.Replace(ctx, e)
}

// opened is a file that was read, and what says how it is cut.
type opened struct {
	source
	raw     []byte
	hash    [sha256.Size]byte
	version string
}

func (j Job) open(ctx context.Context, c Corpus, f File) (opened, error) {
	r, err := c.Read(ctx, f)
	if err != nil {
		return opened{}, err
	}
	side, err := sidecarIn(r.beside, nameOf(f))
	if wrong := (*SidecarError)(nil); errors.As(err, &wrong) {
		err = &FileError{err}
	}
	return opened{source{format: document.Format(f.Path), sidecar: side, delimiter: j.Delimiter}, r.Raw, sha256.Sum256(r.Raw), r.Version}, err
}

// nameOf is the file's own name.
func nameOf(f File) string { return f.Path[strings.LastIndexByte(f.Path, '/')+1:] }

// has says whether the store has what a file holds.
func (j Job) has(old rag.Known, s opened) bool {
	return bytes.Equal(old.Hash, s.hash[:]) && old.MadeBy == s.madeBy() && old.Embedder == j.Model
}

// edition cuts a file into articles and passages. unread are its pages that are images.
func (j Job) edition(ctx context.Context, f File, s opened) (e rag.Edition, unread []int, err error) {
	if s.doc, err = document.Read(ctx, nameOf(f), s.raw); err != nil {
		if ctx.Err() != nil {
			return e, nil, context.Cause(ctx)
		}
		return e, nil, &FileError{err}
	}
	articles, err := s.articles()
	if err != nil {
		return e, nil, &FileError{err}
	}
	e = rag.Edition{
		Source: rag.Source{Path: f.Path, Root: f.Root, Hash: s.hash[:], Version: s.version, Size: int64(len(s.raw))},
		MadeBy: s.madeBy(), Embedder: j.Model, Articles: articles,
	}
	cut := cutter{count: j.Count, maxTokens: j.MaxTokens}
	for _, a := range articles {
		e.Passages = append(e.Passages, cut.passages(a)...)
	}
	if len(e.Passages) == 0 {
		return e, nil, &FileError{ErrNoText}
	}
	return e, s.doc.Unread, nil
}

// portion is how many passages are embedded between two looks at the progress.
const portion = 32

// encodeAll gives passages what the model makes of them, and says how many had to be embedded for it.
func (j Job) encodeAll(ctx context.Context, passages []rag.Passage, step func(done, all int)) (embedded int, err error) {
	done := 0
	if step != nil {
		step(0, len(passages))
	}
	for part := range slices.Chunk(passages, portion) {
		fresh, err := j.reuse(ctx, part)
		if err == nil {
			err = j.embed(ctx, fresh)
		}
		if err != nil {
			return embedded, fmt.Errorf("embed: %w", err)
		}
		embedded += len(fresh)
		if done += len(part); step != nil {
			step(done, len(passages))
		}
	}
	return embedded, nil
}

// reuse gives passages what was made of the same text before, and gives those of which nothing was.
func (j Job) reuse(ctx context.Context, passages []rag.Passage) (fresh []*rag.Passage, err error) {
	digests := make([]rag.Digest, len(passages))
	for i := range passages {
		digests[i] = passages[i].Digest()
	}
	found, err := j.Library.Encodings(ctx, j.Model, digests)
	for i := range passages {
		if e, ok := found[digests[i]]; ok {
			passages[i].Keep(e)
		} else {
			fresh = append(fresh, &passages[i])
		}
	}
	return fresh, err
}

func (j Job) embed(ctx context.Context, passages []*rag.Passage) error {
	if len(passages) == 0 {
		return nil
	}
	texts := make([]string, len(passages))
	for i, p := range passages {
		texts[i] = p.IndexText()
	}
	encoded, err := j.encode(ctx, texts)
	if err != nil {
		return err
	}
	if len(encoded) != len(passages) {
		return fmt.Errorf("%d vectors came back for %d passages", len(encoded), len(passages))
	}
	for i, p := range passages {
		p.Take(encoded[i])
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

// Run makes the store equal to the corpus in this process: new files are added, changed ones replaced and
// unchanged ones left alone; what is gone is removed. Files that fail are in the report and do not stop the others.
// Errors are those of Plan, and what stops the whole.
func (j Job) Run(ctx context.Context, c Corpus) (Report, error) {
	begin := time.Now()
	p, err := j.Plan(ctx, c)
	if err != nil {
		return Report{}, err
	}
	if err := j.Begin(ctx, p); err != nil {
		return Report{}, err
	}
	s := &run{Job: j, corpus: c, report: Report{
		Files: p.Files, Unchanged: p.Unchanged, Renamed: p.Renamed, Removed: p.Removed, Failed: slices.Clone(p.Failed), Strays: p.Strays,
	}}
	s.progress.AllFiles = p.Unchanged + len(p.Todo)
	s.progress.Files = p.Unchanged
	for _, f := range p.Todo {
		s.bytesLeft += f.Size
	}
	err = s.files(ctx, p.Todo)
	s.report.Took = time.Since(begin)
	slices.SortFunc(s.report.Unread, func(a, b Unread) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(s.report.Failed, func(a, b Failure) int { return strings.Compare(a.Path, b.Path) })
	return s.report, err
}

// run is one run of the job.
type run struct {
	Job
	corpus Corpus

	mu        sync.Mutex // guards what follows
	report    Report
	progress  Progress
	bytesLeft int64 // of files not cut so far
	planned   int   // passages of files cut so far
	inARow    int   // failures of the model or the store
}

func (s *run) files(ctx context.Context, files []File) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(FilesAtOnce)
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
func (s *run) file(ctx context.Context, f File) error {
	isCut, last := false, 0
	out, err := s.File(ctx, s.corpus, f, func(done, all int) {
		s.update(func() {
			if !isCut {
				isCut = true
				s.bytesLeft -= f.Size
				s.planned += all
			}
			s.progress.Passages += done - last
			last = done
		})
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var own *FileError
	giveUp := false
	s.update(func() {
		s.progress.Files++
		if !isCut {
			s.bytesLeft -= f.Size
		}
		if err == nil {
			s.inARow = 0
			s.report.add(f, out)
			return
		}
		s.report.Failed = append(s.report.Failed, Failure{Path: f.Path, Err: err})
		if isCut && !errors.As(err, &own) {
			s.inARow++
			giveUp = s.inARow >= GiveUpAfter
		}
	})
	if giveUp || rag.IsFull(err) {
		return fmt.Errorf("ingest stopped at %s, what was stored before stays: %w", f.Path, err)
	}
	return nil
}

func (r *Report) add(f File, o Outcome) {
	switch o.Change {
	case Touched:
		r.Unchanged++
		r.Touched++
	case New:
		r.Added++
	case Changed:
		r.Changed++
	}
	r.Articles += o.Articles
	r.Passages += o.Passages
	r.Reused += o.Reused
	if len(o.Unread) > 0 {
		r.Unread = append(r.Unread, Unread{Path: f.Path, Pages: o.Unread})
	}
}

// update changes the run's figures and shows them.
func (s *run) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.progress.Total = s.planned + int(s.bytesLeft/BytesPassage)
	if s.Progress != nil {
		s.Progress(s.progress)
	}
}
