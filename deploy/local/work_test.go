package local

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestWorkFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for parts, prefix := range map[string]string{
		dir:    filepath.Join(dir, tempPrefix),
		"/部件/": filepath.Join(os.TempDir(), outsidePrefix),
	} {
		work, remove, err := workFolder(parts)
		must(t, err)
		if !strings.HasPrefix(work, prefix) {
			t.Errorf("%s: got %s", parts, work)
		}
		remove()
		if exists(work) {
			t.Errorf("%s stays", work)
		}
	}
}

func TestOutsideLeftovers(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	target := filepath.Join(temp, "target")
	must(t, os.Mkdir(target, 0o700))
	link := filepath.Join(temp, outsidePrefix+"link")
	must(t, os.Symlink(target, link))
	live, remove, err := outsideFolder(temp)
	must(t, err)
	kept := []string{target, link, live}
	if os.Geteuid() == 0 {
		foreign := filepath.Join(temp, outsidePrefix+"foreign")
		must(t, os.Mkdir(foreign, 0o700))
		must(t, os.Chown(foreign, 1, 1))
		kept = append(kept, foreign)
	}
	killed := filepath.Join(temp, outsidePrefix+"killed")
	must(t, withFile(killed, "lock"))
	must(t, os.MkdirAll(filepath.Join(killed, "deep", "er"), 0o700))
	bare := filepath.Join(temp, outsidePrefix+"bare") // killed before it was locked
	must(t, os.Mkdir(bare, 0o700))

	removeOutside(temp)
	for _, path := range kept {
		if !exists(path) {
			t.Errorf("%s was removed", path)
		}
	}
	for _, path := range []string{killed, bare} {
		if exists(path) {
			t.Errorf("%s stays", path)
		}
	}
	remove()
	if exists(live) {
		t.Errorf("%s stays", live)
	}
}

// TestOutsideFoldersWhileOthersClean looks for the moment between the making
// and the locking of a folder.
func TestOutsideFoldersWhileOthersClean(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for range 100 {
				work, remove, err := outsideFolder(temp)
				if err != nil {
					t.Error(err)
					return
				}
				removeOutside(temp)
				if !exists(filepath.Join(work, "lock")) {
					t.Errorf("%s was removed while in use", work)
				}
				remove()
			}
		})
	}
	group.Wait()
	removeOutside(temp)
	if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
