package config

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	someKey  = "0123456789abcdef01234567"
	otherKey = "hunter2-hunter2-hunter2!"
)

func TestAPIKeysAreReadWithNamesAndScopes(t *testing.T) {
	t.Parallel()
	text := "# those of the desk\nreader:ask:" + someKey + "\n\n  ops:ask+admin:" + otherKey + ":x , reader:admin:" + someKey + "2\r\n"
	want := []APIKey{
		{"reader", true, false, sha256.Sum256([]byte(someKey))},
		{"ops", true, true, sha256.Sum256([]byte(otherKey + ":x"))},
		{"reader", false, true, sha256.Sum256([]byte(someKey + "2"))},
	}
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, e := range [][]string{{"API_KEYS", text}, {"API_KEYS_FILE", file}} {
		c, err := Load(env(e...))
		if err != nil || !slices.Equal(c.HTTP.Keys, want) || (c.HTTP.KeysFile != "") != (e[0] == "API_KEYS_FILE") {
			t.Errorf("%+v, %v", c.HTTP, err)
		}
		if printed := fmt.Sprintf("%+v", c); strings.Contains(printed, "hunter2") {
			t.Errorf("a key was printed: %s", printed)
		}
	}
}

func TestWrongAPIKeysAreRefusedAndNotRepeated(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"#", ",", otherKey, "reader:" + otherKey, "reader:ask:hunter2", "reader:ask:" + otherKey[:23], "a b:ask:" + otherKey, ":ask:" + otherKey, "reader::" + otherKey,
		"reader:hunter2:" + otherKey, "reader:ask admin:" + otherKey, "reader:ask:" + otherKey + " x", "reader:ask:" + otherKey + "é", "a:ask:" + otherKey + ",b:ask:" + otherKey,
		"reader:ask:" + strings.Repeat("a", mostKey+1), strings.Repeat("a", 65) + ":ask:" + otherKey,
	} {
		_, err := Load(env("API_KEYS", bad))
		if err == nil || !strings.HasPrefix(err.Error(), "API_KEYS: ") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := Load(env("API_KEYS_FILE", "/nowhere/keys")); err == nil || !strings.Contains(err.Error(), "API_KEYS: read API_KEYS_FILE") {
		t.Errorf("%v", err)
	}
	empty := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(env("API_KEYS_FILE", empty)); err == nil {
		t.Error("a file without a key was taken for no keys at all")
	}
}

func TestLimitsAndOriginsOfHTTP(t *testing.T) {
	t.Parallel()
	c, err := Load(env())
	if err != nil || c.HTTP.AskTimeout != 3*time.Minute || c.HTTP.Concurrency != 64 || c.HTTP.Rate != 600 || c.HTTP.Keys != nil || c.HTTP.Origins != nil {
		t.Errorf("%+v, %v", c.HTTP, err)
	}
	c, err = Load(env("HTTP_ASK_TIMEOUT", "90s", "HTTP_CONCURRENCY", "8", "HTTP_RATE", "30", "CORS_ORIGINS", "https://a.example, http://localhost:3000"))
	if err != nil || c.HTTP.AskTimeout != 90*time.Second || c.HTTP.Concurrency != 8 || c.HTTP.Rate != 30 || !slices.Equal(c.HTTP.Origins, []string{"https://a.example", "http://localhost:3000"}) {
		t.Errorf("%+v, %v", c.HTTP, err)
	}
	for _, bad := range [][2]string{
		{"HTTP_ASK_TIMEOUT", "0s"},
		{"HTTP_ASK_TIMEOUT", "3"},
		{"HTTP_CONCURRENCY", "0"},
		{"HTTP_RATE", "0"},
		{"HTTP_RATE", "x"},
		{"CORS_ORIGINS", "*"},
		{"CORS_ORIGINS", "a.example"},
		{"CORS_ORIGINS", "https://a.example/"},
		{"CORS_ORIGINS", "https://A.example"},
		{"CORS_ORIGINS", "https://u@a.example"},
		{"CORS_ORIGINS", "null"},
	} {
		if _, err := Load(env(bad[0], bad[1])); err == nil || !strings.HasPrefix(err.Error(), bad[0]+": want") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
