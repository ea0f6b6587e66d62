package telegram

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"yinju/bot"
	"yinju/rag"
)

// Asker answers questions piece by piece.
type Asker interface {
	Stream(ctx context.Context, q rag.Query, tell func(rag.Event) error) (rag.Answer, error)
}

// Options are what a bot is made of.
type Options struct {
	Token, APIURL             string
	Asker                     Asker
	Store                     *rag.Store
	Lang                      bot.Lang
	BaseURL                   string // under which the reading pages are seen from outside; "": no links
	Allowed, Admins           []int64
	Public                    bool
	WebhookURL, WebhookSecret string // "": long polling
	PerUser, Overall          int    // questions a minute
	Files                     Files  // nil: no files are taken
	Log                       *slog.Logger
}

// Bot is a bot.
type Bot struct{ options Options }

// New makes a bot.
func New(o Options) (*Bot, error) { return &Bot{o}, nil }

// Run runs until ctx is done, and gives nil then.
func (b *Bot) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// ServeHTTP takes updates by webhook.
func (b *Bot) ServeHTTP(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }

// State is how a bot is doing.
type State struct {
	Mode     string // "polling" or "webhook"
	Username string
	Working  bool
	Error    string // "" or what is wrong, without secrets
	Since    time.Time
	Waiting  int // updates not answered yet
}

// State says how the bot is doing.
func (b *Bot) State(context.Context) State {
	if b.options.WebhookURL != "" {
		return State{Mode: "webhook"}
	}
	return State{Mode: "polling"}
}

// Files puts files into the corpus.
type Files interface {
	// Preview says how a file would be cut. Nothing is stored.
	Preview(ctx context.Context, name string, data []byte) (FilePreview, error)
	// Add puts a file into the corpus folder and ingests it; ErrFileExists where there is one of this name with other
	// content, unless replace.
	Add(ctx context.Context, name string, data []byte, replace bool) (FileAdded, error)
}

// FilePreview is a file as it would be cut.
type FilePreview struct {
	Articles []*rag.Article // Places set: lines can be told
	Page     []byte         // the preview as one HTML page
	Exists   bool           // the corpus has a file of this name
}

// FileAdded says what a file has brought.
type FileAdded struct {
	Articles, Passages int
	Unread             []int // pages that are images
}

// ErrFileExists says that a file would take the place of another one.
var ErrFileExists = errors.New("the corpus has another file of this name")

// FileError is why a file was not taken.
type FileError struct {
	Message string // for the person, in the configured language
	Err     error  // the cause
}

func (e *FileError) Error() string { return e.Err.Error() }

func (e *FileError) Unwrap() error { return e.Err }
