package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"yinju/bot"
	"yinju/deploy/local"
	"yinju/rag"
	"yinju/rag/eval"
)

// commands is the grammar of the command line.
type commands struct {
	Parts    partsCommand    `cmd:"" help:"${parts}"`
	Ingest   ingestCommand   `cmd:"" help:"${ingest}"`
	Articles articlesCommand `cmd:"" help:"${articles}"`
	Search   searchCommand   `cmd:"" help:"${search}"`
	Ask      askCommand      `cmd:"" help:"${ask}"`
	History  historyCommand  `cmd:"" help:"${history}"`
	Feedback feedbackCommand `cmd:"" help:"${feedback}"`
	Runs     runsCommand     `cmd:"" help:"${runs}"`
	Verify   verifyCommand   `cmd:"" help:"${verify}"`
	Eval     evalCommand     `cmd:"" help:"${eval}"`
	Serve    serveCommand    `cmd:"" help:"${serve}"`
	Health   healthCommand   `cmd:"" help:"${health}"`
}

func helpTexts(lang bot.Lang) kong.Vars {
	return kong.Vars{
		"parts":       lang.Say("取得固定版本的部件（Postgres、ONNX Runtime、模型、词典）；已有则什么也不做", "Fetch the pinned parts (Postgres, ONNX Runtime, model, dictionary); does nothing when they are there"),
		"ingest":      lang.Say("让库与语料一致：给文件夹，则它就是全部语料；给文件，则只增改该文件；不给则用 CORPUS_DIR", "Make the store equal to the corpus: folders named are the whole of it, a file named is only added; without a path, CORPUS_DIR"),
		"articles":    lang.Say("列出库中的文章；或用 --preview 预览一个文件怎样切分", "List the articles in the store; or with --preview, show how a file would be cut"),
		"search":      lang.Say("查找最相关的段落", "Find the passages nearest to a question"),
		"ask":         lang.Say("回答问题，逐字引用原文并注明出处；不带问题则进入对话", "Answer a question with verbatim quotes; without a question, a small chat"),
		"feedback":    lang.Say("列出读者对回答的评价", "List what readers found of answers"),
		"history":     lang.Say("列出给过的回答，引文与当时完全一样", "List the answers given, with their quotes as they were"),
		"n":           lang.Say("最多几条（1 至 1000）", "How many at most (1 to 1000)"),
		"runs":        lang.Say("列出最近的收入：何时、改了什么、什么没有收入及原因", "List the last syncs of the corpus: when, what changed, what failed and why"),
		"nruns":       lang.Say("最多几次（1 至 100）", "How many at most (1 to 100)"),
		"verify":      lang.Say("把库中每篇文章、每条已给出的引文与源文件重新核对", "Check every stored article and every citation given against the source files again"),
		"health":      lang.Say("检查部件、数据库、模型与语料", "Check parts, database, model and corpus"),
		"serve":       lang.Say("运行 HTTP 服务与 Telegram 机器人，并使库与语料（CORPUS_DIR）保持一致，直到收到结束信号", "Run the HTTP server and the Telegram bot, and keep the store equal to the corpus (CORPUS_DIR), until a signal ends it"),
		"nohttp":      lang.Say("不开 HTTP", "Without HTTP"),
		"notelegram":  lang.Say("不开 Telegram 机器人", "Without the Telegram bot"),
		"noingest":    lang.Say("不收入语料：没有定时，不看文件夹的改动，也不替别的进程做", "Without ingest: no schedule, no watching, no work for other processes"),
		"json":        lang.Say("输出 JSON", "Print JSON"),
		"k":           lang.Say("最多几个段落（1 至 100）", "How many passages at most (1 to 100)"),
		"dryrun":      lang.Say("只说会改动什么，不改动", "Only say what would change"),
		"force":       lang.Say("即使会移除库中大部分文件也照做", "Go on even where most of what is in the store would be removed"),
		"paths":       lang.Say("文件夹或文件，或 s3://桶/前缀，或 http(s)://主机/文件夹/", "Folders or files, or s3://BUCKET/PREFIX, or http(s)://HOST/FOLDER/"),
		"files":       lang.Say("语料中的文件名；不给则全部", "Files of the corpus; all when none is given"),
		"preview":     lang.Say("逐行显示一个文件会怎样切成文章，不用数据库", "Show line by line how a file would be cut into articles, without the database"),
		"html":        lang.Say("与 --preview 同用：输出一个网页", "With --preview: print one web page"),
		"sidecar":     lang.Say("与 --preview 同用：只输出订正文件（YAML）", "With --preview: print the sidecar (YAML) to correct, alone"),
		"color":       lang.Say("预览的颜色：auto、always、never", "Colour of the preview: auto, always, never"),
		"author":      lang.Say("只在这位作者的文章中查找", "Look in articles of this author only"),
		"publication": lang.Say("只在这家报刊的文章中查找", "Look in articles of this publication only"),
		"title":       lang.Say("只在标题含有这些字的文章中查找", "Look in articles with this in their title only"),
		"file":        lang.Say("只在这个文件或文件夹中查找", "Look in this file or folder of the corpus only"),
		"from":        lang.Say("只找此日（YYYY、YYYY-MM 或 YYYY-MM-DD）及以后的文章", "Look in articles of this date (YYYY, YYYY-MM or YYYY-MM-DD) and later"),
		"to":          lang.Say("只找此日及以前的文章", "Look in articles of this date and earlier"),
		"question":    lang.Say("问题", "The question"),

		"conversation": lang.Say("这个问题所属的对话（1 至 128 个字符的编号）：接着前面的问题来理解", "The conversation that the question belongs to, an id of 1 to 128 characters: it is understood out of the questions before"),

		"eval":             lang.Say("用已知答案的问题衡量检索、引文与拒答", "Measure search, quotes and refusals on questions whose answers are known"),
		"evalhtml":         lang.Say("另写一份带图的网页报告", "Also write a report with plots, as one web page"),
		"min":              lang.Say("某项指标的下限，如 hit@5=0.9 或 refused/near-miss=0.5；达不到则退出码为 1（可多次给出）", "The least that a figure may be, such as hit@5=0.9 or refused/near-miss=0.5; the exit code is 1 below it (repeatable)"),
		"evalmodel":        lang.Say("由所设的语言模型写回答，并衡量写得怎样；不给则只量引文，不花费用", "Let the configured language model write the answers, and measure what it writes; without it answers are quotes alone and cost nothing"),
		"judge":            lang.Say("与 --model 同用：由该模型判断句子是否有据、要点是否说到，不按字词比对", "With --model: the model judges what is supported and which key points are said, instead of a comparison of words"),
		"calibrate":        lang.Say("据这些问题拟合回答与否的阈值，并存入数据库", "Fit the threshold of answering to these questions and keep it in the database"),
		"maxfalserefusals": lang.Say("拟合时最多可误拒多少可答的问题", "The share of answerable questions that a fit may refuse"),
		"falserefusals":    strconv.FormatFloat(eval.MaxFalseRefusals, 'g', -1, 64),
		"resetcalibration": lang.Say("恢复默认阈值", "Go back to the thresholds of the program"),
		"questions":        lang.Say("问题文件（JSON Lines）", "Files of questions (JSON Lines)"),
	}
}

type partsCommand struct{}

func (c *partsCommand) Run(ctx context.Context, a *app) error {
	dir, err := a.partsDir()
	if err != nil {
		return err
	}
	return local.Fetch(ctx, dir, func(line string) { fmt.Fprintln(a.err, line) }, a.ownParts()...)
}

// ownParts are the parts that the person has set something of their own for.
func (a *app) ownParts() (own []local.Part) {
	for part, set := range map[local.Part]bool{
		local.PostgresPart: a.cfg.DatabaseURL != "", local.RuntimePart: a.cfg.RuntimeLib != "", local.ModelPart: a.cfg.ModelDir != "",
		local.DictionaryPart: a.cfg.Dictionary != "",
	} {
		if set {
			own = append(own, part)
		}
	}
	return own
}

type articlesCommand struct {
	JSON  bool     `help:"${json}"`
	Files []string `arg:"" optional:"" help:"${files}"`
	previewFlags
}

func (c *articlesCommand) Run(ctx context.Context, a *app) error {
	if err := c.check(c.JSON || len(c.Files) > 0); err != nil {
		return err
	}
	if c.Preview != "" {
		return a.preview(ctx, c.previewFlags)
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return err
	}
	out := json.NewEncoder(a.out)
	out.SetEscapeHTML(false)
	n := 0
	err = store.Articles(ctx, c.Files, func(article *rag.Article) error {
		n++
		if c.JSON {
			return out.Encode(bot.ArticleOf(article))
		}
		at := article.Places.Locate(rag.Span{Start: 0, End: len([]rune(article.Text))})
		_, err := fmt.Fprintf(a.out, "%s\t%s:%d-%d\t%s\n", rag.FormatID(article.ID), bot.OneLine(article.File), at.StartLine, at.EndLine, bot.OneLine(article.DisplayTitle()))
		return err
	})
	if err == nil && n == 0 && len(c.Files) > 0 {
		return fmt.Errorf("list articles: %s is not in the store; files are named as in the corpus folder", strings.Join(c.Files, " "))
	}
	return err
}

// filterFlags say which articles to look in.
type filterFlags struct {
	Author      string `help:"${author}"`
	Publication string `help:"${publication}"`
	Title       string `help:"${title}"`
	File        string `help:"${file}"`
	From        string `help:"${from}"`
	To          string `help:"${to}"`
}

func (f filterFlags) filter() rag.Filter { return rag.Filter(f) }

type searchCommand struct {
	JSON     bool     `help:"${json}"`
	K        int      `short:"k" default:"10" help:"${k}"`
	Question []string `arg:"" help:"${question}"`
	filterFlags
}

func (c *searchCommand) Run(ctx context.Context, a *app) error {
	if c.K < 1 || c.K > 100 {
		return usageError{fmt.Errorf("search: -k %d is not a number of passages from 1 to 100", c.K)}
	}
	q := rag.Query{Question: strings.Join(c.Question, " "), Filter: c.filter()}
	if err := q.Check(); err != nil { // before anything is started
		return usageError{err}
	}
	retriever, err := a.openRetriever(ctx)
	if err != nil {
		return err
	}
	hits, scopes, err := retriever.SearchIn(ctx, q, c.K)
	if err != nil {
		return err
	}
	if !c.JSON {
		return a.terminal().Hits(hits, scopes)
	}
	out := json.NewEncoder(a.out)
	out.SetEscapeHTML(false)
	for _, h := range hits {
		if err := out.Encode(bot.PassageOf(h)); err != nil {
			return err
		}
	}
	return nil
}

type askCommand struct {
	JSON         bool     `help:"${json}"`
	Conversation *string  `placeholder:"ID" help:"${conversation}"`
	Question     []string `arg:"" optional:"" help:"${question}"`
	filterFlags
}

func (c *askCommand) Run(ctx context.Context, a *app) error {
	q := rag.Query{Question: strings.Join(c.Question, " "), Filter: c.filter()}
	if err := q.Check(); err != nil && (len(c.Question) > 0 || !errors.Is(err, rag.ErrNoQuestion)) {
		return usageError{err}
	}
	conversation, err := c.conversation()
	if err != nil {
		return err
	}
	retriever, err := a.openRetriever(ctx)
	if err != nil {
		return err
	}
	answerer, err := a.answerer(retriever)
	if err != nil {
		return err
	}
	show := a.show(c.JSON)
	if len(c.Question) == 0 {
		return bot.Chat{
			In: a.in, Out: a.out, Lang: a.lang, Ask: answerer, Show: show, Prompt: isTerminal(a.in) && !c.JSON,
			Conversation: conversation, Filter: q.Filter,
		}.Run(ctx)
	}
	q.Conversation = conversation
	answer, err := answerer.Stream(ctx, q, show.Piece)
	if err != nil && !errors.Is(err, rag.ErrNotLogged) {
		return err
	}
	return errors.Join(show.Answer(answer), err)
}

// conversation is the id that was given, "" for none.
func (c *askCommand) conversation() (string, error) {
	if c.Conversation == nil {
		return "", nil
	}
	if err := rag.CheckConversation(*c.Conversation); err != nil {
		return "", usageError{err}
	}
	return *c.Conversation, nil
}

// show is how answers, and questions that cannot be taken, are put out.
func (a *app) show(asJSON bool) bot.Shower {
	if !asJSON {
		return &bot.Live{Terminal: a.terminal()}
	}
	out := json.NewEncoder(a.out)
	out.SetEscapeHTML(false)
	return jsonLines{out}
}

// jsonLines puts out one object a line: an Answer, or a question with the error that it met.
type jsonLines struct{ out *json.Encoder }

func (j jsonLines) Piece(rag.Event) error { return nil }

func (j jsonLines) Answer(a rag.Answer) error { return j.out.Encode(a) }

func (j jsonLines) Refuse(question string, err error) error {
	return j.out.Encode(struct {
		Question string `json:"question"`
		Error    string `json:"error"`
	}{question, err.Error()})
}

// printEach prints what a command lists: each as a line of JSON, or as show shows it.
func printEach[T any](a *app, all []T, asJSON bool, line func(T) any, show func(T) error) error {
	out := json.NewEncoder(a.out)
	out.SetEscapeHTML(false)
	for _, x := range all {
		var err error
		if asJSON {
			err = out.Encode(line(x))
		} else {
			err = show(x)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
