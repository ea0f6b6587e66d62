// Command yinju answers questions out of a corpus of articles, with verbatim quotes and citations.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"reflect"
	"sync"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/joho/godotenv"

	"yinju/bot"
	"yinju/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)                            // a second signal ends the program at once
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // a reader that goes away is a write error, not the end
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it was tried and something is wrong; the message says what
	exitUsage  = 2 // the command line or a setting is wrong
)

// run parses the command line, runs one command and returns the exit code.
func run(ctx context.Context, args []string, std streams) int {
	getenv, err := environment()
	cfg, cfgErr := config.Load(getenv)
	if err = errors.Join(err, cfgErr); err != nil {
		fmt.Fprintln(std.err, bot.Lang(cfg.Lang).Say("设置有误：", "The settings are wrong:"))
		fmt.Fprintln(std.err, err)
		return exitUsage
	}
	a := &app{cfg: cfg, getenv: getenv, streams: std, lang: bot.Lang(cfg.Lang)}
	a.words = sync.OnceValues(a.openDictionary)
	code, cmd := parse(a, args)
	if cmd == nil {
		return code
	}
	err = errors.Join(cmd.Run(ctx, a), a.close(ctx))
	return a.report(ctx, err)
}

// environment is the process's, over the file .env of the folder where there is one.
func environment() (func(string) string, error) {
	file, err := godotenv.Read(".env")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return os.Getenv, fmt.Errorf("read .env: %w", err)
	}
	return func(name string) string {
		if v, set := os.LookupEnv(name); set {
			return v
		}
		return file[name]
	}, nil
}

// report says an error to the person and chooses the exit code.
func (a *app) report(ctx context.Context, err error) int {
	var quiet quietError
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(a.err, a.lang.Say("已停止。", "Stopped."))
	case errors.As(err, &quiet): // the command has said it already
	case errors.Is(err, syscall.EPIPE): // nobody reads any more
	default:
		fmt.Fprintln(a.err, a.lang.Say("错误：", "error: ")+a.explain(err))
	}
	if _, isUsage := errors.AsType[usageError](err); isUsage {
		return exitUsage
	}
	return exitFailed
}

// usageError is a fault of the command line that only the command could find.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// quietError makes the exit code say that something is wrong, where the output says what.
type quietError struct{ error }

// command is one subcommand.
type command interface {
	Run(ctx context.Context, a *app) error
}

// parse reads the command line. Without a command to run it returns nil and the exit code.
func parse(a *app, args []string) (int, command) {
	var grammar commands
	exit := -1
	parser, err := kong.New(&grammar, kong.Name("yinju"), kong.Description(a.lang.Say(
		"引据：向自己的语料提问，每一句引文都能在原文件里逐字找到。",
		"Ask your own corpus; every quote stands word for word in a source file.")),
		kong.Writers(a.out, a.err), kong.Exit(func(code int) { exit = code }), helpTexts(a.lang),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		panic(err) // the grammar is fixed: only a fault in this file gets here
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help has been printed
		return exit, nil
	}
	if err != nil {
		fmt.Fprintln(a.err, a.lang.Say("命令有误：", "error: ")+err.Error())
		fmt.Fprintln(a.err, a.lang.Say("用法见 yinju --help", "See yinju --help"))
		return exitUsage, nil
	}
	cmd, ok := reflect.TypeAssert[command](parsed.Selected().Target.Addr())
	if !ok {
		panic("a subcommand without Run: " + parsed.Command())
	}
	return exitOK, cmd
}
