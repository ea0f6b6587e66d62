package telegram_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"yinju/bot"
	"yinju/bot/telegram"
	"yinju/bot/telegram/telegramtest"
	"yinju/rag"
	"yinju/rag/ragtest"
)

// A test binary that is told so is a bot and nothing else: one that can be killed.
func TestMain(m *testing.M) {
	if telegram.IsChild() {
		os.Exit(telegram.Child())
	}
	goleak.VerifyTestMain(m)
}

type fixed []float32

func (f fixed) EmbedQuery(context.Context, string) ([]float32, error) { return f, nil }

// A quote of the store comes into the message as it stands in the article, with a link to its characters.
func TestAQuoteOfTheStoreIsShownWithItsPlace(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	text := "赵州桥由李春设计，用 <石> & 灰砌成。"
	a := &rag.Article{File: "桥.txt", Title: "石桥", Publication: "江畔日报", Date: "2023-05-06", Text: text, Places: rag.Places{{Line: 3, Byte: 20}}}
	vector := make(fixed, rag.Dimensions)
	vector[0] = 1
	err := s.Replace(t.Context(), rag.Edition{
		Source: rag.Source{Path: a.File, Root: "/corpus", Hash: []byte{1}}, MadeBy: "t", Embedder: "m", Articles: []*rag.Article{a},
		Passages: []rag.Passage{{Article: a, Span: rag.Span{End: len([]rune(text))}, Text: text, Opens: true, Vector: vector}},
	})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := rag.NewAnswerer(rag.NewRetriever(s, vector, "m"), s).Ask(t.Context(), "赵州桥由谁设计")
	if err != nil {
		t.Fatal(err)
	}
	messages := telegram.Format{Lang: bot.Chinese, BaseURL: "https://yinju.example"}.Answer(answer)
	if len(messages) != 1 {
		t.Fatalf("%+v", messages)
	}
	got, err := telegramtest.ParseMessage(messages[0].HTML, "HTML")
	want := "[1]\n" + text + "\n《石桥》 江畔日报 · 2023-05-06 · 桥.txt:3 · 打开原文"
	if err != nil || !strings.HasSuffix(got.Text, want) {
		t.Errorf("%q, %v; want %q", got.Text, err, want)
	}
	if last := got.Entities[len(got.Entities)-1]; last.URL != "https://yinju.example/articles/"+rag.FormatID(answer.Citations[0].Quote.Article().ID)+"?quote=0-21&of="+bot.Fingerprint(answer.Citations[0].Quote.Text()) {
		t.Errorf("%+v", last)
	}
}
