package bge

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestTokensAreThoseOfTheOriginal(t *testing.T) {
	t.Parallel()
	tokenizer := testTokenizer(t)
	type encoding struct {
		Text    string
		IDs     []int32
		Offsets []int
		Lowered []int32
	}
	for _, want := range readFixture[[]encoding](t, "ids.json") {
		got := tokenizer.Encode(want.Text)
		if diff := cmp.Diff(want.IDs, idsOf(got)); diff != "" {
			t.Errorf("ids of %.60q (-want +got):\n%s", want.Text, diff)
			continue
		}
		if diff := cmp.Diff(want.Lowered, idsOf(tokenizer.lowered().Encode(want.Text))); diff != "" {
			t.Errorf("lowered ids of %.60q (-want +got):\n%s", want.Text, diff)
		}
		if diff := cmp.Diff(want.Offsets[2:len(want.Offsets)-2], offsetsOf(got[1:len(got)-1])); diff != "" {
			t.Errorf("offsets of %.60q (-want +got):\n%s", want.Text, diff)
		}
	}
}

func offsetsOf(tokens []Token) []int {
	offsets := make([]int, 0, 2*len(tokens))
	for _, token := range tokens {
		offsets = append(offsets, token.Start, token.End)
	}
	return offsets
}

// Every code point there is, between two digits: it shows which are dropped, split and known, and so
// whether the character classes are those of the original whatever Unicode version Go has moved on to.
func TestCodePointsAreThoseOfTheOriginal(t *testing.T) {
	t.Parallel()
	want := readFixture[map[string][]string](t, "code_points.json")
	for name, tokenizer := range bothTokenizers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(want[name]) == 0 {
				t.Error("the fixture is empty")
			}
			for i, digest := range want[name] {
				checkBlock(t, tokenizer, rune(i), digest)
			}
		})
	}
}

// bothTokenizers are the file's own and the one that the model is used with.
func bothTokenizers(t *testing.T) map[string]*Tokenizer {
	t.Helper()
	asIs := testTokenizer(t)
	return map[string]*Tokenizer{"as_is": asIs, "lowercase": asIs.lowered()}
}

func checkBlock(t *testing.T, tokenizer *Tokenizer, i rune, want string) {
	t.Helper()
	const size = 0x1000
	sum := sha256.New()
	for r := i * size; r < (i+1)*size; r++ {
		if utf8.ValidRune(r) {
			writeIDs(sum, tokenizer.Encode("1"+string(r)+"2"))
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil))[:len(want)]; got != want {
		t.Errorf("code points %#x to %#x: digest %s, want %s", i*size, (i+1)*size-1, got, want)
	}
}

func writeIDs(sum hash.Hash, tokens []Token) {
	var buf []byte
	for _, id := range idsOf(tokens) {
		buf = binary.LittleEndian.AppendUint32(buf, uint32(id))
	}
	sum.Write(buf)
}

// The files stand beside the project where it is developed; it does not need them.
func TestTokensOfSharedFiles(t *testing.T) {
	t.Parallel()
	want := readFixture[map[string]map[string]string](t, "shared_ids.json")
	for mode, tokenizer := range bothTokenizers(t) {
		for name, digest := range want[mode] {
			checkSharedFile(t, tokenizer, name, digest)
		}
	}
}

func checkSharedFile(t *testing.T, tokenizer *Tokenizer, name, want string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "corpus", name))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	for line := range strings.SplitSeq(string(data), "\n") {
		writeIDs(sum, tokenizer.Encode(line))
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("%s: digest %s, want %s", name, got, want)
	}
}

func TestInvalidUTF8IsDropped(t *testing.T) {
	t.Parallel()
	tokenizer := testTokenizer(t)
	got := tokenizer.Encode("a\xffb\xe4\xb8 中")
	want := []Token{{101, 0, 0}, got[1], {704, 6, 7}, {102, 7, 7}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got[1].Start != 0 || got[1].End != 3 || got[1].ID != tokenizer.Encode("ab")[1].ID {
		t.Errorf("ab around an invalid byte is %+v", got[1])
	}
}

// A quadratic tokenizer takes hours for these. Not parallel, so that nothing but the tokenizer takes time.
func TestTimeIsLinear(t *testing.T) {
	tokenizer := testTokenizer(t)
	start := time.Now()
	for _, unit := range []string{"a", "中", "-", "\u0301", "[", strings.Repeat("e", 100) + " "} {
		text := strings.Repeat(unit, 1<<20/len(unit))
		if n := tokenizer.Count(text); n < 3 {
			t.Errorf("%.10q...: %d tokens", unit, n)
		}
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("6 MB took %s", took)
	}
}

func FuzzEncode(f *testing.F) {
	for _, seed := range []string{"", "中文 text", "a[SEP]b", "\xff\x00\u200b", "é\u0301한"} {
		f.Add(seed, "尾")
	}
	tokenizer := testTokenizer(f)
	f.Fuzz(func(t *testing.T, a, b string) {
		checkTokens(t, tokenizer, a)
		// A Chinese character is always a word of its own, so it parts what stands around it.
		want := append(append(tokenizer.body(a), tokenizer.body("中")...), tokenizer.body(b)...)
		if diff := cmp.Diff(want, tokenizer.body(a+"中"+b)); diff != "" {
			t.Errorf("%q and %q joined (-want +got):\n%s", a, b, diff)
		}
	})
}

func checkTokens(t *testing.T, tokenizer *Tokenizer, text string) {
	t.Helper()
	tokens := tokenizer.Encode(text)
	if len(tokens) < 2 || len(tokens) != tokenizer.Count(text) {
		t.Fatalf("%d tokens, Count says %d", len(tokens), tokenizer.Count(text))
	}
	last, length := Token{}, utf8.RuneCountInString(text)
	for i, token := range tokens {
		marker := i == 0 || i == len(tokens)-1
		if token.Start < last.Start || token.End < last.End || token.End > length || token.Start == token.End != marker {
			t.Fatalf("token %d of %q: %+v after %+v", i, text, token, last)
		}
		if token.ID < 0 || token.ID >= tokenizer.vocabulary {
			t.Fatalf("token %d of %q has id %d", i, text, token.ID)
		}
		last = token
	}
}
