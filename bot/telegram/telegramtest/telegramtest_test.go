package telegramtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	"go.uber.org/goleak"

	"yinju/bot/telegram/telegramtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	group = -7
	super = -100200
	forum = -100300
	topic = 5
)

var reader = telegramtest.User{ID: 42, FirstName: "林一舟", LanguageCode: "zh-hans"}

// result is what the server answers.
type result struct {
	OK          bool            `json:"ok"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Result      json.RawMessage `json:"result"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		MigratedTo int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
	header http.Header
}

func (r result) number(t *testing.T, field string) int {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(r.Result, &fields); err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	n, _ := fields[field].(float64)
	return int(n)
}

type params map[string]any

// post calls a method with JSON.
func post(ctx context.Context, address string, p params) (r result, err error) {
	body, err := json.Marshal(p)
	if err != nil {
		return r, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return r, err
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	r.header = resp.Header
	err = json.NewDecoder(resp.Body).Decode(&r)
	if err == nil && !r.OK && r.Code != resp.StatusCode {
		err = fmt.Errorf("status %s, error_code %d", resp.Status, r.Code)
	}
	return r, err
}

func call(t *testing.T, s *telegramtest.Server, method string, p params) result {
	t.Helper()
	r, err := post(t.Context(), fmt.Sprintf(s.Endpoint(), telegramtest.Token, method), p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// start starts a server with a reader's private chat, a group, a supergroup and a forum.
func start(t *testing.T, o telegramtest.Options) *telegramtest.Server {
	t.Helper()
	s := telegramtest.New(t, o)
	s.AddUser(reader)
	s.AddGroup(telegramtest.Chat{ID: group, Type: "group", Title: "备课组"})
	s.AddGroup(telegramtest.Chat{ID: super, Type: "supergroup", Title: "编辑部"})
	s.AddGroup(telegramtest.Chat{ID: forum, Type: "supergroup", Title: "教研室"}, topic)
	return s
}

func html(text string) params { return params{"chat_id": 42, "text": text, "parse_mode": "HTML"} }

func keyboard(button params) params {
	return params{"chat_id": 42, "text": "好", "reply_markup": params{"inline_keyboard": []any{[]any{button}}}}
}

// Each thing that Telegram refuses is refused in its words, so that a bot's tests meet what its users would.
func TestWhatTelegramRefusesIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, telegramtest.Options{})
	asked := s.Receive(telegramtest.Incoming{From: reader, Text: "桥是谁修的？"})
	others := s.Receive(telegramtest.Incoming{Chat: super, From: reader, Text: "别人的话"})
	mine := call(t, s, "sendMessage", params{"chat_id": 42, "text": "已有的话"}).number(t, "message_id")
	s.AddUser(telegramtest.User{ID: 43})
	s.Block(43)
	s.AddGroup(telegramtest.Chat{ID: -8, Type: "group"})
	s.Kick(-8)
	s.AddGroup(telegramtest.Chat{ID: -100400, Type: "supergroup"})
	s.Kick(-100400)
	query := s.Inquire(reader, "桥", "")
	results := func(n int, id string) params {
		var all []any
		for i := range n {
			all = append(all, params{"type": "article", "id": fmt.Sprint(id, i), "title": "题", "input_message_content": params{"message_text": "文"}})
		}
		return params{"inline_query_id": query, "results": all}
	}
	command := func(name, description string) params {
		return params{"commands": []any{params{"command": name, "description": description}}}
	}
	reply := func(p params) params { return params{"chat_id": 42, "text": "好", "reply_parameters": p} }
	for name, c := range map[string]struct {
		method string
		p      params
		want   string
	}{
		"unknown method":        {"sendEverything", nil, "Not Found: method not found"},
		"unknown tag":           {"sendMessage", html("前<p>段</p>"), `Bad Request: can't parse entities: Unsupported start tag "p" at byte offset 3`},
		"bare less-than":        {"sendMessage", html("1 < 2 > 0"), `Bad Request: can't parse entities: Unsupported start tag "" at byte offset 2`},
		"less-than at the end":  {"sendMessage", html("1 <"), "Bad Request: can't parse entities: Unclosed start tag at byte offset 2"},
		"unclosed":              {"sendMessage", html("<b>好"), `Bad Request: can't parse entities: Can't find end tag corresponding to start tag "b"`},
		"wrongly nested":        {"sendMessage", html("<b><i>好</b></i>"), `Bad Request: can't parse entities: Unmatched end tag at byte offset 9, expected "</i>", found "</b>"`},
		"end without start":     {"sendMessage", html("好</b>"), "Bad Request: can't parse entities: Unexpected end tag at byte offset 3"},
		"unclosed end":          {"sendMessage", html("<b>好</b"), "Bad Request: can't parse entities: Unclosed end tag at byte offset 6"},
		"span of another class": {"sendMessage", html(`<span class="x">好</span>`), `Bad Request: can't parse entities: Tag "span" must have class "tg-spoiler" at byte offset 0`},
		"attribute without =":   {"sendMessage", html("<b x>好</b>"), `Bad Request: can't parse entities: Expected equal sign in declaration of an attribute of the tag "b" at byte offset 0`},
		"half of a pair":        {"sendMessage", html("&#xd83d;"), "Bad Request: can't parse entities: Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units"},
		"other parse mode":      {"sendMessage", params{"chat_id": 42, "text": "好", "parse_mode": "XML"}, "Bad Request: unsupported parse_mode"},
		"no text":               {"sendMessage", params{"chat_id": 42}, "Bad Request: message text is empty"},
		"nothing but tags":      {"sendMessage", html("<b> \n</b>"), "Bad Request: text must be non-empty"},
		"4097 units":            {"sendMessage", html(strings.Repeat("好", 4095) + "😀"), "Bad Request: message is too long"},
		"no chat":               {"sendMessage", params{"text": "好"}, "Bad Request: chat_id is empty"},
		"unknown chat":          {"sendMessage", params{"chat_id": 999, "text": "好"}, "Bad Request: chat not found"},
		"blocked":               {"sendMessage", params{"chat_id": 43, "text": "好"}, "Forbidden: bot was blocked by the user"},
		"kicked":                {"sendMessage", params{"chat_id": -8, "text": "好"}, "Forbidden: bot was kicked from the group chat"},
		"kicked from super":     {"sendMessage", params{"chat_id": -100400, "text": "好"}, "Forbidden: bot was kicked from the supergroup chat"},
		"unknown topic":         {"sendMessage", params{"chat_id": forum, "text": "好", "message_thread_id": 6}, "Bad Request: message thread not found"},
		"topic in no forum":     {"sendMessage", params{"chat_id": super, "text": "好", "message_thread_id": topic}, "Bad Request: message thread not found"},
		"reply to nothing":      {"sendMessage", reply(params{"message_id": 77}), "Bad Request: message to be replied not found"},
		"old reply to nothing":  {"sendMessage", params{"chat_id": 42, "text": "好", "reply_to_message_id": 77}, "Bad Request: message to be replied not found"},
		"quote not in it":       {"sendMessage", reply(params{"message_id": asked.ID, "quote": "谁拆的"}), "Bad Request: QUOTE_TEXT_INVALID"},
		"reply no JSON":         {"sendMessage", params{"chat_id": 42, "text": "好", "reply_parameters": "x"}, "Bad Request: can't parse reply parameters JSON object"},
		"markup no JSON":        {"sendMessage", params{"chat_id": 42, "text": "好", "reply_markup": "x"}, "Bad Request: can't parse reply keyboard markup JSON object"},
		"markup of nothing":     {"sendMessage", params{"chat_id": 42, "text": "好", "reply_markup": params{}}, "Bad Request: object expected as reply markup"},
		"data of 65 bytes":      {"sendMessage", keyboard(params{"text": "出处", "callback_data": strings.Repeat("出", 21) + "12"}), "Bad Request: BUTTON_DATA_INVALID"},
		"button without text":   {"sendMessage", keyboard(params{"callback_data": "a"}), `Bad Request: can't parse inline keyboard button: Can't find field "text"`},
		"button of nothing":     {"sendMessage", keyboard(params{"text": "出处"}), "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"},
		"button of two kinds":   {"sendMessage", keyboard(params{"text": "出处", "url": "https://a.b", "callback_data": "a"}), "Bad Request: can't parse inline keyboard button: exactly one of its fields must be used"},
		"link to localhost":     {"sendMessage", keyboard(params{"text": "出处", "url": "http://localhost:8080/a"}), "Bad Request: inline keyboard button URL 'http://localhost:8080/a' is invalid: Wrong HTTP URL"},
		"edit of nothing":       {"editMessageText", params{"chat_id": 42, "message_id": 99, "text": "好"}, "Bad Request: message to edit not found"},
		"edit of another's":     {"editMessageText", params{"chat_id": 42, "message_id": asked.ID, "text": "好"}, "Bad Request: message can't be edited"},
		"edit that changes nothing": {
			"editMessageText",
			params{"chat_id": 42, "message_id": mine, "text": "<i></i>已有的话 ", "parse_mode": "HTML"},
			"Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
		},
		"keyboard left as it is": {
			"editMessageReplyMarkup",
			params{"chat_id": 42, "message_id": mine},
			"Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
		},
		"delete of nothing":     {"deleteMessage", params{"chat_id": 42, "message_id": 99}, "Bad Request: message to delete not found"},
		"delete of another's":   {"deleteMessage", params{"chat_id": super, "message_id": others.ID}, "Bad Request: message can't be deleted"},
		"edit without id":       {"editMessageText", params{"chat_id": 42, "text": "好"}, "Bad Request: message identifier is not specified"},
		"draft in a group":      {"sendMessageDraft", params{"chat_id": group, "draft_id": 1, "text": "好"}, "Bad Request: message drafts can be sent only to private chats"},
		"draft without id":      {"sendMessageDraft", params{"chat_id": 42, "text": "好"}, "Bad Request: draft identifier must be non-zero"},
		"unknown action":        {"sendChatAction", params{"chat_id": 42, "action": "thinking"}, "Bad Request: wrong parameter action in request"},
		"unknown callback":      {"answerCallbackQuery", params{"callback_query_id": query}, "Bad Request: query is too old and response timeout expired or query ID is invalid"},
		"51 results":            {"answerInlineQuery", results(51, "r"), "Bad Request: RESULTS_TOO_MUCH"},
		"results of one id":     {"answerInlineQuery", params{"inline_query_id": query, "results": append(results(1, "r")["results"].([]any), results(1, "r")["results"].([]any)...)}, "Bad Request: RESULT_ID_DUPLICATE"},
		"result id of 65 bytes": {"answerInlineQuery", results(1, strings.Repeat("r", 64)), "Bad Request: RESULT_ID_INVALID"},
		"result without text": {
			"answerInlineQuery",
			params{"inline_query_id": query, "results": []any{params{"type": "article", "id": "1", "title": "题", "input_message_content": params{"message_text": ""}}}},
			"Bad Request: message text is empty",
		},
		"command with a hyphen":    {"setMyCommands", command("ask-me", "提问"), "Bad Request: BOT_COMMAND_INVALID"},
		"command in capitals":      {"setMyCommands", command("Ask", "提问"), "Bad Request: BOT_COMMAND_INVALID"},
		"command of 33":            {"setMyCommands", command(strings.Repeat("a", 33), "提问"), "Bad Request: BOT_COMMAND_INVALID"},
		"command undescribed":      {"setMyCommands", command("ask", " "), "Bad Request: command description must be non-empty"},
		"description of 257":       {"setMyCommands", command("ask", strings.Repeat("问", 257)), "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID"},
		"101 commands":             {"setMyCommands", params{"commands": make([]params, 101)}, "Bad Request: BOT_COMMANDS_TOO_MUCH"},
		"commands for zh-CN":       {"setMyCommands", params{"commands": []any{}, "language_code": "zh-CN"}, "Bad Request: invalid language code specified"},
		"commands for no scope":    {"setMyCommands", params{"commands": []any{}, "scope": params{"type": "all"}}, "Bad Request: can't parse BotCommandScope: Unsupported type specified"},
		"unknown file":             {"getFile", params{"file_id": "x"}, "Bad Request: invalid file_id"},
		"no document":              {"sendDocument", params{"chat_id": 42}, "Bad Request: there is no document in the request"},
		"webhook without TLS":      {"setWebhook", params{"url": "http://example.org/hook"}, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"},
		"secret with a space":      {"setWebhook", params{"url": "https://example.org/hook", "secret_token": "a b"}, "Bad Request: secret token contains unallowed characters"},
		"entities beyond the text": {"sendMessage", params{"chat_id": 42, "text": "好", "entities": []any{params{"type": "bold", "offset": 0, "length": 2}}}, "Bad Request: entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := call(t, s, c.method, c.p)
			if r.OK || r.Description != c.want {
				t.Errorf("got  %+v\nwant %q", r, c.want)
			}
		})
	}
}

func TestATokenIsChecked(t *testing.T) {
	t.Parallel()
	s := start(t, telegramtest.Options{})
	for token, code := range map[string]int{"123456789:other": 401, "token": 404, telegramtest.Token: 200} {
		r, err := post(t.Context(), fmt.Sprintf(s.Endpoint(), token, "getMe"), nil)
		if err != nil || code == 200 != r.OK || !r.OK && r.Code != code {
			t.Errorf("%s: %+v, %v; want %d", token, r, err, code)
		}
	}
}

func TestHTMLIsReadAsTelegramReadsIt(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<b>粗</b>，<strong>粗</strong>":                                                "粗，粗|bold 粗|bold 粗",
		"<i>斜</i><em>斜</em><u>线</u><ins>线</ins>":                                     "斜斜线线|italic 斜|italic 斜|underline 线|underline 线",
		"<s>删</s><strike>删</strike><del>删</del>":                                     "删删删|strikethrough 删|strikethrough 删|strikethrough 删",
		`<span class="tg-spoiler">藏</span><tg-spoiler>藏</tg-spoiler>`:                "藏藏|spoiler 藏|spoiler 藏",
		"<blockquote>引</blockquote> <blockquote expandable>引</blockquote>":           "引 引|blockquote 引|expandable_blockquote 引",
		`<a href="https://a.org/?x=1&amp;y=2">链</a><a href="http://localhost">无</a>`: "链无|text_link 链 https://a.org/?x=1&y=2",
		`<pre><code class="language-go">x</code></pre><code>y <b>z</b></code>`:       "xy z|pre x go|code y z",
		"&lt;b&gt; &amp;amp; &quot; &#39;&#x4f60; &nbsp;&copy &":                     `<b> &amp; " '你 &nbsp;&copy &`,
		"<B>大</B\n>&lt":              "大<|bold 大",
		"<b>外<i>内</i></>":            "外内|bold 外内|italic 内",
		"<b></b>空<i> </i>":           "空",
		" \n <b> 前后 </b>\n":          "前后|bold 前后",
		"😀<b>😀a</b>":                 "😀😀a|bold 😀a",
		"a\tb\r\n\x07c\u202ed\u2028": "a b\n cd",
		"<blockquote>外<blockquote>内</blockquote></blockquote>": "外内|blockquote 外内",
	} {
		got, err := telegramtest.ParseMessage(in, "HTML")
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		parts := []string{got.Text}
		for _, e := range got.Entities {
			parts = append(parts, strings.TrimSpace(e.Type+" "+got.Part(e)+" "+e.URL+e.Language))
		}
		if shown := strings.Join(parts, "|"); shown != want {
			t.Errorf("%q:\n got %q\nwant %q", in, shown, want)
		}
	}
}

func TestEntitiesBeyondAHundredAreDropped(t *testing.T) {
	t.Parallel()
	got, err := telegramtest.ParseMessage(strings.Repeat("<b>好</b>，", 103), "HTML")
	if err != nil || len(got.Entities) != 100 || got.Dropped != 3 || telegramtest.Units(got.Text) != 206 {
		t.Errorf("%d entities, %d dropped, %d units, %v", len(got.Entities), got.Dropped, telegramtest.Units(got.Text), err)
	}
	if _, err := telegramtest.ParseMessage(strings.Repeat("<b>好</b>", 4096), "HTML"); err != nil {
		t.Errorf("tags are no part of the length: %v", err)
	}
}

func TestMessagesAreSeenAsTheyAreAfterEdits(t *testing.T) {
	t.Parallel()
	s := start(t, telegramtest.Options{})
	asked := s.Receive(telegramtest.Incoming{Chat: forum, Thread: topic, From: reader, Text: "/ask@" + telegramtest.Username + " 桥是谁修的？"})
	if len(asked.Entities) != 1 || asked.Entities[0].Type != "bot_command" || asked.Entities[0].Length != 5+len(telegramtest.Username) || !asked.IsTopic {
		t.Errorf("%+v", asked)
	}
	sent := call(t, s, "sendMessage", params{
		"chat_id": forum, "message_thread_id": topic, "text": "李春。", "reply_parameters": params{"message_id": asked.ID, "quote": "谁修的"},
		"reply_markup": params{"inline_keyboard": []any{[]any{params{"text": "出处", "callback_data": "s:1"}, params{"text": "全文", "url": "https://a.org/1"}}}},
	})
	id := sent.number(t, "message_id")
	if r := call(t, s, "editMessageText", params{"chat_id": forum, "message_id": id, "text": "<b>李春</b>。", "parse_mode": "HTML"}); !r.OK {
		t.Fatalf("%+v", r)
	}
	all := s.Sent(forum)
	if len(all) != 1 || all[0].Text != "李春。" || len(all[0].Entities) != 1 || all[0].ThreadID != topic || all[0].Quote.Text != "谁修的" || all[0].Quote.Position != asked.Entities[0].Length+3 {
		t.Errorf("%+v", all)
	}
	if len(all[0].Buttons()) != 0 {
		t.Error("an edit without a keyboard takes it away")
	}
	hang := params{"chat_id": forum, "message_id": id, "reply_markup": keyboard(params{"text": "👍", "callback_data": "u"})["reply_markup"]}
	if r := call(t, s, "editMessageReplyMarkup", hang); !r.OK || s.Sent(forum)[0].Buttons()[0][0].Data != "u" {
		t.Errorf("%+v", r)
	}
	if r := call(t, s, "deleteMessage", params{"chat_id": forum, "message_id": id}); !r.OK || len(s.Messages(forum)) != 1 {
		t.Errorf("%+v", r)
	}
	calls := s.Calls("sendMessage", "EDITMESSAGETEXT")
	if len(calls) != 2 || calls[1].Text.Entities[0].Type != "bold" || calls[1].Code != 200 {
		t.Errorf("%+v", calls)
	}
	reply := s.Receive(telegramtest.Incoming{Chat: super, From: reader, Text: "问", ReplyTo: s.Receive(telegramtest.Incoming{Chat: super, From: reader, Text: "原"}).ID})
	if reply.IsTopic || reply.ThreadID == 0 || reply.ReplyTo.Text != "原" {
		t.Errorf("a reply in a supergroup has a thread that is no topic: %+v", reply)
	}
}

func TestAGroupThatMigratedSaysWhereTo(t *testing.T) {
	t.Parallel()
	s := start(t, telegramtest.Options{})
	s.Migrate(group, -100700)
	r := call(t, s, "sendMessage", params{"chat_id": group, "text": "好"})
	if r.Code != 400 || r.Parameters.MigratedTo != -100700 {
		t.Errorf("%+v", r)
	}
	if r := call(t, s, "sendMessage", params{"chat_id": -100700, "text": "好"}); !r.OK {
		t.Errorf("%+v", r)
	}
	if waiting := s.Pending(); len(waiting) != 2 || waiting[0].Message.MigrateToChatID != -100700 || waiting[1].Message.MigrateFromChatID != group {
		t.Errorf("%+v", waiting)
	}
}

// clock is a time that only the test moves.
type clock struct {
	sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.Lock()
	defer c.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.now = c.now.Add(d)
}

func TestLimitsHoldByTheClockGiven(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Unix(1e9, 0)}
	s := start(t, telegramtest.Options{Limits: telegramtest.Real, Now: c.Now})
	send := func(chat int64) result { return call(t, s, "sendMessage", params{"chat_id": chat, "text": "好"}) }
	for range telegramtest.Real.Burst {
		if r := send(42); !r.OK {
			t.Fatalf("%+v", r)
		}
	}
	r := send(42)
	if r.Code != 429 || r.Parameters.RetryAfter != 1 || r.header.Get("Retry-After") != "1" || r.Description != "Too Many Requests: retry after 1" {
		t.Errorf("%+v", r)
	}
	c.add(time.Second)
	if r := send(42); !r.OK {
		t.Errorf("after the wait: %+v", r)
	}
	for range 20 {
		c.add(time.Second)
		if r := send(group); !r.OK {
			t.Fatalf("%+v", r)
		}
	}
	c.add(time.Second)
	if r := send(group); r.Parameters.RetryAfter != 40 {
		t.Errorf("the 21st of a minute in a group: %+v", r)
	}
	for id := range int64(31) {
		s.AddUser(telegramtest.User{ID: 1000 + id})
		if r := send(1000 + id); r.OK != (id < 30) {
			t.Errorf("message %d of a second: %+v", id+1, r)
		}
	}
}

func TestUpdatesComeUntilTheyAreAcknowledged(t *testing.T) {
	t.Parallel()
	s := start(t, telegramtest.Options{})
	for i := range 3 {
		s.Receive(telegramtest.Incoming{From: reader, Text: fmt.Sprint("问", i)})
	}
	get := func(p params) (got []telegramtest.Update) {
		t.Helper()
		r := call(t, s, "getUpdates", p)
		if err := json.Unmarshal(r.Result, &got); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		return got
	}
	first := get(params{"limit": 2})
	if len(first) != 2 || len(get(nil)) != 3 || s.Given(first[0].ID) != 2 {
		t.Errorf("%+v", first)
	}
	if rest := get(params{"offset": first[1].ID + 1}); len(rest) != 1 || rest[0].Message.Text != "问2" || len(s.Pending()) != 1 {
		t.Errorf("%+v", rest)
	}
	get(params{"offset": first[1].ID + 2, "allowed_updates": []string{"callback_query"}})
	s.Receive(telegramtest.Incoming{From: reader, Text: "不要的"})
	if len(s.Pending()) != 0 || s.Drained(t.Context()) != nil {
		t.Errorf("%+v", s.Pending())
	}
}

func TestALongPollEndsWithAnUpdateItsTimeOrAnotherPoll(t *testing.T) {
	t.Parallel()
	waits, over := make(chan time.Duration, 10), make(chan time.Time)
	s := start(t, telegramtest.Options{After: func(d time.Duration) <-chan time.Time { waits <- d; return over }})
	poll := func() <-chan result {
		done := make(chan result, 1)
		go func() {
			r, err := post(t.Context(), fmt.Sprintf(s.Endpoint(), telegramtest.Token, "getUpdates"), params{"timeout": 30})
			if err != nil {
				t.Error(err)
			}
			done <- r
		}()
		if d := <-waits; d != 30*time.Second {
			t.Errorf("waits %s", d)
		}
		return done
	}
	p := poll()
	over <- time.Time{}
	if r := <-p; !r.OK || string(r.Result) != "[]" {
		t.Errorf("%+v", r)
	}
	older := poll()
	newer := poll()
	if r := <-older; r.Code != 409 || r.Description != "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running" {
		t.Errorf("%+v", r)
	}
	s.Receive(telegramtest.Incoming{From: reader, Text: "问"})
	if r := <-newer; !r.OK || !strings.Contains(string(r.Result), "问") {
		t.Errorf("%+v", r)
	}
}

func TestAWebhookGetsEachUpdateWithItsSecretUntilItTakesIt(t *testing.T) {
	t.Parallel()
	got := make(chan string, 10)
	refusals := make(chan int, 1)
	refusals <- http.StatusInternalServerError
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case status := <-refusals:
			w.WriteHeader(status)
		default:
			body, _ := io.ReadAll(r.Body)
			got <- r.Header.Get("X-Telegram-Bot-Api-Secret-Token") + string(body)
		}
	}))
	t.Cleanup(hook.Close)
	s := start(t, telegramtest.Options{})
	if r := call(t, s, "setWebhook", params{"url": hook.URL, "secret_token": "s-1", "max_connections": 2}); !r.OK {
		t.Fatalf("%+v", r)
	}
	s.Receive(telegramtest.Incoming{From: reader, Text: "问"})
	if body := <-got; !strings.HasPrefix(body, `s-1{"update_id":`) || !strings.Contains(body, "问") {
		t.Errorf("%s", body)
	}
	if err := s.Drained(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info := call(t, s, "getWebhookInfo", nil); !strings.Contains(string(info.Result), "500 Internal Server Error") || !strings.Contains(string(info.Result), hook.URL) {
		t.Errorf("%s", info.Result)
	}
	if r := call(t, s, "getUpdates", nil); r.Code != 409 {
		t.Errorf("%+v", r)
	}
	if r := call(t, s, "deleteWebhook", nil); !r.OK {
		t.Errorf("%+v", r)
	}
	if r := call(t, s, "getUpdates", nil); !r.OK {
		t.Errorf("%+v", r)
	}
}

func TestQueriesAreAnsweredOnceAndInTime(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Unix(1e9, 0)}
	s := start(t, telegramtest.Options{Now: c.Now})
	id := call(t, s, "sendMessage", keyboard(params{"text": "出处 1", "callback_data": "s:1"})).number(t, "message_id")
	query, late := s.Press(reader, 42, id, "s:1"), s.Press(reader, 42, id, "s:1")
	if r := call(t, s, "answerCallbackQuery", params{"callback_query_id": query, "text": "好", "show_alert": true}); !r.OK || s.Answered(query).Text != "好" {
		t.Errorf("%+v", r)
	}
	if r := call(t, s, "answerCallbackQuery", params{"callback_query_id": query}); r.Code != 400 {
		t.Errorf("twice: %+v", r)
	}
	c.add(telegramtest.QueryTime + 1)
	if r := call(t, s, "answerCallbackQuery", params{"callback_query_id": late}); r.Code != 400 || s.Answered(late) != nil {
		t.Errorf("late: %+v", r)
	}
	inline := s.Inquire(reader, "桥", "")
	r := call(t, s, "answerInlineQuery", params{"inline_query_id": inline, "next_offset": "50", "results": []any{params{
		"type": "article", "id": "1", "title": "石桥", "input_message_content": params{"message_text": "<b>桥</b>", "parse_mode": "HTML"},
	}}})
	if a := s.Answered(inline); !r.OK || a == nil || a.Results[0].Message.Text != "桥" || a.NextOffset != "50" {
		t.Errorf("%+v", r)
	}
}

func TestFaultsComeAsTheyAreScripted(t *testing.T) {
	t.Parallel()
	s := start(t, telegramtest.Options{})
	address := fmt.Sprintf(s.Endpoint(), telegramtest.Token, "sendMessage")
	p := params{"chat_id": 42, "text": "好"}
	s.Fail("sendMessage",
		telegramtest.Fault{Status: 500}, telegramtest.Fault{Status: 429, RetryAfter: 7}, telegramtest.Fault{Status: 502, HTML: true},
		telegramtest.Fault{Cut: true}, telegramtest.Fault{Silent: true, Handled: true})
	if r := call(t, s, "sendMessage", p); r.Code != 500 {
		t.Errorf("%+v", r)
	}
	if r := call(t, s, "sendMessage", p); r.Parameters.RetryAfter != 7 {
		t.Errorf("%+v", r)
	}
	for _, what := range []string{"a page", "a cut"} {
		if r, err := post(t.Context(), address, p); err == nil {
			t.Errorf("%s: %+v", what, r)
		}
	}
	if n := len(s.Sent(42)); n != 0 {
		t.Errorf("%d messages came of faults", n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if r, err := post(ctx, address, p); !errors.Is(err, context.DeadlineExceeded) || len(s.Sent(42)) != 1 {
		t.Errorf("%+v, %v, %d messages", r, err, len(s.Sent(42)))
	}
	if r := call(t, s, "sendMessage", p); !r.OK || len(s.Calls("sendMessage")) != 6 {
		t.Errorf("%+v", r)
	}
}

func TestFilesGoBothWays(t *testing.T) {
	t.Parallel()
	s := start(t, telegramtest.Options{})
	in := s.Receive(telegramtest.Incoming{From: reader, Document: &telegramtest.File{Name: "桥.txt", Data: []byte("石桥")}, Caption: "请收"})
	large := s.Receive(telegramtest.Incoming{From: reader, Document: &telegramtest.File{Data: []byte("x"), Size: 21 << 20}})
	if r := call(t, s, "getFile", params{"file_id": large.Document.FileID}); r.Description != "Bad Request: file is too big" {
		t.Errorf("%+v", r)
	}
	var file struct {
		Path string `json:"file_path"`
	}
	if err := json.Unmarshal(call(t, s, "getFile", params{"file_id": in.Document.FileID}).Result, &file); err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]string{telegramtest.Token: "石桥", "1:a": `"error_code":401`} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/file/bot"+token+"/"+file.Path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s, %v", body, err)
		}
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("chat_id", "42")
	_ = w.WriteField("caption", strings.Repeat("长", 1025))
	part, _ := w.CreateFormFile("document", "a.txt")
	_, _ = part.Write([]byte("文"))
	w.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf(s.Endpoint(), telegramtest.Token, "sendDocument"), &form)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), "message caption is too long") {
		t.Errorf("%s", body)
	}
}

func TestATestWaitsForTheBotWithoutSleeping(t *testing.T) {
	t.Parallel()
	s := start(t, telegramtest.Options{})
	sent := make(chan error, 1)
	go func() {
		_, err := post(t.Context(), fmt.Sprintf(s.Endpoint(), telegramtest.Token, "sendMessage"), params{"chat_id": 42, "text": "好"})
		sent <- err
	}()
	if err := s.Until(t.Context(), func(s *telegramtest.Server) bool { return len(s.Sent(42)) == 1 }); err != nil {
		t.Error(err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	s.Receive(telegramtest.Incoming{From: reader, Sticker: "👍"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Drained(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The library that the bot uses speaks to this server as to the real one.
func TestTheLibraryWorksAgainstIt(t *testing.T) {
	t.Parallel()
	s := start(t, telegramtest.Options{})
	bot := &tgbotapi.BotAPI{Token: telegramtest.Token, Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	bot.SetAPIEndpoint(s.Endpoint())
	if me, err := bot.GetMe(); err != nil || me.UserName != telegramtest.Username {
		t.Fatalf("%+v, %v", me, err)
	}
	s.Receive(telegramtest.Incoming{From: reader, Text: "/start"})
	r, err := bot.MakeRequest("getUpdates", tgbotapi.Params{"timeout": "5", "allowed_updates": `["message","callback_query"]`})
	var got []tgbotapi.Update
	if err != nil || json.Unmarshal(r.Result, &got) != nil || len(got) != 1 || got[0].Message.Command() != "start" {
		t.Fatalf("%+v, %+v, %v", r, got, err)
	}
	if _, err := bot.MakeRequest("sendMessage", tgbotapi.Params{"chat_id": "42", "text": "<b>您好</b>", "parse_mode": "HTML"}); err != nil {
		t.Error(err)
	}
	if _, err := bot.Send(tgbotapi.NewDocument(42, tgbotapi.FileBytes{Name: "a.txt", Bytes: []byte("文")})); err != nil {
		t.Error(err)
	}
	if sent := s.Sent(42); len(sent) != 2 || sent[0].Text != "您好" || string(s.File(sent[1].Document.FileID).Data) != "文" {
		t.Errorf("%+v", sent)
	}
	s.Fail("sendMessage", telegramtest.Fault{Status: 429, RetryAfter: 3})
	var refused *tgbotapi.Error
	_, err = bot.MakeRequest("sendMessage", tgbotapi.Params{"chat_id": "42", "text": "好"})
	if !errors.As(err, &refused) || refused.Code != 429 || refused.RetryAfter != 3 {
		t.Errorf("%v", err)
	}
}
