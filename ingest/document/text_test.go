package document

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestLinesAreCountedAsEditorsDo(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][]string{
		"":                    nil,
		"一":                   {"1 0 一"},
		"一\n\n二\n":            {"1 0 一", "2 4 ", "3 5 二"},
		"\uFEFF一\r\n二\r\n":    {"1 3 一", "2 8 二"},
		"one\rtwo\r":          {"1 0 one", "2 4 two"},
		"one\rtwo\nthree\r\n": {"1 0 one", "1 4 two", "2 8 three"},
	} {
		d := mustRead(t, "a.txt", []byte(raw))
		var got []string
		for _, l := range d.Lines {
			got = append(got, fmt.Sprintf("%d %d %s", l.Number, l.Byte, l.Text))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", raw, diff)
		}
		if d.Text != raw {
			t.Errorf("%q became %q", raw, d.Text)
		}
	}
}

// simplified and traditional are sentences such as newspapers have them.
var simplified = []string{
	"昨日上午，三号线一期工程正式开通运营，全长二十四公里，共设车站二十座。", "市气象台预计，明后两天本市仍有小到中雨，气温略有下降，请市民注意添衣。",
	"记者从教育局了解到，今年秋季学期将新增学位一万两千个。", "这家工厂的工人告诉我们，订单已经排到了明年三月。",
	"老人把院子里的枣树修剪了一遍，又给鸡舍换了新草。", "会议指出，要进一步优化营商环境，支持中小企业发展。",
	"截至六月底，全县粮食播种面积达到五十六万亩，比去年增加百分之三点二。", "图书馆延长了开放时间，周末也能借书还书。",
	"专家认为，保护古建筑不能只修外表，更要留住里面的生活。", "比赛进行到第八十分钟，客队前锋头球破门，把比分改写为二比一。",
	"渔民张德福说：“水清了，鱼也多了，日子越过越有奔头。”", "医院新建的门诊楼下月启用，挂号、缴费都可以在手机上完成。",
	"《江畔日报》二〇二三年五月六日第三版", "作者：沈若谷　编辑：韩牧", "铁路部门加开了二十四对临时列车，方便旅客返乡。",
	"这项研究发表在上周的期刊上，引起了同行的关注。", "村里的小学只有四十七个学生，却有一支像样的鼓号队。", "消防员用了三个小时才把山火扑灭，没有人员伤亡。",
}

var traditional = []string{
	"昨日上午，三號線一期工程正式開通營運，全長二十四公里，共設車站二十座。", "氣象局預計，明後兩天本市仍有小到中雨，氣溫略為下降，請市民注意添衣。",
	"記者從教育局了解到，今年秋季將新增學位一萬兩千個。", "這家工廠的工人告訴我們，訂單已經排到了明年三月。",
	"老人把院子裡的棗樹修剪了一遍，又給雞舍換了新草。", "會議指出，應該進一步改善經商環境，支持中小企業發展。",
	"截至六月底，全縣稻米種植面積達到五十六萬畝，比去年增加百分之三點二。", "圖書館延長了開放時間，週末也能借書還書。",
	"專家認為，保護古蹟不能只修外表，更要留住裡面的生活。", "比賽進行到第八十分鐘，客隊前鋒頭球破門，把比分改寫為二比一。",
	"漁民張德福說：「水清了，魚也多了，日子愈過愈有盼頭。」", "醫院新建的門診大樓下月啟用，掛號、繳費都可以在手機上完成。",
	"《江畔日報》二〇二三年五月六日第三版", "作者：沈若谷　編輯：韓牧", "鐵路局加開了二十四班臨時列車，方便旅客返鄉。",
	"這項研究發表在上週的期刊上，引起了同行的關注。", "村裡的小學只有四十七個學生，卻有一支像樣的鼓號隊。", "消防員用了三個小時才把山火撲滅，沒有人員傷亡。",
}

// sample is runes of the sentences in random order, cut anywhere.
func sample(random *rand.Rand, sentences []string, runes int) string {
	var text strings.Builder
	for n := 0; n < runes+40; {
		s := sentences[random.IntN(len(sentences))]
		n += utf8.RuneCountInString(s)
		text.WriteString(s)
		if random.IntN(4) == 0 {
			text.WriteString("\r\n")
		}
	}
	from := random.IntN(40)
	return string([]rune(text.String())[from : from+runes])
}

func encoded(tb testing.TB, c codec, text string) []byte {
	tb.Helper()
	raw, err := c.NewEncoder().Bytes([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// encodedIn are the encodings that are told apart without a mark.
func encodedIn(tb testing.TB, random *rand.Rand, runes int) map[codec]string {
	tb.Helper()
	return map[codec]string{
		gb18030: sample(random, simplified, runes), big5: sample(random, traditional, runes),
		utf16LE: sample(random, simplified, runes), utf16BE: sample(random, traditional, runes),
	}
}

func TestEncodingsAreToldApart(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, runes := range []int{20, 50, 200, 2000} {
		right, all := 0, 0
		for range 40 {
			for c, text := range encodedIn(t, random, runes) {
				all++
				d, err := Read(t.Context(), "a.txt", encoded(t, c, text))
				if err == nil && d.Encoding == c.name && d.Text == text {
					right++
				} else if runes > 20 {
					t.Errorf("%s: %v: %q", c.name, err, text)
				}
			}
		}
		t.Logf("%d characters: %d of %d right", runes, right, all)
		if right*100 < all*99 {
			t.Errorf("%d characters: %d of %d right", runes, right, all)
		}
	}
}

func TestEveryRuneOfACodedTextLeadsToItsBytes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for c, text := range encodedIn(t, random, 1500) {
		marked := map[string]string{"UTF-16LE": "\xFF\xFE", "UTF-16BE": "\xFE\xFF"}[c.name]
		if c == gb18030 || strings.HasPrefix(c.name, "UTF-16") {
			text += "𠮷野家€"
		}
		raw := append([]byte(marked), encoded(t, c, text)...)
		d := mustRead(t, "a.txt", raw)
		if d.Text != text {
			t.Fatalf("%s: the text differs", c.name)
		}
		for at, r := range text {
			place, ok := d.RawByte(at)
			want := encoded(t, c, string(r))
			if !ok || !bytes.HasPrefix(raw[place:], want) {
				t.Fatalf("%s: %q at %d leads to %d", c.name, r, at, place)
			}
			if inner, _ := d.RawByte(at + utf8.RuneLen(r) - 1); inner != place {
				t.Fatalf("%s: the last byte of %q leads to %d, the first to %d", c.name, r, inner, place)
			}
		}
	}
}

func TestWhatIsNoTextIsRefused(t *testing.T) {
	t.Parallel()
	chinese := "桥通车了。\n人都来了。\n"
	for name, tc := range map[string]struct {
		raw  string
		want error
		says string
	}{
		"an image":              {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x00", ErrBinary, ""},
		"a NUL":                 {"桥\x00通车了", ErrBinary, ""},
		"control characters":    {strings.Repeat("\x01\x02ab", 100), ErrBinary, ""},
		"a stray byte":          {chinese + "老\xFF桥还在。\n" + chinese, ErrEncoding, "line 3 "},
		"a text cut in a rune":  {(chinese + "桥")[:len(chinese)+2], ErrEncoding, "line 3 "},
		"Latin-1":               {"The caf\xe9 on the bridge was closed, and so was the na\xefve clerk's.", ErrEncoding, "line 1 "},
		"Windows quotes":        {"He said \x93no\x94 and left.\nShe said \x93yes\x94.", ErrEncoding, "line 1 "},
		"Korean in EUC-KR":      {"\xc7\xd1\xb1\xb9\xbe\xee \xb9\xae\xc0\xe5\xc0\xba \xc7\xd1\xb1\xdb\xb7\xce \xbe\xb4\xb4\xd9. \xb4\xd9\xb8\xae\xb0\xa1 \xbf\xad\xb7\xc8\xb4\xd9.", ErrEncoding, ""},
		"a broken GB18030 text": {"\xbd\xad\xc9\xcf\xb5\xc4\xc7\xc5\xd3\xd0\xc8\xfd\xd7\xf9\xa3\xac\xd7\xee\xc0\xcf\xb5\xc4\n\xd2\xbb\xd7\xf9\xff\xd4\xda", ErrEncoding, "line 2 holds bytes that are not GB18030"},
		"UTF-32":                {"\xFF\xFE\x00\x00\x41\x00\x00\x00", ErrEncoding, "UTF-32"},
	} {
		_, err := Read(t.Context(), "a.txt", []byte(tc.raw))
		if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAReplacementCharacterOfTheFileItselfIsText(t *testing.T) {
	t.Parallel()
	text := sample(rand.New(rand.NewPCG(5, 6)), simplified, 100) + "\uFFFD"
	for _, c := range []codec{gb18030, utf16LE} {
		if d := mustRead(t, "a.txt", encoded(t, c, text)); d.Text != text {
			t.Errorf("%s: %q", c.name, d.Text)
		}
	}
}

func TestTooManyLinesAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := Read(t.Context(), "a.txt", bytes.Repeat([]byte{'\n'}, maxLines+1)); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "\uFEFF一\r\n二", "a\rb\nc", "桥\x00", "\xFF\xFEa\x00\n\x00", "\xbd\xad\xc9\xcf\xb5\xc4\xc7\xc5", "\xbe\xf4\xb3\x71\xa8\xae\x88\x62\xa4\x46"} {
		f.Add([]byte(s))
	}
	for c, text := range encodedIn(f, rand.New(rand.NewPCG(7, 8)), 60) {
		f.Add(encoded(f, c, text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := Read(t.Context(), "a.txt", raw)
		if err != nil {
			return
		}
		checkLaws(t, d, raw)
	})
}

func BenchmarkText(b *testing.B) {
	raw := []byte(strings.Repeat(strings.Join(simplified, "\n"), 20<<10))
	for name, raw := range map[string][]byte{
		"UTF-8": raw, "one line": bytes.ReplaceAll(raw, []byte{'\n'}, nil), "GB18030": encoded(b, gb18030, string(raw)),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if _, err := Read(b.Context(), "a.txt", raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
