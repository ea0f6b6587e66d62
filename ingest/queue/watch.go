package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	quietFor    = 2 * time.Second  // without a change, before a sync is asked for
	changingFor = 30 * time.Second // the longest that goes on changing without a sync
)

// Watch asks for a sync when something changes in the folders, until ctx is done: once after a while of quiet, and now
// and then where it never is. It returns an error where the folders cannot be watched, or no longer all of them: the
// schedule remains.
func (q *Queue) Watch(ctx context.Context, folders []string) error {
	return watch(ctx, folders, quietFor, q.log, func() error {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err := q.Request(ctx, false)
		return err
	})
}

func watch(ctx context.Context, folders []string, quiet time.Duration, log *slog.Logger, changed func() error) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch the corpus: %w", err)
	}
	defer func() { _ = w.Close() }()
	for _, folder := range folders {
		if err := watchTree(w, folder); err != nil {
			return err
		}
	}
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	var since time.Time // of the first change that no sync was asked for
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("watch the corpus: %w", err)
			}
			since = note(since, quiet, timer) // what changed is not known, that something did is
		case e := <-w.Events:
			if isNoise(e) {
				continue
			}
			if e.Has(fsnotify.Create) {
				if err := watchTree(w, e.Name); err != nil {
					return err
				}
			}
			since = note(since, quiet, timer)
		case <-timer.C:
			if err := changed(); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "ingest: a change of the corpus could not be taken up yet", "error", err)
				timer.Reset(changingFor)
				continue
			}
			since = time.Time{}
		}
	}
}

// note waits for quiet after a change, but not for ever.
func note(since time.Time, quiet time.Duration, timer *time.Timer) time.Time {
	now := time.Now()
	if since.IsZero() {
		since = now
	}
	if now.Sub(since) < changingFor {
		timer.Reset(quiet)
	}
	return since
}

// isNoise says whether an event changes nothing that is ingested: a hidden file, or rights.
func isNoise(e fsnotify.Event) bool {
	return e.Op == fsnotify.Chmod || strings.HasPrefix(filepath.Base(e.Name), ".")
}

// watchTree watches a folder with all below it, but for hidden ones. What is no folder, or is gone already, is passed
// over.
func watchTree(w *fsnotify.Watcher, root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
			return nil // the sync reports it
		case err != nil:
			return fmt.Errorf("watch the corpus: %w", err)
		case !entry.IsDir():
			return nil
		case path != root && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		}
		if err := w.Add(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("watch the corpus: %w", err)
		}
		return nil
	})
}
