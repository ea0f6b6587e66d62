package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Corpus is where sources are read from.
type Corpus interface {
	// Spec names it, without secrets: processes whose corpora have one Spec read the same files.
	Spec() string
	// List gives its files, without reading them. An error means that nothing is known: what cannot be looked at in
	// part is in the listing.
	List(ctx context.Context) (Listing, error)
	// Read reads a file of the listing whole, as it stands now.
	Read(ctx context.Context, f File) (Reading, error)
}

// File is one file of a corpus.
type File struct {
	Path    string `json:"path"` // as citations name it: relative to Root, with forward slashes
	Root    string `json:"root"` // an absolute folder, or an address
	At      string `json:"at"`   // where the corpus finds it
	Size    int64  `json:"size"`
	Version string `json:"version"` // of its bytes and its sidecars', told without reading them; "": nothing tells

	Single bool `json:"single,omitempty"` // named by itself
}

// Reading is a file as it was read.
type Reading struct {
	Raw     []byte
	Version string // "": a change that follows at once might not be told from it
	beside  folder // where its sidecars are
}

// Listing is what a look over a corpus found.
type Listing struct {
	Files  []File
	Failed []Failure // folders and files that could not be looked at
	Whole  bool      // it is all that there is: what is not in it is gone

	sidecars map[string]string // versions, by path; those of folders only
}

// Local is a corpus of folders and files of this machine.
type Local struct {
	Paths  []string      // folders are the corpus; files are single members of it
	Settle time.Duration // for which a file has to be left alone before it is read: it may still be written
}

// Spec is the absolute paths. A folder that several machines share has to have one path on all of them.
func (c Local) Spec() string {
	paths := make([]string, len(c.Paths))
	for i, p := range c.Paths {
		paths[i] = p
		if abs, err := filepath.Abs(p); err == nil {
			paths[i] = abs
		}
	}
	return strings.Join(paths, "\n")
}

// List walks the paths.
func (c Local) List(ctx context.Context) (Listing, error) {
	if err := ctx.Err(); err != nil {
		return Listing{}, err
	}
	return list(c.Paths)
}

// list walks the paths. Folders named are the corpus; files named are single members of it. With
// several folders, each file's path begins with its folder's name.
func list(paths []string) (Listing, error) {
	l := Listing{sidecars: map[string]string{}}
	targets := make([]string, 0, len(paths))
	folders := map[string]bool{}
	for _, p := range paths {
		if p == "" { // an unset variable must not mean the current folder
			return Listing{}, ErrNoPath
		}
		target, err := filepath.Abs(p)
		if err == nil {
			target, err = filepath.EvalSymlinks(target)
		}
		if err != nil {
			return Listing{}, fmt.Errorf("ingest %s: %w", p, plain(err))
		}
		targets = append(targets, target)
		if info, err := os.Stat(target); err == nil && info.IsDir() {
			folders[target] = true
		}
	}
	for i, target := range targets {
		if err := l.add(target, len(folders) > 1); err != nil {
			return Listing{}, fmt.Errorf("ingest %s: %w", paths[i], err)
		}
	}
	l.addSidecars()
	return l.distinct()
}

// distinct takes each file once and sees to it that no two would be cited alike.
func (l Listing) distinct() (Listing, error) {
	slices.SortStableFunc(l.Files, func(a, b File) int {
		return cmp.Or(strings.Compare(a.At, b.At), len(b.Path)-len(a.Path))
	})
	l.Files = slices.CompactFunc(l.Files, func(a, b File) bool { return a.At == b.At })
	slices.SortFunc(l.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	for i := range len(l.Files) - 1 {
		if a, b := l.Files[i], l.Files[i+1]; a.Path == b.Path {
			return Listing{}, fmt.Errorf("ingest %s and %s: both would be cited as %q, rename one folder", a.At, b.At, a.Path)
		}
	}
	return l, nil
}

func (l *Listing) add(target string, prefixed bool) error {
	info, err := os.Stat(target)
	switch {
	case err != nil:
		return plain(err)
	case info.IsDir():
		l.Whole = true
		root := target
		if prefixed {
			root = filepath.Dir(target)
		}
		return l.walk(target, root)
	case !info.Mode().IsRegular():
		return ErrNotAFile
	case isSidecar(target):
		return ErrIsSidecar
	case !isRead(target):
		return ErrNotTaken
	case !utf8.ValidString(target):
		return ErrName
	}
	version, _ := versionOf(target)
	l.Files = append(l.Files, File{Path: filepath.Base(target), Root: filepath.Dir(target), At: target, Size: info.Size(), Version: version, Single: true})
	return nil
}

// plain takes the system call's name off an error: the path stands before it already.
func plain(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// walk lists a folder's text files, named from root. Hidden ones are left out; a folder that cannot be
// read, or a link to one, is reported.
func (l *Listing) walk(folder, root string) error {
	return filepath.WalkDir(folder, func(abs string, entry fs.DirEntry, err error) error {
		relative, relErr := filepath.Rel(root, abs)
		if relErr != nil {
			return relErr
		}
		path := filepath.ToSlash(relative)
		switch {
		case err != nil:
			l.fail(path, plain(err))
			return fs.SkipDir
		case abs != folder && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case !utf8.ValidString(path):
			l.fail(escaped(path), ErrName)
			if entry.IsDir() {
				return fs.SkipDir
			}
		case entry.Type()&fs.ModeSymlink != 0 && isFolder(abs):
			l.fail(path, ErrLink)
		case !entry.IsDir() && isRead(abs):
			l.take(File{Path: path, Root: root, At: abs})
		case !entry.IsDir() && isSidecar(abs):
			l.sidecars[path] = statOf(abs)
		}
		return nil
	})
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (l *Listing) fail(path string, err error) {
	l.Failed = append(l.Failed, Failure{Path: path, Err: err})
}

// unseen gives what says whether a source may still be there, in a place that could not be looked at.
func (l *Listing) unseen() func(path string) bool {
	failed := make(map[string]bool, len(l.Failed))
	for _, f := range l.Failed {
		failed[f.Path] = true
	}
	return func(path string) bool {
		for !failed[path] {
			slash := strings.LastIndexByte(path, '/')
			if slash < 0 {
				return failed["."]
			}
			path = path[:slash]
		}
		return true
	}
}

// strays are the sidecars whose source is not there.
func (l *Listing) strays() []string {
	used := make(map[string]bool, 2*len(l.Files))
	for _, f := range l.Files {
		used[f.Path], used[strings.TrimSuffix(f.Path, filepath.Ext(f.Path))] = true, true
	}
	unseen := l.unseen()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(l.sidecars)), func(s string) bool {
		of := strings.TrimSuffix(s, sidecarSuffix)
		return used[of] || unseen(of)
	})
}

// take adds a file, or the file that a link leads to.
func (l *Listing) take(f File) {
	info, err := os.Stat(f.At)
	switch {
	case err != nil:
		l.fail(f.Path, plain(err))
	case info.Mode().IsRegular():
		f.Size, f.Version = info.Size(), stamp(info)
		l.Files = append(l.Files, f)
	default:
		l.fail(f.Path, ErrNotAFile)
	}
}

// addSidecars makes the versions of sidecars part of those of the files of folders.
func (l *Listing) addSidecars() {
	for i := range l.Files {
		f := &l.Files[i]
		if f.Single {
			continue
		}
		for _, name := range sidecarNames(f.Path) {
			if v, ok := l.sidecars[name]; ok {
				f.Version = withSidecar(f.Version, v)
			}
		}
	}
}

// withSidecar is the version of a file with a sidecar: "" where one of both has none.
func withSidecar(version, sidecar string) string {
	if version == "" || sidecar == "" {
		return ""
	}
	return version + " with " + sidecar
}

// stamp tells a file's content, as far as its size and the times of its last change do: the one that programs set, and
// the one that the system keeps, where there is one.
func stamp(info fs.FileInfo) string {
	const exact = "2006-01-02T15:04:05.999999999"
	s := fmt.Sprintf("%d bytes of %s", info.Size(), info.ModTime().UTC().Format(exact))
	if changed := statusChanged(info); !changed.IsZero() {
		s += " in place since " + changed.UTC().Format(exact)
	}
	return s
}

// statOf is the stamp of a path, "" where it cannot be had.
func statOf(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return stamp(info)
}

// versionOf is the version of a file with the sidecars that stand beside it, and when they were last changed.
func versionOf(path string) (version string, changed time.Time) {
	info, err := os.Stat(path)
	if err != nil {
		return "", time.Time{}
	}
	version, changed = stamp(info), info.ModTime()
	for _, name := range sidecarNames(path) {
		if !exists(name) {
			continue
		}
		side, err := os.Stat(name)
		if err != nil {
			return "", changed
		}
		version = withSidecar(version, stamp(side))
		if side.ModTime().After(changed) {
			changed = side.ModTime()
		}
	}
	return version, changed
}

const (
	racy        = 2 * time.Second  // time stamps of file systems may be that coarse: what follows may bear the same one
	busyWait    = 15 * time.Second // for a file that is being written
	busyLook    = 100 * time.Millisecond
	futureSlack = time.Minute // clocks of file servers go wrong
)

// Read reads a file once nobody has written it for a while, and while it is read. ErrBusy: it is written all the time.
func (c Local) Read(ctx context.Context, f File) (Reading, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, busyWait+c.Settle, ErrBusy)
	defer cancel()
	for {
		version, age, err := c.settled(ctx, f.At)
		if err != nil {
			return Reading{}, err
		}
		raw, err := readFile(f.At)
		if err != nil {
			return Reading{}, lasting(plain(err))
		}
		if after, _ := versionOf(f.At); after != version {
			continue
		}
		if age < racy {
			version = ""
		}
		return Reading{Raw: raw, Version: version, beside: dirFolder(filepath.Dir(f.At))}, nil
	}
}

// lasting makes an error of reading the file's own where it will not pass by itself.
func lasting(err error) error {
	if own := (*FileError)(nil); errors.As(err, &own) {
		return err
	}
	for _, own := range []error{ErrTooLarge, ErrNotAFile, fs.ErrNotExist, fs.ErrPermission} {
		if errors.Is(err, own) {
			return &FileError{err}
		}
	}
	return err
}

// settled waits until a file was left alone for long enough: by its own times, or, as clocks of file servers go wrong, by
// what is seen here. It gives its version, and how long ago it was changed.
func (c Local) settled(ctx context.Context, path string) (version string, age time.Duration, err error) {
	var seen string
	var since time.Time
	for {
		if ctx.Err() != nil {
			return "", 0, context.Cause(ctx)
		}
		version, changed := versionOf(path)
		if version != seen || since.IsZero() {
			seen, since = version, time.Now()
		}
		age = time.Since(changed)
		left := c.Settle - max(age, time.Since(since))
		if changed.IsZero() || left <= 0 { // what is not there says so when it is read
			return version, age, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(left, busyLook)):
		}
	}
}

// Check says whether a corpus can be ingested, without reading its files.
func Check(ctx context.Context, c Corpus) error {
	l, err := c.List(ctx)
	if err != nil {
		return err
	}
	return l.check(c)
}

// check refuses a corpus without files: a folder may have been unmounted.
func (l Listing) check(c Corpus) error {
	if len(l.Files)+len(l.Failed) == 0 {
		return fmt.Errorf("ingest %s: %w", strings.ReplaceAll(c.Spec(), "\n", " "), ErrNoSources)
	}
	return nil
}
