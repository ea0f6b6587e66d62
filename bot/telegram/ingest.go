package telegram

import (
	"context"
	"strings"
	"time"

	"yinju/bot"
)

// shownFailures is how many files that failed are named.
const shownFailures = 5

// onIngest begins a sync of the corpus where none is under way, waits for its end for a while, and tells how it is
// doing.
func (b *Bot) onIngest(ctx context.Context, t talk) (*outbox, error) {
	if b.o.Ingests == nil {
		return t.answer(t.lang.Say("这里没有设语料（CORPUS_DIR），或没有开重新收入。", "There is no corpus here (CORPUS_DIR), or ingest is off.")), nil
	}
	now, err := b.o.Ingests.Ingesting(ctx)
	if err != nil {
		return nil, err
	}
	if now.Running != nil || now.Waiting {
		return t.answer(sayIngesting(t.lang, now)), nil
	}
	sync, err := b.o.Ingests.Ingest(ctx, false)
	if err != nil {
		return nil, err
	}
	deadline := time.NewTimer(b.times.ingest)
	defer deadline.Stop()
	for {
		run, err := b.o.Ingests.Ingested(ctx, sync)
		if err != nil {
			return nil, err
		}
		if now, err = b.o.Ingests.Ingesting(ctx); err != nil {
			return nil, err
		}
		if run != nil {
			return t.answer(bot.IngestLine(t.lang, *run) + sayFailures(t.lang, now.Failures)), nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-deadline.C:
			return t.answer(sayIngesting(t.lang, now)), nil
		case <-time.After(b.times.ingest / 20):
		}
	}
}

func sayIngesting(lang bot.Lang, now bot.Ingesting) string {
	line := lang.Say("收入已排队，等前一次结束", "An ingest waits for the one before to end")
	if now.Running != nil {
		line = lang.Say("正在收入：", "Ingest is under way: ") + now.Running.Line(lang)
	}
	return line + lang.Say("。/ingest 再看。", ". /ingest shows more.") + sayFailures(lang, now.Failures)
}

// sayFailures names files that are not in the store as they are in the corpus, and since when.
func sayFailures(lang bot.Lang, all []bot.IngestFailure) string {
	var out strings.Builder
	for _, f := range all[:min(len(all), shownFailures)] {
		out.WriteString(sayf(lang, "\n未收入（自 %s）%s：%s", "\nnot ingested (since %s) %s: %s", f.Since.Local().Format("2006-01-02 15:04"), bot.OneLine(f.File), bot.OneLine(f.Error)))
	}
	if more := len(all) - shownFailures; more > 0 {
		out.WriteString(sayf(lang, "\n……还有 %d 个", "\n... and %d more", more))
	}
	return out.String()
}
