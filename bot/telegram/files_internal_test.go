package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yinju/bot/telegram/telegramtest"
	"yinju/rag"
)

// shelf takes files as a corpus folder would.
type shelf struct {
	has   map[string]string
	added int
}

func (s *shelf) Preview(_ context.Context, name string, data []byte) (FilePreview, error) {
	if strings.HasSuffix(name, ".exe") {
		return FilePreview{}, &FileError{Chinese: "这种文件读不了。", English: "It cannot be read.", Err: errors.New("no reader")}
	}
	a := article("新文章", "周迅之", "河报", "2024-02-03", string(data))
	a.Places = rag.Places{{Line: 5}}
	_, exists := s.has[name]
	return FilePreview{Articles: []*rag.Article{a}, Page: []byte("<p>逐行</p>"), Exists: exists}, nil
}

func (s *shelf) Add(_ context.Context, name string, data []byte, replace bool) (FileAdded, error) {
	if old, exists := s.has[name]; exists && old != string(data) && !replace {
		return FileAdded{}, ErrFileExists
	}
	if name == "full.txt" {
		return FileAdded{}, &FileError{Chinese: "磁盘已满。", English: "The disk is full.", Err: errors.New("full")}
	}
	s.has[name] = string(data)
	s.added++
	return FileAdded{Articles: 1, Passages: 3, Unread: []int{2, 4}}, nil
}

var admin = telegramtest.User{ID: 7, FirstName: "管", LanguageCode: "zh"}

func (r *rig) sendFile(from telegramtest.User, name, text string) []telegramtest.Message {
	r.Helper()
	return r.say(telegramtest.Incoming{From: from, Document: &telegramtest.File{Name: name, Data: []byte(text)}})
}

func TestAFileIsTakenWhenItsPreviewIsConfirmed(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	files := &shelf{has: map[string]string{}}
	r.start(func(o *Options) { o.Admins, o.Files = []int64{7}, files })
	sent := r.sendFile(admin, "新.txt", "新的内容。")
	if len(sent) != 2 || sent[1].Document == nil || sent[1].Document.FileName != "新.txt.html" {
		t.Fatalf("%+v", sent)
	}
	says(t, sent[0], "新.txt：切成 1 篇", "1. 《新文章》 周迅之 · 河报 · 2024-02-03（第 5 行）", "收入吗？")
	if got := labels(sent[0]); got != "✓ 收入 ✗ 不要" {
		t.Error(got)
	}
	if page := r.server.File(sent[1].Document.FileID); page == nil || string(page.Data) != "<p>逐行</p>" {
		t.Errorf("%+v", page)
	}
	if _, told := r.tap(xu, sent[0], "✓ 收入"); told != "只有管理员可以。" || files.added > 0 {
		t.Errorf("%q", told)
	}
	r.tap(admin, sent[0], "✓ 收入")
	says(t, r.now(sent[0]), "已收入 新.txt：1 篇文章，3 段。现在就可以提问。", "没有文字，未收入：2 4")
	if files.has["新.txt"] != "新的内容。" || labels(r.now(sent[0])) != "" {
		t.Errorf("%+v", files)
	}
	if _, told := r.forge(admin, sent[0], "f:y"); told != "这个文件已处理，或已过期：请重新发来。" || files.added != 1 {
		t.Errorf("%q, %d", told, files.added)
	}
	r.clean()
}

func TestAFileMayBeLeftOrReplaceAnother(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	files := &shelf{has: map[string]string{"旧.txt": "旧的。"}}
	r.start(func(o *Options) { o.Admins, o.Files = []int64{7}, files })
	sent := r.sendFile(admin, "不要.txt", "x")
	r.tap(admin, sent[0], "✗ 不要")
	says(t, r.now(sent[0]), "没有收入：不要.txt")
	sent = r.sendFile(admin, "旧.txt", "改过的。")
	says(t, sent[0], "语料中已有同名文件。")
	r.forge(admin, sent[0], "f:y") // of another one that came meanwhile
	says(t, r.now(sent[0]), "语料中已有另一个 旧.txt，要替换吗？")
	r.tap(admin, r.now(sent[0]), "✓ 替换同名文件")
	says(t, r.now(sent[0]), "已收入 旧.txt")
	if files.has["旧.txt"] != "改过的。" {
		t.Errorf("%+v", files)
	}
	sent = r.sendFile(admin, "full.txt", "x")
	r.tap(admin, sent[0], "✓ 收入")
	says(t, r.now(sent[0]), "不能收入：磁盘已满。")
	r.clean()
}

func TestFilesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start(func(o *Options) { o.Admins, o.Files = []int64{7}, &shelf{} })
	says(t, only(t, r.sendFile(xu, "a.txt", "x")), "只有管理员可以往语料里添加文件。")
	says(t, only(t, r.sendFile(admin, "a.exe", "x")), "不能收入：这种文件读不了。")
	huge := telegramtest.Incoming{From: admin, Document: &telegramtest.File{Name: "a.txt", Data: []byte("x"), Size: 30 << 20}}
	says(t, only(t, r.say(huge)), "文件超过 20 MB")
	r.clean()
	without := newRig(t, telegramtest.Options{})
	without.start(func(o *Options) { o.Admins = []int64{7} })
	says(t, only(t, without.sendFile(admin, "a.txt", "x")), "没有设置语料文件夹")
}

// What has been done with a file is not done again, or called too old, where Telegram does not take the word about it.
func TestAButtonThatWasDoneIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	files := &shelf{has: map[string]string{}}
	r.start(func(o *Options) { o.Admins, o.Files = []int64{7}, files })
	sent := r.sendFile(admin, "新.txt", "新的内容。")
	r.server.Fail("answerCallbackQuery", telegramtest.Fault{Status: 502})
	r.server.Press(admin, admin.ID, sent[0].ID, "f:y")
	r.settled()
	says(t, r.now(sent[0]), "已收入 新.txt")
	if files.added != 1 {
		t.Errorf("%d times", files.added)
	}
}

// Who sent a file that cannot be fetched is told so at once.
func TestAFileThatCannotBeFetchedIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	r.start(func(o *Options) { o.Admins, o.Files = []int64{7}, &shelf{} })
	for _, c := range []struct {
		method string
		fault  telegramtest.Fault
	}{
		{"getFile", telegramtest.Fault{Status: 400, Description: "Bad Request: wrong file_id or the file is temporarily unavailable"}},
		{"getFile", telegramtest.Fault{Status: 404, Description: "Not Found: method not found"}},
		{"download", telegramtest.Fault{Status: 403}},
		{"download", telegramtest.Fault{Status: 400}},
		{"download", telegramtest.Fault{Status: 404, Description: "Not Found"}},
		{"download", telegramtest.Fault{Status: 404, HTML: true}},
	} {
		r.server.Fail(c.method, c.fault)
		says(t, only(t, r.sendFile(admin, "a.txt", "x")), "取不到这个文件")
	}
	var putOff int
	if err := r.store.Pool().QueryRow(t.Context(), `select max(put_off) from telegram_updates`).Scan(&putOff); err != nil || putOff > 0 {
		t.Errorf("put off %d times, %v", putOff, err)
	}
}

// A Bot API server that is run with --local gives out a place on its own disk, which has the token in it.
func TestAFileOnTheDiskOfTheServerIsNotRead(t *testing.T) {
	t.Parallel()
	address := longServer(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"ok":true,"result":{"file_path":"/var/lib/telegram-bot-api/`+telegramtest.Token+`/documents/file_0.txt"}}`)
	})
	c := newClient(telegramtest.Token, address, rigWait)
	defer c.close()
	if _, err := c.download(t.Context(), "id"); !errors.Is(err, errNotServed) || strings.Contains(everything(err), secret) {
		t.Errorf("%v", err)
	}
}

// slow is a shelf that takes a file in only when it is told to.
type slow struct {
	*shelf
	begun atomic.Int64
	open  chan struct{}
}

func (s *slow) Add(ctx context.Context, name string, data []byte, replace bool) (FileAdded, error) {
	s.begun.Add(1)
	select {
	case <-s.open:
		return s.shelf.Add(ctx, name, data, replace)
	case <-ctx.Done():
		return FileAdded{}, ctx.Err()
	}
}

// A file may take longer than an answer: its button has its word before, and typing is shown. One that takes longer than a file
// may is not tried again.
func TestAFileMayTakeLongAndIsTakenOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	files := &slow{shelf: &shelf{has: map[string]string{}}, open: make(chan struct{})}
	o := r.options()
	o.Admins, o.Files = []int64{7}, files
	b := r.make(o)
	b.times.answer = 200 * time.Millisecond
	r.run(b)
	sent := r.sendFile(admin, "新.txt", "新的内容。")
	typed := len(r.server.Calls("sendChatAction"))
	id := r.server.Press(admin, admin.ID, sent[0].ID, "f:y")
	r.until("the button has no word", func() bool {
		return r.server.Answered(id) != nil && len(r.server.Calls("sendChatAction")) > typed
	})
	time.Sleep(2 * b.times.answer) // longer than an answer may
	close(files.open)
	r.settled()
	says(t, r.now(sent[0]), "已收入 新.txt")
	late := newRig(t, telegramtest.Options{})
	files = &slow{shelf: &shelf{has: map[string]string{}}, open: make(chan struct{})}
	o = late.options()
	o.Admins, o.Files = []int64{7}, files
	b = late.make(o)
	b.times.add = 50 * time.Millisecond
	late.run(b)
	sent = late.sendFile(admin, "新.txt", "新的内容。")
	late.server.Press(admin, admin.ID, sent[0].ID, "f:y")
	late.settled()
	says(t, late.now(sent[0]), "不能收入：处理时间过长")
	var left int
	if err := late.store.Pool().QueryRow(t.Context(), `select count(*) from telegram_files`).Scan(&left); err != nil || left > 0 || files.begun.Load() != 1 {
		t.Errorf("%d files are left, it was tried %d times, %v", left, files.begun.Load(), err)
	}
}

// A file is let go of only when what came of it is stored: a program that ends between the two confirms it all the same.
func TestAFileIsConfirmedAfterACrash(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	files := &shelf{has: map[string]string{}}
	o := r.options()
	o.Admins, o.Files = []int64{7}, files
	b := r.make(o)
	stop := r.run(b)
	sent := r.sendFile(admin, "新.txt", "新的内容。")
	stop()
	r.server.Press(admin, admin.ID, sent[0].ID, "f:y")
	body, err := json.Marshal(r.server.Pending()[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.inbox.put(t.Context(), []json.RawMessage{body}); err != nil {
		t.Fatal(err)
	}
	it, err := b.inbox.take(t.Context(), true)
	if err != nil || it == nil {
		t.Fatal(it, err)
	}
	if _, err := b.find(t.Context(), it); err != nil || files.added != 1 { // and here the program ends
		t.Fatal(files.added, err)
	}
	r.sql(`update telegram_updates set leased = '-infinity' where done_at is null`)
	r.run(r.make(o))
	r.settled()
	says(t, r.now(sent[0]), "已收入 新.txt")
}

// While one file is taken in, another one waits without a worker.
func TestFilesAreTakenInOneAfterTheOther(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	files := &slow{shelf: &shelf{has: map[string]string{}}, open: make(chan struct{})}
	r.start(func(o *Options) { o.Admins, o.Files = []int64{7, 8}, files })
	other := telegramtest.User{ID: 8, FirstName: "管", LanguageCode: "zh"}
	first, second := r.sendFile(admin, "一.txt", "一"), r.sendFile(other, "二.txt", "二")
	r.server.Press(admin, admin.ID, first[0].ID, "f:y")
	r.eventually("the first is not begun", func() bool { return files.begun.Load() == 1 })
	r.server.Press(other, other.ID, second[0].ID, "f:y")
	r.eventually("the second is not put off", func() bool {
		var n int
		err := r.store.Pool().QueryRow(t.Context(), `select count(*) from telegram_updates where not_before > now() and put_off = 0 and done_at is null`).Scan(&n)
		return err == nil && n == 1
	})
	close(files.open)
	r.sql(`update telegram_updates set not_before = now()`)
	r.settled()
	says(t, r.now(first[0]), "已收入")
	says(t, r.now(second[0]), "已收入")
}

// Where Telegram does not let the message of a file be changed, another one asks about it, and its buttons work.
func TestAFileIsAskedAboutInAnotherMessageWhereItsOwnCannotBeChanged(t *testing.T) {
	t.Parallel()
	r := newRig(t, telegramtest.Options{})
	files := &shelf{has: map[string]string{}}
	r.start(func(o *Options) { o.Admins, o.Files = []int64{7}, files })
	for _, why := range []string{"CHAT_RESTRICTED", "message can't be edited"} {
		r.server.Fail("editMessageText", telegramtest.Fault{Status: 400, Description: "Bad Request: " + why})
		sent := r.sendFile(admin, why+".txt", "新的内容。")
		if len(sent) != 3 {
			t.Fatalf("%s: %d messages, %v", why, len(sent), r.failures())
		}
		says(t, sent[1], "收入吗？")
		r.tap(admin, sent[1], "✓ 收入")
		says(t, r.now(sent[1]), "已收入")
	}
	if files.added != 2 {
		t.Errorf("%d files", files.added)
	}
}
