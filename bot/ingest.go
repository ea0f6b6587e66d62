package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yinju/rag"
)

// Ingests begins syncs of the corpus, for administrators, and tells how they are doing.
type Ingests interface {
	// Ingest asks for a sync and gives its number. One that waits already is enough. forced: it may remove a large part.
	Ingest(ctx context.Context, forced bool) (int64, error)
	// Ingesting is how the syncs are doing.
	Ingesting(ctx context.Context) (Ingesting, error)
	// Ingested is how the sync of a number went; nil where it has not ended.
	Ingested(ctx context.Context, sync int64) (*rag.IngestRun, error)
}

// Ingesting is how the syncs of the corpus are doing, in whatever process.
type Ingesting struct {
	Waiting  bool            `json:"waiting" jsonschema:"an ingest is asked for and has not begun"`
	Running  *IngestProgress `json:"running" jsonschema:"null: none is under way"`
	Failures []IngestFailure `json:"failures" jsonschema:"files that are not in the store as they are in the corpus, at most a thousand"`
}

// IngestProgress is how far a sync is.
type IngestProgress struct {
	Started  time.Time `json:"started_at"`
	Listing  bool      `json:"listing" jsonschema:"the corpus is still looked at: the figures are 0"`
	Files    int       `json:"files" jsonschema:"to be read"`
	Done     int       `json:"done" jsonschema:"of them"`
	Failed   int       `json:"failed" jsonschema:"of those that are done"`
	Passages int       `json:"passages" jsonschema:"done, embedded now or before"`
	Total    int       `json:"passages_total" jsonschema:"of the files to be read: an estimate until every one is"`
	Left     *int      `json:"seconds_left" jsonschema:"about; null: not known yet"`
}

// IngestFailure is a file that is not in the store as it is in the corpus.
type IngestFailure struct {
	File     string    `json:"file"`
	Error    string    `json:"error"`
	Since    time.Time `json:"since" jsonschema:"when it first failed"`
	Last     time.Time `json:"last_at" jsonschema:"when it failed last"`
	Attempts int       `json:"attempts"`
}

// Line says in one line how far a sync is.
func (p IngestProgress) Line(lang Lang) string {
	if p.Listing {
		return lang.Say("正在查看语料有哪些改动", "looking for what changed in the corpus")
	}
	line := fmt.Sprintf(lang.Say("已处理 %d/%d 个文件，%d/约 %d 段", "%d/%d files, %d of about %d passages"), p.Done, p.Files, p.Passages, p.Total)
	if p.Failed > 0 {
		line += fmt.Sprintf(lang.Say("，失败 %d", ", %d failed"), p.Failed)
	}
	if p.Left != nil {
		line += fmt.Sprintf(lang.Say("，约剩 %s", ", about %s left"), time.Duration(*p.Left)*time.Second)
	}
	return line
}

// IngestLine says in one line what a sync did, with why it broke off.
func IngestLine(lang Lang, run rag.IngestRun) string {
	var r struct {
		Files, Added, Changed, Unchanged int
		Renamed, Removed, Failed         []json.RawMessage
		Articles                         int
		Passages                         int                                    `json:"passages_embedded"`
		TookMS                           int64                                  `json:"took_ms"`
		LeftOut                          struct{ Renamed, Removed, Failed int } `json:"left_out"`
	}
	if err := json.Unmarshal(run.Report, &r); err != nil {
		return OneLine(run.Error)
	}
	renamed := ""
	if n := len(r.Renamed) + r.LeftOut.Renamed; n > 0 {
		renamed = fmt.Sprintf(lang.Say("，改名 %d", ", %d renamed"), n)
	}
	line := fmt.Sprintf(lang.Say(
		"%d 个文件：新增 %d，更新 %d，未变 %d%s，移除 %d，失败 %d；%d 篇文章，%d 段向量化，用时 %s",
		"%d files: %d added, %d changed, %d unchanged%s, %d removed, %d failed; %d articles, %d passages embedded in %s"),
		r.Files, r.Added, r.Changed, r.Unchanged, renamed, len(r.Removed)+r.LeftOut.Removed, len(r.Failed)+r.LeftOut.Failed,
		r.Articles, r.Passages, time.Duration(r.TookMS)*time.Millisecond)
	if run.Error != "" {
		line += lang.Say("。中断：", ". Broke off: ") + OneLine(run.Error)
	}
	return line
}
