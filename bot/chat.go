package bot

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"yinju/rag"
)

// Asker answers questions.
type Asker interface {
	Stream(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error)
}

// Shower puts out answers, and questions that cannot be taken.
type Shower interface {
	Piece(e rag.Event) error   // of an answer on its way
	Answer(a rag.Answer) error // the whole of it, or what its pieces have not shown
	Refuse(question string, err error) error
}

// Chat reads questions line by line and shows the answer to each. They are one conversation.
type Chat struct {
	In     io.Reader
	Out    io.Writer
	Lang   Lang
	Ask    Asker
	Show   Shower
	Prompt bool // greet and prompt, for a person at a terminal

	Conversation string     // its id; "" begins a new one
	Filter       rag.Filter // articles to look in
}

// Run chats until the input ends, the reader says goodbye or ctx is done. A question that cannot be
// taken is explained and does not end the chat.
func (c Chat) Run(ctx context.Context) error {
	c.say(c.Lang.Say("请提问；输入 /q 或按 Ctrl-D 离开。\n", "Ask a question; /q or Ctrl-D leaves.\n"))
	c.Conversation = cmp.Or(c.Conversation, rand.Text())
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
	if strings.TrimSpace(question) == "" && c.Prompt {
		return nil
	}
	a, err := c.Ask.Stream(ctx, rag.Query{Question: question, Filter: c.Filter, Conversation: c.Conversation}, c.Show.Piece)
	var long *rag.LongQuestionError
	switch {
	case errors.Is(err, rag.ErrNoQuestion), errors.As(err, &long):
		return c.Show.Refuse(question, err)
	case errors.Is(err, rag.ErrNotLogged):
		return errors.Join(c.Show.Answer(a), c.Show.Refuse(question, err))
	case err != nil:
		return err
	}
	return c.Show.Answer(a)
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

// maxLine is how much of a line is kept, in bytes: more than any question that is taken.
const maxLine = 1 << 16

// readLines reads in the background, since a read from a terminal cannot be called off; the goroutine
// ends with the input, or at its next line after ctx is done.
func readLines(ctx context.Context, in io.Reader) <-chan inputLine {
	lines := make(chan inputLine)
	go func() {
		defer close(lines)
		reader := bufio.NewReader(in)
		for {
			l, more := readLine(reader)
			if !more {
				return
			}
			select {
			case lines <- l:
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// readLine reads to the end of a line and keeps maxLine of it: that is too long for a question, and says so.
func readLine(reader *bufio.Reader) (l inputLine, more bool) {
	var kept []byte
	for {
		part, err := reader.ReadSlice('\n')
		kept = append(kept, part[:min(len(part), maxLine-len(kept))]...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err == nil, errors.Is(err, io.EOF) && len(kept) > 0:
			return inputLine{text: strings.ToValidUTF8(strings.TrimRight(string(kept), "\r\n"), "\uFFFD")}, true
		case errors.Is(err, io.EOF):
			return inputLine{}, false
		default:
			return inputLine{err: fmt.Errorf("read the question: %w", err)}, true
		}
	}
}
