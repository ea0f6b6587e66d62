package bge

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// loaded is the ONNX Runtime library of this process. The binding keeps one for all, so it is started once
// and stays until the process ends.
var loaded struct {
	sync.Mutex
	library string
}

// startRuntime loads the library, once; another path later on is an error.
func startRuntime(library string) error {
	path, err := realPath(library)
	if err != nil {
		return err
	}
	loaded.Lock()
	defer loaded.Unlock()
	if loaded.library == path {
		return nil
	}
	if loaded.library != "" {
		return fmt.Errorf("onnx runtime %s: this process already runs %s", path, loaded.library)
	}
	if err := checkWhole(path); err != nil {
		return fmt.Errorf("onnx runtime %s: %w", path, err)
	}
	ort.SetSharedLibraryPath(path)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return fmt.Errorf("onnx runtime %s: %w", path, err)
	}
	if err := ort.DisableTelemetry(); err != nil {
		return fmt.Errorf("onnx runtime %s: disable telemetry: %w", path, err)
	}
	loaded.library = path
	return nil
}

func realPath(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(absolute); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

// checkWhole finds an ELF library that was cut short: loading such a one kills the process. A file of any
// other format is left to the loader, which says what is wrong with it.
func checkWhole(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, len(elf.ELFMAG))
	if n, _ := f.ReadAt(magic, 0); string(magic[:n]) != elf.ELFMAG {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	file, err := elf.NewFile(f) // its section table stands at the end
	if err != nil {
		return fmt.Errorf("library is cut short or damaged: %w", err)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD && p.Off+p.Filesz > uint64(info.Size()) { //nolint:gosec // no size is negative
			return errors.New("library is cut short")
		}
	}
	return nil
}
