package bot

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"yinju/rag"
)

// Explain says an error of rag in the reader's language. Other errors are given as they are.
func Explain(err error, lang Lang) string {
	if lang == English {
		return err.Error()
	}
	if zh := cmp.Or(explainReading(err), explainChinese(err)); zh != "" {
		return zh
	}
	return err.Error()
}

// AwayFor is after how long it is worth asking again where the database cannot be reached.
const AwayFor = 5 * time.Second

// Away says that the database cannot be reached, without what it is called.
func Away(lang Lang) string {
	return lang.Say("现在连不上数据库，请稍后再试。", "The database cannot be reached now. Try again later.")
}

func explainChinese(err error) string {
	var long *rag.LongQuestionError
	var filter *rag.FilterError
	var other *rag.OtherEmbedderError
	var old *rag.OldVectorError
	var server *rag.OldServerError
	var conversation *rag.ConversationError
	switch {
	case errors.As(err, &filter):
		return fmt.Sprintf("筛选条件 %s 不能用：%q。日期写作 YYYY、YYYY-MM 或 YYYY-MM-DD，起不晚于止；姓名、报刊与标题要有文字。", filter.Field, filter.Value)
	case errors.Is(err, rag.ErrNoQuestion):
		return "问题是空的，或不是文字：请用文字提问。"
	case errors.As(err, &long):
		return fmt.Sprintf("问题有 %d 个字，最多 %d 个：请问得简短些。", long.Have, rag.MaxQuestion)
	case errors.As(err, &conversation):
		return fmt.Sprintf("对话编号 %.200q 不能用：应是 1 至 %d 个可显示的字符。", conversation.ID, rag.MaxConversation)
	case errors.Is(err, rag.ErrEmptyCorpus):
		return "库里还没有文章：请先运行 yinju ingest 文件夹。"
	case errors.As(err, &other):
		return fmt.Sprintf("库中的向量来自 %s，现在用的是 %s：请重新运行 yinju ingest。", other.Stored, other.Used)
	case errors.Is(err, rag.ErrNoVector):
		return "数据库没有 pgvector：请在服务器上安装 0.8.4 以上的 vector 扩展；或不设 DATABASE_URL，改用私有的 Postgres。"
	case errors.As(err, &old):
		return fmt.Sprintf("数据库的 pgvector %s 太旧，需要 0.8.4 以上：请在服务器上升级，再执行 ALTER EXTENSION vector UPDATE。", old.Have)
	case errors.Is(err, rag.ErrChanging):
		return "能回答的文章正在更新：请稍候再问。"
	case errors.Is(err, rag.ErrNotLogged):
		return "回答有效，但没能记入日志：" + err.Error()
	case errors.As(err, &server):
		return fmt.Sprintf("数据库 PostgreSQL %s 太旧，需要 17 以上：请换服务器；或不设 DATABASE_URL，改用私有的 Postgres。", server.Have)
	case errors.Is(err, rag.ErrNewerSchema):
		return "这个数据库由更新的 yinju 建立：请升级本程序，或换一个数据库。"
	case rag.IsFull(err):
		return "数据库所在的磁盘已满：请腾出空间再试。已存入的内容不受影响。"
	}
	return ""
}

// explainReading says the errors of looking at answers and articles.
func explainReading(err error) string {
	var filter *rag.FilterError
	var page *rag.PageError
	var feedback *rag.FeedbackError
	switch {
	case errors.As(err, &filter) && filter.Field == "words":
		return fmt.Sprintf("要找的词不能用：应是文字，最多 %d 个字。", rag.MaxBrowseWords)
	case errors.As(err, &page):
		return fmt.Sprintf("不能从第 %d 篇起列出 %d 篇：每次 1 至 %d 篇，从 0 起。", page.Offset, page.Limit, rag.MaxBrowse)
	case errors.As(err, &feedback) && feedback.Field == "note":
		return fmt.Sprintf("评语不能用：应是文字，最多 %d 个字。", rag.MaxNote)
	case errors.As(err, &feedback):
		return fmt.Sprintf("评价者的名字不能用：应是 1 至 %d 个字。", rag.MaxReader)
	case errors.Is(err, rag.ErrNoArticle):
		return "没有这篇文章：它可能已不在库中。"
	case errors.Is(err, rag.ErrNoAnswer):
		return "没有这个回答：日志中没有它。"
	case errors.Is(err, rag.ErrNoCitation):
		return "这个回答没有这一条引文。"
	case errors.Is(err, rag.ErrGone):
		return "原文已不再有这段话：文件在引用之后改动过，或已不在库中。"
	}
	return ""
}
