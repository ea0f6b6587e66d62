package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"yinju/bot/web"
	"yinju/config"
	"yinju/rag"
)

// serveCommands are what scripts need to talk to a program that goes on running.
var serveCommands = map[string]func(*testscript.TestScript, bool, []string){"await": await, "get": get}

const scriptWait = time.Minute

// await FILE REGEXP [VAR] waits until the file matches, and keeps the match's first group.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await FILE REGEXP [VAR]")
	}
	want := regexp.MustCompile(args[1])
	for end := time.Now().Add(scriptWait); ; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if m := want.FindStringSubmatch(string(text)); m != nil {
			if len(args) > 2 {
				ts.Setenv(args[2], m[1])
			}
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s does not match %s (%v):\n%s", args[0], args[1], err, text)
		}
	}
}

// get URL [HEADER VALUE] puts out the status and the body.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: get URL [HEADER VALUE]")
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, args[0], nil)
	ts.Check(err)
	if len(args) > 2 {
		r.Header.Set(args[1], args[2])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: scriptWait}
	response, err := client.Do(r)
	ts.Check(err)
	defer func() { _ = response.Body.Close() }()
	_, err = fmt.Fprintln(ts.Stdout(), response.Status)
	ts.Check(err)
	_, err = io.Copy(ts.Stdout(), response.Body)
	ts.Check(err)
}

// A request that runs when the program is told to end gets its answer, and no later one is taken.
func TestRequestsThatRunAreAnsweredBeforeTheEnd(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	begun, release := make(chan struct{}), make(chan struct{})
	log := (&app{streams: streams{err: io.Discard}}).log()
	server := web.Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-release
		if r.Context().Err() == nil {
			_, _ = io.WriteString(w, "whole")
		}
	}), log)
	isClosing := make(chan struct{})
	server.RegisterOnShutdown(func() { close(isClosing) })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- service{listener: listener, server: server}.run(ctx) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func() (string, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			return "", err
		}
		response, err := client.Do(r)
		if err != nil {
			return "", err
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		return string(body), err
	}
	type reply struct {
		body string
		err  error
	}
	first := make(chan reply, 1)
	go func() {
		body, err := ask()
		first <- reply{body, err}
	}()
	<-begun
	stop()
	select {
	case <-isClosing:
	case err := <-ended:
		t.Fatalf("it ended with %v before its request did", err)
	}
	if body, err := ask(); err == nil {
		t.Errorf("a later request got %q", body)
	}
	select {
	case err := <-ended:
		t.Errorf("it ended with %v before its request did", err)
	default:
	}
	close(release)
	if r := <-first; r.err != nil || r.body != "whole" {
		t.Errorf("%q, %v", r.body, r.err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// at is a listener that says where it is.
type at struct {
	net.Listener
	ip string
}

func (a at) Addr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(a.ip), Port: 80} }

// Whole articles are not given to other machines unless it was said.
func TestReadingPagesAreLocalUnlessTheyHaveAPublicAddress(t *testing.T) {
	t.Parallel()
	c := newCorpus(t)
	var id int64
	if err := c.store.Articles(t.Context(), nil, func(a *rag.Article) error { id = a.ID; return nil }); err != nil {
		t.Fatal(err)
	}
	const key = "0123456789abcdef01234567"
	for _, tc := range []struct {
		host, public, keys, brings string
		status                     int
	}{
		{"127.0.0.1:8080", "", "", "", http.StatusOK},
		{"[::1]:8080", "", "", "", http.StatusOK},
		{"localhost", "", "", "", http.StatusOK},
		{"articles.example", "", "", "", http.StatusForbidden},
		{"articles.example", "https://articles.example", "", "", http.StatusOK},
		{"127.0.0.1:8080", "", "a:ask:" + key, "", http.StatusUnauthorized},
		{"articles.example", "", "a:ask:" + key, key, http.StatusOK},
		{"articles.example", "", "a:admin:" + key, key, http.StatusForbidden},
		{"articles.example", "https://articles.example", "a:ask:" + key, "", http.StatusOK},
	} {
		var err error
		c.app.cfg.PublicURL, c.app.cfg.HTTP.Keys = tc.public, nil
		if tc.keys != "" {
			if c.app.cfg.HTTP.Keys, err = config.ParseAPIKeys(tc.keys); err != nil {
				t.Fatal(err)
			}
		}
		h, err := c.app.handler(service{listener: at{ip: "127.0.0.1"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+tc.host+"/articles/"+rag.FormatID(id), nil)
		if tc.brings != "" {
			r.Header.Set("Authorization", "Bearer "+tc.brings)
		}
		h.ServeHTTP(w, r)
		if w.Code != tc.status {
			t.Errorf("%+v: %d", tc, w.Code)
		}
	}
}
