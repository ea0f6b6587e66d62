package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	// fetchLimit bounds the wait for another Fetch, whatever ctx says.
	fetchLimit = 30 * time.Minute
	// tempPrefix starts the name of every folder that is not yet whole, and
	// outsidePrefix that of a work folder outside the parts folder.
	tempPrefix    = "tmp-"
	outsidePrefix = "yinju-" + tempPrefix
)

// Fetch makes every part of the lock present and whole below the parts folder
// dir, telling report what it does, one short line at a time. With all parts
// there it needs neither a client nor the network nor the right to write. It
// takes an archive from dir/downloads before it runs pip or Maven, each of
// which may run for 10 minutes. It leaves out the parts of except, as for what
// a person has set instead. Errors: ErrNoPip, ErrNoMaven, *ClientError,
// *CorruptPartError for an archive with a wrong digest,
// *UnsupportedPlatformError.
func Fetch(ctx context.Context, dir string, report func(string), except ...Part) error {
	if report == nil {
		report = func(string) {}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("fetch parts: %w", err)
	}
	parts, err := readLock(thisPlatform(), except...)
	if err != nil {
		return fmt.Errorf("fetch parts: %w", err)
	}
	if len(broken(parts, dir)) == 0 {
		return nil
	}
	if err := fetchLocked(ctx, dir, parts, report); err != nil {
		return fmt.Errorf("fetch parts into %s: %w", dir, err)
	}
	return nil
}

// broken gives the parts that are not there or not whole.
func broken(parts []part, dir string) []part {
	var out []part
	for _, p := range parts {
		if p.verify(dir) != nil {
			out = append(out, p)
		}
	}
	return out
}

func fetchLocked(ctx context.Context, dir string, parts []part, report func(string)) error {
	if err := mkdirOpen(filepath.Join(dir, "downloads"), 0o755); err != nil {
		return err
	}
	waiting := func() { report("waiting for another process that fetches parts") }
	held, err := waitLock(ctx, filepath.Join(dir, "lock"), fetchLimit, os.Geteuid(), os.Getegid(), waiting)
	if err != nil {
		return err
	}
	defer held.release()
	if err := removeLeftovers(dir, tempPrefix+"*"); err != nil {
		return err
	}
	removeOutside(os.TempDir())
	// Another process may have fetched some while we waited.
	for _, p := range broken(parts, dir) {
		if err := p.fetch(ctx, dir, report); err != nil {
			return fmt.Errorf("%s %s: %w", p.Name, p.Version, err)
		}
		report(p.Name + " " + p.Version + " is ready")
	}
	return nil
}

// fetch gets, checks and unpacks one archive; the caller holds the lock.
func (p part) fetch(ctx context.Context, dir string, report func(string)) error {
	work, remove, err := workFolder(dir)
	if err != nil {
		return err
	}
	defer remove()
	archive, err := p.obtain(ctx, dir, work, report)
	if err != nil {
		return err
	}
	if err := verifySum(archive, p.SHA256); err != nil {
		if corrupt, ok := errors.AsType[*CorruptPartError](err); ok {
			corrupt.Given = archive == p.given(dir)
		}
		return err
	}
	report("unpacking " + p.File)
	return p.install(archive, dir)
}

// obtain gives the path of the archive: the one in downloads, or else what the
// package client brings into work.
func (p part) obtain(ctx context.Context, dir, work string, report func(string)) (string, error) {
	given := p.given(dir)
	_, err := os.Stat(given)
	if err == nil {
		return given, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	c, err := p.client(ctx, work, filepath.Dir(given))
	if err != nil {
		return "", err
	}
	report("fetching " + p.Name + " " + p.Version + " with " + filepath.Base(c.argv[0]))
	if err := c.run(ctx, work); err != nil {
		return "", err
	}
	archive := filepath.Join(work, p.File)
	if _, err := os.Stat(archive); err != nil {
		return "", fmt.Errorf("%s ended well, but did not bring %s: %w", c.argv[0], p.File, err)
	}
	return archive, nil
}

// given is where a person may put the archive.
func (p part) given(dir string) string { return filepath.Join(dir, "downloads", p.File) }

// install unpacks the archive beside its place and renames it there whole.
func (p part) install(archive, dir string) error {
	temp, err := os.MkdirTemp(dir, tempPrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	entries, err := unpack(archive, temp, p.takes)
	if err != nil {
		return err
	}
	if got := treeSum(entries); got != p.Tree {
		return &CorruptPartError{Path: archive, Want: p.Tree, Got: got}
	}
	return p.swap(temp, dir)
}

// swap puts temp where the part belongs. What stood there goes out of the way
// first, since a folder with files in it cannot be renamed over.
func (p part) swap(temp, dir string) error {
	old := temp + "-old"
	defer os.RemoveAll(old)
	err := os.Rename(p.folder(dir), old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(temp, p.folder(dir)); err != nil {
		return err
	}
	return syncPath(dir)
}

// removeLeftovers deletes what a killed process left behind.
func removeLeftovers(dir, pattern string) error {
	names, err := fs.Glob(os.DirFS(dir), pattern)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := removeLeftover(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// removeLeftover tries again, because the killed process may have a child that
// still writes.
func removeLeftover(path string) error {
	for try := 0; ; try++ {
		err := os.RemoveAll(path)
		if err == nil {
			return nil
		}
		if try == 4 {
			return fmt.Errorf("remove leftover: %w", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
