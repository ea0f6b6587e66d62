package eval_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"yinju/rag"
	"yinju/rag/eval"
	"yinju/rag/ragtest"
)

// compass embeds a question along the axis of its first character.
type compass map[rune]int

func (c compass) EmbedQuery(_ context.Context, text string) ([]float32, error) {
	return axis(c[[]rune(text)[0]]), nil
}

func axis(i int) []float32 {
	v := make([]float32, rag.Dimensions)
	v[i] = 1
	return v
}

// files are sources whose lines are kept here.
type files map[string]string

func (f files) Lines(_ context.Context, file string, first, last int) (string, error) {
	text, ok := f[file]
	if !ok {
		return "", errors.New("no such file")
	}
	return strings.Join(strings.Split(text, "\n")[first-1:last], "\n"), nil
}

// bridges is a store of one file of two articles, a passage a line, each along its own axis.
func bridges(t *testing.T) (eval.Job, files) {
	t.Helper()
	lines := []string{"赵州桥由隋代工匠李春设计建造。", "它用石头砌成，至今一千四百多年。", "钱塘江大桥由茅以升主持设计，一九三七年通车。"}
	e := rag.Edition{Source: rag.Source{Path: "桥/001_x.txt", Root: "/corpus", Hash: []byte("x")}, MadeBy: "test", Embedder: "m"}
	for i, part := range [][]string{lines[:2], lines[2:]} {
		a := &rag.Article{File: e.Source.Path, Text: strings.Join(part, "")}
		at := 0
		for j, text := range part {
			number, end := 2*i+j, at+len([]rune(text))
			a.Places = append(a.Places, rag.Run{Start: at, Line: number + 1, Byte: len(strings.Join(lines[:number], "\n")) + min(number, 1)})
			e.Passages = append(e.Passages, rag.Passage{Article: a, Span: rag.Span{Start: at, End: end}, Text: text, Opens: true, Vector: axis(number)})
			at = end
		}
		e.Articles = append(e.Articles, a)
	}
	s := ragtest.Store(t)
	if err := s.Replace(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	sources := files{e.Source.Path: strings.Join(lines, "\n")}
	r := rag.NewRetriever(s, compass{'赵': 0, '钱': 2, '轮': 9, '它': 1}, "m")
	return eval.Job{Searcher: r, Asker: rag.NewAnswerer(r, s).WithoutLog(), Library: s, Sources: sources}, sources
}

func questions(t *testing.T, lines ...string) []eval.Question {
	t.Helper()
	all, err := eval.Read(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const (
	whoBuilt = `{"id": "who", "type": "fact", "question": "赵州桥由谁设计建造？", "answerable": true, "evidence": [{"article_id": "001-00", "quote": "赵州桥由隋代工匠李春设计建造", "start_line": 1, "end_line": 1}]}`
	whatOf   = `{"id": "what", "type": "fact", "question": "它用什么砌成？", "answerable": true, "evidence": [{"article_id": "FILE:001_x.txt", "quote": "钱塘江大桥由茅以升主持设计", "start_line": 9, "end_line": 9}, {"article_id": "FILE:other.txt", "quote": "别处的一句话", "start_line": 1, "end_line": 1}]}`
	tyres    = `{"id": "tyres", "type": "unanswerable", "question": "轮胎如何充气？"}`
)

func TestRunMeasuresWhatIsFoundQuotedAndRefused(t *testing.T) {
	t.Parallel()
	job, _ := bridges(t)
	var steps []int
	job.Progress = func(done, all int) { steps = append(steps, done, all) }
	r, err := job.Run(t.Context(), questions(t, whoBuilt, whatOf, tyres))
	if err != nil {
		t.Fatal(err)
	}
	who, what, tyre := r.Outcomes[0], r.Outcomes[1], r.Outcomes[2]
	if who.Status != rag.Answered || who.Confidence < 0.5 || who.Rank != 1 || who.EvidenceAt != 1 || !who.RightArticle || who.TookMS <= 0 {
		t.Errorf("got %+v", who)
	}
	if q := who.Quotes[0]; q.File != "桥/001_x.txt" || q.StartLine != 1 || !q.Verbatim || q.Quote != "赵州桥由隋代工匠李春设计建造。" {
		t.Errorf("quoted %+v", q)
	}
	if what.Rank < 2 || what.EvidenceAt == 1 || what.RightArticle {
		t.Errorf("another article's evidence is found first: %+v", what)
	}
	if tyre.Status == rag.Answered || tyre.Rank != 0 {
		t.Errorf("got %+v", tyre)
	}
	if !slices.Equal(r.Missing, []string{"FILE:other.txt"}) || !slices.Equal(steps, []int{1, 3, 2, 3, 3, 3}) {
		t.Errorf("missing %v, progress %v", r.Missing, steps)
	}
}

func TestRunFindsQuotesThatDoNotStandInTheirFile(t *testing.T) {
	t.Parallel()
	job, sources := bridges(t)
	for file, text := range sources {
		sources[file] = strings.ReplaceAll(text, "李春", "鲁班")
	}
	r, err := job.Run(t.Context(), questions(t, whoBuilt))
	if err != nil {
		t.Fatal(err)
	}
	s := r.All.Shares[eval.Verbatim]
	if r.Outcomes[0].Quotes[0].Verbatim || s.N >= s.Of || !r.Outcomes[0].Failed() {
		t.Errorf("%+v; %+v", s, r.Outcomes[0].Quotes)
	}
	clear(sources)
	if _, err := job.Run(t.Context(), questions(t, whoBuilt)); err == nil || !strings.Contains(err.Error(), "question who") {
		t.Errorf("without the file: %v", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	job, _ := bridges(t)
	ctx, cancel := context.WithCancel(t.Context())
	job.Progress = func(done, _ int) {
		if done == 1 {
			cancel()
		}
	}
	if _, err := job.Run(ctx, questions(t, whoBuilt, whatOf)); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "question what") {
		t.Errorf("got %v", err)
	}
}
