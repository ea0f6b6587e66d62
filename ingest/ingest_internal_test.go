package ingest

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"yinju/ingest/document"
	"yinju/rag"
)

// textFile reads raw as a text file.
func textFile(tb testing.TB, raw string) *document.Document {
	tb.Helper()
	doc, err := document.Read(tb.Context(), "t.txt", []byte(raw))
	if err != nil {
		tb.Fatal(err)
	}
	return doc
}

func mustLines(tb testing.TB, raw string) []line {
	tb.Helper()
	return textFile(tb, raw).Lines
}

func TestReflowJoinsLayoutAndKeepsParagraphs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ raw, want string }{
		"hard wrap": {
			"　　江上的桥有三座，最老的\n一座建于一九五七年，至今\n还在通车。\n　　第二座桥晚了三十年。\n",
			"江上的桥有三座，最老的一座建于一九五七年，至今还在通车。\n第二座桥晚了三十年。",
		},
		"a blank line between every two lines": {
			"江上的桥有三座，最老的\n\n一座建于一九五七年，至今\n\n还在通车。\n\n　　第二座桥晚了三十年。",
			"江上的桥有三座，最老的一座建于一九五七年，至今还在通车。\n第二座桥晚了三十年。",
		},
		"a page number within a sentence": {
			"江上的桥有三座，最老的\n\n 12 \n\n一座建于一九五七年，至今\n\n 13 \n\n还在通车。",
			"江上的桥有三座，最老的一座建于一九五七年，至今还在通车。",
		},
		"a figure on a line of its own": {
			"这座桥一共长\n55\n公里。它的桥墩有\n\n 8 \n\n个。",
			"这座桥一共长55公里。它的桥墩有8个。",
		},
		"a headline stays a line": {
			"桥的故事\n\n张望\n\n江上的桥有三座，最老的\n一座建于一九五七年，至今\n还在通车。",
			"桥的故事\n张望\n江上的桥有三座，最老的一座建于一九五七年，至今还在通车。",
		},
		"Markdown marks": {
			"# 桥的故事\n\n**第一座。**建于一九五七年。\n",
			"桥的故事\n第一座。建于一九五七年。",
		},
		"English words keep their blank": {
			"The canal climbs over the hill and then\ngoes down again to the north.",
			"The canal climbs over the hill and then goes down again to the north.",
		},
		"stars that are text": {
			"算式2**3**2等于512，a**b和c**d也是，电话是138****1234。", "算式2**3**2等于512，a**b和c**d也是，电话是138****1234。",
		},
		"runs of blanks": {"江上的　 　桥。", "江上的　桥。"},
		"CRLF and BOM":   {"\uFEFF江上的桥有三座，\r\n最老的一座。", "江上的桥有三座，最老的一座。"},
	} {
		var a rag.Article
		rows := rowsOf(mustLines(t, tc.raw))
		reflow(&a, rows, styleOf(rows, isSpaced(rows)))
		if a.Text != tc.want {
			t.Errorf("%s:\n%q, want\n%q", name, a.Text, tc.want)
		}
		if err := a.Places.Check(a.Text, tc.raw); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsNoTextIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		raw  string
		want error
	}{
		"NUL":       {"文字\x00文字", document.ErrBinary},
		"an image":  {"\x89PNG\r\n\x1a\n\x01\x02\x03\xff\xfe\x05", document.ErrBinary},
		"no coding": {"\xff\x81\x20\xfe\xfe\x90", document.ErrEncoding},
		"empty":     {"", ErrNoText},
		"only BOM":  {"\uFEFF", ErrNoText},
		"blank":     {" \n\t\n　\n", ErrNoText},
		"a page no": {"\n12\n", ErrNoText},
	} {
		doc, err := document.Read(t.Context(), "t.txt", []byte(tc.raw))
		if err == nil {
			_, err = articlesOf(doc)
		}
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
}

// The laws that quotes rest on: the map leads back to the file; passages tile their article; a
// passage's text is the article's at its span; no passage is longer than the model takes.
func FuzzPassagesTileTheArticleAndLeadBackToTheFile(f *testing.F) {
	f.Add("　　江上的桥有三座，\n\n 3 \n最老的一座。\r\n# 题\n**粗**体 English words\nand more.", 40)
	f.Add(strings.Repeat("长句没有标点", 200), 60)
	f.Add("\uFEFF a\u200b\n\u3000\n##  \n****\n\t", 3)
	f.Fuzz(func(t *testing.T, raw string, most int) {
		doc, err := document.Read(t.Context(), "t.txt", []byte(raw))
		if err != nil {
			return
		}
		raw = doc.Text
		articles, err := articlesOf(doc)
		if err != nil {
			return
		}
		c := cutter{count: func(s string) int { return utf8.RuneCountInString(s) + 2 }, maxTokens: max(3, most%600)}
		var all strings.Builder
		taken := make([]bool, len(raw))
		for _, a := range articles {
			takeOnce(t, taken, a, raw)
			if err := a.Places.Check(a.Text, raw); err != nil {
				t.Fatal(err)
			}
			all.WriteString(a.Text)
			checkTiling(t, a, c)
		}
		_, furniture, _ := segment(doc.Lines)
		for _, r := range furniture {
			all.WriteString(r.Text)
		}
		if lost := dropped(doc, all.String()); lost != 0 {
			t.Fatalf("%d characters that are not layout were lost of %q, or doubled", lost, raw)
		}
	})
}

// takeOnce marks the bytes that an article's characters come from: no other one may have them.
func takeOnce(t *testing.T, taken []bool, a *rag.Article, raw string) {
	t.Helper()
	run, at, char := 0, 0, 0
	for _, r := range a.Text {
		for run < len(a.Places) && a.Places[run].Start == char {
			at = a.Places[run].Byte
			run++
		}
		got, size := utf8.DecodeRuneInString(raw[at:])
		char++
		if unicode.IsSpace(r) && !unicode.IsSpace(got) {
			continue // put in between two paragraphs
		}
		if taken[at] && !unicode.IsSpace(r) {
			t.Fatalf("byte %d is in an article twice", at)
		}
		taken[at] = true
		at += size
	}
}

func checkTiling(t *testing.T, a *rag.Article, c cutter) {
	t.Helper()
	runes := []rune(a.Text)
	at := 0
	for _, p := range c.passages(a) {
		if p.Span.Start != at || p.Span.End <= at || string(runes[p.Span.Start:p.Span.End]) != p.Text {
			t.Fatalf("passage %v %q does not follow %d", p.Span, p.Text, at)
		}
		if c.count(p.IndexText()) > c.maxTokens && p.Span.Len() > 1 {
			t.Fatalf("passage %q is longer than the model takes", p.Text)
		}
		at = p.Span.End
	}
	if at != len(runes) {
		t.Fatalf("the passages end at %d of %d", at, len(runes))
	}
}

// dropped counts the letters and digits that a source has and its article has not, page numbers aside.
func dropped(doc *document.Document, text string) int {
	count := func(s string) (n int) {
		for _, r := range s {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				n++
			}
		}
		return n
	}
	all := 0
	lines := doc.Lines
	pages := pageNumbers(lines)
	for _, l := range lines {
		if !pages[l.Number] {
			all += count(l.Text)
		}
	}
	return all - count(text)
}

func TestPassagesHoldWholeSentencesOfAboutTheGoal(t *testing.T) {
	t.Parallel()
	sentence := "这一句话不长不短，恰好可以用来数一数段落究竟有多少个字。"
	a := &rag.Article{Text: strings.Repeat(sentence, 60)}
	c := cutter{count: utf8.RuneCountInString, maxTokens: 512}
	passages := c.passages(a)
	for i, p := range passages {
		if !strings.HasSuffix(p.Text, "。") {
			t.Errorf("passage %d ends within a sentence: %q", i, p.Text)
		}
		if n := p.Span.Len(); i < len(passages)-1 && (n < 200 || n > 300) {
			t.Errorf("passage %d has %d characters", i, n)
		}
	}
}
