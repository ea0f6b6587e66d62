package telegram

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"yinju/bot"
	"yinju/bot/telegram/telegramtest"
	"yinju/rag"
)

func bridge() *rag.Article {
	return &rag.Article{ID: 7, File: "桥/notes.md", Title: "石桥 <上>", Authors: []string{"张望", "李远"}, Publication: "江畔日报", Date: "2023-05-06"}
}

func quote(n int, text string) entry {
	return entry{n: n, quote: text, article: bridge(), location: rag.Location{StartLine: 3, EndLine: 4, StartChar: 10, EndChar: 22}}
}

// parsed reads messages as Telegram does. One that it would not take fails the test.
func parsed(t *testing.T, messages []Message) []telegramtest.Text {
	t.Helper()
	var all []telegramtest.Text
	for _, m := range messages {
		got, err := telegramtest.ParseMessage(m.HTML, "HTML")
		if err != nil || got.Dropped > 0 {
			t.Fatalf("%v, %d entities dropped: %q", err, got.Dropped, m.HTML)
		}
		if got.Text != m.Plain {
			t.Errorf("without marks it differs:\n got %q\nwant %q", m.Plain, got.Text)
		}
		all = append(all, got)
	}
	return all
}

// quotesIn are the texts of all quotations, and all that is not quoted, without white space.
func quotesIn(texts []telegramtest.Text) (quotes, rest string) {
	var inside, outside strings.Builder
	for _, text := range texts {
		left := text.Text
		for _, e := range text.Entities {
			if e.Type == "expandable_blockquote" {
				before, behind, _ := strings.Cut(left, text.Part(e))
				inside.WriteString(text.Part(e))
				outside.WriteString(before)
				left = behind
			}
		}
		outside.WriteString(left)
	}
	return squeeze(inside.String()), squeeze(outside.String())
}

func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

func TestAnAnswerCarriesItsEvidence(t *testing.T) {
	t.Parallel()
	f := Format{Lang: bot.Chinese, BaseURL: "https://yinju.example/a&b/"}
	got := f.messages([]part{tagged("i", "理解为：桥")}, "李春设计 [1]。", []entry{quote(1, "赵州桥由“李春”\n设计 & <造>。")})
	want := []Message{{
		HTML: "<i>理解为：桥</i>\n\n李春设计 [1]。\n\n<b>[1]</b>\n<blockquote expandable>赵州桥由“李春”\n设计 &amp; &lt;造&gt;。</blockquote>\n" +
			`《石桥 &lt;上&gt;》 张望、李远 · 江畔日报 · 2023-05-06 · <code>桥/notes.md:3-4</code> · <a href="https://yinju.example/a&amp;b/articles/7?quote=10-22&amp;of=c44abb92">打开原文</a>`,
		Plain: "理解为：桥\n\n李春设计 [1]。\n\n[1]\n赵州桥由“李春”\n设计 & <造>。\n《石桥 <上>》 张望、李远 · 江畔日报 · 2023-05-06 · 桥/notes.md:3-4 · 打开原文",
		Cited: []int{1},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if e := parsed(t, got)[0].Entities; e[len(e)-1].URL != "https://yinju.example/a&b/articles/7?quote=10-22&of=c44abb92" {
		t.Errorf("%+v", e)
	}
	none := entry{n: 2, quote: "无题。", article: &rag.Article{File: "a.txt"}, location: rag.Location{StartLine: 9, EndLine: 9}}
	none.also = []rag.Copy{{Article: &rag.Article{File: "b.txt"}, Location: rag.Location{StartLine: 1, EndLine: 1}}}
	wantPlain := "[2]\n无题。\na.txt:9\nAlso in b.txt:1"
	if got := (Format{Lang: bot.English}).messages(nil, "", []entry{none}); len(got) != 1 || got[0].Plain != wantPlain || strings.Contains(got[0].HTML, "href") {
		t.Errorf("%+v", got)
	}
}

func TestAnAnswerSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a      rag.Answer
		zh, en string
	}{
		{rag.Answer{Status: rag.NotFound}, "语料中没有找到这个问题的答案。\n可以换个说法再问，或用 /search 看相近的段落。", "The corpus does not answer this question.\nYou may put it otherwise, or see what is near with /search."},
		{rag.Answer{Status: rag.NotFound, NoMore: true}, "除了已经引用的，没有再找到足够贴近的原文。\n可以换个说法再问，或用 /search 看相近的段落。", "Nothing else was found that is close enough, beside what was quoted.\nYou may put it otherwise, or see what is near with /search."},
		{rag.Answer{Status: rag.Related, Text: "不再重复"}, "语料没有直接回答这个问题，最接近的原文是：", "The corpus does not answer this directly. The nearest passages are:"},
		{rag.Answer{Status: rag.Answered, Text: "不再重复"}, "原文说：", "In the words of the corpus:"},
		{rag.Answer{Status: rag.Answered, Text: "写成 [1]。", Written: &rag.Written{Used: true, LeftOut: 2}}, "模型据所附原文写成：\n\n写成 [1]。\n\n（另有 2 句在原文中没有依据，已删去。）", "Written by a model from the quotes below:\n\n写成 [1]。\n\n(2 more sentences had nothing in the quotes to bear them out, and were left out.)"},
		{
			rag.Answer{Status: rag.Answered, Written: &rag.Written{Why: rag.Failed}},
			"（语言模型没有作答，所以只给原文。）", "(The language model gave no answer, so these are the passages alone.)",
		},
		{
			rag.Answer{Status: rag.NotFound, Resolved: "它的桥", Scope: []rag.Scope{{Text: "<江畔>"}, {Text: "去年", Widened: true}}},
			"理解为：它的桥\n语料中没有找到这个问题的答案。\n范围：<江畔>\n可以换个说法再问，或用 /search 看相近的段落。",
			"Taken as: 它的桥\nThe corpus does not answer this question.\nLooked in: <江畔>\nYou may put it otherwise, or see what is near with /search.",
		},
	} {
		for lang, want := range map[bot.Lang]string{bot.Chinese: c.zh, bot.English: c.en} {
			got := parsed(t, Format{Lang: lang}.Answer(c.a))
			if len(got) != 1 || got[0].Text != want {
				t.Errorf("%+v\nwant %q", got, want)
			}
		}
	}
}

func TestLongTextsAndQuotesAreCutAtSentences(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("石桥横跨河面，历经千年😀。[1] ", 600)
	long := strings.Repeat("桥身由青石砌成，不用一根木料。", 700)
	messages := Format{}.messages(nil, text, []entry{quote(1, long), quote(2, "短。")})
	texts := parsed(t, messages)
	quotes, rest := quotesIn(texts)
	if quotes != squeeze(long+"短。") || !strings.HasPrefix(rest, squeeze(text)) {
		t.Error("something is lost")
	}
	if len(messages) != 6 {
		t.Errorf("%d messages", len(messages))
	}
	for i, m := range texts[:len(texts)-1] {
		if end := strings.TrimSpace(m.Text); !strings.HasSuffix(end, "。") && !strings.HasSuffix(end, "[1]") {
			t.Errorf("message %d ends within a sentence: …%s", i, end[len(end)-30:])
		}
		if n := telegramtest.Units(m.Text); n < maxUnits/2 {
			t.Errorf("message %d has %d units only", i, n)
		}
	}
	var cited []int
	for _, m := range messages {
		cited = append(cited, m.Cited...)
	}
	if !slices.Equal(cited, []int{1, 2}) || !strings.Contains(texts[4].Text, "[1]（续）") {
		t.Errorf("cited %v", cited)
	}
}

func TestMarksBeyondAHundredGoIntoTheNextMessage(t *testing.T) {
	t.Parallel()
	entries := make([]entry, 80)
	for i := range entries {
		entries[i] = entry{n: i + 1, quote: "短。", article: &rag.Article{File: "a"}}
	}
	messages := Format{BaseURL: "https://a.org"}.messages(nil, "", entries)
	if texts := parsed(t, messages); len(texts) != 4 || len(texts[0].Entities) != 100 {
		t.Errorf("%d messages, %d entities", len(texts), len(texts[0].Entities))
	}
}

func TestAQuoteThatOneMessageHoldsIsNotCut(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("桥身由青石砌成。", 300)
	texts := parsed(t, Format{}.messages(nil, "", []entry{quote(1, text), quote(2, text)}))
	for i, m := range texts {
		if len(texts) != 2 || !strings.HasPrefix(m.Text, mark(i+1)+"\n"+text+"\n《") {
			t.Errorf("%d messages; %d begins with %.40q", len(texts), i, m.Text)
		}
	}
}

func TestACutPartsNoCharacter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, head string }{
		{"甲。乙，丙。丁戊己庚", "甲。乙，丙。"},
		{"甲乙丙，丁戊己庚辛壬", "甲乙丙，"},
		{"one two three", "one two "},
		{"甲乙丙丁戊己[12]", "甲乙丙丁戊己"},
		{"甲乙丙丁戊👩\u200D👩\u200D👧", "甲乙丙丁戊"},
		{"甲乙丙丁戊己庚e\u0301", "甲乙丙丁戊己庚"},
		{"甲乙丙丁戊己庚😀辛", "甲乙丙丁戊己庚"},
		{"他说：“走。”然后走了很久", "他说：“走。”"},
	} {
		if head, rest := cut(c.text, 8); head != c.head || head+rest != c.text {
			t.Errorf("%q: %q, %q", c.text, head, rest)
		}
	}
}

func TestWhatTurnsTextIsTakenOut(t *testing.T) {
	t.Parallel()
	if got := clean("甲\r\n乙\u2028丙\t丁\u202e戊\u2066\x1b[31m\u200e\xff\ufeff"); got != "甲\n乙\n丙 丁戊[31m\ufffd" {
		t.Errorf("%q", got)
	}
	long := &rag.Article{File: strings.Repeat("夹/", 3000), Title: strings.Repeat("题", 5000), Authors: []string{strings.Repeat("作者", 4000)}}
	e := entry{n: 1, quote: "短。", article: long}
	e.also = slices.Repeat([]rag.Copy{{Article: long}}, 5)
	if texts := parsed(t, Format{}.messages(nil, "", []entry{e})); len(texts) != 1 {
		t.Errorf("%d messages", len(texts))
	}
}

// Whatever stands in an answer, Telegram takes every message of it, and nothing of the text or the quotes is lost.
func FuzzEveryMessageIsTakenAndNothingIsLost(f *testing.F) {
	f.Add("写 [1]。", "引 <b>文</b> & &lt;", "题", uint8(1), uint16(1))
	f.Add("a\x00\u202e", "</blockquote>", "<a href=\"", uint8(30), uint16(1))
	f.Add("没有标点", "一二三四五六七八九十", "", uint8(2), uint16(900))
	f.Add("One. Two! ", "😀\u200D😀", "t", uint8(1), uint16(3000))
	f.Add(" ", "\n\n\t\u030a", "", uint8(3), uint16(2000))
	f.Add("[1][2][3]", "e\u0301", "a.md", uint8(99), uint16(50))
	f.Fuzz(func(t *testing.T, text, quoted, title string, n uint8, times uint16) {
		const most = 60_000 // more would be slow
		text, quoted = text[:min(len(text), most)], quoted[:min(len(quoted), 4*most/(int(n)+1))]
		repeats := min(int(times)%5000+1, most/max(1, len(text)), 4*most/max(1, len(quoted)*(int(n)+1)))
		text, quoted = strings.Repeat(text, repeats), strings.Repeat(quoted, repeats)
		format := Format{BaseURL: "https://a.org/" + title}
		if alone := parsed(t, format.messages(nil, text, nil)); squeeze(joined(alone)) != squeeze(clean(text)) {
			t.Errorf("of the text is lost: %q", joined(alone))
		}
		var entries []entry
		var want strings.Builder
		for i := range int(n) {
			e := quote(i+1, quoted+strconv.Itoa(i))
			e.article.Title, e.article.File, e.article.Authors = title, title, []string{title}
			entries = append(entries, e)
			want.WriteString(squeeze(clean(e.quote)))
		}
		messages := format.messages([]part{tagged("i", "首")}, text, entries)
		got, _ := quotesIn(parsed(t, messages))
		if got != want.String() {
			t.Errorf("of the quotes is lost:\n got %.200q\nwant %.200q", got, want.String())
		}
		cited := 0
		for _, m := range messages {
			cited += len(m.Cited)
		}
		if cited != int(n) {
			t.Errorf("%d of %d citations", cited, n)
		}
	})
}

func joined(texts []telegramtest.Text) string {
	var b strings.Builder
	for _, text := range texts {
		b.WriteString(text.Text)
	}
	return b.String()
}
