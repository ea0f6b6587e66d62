package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"yinju/bot"
	"yinju/rag"
)

// metrics are the figures of one handler. No label has what people wrote, or who they are.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec   // by route, method and status
	took     *prometheus.HistogramVec // seconds, by route
	running  prometheus.Gauge         // questions
	refused  *prometheus.CounterVec   // questions, by why: rate or busy
	answers  *prometheus.CounterVec   // by way and status
}

func newMetrics(store Counter) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yinju_http_requests_total", Help: "Requests over HTTP."}, []string{"route", "method", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "yinju_http_request_seconds", Help: "Time from a request to the end of its response.", Buckets: prometheus.ExponentialBuckets(0.002, 2, 17),
		}, []string{"route"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{Name: "yinju_http_questions_running", Help: "Questions that are being answered."}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yinju_http_questions_refused_total", Help: "Questions that were not taken."}, []string{"why"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yinju_http_answers_total", Help: "Answers, by the way they were asked for: ask, chat or tool."}, []string{"way", "status"}),
	}
	m.registry.MustRegister(m.requests, m.took, m.running, m.refused, m.answers, corpusFigures{store},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// methods are those that are counted by name: clients make up others.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}

// saw counts a request.
func (m *metrics) saw(r *http.Request, status int, took time.Duration) {
	route, method := r.Pattern, r.Method
	if route == "" {
		route, method = "none", "any"
	}
	if !slices.Contains(methods, method) {
		method = "any"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(route).Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// corpusFigures asks the store, at each look, what it holds.
type corpusFigures struct{ store Counter }

var figures = []struct {
	desc *prometheus.Desc
	of   func(rag.Stats) float64
}{
	{prometheus.NewDesc("yinju_sources", "Files in the store.", nil, nil), func(s rag.Stats) float64 { return float64(s.Sources) }},
	{prometheus.NewDesc("yinju_articles", "Articles in the store.", nil, nil), func(s rag.Stats) float64 { return float64(s.Articles) }},
	{prometheus.NewDesc("yinju_passages", "Passages in the store.", nil, nil), func(s rag.Stats) float64 { return float64(s.Passages) }},
	{prometheus.NewDesc("yinju_answers", "Answers in the log.", nil, nil), func(s rag.Stats) float64 { return float64(s.Answers) }},
	{prometheus.NewDesc("yinju_ingested_timestamp_seconds", "When the newest file was ingested.", nil, nil), func(s rag.Stats) float64 { return float64(s.Ingested.Unix()) }},
}

func (c corpusFigures) Describe(out chan<- *prometheus.Desc) {
	for _, f := range figures {
		out <- f.desc
	}
}

// Collect leaves the figures out where the database does not answer: the others are of use then.
func (c corpusFigures) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readyWait) //nolint:forbidigo // the interface passes none on
	defer cancel()
	stats, err := c.store.Stats(ctx)
	if err != nil {
		return
	}
	for _, f := range figures {
		out <- prometheus.MustNewConstMetric(f.desc, prometheus.GaugeValue, f.of(stats))
	}
}

// counted is the asker, its answers counted by the way that they were asked for.
func (s server) counted(way string) bot.Asker { return counted{s.Asker, s.metrics.answers, way} }

type counted struct {
	asker   bot.Asker
	answers *prometheus.CounterVec
	way     string
}

// Stream answers. What could not be kept is an answer all the same.
func (c counted) Stream(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
	answer, err := c.asker.Stream(ctx, q, tell)
	if err == nil || errors.Is(err, rag.ErrNotLogged) {
		c.answers.WithLabelValues(c.way, string(answer.Status)).Inc()
	}
	return answer, err
}
