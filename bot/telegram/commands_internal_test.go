package telegram

import (
	"fmt"
	"strings"
	"testing"

	"yinju/bot"
	"yinju/bot/telegram/telegramtest"
)

func TestTheMenuIsInBothLanguagesAndAdministratorsHaveMore(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.server.AddUser(telegramtest.User{ID: 8})
	r.start(func(o *Options) { o.Admins, o.Lang = []int64{7, 8}, bot.English }) // 7 has not begun yet
	r.until("the menus", func() bool {
		return len(r.server.Commands("chat", "en")) > 0 && len(r.server.Commands("chat", "zh")) > 0 && len(r.server.Commands("chat", "")) > 0
	})
	for language, want := range map[string]string{"": "Ask: /ask QUESTION", "en": "Ask: /ask QUESTION", "zh": "提问：/ask 问题"} {
		all := r.server.Commands("", language)
		if len(all) == 0 || all[0] != (telegramtest.Command{Command: "ask", Description: want}) {
			t.Errorf("%q: %+v", language, all)
		}
		for _, c := range all {
			if c.Command == "stats" || c.Command == "ingest" {
				t.Errorf("%q: %s is in the menu of all", language, c.Command)
			}
		}
		if mine := r.server.Commands("chat", language); len(mine) != len(all)+2 {
			t.Errorf("%q: %+v", language, mine)
		}
	}
	chats := func() map[string]bool {
		set := map[string]bool{}
		for _, c := range r.server.Calls("setMyCommands") {
			if c.Code == 200 {
				set[c.Params["scope"]] = true
			}
		}
		return set
	}
	if got := chats(); !got[`{"type":"chat","chat_id":8}`] {
		t.Errorf("%v", got)
	}
	r.ask(telegramtest.User{ID: 7}, "/start")
	if got := chats(); !got[`{"type":"chat","chat_id":7}`] {
		t.Errorf("%v", got)
	}
}

// A menu that is refused, for whatever reason, keeps nobody from being answered.
func TestAMenuThatIsRefusedIsNoHindrance(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.server.Fail("setMyCommands", telegramtest.Fault{Status: 400, Description: "Bad Request: BOT_COMMAND_INVALID"})
	r.start()
	says(t, only(t, r.ask(xu, asksBridge)), saysBridge)
}

func TestCommands(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start(func(o *Options) { o.Admins = []int64{7} })
	kiln := r.article("龙窑")
	for _, c := range []struct{ text, zh, en string }{
		{"/start", "向语料提问", "ask the corpus"},
		{"/help", "@yinju_test_bot", "@yinju_test_bot"},
		{"/HELP", "向语料提问", "ask the corpus"},
		{"/ask", "请把问题写在命令后面", "Write the question after the command"},
		{"/ask " + asksBridge, saysBridge, saysBridge},
		{"/ask：" + asksBridge, saysBridge, saysBridge},
		{"/ask" + asksBridge, saysBridge, saysBridge},
		{"/ask\n" + asksBridge, saysBridge, saysBridge},
		{"/search", "请把词语写在命令后面", "Write the words after the command"},
		{"/search 松柴", "最相近的", "The nearest passages ("},
		{"/search \x00", "请把词语写在命令后面", "Write the words after the command"},
		{"/search " + strings.Repeat("柴", 3000), "最多 2000 个", "2000"},
		{"/sources", "共 4 篇", "Articles: 4"},
		{"/sources 王鸣", "共 1 篇，含：王鸣", "Articles: 1, with: 王鸣"},
		{"/sources 没有的词", "没有这样的文章", "no such article"},
		{"/article", "请写文章的编号", "Write the article's number"},
		{"/article x", "请写文章的编号", "Write the article's number"},
		{"/article -1", "请写文章的编号", "Write the article's number"},
		{"/article 99999999999999999999", "请写文章的编号", "Write the article's number"},
		{"/article 999", "没有这个编号的文章", "no article of this number"},
		{"/article " + kiln, "龙窑\n王鸣", "龙窑\n王鸣"},
		{"/article #" + kiln + "。", "龙窑\n王鸣", "龙窑\n王鸣"},
		{"/article " + string(rune(kiln[0])-'0'+'０'), "龙窑\n王鸣", "龙窑\n王鸣"},
		{"/article_" + kiln, "龙窑\n王鸣", "龙窑\n王鸣"},
		{"/article_" + kiln + "@yinju_test_bot", "龙窑\n王鸣", "龙窑\n王鸣"},
		{"/article_x", "请写文章的编号", "Write the article's number"},
		{"/forget", "已忘掉此前的对话", "The conversation is forgotten"},
		{"/forget 什么", "已忘掉此前的对话", "The conversation is forgotten"},
		{"/settings", "本聊天的设置", "Settings of this chat"},
		{"/stats", "这个命令只有管理员能用", "for administrators"},
		{"/weather", "没有这个命令", "no such command"},
		{"/ask_x", "没有这个命令", "no such command"},
	} {
		for lang, want := range map[string]string{"zh": c.zh, "en": c.en} {
			r.set(50, settings{Lang: lang})
			m := only(t, r.ask(telegramtest.User{ID: 50, LanguageCode: lang}, c.text))
			if text := m.Shown().Text; !strings.Contains(text, want) {
				t.Errorf("%s in %s: %q", c.text, lang, text)
			}
		}
	}
	r.clean()
}

// set sets what holds for a chat.
func (r *rig) set(chat int64, s settings) {
	r.Helper()
	i := &inbox{pool: r.store.Pool(), bot: telegramtest.BotID}
	if err := i.set(r.Context(), chat, s); err != nil {
		r.Fatal(err)
	}
}

func TestHelpTellsAdministratorsOfFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start(func(o *Options) { o.Admins, o.Files = []int64{7}, noFiles{} })
	says(t, only(t, r.ask(telegramtest.User{ID: 7}, "/help")), "管理员", ".pdf")
	help := only(t, r.ask(xu, "/help"))
	saysNot(t, help, ".pdf")
	if bold := marked(help, "bold"); len(bold) == 0 || bold[0] != "引据" {
		t.Errorf("%q", bold)
	}
}

// noFiles takes no file.
type noFiles struct{ Files }

func TestSearchShowsPassagesWithTheirArticles(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	m := only(t, r.ask(xu, "/search 松柴"))
	says(t, m, "[1]\n烧一窑瓷器要三天三夜，用去一万斤松柴。\n《龙窑》 王鸣 · 窑火 · 2024-01-02 · 瓷.txt:1")
	pages, _ := r.tap(xu, m, "全文 1")
	says(t, only(t, pages), "龙窑\n王鸣", "龙窑依山而建")
	r.clean()
}

func TestSourcesAreNarrowedAndPaged(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	long := strings.Repeat("长", 300)
	for i := range 20 {
		r.keep(fmt.Sprintf("集/%s%02d.txt", long[:100*3], i), article(fmt.Sprintf("第%02d回%s", i, long), long, long+"周报", "2020-01-01", "说书的话。"))
	}
	r.keep("百分.txt", article("涨了50%", "", "", "", "涨价的话。"), article("a_b", "", "", "", "下划线的话。"))
	r.start()
	m := only(t, r.ask(xu, "/sources 周报 2020"))
	says(t, m, "共 20 篇，含：周报 2020")
	seen := map[string]bool{}
	count := func() {
		for line := range strings.SplitSeq(m.Shown().Text, "\n") {
			if strings.HasPrefix(line, "/article_") {
				seen[line] = true
			}
		}
	}
	count()
	for page, want := range []string{"1 / 3 ▶", "◀ 2 / 3 ▶", "◀ 3 / 3"} {
		if got := labels(m); got != want {
			t.Errorf("page %d: %q", page+1, got)
		}
		if page < 2 {
			r.tap(xu, m, "▶")
			m = r.now(m)
			count()
		}
	}
	if len(seen) != 20 {
		t.Errorf("%d articles", len(seen))
	}
	r.forge(xu, m, "l:999999")
	says(t, r.now(m), "第19回") // the last page
	r.tap(xu, r.now(m), "◀")
	if got := labels(r.now(m)); got != "◀ 2 / 3 ▶" {
		t.Error(got)
	}
	says(t, only(t, r.ask(xu, "/sources %")), "共 1 篇", "涨了50%")
	says(t, only(t, r.ask(xu, "/sources _b")), "共 1 篇", "a_b")
	says(t, only(t, r.ask(xu, `/sources \`)), "没有这样的文章")
	says(t, only(t, r.ask(xu, "/sources "+strings.Repeat("词", 201))), "要找的词不能用", "200")
	says(t, only(t, r.ask(xu, "/sources a\x00b")), "共 1 篇", "a_b")
	says(t, only(t, r.ask(xu, "/sources 茶.txt")), "清明前采的茶叫明前茶。")
	saysNot(t, only(t, r.ask(xu, "/sources 茶.txt")), "《")
	r.clean()
}

func TestAnEmptyCorpusIsToldSo(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	if _, err := r.store.Pool().Exec(t.Context(), `delete from sources`); err != nil {
		t.Fatal(err)
	}
	r.start()
	for _, text := range []string{asksBridge, "/search 桥", "/sources"} {
		says(t, only(t, r.ask(xu, text)), "语料库里还没有文章。")
	}
	r.clean()
}

func TestSettingsHoldForTheirChat(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start()
	m := only(t, r.ask(xu, "/settings"))
	if got := labels(m); got != "中文 English ✓ 跟随提问|✓ 引文折叠 引文展开" {
		t.Error(got)
	}
	if _, told := r.tap(xu, m, "English"); told != "Done." {
		t.Error(told)
	}
	if got := labels(r.now(m)); got != "中文 ✓ English as asked|✓ quotes folded quotes open" {
		t.Error(got)
	}
	if got := len(marked(only(t, r.ask(xu, asksBridge)), "expandable_blockquote")); got != 1 {
		t.Errorf("%d folded quotes", got)
	}
	r.tap(xu, r.now(m), "quotes open")
	answer := only(t, r.ask(xu, asksBridge))
	says(t, answer, "In the words of the corpus:")
	if len(marked(answer, "blockquote")) != 1 || len(marked(answer, "expandable_blockquote")) != 0 {
		t.Errorf("%+v", answer.Entities)
	}
	if got := labels(r.now(m)); got != "中文 ✓ English as asked|quotes folded ✓ quotes open" {
		t.Error(got)
	}
	r.tap(xu, r.now(m), "as asked")
	says(t, only(t, r.ask(xu, asksBridge)), "原文说：")
	says(t, only(t, r.ask(telegramtest.User{ID: 51, LanguageCode: "zh"}, asksBridge)), "原文说：") // nothing holds for others
	r.clean()
}

func TestInAGroupItsAdministratorsSetThings(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.groups()
	r.start(func(o *Options) { o.Admins = []int64{7} })
	stranger := telegramtest.User{ID: 60}
	for _, c := range []struct {
		who    telegramtest.User
		status string
		may    bool
	}{
		{xu, "", false},
		{stranger, "", false},
		{ann, "member", false},
		{ann, "left", false},
		{ann, "administrator", true},
		{xu, "creator", true},
		{telegramtest.User{ID: 7}, "", true},
	} {
		if c.status != "" {
			r.server.SetMember(club, c.who.ID, c.status)
		}
		r.set(club, settings{})
		m := only(t, r.say(telegramtest.Incoming{Chat: club, From: telegramtest.User{ID: 61, LanguageCode: "zh"}, Text: "/settings@yinju_test_bot"}))
		_, told := r.tap(c.who, m, "引文展开")
		if got := told == "已设置。"; got != c.may || !c.may && told != "群里的设置由群管理员改。" {
			t.Errorf("%d %s: %q", c.who.ID, c.status, told)
		}
		i := &inbox{pool: r.store.Pool(), bot: telegramtest.BotID}
		if s, err := i.settings(t.Context(), club); err != nil || s.Open != c.may {
			t.Errorf("%d %s: %+v, %v", c.who.ID, c.status, s, err)
		}
	}
	if f := r.failures(); len(f) > 0 {
		t.Errorf("%q", f)
	}
}

func TestFiguresAreForAdministrators(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start(func(o *Options) { o.Admins = []int64{7} })
	m := only(t, r.ask(xu, asksBridge))
	r.tap(xu, m, "👍")
	r.ask(ann, asksBridge)
	admin := telegramtest.User{ID: 7, LanguageCode: "zh"}
	r.ask(admin, asksBridge)
	says(t, only(t, r.ask(admin, "/stats")), "语料：3 个文件，4 篇文章，10 段", "回答：共 3 条；👍 1　👎 0", "24 小时内 3 个问题、3 人；等待 0，放弃 0", "polling")
	saysNot(t, only(t, r.ask(xu, "/stats")), "语料：")
	r.clean()
}
