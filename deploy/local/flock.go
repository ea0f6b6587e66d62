package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lockPoll is how often a taken lock is tried again.
const lockPoll = 20 * time.Millisecond

// heldLock is a flock on an open file. Each has its own file description, so
// two in one process exclude each other as two processes do.
type heldLock struct{ file *os.File }

// release unlocks before it closes: a child that is just being forked may hold
// a copy of the descriptor for a moment and would keep the lock alive.
func (l *heldLock) release() {
	_ = unix.Flock(int(l.file.Fd()), unix.LOCK_UN)
	_ = l.file.Close()
}

// tryLock takes the lock at once or gives nil. The mode is unix.LOCK_SH or
// unix.LOCK_EX; the file is created as the property of uid and gid.
func tryLock(path string, mode, uid, gid int) (*heldLock, error) {
	file, err := openOwned(path, os.O_RDWR|os.O_CREATE, uid, gid)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(file.Fd()), mode|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err == nil {
		return &heldLock{file}, nil
	}
	_ = file.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// waitLock takes the exclusive lock, waiting until ctx ends or limit is over.
// It calls waiting once if the lock is taken.
func waitLock(ctx context.Context, path string, limit time.Duration, uid, gid int, waiting func()) (*heldLock, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit,
		fmt.Errorf("another process has held it for %v: %w", limit, context.DeadlineExceeded))
	defer cancel()
	for first := true; ; first = false {
		held, err := tryLock(path, unix.LOCK_EX, uid, gid)
		if held != nil || err != nil {
			return held, err
		}
		if first {
			waiting()
		}
		if err := sleep(ctx, lockPoll); err != nil {
			return nil, fmt.Errorf("wait for lock %s: %w", path, err)
		}
	}
}

// openOwned opens a file of ours without following a symlink, and gives it to
// uid and gid when we are root.
func openOwned(path string, flags, uid, gid int) (*os.File, error) {
	file, err := os.OpenFile(path, flags|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		return file, nil
	}
	if err := file.Chown(uid, gid); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// sleep waits for d or gives why ctx ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
