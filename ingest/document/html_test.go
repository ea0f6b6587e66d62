package document

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// rows writes lines as number, break, level and text.
func rows(d *Document) []string {
	var out []string
	for _, l := range d.Lines {
		kind := map[Break]string{Unknown: "?", Begins: "¶", Continues: "+", Cell: "|"}[l.Break]
		if l.Level > 0 {
			kind = strconv.Itoa(l.Level)
		}
		out = append(out, fmt.Sprintf("%d%s%s", l.Number, kind, l.Text))
	}
	return out
}

func TestReadableTextOfAPageIsCutAtItsBlocks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		page string
		want []string
	}{
		"a paragraph over lines": {"<p>桥通车了，\n  人都<b>来</b>了。\nThe <i>old</i>\nbridge</p>", []string{"1¶桥通车了，", "2+人都来了。", "3+The old", "4+bridge"}},
		"white space":            {"<p> a  \t b<span> </span>c </p>d", []string{"1¶a b c", "1¶d"}},
		"headings":               {"<h1>一</h1><h3><a href=x>二</a></h3>三", []string{"11一", "13二", "1¶三"}},
		"a list":                 {"<ul><li>一<li>二<ul><li>三</ul></ul>", []string{"1¶一", "1¶二", "1¶三"}},
		"table rows on one line": {"<table><tr><td>桥名<td>年份<tr><td>老桥</td><td>1957</td></table>", []string{"1¶桥名 年份", "1¶老桥 1957"}},
		"table rows over lines":  {"<table><tr>\n<td><p>桥名</p></td>\n<td><p>年份</p></td>\n</tr></table>完", []string{"2¶桥名", "3|年份", "4¶完"}},
		"a cell of paragraphs":   {"<table><tr><td><p>一</p><p>二</p></td><td>三</td></table>", []string{"1¶一", "1¶二", "1¶三"}},
		"line breaks":            {"<p>床前明月光<br>疑是地上霜<br><br>举头<br/>　　低头<br>&nbsp;&nbsp;&nbsp;思</p>", []string{"1¶床前明月光", "1+疑是地上霜", "1¶举头", "1¶　　低头", "1¶\u00a0\u00a0\u00a0思"}},
		"a blank line":           {"<p>一<br>&nbsp;<br>二</p><p>&nbsp;</p><p>三</p>", []string{"1¶一", "1¶二", "1¶三"}},
		"preformatted":           {"<pre>a  b\n  c\n\nd &lt;</pre>", []string{"1¶a  b", "2?  c", "4¶d <"}},
		"references":             {"<p>a&amp;b&nbsp;c &lt;&#x4e00;&#19968 &copy2&notit;&acE;&bogus; & &#10;z", []string{"1¶a&b\u00a0c <一一 ©2¬it;∾̳&bogus; & z"}},
		"ruby":                   {"<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</ruby>だ", []string{"1¶漢字だ"}},
		"what is not shown":      {"<p>一<span hidden>x<span>y</span>z</span>二<script>if(a<b)</script><style>p{}</style><b style='color:red; display : none'>x</b><!-- x --><i aria-hidden=true>x</i>三<svg><title>x</title><path/><text>x</text></svg><select><option>x</select><button>x</button>四", []string{"1¶一二三四"}},
		"an empty drawing":       {"<p>一<svg viewBox='0'/>二</p>", []string{"1¶一二"}},
		"an inline end too late": {"<b><p>一</b>二</p>三", []string{"1¶一二", "1¶三"}},
		"definitions":            {"<dl><dt>桥<dd>路<dd>船</dl>", []string{"1¶桥", "1¶路", "1¶船"}},
		"a tag over lines":       {"<p>a<b\nclass=x>b</b>c\nd", []string{"1¶abc", "3+d"}},
		"a CR page":              {"<p>一\r二\r</p>三", []string{"1¶一", "2+二", "3¶三"}},
		"a mark":                 {"\uFEFF<p>一</p>", []string{"1¶一"}},
	} {
		if diff := cmp.Diff(tc.want, rows(mustRead(t, "a.html", []byte(tc.page)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

const story = "<p>江上的桥有三座，最老的一座建于一九五七年，至今还在通车。</p><p>每天清晨，卖菜的人从北岸过桥到南岸去，天黑以前再走回来。</p>"

var storyRows = []string{"江上的桥有三座，最老的一座建于一九五七年，至今还在通车。", "每天清晨，卖菜的人从北岸过桥到南岸去，天黑以前再走回来。"}

func TestFurnitureOfAPageIsLeftOut(t *testing.T) {
	t.Parallel()
	links := strings.Repeat("<li><a href=x>相关的另一条新闻的标题</a></li>", 20)
	for name, page := range map[string]string{
		"landmarks":            "<nav>导航</nav><header><a href=x>首页</a></header><main>" + story + "</main><aside>旁栏</aside><footer>页脚。</footer>",
		"roles":                "<div role=navigation>导航</div>" + story + "<div role=contentinfo>版权。</div>",
		"classes":              "<div class='top-nav'>导航</div><div id=leftSidebar>旁栏</div>" + story + "<div class='share_box x'>分享</div><div class=relatedPosts>相关</div>",
		"a menu of links":      "<div><ul>" + links + "</ul></div>" + story,
		"a layout table":       "<table><tr><td><ul>" + links + "</ul></td><td>" + story + "</td></tr></table>",
		"nested in a form":     "<form id=aspnetForm><div class=menu>导航</div>" + story + "<form><input>搜索</form></form>",
		"a class on the page":  "<body class='has-sidebar'><div class='content sidebar'>" + story + "</div><div class=footer>页脚</div>",
		"an unclosed landmark": "<nav>" + story,
		"a blank menu before":  "<div class=menu>导航<p>&nbsp;</p></div>" + story,
		"commas in a class":    "<div class='comments-list'>评论：好。</div>" + story,
	} {
		if diff := cmp.Diff(storyRows, texts(mustRead(t, "a.html", []byte(page)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTextThatOnlyLooksLikeFurnitureStays(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		page string
		want []string
	}{
		"an article's headline":    {"<article><header><h1><a href=x>三座桥</a></h1></header>" + story + "</article>", append([]string{"三座桥"}, storyRows...)},
		"words within words":       {"<div class='newsletters commenter sharepoint'>" + story + "</div>", storyRows},
		"a page of links only":     {"<ul><li><a href=x>一</a><li><a href=x>二</a><li><a href=x>三</a></ul>", []string{"一", "二", "三"}},
		"a sentence of links":      {story + "<p><a href=x>甲</a>、<a href=x>乙</a>、<a href=x>丙</a>。</p>", append(append([]string{}, storyRows...), "甲、乙、丙。")},
		"a page within a footer":   {"<footer>" + story + "</footer>", storyRows},
		"a body that script shows": {"<body style='display:none'>" + story, storyRows},
	} {
		if diff := cmp.Diff(tc.want, texts(mustRead(t, "a.html", []byte(tc.page)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestMetaOfAPageIsWhatItsTagsSay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		head string
		want Meta
	}{
		"title only": {"<title> 三座桥 &amp; 船\n</title>", Meta{Title: "三座桥 & 船"}},
		"open graph": {
			"<title>三座桥_江畔网</title><meta property='og:title' content='三座桥'><meta property='og:site_name' content='江畔网'><meta property='article:published_time' content='2023-05-06T08:00:00+08:00'><meta property='article:author' content='https://x/y'><meta name=Author content='沈若谷'>",
			Meta{Title: "三座桥", Publication: "江畔网", Date: "2023-05-06", Authors: []string{"沈若谷"}},
		},
		"a government's site": {
			"<meta name='ArticleTitle' content='三座桥'><meta name='ContentSource' content='江畔日报'><meta name='SiteName' content='江畔市政府'><meta name='PubDate' content='2023-05-06 10:00'>",
			Meta{Title: "三座桥", Publication: "江畔日报", Date: "2023-05-06"},
		},
		"several authors": {"<meta name=citation_author content='A. One'><meta name=citation_author content='B. Two'><meta name=author content='Site'>", Meta{Authors: []string{"A. One", "B. Two"}}},
	} {
		d := mustRead(t, "a.html", []byte("<html><head>"+tc.head+"<body>"+story))
		if diff := cmp.Diff(tc.want, d.Meta); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(storyRows, texts(d)); diff != "" {
			t.Errorf("%s: the head is in the text: %s", name, diff)
		}
	}
}

func TestDatesAreReadAsFarAsTheyGo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2023-05-06T08:00:00Z": "2023-05-06", "2023年5月6日": "2023-05-06", "20230506120000+08'00'": "2023-05-06", "2023/5/6": "2023-05-06", "2023-05": "2023-05",
		"2023": "2023", "May 2023": "2023", "2023-13-40": "", "2023-13": "2023", "12345678": "", "": "", "20231399": "",
	} {
		if got := dateOf(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCharsetOfAPageIsReadFromItsTags(t *testing.T) {
	t.Parallel()
	for _, head := range []string{"<meta charset=gb2312>", `<META http-equiv="Content-Type" content="text/html; charset=GBK">`, ""} {
		page := head + "<p>鑫淼&amp;桥通车了。</p>"
		if head == "" {
			page += story // to tell it by
		}
		raw := encoded(t, gb18030, page)
		d := mustRead(t, "a.html", raw)
		if d.Encoding != "GB18030" || d.Lines[0].Text != "鑫淼&桥通车了。" {
			t.Errorf("%s: %s, %q", head, d.Encoding, d.Lines[0].Text)
		}
		for at, r := range d.Lines[0].Text {
			place, _ := d.RawByte(at)
			if want := string(encoded(t, gb18030, string(r))); !strings.HasPrefix(string(raw[place:]), want) {
				t.Errorf("%q leads to %d", r, place)
			}
		}
	}
	shift, _ := labelled("shift_jis")
	if d := mustRead(t, "a.html", encoded(t, shift, "<meta charset=shift_jis><p>橋が開通した。")); d.Text != "橋が開通した。" {
		t.Errorf("%q", d.Text)
	}
	if _, err := Read(t.Context(), "a.html", []byte("<meta charset=iso-2022-jp><p>"+strings.Repeat("bridge ", 50)+"\x1b$B66\x1b(B\xff")); !errors.Is(err, ErrEncoding) {
		t.Error(err)
	}
}

// What makes a reader slow is done a hundred thousand times: were it quadratic, it would take minutes.
func TestPagesThatRepeatAreReadInLinearTime(t *testing.T) {
	t.Parallel()
	const times = 100_000
	for name, page := range map[string]string{
		"open blocks":        strings.Repeat("<div>", 10*times) + "x",
		"open classes":       strings.Repeat("<div class=menu>x", times),
		"unmatched ends":     strings.Repeat("<i><b><p>", times) + strings.Repeat("</b></i></u>", times),
		"inline ends":        "<b><div>" + strings.Repeat("<i>", times) + strings.Repeat("</b>", times),
		"ampersands":         strings.Repeat("&#", times) + strings.Repeat("&a", times) + "&#" + strings.Repeat("0", times),
		"references":         strings.Repeat("&lt;", times),
		"line breaks":        strings.Repeat("<br>&nbsp;", times) + strings.Repeat("字", times) + strings.Repeat("<br>", times),
		"links":              strings.Repeat("<a href=x>x", times),
		"cells":              strings.Repeat("<table><tr><td>x", times),
		"nested link blocks": strings.Repeat("<div><a href=x>x</a><a href=x>x</a><a href=x>x</a>", times),
		"blank lines":        strings.Repeat("<p>&nbsp;", times) + "字",
	} {
		done := make(chan error, 1)
		go func() {
			_, err := Read(t.Context(), "a.html", []byte(page))
			done <- err
		}()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(time.Minute):
			t.Errorf("%s: takes more than a minute", name)
		}
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"<p>a&amp;b\n c<br>　d<table><tr><td>x<td>y</table><pre>a\n b</pre>", "<nav>x</nav>" + story, "<svg/><b><p></b>x&nGt;&#13;&#0;\r", "\uFEFF<title>x</title><meta name=author content=y>",
		"<ruby>x<rt>y</ruby><a href=x>1</a><a href=x>2</a><div class=menu>&nbsp;</div>", "<td>a<td>\n<p>b<p>c<td>d<hr><li>e<plaintext></p>",
	} {
		f.Add([]byte(s))
		f.Add(encoded(f, gb18030, "<meta charset=gbk>"+strings.ToValidUTF8(s, "")))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, name := range []string{"a.html", "a.xhtml"} {
			d, err := Read(t.Context(), name, raw)
			if err != nil {
				continue
			}
			checkLaws(t, d, raw)
			for _, l := range d.Lines {
				if isBlank(l.Text) || !utf8.ValidString(l.Text) {
					t.Errorf("a blank line: %q", l.Text)
				}
			}
		}
	})
}

func BenchmarkHTML(b *testing.B) {
	page := []byte("<html><body><div class=menu>" + strings.Repeat("<a href='/some/where'>首页</a>\n", 50) + "</div>" +
		strings.Repeat("<div class='paragraph text'>\n  "+strings.ReplaceAll(story, "</p>", "&nbsp;<b>粗</b>\n  <a href='/x'>链接</a></p>\n")+"</div>", 40_000))
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		if _, err := Read(b.Context(), "a.html", page); err != nil {
			b.Fatal(err)
		}
	}
}
