package local

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// relockFrom makes the test binary write digests into the lock instead of
// testing; see lockJSON.
var relockFrom = flag.String("relock", "", "write the digests of the archives in this `folder` into parts.lock.json and run no test")

// relock writes into the lock file the digests of every build whose archive is
// in the folder. The other builds stay as they are.
func relock(lockPath, archives string) error {
	raw, err := os.ReadFile(lockPath)
	if err != nil {
		return err
	}
	var lock lockFile
	if err := json.Unmarshal(raw, &lock); err != nil {
		return err
	}
	found := 0
	for _, lp := range lock.Parts {
		for platform, b := range lp.Builds {
			archive := filepath.Join(archives, b.File)
			if _, err := os.Stat(archive); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			digests, err := part{lockedPart: lp, build: b}.digests(archive)
			if err != nil {
				return err
			}
			lp.Builds[platform] = digests
			found++
		}
	}
	if found == 0 {
		return fmt.Errorf("no archive of %s is in %s", lockPath, archives)
	}
	if raw, err = encodeLock(lock); err != nil {
		return err
	}
	return os.WriteFile(lockPath, raw, 0o644)
}

// digests gives the build with the digests of an archive.
func (p part) digests(archive string) (build, error) {
	temp, err := os.MkdirTemp("", "yinju-relock-")
	if err != nil {
		return build{}, err
	}
	defer os.RemoveAll(temp)
	entries, err := unpack(archive, temp, p.takes)
	if err != nil {
		return build{}, err
	}
	b := p.build
	b.Tree = treeSum(entries)
	if b.SHA256, err = fileSum(archive); err != nil {
		return build{}, err
	}
	for name := range b.Files {
		if b.Files[name], err = fileSum(filepath.Join(temp, name)); err != nil {
			return build{}, fmt.Errorf("%s: %w", archive, err)
		}
	}
	return b, nil
}

func encodeLock(lock lockFile) ([]byte, error) {
	raw, err := json.MarshalIndent(lock, "", "  ")
	return append(raw, '\n'), err
}

func TestRelock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeZip(t, filepath.Join(dir, "x-2.whl"), zip.FileHeader{Name: "x/lib.so"})
	lockPath := filepath.Join(dir, "lock.json")
	absent := build{File: "y.jar", SHA256: "kept", Tree: "kept"}
	raw, err := encodeLock(lockFile{[]lockedPart{
		{Name: "x", Version: "2", Take: []string{"x/"}, Builds: map[string]build{
			anyPlatform: {File: "x-2.whl", SHA256: "old", Tree: "old", Files: map[string]string{"x/lib.so": "old"}},
		}},
		{Name: "y", Builds: map[string]build{anyPlatform: absent}},
	}})
	must(t, err)
	must(t, os.WriteFile(lockPath, raw, 0o600))

	must(t, relock(lockPath, dir))
	raw, err = os.ReadFile(lockPath)
	must(t, err)
	var lock lockFile
	must(t, json.Unmarshal(raw, &lock))
	p, err := lock.Parts[0].on(thisPlatform())
	must(t, err)
	archive := filepath.Join(dir, p.File)
	must(t, verifySum(archive, p.SHA256))
	must(t, p.install(archive, dir))
	must(t, p.verify(dir))
	must(t, verifySum(filepath.Join(p.folder(dir), "x/lib.so"), p.Files["x/lib.so"]))
	if got := lock.Parts[1].Builds[anyPlatform]; got.SHA256 != absent.SHA256 || got.Tree != absent.Tree {
		t.Errorf("a build without an archive became %+v", got)
	}
	contains(t, relock(lockPath, t.TempDir()), "no archive")
}

// TestLockIsWrittenAsRelockWritesIt keeps the differences of a relock to the
// digests.
func TestLockIsWrittenAsRelockWritesIt(t *testing.T) {
	t.Parallel()
	var lock lockFile
	must(t, json.Unmarshal(lockJSON, &lock))
	if raw, err := encodeLock(lock); err != nil || !bytes.Equal(raw, lockJSON) {
		t.Errorf("parts.lock.json is not as encodeLock has it: %v", err)
	}
}
