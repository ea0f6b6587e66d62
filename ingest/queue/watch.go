package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	quietFor    = 2 * time.Second  // without a change, before a sync is asked for
	changingFor = 30 * time.Second // the longest that goes on changing without a sync
	rootsEvery  = 3 * time.Second  // between two looks whether the folders are those that are watched
)

// Watch asks for a sync when something changes in the folders, until ctx is done: once after a while of quiet, and now
// and then where it never is; also when it begins, as nobody saw what changed before. A folder that is a link, that is
// replaced, or that comes and goes, is watched where it is. It returns an error where the folders cannot be watched, or
// no longer all of them: the schedule remains.
func (q *Queue) Watch(ctx context.Context, folders []string) error {
	w := watch{quiet: quietFor, look: rootsEvery, log: q.log, changed: func() error {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err := q.Request(ctx, false)
		return err
	}}
	return w.run(ctx, folders)
}

// watch is how folders are watched.
type watch struct {
	quiet   time.Duration
	look    time.Duration
	log     *slog.Logger
	changed func() error

	roots  []*root
	events *fsnotify.Watcher
}

// root is a folder that is named, with what was found there last.
type root struct {
	name   string
	at     string      // without links
	info   fs.FileInfo // nil: it is not there, or not known to be the same any more
	warned bool        // that it is not there
}

func (w *watch) run(ctx context.Context, folders []string) error {
	for _, name := range folders {
		w.roots = append(w.roots, &root{name: name})
	}
	w.lookAtRoots(ctx)
	defer func() { _ = w.close() }()
	if err := w.anew(); err != nil {
		return err
	}
	looks := time.NewTicker(w.look)
	defer looks.Stop()
	timer := time.NewTimer(w.quiet)
	defer timer.Stop()
	since := time.Now() // of the first change that no sync was asked for; what changed before is not known
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.events.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("watch the corpus: %w", err)
			}
			since = note(since, w.quiet, timer) // what changed is not known, that something did is
		case e := <-w.events.Events:
			isChange, err := w.take(e)
			if err != nil {
				return err
			}
			if isChange {
				since = note(since, w.quiet, timer)
			}
		case <-looks.C:
			if !w.lookAtRoots(ctx) {
				continue
			}
			if err := w.anew(); err != nil {
				return err
			}
			since = note(since, w.quiet, timer)
		case <-timer.C:
			if err := w.changed(); err != nil && ctx.Err() == nil {
				w.log.WarnContext(ctx, "ingest: a change of the corpus could not be taken up yet", "error", err)
				timer.Reset(changingFor)
				continue
			}
			since = time.Time{}
		}
	}
}

// take says whether an event may change what is ingested, and watches what is new.
func (w *watch) take(e fsnotify.Event) (isChange bool, err error) {
	if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
		for _, r := range w.roots {
			if r.at == e.Name {
				r.info = nil // what stands there next may bear the same number
				isChange = true
			}
		}
	}
	if strings.HasPrefix(filepath.Base(e.Name), ".") {
		return isChange, nil // hidden
	}
	if e.Has(fsnotify.Create) || e.Has(fsnotify.Chmod) {
		err = watchTree(w.events, e.Name)
	}
	return true, err
}

// lookAtRoots says whether a folder has come, has gone, or is another one than before.
func (w *watch) lookAtRoots(ctx context.Context) (isOther bool) {
	for _, r := range w.roots {
		at, err := filepath.EvalSymlinks(r.name)
		var info fs.FileInfo
		if err == nil {
			info, err = os.Stat(at)
		}
		if err != nil {
			if !r.warned {
				w.log.WarnContext(ctx, "ingest: the folder of the corpus is not there: it is watched again when it comes", "error", err)
			}
			isOther = isOther || r.info != nil
			r.at, r.info, r.warned = "", nil, true
			continue
		}
		isOther = isOther || r.info == nil || r.at != at || !os.SameFile(r.info, info)
		r.at, r.info, r.warned = at, info, false
	}
	return isOther
}

// anew watches the folders that are there, and nothing else.
func (w *watch) anew() error {
	if err := w.close(); err != nil {
		return fmt.Errorf("watch the corpus: %w", err)
	}
	var err error
	if w.events, err = fsnotify.NewWatcher(); err != nil {
		return fmt.Errorf("watch the corpus: %w", err)
	}
	for _, r := range w.roots {
		if r.info == nil {
			continue
		}
		if err := watchTree(w.events, r.at); err != nil {
			return err
		}
	}
	return nil
}

func (w *watch) close() error {
	if w.events == nil {
		return nil
	}
	return w.events.Close()
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

// watchTree watches a folder with all below it, but for hidden ones. What is no folder, is gone already, or must not be
// read, is passed over.
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
		if err := w.Add(path); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("watch the corpus: %w", err)
		}
		return nil
	})
}
