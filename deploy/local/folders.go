package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The folders of a root whose home is closed to the account of the server.
const (
	systemDataDir  = "/var/lib/yinju"
	systemPartsDir = "/var/cache/yinju"
)

// DefaultDataDir gives $XDG_DATA_HOME/yinju or ~/.local/share/yinju, and for
// root /var/lib/yinju when the account that Postgres runs as cannot get there.
// It creates nothing.
func DefaultDataDir(getenv func(string) string) (string, error) {
	return defaultDir(getenv, "XDG_DATA_HOME", ".local/share", systemDataDir, "DATA_DIR")
}

// DefaultPartsDir gives $XDG_CACHE_HOME/yinju or ~/.cache/yinju, and for root
// /var/cache/yinju when the account that Postgres runs as cannot get there. It
// creates nothing.
func DefaultPartsDir(getenv func(string) string) (string, error) {
	return defaultDir(getenv, "XDG_CACHE_HOME", ".cache", systemPartsDir, "PARTS_DIR")
}

func defaultDir(getenv func(string) string, xdg, below, system, setting string) (string, error) {
	dir := getenv(xdg)
	// The XDG specification tells to ignore a relative path.
	if home := getenv("HOME"); !filepath.IsAbs(dir) && filepath.IsAbs(home) {
		dir = filepath.Join(home, below)
	}
	root := os.Geteuid() == 0
	if !filepath.IsAbs(dir) {
		if root {
			return system, nil
		}
		return "", fmt.Errorf("choose a folder: neither %s nor HOME is an absolute path; set %s", xdg, setting)
	}
	dir = filepath.Join(dir, "yinju")
	if !root {
		return dir, nil
	}
	// Without any account Start will say so; the parts are of use all the same.
	if acct, err := accountFor(dir); err == nil {
		if _, closed := firstClosed(filepath.Dir(dir), acct); !closed {
			return dir, nil
		}
	}
	return system, nil
}

// mkdirOpen is os.MkdirAll that gives every folder it creates the mode 0755,
// and the last one perm, whatever the umask.
func mkdirOpen(path string, perm fs.FileMode) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: path, Err: errors.New("is a file, not a folder")}
	}
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := mkdirOpen(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	err = os.Mkdir(path, perm)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil || perm&0o077 == 0 {
		return err // no umask bears on it, and another process may have opened the folder by now
	}
	return os.Chmod(path, perm)
}
