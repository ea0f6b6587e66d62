// Package ingest brings a folder of texts into the store: it reads the files, reflows them, cuts them
// into articles and passages, embeds the passages and replaces what the store held.
package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"
)

// MaxFileBytes is the largest file that is read.
const MaxFileBytes = 256 << 20

// Reasons why a file is not taken. The other files go on, and what the store holds of the file stays.
var (
	ErrBinary    = errors.New("this is not a text: it holds bytes that no text has")
	ErrNotUTF8   = errors.New("the text is not UTF-8: save it as UTF-8 and ingest again")
	ErrTooLarge  = fmt.Errorf("the file is larger than %d MB: split it", MaxFileBytes>>20)
	ErrNoText    = errors.New("the file has no text in it")
	ErrName      = errors.New("the name is not UTF-8, as a citation needs it: rename it")
	ErrLink      = errors.New("links to folders are not followed: name the folder itself, too")
	ErrNoPath    = errors.New("a path is empty: name a folder or a file")
	ErrIsSidecar = errors.New("this only says how another file is cut: name that file")
	ErrNotAFile  = errors.New("this is neither a file nor a folder")
	ErrNotTaken  = fmt.Errorf("this kind of file is not read; read are %s", strings.Join(extensions, " "))
	ErrNoSources = fmt.Errorf("there is no text file in it (read are %s): nothing was changed", strings.Join(extensions, " "))
)

// extensions are the kinds of file that are read.
var extensions = []string{".txt", ".md", ".markdown", ".text"}

func isText(path string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(path)))
}

// line is one line of a source without its line break.
type line struct {
	number int // 1-based
	byte   int // where Text starts in the file
	text   string
}

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

const byteOrderMark = "\uFEFF"

// linesOf checks that raw is UTF-8 text and cuts it into lines at LF and CRLF, as editors count them.
func linesOf(raw []byte) ([]line, error) {
	if bytes.IndexByte(raw, 0) >= 0 {
		return nil, ErrBinary
	}
	if !utf8.Valid(raw) {
		return nil, notUTF8(raw)
	}
	text := string(raw)
	at := len(text) - len(strings.TrimPrefix(text, byteOrderMark))
	var lines []line
	for at < len(text) {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			end = len(text) - at
		}
		content := strings.TrimSuffix(text[at:at+end], "\r")
		lines = append(lines, line{number: len(lines) + 1, byte: at, text: content})
		at += end + 1
	}
	return lines, nil
}

// notUTF8 tells a text in another encoding from something that is no text at all.
func notUTF8(raw []byte) error {
	control := 0
	for _, b := range raw {
		if b < 0x20 && b != '\n' && b != '\r' && b != '\t' && b != '\f' {
			control++
		}
	}
	if control*50 > len(raw) {
		return ErrBinary
	}
	return ErrNotUTF8
}
