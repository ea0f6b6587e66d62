package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"yinju/bot/web"
	"yinju/rag"
)

// asker answers as a test wants it.
type asker func(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error)

func (a asker) Stream(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
	return a(ctx, q, tell)
}

func answered(q rag.Query) rag.Answer {
	return rag.Answer{ID: "1", Question: q.Question, Status: rag.NotFound, Citations: []rag.Citation{}, Scope: []rag.Scope{}, Timings: map[string]float64{}}
}

// with are the options of an API over the shelf, with an asker.
func with(a asker) web.Options {
	o := options()
	o.Asker = a
	return web.Quick(o)
}

// listening is an API on a port of its own, changed as a test wants it.
func listening(t *testing.T, o web.Options, change func(*http.Server)) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := web.Server(web.Handler(o), o.Log)
	if change != nil {
		change(server)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	return "http://" + listener.Addr().String()
}

// post asks a server; the caller closes the body.
func post(ctx context.Context, t *testing.T, address, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/v1/ask", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

const testWait = 20 * time.Second

func await(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(testWait):
		t.Fatal("it has not come: " + what)
	}
}

// What a model does for a reader costs money, and ends with him.
func TestAReaderThatLeavesEndsHisAnswer(t *testing.T) {
	t.Parallel()
	for _, stream := range []string{"true", "false"} {
		begun, ended := make(chan struct{}), make(chan struct{})
		address := listening(t, with(func(ctx context.Context, _ rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
			_ = tell(rag.Event{Stage: rag.StageSearch})
			close(begun)
			<-ctx.Done()
			close(ended)
			return rag.Answer{}, ctx.Err()
		}), nil)
		ctx, leave := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		asking.Go(func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/v1/ask", strings.NewReader(`{"question":"桥","stream":`+stream+`}`))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Content-Type", "application/json")
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			if response, err := client.Do(r); err == nil {
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
		})
		await(t, "the question", begun)
		leave()
		await(t, "the end of the answer", ended)
		asking.Wait()
	}
}

// A reader that takes nothing holds no answer, and no place among those that run.
func TestAReaderThatTakesNothingIsLeft(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	address := listening(t, with(func(_ context.Context, _ rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
		for {
			if err := tell(rag.Event{Text: strings.Repeat("长", 1<<16)}); err != nil {
				failed <- err
				return rag.Answer{}, err
			}
		}
	}), nil)
	response := post(t.Context(), t, address, `{"question":"桥","stream":true}`)
	defer func() { _ = response.Body.Close() }()
	select {
	case err := <-failed:
		if !errors.Is(err, context.DeadlineExceeded) && !strings.Contains(err.Error(), "timeout") {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(testWait):
		t.Error("the answer goes on, though nobody reads it")
	}
}

// Whoever takes his answer slowly, or not at all, leaves the places to those who ask.
func TestASlowReaderHasNoPlaceOnceHisAnswerIsThere(t *testing.T) {
	t.Parallel()
	o := with(func(_ context.Context, q rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
		a := answered(q)
		if q.Question == "长" {
			a.Text = strings.Repeat("长", 8<<20) // more than lies between two ends of a connection
		}
		return a, nil
	})
	o.AtOnce = 1
	address := listening(t, o, nil)
	slow := post(t.Context(), t, address, `{"question":"长"}`)
	defer func() { _ = slow.Body.Close() }()
	if slow.StatusCode != http.StatusOK {
		t.Fatal(slow.Status)
	}
	other := post(t.Context(), t, address, `{"question":"桥"}`)
	defer func() { _ = other.Body.Close() }()
	if other.StatusCode != http.StatusOK {
		t.Errorf("%s while another reads", other.Status)
	}
}

// Nor does he hold the answer and his connection for long.
func TestAReaderThatDoesNotTakeHisAnswerIsLeft(t *testing.T) {
	t.Parallel()
	left := make(chan struct{})
	address := listening(t, with(func(_ context.Context, q rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
		a := answered(q)
		a.Text = strings.Repeat("长", 8<<20) // more than lies between two ends of a connection
		return a, nil
	}), func(s *http.Server) {
		s.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				close(left)
			}
		}
	})
	slow := post(t.Context(), t, address, `{"question":"长"}`)
	defer func() { _ = slow.Body.Close() }()
	await(t, "the end of his connection", left)
}

// The server's deadlines are for what is quick: neither cuts an answer that takes longer, nor ends its model's call.
func TestTheServersDeadlinesDoNotCutAnAnswer(t *testing.T) {
	t.Parallel()
	const quick = 100 * time.Millisecond
	address := listening(t, with(func(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
		for range 5 {
			select {
			case <-time.After(quick):
			case <-ctx.Done():
				return rag.Answer{}, ctx.Err()
			}
			if err := tell(rag.Event{Text: "一"}); err != nil {
				return rag.Answer{}, err
			}
		}
		return answered(q), nil
	}), func(s *http.Server) { s.ReadTimeout, s.WriteTimeout = quick, quick })
	for _, stream := range []string{"true", "false"} {
		response := post(t.Context(), t, address, `{"question":"桥","stream":`+stream+`}`)
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !strings.Contains(string(body), `"status":"not_found"`) || stream == "true" && strings.Count(string(body), "event: token") != 5 {
			t.Errorf("stream %s: %v, %s", stream, err, body)
		}
	}
}

func TestAStreamIsKeptOpenWhileTheModelThinks(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	address := listening(t, with(func(ctx context.Context, q rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
		select {
		case <-goOn:
		case <-ctx.Done():
		}
		return answered(q), nil
	}), nil)
	response := post(t.Context(), t, address, `{"question":"桥","stream":true}`)
	defer func() { _ = response.Body.Close() }()
	first := make([]byte, 2)
	if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != ": " {
		t.Fatalf("%q, %v", first, err)
	}
	close(goOn)
	rest, err := io.ReadAll(response.Body)
	if events := eventsOf(t, bytes.NewReader(append(first, rest...))); err != nil || len(events) != 1 || events[0].name != "answer" {
		t.Errorf("%v, %s", err, rest)
	}
}

func TestAnAnswerHasATime(t *testing.T) {
	t.Parallel()
	o := with(func(ctx context.Context, _ rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
		<-ctx.Done()
		return rag.Answer{}, ctx.Err()
	})
	o.AskTimeout = time.Millisecond
	if w := newClient(t, o).do("POST", "/v1/ask", `{"question":"桥"}`); w.Code != http.StatusGatewayTimeout {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// More than may run at once wait, and are refused when it takes long: nothing piles up.
func TestSoManyQuestionsRunAtOnce(t *testing.T) {
	t.Parallel()
	const atOnce = 3
	begun, goOn := make(chan struct{}, 2*atOnce), make(chan struct{})
	o := with(func(ctx context.Context, q rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
		begun <- struct{}{}
		<-goOn
		return answered(q), ctx.Err()
	})
	o.AtOnce = atOnce
	c := newClient(t, o)
	var asking sync.WaitGroup
	for range atOnce {
		asking.Go(func() {
			if w := c.do("POST", "/v1/ask", `{"question":"桥"}`); w.Code != http.StatusOK {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	for range atOnce {
		<-begun
	}
	w := c.do("POST", "/v1/ask", `{"question":"桥"}`)
	if after, err := strconv.Atoi(w.Header().Get("Retry-After")); w.Code != http.StatusServiceUnavailable || err != nil || after < 1 {
		t.Errorf("one more: %d %v", w.Code, w.Header())
	}
	if w := c.do("GET", "/v1/articles/3", ""); w.Code != http.StatusOK {
		t.Errorf("an article is no question: %d", w.Code)
	}
	close(goOn)
	asking.Wait()
	if w := c.do("POST", "/v1/ask", `{"question":"桥"}`); w.Code != http.StatusOK {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
	if w := c.do("GET", "/metrics", ""); !strings.Contains(w.Body.String(), `yinju_http_questions_refused_total{why="busy"} 1`) || !strings.Contains(w.Body.String(), "yinju_http_questions_running 0") {
		t.Errorf("%s", w.Body)
	}
}

func TestEachKeyHasSoManyQuestionsAMinute(t *testing.T) {
	t.Parallel()
	o := with(func(_ context.Context, q rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
		return answered(q), nil
	})
	o.PerMinute, o.Keys = 3, keys("a", askKey, "b", adminKey)
	c := newClient(t, o)
	for i := range 5 {
		w := c.do("POST", "/v1/ask", `{"question":"桥"}`, "X-Api-Key", askKey)
		want := http.StatusOK
		if i >= 3 {
			want = http.StatusTooManyRequests
		}
		after, err := strconv.Atoi(w.Header().Get("Retry-After"))
		if w.Code != want || want == http.StatusTooManyRequests && (err != nil || after < 1 || after > 20) {
			t.Errorf("question %d: %d, %q", i+1, w.Code, w.Header().Get("Retry-After"))
		}
	}
	if w := c.do("POST", "/v1/ask", `{"question":"桥"}`, "X-Api-Key", adminKey); w.Code != http.StatusOK {
		t.Errorf("another key: %d", w.Code)
	}
	if w := c.do("GET", "/v1/ingest", "", "X-Api-Key", askKey); w.Code != http.StatusOK {
		t.Errorf("what is no question: %d", w.Code)
	}
}

// An answer that could not be kept is an answer, and the log says so.
func TestAnAnswerThatWasNotKeptIsGiven(t *testing.T) {
	t.Parallel()
	log := &lines{}
	o := with(func(_ context.Context, q rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
		a := answered(q)
		a.ID = ""
		return a, rag.ErrNotLogged
	})
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	c := newClient(t, o)
	for _, stream := range []string{"true", "false"} {
		if w := c.do("POST", "/v1/ask", `{"question":"桥","stream":`+stream+`}`); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"id":""`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if !strings.Contains(log.String(), "could not be logged") {
		t.Errorf("%s", log)
	}
}

// A stream on its way when the server is told to end comes to its end.
func TestAStreamIsFinishedBeforeTheEnd(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	closing := make(chan struct{})
	var server *http.Server
	address := listening(t, with(func(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error) {
		err := tell(rag.Event{Stage: rag.StageSearch})
		close(begun)
		<-goOn
		return answered(q), errors.Join(err, ctx.Err())
	}), func(s *http.Server) {
		server = s
		s.RegisterOnShutdown(func() { close(closing) })
	})
	body := make(chan string, 1)
	var all sync.WaitGroup
	all.Go(func() {
		response := post(t.Context(), t, address, `{"question":"桥","stream":true}`)
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Error(err)
		}
		body <- string(text)
	})
	await(t, "the question", begun)
	all.Go(func() {
		if err := server.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	await(t, "the shutdown", closing)
	close(goOn)
	all.Wait()
	if text := <-body; !strings.Contains(text, "event: answer") {
		t.Errorf("%s", text)
	}
}

// A body that comes slowly has no place among the questions that run, and not for ever.
func TestASlowSenderTakesNoPlace(t *testing.T) {
	t.Parallel()
	o := with(func(_ context.Context, q rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
		return answered(q), nil
	})
	o.AtOnce = 1
	address := listening(t, o, func(s *http.Server) { s.ReadTimeout = time.Second })
	slow, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Close() }()
	if _, err := io.WriteString(slow, "POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	response := post(t.Context(), t, address, `{"question":"桥"}`)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("beside a slow sender: %d", response.StatusCode)
	}
	reply, err := io.ReadAll(slow)
	if err != nil || !strings.HasPrefix(string(reply), "HTTP/1.1 400 ") {
		t.Errorf("%v, %s", err, reply)
	}
}
