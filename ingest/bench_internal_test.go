package ingest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"yinju/ingest/document"
)

// Reading, reflow, segmentation and cutting of text, in MB of the file a second on one core. The files of the
// folder CORPUS, or of the examples, are put one after the other until there is enough. The figures of the sizes
// beside each other show that time and memory grow with the file and no faster.
func BenchmarkCut(b *testing.B) {
	for _, megabytes := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("%dMB", megabytes), func(b *testing.B) {
			raw := repeated(b, megabytes<<20)
			c := cutter{count: func(s string) int { return len(s)/3 + emptyTokens }, maxTokens: 510}
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				doc, err := document.Read(b.Context(), "bench.txt", raw)
				if err != nil {
					b.Fatal(err)
				}
				articles, err := articlesOf(doc)
				if err != nil {
					b.Fatal(err)
				}
				for _, a := range articles {
					c.passages(a)
				}
			}
		})
	}
}

func repeated(b *testing.B, size int) []byte {
	b.Helper()
	dir := os.Getenv("CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "examples", "corpus")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(files) == 0 {
		b.Fatalf("no text in %s: %v", dir, err)
	}
	var raw bytes.Buffer
	for raw.Len() < size {
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			raw.Write(append(text, '\n'))
		}
	}
	return raw.Bytes()[:bytes.LastIndexByte(raw.Bytes()[:size], '\n')]
}
