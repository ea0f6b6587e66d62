// Package ingest brings a folder of texts into the store: it reads the files, reflows them, cuts them
// into articles and passages, embeds the passages and replaces what the store held.
package ingest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"yinju/ingest/document"
)

// MaxFileBytes is the largest file that is read.
const MaxFileBytes = 256 << 20

// Reasons why a file is not taken. The other files go on, and what the store holds of the file stays.
var (
	ErrTooLarge  = fmt.Errorf("the file is larger than %d MB: split it", MaxFileBytes>>20)
	ErrNoText    = errors.New("the file has no text in it")
	ErrName      = errors.New("the name is not UTF-8, as a citation needs it: rename it")
	ErrLink      = errors.New("links to folders are not followed: name the folder itself, too")
	ErrNoPath    = errors.New("a path is empty: name a folder or a file")
	ErrIsSidecar = errors.New("this only says how another file is cut: name that file")
	ErrNotAFile  = errors.New("this is neither a file nor a folder")
	ErrNotTaken  = fmt.Errorf("this kind of file is not read; read are %s", strings.Join(document.Extensions, " "))
	ErrBusy      = errors.New("the file is still being written: the next run takes it")
	ErrNoSources = fmt.Errorf("there is no text file in it (read are %s): nothing was changed", strings.Join(document.Extensions, " "))
)

// escaped shows the bytes of a name that are no UTF-8 as \xB4, so that two names stay apart and each can be found.
func escaped(name string) string {
	var b strings.Builder
	for len(name) > 0 {
		r, size := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02X`, name[0])
		} else {
			b.WriteString(name[:size])
		}
		name = name[size:]
	}
	return b.String()
}

func isRead(path string) bool {
	return slices.Contains(document.Extensions, strings.ToLower(filepath.Ext(path)))
}

// line is one line of a source without its line break.
type line = document.Line

// readFile reads a whole source within the size limit.
func readFile(path string) ([]byte, error) { return readUpTo(path, MaxFileBytes, ErrTooLarge) }

// readUpTo reads a whole file, or gives tooLarge.
func readUpTo(path string, most int64, tooLarge error) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not hold the reader up
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, ErrNotAFile)
	}
	raw, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > most {
		return nil, tooLarge
	}
	return raw, nil
}
