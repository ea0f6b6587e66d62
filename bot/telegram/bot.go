package telegram

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	"golang.org/x/sync/errgroup"

	"yinju/bot"
	"yinju/rag"
)

// Searcher finds passages.
type Searcher interface {
	SearchIn(ctx context.Context, q rag.Query, k int) ([]rag.Hit, []rag.Scope, error)
}

// Options say what a bot works with. Token, APIURL, Asker, Quotes, Search, Store and Log are needed.
type Options struct {
	Token  string // of @BotFather
	APIURL string // of the Bot API, such as https://api.telegram.org

	Asker  bot.Asker // answers in chats
	Quotes bot.Asker // answers inline queries: with quotes alone, and without a log
	Search Searcher
	Store  *rag.Store
	Files  Files // nil: no files are taken

	Ingests bot.Ingests // nil: none can be asked for

	Lang    bot.Lang // where neither the chat nor the person says otherwise
	BaseURL string   // under which the reading pages are seen from outside; "": no links

	Allowed []int64 // users and groups who may ask
	Admins  []int64 // users who may ask without limits, add files and see the figures
	Public  bool    // everybody may ask

	PerUser, Overall int // questions a minute, of one person and of all

	WebhookURL    string // where Telegram sends updates, as seen from outside; "": they are polled
	WebhookSecret string

	Log *slog.Logger
}

// Bot answers in Telegram. Any number of processes may run the same one on the same database.
type Bot struct {
	o      Options
	id     int64
	client *client
	inbox  *inbox
	pace   *pace
	wake   chan struct{} // an update has come
	times  times

	known   chan struct{} // closed once Telegram has said who the bot is
	adding  sync.Mutex    // held while a file is taken into the corpus: it may take long, and keeps one worker only
	suspect sync.Mutex    // held while an update is handled that may have ended a process

	mu     sync.Mutex
	me     user // once Telegram has said so
	state  State
	broken string // what is wrong with the database; "": nothing
}

// times are how long things wait. Tests shorten them.
type times struct {
	idle, lease, elect, edit, typing, retry, grace time.Duration
	longPoll, strays, call, watch, answer, add     time.Duration
	ingest                                         time.Duration
}

var usual = times{
	idle:     time.Second,             // between looks for updates that another process stored
	lease:    20 * time.Second,        // until another process takes over
	elect:    5 * time.Second,         // between tries to become the one that polls
	edit:     1200 * time.Millisecond, // between two states of a message that is being written
	typing:   4 * time.Second,         // it is shown for five seconds
	retry:    time.Second,             // before what failed is tried again, doubled each time
	grace:    15 * time.Second,        // for answers under way when the program ends
	longPoll: 50 * time.Second,
	strays:   longestWait,      // before a message is sent once more that may have been sent three times
	call:     30 * time.Second, // for an answer of Telegram's
	watch:    time.Minute,      // between looks at the webhook
	answer:   10 * time.Minute, // for one answer to be found; a worker is not kept for longer
	add:      time.Hour,        // for one file to be taken into the corpus
	ingest:   20 * time.Second, // for a sync to end, before it is told how far it is
}

// workers is how many updates are handled at once.
const workers = 8

// ErrNobody says that a bot would have nobody to answer.
var ErrNobody = errors.New("who may ask is not said: set TELEGRAM_ALLOWED_IDS to the ids of users and groups, or TELEGRAM_PUBLIC=true to answer everybody")

// New makes a bot. Telegram is not asked yet. It returns ErrNobody, or what is wrong with the token.
func New(o Options) (*Bot, error) {
	if !o.Public && len(o.Allowed) == 0 && len(o.Admins) == 0 {
		return nil, ErrNobody
	}
	id, err := botID(o.Token)
	if err != nil {
		return nil, err
	}
	b := &Bot{
		o: o, id: id, client: newClient(o.Token, o.APIURL, usual.call), pace: newPace(realPace), wake: make(chan struct{}, 1), known: make(chan struct{}), times: usual,
		inbox: &inbox{pool: o.Store.Pool(), bot: id, name: rand.Text(), lease: usual.lease, most: maxTries},
		state: State{Mode: "polling", Since: time.Now()},
	}
	if o.WebhookURL != "" {
		b.state.Mode = "webhook"
	}
	return b, nil
}

// tokenForm is what a token consists of: any other character might stand in an error in another writing, and be seen.
var tokenForm = regexp.MustCompile(`^([0-9]{1,18}):[A-Za-z0-9_-]+$`)

// botID is the number of the bot that a token is of.
func botID(token string) (int64, error) {
	if m := tokenForm.FindStringSubmatch(token); m != nil {
		if id, err := strconv.ParseInt(m[1], 10, 64); err == nil && id > 0 {
			return id, nil
		}
	}
	return 0, errors.New("the Telegram token is not a number, a colon and letters, digits, _ or -: copy it from @BotFather again")
}

// State is how a bot is.
type State struct {
	Mode     string    `json:"mode"`               // polling or webhook
	Username string    `json:"username,omitempty"` // "" until Telegram has said it
	Working  bool      `json:"working"`            // the last call for updates went well, or another process polls
	Error    string    `json:"error,omitempty"`    // why not
	Since    time.Time `json:"since"`
	Waiting  int       `json:"waiting"` // updates that are not answered yet; -1: not known
}

// State says how the bot is.
func (b *Bot) State(ctx context.Context) State {
	waiting, err := b.inbox.waiting(ctx)
	if err != nil {
		waiting = -1
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.state
	s.Waiting = waiting
	if b.broken != "" {
		s.Working, s.Error = false, "database: "+b.broken
	}
	return s
}

// stores notes that the database does what it is asked, or why not. Where that begins and ends is logged, however many meet it.
func (b *Bot) stores(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	wasBroken := b.broken != ""
	switch {
	case err == nil && wasBroken:
		b.broken = ""
		b.o.Log.Warn("the database works again")
	case err != nil && !wasBroken:
		b.broken = storable(err.Error())
		b.o.Log.Error("the database does not work; updates wait", "error", err)
	case err != nil:
		b.o.Log.Debug("the database does not work", "error", err)
	}
}

// note notes what came of a call, or of what the database was asked before it.
func (b *Bot) note(err error) {
	_, isCall := errors.AsType[*callError](err)
	if isCall || err == nil || errors.Is(err, errLostLead) || errors.Is(err, errOtherWebhook) || errors.Is(err, errNoUpdate) || isOtherMode(err) || errors.Is(err, errFailing) {
		b.works(err)
		return
	}
	b.stores(err)
}

// works notes that Telegram can be reached, or why not. A change is logged.
func (b *Bot) works(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := ""
	if err != nil {
		text = err.Error()
	}
	if e, ok := errors.AsType[*callError](err); ok && e.isOfToken() {
		text += ": Telegram does not know TELEGRAM_BOT_TOKEN; copy it from @BotFather again"
	}
	if b.state.Working == (err == nil) && b.state.Error == text {
		return
	}
	b.state.Working, b.state.Error, b.state.Since = err == nil, text, time.Now()
	if err != nil {
		b.o.Log.Warn("Telegram does not work", "error", text)
		return
	}
	b.o.Log.Info("Telegram works", "bot", b.state.Username, "mode", b.state.Mode)
}

// Run takes and answers updates until ctx is done; answers under way have a while to be finished. Telegram's being
// away is waited out. It returns nil. It is called once.
func (b *Bot) Run(ctx context.Context) error {
	defer b.client.close()
	handling, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(b.times.grace, cancel) })()
	var group errgroup.Group
	group.Go(func() error { b.receive(ctx); return nil })
	group.Go(func() error { b.housekeep(ctx); return nil })
	group.Go(func() error { b.showMenu(ctx); return nil })
	group.Go(func() error {
		var all errgroup.Group
		for range workers {
			all.Go(func() error { b.work(ctx, handling); return nil })
		}
		defer b.holdOn(handling)()
		return all.Wait()
	})
	err := group.Wait()
	release, cancelRelease := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancelRelease()
	return errors.Join(err, b.inbox.release(release))
}

// holdOn keeps the leases of this process until it is called off.
func (b *Bot) holdOn(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group errgroup.Group
	group.Go(func() error {
		for sleep(ctx, b.inbox.lease/4) {
			if err := b.inbox.hold(ctx); err != nil && ctx.Err() == nil {
				b.stores(fmt.Errorf("hold on to updates: %w", err))
			}
		}
		return nil
	})
	return func() { cancel(); _ = group.Wait() }
}

// housekeep deletes what is old.
func (b *Bot) housekeep(ctx context.Context) {
	for {
		if err := b.inbox.prune(ctx); err != nil && ctx.Err() == nil {
			b.stores(err)
		}
		if !sleep(ctx, time.Hour) {
			return
		}
	}
}

// introduce asks Telegram who the bot is, until that has gone well. Before that nothing is answered: a question to its name would
// be taken for none.
func (b *Bot) introduce(ctx context.Context) bool {
	isKnown := b.until(ctx, func() error {
		var me user
		if err := b.client.call(ctx, "getMe", nil, &me); err != nil {
			return err
		}
		b.mu.Lock()
		b.me, b.state.Username = me, me.Username
		b.mu.Unlock()
		return nil
	})
	if isKnown {
		close(b.known)
	}
	return isKnown
}

// showMenu sets the menu of commands. Updates do not wait for it: Telegram takes a change of it now and then only.
func (b *Bot) showMenu(ctx context.Context) {
	for n := 0; ; n++ {
		err := b.setMenus(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		b.o.Log.Info("the menu of commands is not set yet", "error", err)
		if !sleep(ctx, b.backOff(n, err)) {
			return
		}
	}
}

// self is the bot as Telegram knows it; its name is "" until Telegram has said it.
func (b *Bot) self() user {
	b.mu.Lock()
	defer b.mu.Unlock()
	return user{ID: b.id, Username: b.me.Username}
}

// until tries something again and again, until it goes well or ctx is done.
func (b *Bot) until(ctx context.Context, try func() error) bool {
	for n := 0; ; n++ {
		err := try()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		b.note(err)
		if !sleep(ctx, b.backOff(n, err)) {
			return false
		}
	}
}

const longestWait = 5 * time.Minute

// backOff is how long to wait after the n-th failure, from 0; what Telegram asks for where it asks.
func (b *Bot) backOff(n int, err error) time.Duration {
	wait := min(b.times.retry<<min(n, 16), longestWait)
	if e, ok := errors.AsType[*callError](err); ok {
		if e.isOfToken() { // it does not mend by itself
			return longestWait
		}
		wait = max(wait, e.retryAfter)
	}
	return wait
}

// sleep waits, and says whether ctx still holds.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// mayAsk says whether a person may use the bot in a chat.
func (b *Bot) mayAsk(ctx context.Context, person, chat int64) (bool, error) {
	if b.o.Public || b.isAdmin(person) || slices.Contains(b.o.Allowed, person) || slices.Contains(b.o.Allowed, chat) {
		return true, nil
	}
	if chat >= 0 {
		return false, nil
	}
	former, err := b.inbox.formerly(ctx, chat)
	return slices.ContainsFunc(former, func(id int64) bool { return slices.Contains(b.o.Allowed, id) }), err
}

func (b *Bot) isAdmin(person int64) bool { return slices.Contains(b.o.Admins, person) }

// params are those of a call, the empty ones left out.
func params(pairs ...any) tgbotapi.Params {
	p := tgbotapi.Params{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if v := fmt.Sprint(pairs[i+1]); v != "" && v != "0" {
			p[pairs[i].(string)] = v //nolint:forcetypeassert // names are written here
		}
	}
	return p
}
