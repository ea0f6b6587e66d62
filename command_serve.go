package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"yinju/bot/telegram"
	"yinju/bot/web"
	"yinju/rag"
)

// shutdownWait is how long running requests may take once the program is to end.
const shutdownWait = 30 * time.Second

var (
	errNothingServed = errors.New("nothing to serve: LISTEN_ADDR or --no-http turns HTTP off, and without TELEGRAM_BOT_TOKEN, or with --no-telegram, there is no bot")
	errWebhookAlone  = errors.New("--no-http: TELEGRAM_WEBHOOK_URL needs HTTP; unset it, and messages are fetched")
)

type serveCommand struct {
	NoHTTP     bool `name:"no-http" help:"${nohttp}"`
	NoTelegram bool `help:"${notelegram}"`
}

// Run serves until ctx is done. A part that cannot go on at all ends the others, with its error.
func (c *serveCommand) Run(ctx context.Context, a *app) error {
	hasHTTP, hasBot := a.cfg.ListenAddr != "" && !c.NoHTTP, a.cfg.Telegram.Token != "" && !c.NoTelegram
	switch {
	case !hasHTTP && !hasBot:
		return usageError{errNothingServed}
	case hasBot && !hasHTTP && a.cfg.Telegram.WebhookURL != "":
		return usageError{errWebhookAlone}
	}
	defer quieten(a.log(), a.cfg.Telegram.Token, a.cfg.Telegram.WebhookSecret)()
	var s service
	if hasHTTP { // before the model is loaded: an address in use shows at once
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.ListenAddr)
		if err != nil {
			return fmt.Errorf("serve: set LISTEN_ADDR to another address, or off: %w", err)
		}
		defer func() { _ = listener.Close() }()
		s.listener = listener
	}
	retriever, err := a.openRetriever(ctx)
	if err != nil {
		return err
	}
	if hasBot {
		if s.bot, err = a.telegramBot(retriever); err != nil {
			return err
		}
	}
	if hasHTTP {
		s.server = web.Server(a.handler(s), a.log())
	}
	a.tellServing(s)
	if err := s.run(ctx); err != nil {
		return err
	}
	fmt.Fprintln(a.err, a.lang.Say("已停止。", "Stopped."))
	return nil
}

// service is what runs: either part may be nil, not both.
type service struct {
	listener net.Listener
	server   *http.Server // goes with listener
	bot      *telegram.Bot
}

// run runs the parts until ctx is done or one of them fails. Requests end first, as they may bring the bot an update;
// then the bot does.
func (s service) run(ctx context.Context) error {
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
	group.Go(func() error {
		<-groupCtx.Done()
		defer stopBot()
		return s.shutdown(context.WithoutCancel(ctx))
	})
	return group.Wait()
}

// shutdown takes no more requests and waits for those that run, up to shutdownWait.
func (s service) shutdown(ctx context.Context) error {
	if s.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shutdownWait)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return s.server.Close()
	}
	return err
}

// telegramBot makes the bot over the open parts.
func (a *app) telegramBot(retriever *rag.Retriever) (*telegram.Bot, error) {
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
	if a.cfg.CorpusDir != "" {
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

// handler is what HTTP serves. Reading pages show whole articles, so they are not seen from other machines unless
// PUBLIC_URL says that they are to be.
func (a *app) handler(s service) http.Handler {
	o := web.Options{Store: a.db, Webhook: a.cfg.Telegram.WebhookURL != "", Lang: a.lang, Log: a.log()}
	if a.cfg.PublicURL != "" || isLocal(s.listener.Addr()) {
		o.Articles = a.db
	}
	if s.bot != nil {
		o.Telegram = s.bot
	}
	return web.Handler(o)
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
}

func (a *app) readingLine(addr net.Addr) string {
	switch {
	case a.cfg.PublicURL != "":
		return fmt.Sprintf(a.lang.Say("，阅读页 %s/articles/…", ", reading pages at %s/articles/..."), a.cfg.PublicURL)
	case isLocal(addr):
		return a.lang.Say("，阅读页只在本机", ", reading pages on this machine only")
	}
	return a.lang.Say("，没有阅读页（设 PUBLIC_URL 才有）", ", no reading pages (PUBLIC_URL turns them on)")
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
