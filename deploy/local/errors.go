package local

import (
	"errors"
	"fmt"
)

var (
	// ErrNoPip says that neither python3 -m pip, pip3 nor pip could be run.
	ErrNoPip = errors.New("no pip found")
	// ErrNoMaven says that mvn is not on PATH.
	ErrNoMaven = errors.New("no mvn found")
)

// MissingPartError says that a part was never fetched into Dir.
type MissingPartError struct{ Name, Dir string }

func (e *MissingPartError) Error() string {
	return fmt.Sprintf("%s is not in %s; run: yinju parts", e.Name, e.Dir)
}

// CorruptPartError names a file that differs from the lock. Want and Got are
// SHA-256 digests in hex, or a few words where there is no digest to give.
// Given tells an archive in downloads, which Fetch never replaces, from what
// the next Fetch heals.
type CorruptPartError struct {
	Path, Want, Got string
	Given           bool
}

func (e *CorruptPartError) Error() string {
	if e.Given {
		return fmt.Sprintf("archive %s is damaged or not the right one: want SHA-256 %s, got %s; delete that file or replace it, then run: yinju parts",
			e.Path, e.Want, e.Got)
	}
	return fmt.Sprintf("%s is damaged: want %s, got %s; run: yinju parts", e.Path, e.Want, e.Got)
}

// UnsupportedPlatformError says that the lock has no build of a part for this
// operating system and processor.
type UnsupportedPlatformError struct{ Name, Platform, Instead string }

func (e *UnsupportedPlatformError) Error() string {
	return fmt.Sprintf("%s has no build for %s; %s", e.Name, e.Platform, e.Instead)
}

// ClientError says that pip or Maven ran and failed. Output holds the last
// lines it printed.
type ClientError struct {
	Client, Output, Archive, Downloads string
	Err                                error
}

func (e *ClientError) Error() string {
	return fmt.Sprintf("%s: %v; check the network, the proxy and the client's own settings, or put %s into %s; its last lines:\n%s",
		e.Client, e.Err, e.Archive, e.Downloads, e.Output)
}

func (e *ClientError) Unwrap() error { return e.Err }

// WrongModelError says that a folder named by the user does not hold the one
// model whose vectors the index is made of. Got is empty for a missing file.
type WrongModelError struct{ Folder, File, Want, Got, Model string }

func (e *WrongModelError) Error() string {
	what := "has SHA-256 " + e.Got
	if e.Got == "" {
		what = "is missing"
	}
	return fmt.Sprintf("model folder %s: %s %s, want SHA-256 %s (%s); run: yinju parts and leave MODEL_DIR empty, or copy the two files of that artifact there",
		e.Folder, e.File, what, e.Want, e.Model)
}

// ClosedFolderError says that Account, which the server runs as, cannot pass
// through Folder.
type ClosedFolderError struct{ Folder, Account string }

func (e *ClosedFolderError) Error() string {
	return fmt.Sprintf("%s is closed to account %s, which Postgres runs as because it refuses root; run: chmod o+x %s, or choose another DATA_DIR or PARTS_DIR, or run yinju as an ordinary user",
		e.Folder, e.Account, e.Folder)
}

// NoSpaceError says that the file system of Dir is too full. The numbers are
// megabytes of 1024*1024 bytes.
type NoSpaceError struct {
	Dir            string
	FreeMB, NeedMB int64
}

func (e *NoSpaceError) Error() string {
	return fmt.Sprintf("%s has %d MB free, Postgres needs %d MB; free some space or choose another DATA_DIR",
		e.Dir, e.FreeMB, e.NeedMB)
}

// DataDirError says why a data folder cannot be used. Nothing was deleted.
type DataDirError struct{ Dir, Problem string }

func (e *DataDirError) Error() string {
	return fmt.Sprintf("data folder %s: %s", e.Dir, e.Problem)
}
