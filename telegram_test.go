package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yinju/bot"
	"yinju/bot/telegram/telegramtest"
	"yinju/config"
	"yinju/rag/ragtest"
)

// chats is the whole program serving over the example corpus, and a server that speaks as Telegram does.
type chats struct {
	*testing.T
	server  *telegramtest.Server
	address string
	corpus  string
}

var editor = telegramtest.User{ID: 7, FirstName: "编", LanguageCode: "zh-hans"}

// serveChats serves until the test ends, with Telegram at an address, "" for the server's.
func serveChats(t *testing.T, apiURL string) *chats {
	t.Helper()
	c := &chats{T: t, server: telegramtest.New(t, telegramtest.Options{}), corpus: t.TempDir()}
	if err := os.CopyFS(c.corpus, os.DirFS("examples/corpus")); err != nil {
		t.Fatal(err)
	}
	if apiURL == "" {
		apiURL = c.server.URL()
	}
	c.address = freeAddress(t)
	a := &app{
		streams: streams{strings.NewReader(""), io.Discard, io.Discard}, lang: bot.Chinese, getenv: os.Getenv,
		cfg: config.Config{
			DatabaseURL: config.Secret(ragtest.Database(t)), PartsDir: ragtest.Parts(t), CorpusDir: c.corpus, ListenAddr: c.address,
			Telegram: config.Telegram{Token: telegramtest.Token, APIURL: apiURL, Admins: []int64{editor.ID}, PerUser: 100, Overall: 100},
		},
	}
	a.words = sync.OnceValues(a.openDictionary)
	ctx, stop := context.WithCancel(t.Context())
	if err := (&ingestCommand{}).Run(ctx, a); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- (&serveCommand{}).Run(ctx, a) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := a.close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	return c
}

// freeAddress is one that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// get asks the HTTP server, as soon as it is there.
func (c *chats) get(path string) (int, string) {
	c.Helper()
	for end := time.Now().Add(scriptWait); ; time.Sleep(20 * time.Millisecond) {
		r, err := http.NewRequestWithContext(c.Context(), http.MethodGet, "http://"+c.address+path, nil)
		if err != nil {
			c.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil && time.Now().Before(end) {
			continue
		}
		if err != nil {
			c.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			c.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
}

// await waits for a message of the bot's with some words in it.
func (c *chats) await(words string) telegramtest.Message {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), scriptWait)
	defer cancel()
	var found telegramtest.Message
	err := c.server.Until(ctx, func(s *telegramtest.Server) bool {
		for _, m := range s.Sent(editor.ID) {
			if strings.Contains(m.Shown().Text, words) {
				found = m
				return true
			}
		}
		return false
	})
	if err != nil {
		c.Fatalf("no message with %q: %v; there are %q", words, err, texts(c.server.Sent(editor.ID)))
	}
	return found
}

func texts(messages []telegramtest.Message) (all []string) {
	for _, m := range messages {
		all = append(all, m.Shown().Text)
	}
	return all
}

// What a person does first: ask, open the source, send a file, and ask about that.
func TestTheProgramAnswersInTelegramAndTakesAFile(t *testing.T) {
	t.Parallel()
	c := serveChats(t, "")
	c.server.Receive(telegramtest.Incoming{From: editor, Text: "人类最后一例天花病人是哪年的？"})
	answer := c.await("索马里")
	if text := answer.Shown().Text; !strings.Contains(text, "issue.txt:") || !strings.Contains(text, "白芷") {
		t.Errorf("%q names no place", text)
	}
	c.server.Press(editor, editor.ID, answer.ID, "s:1")
	c.await("监测与围堵") // the passage beside it
	article := "渡口停航\n张正\n大风刮了一整天，青石渡口的船没有开，三百名乘客留在了对岸。\n"
	c.server.Receive(telegramtest.Incoming{From: editor, Document: &telegramtest.File{Name: "渡口.txt", Data: []byte(article)}})
	offer := c.await("《渡口停航》")
	c.server.Press(editor, editor.ID, offer.ID, "f:y")
	c.await("已收入 渡口.txt")
	if kept, err := os.ReadFile(filepath.Join(c.corpus, "渡口.txt")); err != nil || string(kept) != article {
		t.Errorf("%q, %v", kept, err)
	}
	c.server.Receive(telegramtest.Incoming{From: editor, Text: "青石渡口有多少乘客留在对岸？"})
	c.await("三百名乘客留在了对岸。")
}

// Telegram's being away is no matter for HTTP.
func TestHTTPIsServedWhileTelegramIsAway(t *testing.T) {
	t.Parallel()
	c := serveChats(t, "http://"+freeAddress(t))
	for end := time.Now().Add(scriptWait); ; time.Sleep(20 * time.Millisecond) {
		code, body := c.get("/readyz")
		var ready struct {
			Telegram struct {
				Working bool   `json:"working"`
				Error   string `json:"error"`
			} `json:"telegram"`
		}
		if err := json.Unmarshal([]byte(body), &ready); err != nil || code != http.StatusOK || ready.Telegram.Working {
			t.Fatalf("%d %s: %v", code, body, err)
		}
		if strings.Contains(body, telegramtest.Token) {
			t.Fatalf("the token is in %s", body)
		}
		if ready.Telegram.Error != "" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("it is not said that Telegram is away: %s", body)
		}
	}
	if code, body := c.get("/articles/1?quote=0-4"); code != http.StatusOK || !strings.Contains(body, `id="quote"`) {
		t.Errorf("%d %.200s", code, body)
	}
}
