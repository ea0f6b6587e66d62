package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"yinju/ingest/document"
	"yinju/rag"
)

// brief is what tests look at of an article; of its text, without regard to paragraphs.
type brief struct {
	Title, Authors, Paper, Date, Section, Affiliation, Text string
}

func briefs(articles []*rag.Article) []brief {
	out := []brief{}
	for _, a := range articles {
		out = append(out, brief{a.Title, strings.Join(a.Authors, " "), a.Publication, a.Date, a.Section, a.Affiliation, strings.ReplaceAll(a.Text, "\n", "")})
	}
	return out
}

// read cuts a text with a sidecar (YAML) and a delimiter, "" for none, and checks the laws.
func read(t *testing.T, raw, side, delimiter string) ([]brief, error) {
	t.Helper()
	src := source{doc: textFile(t, raw)}
	if side != "" {
		var err error
		if src.sidecar, err = parseSidecar("t.txt.articles.yaml", []byte(side)); err != nil {
			return nil, err
		}
	}
	if delimiter != "" {
		src.delimiter = regexp.MustCompile("^(?:" + delimiter + ")$")
	}
	articles, err := src.articles()
	if err != nil {
		return nil, err
	}
	checkLaws(t, src)
	return briefs(articles), nil
}

// checkLaws sees to it that places lead back to the file, and that no rune that is not white space is in
// two articles, or neither in one nor shown as left out.
func checkLaws(t *testing.T, src source) {
	t.Helper()
	p, err := newPreview("t.txt", src)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range p.Articles {
		if err := a.Places.Check(a.Text, src.doc.Text); err != nil {
			t.Errorf("article %q: %v", a.Title, err)
		}
	}
	var all strings.Builder
	for l := range p.Lines() {
		for _, s := range l.Segments {
			all.WriteString(s.Text)
			if inArticle := s.Kind == Body || s.Kind == Headline; inArticle != (s.Article >= 0) {
				t.Errorf("line %d: %+v", l.Number, s)
			}
		}
		all.WriteByte('\n')
	}
	lf := strings.NewReplacer("\r\n", "\n", "\r", "\n") // lines of any system
	want := lf.Replace(strings.TrimPrefix(src.doc.Text, "\uFEFF"))
	if got := lf.Replace(all.String()); strings.TrimRight(got, "\r\n") != strings.TrimRight(want, "\r\n") {
		t.Errorf("the lines shown are\n%q, the file's\n%q", got, want)
	}
	end := 0
	for _, s := range p.spans {
		if s.begin < end {
			t.Errorf("byte %d of the file is in two articles", s.begin)
		}
		end = s.end
	}
}

const stories = `江城的书店又开了一家。
店里有三万册书。

北湖的渡口今天停航。
大风刮了一整天。
第3版
风停以后恢复航班。

山里的小学有了新操场。
`

func TestSidecarNamesArticles(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		raw, side string
		want      []brief
	}{
		"bounds, facts, furniture within an article": {
			stories, `
articles:
  - {from: 4, to: 7, title: 渡口停航, authors: 张正, date: 2023-05, publication: 北湖晚报, section: 要闻, affiliation: 北湖日报社}
  - {from: 1, to: 2, title: "", authors: [李远, 王立], date: "2023"}
ignore: 6
rest: ignore`,
			[]brief{
				{Authors: "李远 王立", Date: "2023", Text: "江城的书店又开了一家。店里有三万册书。"},
				{"渡口停航", "张正", "北湖晚报", "2023-05", "要闻", "北湖日报社", "北湖的渡口今天停航。大风刮了一整天。风停以后恢复航班。"},
			},
		},
		"the rest by the rules, never across a named article": {
			stories, `articles: [{from: 4, to: 7}]`,
			[]brief{{Text: "江城的书店又开了一家。店里有三万册书。"}, {Text: "北湖的渡口今天停航。大风刮了一整天。第3版风停以后恢复航班。"}, {Text: "山里的小学有了新操场。"}},
		},
		"parts": {
			stories, `articles: [{parts: [9, "1-2"], title: 两处}]`,
			[]brief{{Title: "两处", Text: "江城的书店又开了一家。店里有三万册书。山里的小学有了新操场。"}, {Text: "北湖的渡口今天停航。大风刮了一整天。第3版风停以后恢复航班。"}},
		},
		"boundaries within a line": {
			"甲桥通车了。乙桥也通车了。丙桥还没有。\n丁桥也没有。\n",
			`articles: [{from: 1, to: "1:6", title: 甲}, {from: "1:7", to: "1:13", title: 乙}, {from: "1:14", title: 丙}]`,
			[]brief{{Title: "甲", Text: "甲桥通车了。"}, {Title: "乙", Text: "乙桥也通车了。"}, {Title: "丙", Text: "丙桥还没有。丁桥也没有。"}},
		},
		"an open end reaches to what the rules begin": {
			"前面的话说完了。\n渡口停航\n张正\n大风刮了一整天。\n（《北湖晚报》 2023年5月6日）\n操场\n李远\n山里的小学有了新操场。\n",
			`articles: [{from: 2, affiliation: 甲社}]`,
			[]brief{
				{Text: "前面的话说完了。"},
				{"渡口停航", "张正", "北湖晚报", "2023-05-06", "", "甲社", "渡口停航张正大风刮了一整天。（《北湖晚报》 2023年5月6日）"},
				{Title: "操场", Authors: "李远", Text: "操场李远山里的小学有了新操场。"},
			},
		},
		"and to the file's end when the rest is ignored": {
			"前面的话说完了。\n渡口停航\n张正\n大风刮了一整天。\n操场\n李远\n山里的小学有了新操场。\n",
			"articles: [{from: 2}]\nrest: ignore",
			[]brief{{Title: "渡口停航", Authors: "张正", Text: "渡口停航张正大风刮了一整天。操场李远山里的小学有了新操场。"}},
		},
		"comments alone": {"甲桥通车了。", "# 还没有写\n", []brief{{Text: "甲桥通车了。"}}},
		"BOM and CRLF":   {"\uFEFF甲桥通车了。乙桥没有。\r\n丙桥也没有。\r\n", `articles: [{from: "1:7", to: 2, title: 乙}]`, []brief{{Text: "甲桥通车了。"}, {Title: "乙", Text: "乙桥没有。丙桥也没有。"}}},
	} {
		got, err := read(t, tc.raw, tc.side, "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTitleThatIsGivenMakesItsRowsAParagraph(t *testing.T) {
	t.Parallel()
	sc, err := parseSidecar("s", []byte("articles: [{from: 1, to: 3, title: 江城书店又开了一家新的}]"))
	if err != nil {
		t.Fatal(err)
	}
	articles, err := source{doc: textFile(t, "江城\n书店又开了一家新的\n店里有三万册书。\n"), sidecar: sc}.articles()
	if want := "江城\n书店又开了一家新的\n店里有三万册书。"; err != nil || articles[0].Text != want {
		t.Errorf("%v, %v", articles[0], err)
	}
}

func TestFaultsOfASidecarNameTheLineAndTheRemedy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ side, want string }{
		"unknown key":       {"articles:\n  - from: 1\n    tilte: x\n", `:3: the key "tilte" is not known here`},
		"unknown top key":   {"\narticels: []\n", ":2: the key"},
		"twice":             {"rest: auto\nrest: ignore\n", ":2: the key \"rest\" stands here twice"},
		"overlap":           {"articles:\n  - {from: 1, to: 4}\n  - {from: 4, to: 7}\n", ":3: line 4 is in the article of line 2 already"},
		"outside":           {"articles:\n  - from: 1\n    to: 99\n", ":3: line 99 is outside the file, which has 9 lines"},
		"no such character": {"articles:\n  - from: \"1:12\"\n", "line 1 has no character 12, it ends after 11"},
		"ignored outside":   {"ignore:\n  - 3\n  - 10-12\n", ":3: line 10 is outside"},
		"turned round":      {"articles:\n  - from: 4\n    to: 2\n", "turn them round"},
		"from 0":            {"articles:\n  - from: 0\n", "counted from 1"},
		"no place":          {"articles:\n  - from: 第三行\n", ":2: \"第三行\" is no place in a file"},
		"bad date":          {"articles:\n  - from: 1\n    date: 2023-13-01\n", ":3: date: \"2023-13-01\" is not a date: write YYYY-MM-DD"},
		"date in words":     {"articles:\n  - from: 1\n    date: 五月\n", "is not a date"},
		"list for a text":   {"articles:\n  - from: 1\n    title: [a]\n", ":3: title: want one text"},
		"from and parts":    {"articles:\n  - from: 1\n    parts: [2]\n", "keep one way"},
		"no from":           {"articles:\n  - title: x\n", ":2: the article has no from"},
		"no text":           {"articles:\n  - {from: 3, to: 3}\n", ":2: the lines from 3 on hold no text"},
		"all ignored":       {"articles:\n  - {from: 1, to: 2}\nignore: 1-2\n", ":2: the lines from 1 on hold no text"},
		"rest":              {"rest: drop\n", `:1: rest is "drop": write auto or ignore`},
		"not YAML":          {"articles: [\n", "it is no YAML"},
		"a list":            {"- a\n", ":1: want keys"},
		"an alias":          {"articles:\n  - &a {from: 1, to: 2}\n  - *a\n", ":3: want keys"},
		"two documents":     {"rest: auto\n---\nrest: ignore\n", "it is no YAML"},
		"an empty list":     {"ignore: []\n", ":1: the list is empty"},
	} {
		got, err := read(t, stories, tc.side, "")
		var fault *SidecarError
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "t.txt.articles.yaml:") {
			t.Errorf("%s: %v (%d articles), want %q", name, err, len(got), tc.want)
		}
	}
}

// Neither references that multiply nor deep nesting may take memory or time.
func TestHostileYAMLIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("a: &a [x,x,x,x,x,x,x,x,x]\n")
	for c := 'b'; c < 'z'; c++ {
		fmt.Fprintf(&bomb, "%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 9))
	}
	for name, side := range map[string]string{
		"references": bomb.String(), "nested lists": strings.Repeat("[", 500_000), "nested maps": strings.Repeat("{a: ", 200_000),
		"nested by indent": nestedByIndent(1000), "merge": "articles:\n  - <<: {from: 1}\n",
	} {
		if _, err := parseSidecar("s", []byte(side)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func nestedByIndent(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestSidecarIsFoundBesideItsSourceOnly(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files []string
		want  string // the sidecar's name, "" for none, or a part of the error after "!"
	}{
		"none":              {nil, ""},
		"full name":         {[]string{"book.txt.articles.yaml"}, "book.txt.articles.yaml"},
		"short name":        {[]string{"book.articles.yaml"}, "book.articles.yaml"},
		"both":              {[]string{"book.articles.yaml", "book.txt.articles.yaml"}, "!keep one of them"},
		"two could have it": {[]string{"book.md", "book.articles.yaml"}, "!name it book.txt.articles.yaml"},
		"another one's":     {[]string{"book.md", "book.md.articles.yaml"}, ""},
	} {
		dir := t.TempDir()
		for _, f := range append(tc.files, "book.txt") {
			if err := os.WriteFile(filepath.Join(dir, f), []byte("rest: auto"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		side, err := sidecarOf(filepath.Join(dir, "book.txt"))
		got := ""
		if side != nil {
			got = side.name
		}
		if fault, wanted := strings.CutPrefix(tc.want, "!"); wanted && (err == nil || !strings.Contains(err.Error(), fault)) || !wanted && (err != nil || got != tc.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestLargeSidecarsAreRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "book.txt")
	if err := os.WriteFile(path+sidecarSuffix, bytes.Repeat([]byte("#"), maxSidecarBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sidecarOf(path); err == nil || !strings.Contains(err.Error(), "larger than 1 MB") {
		t.Error(err)
	}
}

// same compares articles, but for who says what of them, and for tears: the rules also see some where nothing
// was dropped.
func same(a, b []*rag.Article) string {
	return cmp.Diff(a, b, cmpopts.IgnoreFields(rag.Article{}, "Facts", "Tears"), cmpopts.IgnoreUnexported(rag.Article{}))
}

// sidecarBack writes the sidecar of what was found, and cuts again by it.
func sidecarBack(t *testing.T, src source) (side string, before, after []*rag.Article) {
	t.Helper()
	p, err := newPreview("t.txt", src)
	if err != nil {
		return "", nil, nil
	}
	var b strings.Builder
	if err := p.WriteSidecar(&b); err != nil {
		t.Fatal(err)
	}
	sc, err := parseSidecar("t.txt.articles.yaml", []byte(b.String()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	if before, err = src.articles(); err != nil {
		t.Fatal(err)
	}
	src.sidecar = &sidecar{}
	if unsaid, err := src.articles(); err != nil || !cmp.Equal(before, unsaid, cmpopts.IgnoreUnexported(rag.Article{})) {
		t.Errorf("a sidecar that says nothing changes %q: %v", src.doc.Text, err)
	}
	src.sidecar = sc
	if after, err = src.articles(); err != nil {
		t.Fatalf("%v with\n%s", err, b.String())
	}
	checkLaws(t, src)
	return b.String(), before, after
}

func TestSidecarThatIsWrittenGivesTheSameArticles(t *testing.T) {
	t.Parallel()
	for name, raw := range pagesOfTests(t) {
		side, before, after := sidecarBack(t, source{doc: textFile(t, string(raw))})
		if diff := same(before, after); diff != "" || len(before) == 0 {
			t.Errorf("%s (-found +read back):\n%s\nwith\n%s", name, diff, side)
		}
	}
}

// pagesOfTests are the examples and the golden pages.
func pagesOfTests(t *testing.T) map[string][]byte {
	t.Helper()
	pages := map[string][]byte{}
	for _, pattern := range []string{"../examples/corpus/*", "testdata/pages/*.txtar"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(file) == ".txtar" {
				raw = txtar.Parse(raw).Files[0].Data
			}
			pages[file] = raw
		}
	}
	return pages
}

func FuzzSidecarThatIsWrittenGivesTheSameArticles(f *testing.F) {
	f.Add("---\ntitle: 桥\n---\n桥通车了。\n====\n江上的渡口\n张正\n停航一天。\n（《北湖晚报》 2023年5月6日）\n", true)
	f.Add(strings.Repeat("今年是工作的关键一年，我们要坚持学习。", 12)+"在座谈会上的发言材料同志们：今天我们开会。\n1、"+strings.Repeat("要做好一件事", 30)+"\n2、"+strings.Repeat("也要做好", 30)+"\n3、"+strings.Repeat("还要做好", 30)+"\n", false)
	f.Add("目 录\n【工程】\n桥的故事 ...... 1\n渡口 ...... 2\n操场 ...... 3\n\n桥的故事\n张正\n桥通车了。\n\n 1 \n\n渡口\n停航了。\n操场\n有了。\n", false)
	f.Add("--\ntitle: 桥\n-\r-\n桥通车了", true)
	f.Add("# 甲\n\n**甲桥**通车了。\n\n# 乙\n\n乙桥**也**通车了。", true)
	f.Fuzz(func(t *testing.T, raw string, delimited bool) {
		doc, err := document.Read(t.Context(), "t.txt", []byte(raw))
		if err != nil {
			return
		}
		src := source{doc: doc}
		if delimited {
			src.delimiter = regexp.MustCompile("^(?:={3,}|-{3,})$")
		}
		side, before, after := sidecarBack(t, src)
		if diff := same(before, after); diff != "" {
			t.Errorf("%q (-found +read back):\n%s\nwith\n%s", raw, diff, side)
		}
	})
}
