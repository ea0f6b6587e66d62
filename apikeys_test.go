package main

import (
	"crypto/sha256"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yinju/bot/web"
	"yinju/config"
)

// The old key works until it is taken out of the file, and a file that is half written or wrong changes nothing.
func TestKeysOfAFileChangeWithIt(t *testing.T) {
	t.Parallel()
	const first, second = "first-first-first-first-first", "second-second-second-second"
	path := filepath.Join(t.TempDir(), "keys")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a:ask:" + first)
	cfg, err := config.Load(func(name string) string { return map[string]string{"API_KEYS_FILE": path}[name] })
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	now := time.Unix(1, 0)
	f := &keyFile{path: cfg.HTTP.KeysFile, log: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now }, keys: webKeys(cfg.HTTP.Keys)}
	has := func(secret string) bool {
		for _, k := range f.current() {
			if k.Hash == sha256.Sum256([]byte(secret)) {
				return true
			}
		}
		return false
	}
	if !has(first) || has(second) {
		t.Error("at first")
	}
	write("a:ask:" + first + "\na:ask+admin:" + second)
	if has(second) {
		t.Error("it is looked at with every request")
	}
	for _, step := range []struct {
		text          string
		first, second bool
	}{
		{"a:ask:" + first + "\na:ask+admin:" + second, true, true},
		{"a:ask:" + first + "\na:ask+admin:" + second[:10], true, true},
		{"", true, true},
		{"a:ask+admin:" + second, false, true},
	} {
		write(step.text)
		now = now.Add(keysEvery)
		if has(first) != step.first || has(second) != step.second {
			t.Errorf("with %q: %v, %v", step.text, has(first), has(second))
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	now = now.Add(keysEvery)
	if !has(second) || len(f.current()[0].Scopes) != 2 || f.current()[0].Scopes[1] != web.AdminScope {
		t.Errorf("without the file: %+v", f.current())
	}
	if strings.Contains(log.String(), second[:10]) || strings.Count(log.String(), "level=ERROR") != 3 {
		t.Errorf("%s", log.String())
	}
}
