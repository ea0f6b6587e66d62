package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"yinju/bot/telegram/telegramtest"
	"yinju/rag/llm/llmtest"
	"yinju/rag/ragtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"yinju": main})
}

// Each script drives the real program on the real Postgres and the real model, as a person would.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			testscript.Run(t, testscript.Params{
				Files: []string{file}, RequireExplicitExec: true, Cmds: serveCommands,
				Setup: func(env *testscript.Env) error {
					env.Setenv("PARTS_DIR", ragtest.Parts(t))
					env.Setenv("DATABASE_URL", ragtest.Database(t))
					env.Setenv("YINJU_LANG", "en")
					env.Setenv("REINGEST_SETTLE", "0s")
					env.Setenv("OPEN", openDir(t))
					for _, shape := range llmtest.Shapes {
						env.Setenv(strings.ToUpper(string(shape))+"_SERVER", llmtest.New(t, shape, provide).URL())
					}
					env.Setenv("MODEL_KEY", llmtest.Key)
					env.Setenv("TELEGRAM_SERVER", telegramtest.New(t, telegramtest.Options{}).URL())
					env.Setenv("TELEGRAM_TOKEN", telegramtest.Token)
					examples, err := filepath.Abs("examples/corpus")
					env.Setenv("EXAMPLES", examples)
					return err
				},
			})
		})
	}
}

// provide is a provider whose model writes as a parrot does, translates every question to one, and refuses those that
// say so.
func provide(r llmtest.Request) llmtest.Reply {
	switch {
	case strings.Contains(r.Prompt, "429"):
		return llmtest.Reply{Status: http.StatusTooManyRequests}
	case strings.Contains(r.System, "译成"):
		return llmtest.Reply{Text: "嫦娥六号带回来的样品有多重？"}
	case strings.Contains(r.System, "改写成"):
		return llmtest.Reply{Text: "都江堰的飞沙堰有多宽？"}
	}
	return llmtest.Reply{Text: parrot{}.reply(r.Prompt)}
}

// openDir is a temporary folder that every account can pass through, as a data folder needs it.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "yinju-script") //nolint:usetesting // t.TempDir() lies in a folder closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A signal in the middle of a command must end it with the server left in order.
func TestInterruptedCommandSaysSo(t *testing.T) {
	t.Setenv("DATABASE_URL", ragtest.Database(t))
	t.Setenv("PARTS_DIR", ragtest.Parts(t))
	t.Setenv("YINJU_LANG", "en")
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGUSR1)
	cancel()
	var out, errOut strings.Builder
	code := run(ctx, []string{"ask", "一个问题"}, streams{os.Stdin, &out, &errOut})
	if code != exitFailed || !strings.Contains(errOut.String(), "Stopped") {
		t.Errorf("exit %d, %q", code, errOut.String())
	}
}
