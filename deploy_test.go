package main

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"yinju/config"
)

// What is set in deploy/ is read by the program, by these very names.
func TestDeploymentsSetKeysThatThereAre(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct {
			Image       string
			Environment map[string]string
			Secrets     []string
			Ports       []string
		}
		Secrets map[string]struct{ File string }
	}
	if err := yaml.Unmarshal(raw, &compose); err != nil {
		t.Fatal(err)
	}
	known := config.Keys()
	yinju, db := compose.Services["yinju"], compose.Services["db"]
	if len(yinju.Environment) == 0 || len(yinju.Ports) != 1 || !strings.HasPrefix(yinju.Ports[0], "127.0.0.1:") {
		t.Errorf("%+v", yinju)
	}
	if m := regexp.MustCompile(`^pgvector/pgvector:0\.8\.([4-9])-pg1[78]$`).FindString(db.Image); m == "" {
		t.Errorf("the image %q is not one that the store takes", db.Image)
	}
	set := []string{}
	for key, value := range yinju.Environment {
		set = append(set, key)
		if name, ok := strings.CutPrefix(value, "/run/secrets/"); ok && (!slices.Contains(yinju.Secrets, name) || compose.Secrets[name].File == "") {
			t.Errorf("%s names the secret %q, which is not given", key, name)
		}
	}
	for _, file := range append(glob(t, "deploy/systemd/*.service"), "deploy/Dockerfile") {
		set = append(set, variables(t, file)...)
	}
	for _, key := range set {
		if !slices.Contains(known, key) {
			t.Errorf("%s is set in deploy/, and nothing reads it", key)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal(pattern, err)
	}
	return files
}

// variables are those that a unit or a Dockerfile sets.
func variables(t *testing.T, path string) (names []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line, ok := strings.CutPrefix(lines.Text(), "Environment=")
		if !ok {
			line, ok = strings.CutPrefix(lines.Text(), "ENV ")
		}
		if !ok {
			continue
		}
		for pair := range strings.FieldsSeq(line) {
			name, _, _ := strings.Cut(pair, "=")
			names = append(names, name)
		}
	}
	return names
}
