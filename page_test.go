//go:build page

package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"yinju/rag/llm/llmtest"
	"yinju/rag/ragtest"
)

// Articles for what the examples have none of: characters outside the basic plane, an article without a title, a text that stands
// in two files, and a file that cannot be ingested.
var pageCorpus = map[string]string{
	"bridge.md": "# 😀𠮷田桥的由来\n\n作者：罗岫\n\n😀😀 村口有一座石桥，当地人叫它𠮷田桥。桥下的𠮷水由西向东流，春天涨水的时候，站在桥头能听见水声。\n\n" +
		"𠮷田桥建成于1907年，长二十三丈，全用青石砌成，是全县的第一座石拱桥🌉。造桥的石匠一共有四十六人，领头的叫𠮷安。\n",
	"untitled.txt": "春分那天我们去了石桥镇，街上的铺子都开着门，卖竹器的老人说今年的毛竹比去年短了两寸。镇口那棵老槐树在1954年的大水里倒过一次，后来又被人扶了起来，用三根木桩撑了六年才站稳。\n",
	"broken.pdf":   "%PDF-1.7 there is nothing more of it",
}

const (
	pageKey      = "page-test-key-0123456789abcdef"
	pageAdminKey = "page-admin-key-0123456789abcdef"
	pageEnd      = 20 * time.Second // for a server to end
)

// TestPage runs the end-to-end tests of the page, in Node and Chromium, against the program itself: without a model, with
// one that writes and one that hangs, and with keys. They have a database of their own.
func TestPage(t *testing.T) {
	database := ragtest.Database(t)
	dir := openDir(t)
	program := filepath.Join(dir, "yinju")
	build(t, program)
	corpus := filepath.Join(dir, "corpus")
	if err := os.CopyFS(corpus, os.DirFS("examples/corpus")); err != nil {
		t.Fatal(err)
	}
	blog, err := os.ReadFile("examples/corpus/blog.txt")
	if err != nil {
		t.Fatal(err)
	}
	pageCorpus["twin.txt"] = strings.Join(strings.Split(string(blog), "\n")[47:60], "\n")
	for name, text := range pageCorpus {
		if err := os.WriteFile(filepath.Join(corpus, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "DATABASE_URL="+database, "PARTS_DIR="+ragtest.Parts(t), "CORPUS_DIR="+corpus, "DATA_DIR="+dir,
		"LISTEN_ADDR=127.0.0.1:0", "REINGEST_SETTLE=0s", "YINJU_LANG=zh", "LLM_PROVIDER=", "API_KEYS=", "TELEGRAM_BOT_TOKEN=")
	runProgram(t, env, program, "ingest", corpus) // it ends with 1: one file is broken
	model := llmtest.New(t, llmtest.OpenAI, pageModel)
	withModel := slices.Concat(env, []string{"LLM_PROVIDER=openai", "LLM_MODEL=" + llmtest.Model, "LLM_BASE_URL=" + model.URL(), "LLM_API_KEY=" + llmtest.Key})
	withKey := slices.Concat(env, []string{"API_KEYS=reader:ask:" + pageKey + ",watcher:admin:" + pageAdminKey})
	env = append(env, "YINJU="+program,
		"PAGE_URL="+serve(t, env, program),
		"PAGE_MODEL_URL="+serve(t, withModel, program),
		"PAGE_KEY_URL="+serve(t, withKey, program), "PAGE_KEY="+pageKey, "PAGE_ADMIN_KEY="+pageAdminKey)
	node := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", "bot/web/pagetest/page.test.js")
	node.Env, node.Stdout, node.Stderr = env, os.Stdout, os.Stderr
	if err := node.Run(); err != nil {
		t.Fatal(err)
	}
}

// pageSentences are what the model writes of the smallpox, as far as it is given passages that say it.
var pageSentences = []struct{ written, said string }{
	{"最后一名自然感染者是索马里的马林，1977年10月发病，后来痊愈。", "马林，1977年10月发病"},
	{"中国最后的病例更早，出现在二十世纪六十年代初。", "中国最后的病例出现在二十世纪六十年代初"},
	{"靠的是世界卫生组织1967年启动的天花根除计划：“发现一个病人，就给他周围的人都种上痘”。", "1967年，世界卫生组织启动强化的天花根除计划"},
}

// pageModel writes the sentences of the smallpox; of anything else as a parrot does, but that, asked of the tides, it
// stops in the middle and says no more.
func pageModel(r llmtest.Request) llmtest.Reply {
	reply := provide(r)
	switch {
	case !strings.Contains(reply.Text, "[ref:"):
	case strings.Contains(r.Prompt, "最后一例天花"):
		reply.Text = pageAnswer(r.Prompt)
	case strings.Contains(r.Prompt, "潮汐锁定"):
		reply.Fault, reply.AfterRunes = llmtest.Silence, len([]rune(reply.Text[:strings.Index(reply.Text, "]")+1]))+12
	}
	return reply
}

func pageAnswer(prompt string) string {
	var answer strings.Builder
	for _, s := range pageSentences {
		for _, passage := range passageGiven.FindAllStringSubmatch(prompt, -1) {
			if strings.Contains(strings.ReplaceAll(passage[2], "\n", ""), s.said) {
				answer.WriteString(s.written + "[ref:" + passage[1] + "]")
				break
			}
		}
	}
	return answer.String()
}

func build(t *testing.T, program string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
}

func runProgram(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Env = env
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != exitFailed) {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// serve runs the program until the test ends and gives its address.
func serve(t *testing.T, env []string, program string) string {
	t.Helper()
	c := exec.CommandContext(context.WithoutCancel(t.Context()), program, "serve")
	c.Env = env
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(pageEnd, func() { _ = c.Process.Kill() })
		defer kill.Stop()
		if err := c.Wait(); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	lines := bufio.NewReader(stderr)
	var said strings.Builder
	for {
		line, err := lines.ReadString('\n')
		said.WriteString(line)
		if m := regexp.MustCompile(`HTTP: (http://[0-9.:]+)`).FindStringSubmatch(line); m != nil {
			go func() { _, _ = io.Copy(os.Stderr, lines) }()
			return m[1]
		}
		if err != nil {
			t.Fatalf("serve: %v\n%s", err, said.String())
		}
	}
}
