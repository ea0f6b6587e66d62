package queue

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// watching is a watch that goes on.
type watching struct {
	t     *testing.T
	asked chan struct{}
	said  *notes
}

// notes is what was logged.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *notes) count(s string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Count(n.text.String(), s)
}

// watchFolder watches until the end of the test, and waits for what is asked for at the beginning.
func watchFolder(t *testing.T, folder string) *watching {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	w := &watching{t: t, asked: make(chan struct{}, 1000), said: &notes{}}
	ended := make(chan error, 1)
	go func() {
		watch := watch{quiet: 50 * time.Millisecond, look: 20 * time.Millisecond, log: slog.New(slog.NewTextHandler(w.said, nil)), changed: func() error {
			w.asked <- struct{}{}
			return nil
		}}
		ended <- watch.run(ctx, []string{folder})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	w.asks("what changed before")
	return w
}

// asks waits until a sync is asked for.
func (w *watching) asks(what string) {
	w.t.Helper()
	select {
	case <-w.asked:
	case <-time.After(20 * time.Second):
		w.t.Fatalf("%s asks for nothing", what)
	}
}

// settle forgets what has been asked for.
func (w *watching) settle() {
	for {
		select {
		case <-w.asked:
		case <-time.After(300 * time.Millisecond):
			return
		}
	}
}

// change does something that has to ask for a sync.
func (w *watching) change(what string, do func() error) {
	w.t.Helper()
	w.settle()
	if err := do(); err != nil {
		w.t.Fatal(err)
	}
	w.asks(what)
}

// passesOver does something that must not ask for a sync.
func (w *watching) passesOver(what string, do func() error) {
	w.t.Helper()
	w.settle()
	if err := do(); err != nil {
		w.t.Fatal(err)
	}
	select {
	case <-w.asked:
		w.t.Errorf("%s asks for a sync", what)
	case <-time.After(300 * time.Millisecond):
	}
}

func writing(path, text string) func() error {
	return func() error {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(text), 0o644)
	}
}

func TestAChangeInAnyFolderAsksForASync(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "old"), 0o755); err != nil {
		t.Fatal(err)
	}
	w := watchFolder(t, dir)
	a, b, c := filepath.Join(dir, "old/a.txt"), filepath.Join(dir, "new/deep/b.txt"), filepath.Join(dir, "c.txt")
	w.change("a new file", writing(a, "一"))
	w.change("a new folder with a file", writing(b, "二"))
	w.change("a change in the new folder", writing(b, "三"))
	w.change("a file that may be read now", func() error { return os.Chmod(b, 0o600) })
	w.change("another file", writing(c, "四"))
	w.change("a file that goes away", func() error { return os.Remove(c) })
	w.passesOver("a hidden file", writing(filepath.Join(dir, ".hidden"), "五"))
	w.passesOver("reading", func() error {
		for range 3 {
			if _, err := os.ReadFile(a); err != nil {
				return err
			}
			if _, err := os.ReadDir(dir); err != nil {
				return err
			}
		}
		return nil
	})
}

// A folder is watched that a link leads to, wherever it leads.
func TestALinkedFolderIsWatched(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two, link := filepath.Join(dir, "one/a.txt"), filepath.Join(dir, "two/a.txt"), filepath.Join(dir, "link")
	for _, path := range []string{one, two} {
		if err := writing(path, "一")(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("one", link); err != nil {
		t.Fatal(err)
	}
	w := watchFolder(t, link)
	w.change("a change behind the link", writing(one, "二"))
	w.change("the link", func() error {
		if err := os.Symlink("two", link+".new"); err != nil {
			return err
		}
		return os.Rename(link+".new", link)
	})
	w.change("a change behind the new link", writing(two, "三"))
	w.passesOver("what the link does not lead to any more", writing(one, "四"))
}

// Another folder in the place of the one that was watched is watched like it.
func TestAFolderThatIsReplacedIsWatched(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, file := filepath.Join(dir, "c"), filepath.Join(dir, "c/a.txt")
	if err := writing(file, "一")(); err != nil {
		t.Fatal(err)
	}
	w := watchFolder(t, c)
	for range 3 {
		w.change("the swap", func() error {
			if err := writing(filepath.Join(dir, "new/a.txt"), "二")(); err != nil {
				return err
			}
			if err := os.Rename(c, c+".old"); err != nil {
				return err
			}
			return os.Rename(filepath.Join(dir, "new"), c)
		})
		w.change("a change after the swap", writing(file, "三"))
		if err := os.RemoveAll(c + ".old"); err != nil {
			t.Fatal(err)
		}
		w.change("a removal", func() error { return os.RemoveAll(c) })
		w.change("what comes after it", writing(file, "四"))
		w.change("a change after the removal", writing(file, "五"))
	}
	w.change("a folder that is made again at once", func() error {
		if err := os.RemoveAll(c); err != nil {
			return err
		}
		return os.Mkdir(c, 0o755)
	})
	w.change("a change in it", writing(file, "六"))
}

// A folder that is not there is said once, and watched when it comes.
func TestAFolderThatComesLaterIsWatched(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "c/a.txt")
	w := watchFolder(t, filepath.Join(dir, "c"))
	w.passesOver("a folder that is not there", func() error { return nil })
	if n := w.said.count("is not there"); n != 1 {
		t.Errorf("it was said %d times", n)
	}
	w.change("a folder that comes", writing(file, "一"))
	w.change("a change in it", writing(file, "二"))
	w.change("its end", func() error { return os.RemoveAll(filepath.Join(dir, "c")) })
	w.settle()
	if n := w.said.count("is not there"); n != 2 {
		t.Errorf("it was said %d times", n)
	}
}
