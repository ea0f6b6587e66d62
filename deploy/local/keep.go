package local

import (
	"context"
	"fmt"
	"time"
)

// pace is how often Keep looks, and how it tries a server that does not start.
type pace struct {
	look  time.Duration // between two looks
	first time.Duration // after the first try that failed, and twice as long after each further one
	most  time.Duration // between two tries
	tries int           // in a row; then it is given up
	calm  time.Duration // for which a server has to live before its death is no further one of the row
}

// usualPace gives up after some ten minutes.
var usualPace = pace{look: time.Second, first: time.Second, most: 2 * time.Minute, tries: 12, calm: 5 * time.Minute}

// Keep starts the server again whenever it has died, until ctx ends or Close was called. Of several processes that
// keep one server, one starts it and the others join. It returns an error where the server cannot be started, or
// keeps dying, for about ten minutes. End ctx before Close, which else waits for a start that is under way.
func (s *Server) Keep(ctx context.Context) error {
	if err := s.keep(ctx, usualPace); err != nil {
		return fmt.Errorf("keep postgres running: %w", err)
	}
	return nil
}

func (s *Server) keep(ctx context.Context, p pace) error {
	tries, began, wait := 0, time.Now(), p.look // in a row; when it was last started
	for sleep(ctx, wait) == nil {
		wait = p.look
		if !s.hasDied() {
			continue
		}
		if time.Since(began) > p.calm {
			tries = 0
		}
		tries++
		s.data.log.WarnContext(ctx, "postgres has died and is started again", "data", s.data.path, "try", tries, "of", p.tries)
		err := s.revive(ctx)
		if ctx.Err() == nil {
			if err = s.judge(err, tries, p.tries); err != nil {
				return err
			}
		}
		began, wait = time.Now(), min(p.first<<(tries-1), p.most)
	}
	return nil
}

// judge logs what came of a try, and gives an error where it was the last one.
func (s *Server) judge(err error, tries, most int) error {
	if err == nil {
		s.data.log.Warn("postgres runs again", "data", s.data.path)
		if tries >= most {
			return fmt.Errorf("it has died %d times in a row; see %s", tries, s.data.join("pg.log"))
		}
		return nil
	}
	if tries >= most {
		return err
	}
	s.data.log.Warn("postgres cannot be started", "data", s.data.path, "error", err)
	return nil
}

// hasDied looks without the lock: that a server is just starting is seen by who takes it.
func (s *Server) hasDied() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == nil || s.data.alive(s.pm.pid) {
		return false
	}
	pm, err := s.data.findPostmaster()
	return pm == nil && err == nil
}

// revive joins or launches a server in place of the dead one. What it listens on must be what URL has said.
func (s *Server) revive(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == nil {
		return nil
	}
	held, err := s.data.lock(ctx)
	if err != nil {
		return err
	}
	defer held.release()
	s.pm.reap()
	if err := s.runServer(ctx); err != nil {
		return s.data.explainFull(err)
	}
	if url := connString(s.pm.socketDir, dbname); url != s.url {
		return fmt.Errorf("another process with another TMPDIR has started it, on a socket in %s: end all processes that use %s, and start them again", s.pm.socketDir, s.data.path)
	}
	return nil
}
