package main

import (
	"strings"
	"testing"

	"yinju/bot"
	"yinju/ingest"
	"yinju/ingest/document"
	"yinju/rag"
)

// Of an error that another process met there is the text alone, and it is said in the reader's language all the same.
func TestErrorsThatTheDatabaseKeptAreSaidInChinese(t *testing.T) {
	t.Parallel()
	a := &app{lang: bot.Chinese}
	for _, c := range []struct {
		err  error
		want string
	}{
		{document.ErrScanned, "请先做文字识别"},
		{&ingest.FileError{Err: ingest.ErrNoText}, "文件里没有文字"},
		{&ingest.MassRemovalError{Removed: 5, Known: 6}, "--force"},
		{&rag.BehindError{Missing: []string{"a.txt"}}, "新的索引还缺一些文件"},
		{ingest.ErrBusy, "还在写入"},
	} {
		if got := a.explainTold(c.err.Error()); !strings.Contains(got, c.want) || !strings.Contains(got, c.err.Error()) {
			t.Errorf("%q is said as %q", c.err, got)
		}
		if zh, en := a.explainIn(c.err.Error(), bot.Chinese), a.explainIn(c.err.Error(), bot.English); !strings.Contains(zh, c.want) || strings.Contains(zh, c.err.Error()) || en != bot.OneLine(c.err.Error()) {
			t.Errorf("%q is told readers as %q and %q", c.err, zh, en)
		}
	}
}
