package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinju/bot"
	"yinju/bot/web"
	"yinju/config"
	"yinju/rag"
	"yinju/rag/bge"
	"yinju/rag/eval"
	"yinju/rag/gloss"
	"yinju/rag/ragtest"
)

const (
	askers   = 64
	askedFor = time.Minute      // by all askers
	aloneFor = 10 * time.Second // by one, and embedding alone
)

// BenchmarkAskers asks the HTTP server the questions of QUESTIONS, or of examples/, over CORPUS: one asker alone; then 64
// for a minute, each as soon as he has his answer, so that 64 are always under way; then 64 of whom each asks once a second.
// It embeds the same questions with nothing else, too, one caller a core.
func BenchmarkAskers(b *testing.B) {
	model, store := ragtest.Model(b), ragtest.Store(b)
	ingestInto(b, store, model, benchCorpus(b))
	questions := benchQuestions(b)
	address := serveBench(b, store, model)
	for range b.N {
		embedded, _ := load(b, runtime.NumCPU(), aloneFor, 0, func(ctx context.Context, i int) error {
			_, err := model.EncodeQuery(ctx, questions[i%len(questions)])
			return err
		})
		ask := askOver(address, questions)
		_, alone := load(b, 1, aloneFor, 0, ask)
		asked, took := load(b, askers, askedFor, 0, ask)
		_, paced := load(b, askers, askedFor, time.Second, ask)
		for name, value := range map[string]float64{
			"embeds/s": embedded, "asks/s": asked, "share": asked / embedded, "alone-p50-ms": quantile(alone, .5), "alone-p99-ms": quantile(alone, .99),
			"p50-ms": quantile(took, .5), "p99-ms": quantile(took, .99), "p99/alone-p50": quantile(took, .99) / quantile(alone, .5),
			"paced-p50-ms": quantile(paced, .5), "paced-p99-ms": quantile(paced, .99), "paced-p99/alone-p50": quantile(paced, .99) / quantile(alone, .5),
		} {
			b.ReportMetric(value, name)
		}
		b.ReportMetric(0, "ns/op")
	}
}

func benchQuestions(b *testing.B) (all []string) {
	b.Helper()
	path := cmp.Or(os.Getenv("QUESTIONS"), filepath.Join("examples", "questions.jsonl"))
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	read, err := eval.Read(f)
	if err != nil {
		b.Fatal(err)
	}
	for _, q := range read {
		all = append(all, q.Question)
	}
	return all
}

// serveBench is the server as `serve` makes it, with no limit on questions a minute.
func serveBench(b *testing.B, store *rag.Store, model *bge.Model) string {
	b.Helper()
	a := &app{streams: streams{strings.NewReader(""), io.Discard, io.Discard}, lang: bot.Chinese, getenv: os.Getenv, db: store}
	cfg, err := config.Load(func(name string) string { return map[string]string{"HTTP_RATE": "1000000"}[name] })
	if err != nil {
		b.Fatal(err)
	}
	a.cfg = cfg
	a.collectLess()
	dictionary := ragtest.Dictionary(b)
	listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	h, err := a.handler(service{listener: listener}, rag.NewRetriever(store, model, ragtest.ModelName).WithDictionary(func() (*gloss.Dictionary, error) { return dictionary, nil }))
	if err != nil {
		b.Fatal(err)
	}
	server := web.Server(h, a.log())
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	b.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	return "http://" + listener.Addr().String()
}

// askOver asks one question over HTTP; its answer has to be whole.
func askOver(address string, questions []string) func(context.Context, int) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: askers}}
	return func(ctx context.Context, i int) error {
		body, err := json.Marshal(map[string]string{"question": questions[i%len(questions)]})
		if err != nil {
			return err
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/v1/ask", bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		response, err := client.Do(r)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		if err == nil && (response.StatusCode != http.StatusOK || !json.Valid(text)) {
			err = fmt.Errorf("%s: %.300s", response.Status, text)
		}
		return err
	}
}

// load lets so many callers do one thing after the other for a while, each every so often; 0: as soon as it is done. It gives how many a second were done, and how long
// each took in milliseconds, sorted. An error fails the benchmark.
func load(b *testing.B, callers int, span, every time.Duration, do func(ctx context.Context, i int) error) (perSecond float64, took []float64) {
	b.Helper()
	var next atomic.Int64
	var mu sync.Mutex
	var all sync.WaitGroup
	begin := time.Now()
	for n := range callers {
		all.Go(func() {
			var own []float64
			turn := begin.Add(every * time.Duration(n) / time.Duration(callers))
			for ; time.Since(begin) < span; turn = turn.Add(every) {
				time.Sleep(time.Until(turn))
				at := time.Now()
				if err := do(b.Context(), int(next.Add(1))); err != nil {
					b.Error(err)
					return
				}
				own = append(own, float64(time.Since(at).Microseconds())/1000)
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, own...)
		})
	}
	all.Wait()
	slices.Sort(took)
	return float64(len(took)) / time.Since(begin).Seconds(), took
}

func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
