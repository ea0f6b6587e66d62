package rag_test

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yinju/rag"
	"yinju/rag/ragtest"
)

// hashed is an encoder without a model: a token is a character, its code is a hash of it, and a vector is the mean
// of the codes. Texts are near that have the same characters.
type hashed struct{}

func (hashed) EmbedQuery(_ context.Context, text string) ([]float32, error) {
	return hashedText(text).Vector, nil
}

func (hashed) EncodeQuery(_ context.Context, text string) (rag.Encoded, error) {
	return hashedText(text), nil
}

func hashedText(text string) (e rag.Encoded) {
	e.Vector = make([]float32, rag.Dimensions)
	for at, r := range []rune(text)[:min(len([]rune(text)), mostTokens)] {
		h := fnv.New64a()
		fmt.Fprint(h, string(r))
		random := rand.New(rand.NewPCG(h.Sum64(), 1))
		var code rag.Code
		for i := range code {
			code[i] = random.Uint64()
			for bit := range 64 {
				e.Vector[64*i+bit] += float32(int(code[i]>>bit&1)*2 - 1)
			}
		}
		e.Codes, e.Starts = append(e.Codes, code), append(e.Starts, at)
	}
	sum := 0.0
	for _, x := range e.Vector {
		sum += float64(x) * float64(x)
	}
	for i := range e.Vector {
		e.Vector[i] /= float32(math.Sqrt(max(sum, 1e-9)))
	}
	return e
}

// hashedEdition is an edition as hashed encodes it.
func hashedEdition(path string, a rag.Article, texts ...string) rag.Edition {
	e := edition(path, texts...)
	stored := e.Articles[0]
	a.File, a.Text, a.Places = stored.File, stored.Text, stored.Places
	*stored = a
	for i := range e.Passages {
		p := &e.Passages[i]
		p.Take(hashedText(p.IndexText()))
	}
	return e
}

// village writes passages of sentences about a village, of all lengths, some of them alike, with headlines and torn lines.
func village(random *rand.Rand, passages int) (texts []string) {
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	var b strings.Builder
	sentence := func() {
		b.WriteString(pick("老木匠", "磨坊主", "船家", "放牛的孩子", "石匠", "接生婆") + pick("在渠边", "在塔下", "从桥上", "每到秋天", "那年冬天"))
		b.WriteString(pick("修了三条船", "看见水车转动", "数了四十只鹅", "种下一排柳树", "磨出新麦的面", "捡到一枚铜钱"))
		for range random.IntN(4) * random.IntN(8) {
			b.WriteString(pick("，", "，", "；") + pick("水声很响", "风从北坡来", "谁也没有说话", "灯一直亮到半夜", "孩子们跟在后面", "石板上结了霜"))
		}
		b.WriteString(pick("。", "。", "。", "！", "？", "……\n", "\n"))
	}
	for range passages {
		b.Reset()
		b.WriteString(pick("", "", "渠边人家\n"))
		for range 2 + random.IntN(6) {
			sentence()
		}
		texts = append(texts, b.String())
	}
	return texts
}

// hashedAnswerer answers without a threshold, so that there are quotes for all that is asked.
func hashedAnswerer(t *testing.T, editions ...rag.Edition) *rag.Answerer {
	t.Helper()
	s := ragtest.Store(t)
	for _, e := range editions {
		replace(t, s, e)
	}
	if err := s.SetThresholds(t.Context(), rag.Thresholds{}, "m", 1); err != nil {
		t.Fatal(err)
	}
	return rag.NewAnswerer(rag.NewRetriever(s, hashed{}, "m"), s).WithoutLog()
}

func askHashed(t *testing.T, a *rag.Answerer, question string) rag.Answer {
	t.Helper()
	answer, err := a.Ask(t.Context(), question)
	if err != nil {
		t.Fatalf("%q: %v", question, err)
	}
	return answer
}

func quotedTexts(a rag.Answer) (texts []string) {
	for _, c := range a.Citations {
		texts = append(texts, c.Quote.Text())
	}
	return texts
}

const (
	mostTokens   = 512
	mostQuotes   = 3
	longestQuote = 220
)

func TestQuotesOfRandomQuestionsStandInTheirArticlesAndAreFewAndShort(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	texts := map[string]string{}
	var editions []rag.Edition
	for _, path := range []string{"a.txt", "b.txt", "c.txt"} {
		e := hashedEdition(path, rag.Article{}, village(random, 12)...)
		texts[path] = e.Articles[0].Text
		editions = append(editions, e)
	}
	answerer := hashedAnswerer(t, editions...)
	several := 0
	for i := range 120 {
		question := questionFrom(random, texts[[]string{"a.txt", "b.txt", "c.txt"}[i%3]])
		if rag.CheckQuestion(question) != nil {
			continue
		}
		a := askHashed(t, answerer, question)
		if a.Status != rag.Answered || len(a.Citations) == 0 || len(a.Citations) > mostQuotes {
			t.Fatalf("%q: %s, %d quotes", question, a.Status, len(a.Citations))
		}
		if len(a.Citations) > 1 {
			several++
		}
		for _, c := range a.Citations {
			checkQuote(t, texts[c.Quote.Article().File], c.Quote)
		}
		checkNoRepeats(t, a)
	}
	if several == 0 {
		t.Error("no answer has several quotes")
	}
}

// questionFrom asks with some words of a text.
func questionFrom(random *rand.Rand, text string) string {
	runes := []rune(text)
	from := random.IntN(len(runes) - 20)
	words := string(runes[from : from+3+random.IntN(16)])
	return strings.ReplaceAll(words, "\n", "") + []string{"？", "是怎么回事？", "有多少？", "在哪里？", "", "和别处有什么不同？"}[random.IntN(6)]
}

func checkQuoteStands(t *testing.T, text string, q rag.Quote) {
	t.Helper()
	at := q.Location()
	if got := string([]rune(text)[at.StartChar:at.EndChar]); got != q.Text() {
		t.Errorf("at %v stands %q, the quote is %q", at, got, q.Text())
	}
}

func checkQuote(t *testing.T, text string, q rag.Quote) {
	t.Helper()
	checkQuoteStands(t, text, q)
	runes, at := []rune(text), q.Location()
	said := []rune(q.Text())
	if n := strings.IndexAny(q.Text(), "。！？；"); len(said) > longestQuote && n >= 0 && n < len(q.Text())-len("。") {
		t.Errorf("a quote of several units has %d characters: %q", len(said), q.Text())
	}
	if strings.ContainsAny(q.Text(), "\n") || strings.ContainsRune("，；,;", said[len(said)-1]) || strings.ContainsRune("，；,;。”", said[0]) {
		t.Errorf("a quote with a hanging mark: %q", q.Text())
	}
	if before := at.StartChar; before > 0 && !strings.ContainsRune("。！？；，…\n", runes[before-1]) {
		t.Errorf("a quote begins behind %q: %q", runes[before-1], q.Text())
	}
}

func checkNoRepeats(t *testing.T, a rag.Answer) {
	t.Helper()
	for i, x := range a.Citations {
		for _, y := range a.Citations[:i] {
			p, q := x.Quote.Location(), y.Quote.Location()
			if x.Quote.Article().ID == y.Quote.Article().ID && p.StartChar < q.EndChar && q.StartChar < p.EndChar {
				t.Errorf("%q: quotes overlap: %q, %q", a.Question, x.Quote.Text(), y.Quote.Text())
			}
			of, in := distinctTerms(x.Quote.Text()), distinctTerms(y.Quote.Text())
			both := slices.DeleteFunc(slices.Clone(of), func(term string) bool { return !slices.Contains(in, term) })
			if 10*len(both) > 6*min(len(of), len(in)) {
				t.Errorf("%q: quotes say the same: %q, %q", a.Question, x.Quote.Text(), y.Quote.Text())
			}
		}
	}
}

func distinctTerms(text string) []string {
	terms := rag.Terms(text)
	slices.Sort(terms)
	return slices.Compact(terms)
}

func TestAQuestionAskedAgainHasTheSameAnswerByteForByte(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 9))
	answerer := hashedAnswerer(t, hashedEdition("a.txt", rag.Article{}, village(random, 20)...), hashedEdition("b.txt", rag.Article{}, village(random, 20)...))
	for _, question := range []string{"老木匠在渠边修了几条船？", "谁看见水车转动，灯亮到什么时候？", "mill and 水车"} {
		var first []byte
		for range 20 {
			a := askHashed(t, answerer, question)
			a.ID, a.Timings = "", nil
			got, err := json.Marshal(a)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = got
			}
			if string(got) != string(first) {
				t.Fatalf("%q:\n%s\n%s", question, first, got)
			}
		}
	}
}

func TestOneThingIsQuotedOnce(t *testing.T) {
	t.Parallel()
	answerer := hashedAnswerer(t,
		hashedEdition("a.txt", rag.Article{}, "老何在北坡种下四十棵柿子树。", "鹅群在水塘里过冬。"),
		hashedEdition("b.txt", rag.Article{}, "那年老何在北坡种下四十棵柿子树了。", "船家收起了网。"))
	got := quotedTexts(askHashed(t, answerer, "老何在北坡种下多少棵柿子树？"))
	n := 0
	for _, q := range got {
		if strings.Contains(q, "柿子树") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("quoted %q", got)
	}
}

func TestWeakQuotesBesideAStrongOneAreDropped(t *testing.T) {
	t.Parallel()
	answerer := hashedAnswerer(t, hashedEdition("a.txt", rag.Article{},
		"老何在北坡种下四十棵柿子树。", "鹅群飞过水塘。", "灯亮到半夜才灭。", "石板结霜路滑。"))
	if got := quotedTexts(askHashed(t, answerer, "老何在北坡种下四十棵柿子树")); !slices.Equal(got, []string{"老何在北坡种下四十棵柿子树。"}) {
		t.Errorf("quoted %q", got)
	}
}

func TestEachAuthorThatAQuestionNamesIsQuoted(t *testing.T) {
	t.Parallel()
	strong := []string{"柿子树该种在北坡。", "北坡种柿子树，土要松。", "北坡的柿子树怕旱，要常看。", "说到柿子树，北坡最好种。"}
	answerer := hashedAnswerer(t,
		hashedEdition("a.txt", rag.Article{Title: "说柿子", Authors: []string{"何小满"}}, strong...),
		hashedEdition("b.txt", rag.Article{Title: "闲话", Authors: []string{"郑大年"}}, "鹅群飞过水塘。", "灯亮到半夜才灭。"),
		hashedEdition("c.txt", rag.Article{Title: "别的", Authors: []string{"钱有余"}}, "柿子树，北坡种得最多，何处都种。"))
	a := askHashed(t, answerer, "何小满和郑大年怎么说北坡的柿子树？")
	var files []string
	for _, c := range a.Citations {
		files = append(files, c.Quote.Article().File)
	}
	if !slices.Contains(files, "a.txt") || !slices.Contains(files, "b.txt") {
		t.Errorf("quoted are %v: %s", files, a.Text)
	}
}

func TestTheQuoteHasWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	answerer := hashedAnswerer(t, hashedEdition("a.txt", rag.Article{}, "塔很高，塔在山脚，塔边有路。塔高三十五米，全用青砖。塔边有人卖茶。"))
	got := quotedTexts(askHashed(t, answerer, "塔有多高？"))
	if len(got) == 0 || !strings.Contains(got[0], "三十五米") {
		t.Errorf("quoted %q", got)
	}
}

func TestTheRowThatTheQuestionNamesIsTheQuote(t *testing.T) {
	t.Parallel()
	const table = "渠上的桥\n| 名称 | 长度 | |---|---| | 柳湾桥 | 六十米 | | 杏坡桥 | 七十米 | | 柳坡桥 | 八十米 |"
	e := hashedEdition("a.txt", rag.Article{Title: "渠上的桥"}, table, "\n石桥长四十米，桥头有一棵老树。")
	answerer := hashedAnswerer(t, e)
	a := askHashed(t, answerer, "杏坡桥有多长？")
	if got := quotedTexts(a); len(got) == 0 || got[0] != "| 杏坡桥 | 七十米 |" {
		t.Fatalf("quoted %q", got)
	}
	checkQuoteStands(t, e.Articles[0].Text, a.Citations[0].Quote)
	for _, quote := range quotedTexts(askHashed(t, answerer, "桃坡桥有多长？")) {
		if strings.Contains(quote, "|") {
			t.Errorf("another bridge is asked for, quoted is %q", quote)
		}
	}
}
