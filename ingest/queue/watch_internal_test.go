package queue

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAChangeInAnyFolderAsksForASync(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "old"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	asked := make(chan struct{}, 100)
	ended := make(chan error, 1)
	go func() {
		ended <- watch(ctx, []string{dir}, 50*time.Millisecond, slog.New(slog.DiscardHandler), func() error {
			asked <- struct{}{}
			return nil
		})
	}()
	change := func(what string, do func() error) {
		t.Helper()
		for range 100 { // the watching may not have begun
			if err := do(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-asked:
				return
			case <-time.After(200 * time.Millisecond):
			}
		}
		t.Fatalf("%s asks for nothing", what)
	}
	write := func(path, text string) func() error {
		return func() error { return os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644) }
	}
	change("a new file", write("old/a.txt", "一"))
	change("a new folder with a file", func() error {
		if err := os.MkdirAll(filepath.Join(dir, "new/deep"), 0o755); err != nil {
			return err
		}
		return write("new/deep/b.txt", "二")()
	})
	time.Sleep(200 * time.Millisecond)
	for len(asked) > 0 {
		<-asked
	}
	change("a change in the new folder", write("new/deep/b.txt", "三"))
	change("a file that goes away", func() error {
		_ = write("c.txt", "四")()
		return os.Remove(filepath.Join(dir, "c.txt"))
	})
	time.Sleep(200 * time.Millisecond)
	for len(asked) > 0 {
		<-asked
	}
	if err := write(".hidden", "五")(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-asked:
		t.Error("a hidden file asks for a sync")
	case <-time.After(300 * time.Millisecond):
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAFolderThatCannotBeWatchedSaysSo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	file := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := watch(ctx, []string{filepath.Join(file, "below")}, time.Second, slog.New(slog.DiscardHandler), nil); err == nil {
		t.Error("a path below a file is watched")
	}
}
