package ingest

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"
)

// remoteFiles is how many files a corpus on the network has at most.
const remoteFiles = 1_000_000

var errRemoteLimit = errors.New("it has more folders or files than are taken: name a part of it")

// objects is a place on the network that holds files by name: relative, with forward slashes.
type objects interface {
	// list gives all objects whose names are wanted, and those that could not be looked at. An error means that nothing is known.
	list(ctx context.Context, wanted func(name string) bool) (all []object, failed []Failure, err error)
	// stat gives the version of an object; ok is whether it is there.
	stat(ctx context.Context, name string) (version string, ok bool, err error)
	// read reads an object whole, or gives tooLarge.
	read(ctx context.Context, name string, most int64, tooLarge error) (raw []byte, version string, err error)
}

type object struct {
	name    string
	size    int64
	version string // "": nothing tells a change
}

// remote is a corpus of objects below an address.
type remote struct {
	root string // without secrets; ends with a slash
	objects
}

// Spec is the address.
func (r remote) Spec() string { return r.root }

// List gives the objects that are sources.
func (r remote) List(ctx context.Context) (Listing, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, listWait, errSlowList)
	defer cancel()
	all, failed, err := r.list(ctx, func(name string) bool { return !isHidden(name) && (isRead(name) || isSidecar(name)) })
	if err == nil && ctx.Err() != nil { // what was left out would seem to be gone
		err = context.Cause(ctx)
	}
	if err != nil {
		return Listing{}, err
	}
	l := Listing{Whole: true, Failed: failed, sidecars: map[string]string{}}
	for _, o := range all {
		switch {
		case !utf8.ValidString(o.name):
			l.fail(escaped(o.name), ErrName)
		case isSidecar(o.name):
			l.sidecars[o.name] = o.version
		default:
			l.Files = append(l.Files, File{Path: o.name, Root: r.root, At: o.name, Size: o.size, Version: o.version})
		}
	}
	l.addSidecars()
	return l.distinct()
}

// isHidden says whether a file or a folder that it is in is hidden.
func isHidden(name string) bool { return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") }

// Read fetches a file. Its version is that of the bytes that came, with those of its sidecars.
func (r remote) Read(ctx context.Context, f File) (Reading, error) {
	raw, version, err := r.read(ctx, f.Path, MaxFileBytes, &FileError{ErrTooLarge})
	if err != nil {
		return Reading{}, err
	}
	for _, name := range sidecarNames(f.Path) {
		of, ok, err := r.stat(ctx, name)
		if err != nil {
			return Reading{}, err
		}
		if ok {
			version = withSidecar(version, of)
		}
	}
	return Reading{Raw: raw, Version: version, beside: remoteFolder{ctx, r, f.Path[:len(f.Path)-len(nameOf(f))]}}, nil
}

// remoteFolder is where an object stands.
type remoteFolder struct {
	ctx context.Context //nolint:containedctx // of the one reading that it belongs to
	objects
	name string // "", or ends with a slash
}

func (d remoteFolder) has(name string) (bool, error) {
	_, ok, err := d.stat(d.ctx, d.name+name)
	return ok, err
}

func (d remoteFolder) small(name string, most int64, tooLarge error) ([]byte, error) {
	raw, _, err := d.read(d.ctx, d.name+name, most, tooLarge)
	return raw, err
}
