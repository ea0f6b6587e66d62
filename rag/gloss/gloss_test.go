package gloss_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"yinju/rag/gloss"
	"yinju/rag/ragtest"
)

// Each want is the words of a phrase, * before a name, and one of its first eight renderings.
func TestGloss(t *testing.T) {
	t.Parallel()
	d := ragtest.Dictionary(t)
	for question, want := range map[string]string{
		"How was smallpox eradicated?":                     "smallpox=天花, eradicated=根除",
		"When was the Hangzhou Bay Bridge built?":          "*Hangzhou Bay Bridge, *Hangzhou Bay=杭州湾, *Bridge=桥梁, built=建设",
		"In which year did Zu Chongzhi die?":               "year=年度, *Zu Chongzhi=祖冲之, die=死亡",
		"Tu Youyou found artemisinin in which plant?":      "*Tu Youyou, found=发现, artemisinin=青蒿素, plant=植物",
		"How do engineers build a railway on permafrost?":  "engineers=工程, build=建设, railway=铁路, permafrost=永久冻土",
		"Did President Xi Jinping go to Xiong'an in 2023?": "*President=总统, *Xi Jinping=习近平, go to=前往, *Xiong'an=雄安",
		"What does Zhang Xiaoxue of Fudan University say?": "*Zhang Xiaoxue, *Xiaoxue=小雪, *Fudan University=复旦大学",
		"Why do high-speed trains need AI and 5G?":         "high-speed trains=动车, need=需要, AI=人工智能",
		"how long is the yangtze river":                    "long=悠久, yangtze river=长江",
		"What is GDP's share of the People's Daily?":       "GDP=国内生产总值, share=部分, *People's Daily=人民日报",
		"Guangdong is where? Bridges are rare.":            "*Guangdong=广东, Bridges=桥梁, rare=少见",
		"the Ming, the U.S. and PM2.5 over 3.5%":           "*Ming=明朝, U.S=美国, over=过度",
		"Which strait does the Hong Kong bridge cross":     "strait=海峡, *Hong Kong=香港, bridge=桥梁, cross=交叉",
		"where is zhongshan university":                    "zhongshan=中山, university=大学",
		"Describe Yang Chungui’s house":                    "*Yang Chungui, house=房屋",
		"三峡电站的总装机容量是多少":                                    "",
	} {
		var got []string
		for _, p := range d.Gloss(question) {
			got = append(got, show(p, want))
		}
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s\n%s", question, diff)
		}
	}
}

func show(p gloss.Phrase, want string) string {
	s := p.Words
	if p.Name {
		s = "*" + s
	}
	for _, zh := range p.Chinese[:min(8, len(p.Chinese))] {
		if strings.Contains(want+",", p.Words+"="+zh+",") {
			return s + "=" + zh
		}
	}
	if len(p.Chinese) > 0 {
		return s + "=" + p.Chinese[0]
	}
	return s
}

func TestPartsOfALongerPhrase(t *testing.T) {
	t.Parallel()
	got := ragtest.Dictionary(t).Gloss("a world record")
	if len(got) != 1 || !slices.Contains(got[0].Chinese, "世界纪录") || len(got[0].Parts) != 2 {
		t.Fatalf("got %+v", got)
	}
	if world, record := got[0].Parts[0], got[0].Parts[1]; world.Words != "world" || world.Chinese[0] != "世界" || record.Words != "record" {
		t.Errorf("got %+v", got[0].Parts)
	}
}

func TestSimplify(t *testing.T) {
	t.Parallel()
	d := ragtest.Dictionary(t)
	for text, want := range map[string]string{
		"臺灣海峽的橋樑與颱風":        "台湾海峡的桥梁与台风",
		"甚麼時候發現青蒿素？":        "甚么时候发现青蒿素？",
		"他們住在哪裡？關於誰？":       "他们住在哪里？关于谁？",
		"乾坤与乾燥，著名著作":        "乾坤与乾燥，著名著作",
		"什么时候发现？一干人在后面，余下的": "什么时候发现？一干人在后面，余下的",
	} {
		if got := d.Simplify(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestOpenRefusesWhatIsNoDictionary(t *testing.T) {
	t.Parallel()
	good := "橋樑 桥梁 [qiao2 liang2] /bridge/\n"
	for name, tc := range map[string]struct {
		text string
		line int
	}{
		"no entry":         {"# comment\n\n" + good + "bridge = 桥梁\n", 4},
		"no gloss":         {good + "橋樑 桥梁 [qiao2 liang2]\n", 2},
		"no end":           {good + "橋樑 桥梁 [qiao2 liang2] /bridge\n", 2},
		"one Chinese word": {"桥梁 [qiao2 liang2] /bridge/\n", 1},
		"not UTF-8":        {good + "\xc7\xc5\xc1\xba \xc7\xc5\xc1\xba [qiao2 liang2] /bridge/\n", 2},
		"a long line":      {good + strings.Repeat("x", 70<<10), 2},
		"empty":            {"", 1},
		"comments only":    {"# nothing\n", 2},
	} {
		path := write(t, []byte(tc.text))
		_, err := gloss.Open(path)
		var format *gloss.FormatError
		if !errors.As(err, &format) || format.Line != tc.line || format.Path != path {
			t.Errorf("%s: got %v, want line %d", name, err, tc.line)
		}
	}
	if _, err := gloss.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestOpenReadsPlainAndPackedFiles(t *testing.T) {
	t.Parallel()
	text := "\ufeff# comment\r\n橋樑 桥梁 [qiao2 liang2] /bridge; viaduct/CL:座[zuo4]/\r\n"
	for name, raw := range map[string][]byte{"plain": []byte(text), "packed": packed(t, text, 0)} {
		d, err := gloss.Open(write(t, raw))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := d.Gloss("Viaducts"); d.Entries() != 1 || len(got) != 1 || !slices.Equal(got[0].Chinese, []string{"桥梁"}) {
			t.Errorf("%s: %d entries, got %+v", name, d.Entries(), got)
		}
	}
	if _, err := gloss.Open(write(t, packed(t, text, 9))); err == nil {
		t.Error("a file that was cut off was read")
	}
	var format *gloss.FormatError
	if _, err := gloss.Open(write(t, packed(t, strings.Repeat("#"+strings.Repeat(" ", 1<<10)+"\n", 70<<10), 0))); !errors.As(err, &format) {
		t.Errorf("70 MB unpacked: got %v", err)
	}
}

// packed gives a text in gzip without its last bytes.
func packed(t *testing.T, text string, cut int) []byte {
	t.Helper()
	var b strings.Builder
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return []byte(b.String()[:b.Len()-cut])
}

func write(t *testing.T, raw []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dictionary")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func FuzzGloss(f *testing.F) {
	d := ragtest.Dictionary(f)
	for _, q := range []string{"Did Xi Jinping's visit to Xiong'an in the U.S. matter?", "a An the", "'s ’s''", "é\u0301 \xff Zhang", "A.B.C 2.5G GDP增长", "WHO IS ZHANG SAN"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, question string) {
		if err := check(question, d.Gloss(question)); err != nil {
			t.Errorf("%q: %v", question, err)
		}
		if got := d.Simplify(question); utf8.RuneCountInString(got) != utf8.RuneCountInString(question) {
			t.Errorf("%q became %q", question, got)
		}
	})
}

// check says what is wrong with phrases of a text.
func check(text string, phrases []gloss.Phrase) error {
	for _, p := range phrases {
		if p.Words == "" || !strings.Contains(text, p.Words) {
			return fmt.Errorf("words %q are not in the text", p.Words)
		}
		if len(p.Chinese) == 0 && !p.Name {
			return fmt.Errorf("%q is neither rendered nor a name", p.Words)
		}
		for _, zh := range p.Chinese {
			if n := utf8.RuneCountInString(zh); n < 2 || n > 8 {
				return fmt.Errorf("%q is rendered as %q", p.Words, zh)
			}
		}
		if err := check(p.Words, p.Parts); err != nil {
			return err
		}
	}
	return nil
}

func BenchmarkOpen(b *testing.B) {
	path := ragtest.DictionaryFile(b)
	for b.Loop() {
		if _, err := gloss.Open(path); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGloss(b *testing.B) {
	d := ragtest.Dictionary(b)
	for b.Loop() {
		d.Gloss("What three roles did Xi set for the Guangdong-Hong Kong-Macao Greater Bay Area during last April's Guangdong inspection?")
	}
}
