package bge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"

	"github.com/tmc/langchaingo/embeddings"
	ort "github.com/yalue/onnxruntime_go"
)

const (
	// Dimensions is the length of every vector.
	Dimensions = 512
	// MaxTokens is how many tokens one pass takes, [CLS] and [SEP] included.
	MaxTokens = 512
	// QueryPrefix stands before every query, and no document, as the BGE model card asks.
	QueryPrefix = "为这个句子生成表示以用于检索相关文章："
)

// ErrClosed is what every call on a closed [Model] returns.
var ErrClosed = errors.New("model is closed")

// Options are what [Open] needs.
type Options struct {
	Library   string // the shared library of ONNX Runtime
	Onnx      string // the model's graph and weights
	Tokenizer string // its tokenizer.json
	Workers   int    // how many document passages are embedded at once; 0: the number of CPUs
}

// Model embeds text. It is safe for concurrent use: all callers share one session, documents share Workers
// slots, and queries need none, so that they never wait behind an ingest.
type Model struct {
	tokenizer *Tokenizer
	session   *ort.DynamicAdvancedSession
	prefix    []int32 // tokens of QueryPrefix, without markers
	slots     chan struct{}
	passes    sync.Pool // of *pass

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
	destroy func() error
}

var _ embeddings.Embedder = (*Model)(nil)

// Open loads the model; close it with [Model.Close]. ONNX Runtime itself is loaded once for the whole
// process, so a Library other than that of an earlier Open is an error. A graph that is not the expected
// one, or does not go with the tokenizer, is a [*WrongModelError].
func Open(opt Options) (*Model, error) {
	m, err := open(opt)
	if err != nil {
		return nil, fmt.Errorf("open model: %w", err)
	}
	return m, nil
}

func open(opt Options) (*Model, error) {
	if opt.Workers < 0 {
		return nil, fmt.Errorf("%d workers", opt.Workers)
	}
	if opt.Workers == 0 {
		opt.Workers = runtime.NumCPU()
	}
	tokenizer, err := LoadTokenizer(opt.Tokenizer)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(opt.Onnx); err != nil {
		return nil, err
	}
	if err := startRuntime(opt.Library); err != nil {
		return nil, err
	}
	session, err := openSession(opt.Onnx)
	if err != nil {
		return nil, err
	}
	m := newModel(tokenizer.lowered(), session, opt.Workers)
	if err := m.checkVocabulary(opt.Onnx); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func newModel(tokenizer *Tokenizer, session *ort.DynamicAdvancedSession, workers int) *Model {
	return &Model{
		tokenizer: tokenizer,
		session:   session,
		prefix:    tokenizer.body(QueryPrefix),
		slots:     make(chan struct{}, workers),
		passes:    sync.Pool{New: func() any { return newPass() }},
		destroy:   sync.OnceValue(session.Destroy),
	}
}

// checkVocabulary holds the embedding table against the tokenizer. The runtime does not tell how long the
// table is, but it refuses an id behind its end.
func (m *Model) checkVocabulary(path string) error {
	n := m.tokenizer.vocabulary
	if _, err := m.vector([]int32{n - 1}); err != nil {
		return &WrongModelError{path, fmt.Sprintf("it fails on token %d of %d: %v", n-1, n, err)}
	}
	if _, err := m.vector([]int32{n}); err == nil {
		return &WrongModelError{path, fmt.Sprintf("it has more than the %d tokens of the tokenizer", n)}
	}
	return nil
}

// Tokenizer is the model's, to see what fits before embedding.
func (m *Model) Tokenizer() *Tokenizer { return m.tokenizer }

// EmbedTokens runs the model over ids as they are, 1 to [MaxTokens] of them with [CLS] and [SEP], and gives
// the vector of the first at length 1. Like a query it takes no slot. It is for measuring; texts go through
// [Model.EmbedDocuments] and [Model.EmbedQuery].
func (m *Model) EmbedTokens(ctx context.Context, ids []int32) ([]float32, error) {
	if err := m.enter(ctx); err != nil {
		return nil, fmt.Errorf("embed tokens: %w", err)
	}
	defer m.running.Done()
	if len(ids) == 0 || len(ids) > MaxTokens {
		return nil, fmt.Errorf("embed tokens: %d ids, want 1 to %d", len(ids), MaxTokens)
	}
	vector, err := m.vector(ids)
	if err != nil {
		return nil, fmt.Errorf("embed tokens: %w", err)
	}
	return vector, nil
}

// Close waits for the running calls and frees the model; calls from then on return [ErrClosed]. Closing
// again does no harm.
func (m *Model) Close() error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.running.Wait()
	return m.destroy()
}

// enter begins a call, which ends with m.running.Done.
func (m *Model) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	m.running.Add(1)
	return nil
}

// vector is one pass over ids and its pooled result.
func (m *Model) vector(ids []int32) ([]float32, error) {
	vector, _, err := m.pass(ids, len(ids), nil)
	return vector, err
}

// pass is one run over ids. It gives the pooled result, and appends to codes those of the tokens from first
// on, the markers at the end left out.
func (m *Model) pass(ids []int32, first int, codes []Code) ([]float32, []Code, error) {
	p := m.passes.Get().(*pass)
	defer m.passes.Put(p)
	hidden, err := p.forward(m.session, ids)
	if err != nil {
		return nil, codes, err
	}
	vector, err := pool(hidden)
	if end := len(ids) - len(m.tokenizer.after); first < end {
		codes = appendCodes(codes, hidden[first*Dimensions:end*Dimensions])
	}
	return vector, codes, err
}
