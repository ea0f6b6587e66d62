package local

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

const manifestName = "manifest.json"

// entry is one file of an unpacked part; Path uses slashes.
type entry struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Exec   bool   `json:"exec,omitempty"`
}

// treeSum is the digest of a whole manifest, which the lock pins. So a changed
// manifest is found as surely as a changed file.
func treeSum(entries []entry) string {
	sorted := slices.SortedFunc(slices.Values(entries), func(a, b entry) int {
		return strings.Compare(a.Path, b.Path)
	})
	sum := sha256.New()
	for _, e := range sorted {
		fmt.Fprintf(sum, "%s %d %t %q\n", e.SHA256, e.Size, e.Exec, e.Path)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// verify checks every file of the part below dir against the lock.
func (p part) verify(dir string) error {
	folder := p.folder(dir)
	entries, err := readManifest(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return &MissingPartError{Name: p.Name, Dir: dir}
	}
	if err != nil {
		return err
	}
	if got := treeSum(entries); got != p.Tree {
		return &CorruptPartError{Path: filepath.Join(folder, manifestName), Want: p.Tree, Got: got}
	}
	return verifyFiles(folder, entries)
}

func readManifest(folder string) ([]entry, error) {
	path := filepath.Join(folder, manifestName)
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	var entries []entry
	if err := json.Unmarshal(raw, &entries); err != nil {
		return nil, &CorruptPartError{Path: path, Want: "a list of files", Got: err.Error()}
	}
	return entries, nil
}

// verifyFiles hashes the biggest files first, so that no processor is left
// with a big one at the end.
func verifyFiles(folder string, entries []entry) error {
	bySize := slices.SortedFunc(slices.Values(entries), func(a, b entry) int {
		return int(b.Size - a.Size)
	})
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, e := range bySize {
		group.Go(func() error { return e.verify(folder) })
	}
	return group.Wait()
}

func (e entry) verify(folder string) error {
	path := filepath.Join(folder, filepath.FromSlash(e.Path))
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &CorruptPartError{Path: path, Want: e.SHA256, Got: "no such file"}
	}
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() != e.Size {
		return &CorruptPartError{
			Path: path, Want: fmt.Sprintf("a file of %d bytes", e.Size),
			Got: fmt.Sprintf("%v of %d bytes", info.Mode(), info.Size()),
		}
	}
	if e.Exec && info.Mode()&0o111 == 0 {
		return &CorruptPartError{Path: path, Want: "mode 0755", Got: info.Mode().String()}
	}
	return verifySum(path, e.SHA256)
}

func verifySum(path, want string) error {
	got, err := fileSum(path)
	if err != nil {
		return err
	}
	if got != want {
		return &CorruptPartError{Path: path, Want: want, Got: got}
	}
	return nil
}

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	sum := sha256.New()
	// Most files are small, and a big buffer for each would cost the most.
	buffer := make([]byte, min(info.Size()+1, 256<<10))
	if _, err := io.CopyBuffer(sum, struct{ io.Reader }{f}, buffer); err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
