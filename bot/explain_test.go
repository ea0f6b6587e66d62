package bot_test

import (
	"fmt"
	"strings"
	"testing"

	"yinju/bot"
	"yinju/rag"
)

// What keeps a reader from an answer or an article is said in his language, however deep it lies.
func TestErrorsOfReadingAreExplained(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"没有这篇文章":       rag.ErrNoArticle,
		"没有这个回答":       rag.ErrNoAnswer,
		"没有这一条引文":      rag.ErrNoCitation,
		"不再有这段话":       rag.ErrGone,
		"最多 200 个字":    rag.Browse{Words: strings.Repeat("长", 201), Limit: 1}.Check(),
		"每次 1 至 100 篇": rag.Browse{Limit: 101}.Check(),
		"最多 2000 个字":   rag.Feedback{By: "a", Note: "\xff"}.Check(),
		"评价者":          rag.Feedback{}.Check(),
		"筛选条件 from":    rag.Browse{Filter: rag.Filter{From: "x"}, Limit: 1}.Check(),
	} {
		err = fmt.Errorf("read: %w", err)
		if got := bot.Explain(err, bot.Chinese); !strings.Contains(got, want) {
			t.Errorf("%q, want %q in it", got, want)
		}
		if got := bot.Explain(err, bot.English); got != err.Error() {
			t.Errorf("%q, want %q", got, err.Error())
		}
	}
}
