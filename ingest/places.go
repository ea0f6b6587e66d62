package ingest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"yinju/rag"
)

// Places says how corpora are reached.
type Places struct {
	Settle time.Duration // see Local
	S3     S3Options
}

// Faults of what names a corpus.
var (
	ErrScheme = errors.New("no such kind of address: a corpus is a folder, s3://BUCKET/PREFIX, or http(s)://HOST/FOLDER/, in small letters before the ://")
	ErrTilde  = errors.New("~ is not put in for here, as a shell does: write the folder out")
)

// isAddress is what has a scheme, known or not.
var isAddress = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:/`).MatchString

// checkPath refuses what looks like something else than a path of this machine.
func checkPath(path string) error {
	switch {
	case isAddress(path) && !IsRemote(path):
		return fmt.Errorf("ingest %s: %w", redacted(path), ErrScheme)
	case path == "~" || strings.HasPrefix(path, "~/"):
		return fmt.Errorf("ingest %s: %w", path, ErrTilde)
	}
	return nil
}

// redacted is an address without what may be a password in it.
func redacted(address string) string {
	address, _, _ = strings.Cut(address, "?")
	scheme, rest, _ := strings.Cut(address, "/")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = "/..." + rest[at:]
	}
	return scheme + "/" + rest
}

// ErrMixed says that remote places are named beside other ones.
var ErrMixed = errors.New("a bucket or a web folder is a corpus by itself: name nothing beside it")

// Corpus is what paths name: folders and files of this machine, or s3://BUCKET/PREFIX, or http(s)://HOST/FOLDER/. Errors
// are ErrScheme, ErrTilde, ErrMixed, and those of an address.
func (from Places) Corpus(paths []string) (Corpus, error) {
	for _, p := range paths {
		if err := checkPath(p); err != nil {
			return nil, err
		}
		if !IsRemote(p) {
			continue
		}
		if len(paths) > 1 {
			return nil, fmt.Errorf("ingest %s: %w", p, ErrMixed)
		}
		return from.remote(p)
	}
	return Local{Paths: paths, Settle: from.Settle}, nil
}

// IsRemote says whether a path names a corpus that is not a folder of this machine.
func IsRemote(path string) bool {
	scheme, _, ok := strings.Cut(path, "://")
	return ok && (scheme == "s3" || scheme == "http" || scheme == "https")
}

func (from Places) remote(address string) (Corpus, error) {
	if strings.HasPrefix(address, "s3://") {
		return openBucket(address, from.S3)
	}
	return openWeb(address, from.Settle)
}

// raw reads a source of the store as it is now.
func (from Places) raw(ctx context.Context, k rag.Known) ([]byte, error) {
	if !IsRemote(k.Root) {
		raw, err := readFile(filepath.Join(k.Root, filepath.FromSlash(k.Path)))
		return raw, plain(err)
	}
	from.Settle = 0 // it is only looked at
	c, err := from.remote(k.Root)
	if err != nil {
		return nil, err
	}
	r, err := c.Read(ctx, File{Path: k.Path, Root: k.Root, Size: k.Size})
	return r.Raw, err
}
