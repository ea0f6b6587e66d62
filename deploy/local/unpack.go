package local

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// The most an archive may hold; the biggest of ours has 36 MB in 800 files.
const (
	maxArchiveFiles = 20_000
	maxArchiveBytes = 512 << 20
)

// unpack writes the members that take accepts into folder, which must exist,
// with a manifest, and makes all of it durable and readable for everybody.
func unpack(archive, folder string, take func(string) bool) ([]entry, error) {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return nil, fmt.Errorf("open archive %s: %w", archive, err)
	}
	defer reader.Close()
	if err := checkMembers(reader.File); err != nil {
		return nil, fmt.Errorf("refuse archive %s: %w", archive, err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	entries, err := unpackMembers(root, reader.File, take)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", archive, err)
	}
	if err := writeManifest(root, entries); err != nil {
		return nil, err
	}
	return entries, settle(root, folder)
}

// checkMembers refuses the whole archive for one bad member, taken or not.
func checkMembers(files []*zip.File) error {
	if len(files) > maxArchiveFiles {
		return fmt.Errorf("%d files are too many", len(files))
	}
	var total uint64
	for _, f := range files {
		if !filepath.IsLocal(strings.TrimSuffix(f.Name, "/")) || strings.Contains(f.Name, `\`) {
			return fmt.Errorf("member %q leads out of the folder", f.Name)
		}
		if mode := f.Mode(); !mode.IsRegular() && !mode.IsDir() {
			return fmt.Errorf("member %q is neither a file nor a folder", f.Name)
		}
		total += min(f.UncompressedSize64, maxArchiveBytes+1)
	}
	if total > maxArchiveBytes {
		return fmt.Errorf("more than %d MB unpacked", maxArchiveBytes>>20)
	}
	return nil
}

func unpackMembers(root *os.Root, files []*zip.File, take func(string) bool) ([]entry, error) {
	var entries []entry
	for _, f := range files {
		if f.Mode().IsDir() || !take(f.Name) {
			continue
		}
		e, err := unpackMember(root, f)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, errors.New("none of the wanted files is in it")
	}
	return entries, nil
}

func unpackMember(root *os.Root, f *zip.File) (entry, error) {
	if err := root.MkdirAll(path.Dir(f.Name), 0o755); err != nil {
		return entry{}, err
	}
	in, err := f.Open()
	if err != nil {
		return entry{}, err
	}
	defer in.Close()
	out, err := root.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return entry{}, err
	}
	defer out.Close()
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(out, sum), in) //nolint:gosec // checkMembers bounds the declared size, and the reader fails past it
	if err != nil {
		return entry{}, fmt.Errorf("member %s: %w", f.Name, err)
	}
	e := entry{Path: f.Name, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil)), Exec: f.Mode()&0o111 != 0}
	return e, out.Close()
}

func writeManifest(root *os.Root, entries []entry) error {
	raw, err := json.MarshalIndent(entries, "", " ")
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if err := root.WriteFile(manifestName, append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

// settle sets the modes, whatever the umask was, and syncs each file and
// folder to the disk.
func settle(root *os.Root, folder string) error {
	executable, err := executables(folder)
	if err != nil {
		return err
	}
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if d.IsDir() || executable[name] {
			mode = 0o755
		}
		if err := root.Chmod(name, mode); err != nil {
			return err
		}
		return syncPath(filepath.Join(folder, name))
	})
}

func executables(folder string) (map[string]bool, error) {
	entries, err := readManifest(folder)
	if err != nil {
		return nil, err
	}
	set := make(map[string]bool)
	for _, e := range entries {
		set[e.Path] = e.Exec
	}
	return set, nil
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return nil
}
