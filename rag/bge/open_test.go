package bge

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	opt := testParts(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			m, err := Open(opt)
			if err != nil {
				t.Error(err)
				return
			}
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestOpenMissingFiles(t *testing.T) {
	t.Parallel()
	none := filepath.Join(t.TempDir(), "none")
	for name, change := range map[string]func(*Options){
		"library":   func(o *Options) { o.Library = none },
		"onnx":      func(o *Options) { o.Onnx = none },
		"tokenizer": func(o *Options) { o.Tokenizer = none },
	} {
		opt := testParts(t)
		change(&opt)
		if _, err := Open(opt); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	opt := testParts(t)
	opt.Workers = -1
	if _, err := Open(opt); err == nil {
		t.Error("-1 workers: no error")
	}
}

func TestOpenSecondLibrary(t *testing.T) {
	t.Parallel()
	testModel(t)
	opt := testParts(t)
	opt.Library = writeTemp(t, "other.so", []byte("other"))
	if _, err := Open(opt); err == nil || !strings.Contains(err.Error(), "already runs") {
		t.Errorf("another library: %v", err)
	}
	opt.Library = filepath.Join(t.TempDir(), "link.so")
	if err := os.Symlink(testParts(t).Library, opt.Library); err != nil {
		t.Fatal(err)
	}
	m, err := Open(opt)
	if err != nil {
		t.Fatalf("a link to the same library: %v", err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// In processes of their own, which must neither crash nor print anything but the error.
func TestOpenWrongLibrary(t *testing.T) {
	t.Parallel()
	library, err := os.ReadFile(testParts(t).Library)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ path, want string }{
		"itself":    {testParts(t).Library, "<nil>"},
		"text":      {writeTemp(t, "text.so", []byte("not a library")), "open model: onnx runtime"},
		"empty":     {writeTemp(t, "empty.so", nil), "open model: onnx runtime"},
		"truncated": {writeTemp(t, "half.so", library[:len(library)/2]), "open model: onnx runtime"},
		"folder":    {t.TempDir(), "open model: onnx runtime"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(), childLibrary+"="+c.path)
			var stderr strings.Builder
			child.Stderr = &stderr
			out, err := child.Output()
			if err != nil || stderr.Len() > 0 || !strings.HasPrefix(string(out), c.want) {
				t.Errorf("%v\nstdout: %s\nstderr: %s", err, out, stderr.String())
			}
		})
	}
}

func TestOpenWrongModel(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(testParts(t).Onnx)
	if err != nil {
		t.Fatal(err)
	}
	const float, long = 1, 7
	cases := map[string]struct {
		data []byte
		want string
	}{
		"empty":         {nil, ""},
		"text":          {[]byte("not a model"), ""},
		"truncated":     {whole[:len(whole)/2], ""},
		"one input":     {onnxGraph(long, "last_hidden_state", "input_ids"), "it has 1 inputs"},
		"other input":   {onnxGraph(long, "last_hidden_state", "input_ids", "attention_mask", "pixels"), `input "pixels"`},
		"float input":   {onnxGraph(float, "last_hidden_state", inputNames...), "want int64"},
		"other output":  {onnxGraph(long, "logits", inputNames...), "no output last_hidden_state"},
		"flat output":   {onnxGraph(long, "last_hidden_state", inputNames...), "want float"},
		"an image file": {[]byte("\x89PNG\r\n\x1a\n"), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt := testParts(t)
			opt.Onnx = writeTemp(t, "model.onnx", c.data)
			checkWrongModel(t, opt, c.want)
		})
	}
}

func checkWrongModel(t *testing.T, opt Options, want string) {
	t.Helper()
	_, err := Open(opt)
	var wrong *WrongModelError
	if !errors.As(err, &wrong) || wrong.Path != opt.Onnx || !strings.Contains(wrong.Reason, want) {
		t.Errorf("error %v, want a WrongModelError with %q", err, want)
	}
}

func TestOpenTokenizerOfAnotherModel(t *testing.T) {
	t.Parallel()
	opt := testParts(t)
	data, err := os.ReadFile(opt.Tokenizer)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(vocabulary map[string]any){
		"more than the 21127": func(v map[string]any) { delete(v, "##😎") },
		"fails on token":      func(v map[string]any) { v["another"] = len(v) },
	} {
		var file map[string]any
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		change(part(file, "model")["vocab"].(map[string]any))
		opt.Tokenizer = writeTokenizer(t, file)
		checkWrongModel(t, opt, name)
	}
}

// onnxGraph is a small model: it casts its first input, [1 n] of the given element type, to float.
func onnxGraph(elementType byte, output string, inputs ...string) []byte {
	cast := join(field(1, inputs[0]), field(2, output), field(4, "Cast"),
		field(5, join(field(1, "to"), number(3, 1), number(20, 2))))
	graph := join(field(1, cast), field(2, "small"))
	for _, name := range inputs {
		graph = join(graph, field(11, value(name, elementType)))
	}
	graph = join(graph, field(12, value(output, 1)))
	return []byte(join(number(1, 8), field(7, graph), field(8, number(2, 13))))
}

func value(name string, elementType byte) string {
	shape := join(field(1, number(1, 1)), field(1, field(2, "n")))
	return join(field(1, name), field(2, field(1, join(number(1, elementType), field(2, shape)))))
}

// field and number are protobuf's: a length-delimited field and a small integer.
func field(id int, data string) string {
	return tag(id, 2) + string([]byte{byte(len(data)%128 | 128), byte(len(data) / 128)}) + data
}

func number(id int, n byte) string { return tag(id, 0) + string([]byte{n}) }

func tag(id, kind int) string {
	n := id<<3 | kind
	if n < 128 {
		return string([]byte{byte(n)})
	}
	return string([]byte{byte(n%128 | 128), byte(n / 128)})
}

func join(fields ...string) string { return strings.Join(fields, "") }
