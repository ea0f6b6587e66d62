package local

import (
	"archive/zip"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The three tests that change PATH run before the parallel ones.

func TestSecondFetchNeedsNoClient(t *testing.T) {
	dir := partsDir(t)
	t.Setenv("PATH", t.TempDir())
	must(t, Fetch(t.Context(), dir, func(line string) { t.Errorf("did something: %s", line) }))
}

func TestNoPip(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	dir := t.TempDir()
	err := Fetch(t.Context(), dir, nil)
	if !errors.Is(err, ErrNoPip) {
		t.Errorf("got %v", err)
	}
	contains(t, err, "install it", filepath.Join(dir, "downloads"), ".whl", "DATABASE_URL")
}

func TestNoMaven(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	p, err := lockedPartNamed(ModelPart)
	must(t, err)
	dir := t.TempDir()
	err = p.fetch(t.Context(), dir, func(string) {})
	if !errors.Is(err, ErrNoMaven) {
		t.Errorf("got %v", err)
	}
	contains(t, err, "install it", filepath.Join(dir, "downloads"), ".jar", "MODEL_DIR")
}

func TestMissingPart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, ask := range []func() error{
		func() error { _, err := Postgres(dir); return err },
		func() error { _, err := ONNXRuntime(dir); return err },
		func() error { _, err := Model(dir); return err },
		func() error { _, err := Dictionary(dir); return err },
	} {
		var missing *MissingPartError
		if err := ask(); !errors.As(err, &missing) || missing.Dir != dir {
			t.Errorf("got %v", err)
		}
	}
}

func TestUnsupportedPlatform(t *testing.T) {
	t.Parallel()
	var unsupported *UnsupportedPlatformError
	if _, err := readLock("plan9/386"); !errors.As(err, &unsupported) {
		t.Errorf("got %v", err)
	}
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		if parts, err := readLock(platform); err != nil || len(parts) != 4 {
			t.Errorf("%s: %d parts, %v", platform, len(parts), err)
		}
	}
}

func TestFetchLeavesPartsOut(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "parts")
	none := func(line string) { t.Errorf("did something: %s", line) }
	must(t, Fetch(t.Context(), dir, none, PostgresPart, RuntimePart, ModelPart, DictionaryPart))
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
	p, err := lockedPartNamed(ModelPart)
	must(t, err)
	must(t, os.CopyFS(p.folder(dir), os.DirFS(p.folder(partsDir(t)))))
	must(t, Fetch(t.Context(), dir, none, PostgresPart, RuntimePart, DictionaryPart))
	// Only what is wanted needs a build.
	if parts, err := readLock("plan9/386", PostgresPart, RuntimePart); err != nil || len(parts) != 2 {
		t.Errorf("got %d parts, %v", len(parts), err)
	}
}

func TestWrongArchiveIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, err := lockedPartNamed(PostgresPart)
	must(t, err)
	given := filepath.Join(dir, "downloads", p.File)
	must(t, os.Mkdir(filepath.Dir(given), 0o755))
	must(t, os.WriteFile(given, []byte("no wheel"), 0o644))
	var corrupt *CorruptPartError
	if err := Fetch(t.Context(), dir, nil); !errors.As(err, &corrupt) || corrupt.Path != given || corrupt.Want != p.SHA256 || !corrupt.Given {
		t.Errorf("got %v", err)
	}
	contains(t, corrupt, "delete that file or replace it, then run: yinju parts")
	if _, err := os.Stat(p.folder(dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was unpacked: %v", err)
	}
}

// TestCorruptPartIsHealed damages one file, and lets two Fetches heal it at
// once beside what a killed one left.
func TestCorruptPartIsHealed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS(partsDir(t))))
	lib, err := ONNXRuntime(dir)
	must(t, err)
	damage(t, lib)
	var corrupt *CorruptPartError
	if _, err := ONNXRuntime(dir); !errors.As(err, &corrupt) || corrupt.Path != lib || corrupt.Want == corrupt.Got || corrupt.Given {
		t.Errorf("got %v", err)
	}
	contains(t, corrupt, "run: yinju parts")
	leftover := filepath.Join(dir, tempPrefix+"killed")
	must(t, os.MkdirAll(filepath.Join(leftover, "deep"), 0o755))
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if err := Fetch(t.Context(), dir, nil); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if _, err := ONNXRuntime(dir); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, tempPrefix+"*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestChangedManifestIsFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, err := lockedPartNamed(RuntimePart)
	must(t, err)
	must(t, os.CopyFS(p.folder(dir), os.DirFS(p.folder(partsDir(t)))))
	manifest := filepath.Join(p.folder(dir), manifestName)
	must(t, os.WriteFile(manifest, []byte("[]"), 0o644))
	var corrupt *CorruptPartError
	if _, err := ONNXRuntime(dir); !errors.As(err, &corrupt) || corrupt.Path != manifest {
		t.Errorf("got %v", err)
	}
}

func TestFetchWaitsOnlyAsLongAsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	held, err := waitLock(t.Context(), filepath.Join(dir, "lock"), time.Second, os.Geteuid(), os.Getegid(), func() {})
	must(t, err)
	defer held.release()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := Fetch(ctx, dir, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestClientThatHangsIsStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begin := time.Now()
	c := client{argv: []string{"/bin/sh", "-c", "echo last words; sleep 30 & sleep 30"}, archive: "x.whl", downloads: "d"}
	err := c.run(ctx, t.TempDir())
	var failed *ClientError
	if !errors.As(err, &failed) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	contains(t, err, "last words", "put x.whl into d")
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestBadArchives(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]zip.FileHeader{
		"up":       {Name: "../evil"},
		"deep up":  {Name: "a/../../evil"},
		"absolute": {Name: "/evil"},
		"windows":  {Name: `..\evil`},
		"link":     symlinkHeader(),
	} {
		dir := t.TempDir()
		archive := filepath.Join(dir, "x.whl")
		writeZip(t, archive, header)
		out := filepath.Join(dir, "out")
		must(t, os.Mkdir(out, 0o755))
		_, err := unpack(archive, out, func(string) bool { return true })
		contains(t, err, "refuse archive")
		if got, _ := filepath.Glob(filepath.Join(dir, "*evil*")); len(got) > 0 {
			t.Errorf("%s: wrote %v", name, got)
		}
	}
	huge := &zip.File{FileHeader: zip.FileHeader{Name: "a", UncompressedSize64: 1 << 63}}
	contains(t, checkMembers([]*zip.File{huge, huge}), "MB unpacked")
}

func TestModelIn(t *testing.T) {
	t.Parallel()
	whole, err := Model(partsDir(t))
	must(t, err)
	if own, err := ModelIn(filepath.Dir(whole.Onnx)); err != nil || own != whole {
		t.Errorf("own names: got %v %v, want %v", own, err, whole)
	}
	dir := t.TempDir()
	var wrong *WrongModelError
	if _, err := ModelIn(dir); !errors.As(err, &wrong) || wrong.Got != "" {
		t.Errorf("empty folder: %v", err)
	}
	copyFile(t, whole.Onnx, filepath.Join(dir, "model.onnx"))
	copyFile(t, whole.Tokenizer, filepath.Join(dir, "tokenizer.json"))
	if plain, err := ModelIn(dir); err != nil || plain.SHA256 != whole.SHA256 {
		t.Errorf("plain names: got %v %v", plain, err)
	}
	damage(t, filepath.Join(dir, "tokenizer.json"))
	_, err = ModelIn(dir)
	if !errors.As(err, &wrong) || wrong.File != "tokenizer.json" || wrong.Got == "" {
		t.Errorf("damaged: %v", err)
	}
	contains(t, err, "yinju parts", "bge-small-zh-v1.5-q")
}

func symlinkHeader() zip.FileHeader {
	h := zip.FileHeader{Name: "evil"}
	h.SetMode(fs.ModeSymlink | 0o777)
	return h
}

func writeZip(t *testing.T, path string, header zip.FileHeader) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	w := zip.NewWriter(f)
	m, err := w.CreateHeader(&header)
	must(t, err)
	_, err = m.Write([]byte(strings.Repeat("x", 9)))
	must(t, errors.Join(err, w.Close(), f.Close()))
}

// damage changes one byte in the middle of a file.
func damage(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	info, err := f.Stat()
	must(t, err)
	b := make([]byte, 1)
	_, err = f.ReadAt(b, info.Size()/2)
	must(t, err)
	b[0] ^= 0xff
	_, err = f.WriteAt(b, info.Size()/2)
	must(t, errors.Join(err, f.Close()))
}
