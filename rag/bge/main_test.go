package bge

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"yinju/deploy/local"
)

// childLibrary names a file that a child process of these tests takes for the library of ONNX Runtime: the
// runtime is loaded once for a whole process, so a wrong one needs a process of its own.
const childLibrary = "BGE_TEST_LIBRARY"

func TestMain(m *testing.M) {
	if library := os.Getenv(childLibrary); library != "" {
		fmt.Println(embedOnce(library))
		return
	}
	goleak.VerifyTestMain(m)
}

func embedOnce(library string) error {
	opt, err := parts()
	if err != nil {
		return err
	}
	opt.Library = library
	m, err := Open(opt)
	if err != nil {
		return err
	}
	if _, err := m.EmbedQuery(context.Background(), "问"); err != nil {
		return err
	}
	return m.Close()
}

// parts are the pinned model and library, fetched before the first test where they are not there yet.
var parts = sync.OnceValues(func() (Options, error) {
	dir, err := local.DefaultPartsDir(os.Getenv)
	if err != nil {
		return Options{}, err
	}
	// Not the context of one test: all of them need the parts.
	if err := local.Fetch(context.Background(), dir, func(line string) { fmt.Fprintln(os.Stderr, line) }); err != nil {
		return Options{}, err
	}
	library, err := local.ONNXRuntime(dir)
	if err != nil {
		return Options{}, err
	}
	files, err := local.Model(dir)
	return Options{Library: library, Onnx: files.Onnx, Tokenizer: files.Tokenizer}, err
})

func testParts(tb testing.TB) Options {
	tb.Helper()
	opt, err := parts()
	if err != nil {
		tb.Fatal(err)
	}
	return opt
}

var sharedModel = sync.OnceValues(func() (*Model, error) {
	opt, err := parts()
	if err != nil {
		return nil, err
	}
	return Open(opt)
})

// testModel is one model for all tests that do not close it.
func testModel(tb testing.TB) *Model {
	tb.Helper()
	testParts(tb)
	m, err := sharedModel()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// openModel is a model of the test's own.
func openModel(t *testing.T, workers int) *Model {
	t.Helper()
	opt := testParts(t)
	opt.Workers = workers
	m, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

var sharedTokenizer = sync.OnceValues(func() (*Tokenizer, error) {
	opt, err := parts()
	if err != nil {
		return nil, err
	}
	return LoadTokenizer(opt.Tokenizer)
})

func testTokenizer(tb testing.TB) *Tokenizer {
	tb.Helper()
	tokenizer, err := sharedTokenizer()
	if err != nil {
		tb.Fatal(err)
	}
	return tokenizer
}

func readFixture[T any](tb testing.TB, name string) T {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		tb.Fatal(err)
	}
	return value
}

func writeTemp(tb testing.TB, name string, data []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}
