package preview_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinju/bot"
	"yinju/ingest"
	"yinju/preview"
)

var update = flag.Bool("update", false, "write the golden files anew")

func load(t *testing.T) *ingest.Preview {
	t.Helper()
	p, err := ingest.NewPreview(t.Context(), "testdata/page.txt", nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func text(t *testing.T, lang bot.Lang, color bool) string {
	t.Helper()
	var b strings.Builder
	if err := (preview.Text{Out: &b, Lang: lang, Color: color}).Show(load(t)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextShowsEveryLineWithWhatBecomesOfIt(t *testing.T) {
	t.Parallel()
	golden(t, "zh.golden", text(t, bot.Chinese, false))
	golden(t, "en.golden", text(t, bot.English, false))
}

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Colour adds codes and changes nothing else; what the file says never acts on the terminal.
func TestTextColoursAndTheFileDoesNot(t *testing.T) {
	t.Parallel()
	plain, colored := text(t, bot.Chinese, false), text(t, bot.Chinese, true)
	if got := sgr.ReplaceAllString(colored, ""); strings.TrimSpace(got) == "" || squeeze(got) != squeeze(plain) || got == colored {
		t.Errorf("in colour:\n%s", got)
	}
	if strings.ContainsAny(plain, "\x1b\u202e\u202c") || strings.Contains(colored, "\x1b[31m红") {
		t.Error("the file's control characters went through")
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func page(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	if err := preview.HTML(&b, bot.Chinese, load(t)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPageEscapesWhatTheFileAndTheSidecarSay(t *testing.T) {
	t.Parallel()
	got := page(t)
	for _, want := range []string{"&lt;script&gt;alert(1)&lt;/script&gt; &amp; ", "乙村的 &lt;b&gt;操场&lt;/b&gt;"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if strings.Contains(got, "<script") || strings.ContainsAny(got, "\x1b\u202e") || strings.Contains(got, "ZgotmplZ") {
		t.Error("the file acts on the page")
	}
}

// The page must work from a disk without a network: no script, and nothing that is fetched.
func TestPageStandsByItself(t *testing.T) {
	t.Parallel()
	got := page(t)
	if m := regexp.MustCompile(`(?:src|href)="([^#"][^"]*)"|url\(|@import|<link|https?:`).FindString(got); m != "" {
		t.Errorf("the page fetches %s", m)
	}
	if !strings.Contains(got, "default-src &#39;none&#39;") || strings.Contains(got, "unsafe-inline") {
		t.Error("no policy, or a loose one")
	}
	for _, want := range []string{`id="a1"`, `href="#a3"`, `id="l11"`, "<s>江城读本", "<b>渡口停航</b>", "订正文件第 4 行", "<i>**</i>", "page.txt.articles.yaml", "from: &#34;11:16&#34;"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in the page", want)
		}
	}
}
