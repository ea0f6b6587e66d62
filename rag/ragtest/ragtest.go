// Package ragtest gives tests the real parts: a database of their own on the private Postgres, and the
// embedding model. A part that cannot be had fails the test.
package ragtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yinju/deploy/local"
	"yinju/rag"
	"yinju/rag/bge"
	"yinju/rag/gloss"
)

// ModelName is what tests call the model of Model, with its codes.
const ModelName = "bge-small-zh-v1.5-q+" + bge.CodesVersion

const (
	startWait = 10 * time.Minute // a fresh machine fetches the parts first
	stopWait  = time.Minute
)

// parts fetches what is missing, once a process.
var parts = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	dir := os.Getenv("PARTS_DIR")
	if dir == "" {
		var err error
		if dir, err = local.DefaultPartsDir(os.Getenv); err != nil {
			return "", err
		}
	}
	return dir, local.Fetch(ctx, dir, func(string) {})
})

// Parts is the folder with the fetched parts.
func Parts(tb testing.TB) string {
	tb.Helper()
	dir, err := parts()
	if err != nil {
		tb.Fatalf("fetch the parts: %v", err)
	}
	return dir
}

// Model opens the embedding model for one test.
func Model(tb testing.TB) *bge.Model {
	tb.Helper()
	dir := Parts(tb)
	lib, err := local.ONNXRuntime(dir)
	if err != nil {
		tb.Fatal(err)
	}
	files, err := local.Model(dir)
	if err != nil {
		tb.Fatal(err)
	}
	m, err := bge.Open(bge.Options{Library: lib, Onnx: files.Onnx, Tokenizer: files.Tokenizer})
	if err != nil {
		tb.Fatalf("open the model: %v", err)
	}
	tb.Cleanup(func() {
		if err := m.Close(); err != nil {
			tb.Errorf("close the model: %v", err)
		}
	})
	return m
}

// DictionaryFile is the path of the fetched dictionary.
func DictionaryFile(tb testing.TB) string {
	tb.Helper()
	path, err := local.Dictionary(Parts(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

var openDictionary struct {
	sync.Once
	d   *gloss.Dictionary
	err error
}

// Dictionary opens the dictionary, once a process.
func Dictionary(tb testing.TB) *gloss.Dictionary {
	tb.Helper()
	path := DictionaryFile(tb)
	openDictionary.Do(func() { openDictionary.d, openDictionary.err = gloss.Open(path) })
	if openDictionary.err != nil {
		tb.Fatalf("open the dictionary: %v", openDictionary.err)
	}
	return openDictionary.d
}

// Store opens a store on an empty database of the test's own.
func Store(tb testing.TB) *rag.Store {
	tb.Helper()
	s, err := rag.Open(tb.Context(), Database(tb))
	if err != nil {
		tb.Fatalf("open the store: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Server joins the Postgres that all tests of this account share, for the length of one test, and
// returns its connection string.
func Server(tb testing.TB) string {
	tb.Helper()
	bin, err := local.Postgres(Parts(tb))
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), startWait)
	defer cancel()
	data := filepath.Join(os.TempDir(), "yinju-test-"+strconv.Itoa(os.Getuid()))
	s, err := local.Start(ctx, local.Options{BinDir: bin, DataDir: data})
	if err != nil {
		tb.Fatalf("start Postgres: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopWait)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			tb.Errorf("stop Postgres: %v", err)
		}
	})
	return s.URL()
}

// Database makes an empty database for one test and returns its connection string.
func Database(tb testing.TB) string {
	tb.Helper()
	server := Server(tb)
	name := fmt.Sprintf("t_%d_%d_%d", time.Now().Unix(), os.Getpid(), time.Now().UnixNano()%1e9)
	exec(tb, server, `create database `+name)
	tb.Cleanup(func() { exec(tb, server, `drop database if exists `+name+` with (force)`) })
	dropLeftovers(tb, server)
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("the server's connection string is no URL: %v", err)
	}
	u.Path = "/" + name
	return u.String()
}

func exec(tb testing.TB, server, sql string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), stopWait)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		tb.Fatalf("connect: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

// dropLeftovers removes databases of tests that were killed more than an hour ago.
func dropLeftovers(tb testing.TB, server string) {
	tb.Helper()
	ctx := tb.Context()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		tb.Fatalf("connect: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, _ := conn.Query(ctx, `select datname from pg_database where datname like 't\_%'`)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatalf("list databases: %v", err)
	}
	for _, name := range names {
		made, err := strconv.ParseInt(strings.Split(name, "_")[1], 10, 64)
		if err == nil && time.Since(time.Unix(made, 0)) > time.Hour {
			exec(tb, server, `drop database if exists `+pgx.Identifier{name}.Sanitize()+` with (force)`)
		}
	}
}
