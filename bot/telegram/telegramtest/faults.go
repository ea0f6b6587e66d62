package telegramtest

import (
	"net/http"
)

// Fault is what goes wrong with a call. The zero value is none.
type Fault struct {
	Status      int    // of the answer; 0: none of the three below
	Description string // "": the status in words
	RetryAfter  int    // seconds, in the answer and its header
	HTML        bool   // the answer is a page, as a proxy in between sends it

	Cut    bool // the connection is closed in the middle of the answer
	Silent bool // no answer comes until the client goes away

	Handled bool // what was asked is done all the same: the client cannot know
}

func (f Fault) isSet() bool { return f.Status != 0 || f.Cut || f.Silent }

// Fail lets the next calls of a method, one each, meet faults.
func (s *Server) Fail(method string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[method] = append(s.faults[method], faults...)
}

// faultOf is the fault for the n-th call: one that waits for its method, or the script's.
func (s *Server) faultOf(n int) Fault {
	s.mu.Lock()
	call := s.calls[n-1]
	if waiting := s.faults[call.Method]; len(waiting) > 0 {
		s.faults[call.Method] = waiting[1:]
		s.mu.Unlock()
		return waiting[0]
	}
	s.mu.Unlock()
	if s.options.Script == nil {
		return Fault{}
	}
	return s.options.Script(call)
}

// spoil answers as the fault has it.
func (s *Server) spoil(w http.ResponseWriter, r *request, n int, f Fault) {
	switch {
	case f.Silent:
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
		panic(http.ErrAbortHandler)
	case f.Cut:
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"ok":true,"resu`)) // what the client makes of it is the test's matter
		panic(http.ErrAbortHandler)
	case f.HTML:
		s.outcome(n, f.Status, f.Description)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte("<html><head><title>" + http.StatusText(f.Status) + "</title></head></html>")) // as above
	default:
		if f.Description == "" {
			f.Description = http.StatusText(f.Status)
		}
		s.outcome(n, f.Status, f.Description)
		refuse(w, &refusal{code: f.Status, description: f.Description, retryAfter: f.RetryAfter})
	}
}
