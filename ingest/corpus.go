package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// file is one file of the corpus.
type file struct {
	path string // as citations name it: relative to root, with forward slashes
	root string // absolute
	abs  string
	size int64

	single bool // named by itself
}

// listing is what a walk over the corpus found.
type listing struct {
	files  []file
	failed []Failure // folders and files that could not be looked at
	whole  bool      // the paths named folders, so they are the whole corpus

	sidecars []string // their paths, with those of folders only
}

// list walks the paths. Folders named are the corpus; files named are single members of it. With
// several folders, each file's path begins with its folder's name.
func list(paths []string) (listing, error) {
	var l listing
	targets := make([]string, 0, len(paths))
	folders := map[string]bool{}
	for _, p := range paths {
		if p == "" { // an unset variable must not mean the current folder
			return listing{}, ErrNoPath
		}
		target, err := filepath.Abs(p)
		if err == nil {
			target, err = filepath.EvalSymlinks(target)
		}
		if err != nil {
			return listing{}, fmt.Errorf("ingest %s: %w", p, plain(err))
		}
		targets = append(targets, target)
		if info, err := os.Stat(target); err == nil && info.IsDir() {
			folders[target] = true
		}
	}
	for i, target := range targets {
		if err := l.add(target, len(folders) > 1); err != nil {
			return listing{}, fmt.Errorf("ingest %s: %w", paths[i], err)
		}
	}
	return l.distinct(paths)
}

// distinct takes each file once and sees to it that no two would be cited alike.
func (l listing) distinct(paths []string) (listing, error) {
	slices.SortStableFunc(l.files, func(a, b file) int {
		return cmp.Or(strings.Compare(a.abs, b.abs), len(b.path)-len(a.path))
	})
	l.files = slices.CompactFunc(l.files, func(a, b file) bool { return a.abs == b.abs })
	if len(l.files)+len(l.failed) == 0 {
		return listing{}, fmt.Errorf("ingest %s: %w", strings.Join(paths, " "), ErrNoSources)
	}
	slices.SortFunc(l.files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	for i := range len(l.files) - 1 {
		if a, b := l.files[i], l.files[i+1]; a.path == b.path {
			return listing{}, fmt.Errorf("ingest %s and %s: both would be cited as %q, rename one folder", a.abs, b.abs, a.path)
		}
	}
	return l, nil
}

func (l *listing) add(target string, prefixed bool) error {
	info, err := os.Stat(target)
	switch {
	case err != nil:
		return plain(err)
	case info.IsDir():
		l.whole = true
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
	l.files = append(l.files, file{path: filepath.Base(target), root: filepath.Dir(target), abs: target, size: info.Size(), single: true})
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
func (l *listing) walk(folder, root string) error {
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
			l.fail(strings.ToValidUTF8(path, "?"), ErrName)
			if entry.IsDir() {
				return fs.SkipDir
			}
		case entry.Type()&fs.ModeSymlink != 0 && isFolder(abs):
			l.fail(path, ErrLink)
		case !entry.IsDir() && isRead(abs):
			l.take(file{path: path, root: root, abs: abs})
		case !entry.IsDir() && isSidecar(abs):
			l.sidecars = append(l.sidecars, path)
		}
		return nil
	})
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (l *listing) fail(path string, err error) {
	l.failed = append(l.failed, Failure{Path: path, Err: err})
}

// unseen says whether a source may still be there, in a place that could not be looked at.
func (l *listing) unseen(path string) bool {
	return slices.ContainsFunc(l.failed, func(f Failure) bool {
		return f.Path == "." || path == f.Path || strings.HasPrefix(path, f.Path+"/")
	})
}

// strays are the sidecars whose source is not there.
func (l *listing) strays() []string {
	used := make(map[string]bool, 2*len(l.files))
	for _, f := range l.files {
		used[f.path], used[strings.TrimSuffix(f.path, filepath.Ext(f.path))] = true, true
	}
	return slices.DeleteFunc(slices.Clone(l.sidecars), func(s string) bool {
		of := strings.TrimSuffix(s, sidecarSuffix)
		return used[of] || l.unseen(of)
	})
}

// take adds a file, or the file that a link leads to.
func (l *listing) take(f file) {
	info, err := os.Stat(f.abs)
	switch {
	case err != nil:
		l.fail(f.path, plain(err))
	case info.Mode().IsRegular():
		f.size = info.Size()
		l.files = append(l.files, f)
	default:
		l.fail(f.path, ErrNotAFile)
	}
}

// Check says whether paths name a corpus that can be ingested, without reading its files.
func Check(paths []string) error {
	_, err := list(paths)
	return err
}
