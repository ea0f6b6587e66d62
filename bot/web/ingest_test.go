package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"yinju/bot"
	"yinju/bot/web"
	"yinju/rag"
)

// desk is a corpus of which ingests may be asked for.
type desk struct {
	now   bot.Ingesting
	err   error
	asked []bool // forced or not
}

func (d *desk) Ingest(_ context.Context, forced bool) (int64, error) {
	d.asked = append(d.asked, forced)
	d.now.Waiting = true
	return 1, d.err
}

func (d *desk) Ingesting(context.Context) (bot.Ingesting, error) { return d.now, d.err }

func (d *desk) Ingested(context.Context, int64) (*rag.IngestRun, error) { return nil, d.err }

// ingestStatuses has every status of the request for an ingest.
func ingestStatuses(t *testing.T, o web.Options, had map[string]bool) {
	t.Helper()
	status := func(d bot.Ingests, want int, body string, headers ...string) {
		t.Helper()
		o := o
		o.Ingests = d
		c := newClient(t, o)
		c.seen = had
		if w := c.do("POST", "/v1/ingest", body, headers...); w.Code != want || strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("POST /v1/ingest %.40s: %d, want %d: %.300s", body, w.Code, want, w.Body)
		}
	}
	admin := []string{"X-Api-Key", adminKey}
	status(&desk{}, http.StatusAccepted, `{}`, admin...)
	status(&desk{}, http.StatusBadRequest, `{`, admin...)
	status(&desk{}, http.StatusUnauthorized, `{}`)
	status(&desk{}, http.StatusForbidden, `{}`, "X-Api-Key", askKey)
	status(nil, http.StatusConflict, `{}`, admin...)
	status(&desk{}, http.StatusRequestEntityTooLarge, strings.Repeat(" ", 70_000), admin...)
	status(&desk{}, http.StatusUnsupportedMediaType, `{}`, append([]string{"Content-Type", "text/plain"}, admin...)...)
	status(&desk{}, http.StatusUnprocessableEntity, `{"force":"yes"}`, admin...)
	status(&desk{err: errors.New("dial db.internal: hunter2")}, http.StatusInternalServerError, `{}`, admin...)
	status(&desk{err: errAway}, http.StatusServiceUnavailable, `{}`, admin...)
	status(&desk{err: context.DeadlineExceeded}, http.StatusGatewayTimeout, `{}`, admin...)
}

func TestAnIngestIsAskedForAndItsProgressIsSeen(t *testing.T) {
	t.Parallel()
	o := over(corpus(t))
	began, left := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC), 42
	d := &desk{now: bot.Ingesting{
		Running:  &bot.IngestProgress{Started: began, Files: 10, Done: 4, Failed: 1, Passages: 300, Total: 700, Left: &left},
		Failures: []bot.IngestFailure{{File: "坏.pdf", Error: "the file is broken", Since: began, Last: began, Attempts: 3}},
	}}
	o.Explain = func(text string, lang bot.Lang) string { return lang.Say("文件坏了", "") + text[:0] }
	o.Ingests, o.Keys = d, keys("reader", askKey, "admin", adminKey)
	c := newClient(t, o)
	w := c.do("GET", "/v1/ingest", "", "X-Api-Key", askKey)
	const running = `"waiting":false,"running":{"started_at":"2026-11-28T03:00:00Z","listing":false,"files":10,"done":4,"failed":1,"passages":300,"passages_total":700,"seconds_left":42},` +
		`"failures":[{"file":"坏.pdf","error":"the file is broken","reason":"文件坏了","since":"2026-11-28T03:00:00Z","last_at":"2026-11-28T03:00:00Z","attempts":3}]`
	if !strings.Contains(w.Body.String(), running) {
		t.Errorf("%s", w.Body)
	}
	if w := c.do("POST", "/v1/ingest", `{"force":true}`, "X-Api-Key", adminKey); w.Code != http.StatusAccepted || !strings.Contains(w.Body.String(), `"waiting":true`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	c.do("POST", "/v1/ingest", `{}`, "X-Api-Key", adminKey)
	c.do("POST", "/v1/ingest", `{}`, "X-Api-Key", askKey)
	if len(d.asked) != 2 || !d.asked[0] || d.asked[1] {
		t.Errorf("asked for %v", d.asked)
	}
}
