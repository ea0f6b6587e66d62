package main

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"yinju/bot/web"
	"yinju/config"
)

const (
	keysEvery   = time.Second // the file is looked at again, at most
	maxKeysFile = 1 << 20
)

// apiKeys gives the keys of the API as they are now: those of a file are read again when it changes.
func (a *app) apiKeys() func() []web.Key {
	c := a.cfg.HTTP
	keys := webKeys(c.Keys)
	if c.KeysFile == "" {
		return func() []web.Key { return keys }
	}
	f := &keyFile{path: c.KeysFile, log: a.log(), now: time.Now, keys: keys}
	return f.current
}

func webKeys(keys []config.APIKey) []web.Key {
	out := make([]web.Key, len(keys))
	for i, k := range keys {
		out[i] = web.Key{Name: k.Name, Hash: k.Hash}
		if k.Ask {
			out[i].Scopes = append(out[i].Scopes, web.AskScope)
		}
		if k.Admin {
			out[i].Scopes = append(out[i].Scopes, web.AdminScope)
		}
	}
	return out
}

// keyFile is a file of keys. While it cannot be read, or has a fault, those that it had stay.
type keyFile struct {
	path string
	log  *slog.Logger
	now  func() time.Time

	mu   sync.Mutex
	seen time.Time // when it was looked at
	text []byte    // what it had then
	keys []web.Key
}

func (f *keyFile) current() []web.Key {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.seen) >= keysEvery {
		f.seen = now
		f.look()
	}
	return f.keys
}

func (f *keyFile) look() {
	text, err := readUpTo(f.path, maxKeysFile)
	if err != nil {
		f.log.Error("read API_KEYS_FILE again: the keys that it had stay", "error", err)
		return
	}
	if bytes.Equal(text, f.text) {
		return
	}
	f.text = text
	keys, err := config.ParseAPIKeys(string(text))
	if err != nil {
		f.log.Error("read API_KEYS_FILE again: the keys that it had stay", "error", err)
		return
	}
	f.keys = webKeys(keys)
	f.log.Info("API_KEYS_FILE was read", "keys", len(keys))
}

func readUpTo(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, most))
}
