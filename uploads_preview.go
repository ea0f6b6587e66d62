package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Limits of what a preview is made of. Its memory goes with lines and tags: it stayed below 500 MB for the worst that these let
// through, a table of Markdown with 400,000 rows.
const (
	maxPreviewText  = 8 << 20   // bytes of a text that is not packed
	maxPreviewMarks = 400_000   // lines and tags
	wordMarks       = 6         // tags of Word's that count as one: a paragraph has so many at least
	maxPreviewPage  = 8 << 20   // bytes of the page that shows it; a larger one is not made
	maxUnpacked     = 256 << 20 // bytes that are looked at of an archive
)

var errUploadText = errors.New("the file has too much text for a preview: split it, or put it into the corpus folder yourself")

// checkPreview says whether a preview of a file takes bearable memory.
func checkPreview(name string, data []byte) error {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".pdf": // its reader has limits for each page
		return nil
	case ".docx", ".epub":
		return checkPacked(data)
	}
	if len(data) > maxPreviewText || marksIn(data) > maxPreviewMarks {
		return errUploadText
	}
	return nil
}

// marksIn counts what may be a line or a tag.
func marksIn(data []byte) int {
	return bytes.Count(data, []byte("<")) + max(bytes.Count(data, []byte("\n")), bytes.Count(data, []byte("\r")))
}

// checkPacked is checkPreview of a ZIP archive. What is broken is the reader's matter.
func checkPacked(data []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil //nolint:nilerr // as said above
	}
	marks, left := 0, int64(maxUnpacked)
	for _, entry := range archive.File {
		each := 0
		switch strings.ToLower(filepath.Ext(entry.Name)) {
		case ".xhtml", ".html", ".htm":
			each = wordMarks
		case ".xml":
			each = 1
		}
		if each == 0 {
			continue
		}
		n, size := tagsOf(entry, left)
		marks += n * each
		if left -= size; left <= 0 || marks > maxPreviewMarks*wordMarks {
			return errUploadText
		}
	}
	return nil
}

// tagsOf counts the tags of an entry, of which at most so many bytes are read.
func tagsOf(entry *zip.File, most int64) (tags int, size int64) {
	r, err := entry.Open()
	if err != nil {
		return 0, 0
	}
	defer r.Close()
	part := make([]byte, 64<<10)
	for size < most {
		n, err := r.Read(part)
		tags += bytes.Count(part[:n], []byte("<"))
		if size += int64(n); err != nil {
			break
		}
	}
	return tags, size
}

var errPageLarge = errors.New("the page is too large")

// page takes a page up to maxPreviewPage.
type page struct{ bytes.Buffer }

var _ io.Writer = (*page)(nil)

func (p *page) Write(part []byte) (int, error) {
	if p.Len()+len(part) > maxPreviewPage {
		return 0, errPageLarge
	}
	return p.Buffer.Write(part)
}

const previewPrefix = "yinju-preview-"

// leftFor is how old a file is that no program that runs can be at.
const leftFor = 2 * time.Hour

// sweep removes what programs that were ended in the middle have left in the corpus folder and the one for temporary files.
func sweep(log *slog.Logger, dir, temporary string, now time.Time) {
	for _, place := range []struct{ dir, prefix string }{{dir, uploadPrefix}, {temporary, previewPrefix}} {
		entries, err := os.ReadDir(place.dir)
		if err != nil {
			log.Debug("look for what was left behind", "error", err)
		}
		for _, entry := range entries {
			rest, isOurs := strings.CutPrefix(entry.Name(), place.prefix)
			if !isOurs || now.Sub(madeAt(entry, rest)) < leftFor {
				continue
			}
			if err := os.RemoveAll(filepath.Join(place.dir, entry.Name())); err != nil {
				log.Warn("remove what was left behind", "error", err)
			}
		}
	}
}

// madeAt is when an entry was made: its name begins with that, in seconds since 1970, as the older edition of a file keeps the
// time of its last change.
func madeAt(entry fs.DirEntry, name string) time.Time {
	begin, _, isDated := strings.Cut(name, "-")
	if seconds, err := strconv.ParseInt(begin, 10, 64); err == nil && isDated {
		return time.Unix(seconds, 0)
	}
	info, err := entry.Info()
	if err != nil {
		return time.Now() // it is gone
	}
	return info.ModTime()
}

// dated is a prefix of names of temporary files that says when they were made.
func dated(prefix string) string { return prefix + strconv.FormatInt(time.Now().Unix(), 10) + "-*" }
