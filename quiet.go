package main

import (
	"io"
	"log"
	"log/slog"
	"net/url"
	"strings"

	"yinju/config"
)

// quietLog is where Go's own packages log to: net/http quotes what servers send unasked, which may repeat an address with a secret.
type quietLog struct {
	log     *slog.Logger
	secrets *strings.Replacer
}

func (q quietLog) Write(line []byte) (int, error) {
	text := q.secrets.Replace(strings.ToValidUTF8(string(line), "?"))
	text = strings.ToValidUTF8(text[:min(len(text), maxLogLine)], "")
	q.log.Warn("a part of the program", "said", strings.TrimSpace(text))
	return len(line), nil
}

// maxLogLine is how much of such a line is kept, in bytes. It is cut when the secrets are out, so that no part of one stays.
const maxLogLine = 2000

// quieten sends Go's default log through the program's, without the secrets, until it is called off.
func quieten(to *slog.Logger, secrets ...config.Secret) (restore func()) {
	var pairs []string
	for _, s := range secrets {
		text := s.Reveal()
		if text == "" {
			continue
		}
		_, half, _ := strings.Cut(text, ":") // of a token: the number before it is no secret
		for _, form := range []string{text, url.PathEscape(text), url.QueryEscape(text), half} {
			if form != "" {
				pairs = append(pairs, form, "[secret]")
			}
		}
	}
	former, flags := log.Writer(), log.Flags()
	log.SetOutput(quietLog{to, strings.NewReplacer(pairs...)})
	log.SetFlags(0)
	return func() { log.SetOutput(former); log.SetFlags(flags) }
}

var _ io.Writer = quietLog{}
