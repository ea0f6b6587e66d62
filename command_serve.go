package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"yinju/bot/telegram"
	"yinju/bot/web"
	"yinju/deploy/local"
	"yinju/ingest"
	"yinju/rag"
)

// shutdownWait is how long running requests may take at least once the program is to end; answers have what they may
// take anyway.
const shutdownWait = 30 * time.Second

var (
	errNothingServed = errors.New("nothing to serve: LISTEN_ADDR or --no-http turns HTTP off; without TELEGRAM_BOT_TOKEN, or with --no-telegram, there is no bot; without CORPUS_DIR, or with --no-ingest, there is no corpus to keep")
	errOpenToAll     = errors.New("LISTEN_ADDR is seen from other machines, and API_KEYS is not set, so that everybody could ask: set API_KEYS, or listen on 127.0.0.1")
	errWebhookAlone  = errors.New("--no-http: TELEGRAM_WEBHOOK_URL needs HTTP; unset it, and messages are fetched")
)

// What serving trades memory for: the heap is collected when it is heapPercent above what lives, but is not let over
// heapLimit bytes for that. docs/decisions.md says what it saves.
const (
	heapPercent = 400
	heapLimit   = 512 << 20
)

// collectLess lets garbage lie longer, unless the environment says how long.
func (a *app) collectLess() {
	if a.getenv("GOGC") == "" && a.getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(heapPercent)
		debug.SetMemoryLimit(heapLimit)
	}
}

type serveCommand struct {
	NoHTTP     bool `name:"no-http" help:"${nohttp}"`
	NoTelegram bool `help:"${notelegram}"`
	NoIngest   bool `name:"no-ingest" help:"${noingest}"`
}

// Run serves until ctx is done. A part that cannot go on at all ends the others, with its error.
func (c *serveCommand) Run(ctx context.Context, a *app) error {
	hasHTTP, hasBot := a.cfg.ListenAddr != "" && !c.NoHTTP, a.cfg.Telegram.Token != "" && !c.NoTelegram
	hasIngest := a.cfg.CorpusDir != "" && !c.NoIngest
	switch {
	case !hasHTTP && !hasBot && !hasIngest:
		return usageError{errNothingServed}
	case hasBot && !hasHTTP && a.cfg.Telegram.WebhookURL != "":
		return usageError{errWebhookAlone}
	}
	if a.cfg.CorpusDir != "" {
		if _, err := a.corpus(); err != nil {
			return err
		}
	}
	a.collectLess()
	defer quieten(a.log(), a.cfg.Telegram.Token, a.cfg.Telegram.WebhookSecret)()
	var s service
	if hasHTTP { // before the model is loaded: an address in use shows at once
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.ListenAddr)
		if err != nil {
			return fmt.Errorf("serve: set LISTEN_ADDR to another address, or off: %w", err)
		}
		defer func() { _ = listener.Close() }()
		if len(a.cfg.HTTP.Keys) == 0 && !isLocal(listener.Addr()) {
			return usageError{errOpenToAll}
		}
		s.listener = listener
	}
	retriever, err := a.openRetriever(ctx)
	if err != nil {
		return err
	}
	if hasIngest {
		if s.ingest, err = a.openQueue(ctx); err != nil {
			return err
		}
	}
	if hasBot {
		if s.bot, err = a.telegramBot(s, retriever); err != nil {
			return err
		}
	}
	if hasHTTP {
		handler, err := a.handler(s, retriever)
		if err != nil {
			return err
		}
		s.server, s.wait = web.Server(handler, a.log()), max(shutdownWait, a.cfg.HTTP.AskTimeout)
	}
	s.postgres = a.server
	a.tellServing(s)
	if err := s.run(ctx); err != nil {
		return err
	}
	fmt.Fprintln(a.err, a.lang.Say("已停止。", "Stopped."))
	return nil
}

// service is what runs: each part may be nil, not all of them.
type service struct {
	listener net.Listener
	server   *http.Server  // goes with listener
	wait     time.Duration // for running requests at the end; 0: shutdownWait
	bot      *telegram.Bot
	ingest   *ingestService
	postgres *local.Server // the private one; nil where DATABASE_URL is set
}

// run runs the parts until ctx is done or one of them fails. Requests end first, as they may bring the bot an update;
// then the bot does, and then the files that are being ingested.
func (s service) run(ctx context.Context) (err error) {
	if s.ingest != nil {
		if err := s.ingest.queue.Start(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.ingest.queue.Stop(ctx)) }()
	}
	group, groupCtx := errgroup.WithContext(ctx)
	botCtx, stopBot := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBot()
	if s.server != nil {
		group.Go(func() error {
			if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve HTTP: %w", err)
			}
			return nil
		})
	}
	if s.bot != nil {
		group.Go(func() error {
			if err := s.bot.Run(botCtx); err != nil {
				return fmt.Errorf("run the Telegram bot: %w", err)
			}
			return nil
		})
	}
	if s.postgres != nil {
		group.Go(func() error { return s.postgres.Keep(groupCtx) })
	}
	if s.ingest != nil {
		group.Go(func() error {
			s.ingest.watch(groupCtx)
			return nil
		})
		group.Go(func() error {
			s.ingest.tellBroken(groupCtx, brokenLook)
			return nil
		})
	}
	group.Go(func() error {
		<-groupCtx.Done()
		defer stopBot()
		return s.shutdown(context.WithoutCancel(ctx))
	})
	return group.Wait()
}

// shutdown takes no more requests and waits for those that run, up to s.wait.
func (s service) shutdown(ctx context.Context) error {
	if s.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.wait, shutdownWait))
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return s.server.Close()
	}
	return err
}

// telegramBot makes the bot over the open parts.
func (a *app) telegramBot(s service, retriever *rag.Retriever) (*telegram.Bot, error) {
	answerer, err := a.answerer(retriever)
	if err != nil {
		return nil, err
	}
	t := a.cfg.Telegram
	o := telegram.Options{
		Token: t.Token.Reveal(), APIURL: t.APIURL, Asker: answerer, Quotes: rag.NewAnswerer(retriever, a.db).WithoutLog(), Search: retriever, Store: a.db,
		Lang: a.lang, BaseURL: a.cfg.PublicURL,
		Allowed: t.Allowed, Admins: t.Admins, Public: t.Public, WebhookURL: t.WebhookURL, WebhookSecret: t.WebhookSecret.Reveal(),
		PerUser: t.PerUser, Overall: t.Overall, Log: a.log(),
	}
	if s.ingest != nil {
		o.Ingests = ingests{s.ingest.queue, a.db}
	}
	if a.cfg.CorpusDir != "" && !ingest.IsRemote(a.cfg.CorpusDir) { // files are added to folders only
		files, err := a.uploads()
		if err != nil {
			return nil, err
		}
		o.Files = files
	}
	b, err := telegram.New(o)
	if err != nil {
		return nil, fmt.Errorf("start the Telegram bot: %w", err)
	}
	return b, nil
}

// handler is what HTTP serves.
func (a *app) handler(s service, retriever *rag.Retriever) (http.Handler, error) {
	answerer, err := a.answerer(retriever)
	if err != nil {
		return nil, err
	}
	c := a.cfg.HTTP
	o := web.Options{
		Store: a.db, Articles: a.db, Asker: answerer, Search: retriever, Browse: a.db, Feedback: a.db, Shares: a.db, Runs: a.db,
		Chats: a.chatCompletions, Tools: a.toolServer(retriever),
		Explain: a.explainIn, Webhook: a.cfg.Telegram.WebhookURL != "", Lang: a.lang, Log: a.log(),
		Keys: a.apiKeys(), OpenPages: a.cfg.PublicURL != "", Origins: c.Origins, AskTimeout: c.AskTimeout, AtOnce: c.Concurrency, PerMinute: c.Rate,
	}
	if s.bot != nil {
		o.Telegram = s.bot
	}
	if s.ingest != nil {
		o.Ingests = ingests{s.ingest.queue, a.db}
	}
	return web.Handler(o), nil
}

func isLocal(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// tellServing says in a line each what runs.
func (a *app) tellServing(s service) {
	if s.listener != nil {
		fmt.Fprintf(a.err, "HTTP: http://%s%s\n", s.listener.Addr(), a.readingLine(s.listener.Addr()))
	}
	if s.bot != nil {
		fmt.Fprintln(a.err, "Telegram: "+a.telegramLine())
	}
	if s.ingest != nil {
		fmt.Fprintln(a.err, a.lang.Say("语料：", "Corpus: ")+a.ingestLine(s.ingest))
	}
}

func (a *app) readingLine(addr net.Addr) string {
	switch {
	case a.cfg.PublicURL != "":
		return fmt.Sprintf(a.lang.Say("，阅读页 %s/articles/…", ", reading pages at %s/articles/..."), a.cfg.PublicURL)
	case isLocal(addr):
		return a.lang.Say("，阅读页只在本机", ", reading pages on this machine only")
	}
	return a.lang.Say("，阅读页要密钥", ", reading pages with a key")
}

// telegramLine says how the bot gets its messages and who may ask it. Telegram is not called.
func (a *app) telegramLine() string {
	t := a.cfg.Telegram
	if t.Token == "" {
		return a.lang.Say("没有设置", "none is set")
	}
	line := a.lang.Say("长轮询", "polling")
	if t.WebhookURL != "" {
		line = "webhook " + t.WebhookURL
	}
	var people, groups int
	for _, id := range t.Allowed {
		if id > 0 {
			people++
		} else {
			groups++
		}
	}
	var who []string
	if t.Public {
		who = append(who, a.lang.Say("谁都可以", "everybody"))
	} else if len(t.Allowed) > 0 {
		who = append(who, fmt.Sprintf(a.lang.Say("%d 人、%d 个群", "people %d, groups %d"), people, groups))
	}
	if len(t.Admins) > 0 {
		who = append(who, fmt.Sprintf(a.lang.Say("%d 位管理员", "admins %d"), len(t.Admins)))
	}
	return line + a.lang.Say("；可以问的：", "; may ask: ") + strings.Join(who, a.lang.Say("，", ", "))
}
