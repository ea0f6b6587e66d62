package main

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines is a log that is written from anywhere.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// What net/http logs by itself of a server that answers unasked goes to the program's log, without the token; the connection is
// not used again.
func TestGoOwnLogDoesNotHaveTheToken(t *testing.T) { //nolint:paralleltest // the log is the process's
	const token = "123456789:AAtest-token_0123456789abcdefghijklm"
	out := &lines{}
	defer quieten(slog.New(slog.NewTextHandler(out, nil)), token, "")()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	defer all.Wait()
	defer listener.Close()
	connections := make(chan struct{}, 10)
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections <- struct{}{}
			all.Go(func() {
				defer conn.Close()
				request, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
				time.Sleep(50 * time.Millisecond) // until the connection is idle
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 400 Bad Request\r\nX-Was: %s\r\nContent-Length: 0\r\n\r\n", request.URL.Path)
				_, _ = io.Copy(io.Discard, conn)
			})
		}
	})
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	get := func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/bot"+token+"/getMe", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	get()
	for end := time.Now().Add(scriptWait); !strings.Contains(out.String(), "Unsolicited"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("nothing is logged: %q", out)
		}
	}
	get()
	if text := out.String(); strings.Contains(text, "AAtest") || !strings.Contains(text, "[secret]") {
		t.Error(text)
	}
	if len(connections) != 2 {
		t.Errorf("%d connections", len(connections))
	}
}

// Lines of any kind are taken.
func TestGoOwnLogIsCut(t *testing.T) {
	t.Parallel()
	out := &lines{}
	q := quietLog{slog.New(slog.NewTextHandler(out, nil)), strings.NewReplacer("secret", "-")}
	line := "\xff" + strings.Repeat("secret ", 10_000)
	if n, err := q.Write([]byte(line)); n != len(line) || err != nil || len(out.String()) > 2*maxLogLine || strings.Contains(out.String(), "secret") {
		t.Errorf("%d, %v, %q", n, err, out)
	}
}
