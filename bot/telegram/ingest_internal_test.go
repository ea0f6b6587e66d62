package telegram

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"yinju/bot"
	"yinju/bot/telegram/telegramtest"
	"yinju/rag"
)

// desk is a corpus of which syncs may be asked for. They end when they are let.
type desk struct {
	mu    sync.Mutex
	now   bot.Ingesting
	run   *rag.IngestRun
	asked int
}

func (d *desk) Ingest(context.Context, bool) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	return 7, nil
}

func (d *desk) Ingesting(context.Context) (bot.Ingesting, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now, nil
}

func (d *desk) Ingested(_ context.Context, sync int64) (*rag.IngestRun, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if sync != 7 {
		return nil, nil
	}
	return d.run, nil
}

func TestAdministratorsIngestTheCorpusAndSeeHowItGoes(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	left := 90
	d := &desk{
		run: &rag.IngestRun{Report: json.RawMessage(`{"files":5,"added":2,"unchanged":3,"removed":["a.txt"],"articles":9,"passages_embedded":30,"took_ms":1500}`)},
		now: bot.Ingesting{Failures: []bot.IngestFailure{{File: "坏.pdf", Error: "the file is broken", Since: time.Now()}}},
	}
	r.start(func(o *Options) { o.Admins, o.Ingests = []int64{7}, d })
	admin := telegramtest.User{ID: 7}
	says(t, only(t, r.ask(xu, "/ingest")), "只有管理员")
	says(t, only(t, r.ask(admin, "/ingest")), "5 个文件：新增 2，更新 0，未变 3，移除 1")
	d.mu.Lock()
	d.run, d.now.Running = nil, &bot.IngestProgress{Files: 10, Done: 4, Passages: 300, Total: 700, Left: &left}
	d.mu.Unlock()
	out := only(t, r.ask(admin, "/ingest"))
	says(t, out, "已处理 4/10 个文件，300/约 700 段，约剩 1m30s")
	says(t, out, "坏.pdf")
	if d.asked != 1 {
		t.Errorf("asked for %d syncs", d.asked)
	}
	d.mu.Lock()
	d.now.Running = nil
	d.mu.Unlock()
	says(t, only(t, r.ask(admin, "/ingest")), "收入已排队") // it does not end in time
}
