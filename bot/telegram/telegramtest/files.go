package telegramtest

import (
	"cmp"
	"net/http"
	"strings"
)

// File is a file that was sent.
type File struct {
	Name string
	MIME string
	Data []byte
	Size int64 // what is said of it, in bytes; 0: that of Data
}

// maxDownload is the largest file that a bot may fetch, in bytes.
const maxDownload = 20 << 20

// keep keeps a file and says how messages name it. The lock is held.
func (s *Server) keep(f File) *Document {
	id := s.newID("file")
	f.Size = cmp.Or(f.Size, int64(len(f.Data)))
	s.files[id] = &f
	return &Document{FileID: id, FileUniqueID: "u" + id, FileName: f.Name, MIMEType: f.MIME, FileSize: f.Size}
}

// File is the file that a message names; nil where there is none.
func (s *Server) File(id string) *File {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[id]
}

func (s *Server) getFile(r *request) (any, *refusal) {
	id := r.params["file_id"]
	f := s.File(id)
	switch {
	case f == nil:
		return nil, bad("invalid file_id")
	case f.Size > maxDownload:
		return nil, bad("file is too big")
	}
	return map[string]any{"file_id": id, "file_unique_id": "u" + id, "file_size": f.Size, "file_path": "documents/" + id}, nil
}

// download answers /file/bot<token>/<path>.
func (s *Server) download(w http.ResponseWriter, r *http.Request, rest string) {
	token, path, _ := strings.Cut(rest, "/")
	id, isKnown := strings.CutPrefix(path, "documents/")
	f := s.File(id)
	switch {
	case token != s.options.Token:
		refuse(w, &refusal{code: http.StatusUnauthorized, description: "Unauthorized"})
		return
	case !isKnown || f == nil:
		refuse(w, &refusal{code: http.StatusNotFound, description: "Not Found"})
		return
	}
	call := &request{Request: r, params: map[string]string{"file_id": id}}
	n := s.note("download", call)
	if fault := s.faultOf(n); fault.isSet() {
		s.spoil(w, call, n, fault)
		return
	}
	s.outcome(n, http.StatusOK, "")
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(f.Data) // a client that went away is its own fault
}
