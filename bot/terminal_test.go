package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"yinju/bot"
	"yinju/rag"
	"yinju/rag/ragtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fixed []float32

func (f fixed) EmbedQuery(context.Context, string) ([]float32, error) { return f, nil }

// answerOver asks a store that holds one article, whose passage lies at the given angle to every question.
func answerOver(t *testing.T, a *rag.Article, similarity float32, question string) rag.Answer {
	t.Helper()
	s := ragtest.Store(t)
	store(t, s, a)
	return answer(t, s, similarity, question)
}

// store stores an article as one passage along the first axis.
func store(t *testing.T, s *rag.Store, a *rag.Article) {
	t.Helper()
	vector := make([]float32, rag.Dimensions)
	vector[0] = 1
	end := len([]rune(a.Text))
	err := s.Replace(t.Context(), rag.Edition{
		Source: rag.Source{Path: a.File, Root: "/corpus", Hash: []byte{1}}, MadeBy: "t", Embedder: "m", Articles: []*rag.Article{a},
		Passages: []rag.Passage{{Article: a, Span: rag.Span{End: end}, Text: a.Text, Opens: true, Vector: vector}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func answer(t *testing.T, s *rag.Store, similarity float32, question string) rag.Answer {
	t.Helper()
	query := make([]float32, rag.Dimensions)
	query[0], query[1] = similarity, 1-similarity
	answer, err := rag.NewAnswerer(rag.NewRetriever(s, fixed(query), "m"), s).Ask(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func bridge() *rag.Article {
	return &rag.Article{
		File: "桥.txt", Title: "石桥", Authors: []string{"张望", "李远"}, Publication: "江畔日报", Date: "2023-05-06",
		Text: "赵州桥由\x1b[31m李春设计。", Places: rag.Places{{Start: 0, Line: 3, Byte: 20}},
	}
}

func TestTerminalShowsQuoteArticleAndPlace(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := (bot.Terminal{Out: &out}).Answer(answerOver(t, bridge(), 1, "赵州桥谁设计")); err != nil {
		t.Fatal(err)
	}
	want := "[1] “赵州桥由�[31m李春设计。”\n    《石桥》 · 张望、李远 · 江畔日报 · 2023-05-06\n    桥.txt:3\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTerminalSaysInOneLineWhereElseAQuoteStands(t *testing.T) {
	t.Parallel()
	s := ragtest.Store(t)
	for _, file := range []string{"甲\n.txt", "乙.txt", "丙.txt"} {
		a := bridge()
		a.File, a.Text = file, "赵州桥由李春设计。"+varied(200)
		store(t, s, a)
	}
	found := answer(t, s, 1, "赵州桥由谁设计")
	found.Citations = found.Citations[:1]
	for lang, want := range map[bot.Lang]string{
		bot.Chinese: "    丙.txt:3\n    （另见 乙.txt:3、甲 .txt:3）\n", bot.English: "    丙.txt:3\n    (also in 乙.txt:3, 甲 .txt:3)\n",
	} {
		var out strings.Builder
		if err := (bot.Terminal{Out: &out, Lang: lang}).Answer(found); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(out.String(), want) {
			t.Errorf("%s: %q", lang, out.String())
		}
	}
}

// varied is a text of so many different characters.
func varied(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteRune(rune(0x4e00 + 7*i))
	}
	return b.String()
}

func TestTerminalSaysWhatIsNotAnswered(t *testing.T) {
	t.Parallel()
	for lang, want := range map[bot.Lang]string{bot.Chinese: "没有找到", bot.English: "does not answer"} {
		var out strings.Builder
		if err := (bot.Terminal{Out: &out, Lang: lang}).Answer(answerOver(t, bridge(), 0, "轮胎怎样充气")); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want) || strings.Contains(out.String(), "李春") {
			t.Errorf("%s: %q", lang, out.String())
		}
	}
}

func TestTerminalSaysInOneLineHowAQuestionWasTaken(t *testing.T) {
	t.Parallel()
	a := answerOver(t, bridge(), 1, "赵州桥谁设计")
	a.Resolved = "《石\n桥》这篇\x1b是谁写的"
	for lang, want := range map[bot.Lang]string{
		bot.Chinese: "\x1b[2m理解为：《石 桥》这篇�是谁写的\x1b[0m\n\n", bot.English: "\x1b[2mtaken as: 《石 桥》这篇�是谁写的\x1b[0m\n\n",
	} {
		var out strings.Builder
		if err := (bot.Terminal{Out: &out, Lang: lang, Color: true}).Answer(a); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: %q", lang, out.String())
		}
	}
}

// listener notes the conversations that questions come in.
type listener struct{ heard []string }

func (l *listener) Stream(_ context.Context, q rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
	l.heard = append(l.heard, q.Conversation)
	return rag.Answer{}, nil
}

func TestAChatIsOneConversationAndAnotherChatAnother(t *testing.T) {
	t.Parallel()
	var l listener
	for _, id := range []string{"", "", "given"} {
		chat := bot.Chat{In: strings.NewReader("一问\n二问\n"), Show: &scribe{}, Ask: &l, Conversation: id}
		if err := chat.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h := l.heard
	if len(h) != 6 || h[0] != h[1] || h[2] != h[3] || h[0] == h[2] || h[4] != "given" || h[5] != "given" {
		t.Fatalf("heard %q", h)
	}
	if err := rag.CheckConversation(h[0]); err != nil {
		t.Error(err)
	}
}

type asker func(question string) (rag.Answer, error)

func (a asker) Stream(_ context.Context, q rag.Query, _ func(rag.Event) error) (rag.Answer, error) {
	return a(q.Question)
}

// scribe writes down what is shown.
type scribe struct{ strings.Builder }

func (s *scribe) Piece(rag.Event) error { return nil }

func (s *scribe) Answer(a rag.Answer) error {
	s.WriteString("答：" + a.Question + "\n")
	return nil
}

func (s *scribe) Refuse(question string, err error) error {
	s.WriteString("拒：" + question + "：" + bot.Explain(err, bot.Chinese) + "\n")
	return nil
}

func TestChatRefusesWhatItCannotTakeAndGoesOn(t *testing.T) {
	t.Parallel()
	var out scribe
	chat := bot.Chat{
		In:   strings.NewReader("？？\n第一问\n" + strings.Repeat("a", 3<<20) + "\n第二\xff问\r\n/q\n不再问\n"),
		Show: &out,
		Ask:  asker(func(q string) (rag.Answer, error) { return rag.Answer{Question: q}, rag.CheckQuestion(q) }),
	}
	if err := chat.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(out.String(), "\n")
	if len(rows) != 5 || rows[0] != "拒：？？：问题是空的，或不是文字：请用文字提问。" || rows[1] != "答：第一问" ||
		!strings.HasSuffix(rows[2], "个：请问得简短些。") || rows[3] != "答：第二\uFFFD问" {
		t.Errorf("got %.200q", rows)
	}
}

func TestChatEndsWithItsContextAndWithABrokenStore(t *testing.T) {
	t.Parallel()
	broken := asker(func(string) (rag.Answer, error) { return rag.Answer{}, errors.New("broken") })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, ctx := range map[string]context.Context{"a done context": ctx, "a broken store": t.Context()} {
		chat := bot.Chat{In: strings.NewReader("一问\n"), Show: &scribe{}, Ask: broken}
		if err := chat.Run(ctx); err == nil {
			t.Errorf("with %s the chat goes on", name)
		}
	}
}
