package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"yinju/bot"
	"yinju/deploy/local"
	"yinju/ingest"
	"yinju/ingest/document"
	"yinju/ingest/queue"
	"yinju/rag"
	"yinju/rag/eval"
	"yinju/rag/gloss"
)

// explain says an error in the reader's language, with what was being done, as the error has it.
// English errors already say what to do; the Chinese ones are said here.
func (a *app) explain(err error) string {
	if a.lang == bot.English {
		return err.Error()
	}
	if zh := explainParts(err); zh != "" {
		return zh + "\n  （" + err.Error() + "）"
	}
	if zh := explainServe(err); zh != "" {
		return zh + "\n  （" + err.Error() + "）"
	}
	if zh := explainSync(err); zh != "" {
		return zh + "\n  （" + err.Error() + "）"
	}
	if zh := explainFile(err); zh != "" {
		return zh + "\n  （" + err.Error() + "）"
	}
	if zh := explainEval(err); zh != "" {
		return zh + "\n  （" + err.Error() + "）"
	}
	return bot.Explain(err, a.lang)
}

func explainParts(err error) string {
	var missing *local.MissingPartError
	var corrupt *local.CorruptPartError
	var wrong *local.WrongModelError
	var closed *local.ClosedFolderError
	var space *local.NoSpaceError
	var data *local.DataDirError
	var client *local.ClientError
	var format *gloss.FormatError
	switch {
	case errors.As(err, &missing):
		return fmt.Sprintf("缺少部件 %s：请先运行 yinju parts（或 make parts）。", missing.Name)
	case errors.As(err, &corrupt) && corrupt.Given:
		return fmt.Sprintf("文件已损坏或不是所需的那个：%s。请删除或替换它，再运行 yinju parts。", corrupt.Path)
	case errors.As(err, &corrupt):
		return fmt.Sprintf("部件已损坏：%s。请运行 yinju parts 重新取得。", corrupt.Path)
	case errors.As(err, &wrong):
		return fmt.Sprintf("文件夹 %s 里不是所需的模型 %s：请换成正确的模型，或不设 MODEL_DIR。", wrong.Folder, wrong.Model)
	case errors.As(err, &format):
		return fmt.Sprintf("词典 %s 第 %d 行不合 CC-CEDICT 的格式：请换一个文件，或不设 DICTIONARY_FILE。", format.Path, format.Line)
	case errors.As(err, &closed):
		return fmt.Sprintf("私有 Postgres 以 %s 的身份运行，进不了文件夹 %s：请执行 chmod o+x，或另设 DATA_DIR、PARTS_DIR，或改用普通用户运行。", closed.Account, closed.Folder)
	case errors.As(err, &space):
		return fmt.Sprintf("磁盘空间不足：%s 只剩 %d MB，需要 %d MB。请腾出空间，或另设 DATA_DIR。", space.Dir, space.FreeMB, space.NeedMB)
	case errors.As(err, &data):
		return fmt.Sprintf("数据文件夹 %s 不能用；其中的内容没有改动。请另设 DATA_DIR。", data.Dir)
	case errors.Is(err, local.ErrNoPip):
		return "找不到 pip：请安装 Python 3 与 pip；或按下面的说明自备部件。"
	case errors.Is(err, local.ErrNoMaven):
		return "找不到 Maven（mvn）：请安装 Java 与 Maven；或按下面的说明自备部件。"
	case errors.As(err, &client):
		return client.Client + " 没有成功：请检查网络与它的设置后再试。"
	}
	return ""
}

func explainFile(err error) string {
	var sidecar *ingest.SidecarError
	switch {
	case errors.As(err, &sidecar) && sidecar.Line > 0:
		return fmt.Sprintf("订正文件 %s 第 %d 行有误：请改正后再试；库中原有的内容不变。", sidecar.File, sidecar.Line)
	case errors.As(err, &sidecar):
		return fmt.Sprintf("订正文件 %s 不能用：请改正后再试；库中原有的内容不变。", sidecar.File)
	case errors.Is(err, ingest.ErrIsSidecar):
		return "这是订正文件，只说明另一个文件怎样切分：请给出那个文件。"
	case errors.Is(err, errNoCorpus):
		return "没有指明语料：请给出文件夹，或设置 CORPUS_DIR。"
	case errors.Is(err, ingest.ErrNoPath):
		return "路径是空的：请给出文件夹或文件。"
	case errors.Is(err, rag.ErrReplaced):
		return "另一个引据程序（更新的，或用别的模型）已经换掉了这个程序的索引：请各处用同一个程序；要换回来用 --force。"
	case errors.Is(err, ingest.ErrNoSources):
		return "文件夹里没有可读的文本文件；库没有改动。"
	case errors.Is(err, document.ErrBinary):
		return "不是文本文件。"
	case errors.Is(err, document.ErrEncoding):
		return "认不出文字的编码，或编码已损坏：请另存为 UTF-8 后再试。"
	case errors.Is(err, document.ErrScanned):
		return "页面是图片，没有文字：请先做文字识别（如 ocrmypdf）。"
	case errors.Is(err, document.ErrEncrypted):
		return "文件已加密：请另存为没有密码和版权保护的文件。"
	case errors.Is(err, document.ErrBroken):
		return "文件已损坏，或与扩展名不符。"
	case errors.Is(err, document.ErrBomb):
		return "文件解压后大得反常，没有读取。"
	case errors.Is(err, ingest.ErrTooLarge), errors.Is(err, document.ErrTooLarge):
		return "文件太大：请拆开。"
	case errors.Is(err, ingest.ErrNoText):
		return "文件里没有文字。"
	case errors.Is(err, ingest.ErrName):
		return "文件名不是 UTF-8，无法引用：请改名。"
	case errors.Is(err, ingest.ErrLink):
		return "不跟随指向文件夹的链接：请直接给出该文件夹。"
	case errors.Is(err, ingest.ErrSlow):
		return "文件传来得太慢（每秒不到 32 KB），没有等下去：请检查网络与服务器。"
	case errors.Is(err, ingest.ErrLeaves), errors.Is(err, ingest.ErrOtherName):
		return "服务器把这个地址转到了别处，没有收入：请在那里给出原来的文件。"
	case errors.Is(err, ingest.ErrNotTaken):
		return "不支持这种文件。"
	case errors.Is(err, fs.ErrNotExist):
		return "没有这个文件或文件夹：请检查路径。"
	case errors.Is(err, fs.ErrPermission):
		return "没有权限读写：请检查权限。"
	}
	return ""
}

// explainSync says why a sync did not do all. Of one that the queue ended there is the text alone.
func explainSync(err error) string {
	var mass *ingest.MassRemovalError
	var behind *rag.BehindError
	kept, _ := errors.AsType[told](err)
	says := func(part string) bool { return strings.Contains(string(kept), part) }
	switch {
	case errors.As(err, &mass), says("files would be removed; nothing was changed"):
		return "这次会移除库中太多的文件，没有改动：请看语料是不是齐全（文件夹也许没有挂载）；确实要移除，请用 --force。"
	case errors.As(err, &behind), says("the new index has nothing of"):
		return "新的索引还缺一些文件，仍由旧的回答：请修好或移走那些文件，或用 --force。"
	case errors.Is(err, ingest.ErrBusy):
		return "文件还在写入，下一次再收入。"
	case errors.Is(err, ingest.ErrScheme):
		return "不认识这种地址：语料是文件夹，或 s3://桶/前缀，或 http(s)://主机/文件夹/，“://”前用小写。"
	case errors.Is(err, ingest.ErrTilde):
		return "这里不展开 ~（那是 shell 做的）：请写出完整的文件夹。"
	case errors.Is(err, ingest.ErrMixed):
		return "存储桶或网页文件夹单独就是一份语料，不能与别的路径一起给。"
	case errors.Is(err, queue.ErrLost):
		return "这次收入还没有开始就取消了：请再运行一次。"
	case says("ingest stopped at"):
		return "收入中断了，此前存入的都在：看下面的原因，改好后再运行一次。"
	}
	return ""
}

func explainServe(err error) string {
	var network *net.OpError
	switch {
	case errors.Is(err, errNothingServed):
		return "没有什么可运行的：HTTP 已关闭（LISTEN_ADDR=off 或 --no-http），没有机器人（没有设 TELEGRAM_BOT_TOKEN，或用了 --no-telegram），也没有要收入的语料（没有设 CORPUS_DIR，或用了 --no-ingest）。"
	case errors.Is(err, errOpenToAll):
		return "LISTEN_ADDR 是别的机器也能访问的地址，而没有设 API_KEYS，谁都可以提问：请设 API_KEYS，或只在 127.0.0.1 上接受请求。"
	case errors.Is(err, errWebhookAlone):
		return "--no-http 与 TELEGRAM_WEBHOOK_URL 不能同用：webhook 要靠 HTTP 接收；不设它，就由机器人自己去取消息。"
	case errors.Is(err, syscall.EADDRINUSE):
		return "这个地址已被别的程序占用：请另设 LISTEN_ADDR，或设为 off。"
	case errors.As(err, &network) && network.Op == "listen":
		return "不能在这个地址接受请求：请另设 LISTEN_ADDR，或设为 off。"
	}
	return ""
}

func explainEval(err error) string {
	var line *eval.LineError
	var few *eval.TooFewError
	switch {
	case errors.As(err, &line):
		return fmt.Sprintf("问题文件第 %d 行有误：请改正后再试。", line.Line)
	case errors.Is(err, eval.ErrNoQuestions), errors.Is(err, errNoQuestionFile):
		return "没有问题：请给出问题文件，每行一个 JSON 对象，写法见 docs/contract.md。"
	case errors.As(err, &few):
		return fmt.Sprintf("只有 %d 个可答的问题和 %d 个不可答的，不足以拟合阈值；阈值没有改动。", few.Answerable, few.Unanswerable)
	case errors.Is(err, eval.ErrFloor):
		return "--min 写作 指标=数值 或 指标/类型=数值，数值在 0 与 1 之间。"
	case errors.Is(err, errNoModel):
		return "--model 需要语言模型：请设置 LLM_PROVIDER（openai、ollama 或 anthropic）与 LLM_MODEL，提供者要求时还有 LLM_BASE_URL 或 LLM_API_KEY。"
	case errors.Is(err, errFalseRefusals):
		return "--max-false-refusals 是 0 与 1 之间的比例。"
	}
	return ""
}
