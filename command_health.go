package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"yinju/bot"
	"yinju/ingest"
	"yinju/ingest/queue"
	"yinju/rag"
	"yinju/rag/gloss"
)

type verifyCommand struct {
	JSON bool `help:"${json}"`
}

type verifyJSON struct {
	OK        bool          `json:"ok"`
	Articles  int           `json:"articles"`
	Citations int           `json:"citations"`
	Findings  []findingJSON `json:"findings"`
	Past      []findingJSON `json:"past"`
}

type findingJSON struct {
	File    string `json:"file"`
	Problem string `json:"problem"`
}

func (c *verifyCommand) Run(ctx context.Context, a *app) error {
	store, err := a.openStore(ctx)
	if err != nil {
		return err
	}
	v, err := ingest.Verify(ctx, store, a.places())
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(a.out).Encode(verifyJSON{
			OK: len(v.Findings) == 0, Articles: v.Articles, Citations: v.Citations,
			Findings: findingsJSON(v.Findings), Past: findingsJSON(v.Past),
		})
	} else {
		err = a.showVerification(v)
	}
	if err == nil && len(v.Findings) > 0 {
		err = quietError{errors.New("some do not hold")}
	}
	return err
}

func findingsJSON(findings []ingest.Finding) []findingJSON {
	out := make([]findingJSON, len(findings))
	for i, f := range findings {
		out[i] = findingJSON(f)
	}
	return out
}

func (a *app) showVerification(v ingest.Verification) error {
	for _, f := range v.Findings {
		fmt.Fprintf(a.out, "✗ %s: %s\n", bot.OneLine(f.File), bot.OneLine(f.Problem))
	}
	for _, f := range v.Past {
		fmt.Fprintf(a.out, "· %s: %s\n", bot.OneLine(f.File), bot.OneLine(f.Problem))
	}
	_, err := fmt.Fprintf(a.out, a.lang.Say("核对了 %d 篇文章、%d 条引文：库中 %d 处与源文件不符，%d 条旧引文因源文件已改而不在库中\n",
		"%d articles and %d citations checked: %d faults in the store, %d past citations whose source has changed since\n"),
		v.Articles, v.Citations, len(v.Findings), len(v.Past))
	return err
}

type healthCommand struct {
	JSON bool `help:"${json}"`
}

type healthJSON struct {
	OK     bool        `json:"ok"`
	Checks []checkJSON `json:"checks"`
	Store  *rag.Stats  `json:"store"` // null when there is no database
}

type checkJSON struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// Run makes every check, also after one has failed.
func (c *healthCommand) Run(ctx context.Context, a *app) error {
	h := healthJSON{OK: true}
	add := func(name, detail string, err error) {
		if err != nil {
			detail = a.explain(err)
		}
		h.OK = h.OK && err == nil
		h.Checks = append(h.Checks, checkJSON{Name: name, OK: err == nil, Detail: detail})
	}
	err := a.openModel()
	add("model", a.modelName, err)
	words, err := a.words()
	add("dictionary", a.dictionaryLine(words), err)
	stats, err := a.stats(ctx)
	add("database", fmt.Sprintf("PostgreSQL %s, pgvector %s, schema %d", stats.Server, stats.Vector, stats.Schema), err)
	if err == nil {
		h.Store = &stats
		add("corpus", a.corpusLine(stats), emptyCorpus(stats))
		line, err := a.lastIngest(ctx)
		add("ingest", line, err)
		line, err = a.languageModelLine(ctx)
		add("language_model", line, err)
	}
	add("telegram", a.telegramLine(), nil)
	if err := a.showHealth(h, c.JSON); err != nil {
		return err
	}
	if !h.OK {
		return quietError{errors.New("unhealthy")}
	}
	return nil
}

func (a *app) stats(ctx context.Context) (rag.Stats, error) {
	store, err := a.openStore(ctx)
	if err != nil {
		return rag.Stats{}, err
	}
	return store.Stats(ctx)
}

func (a *app) corpusLine(s rag.Stats) string {
	return fmt.Sprintf(a.lang.Say("%d 个文件，%d 篇文章，%d 段，%d 次回答", "%d files, %d articles, %d passages, %d answers"),
		s.Sources, s.Articles, s.Passages, s.Answers)
}

// lastIngest says how the last sync went, how the one that goes on is doing, and what failed since when. It returns an
// error where the last one broke off.
func (a *app) lastIngest(ctx context.Context) (string, error) {
	run, err := a.db.LastRun(ctx)
	switch {
	case errors.Is(err, rag.ErrNoRun):
		return a.lang.Say("还没有收入过", "there was none yet"), nil
	case err != nil:
		return "", err
	case run.Error != "":
		return "", fmt.Errorf("the last ingest, of %s, broke off: %w", run.Started.Local().Format("2006-01-02 15:04"), told(run.Error))
	}
	state, err := queue.StateOf(ctx, a.db.Pool())
	if err != nil {
		return "", err
	}
	parts := []string{run.Ended.Local().Format("2006-01-02 15:04")}
	if state.Now != nil {
		parts = append(parts, a.lang.Say("正在收入：", "under way: ")+progress(*state.Now).Line(a.lang))
	}
	for _, f := range state.Failed[:min(len(state.Failed), shownFailures)] {
		parts = append(parts, fmt.Sprintf(a.lang.Say("未收入（自 %s）%s：%s", "not ingested (since %s) %s: %s"), f.Since.Local().Format("2006-01-02 15:04"), bot.OneLine(f.File), bot.OneLine(f.Error)))
	}
	if more := len(state.Failed) - shownFailures; more > 0 {
		parts = append(parts, fmt.Sprintf(a.lang.Say("还有 %d 个", "%d more"), more))
	}
	return strings.Join(parts, a.lang.Say("；", "; ")), nil
}

// shownFailures is how many files that failed are named on a line.
const shownFailures = 5

func (a *app) dictionaryLine(words *gloss.Dictionary) string {
	if words == nil {
		return ""
	}
	return fmt.Sprintf(a.lang.Say("%d 个词条", "%d entries"), words.Entries())
}

// languageModelLine names the language model, which is not called, and what was used today.
func (a *app) languageModelLine(ctx context.Context) (string, error) {
	w, err := a.writing()
	if err != nil {
		return "", err
	}
	if w == nil {
		return a.lang.Say("没有设置（回答只用原文）", "none is set (answers are quotes)"), nil
	}
	spent, err := a.db.Spent(ctx)
	if err != nil {
		return "", err
	}
	used, most := spent.Prompt+spent.Completion, a.lang.Say("不限", "no limit")
	if a.cfg.LLM.TokensPerDay > 0 {
		most = strconv.Itoa(a.cfg.LLM.TokensPerDay)
	}
	line := fmt.Sprintf(a.lang.Say("%s %s，今天用了 %d 个 token（上限：%s）", "%s %s, %d tokens used today (limit: %s)"), a.cfg.LLM.Provider, bot.OneLine(w.Name), used, most)
	if spent.Cost > 0 {
		line += fmt.Sprintf(a.lang.Say("，费用 %.4f", ", cost %.4f"), spent.Cost)
	}
	return line, nil
}

func emptyCorpus(s rag.Stats) error {
	if s.Passages == 0 {
		return rag.ErrEmptyCorpus
	}
	return nil
}

func (a *app) showHealth(h healthJSON, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(a.out).Encode(h)
	}
	names := map[string]string{
		"model": a.lang.Say("向量模型", "embedding model"), "dictionary": a.lang.Say("词典", "dictionary"),
		"database": a.lang.Say("数据库", "database"), "corpus": a.lang.Say("语料", "corpus"), "ingest": a.lang.Say("收入", "ingest"),
		"language_model": a.lang.Say("语言模型", "language model"), "telegram": "Telegram",
	}
	for _, c := range h.Checks {
		mark := "✓"
		if !c.OK {
			mark = "✗"
		}
		if _, err := fmt.Fprintf(a.out, "%s %s: %s\n", mark, names[c.Name], c.Detail); err != nil {
			return err
		}
	}
	return nil
}
