package bot

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"yinju/rag"
)

// Asker answers questions.
type Asker interface {
	Ask(ctx context.Context, question string) (rag.Answer, error)
}

// Chat reads questions line by line and shows the answer to each.
type Chat struct {
	In     io.Reader
	Out    io.Writer
	Lang   Lang
	Ask    Asker
	Show   func(rag.Answer) error
	Prompt bool // greet and prompt, for a person at a terminal
}

// Run chats until the input ends, the reader says goodbye or ctx is done. A question that cannot be
// taken is explained and does not end the chat.
func (c Chat) Run(ctx context.Context) error {
	c.say(c.Lang.Say("请提问；输入 /q 或按 Ctrl-D 离开。\n", "Ask a question; /q or Ctrl-D leaves.\n"))
	lines := readLines(ctx, c.In)
	for {
		c.say(c.Lang.Say("\n问> ", "\nask> "))
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case l, more := <-lines:
			if !more || l.err != nil || isGoodbye(l.text) {
				return l.err
			}
			if err := c.turn(ctx, l.text); err != nil {
				return err
			}
		}
	}
}

func (c Chat) say(text string) {
	if c.Prompt {
		fmt.Fprint(c.Out, text)
	}
}

// turn answers one line. Only an error that the next question would meet too is returned.
func (c Chat) turn(ctx context.Context, question string) error {
	if strings.TrimSpace(question) == "" {
		return nil
	}
	a, err := c.Ask.Ask(ctx, question)
	var long *rag.LongQuestionError
	if errors.Is(err, rag.ErrNoQuestion) || errors.As(err, &long) {
		_, err = fmt.Fprintln(c.Out, Explain(err, c.Lang))
		return err
	}
	if err != nil {
		return err
	}
	return c.Show(a)
}

func isGoodbye(s string) bool {
	switch strings.TrimSpace(s) {
	case "/q", "/quit", "/exit", "退出", "再见":
		return true
	}
	return false
}

type inputLine struct {
	text string
	err  error
}

// maxLine is the longest line that the chat reads, in bytes: more than any question that is taken.
const maxLine = 1 << 20

// readLines reads in the background, since a read from a terminal cannot be called off; the goroutine
// ends with the input, or at its next line after ctx is done.
func readLines(ctx context.Context, in io.Reader) <-chan inputLine {
	lines := make(chan inputLine)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(in)
		scanner.Buffer(nil, maxLine)
		for scanner.Scan() {
			select {
			case lines <- inputLine{text: scanner.Text()}:
			case <-ctx.Done():
				return
			}
		}
		if err := scanner.Err(); err != nil {
			select {
			case lines <- inputLine{err: fmt.Errorf("read the question: %w", err)}:
			case <-ctx.Done():
			}
		}
	}()
	return lines
}
