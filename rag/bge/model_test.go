package bge

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type reference struct {
	Query        bool
	Text, Vector string
}

func (r reference) vector(tb testing.TB) []float32 {
	tb.Helper()
	data, err := base64.StdEncoding.DecodeString(r.Vector)
	if err != nil {
		tb.Fatal(err)
	}
	vector := make([]float32, len(data)/4)
	for i := range vector {
		vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return vector
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

func checkUnit(t *testing.T, vector []float32) {
	t.Helper()
	var sum float64
	for _, x := range vector {
		sum += float64(x) * float64(x)
	}
	if len(vector) != Dimensions || math.Abs(sum-1) > 1e-5 {
		t.Errorf("%d dimensions, squared length %g", len(vector), sum)
	}
}

func TestVectorsAreThoseOfTheOriginal(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	for _, want := range readFixture[[]reference](t, "vectors.json") {
		got, err := embed(t.Context(), m, want)
		if err != nil {
			t.Fatal(err)
		}
		checkUnit(t, got)
		if c := cosine(got, want.vector(t)); c < .999 {
			t.Errorf("%q: cosine %.4f", want.Text, c)
		}
	}
}

func embed(ctx context.Context, m *Model, r reference) ([]float32, error) {
	if r.Query {
		return m.EmbedQuery(ctx, r.Text)
	}
	vectors, err := m.EmbedDocuments(ctx, []string{r.Text})
	if err != nil {
		return nil, err
	}
	return vectors[0], nil
}

func TestDocumentsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	var texts []string
	for _, r := range readFixture[[]reference](t, "vectors.json") {
		texts = append(texts, r.Text)
	}
	before := slices.Clone(texts)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { checkOrder(t, m, texts) })
	}
	wg.Wait()
	if diff := cmp.Diff(before, texts); diff != "" {
		t.Errorf("the caller's texts (-before +after):\n%s", diff)
	}
}

func checkOrder(t *testing.T, m *Model, texts []string) {
	t.Helper()
	vectors, err := m.EmbedDocuments(t.Context(), texts)
	if err != nil {
		t.Error(err)
		return
	}
	for i, text := range texts {
		alone, err := m.EmbedTokens(t.Context(), idsOf(m.Tokenizer().Encode(text)))
		if err != nil {
			t.Error(err)
		}
		if c := cosine(alone, vectors[i]); c < .99999 {
			t.Errorf("text %d: cosine to its own vector %.5f", i, c)
		}
	}
}

func TestDocumentsWithoutVector(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	vectors, err := m.EmbedDocuments(t.Context(), nil)
	if err != nil || len(vectors) != 0 {
		t.Errorf("no texts: %v, %v", vectors, err)
	}
	for _, empty := range []string{"", " \n", "\x00\u200b"} {
		_, err = m.EmbedDocuments(t.Context(), []string{"a", empty})
		if !errors.Is(err, ErrEmptyText) || !strings.Contains(err.Error(), "text 1") {
			t.Errorf("empty text %q: %v", empty, err)
		}
		if _, err := m.EmbedQuery(t.Context(), empty); !errors.Is(err, ErrEmptyText) {
			t.Errorf("empty query %q: %v", empty, err)
		}
	}
}

func TestTooLongDocument(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	_, err := m.EmbedDocuments(t.Context(), []string{"短", strings.Repeat("长", 10000)})
	var long *TooLongError
	if !errors.As(err, &long) {
		t.Fatalf("error %v", err)
	}
	if diff := cmp.Diff(&TooLongError{Index: 1, Tokens: 10002, Max: MaxTokens}, long); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for text, fits := range map[string]bool{strings.Repeat("字", MaxTokens-2): true, strings.Repeat("字", MaxTokens-1): false} {
		_, err := m.EmbedDocuments(t.Context(), []string{text})
		if (err == nil) != fits {
			t.Errorf("%d tokens: %v", m.Tokenizer().Count(text), err)
		}
	}
}

func TestLongQueryIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	long := strings.Repeat("渡船每天清晨开出一班。", 908)
	a, err := m.EmbedQuery(t.Context(), long+"盐湖是粉色的")
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.EmbedQuery(t.Context(), long+"法院减少违约金")
	if err != nil {
		t.Fatal(err)
	}
	checkUnit(t, a)
	if c := cosine(a, b); c > .999999 || c < .9 {
		t.Errorf("cosine of two long queries with another end: %.7f", c)
	}
}

func TestWindowsCoverTheQuery(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	frame := m.Tokenizer().Count(QueryPrefix)
	for _, n := range []int{1, MaxTokens - frame, MaxTokens - frame + 1, 10000} {
		text := strings.Repeat("水", n/2) + strings.Repeat("火", n-n/2)
		var covered []int32
		for _, ids := range m.windows(m.Tokenizer().body(text)) {
			if len(ids) > MaxTokens || len(ids) <= frame {
				t.Errorf("a window of %d tokens", len(ids))
			}
			covered = append(covered, ids[frame-1:len(ids)-1]...)
		}
		if diff := cmp.Diff(m.Tokenizer().body(text), covered); diff != "" {
			t.Errorf("%d tokens (-want +got):\n%s", n, diff)
		}
	}
	if diff := cmp.Diff(idsOf(m.Tokenizer().Encode(QueryPrefix+"短问")), m.windows(m.Tokenizer().body("短问"))[0]); diff != "" {
		t.Errorf("short query (-want +got):\n%s", diff)
	}
}

func TestEmbedTokensChecksIDs(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	for _, ids := range [][]int32{nil, make([]int32, MaxTokens+1), {-30000}, {1 << 30}} {
		if _, err := m.EmbedTokens(t.Context(), ids); err == nil {
			t.Errorf("%d ids: no error", len(ids))
		}
	}
}

func TestQueryDoesNotWaitForDocuments(t *testing.T) {
	t.Parallel()
	m := openModel(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := m.EmbedDocuments(ctx, slices.Repeat([]string{strings.Repeat("满", 500)}, 1000))
		done <- err
	}()
	for len(m.slots) == 0 {
		runtime.Gosched()
	}
	vector, err := m.EmbedQuery(t.Context(), "急问")
	if err != nil {
		t.Error(err)
	}
	checkUnit(t, vector)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("documents ended before the query did: %v", err)
	}
}

func TestDocumentsShareTheSlots(t *testing.T) {
	t.Parallel()
	m := openModel(t, 1)
	m.slots <- struct{}{} // as a passage in work would hold it
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error, 2)
	for range cap(errs) {
		go func() {
			_, err := m.EmbedDocuments(ctx, []string{"等"})
			errs <- err
		}()
	}
	if _, err := m.EmbedQuery(t.Context(), "急问"); err != nil {
		t.Error(err)
	}
	if len(errs) > 0 {
		t.Error("a document went ahead without a slot")
	}
	cancel()
	for range cap(errs) {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("waiting documents: %v", err)
		}
	}
	<-m.slots
	if _, err := m.EmbedDocuments(t.Context(), []string{"再来"}); err != nil {
		t.Error(err)
	}
}

func TestDoneContext(t *testing.T) {
	t.Parallel()
	m := testModel(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, errDocuments := m.EmbedDocuments(ctx, []string{"a"})
	_, errQuery := m.EmbedQuery(ctx, "a")
	_, errTokens := m.EmbedTokens(ctx, []int32{101, 102})
	for i, err := range []error{errDocuments, errQuery, errTokens} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d: %v", i, err)
		}
	}
}

func TestCloseWaitsForCalls(t *testing.T) {
	t.Parallel()
	m := openModel(t, 2)
	done := make(chan error, 1)
	go func() {
		_, err := m.EmbedDocuments(t.Context(), slices.Repeat([]string{strings.Repeat("慢", 200)}, 6))
		done <- err
	}()
	for len(m.slots) == 0 {
		runtime.Gosched()
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	// The call may still have to hand over its result, but it is not cut off.
	if err := <-done; err != nil {
		t.Errorf("running call: %v", err)
	}
	checkClosed(t, m)
}

func checkClosed(t *testing.T, m *Model) {
	t.Helper()
	_, errDocuments := m.EmbedDocuments(t.Context(), []string{"a"})
	_, errQuery := m.EmbedQuery(t.Context(), "a")
	_, errTokens := m.EmbedTokens(t.Context(), []int32{101, 102})
	for i, err := range []error{errDocuments, errQuery, errTokens} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("call %d after Close: %v", i, err)
		}
	}
	if err := m.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}
