package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// file is one file of the corpus.
type file struct {
	path string // as citations name it: relative to root, with forward slashes
	root string // absolute
	abs  string
	size int64
}

// listing is what a walk over the corpus found.
type listing struct {
	files  []file
	failed []Failure // folders and files that could not be looked at
	whole  bool      // the paths named folders, so they are the whole corpus
}

// list walks the paths. Folders named are the corpus; files named are single members of it. With
// several folders, each file's path begins with its folder's name.
func list(paths []string) (listing, error) {
	var l listing
	folders := 0
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			folders++
		}
	}
	for _, p := range paths {
		if err := l.add(p, folders > 1); err != nil {
			return listing{}, fmt.Errorf("ingest %s: %w", p, err)
		}
	}
	slices.SortFunc(l.files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	if l.files = slices.CompactFunc(l.files, func(a, b file) bool { return a.abs == b.abs }); len(l.files) == 0 {
		return listing{}, fmt.Errorf("ingest %s: %w", strings.Join(paths, " "), ErrNoSources)
	}
	if i := samePath(l.files); i >= 0 {
		return listing{}, fmt.Errorf("ingest %s and %s: both would be cited as %q, rename one folder", l.files[i].abs, l.files[i+1].abs, l.files[i].path)
	}
	return l, nil
}

func samePath(files []file) int {
	for i := range len(files) - 1 {
		if files[i].path == files[i+1].path {
			return i
		}
	}
	return -1
}

func (l *listing) add(path string, prefixed bool) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		return plain(err)
	case info.IsDir():
		l.whole = true
		prefix := ""
		if prefixed {
			prefix = filepath.Base(abs)
		}
		return l.walk(abs, prefix)
	case !info.Mode().IsRegular():
		return ErrNotAFile
	case !isText(abs):
		return ErrNotTaken
	}
	l.files = append(l.files, file{path: filepath.Base(abs), root: filepath.Dir(abs), abs: abs, size: info.Size()})
	return nil
}

// plain takes the system call's name off an error: the path stands before it already.
func plain(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// walk lists a folder's text files. Hidden ones are left out; a folder that cannot be read is reported.
func (l *listing) walk(root, prefix string) error {
	target, err := filepath.EvalSymlinks(root)
	if err != nil {
		return plain(err)
	}
	return filepath.WalkDir(target, func(abs string, entry fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(target, abs)
		if relErr != nil {
			return relErr
		}
		path := filepath.ToSlash(filepath.Join(prefix, rel))
		if err != nil {
			l.failed = append(l.failed, Failure{Path: path, Err: plain(err)})
			return fs.SkipDir
		}
		if rel != "." && strings.HasPrefix(entry.Name(), ".") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.IsDir() && isText(abs) {
			l.take(file{path: path, root: root, abs: abs})
		}
		return nil
	})
}

// take adds a file, or the file that a link leads to.
func (l *listing) take(f file) {
	info, err := os.Stat(f.abs)
	switch {
	case err != nil:
		l.failed = append(l.failed, Failure{Path: f.path, Err: plain(err)})
	case info.Mode().IsRegular():
		f.size = info.Size()
		l.files = append(l.files, f)
	}
}

// Check says whether paths name a corpus that can be ingested, without reading its files.
func Check(paths []string) error {
	_, err := list(paths)
	return err
}
