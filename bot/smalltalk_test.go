package bot_test

import (
	"testing"

	"yinju/bot"
)

func TestSmallTalkIsNoQuestion(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"谢谢！", "你好", "收到👍", "太好了", "哈哈哈", "你是谁？", "你会做什么？", "Thank you!", "ok", "How does this work?", "hi 😀", "👍", "？？"} {
		if !bot.IsSmallTalk(text) {
			t.Errorf("%s is taken for a question", text)
		}
	}
	for _, text := range []string{"谢谢你们做了什么？", "好的教育是什么？", "天花", "新质生产力", "可以申请吗", "How does this corpus describe work?", "no-fly zone", "", "感谢信写给谁？", "对外开放"} {
		if bot.IsSmallTalk(text) {
			t.Errorf("%s is taken for small talk", text)
		}
	}
}
