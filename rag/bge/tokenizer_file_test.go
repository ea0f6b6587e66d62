package bge

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// smallTokenizer is a tokenizer.json with a vocabulary of ten, every part of which a test may change.
func smallTokenizer() map[string]any {
	vocabulary := map[string]any{}
	for i, token := range []string{"[UNK]", "[CLS]", "[SEP]", "un", "##know", "##n", "e", "i", "é", "中"} {
		vocabulary[token] = i
	}
	marker := func(id string) any { return map[string]any{"SpecialToken": map[string]any{"id": id}} }
	return map[string]any{
		"truncation":    map[string]any{"max_length": 3},
		"padding":       map[string]any{"strategy": map[string]any{"Fixed": 9}},
		"added_tokens":  []any{map[string]any{"id": 2, "content": "[SEP]"}},
		"normalizer":    map[string]any{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "lowercase": true},
		"pre_tokenizer": map[string]any{"type": "BertPreTokenizer"},
		"post_processor": map[string]any{
			"type":   "TemplateProcessing",
			"single": []any{marker("[CLS]"), map[string]any{"Sequence": map[string]any{"id": "A"}}, marker("[SEP]")},
			"special_tokens": map[string]any{
				"[CLS]": map[string]any{"ids": []int{1}},
				"[SEP]": map[string]any{"ids": []int{2}},
			},
		},
		"model": map[string]any{
			"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
			"max_input_chars_per_word": 8, "vocab": vocabulary,
		},
	}
}

func writeTokenizer(tb testing.TB, file map[string]any) string {
	tb.Helper()
	data, err := json.Marshal(file)
	if err != nil {
		tb.Fatal(err)
	}
	return writeTemp(tb, "tokenizer.json", data)
}

func part(file map[string]any, name string) map[string]any { return file[name].(map[string]any) }

func TestSettingsOfTheFile(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(file map[string]any)
		text   string
		want   []int32
	}{
		"pieces":              {func(map[string]any) {}, "unknown", []int32{1, 3, 4, 5, 2}},
		"no piece":            {func(map[string]any) {}, "une", []int32{1, 0, 2}},
		"never truncated":     {func(map[string]any) {}, "e i e i", []int32{1, 6, 7, 6, 7, 2}},
		"lower case":          {func(map[string]any) {}, "UNKNOW", []int32{1, 3, 4, 2}},
		"accents go with it":  {func(map[string]any) {}, "É İ", []int32{1, 6, 7, 2}},
		"added token":         {func(map[string]any) {}, "un[SEP]e", []int32{1, 3, 2, 6, 2}},
		"too long is unknown": {func(map[string]any) {}, "unnnnnnnn", []int32{1, 0, 2}},
		"not too long":        {func(map[string]any) {}, "unnnnnnn", []int32{1, 3, 5, 5, 5, 5, 5, 5, 2}},
		"Chinese apart":       {func(map[string]any) {}, "e中i", []int32{1, 6, 9, 7, 2}},
		"accents kept": {
			func(file map[string]any) { part(file, "normalizer")["strip_accents"] = false }, "É İ", []int32{1, 8, 0, 2},
		},
		"case kept": {
			func(file map[string]any) { part(file, "normalizer")["lowercase"] = false }, "É é", []int32{1, 0, 8, 2},
		},
		"Chinese together": {
			func(file map[string]any) { part(file, "normalizer")["handle_chinese_chars"] = false }, "e中i", []int32{1, 0, 2},
		},
		"not cleaned": {
			func(file map[string]any) { part(file, "normalizer")["clean_text"] = false }, "e\x00 e", []int32{1, 0, 6, 2},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := smallTokenizer()
			c.change(file)
			tokenizer, err := LoadTokenizer(writeTokenizer(t, file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, idsOf(tokenizer.Encode(c.text))); diff != "" {
				t.Errorf("%q (-want +got):\n%s", c.text, diff)
			}
		})
	}
}

func TestOtherTokenizersAreRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(file map[string]any)
		want   string
	}{
		"normalizer":     {func(f map[string]any) { f["normalizer"] = nil }, "normalizer"},
		"pre-tokenizer":  {func(f map[string]any) { part(f, "pre_tokenizer")["type"] = "ByteLevel" }, "pre_tokenizer"},
		"model":          {func(f map[string]any) { part(f, "model")["type"] = "BPE" }, `"BPE"`},
		"post-processor": {func(f map[string]any) { delete(f, "post_processor") }, "post_processor"},
		"no markers":     {func(f map[string]any) { part(f, "post_processor")["single"] = []any{} }, "markers"},
		"no unknown":     {func(f map[string]any) { part(f, "model")["unk_token"] = "?" }, "unk_token"},
		"word length":    {func(f map[string]any) { delete(part(f, "model"), "max_input_chars_per_word") }, "max_input"},
		"hole in ids":    {func(f map[string]any) { part(f, "model")["vocab"].(map[string]any)["e"] = 99 }, "id 99"},
		"odd added token": {
			func(f map[string]any) { f["added_tokens"].([]any)[0].(map[string]any)["lstrip"] = true }, "added token",
		},
		"added token of another id": {
			func(f map[string]any) { f["added_tokens"].([]any)[0].(map[string]any)["id"] = 5 }, "added token",
		},
		"marker outside": {
			func(f map[string]any) {
				part(part(f, "post_processor"), "special_tokens")["[CLS]"] = map[string]any{"ids": []int{77}}
			},
			"marker 77",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := smallTokenizer()
			c.change(file)
			_, err := LoadTokenizer(writeTokenizer(t, file))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestFilesThatAreNoTokenizer(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(testParts(t).Tokenizer)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty": nil, "truncated": whole[:len(whole)/2], "list": []byte("[]"), "other": []byte(`{"a":1}`), "null": []byte("null"),
	} {
		if _, err := LoadTokenizer(writeTemp(t, name, data)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := LoadTokenizer(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}
