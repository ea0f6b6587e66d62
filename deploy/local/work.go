package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// workFolder makes the empty folder a client runs in, and gives what removes
// it. Java cannot read a path outside ASCII under LANG=C, so such a parts
// folder gets one elsewhere.
func workFolder(dir string) (work string, remove func(), err error) {
	for _, r := range dir {
		if r > 126 {
			return outsideFolder(os.TempDir())
		}
	}
	work, err = os.MkdirTemp(dir, tempPrefix)
	return work, func() { _ = os.RemoveAll(work) }, err
}

// outsideFolder makes a work folder that the lock of the parts folder does not
// guard. It holds a lock of its own, so that no other Fetch takes it for a
// leftover.
func outsideFolder(temp string) (work string, remove func(), err error) {
	for {
		work, err := os.MkdirTemp(temp, outsidePrefix)
		if err != nil {
			return "", nil, err
		}
		held, err := holdFolder(work)
		if err != nil {
			_ = os.RemoveAll(work)
			return "", nil, err
		}
		if held != nil {
			return work, func() { _ = os.RemoveAll(work); held.release() }, nil
		}
	}
}

// holdFolder locks a new work folder, or gives nil when another Fetch was
// faster and takes it for a leftover.
func holdFolder(work string) (*heldLock, error) {
	held, err := lockFolder(work)
	if held == nil && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// The lock is worth nothing on a file that was just removed.
	locked, err := held.file.Stat()
	if err == nil {
		if there, err := os.Lstat(held.file.Name()); err == nil && os.SameFile(locked, there) {
			return held, nil
		}
	}
	held.release()
	return nil, err
}

func lockFolder(work string) (*heldLock, error) {
	return tryLock(filepath.Join(work, "lock"), unix.LOCK_EX, os.Geteuid(), os.Getegid())
}

// removeOutside deletes the work folders that killed processes of ours left in
// the folder for temporary files. What it cannot delete does no harm.
func removeOutside(temp string) {
	names, _ := fs.Glob(os.DirFS(temp), outsidePrefix+"*")
	for _, name := range names {
		work := filepath.Join(temp, name)
		info, err := os.Lstat(work)
		if err != nil || !info.IsDir() || ownerIn(info) != os.Geteuid() {
			continue
		}
		if held, err := lockFolder(work); err == nil && held != nil {
			_ = removeLeftover(work)
			held.release()
		}
	}
}
