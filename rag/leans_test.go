package rag_test

import (
	"testing"

	"yinju/rag"
)

func TestAQuestionLeansOnTheOnesBeforeOrStandsByItself(t *testing.T) {
	t.Parallel()
	for _, q := range []string{"还有呢", "那篇是谁写的？", "第二点详细说说", "他还说了什么？", "为什么？", "anything else", "who wrote it?"} {
		if !rag.LeansOn(q) {
			t.Errorf("%s is taken to stand by itself", q)
		}
	}
	for _, q := range []string{
		"赵州桥由谁设计？", "新质生产力怎么说呢", "人民日报9月9日那篇讲了什么？", "他汀类药物有什么作用？", "什么是新质生产力？", "石桥", "李天文写的", "How long is the bridge?",
	} {
		if rag.LeansOn(q) {
			t.Errorf("%s is taken to lean on others", q)
		}
	}
}
