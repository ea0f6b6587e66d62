package bge

import (
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
