package rag_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"go.uber.org/goleak"

	"yinju/rag"
	"yinju/rag/llm"
	"yinju/rag/llm/llmtest"
	"yinju/rag/ragtest"
)

// fault is something that a provider or its model does wrong.
type fault struct {
	name  string
	reply func(a asked) llmtest.Reply
	want  outcome
	why   []rag.Reason // those that fit
	set   func(*llm.Options)
}

// outcome is what becomes of an answer.
type outcome string

const (
	whole  outcome = "the written answer"
	part   outcome = "the part of it that holds"
	quotes outcome = "the quotes alone"
)

const oldest = "其中最老的一座是石闸。"

// told is a good reply, the first sentence of which ends long before the text does.
func told(a asked) string {
	return truth + a.ref("十二座闸门") + oldest + a.ref("十二座闸门")
}

func breaks(f llmtest.Fault, after int) func(asked) llmtest.Reply {
	return func(a asked) llmtest.Reply { return llmtest.Reply{Text: told(a), Fault: f, AfterRunes: after} }
}

func writesText(text func(a asked) string) func(asked) llmtest.Reply {
	return func(a asked) llmtest.Reply { return llmtest.Reply{Text: text(a)} }
}

func refuses(r llmtest.Reply) func(asked) llmtest.Reply {
	return func(asked) llmtest.Reply { return r }
}

const behindFirst = 27 // characters of told: its first sentence with the reference, and a bit of the second

func faults() []fault {
	failed, cut, nothing := []rag.Reason{rag.Failed}, []rag.Reason{rag.CutOff}, []rag.Reason{rag.NothingSupported}
	cutOrFailed := []rag.Reason{rag.CutOff, rag.Failed}
	silent := func(o *llm.Options) { o.Silence = time.Second }
	all := []fault{
		{"a good answer", writesText(told), whole, nil, nil},
		{"good after 429", func(a asked) llmtest.Reply {
			if a.n == 1 {
				return llmtest.Reply{Status: 429, RetryAfter: "0"}
			}
			return llmtest.Reply{Text: told(a)}
		}, whole, nil, func(o *llm.Options) { o.Retries = 1 }},
		{"good after thinking", func(a asked) llmtest.Reply {
			return llmtest.Reply{Text: "<think>" + strings.Repeat("“种树”很好。", 20) + "</think>" + told(a), Thought: "想一想。"}
		}, whole, nil, nil},
		{"429 for ever", refuses(llmtest.Reply{Status: 429}), quotes, failed, func(o *llm.Options) { o.Retries = 1 }},
		{"429 for an hour", refuses(llmtest.Reply{Status: 429, RetryAfter: "3600"}), quotes, failed, func(o *llm.Options) { o.Retries = 3 }},
		{"500", refuses(llmtest.Reply{Status: 500}), quotes, failed, nil},
		{"401", refuses(llmtest.Reply{Status: 401}), quotes, failed, nil},
		{"a page", breaks(llmtest.Garbage, 0), quotes, failed, nil},
		{"nothing", breaks(llmtest.Empty, 0), quotes, cutOrFailed, nil},
		{"an empty text", writesText(func(asked) string { return "" }), quotes, nothing, nil},
		{"no end of thinking", writesText(func(a asked) string { return "<think>" + told(a) }), quotes, nothing, nil},
		{"invented handles", writesText(func(asked) string { return truth + "[ref:zzzz2]" + oldest + "【7】" }), quotes, nothing, nil},
		{"too long", func(a asked) llmtest.Reply { return llmtest.Reply{Text: told(a) + "渠上", Stop: lengthOf} }, part, cut, nil},
	}
	for name, f := range map[string]llmtest.Fault{
		"cut": llmtest.Cut, "no end": llmtest.NoEnd, "an error in the stream": llmtest.StreamError, "silence": llmtest.Silence,
		"a line of 10 MB": llmtest.LongLine, "no JSON": llmtest.WrongJSON, "another shape": llmtest.WrongShape,
	} {
		var set func(*llm.Options)
		if f == llmtest.Silence {
			set = silent
		}
		all = append(all,
			fault{name + " at once", breaks(f, 0), quotes, cutOrFailed, set},
			fault{name + " within a handle", breaks(f, 16), quotes, cutOrFailed, set},
			fault{name + " behind a sentence", breaks(f, behindFirst), part, cut, set})
	}
	return all
}

// lengthOf stands for each provider's word for a reply that reached its greatest length.
const lengthOf = "length"

func TestAProvidersFaultLeavesWhatHoldsOrTheQuotes(t *testing.T) {
	t.Parallel()
	s := canals(t)
	for _, shape := range llmtest.Shapes {
		for _, f := range faults() {
			t.Run(string(shape)+" "+f.name, func(t *testing.T) {
				t.Parallel()
				f.run(t, s, shape)
			})
		}
	}
}

func (f fault) run(t *testing.T, s *rag.Store, shape llmtest.Shape) {
	t.Helper()
	server := serves(t, shape, func(a asked) llmtest.Reply {
		r := f.reply(a)
		if r.Stop == lengthOf && shape == llmtest.Anthropic {
			r.Stop = "max_tokens"
		}
		return r
	})
	m := server.Open(t, func(o *llm.Options) {
		if o.Retries = -1; f.set != nil {
			f.set(o)
		}
	})
	a, events, err := writes(t, s, m, rag.Writing{}, rag.Query{Question: howMany})
	if err != nil {
		t.Fatal(err)
	}
	checkLaws(t, canalFiles(), a, events, askedIn(server))
	if f.why == nil && a.Written.Why != "" || f.why != nil && !slices.Contains(f.why, a.Written.Why) {
		t.Errorf("why: %q, %q, want one of %q", a.Written.Why, a.Written.Error, f.why)
	}
	text := map[outcome]string{whole: truth + "[1]" + oldest + "[1]", part: truth + "[1]\n（语言模型的回答中途断了。）"}[f.want]
	if f.name == "too long" {
		text = truth + "[1]" + oldest + "[1]\n（语言模型的回答中途断了。）"
	}
	if a.Written.Used != (f.want != quotes) || text != "" && a.Text != text || a.Status != rag.Answered || len(a.Citations) == 0 {
		t.Errorf("want %s, have %s, %q, %+v", f.want, a.Status, a.Text, a.Written)
	}
	if strings.Contains(a.Text, llmtest.Key) || strings.Contains(a.Written.Error, llmtest.Key) {
		t.Error("the key shows")
	}
}

// A reader who goes away must not go on costing tokens.
func TestAReaderWhoGoesAwayIsSeenByTheProvider(t *testing.T) {
	t.Parallel()
	s := canals(t)
	for _, shape := range llmtest.Shapes {
		for _, when := range []string{"by his context", "by an error of his"} {
			t.Run(string(shape)+" "+when, func(t *testing.T) {
				t.Parallel()
				seen := make(chan (<-chan struct{}), 1)
				server := llmtest.New(t, shape, func(r llmtest.Request) llmtest.Reply {
					seen <- r.Cancelled
					return llmtest.Reply{Text: told(askedOf(r)), Fault: llmtest.Silence, AfterRunes: behindFirst}
				})
				m := server.Open(t, func(o *llm.Options) { o.Silence = time.Minute })
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				gone := errors.New("gone")
				left := make(chan error, 1)
				go func() {
					left <- leaves(ctx, s, m, func() error {
						if when == "by his context" {
							cancel()
							return nil
						}
						return gone
					})
				}()
				enough := time.After(20 * time.Second) // that nothing hangs
				select {
				case <-(<-seen):
				case <-enough:
					t.Fatal("the request goes on")
				}
				select {
				case err := <-left:
					if !errors.Is(err, context.Canceled) && !errors.Is(err, gone) {
						t.Errorf("got %v", err)
					}
				case <-enough:
					t.Fatal("the answer is waited for")
				}
			})
		}
	}
}

// leaves asks, and goes away at the first text.
func leaves(ctx context.Context, s *rag.Store, m *llm.Model, leave func() error) error {
	_, err := rag.NewAnswerer(rag.NewRetriever(s, hashed{}, "m"), s).WithWriting(rag.Writing{Model: m, Context: 8192}).
		Stream(ctx, rag.Query{Question: howMany}, func(e rag.Event) error {
			if e.Text != "" {
				return leave()
			}
			return nil
		})
	return err
}

// parish writes articles about as many villages, with numbers, denials and measures in them.
func parish(random *rand.Rand, articles int) (corpus files, editions []rag.Edition) {
	corpus = files{}
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	for i := range articles {
		place := villages[i]
		var texts []string
		for _, form := range []string{
			"%[1]s的水渠建于%[2]d年，全长%[3]d.%[4]d公里，由%[5]s主持开挖。%[1]s共有%[6]s座闸门，其中%[7]s座不能通船。",
			"管理所不允许在%[1]s的渠堤上%[8]s，也没有批准在那里修路。%[5]s说，%[1]s的水价是每吨%[7]s元，多年没有上涨。",
			"%[2]d年%[1]s的磨坊接待游客%[3]d%[4]d人次，门票收入增长%[4]d%%。磨坊主从未在冬天停工，也不愿意把磨盘卖给外村。",
			"%[5]s在信里写过，%[1]s的稻田有%[3]d亩，收成不比平原差。那一年%[1]s没有下雪，河面宽%[4]d米。",
		} {
			texts = append(texts, fmt.Sprintf(form, place, 1900+random.IntN(120), 10+random.IntN(80), 1+random.IntN(9), surnamed[i],
				pick("十二", "二十三", "三十五", "十六"), pick("三", "五", "七"), pick("种树", "放羊", "堆草", "盖房")))
		}
		file := place + ".txt"
		corpus[file] = texts
		editions = append(editions, hashedEdition(file, rag.Article{Title: place + "纪事", Authors: []string{surnamed[i]}, Publication: "北湖晚报", Date: "2020-01-02"}, texts...))
	}
	return corpus, editions
}

var (
	villages = []string{"柳树屯", "石桥村", "白沙堰", "枣林庄", "青牛坪", "北塘口", "鹿角湾", "黄泥渡"}
	surnamed = []string{"赵望山", "钱守田", "孙渡口", "李木匠", "周石工", "吴放牛", "郑船家", "王磨坊"}
)

// parishStore stores such articles.
func parishStore(t *testing.T, articles int) (*rag.Store, files) {
	t.Helper()
	corpus, editions := parish(rand.New(rand.NewPCG(1, 2)), articles)
	s := ragtest.Store(t)
	for _, e := range editions {
		replace(t, s, e)
	}
	if err := s.SetThresholds(t.Context(), rag.Thresholds{Answered: 0.0001, Related: 0}, "m", 1); err != nil {
		t.Fatal(err)
	}
	return s, corpus
}

// clause is a sentence of a passage that a model was given.
type clause struct{ handle, text string }

func (a asked) clauses() (all []clause) {
	for _, m := range passageGiven.FindAllStringSubmatch(a.prompt, -1) {
		for s := range strings.SplitSeq(m[3], "。") {
			if s = strings.TrimSpace(s); s != "" {
				all = append(all, clause{"[ref:" + m[1] + "]", s})
			}
		}
	}
	return all
}

// alteration makes a sentence, which cites and quotes, out of a true one; false where that one does not lend itself.
// wrong is what may not be seen in the answer.
type alteration struct {
	name string
	make func(random *rand.Rand, c clause, all []clause) (sentence, wrong string, ok bool)
}

// altering quotes a text that a change makes out of a true one.
func altering(change func(random *rand.Rand, text []rune) ([]rune, bool)) func(*rand.Rand, clause, []clause) (string, string, bool) {
	return func(random *rand.Rand, c clause, _ []clause) (string, string, bool) {
		changed, ok := change(random, []rune(c.text))
		if !ok || string(changed) == c.text {
			return "", "", false
		}
		return "文中写道“" + string(changed) + "”。" + c.handle, "“" + string(changed) + "”", true
	}
}

// swapping puts one of some texts in the place of another one of them.
func swapping(pairs ...string) func(*rand.Rand, clause, []clause) (string, string, bool) {
	return altering(func(_ *rand.Rand, text []rune) ([]rune, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(string(text), pairs[i]) {
				return []rune(strings.Replace(string(text), pairs[i], pairs[i+1], 1)), true
			}
		}
		return nil, false
	})
}

// oneOf is the place of a random one of a text's runes of a kind, -1 where it has none.
func oneOf(random *rand.Rand, text []rune, is func(r rune) bool) int {
	var places []int
	for i, r := range text {
		if is(r) {
			places = append(places, i)
		}
	}
	if places == nil {
		return -1
	}
	return places[random.IntN(len(places))]
}

var denying = regexp.MustCompile(`(?:不允许|没有|不能|从未|不愿意|不)(.{4,})$`)

var alterations = []alteration{
	{"invented", func(random *rand.Rand, c clause, _ []clause) (string, string, bool) {
		text := []string{"渠水从不结冰，老人都这样说", "全村的人一夜之间搬走了", "闸门在洪水里全部冲毁", "水价一年涨了三倍"}[random.IntN(4)]
		return "文中写道“" + text + "”。" + c.handle, "“" + text + "”", true
	}},
	{"altered by a character", altering(func(random *rand.Rand, text []rune) ([]rune, bool) {
		i := oneOf(random, text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
		text[i] = []rune("渔峰砚梭")[random.IntN(4)]
		return text, true
	})},
	{"altered by a character that looks alike", swapping("公里", "公⾥\u0323", "元", "兀", "士", "土", "堤", "提", "未", "末", "人", "入")},
	{"altered by a negation more", altering(func(random *rand.Rand, text []rune) ([]rune, bool) {
		return slices.Insert(text, 1+random.IntN(len(text)-1), []rune("不没未")[random.IntN(3)]), true
	})},
	{"altered by a negation less", swapping("不允许", "允许", "也没有", "", "没有", "", "不能", "能", "从未", "", "不愿意", "愿意", "不比", "比")},
	{"altered by a digit", altering(func(random *rand.Rand, text []rune) ([]rune, bool) {
		i := oneOf(random, text, unicode.IsDigit)
		if i < 0 {
			return nil, false
		}
		text[i] = '0' + (text[i]-'0'+1+rune(random.IntN(9)))%10
		return text, true
	})},
	{"altered by a Chinese digit", swapping("十二", "十三", "二十三", "二十二", "三十五", "三十六", "十六", "六", "三座", "四座", "五座", "四座", "七座", "八座", "三元", "四元", "五元", "六元", "七元", "八元")},
	{"altered by a unit", swapping("公里", "里", "亩", "公顷", "吨", "斤", "%", "‰", "米", "尺", "人次", "万人次")},
	{"of two sentences", func(random *rand.Rand, c clause, all []clause) (string, string, bool) {
		other := all[random.IntN(len(all))]
		if other.text == c.text {
			return "", "", false
		}
		text := firstClause(c.text) + "，" + lastClause(other.text)
		return "文中写道“" + text + "”。" + c.handle, "“" + text + "”", !strings.Contains(c.text, text)
	}},
	{"of two articles, with …… between", func(random *rand.Rand, c clause, all []clause) (string, string, bool) {
		other := all[random.IntN(len(all))]
		text := firstClause(c.text) + "……" + lastClause(other.text)
		return "文中写道“" + text + "”。" + c.handle, "“" + text + "”", !sameHasBoth(all, firstClause(c.text), lastClause(other.text))
	}},
	{"of crumbs with …… between", func(random *rand.Rand, c clause, _ []clause) (string, string, bool) {
		runes := []rune(c.text)
		at := 2 + random.IntN(len(runes)-8)
		text := string(runes[:2]) + "……" + string(runes[at:at+2]) + "……" + string(runes[len(runes)-2:])
		return "文中写道“" + text + "”。" + c.handle, "“" + text + "”", true
	}},
	{"cut behind its negation", func(_ *rand.Rand, c clause, _ []clause) (string, string, bool) {
		m := denying.FindStringSubmatch(c.text)
		if m == nil {
			return "", "", false
		}
		return "不少人知道，文中写道“" + m[1] + "”。" + c.handle, "“" + m[1] + "”", true
	}},
	{"cut within a number", func(random *rand.Rand, c clause, _ []clause) (string, string, bool) {
		text := []rune(c.text)
		i := oneOf(random, text, func(r rune) bool { return strings.ContainsRune("0123456789.十二三五六", r) })
		if i < 1 || !strings.ContainsRune("0123456789.十二三", text[i-1]) {
			return "", "", false
		}
		return "文中写道“" + string(text[i:]) + "”。" + c.handle, "“" + string(text[i:]) + "”", true
	}},
	{"with an invented handle", func(random *rand.Rand, c clause, _ []clause) (string, string, bool) {
		return c.text + "。[ref:" + string([]rune("bcdfg")[random.IntN(5)]) + "2x9z]", c.text, true
	}},
	{"said to be another author's", func(_ *rand.Rand, c clause, all []clause) (string, string, bool) {
		for i, name := range surnamed {
			if inVillage(c.text) && !strings.Contains(c.text, name) && !strings.Contains(c.text, villages[i]) {
				for _, other := range all {
					if strings.Contains(other.text, villages[i]) {
						text := name + "写道：“" + firstClause(c.text) + "”"
						return text + "。" + c.handle + other.handle, text, true
					}
				}
			}
		}
		return "", "", false
	}},
}

// inVillage says whether a sentence names the village that its article is about, so that it is in no other.
func inVillage(text string) bool {
	return slices.ContainsFunc(villages, func(v string) bool { return strings.Contains(firstClause(text), v) })
}

// sameHasBoth says whether a passage has two texts.
func sameHasBoth(all []clause, one, other string) bool {
	has := func(text string) map[string]bool {
		in := map[string]bool{}
		for _, c := range all {
			if strings.Contains(c.text, text) {
				in[c.handle] = true
			}
		}
		return in
	}
	second := has(other)
	for handle := range has(one) {
		if second[handle] {
			return true
		}
	}
	return false
}

func firstClause(text string) string { return strings.Split(text, "，")[0] }

func lastClause(text string) string {
	parts := strings.Split(text, "，")
	return parts[len(parts)-1]
}

// perKind is how many cases of each alteration there are, perReply how many of them a reply has.
const (
	perKind  = 100
	perReply = 10
)

func TestNothingAlteredIsShownAsAQuote(t *testing.T) {
	t.Parallel()
	s, corpus := parishStore(t, len(villages))
	for n, kind := range alterations {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(7, uint64(n)))
			tried, shown, dropped, lost := 0, 0, 0, 0
			for round := 0; tried < perKind; round++ {
				var wrong []string
				server := serves(t, llmtest.Shapes[round%3], func(a asked) llmtest.Reply {
					var b strings.Builder
					all := a.clauses()
					for attempt := 0; len(wrong) < perReply && attempt < 2000; attempt++ {
						if sentence, not, ok := kind.make(random, all[random.IntN(len(all))], all); ok {
							wrong = append(wrong, not)
							b.WriteString(sentence)
						}
					}
					return llmtest.Reply{Text: b.String(), Chunk: 1 + random.IntN(40)}
				})
				place := villages[random.IntN(len(villages))]
				a, events, err := writes(t, s, server.Open(t), rag.Writing{}, rag.Query{Question: place + "的水渠、闸门和磨坊怎么样？"})
				if err != nil {
					t.Fatal(err)
				}
				checkLaws(t, corpus, a, events, askedIn(server))
				if len(wrong) == 0 {
					t.Fatal("no case could be made")
				}
				tried += len(wrong)
				if !a.Written.Used {
					dropped += len(wrong)
					continue
				}
				dropped += len(wrong) - len(a.Written.Sentences)
				for _, sentence := range a.Written.Sentences {
					if sentence.Lost > 0 {
						lost++
					}
				}
				for _, not := range wrong {
					if strings.Contains(squeezed(a.Text), squeezed(not)) {
						shown++
						t.Errorf("%q is shown in %q", not, a.Text)
					}
				}
			}
			t.Logf("%d %s: shown as quotes %d, sentences dropped %d, marks taken %d", tried, kind.name, shown, dropped, lost)
		})
	}
}

// It runs by itself, so that goroutines that are left are its own.
func TestManyWhoAskAtOnceGetTheirOwnAnswers(t *testing.T) { //nolint:paralleltest // see above
	t.Run("ask", askAtOnce)
	goleak.VerifyNone(t)
}

func askAtOnce(t *testing.T) {
	s, corpus := parishStore(t, len(villages))
	server := serves(t, llmtest.OpenAI, func(a asked) llmtest.Reply {
		place := strings.TrimPrefix(strings.SplitN(a.prompt, "的", 2)[0], "问题：")
		for _, c := range a.clauses() {
			if strings.Contains(c.text, place) && strings.Contains(c.text, "座闸门") {
				return llmtest.Reply{Text: "文中写道“" + c.text + "”。" + c.handle + "闸门有九十座。" + c.handle}
			}
		}
		return llmtest.Reply{Text: a.none()}
	})
	m := server.Open(t)
	answerer := rag.NewAnswerer(rag.NewRetriever(s, hashed{}, "m"), s).WithWriting(rag.Writing{Model: m, Name: "m", Context: 8192})
	random := rand.New(rand.NewPCG(3, 4))
	const askers, questions = 16, 4
	gone := 0
	var wg sync.WaitGroup
	for i := range askers {
		leaves := make([]int, questions) // at which event, -1: never
		for n := range leaves {
			if leaves[n] = random.IntN(12) - 6; leaves[n] >= 0 {
				gone++
			} else {
				leaves[n] = -1
			}
		}
		wg.Go(func() {
			for n, leave := range leaves {
				askOnce(t, answerer, corpus, villages[(i+n)%len(villages)], leave)
			}
		})
	}
	wg.Wait()
	if gone == 0 || gone == askers*questions {
		t.Errorf("%d of %d went away", gone, askers*questions)
	}
	t.Logf("%d questions of %d askers, %d of them left before the end", askers*questions, askers, gone)
}

// askOnce asks about a village, and goes away at an event.
func askOnce(t *testing.T, answerer *rag.Answerer, corpus files, place string, leave int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var events []rag.Event
	a, err := answerer.Stream(ctx, rag.Query{Question: place + "的水渠有多少座闸门？"}, func(e rag.Event) error {
		if len(events) == leave {
			cancel()
		}
		events = append(events, e)
		return nil
	})
	if leave >= 0 {
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, rag.ErrNotLogged) {
			t.Errorf("%s: left with %v", place, err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v", place, err)
		return
	}
	checkLaws(t, corpus, a, events, nil)
	if !a.Written.Used || len(a.Citations) != 1 || a.Citations[0].Quote.Article().Title != place+"纪事" || strings.Contains(a.Text, "九十") {
		t.Errorf("%s: %q, %+v", place, a.Text, a.Written)
	}
}
