package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"yinju/bot"
	"yinju/rag"
	"yinju/rag/eval"
	"yinju/rag/llm"
	"yinju/report"
)

// measured is a small report with everything in it that is shown.
func measured(t *testing.T) *eval.Report {
	t.Helper()
	good := eval.Outcome{Question: eval.Question{ID: "good", Type: "fact", Question: "桥在哪里？", Answerable: true}, Status: rag.Answered, Confidence: 0.8, Rank: 1, EvidenceAt: 1}
	bad := eval.Outcome{
		Question: eval.Question{
			ID: "bad", Type: "fact", Question: "谁造的<script>alert(1)</script>\x1b[2J？", Answerable: true,
			Evidence: []eval.Evidence{{ArticleID: "FILE:a.txt", Quote: "李春造的桥", StartLine: 3, EndLine: 4}},
		},
		Status: rag.Related, Confidence: 0.45, Rank: 2,
		Quotes: []eval.Quoted{{Quote: "别的一句话。", File: "a.txt", StartLine: 7, EndLine: 7}},
	}
	near := eval.Outcome{Question: eval.Question{ID: "near", Type: "near-miss", Question: "门票多少钱？"}, Status: rag.Answered, Confidence: 0.6}
	far := eval.Outcome{Question: eval.Question{ID: "far", Type: "near-miss", Question: "轮胎怎样充气？"}, Status: rag.NotFound, Confidence: 0.3}
	r := eval.NewReport([]eval.Outcome{good, bad, near, far})
	r.Thresholds, r.Missing = rag.Thresholds{Answered: 0.5, Related: 0.4}, []string{"FILE:gone.txt"}
	r.Calibration = &eval.Calibration{Old: r.Thresholds, New: rag.Thresholds{Answered: 0.7, Related: 0.4}, CrossValidated: eval.Effect{Refused: map[string]eval.Share{"near-miss": {N: 7, Of: 9}}}}
	return &r
}

func TestTextShowsFiguresAndWhatFailed(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := report.Text(&out, bot.English, measured(t)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"4 questions: 2 answerable, 2 not", "no file for this evidence: FILE:gone.txt",
		"hit@1           0.500  1/2  0.095–0.905\n", "auc             0.750\n", "answered 0.500 → 0.700", "7/9",
		"bad   fact       related   0.450  谁造的<script>alert(1)</script>�[2J？\n", "near  near-miss  answered  0.600  门票多少钱？\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "桥在哪里") {
		t.Error("a question that did not fail is listed")
	}
}

// byModel is a small report of answers that a model wrote.
func byModel(t *testing.T) *eval.Report {
	t.Helper()
	o := eval.Outcome{
		Question: eval.Question{ID: "w", Type: "fact", Question: "桥在哪里？", Answerable: true}, Status: rag.Answered, Confidence: 0.8, Rank: 1,
		Held: []rag.Verdict{rag.Yes, rag.No},
		Written: &eval.Written{
			Model: "m<1>", Used: true, LeftOut: 1, Lost: 2, Unknown: 3, Tokens: llm.Usage{Prompt: 100, Completion: 20, Calls: 2, Cost: 0.25, Estimated: true},
			Sentences: []eval.Sentence{
				{Text: "桥在<b>河上</b>。", Supported: rag.Yes, Precise: []rag.Verdict{rag.Yes, rag.No}},
				{Text: "桥在山里。", Supported: rag.No, Precise: []rag.Verdict{rag.No}},
			},
		},
	}
	failed := eval.Outcome{Question: eval.Question{ID: "f", Type: "fact", Question: "谁造的？", Answerable: true}, Status: rag.Answered, Written: &eval.Written{Model: "m<1>", Why: rag.Failed, Error: "down\x1b[2J"}}
	r := eval.NewReport([]eval.Outcome{o, failed})
	r.Model.Judging = &eval.Judging{Asked: 9, Unjudged: 4, Error: "late", Tokens: llm.Usage{Calls: 9}}
	return &r
}

func TestReportsSayWhatTheModelDid(t *testing.T) {
	t.Parallel()
	r := byModel(t)
	var text, page strings.Builder
	if err := errors.Join(report.Text(&text, bot.English, r), report.HTML(&page, bot.English, r)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Language model m<1>: 2 calls, about 120 tokens (100 in, 20 out), cost 0.2500. It altered or invented 2 quotations and used 3 codes",
		"A call failed: down�[2J", "asked 9 times, and said neither yes nor no 4 times", "A judgement failed: late",
		"citation_recall     0.500  1/2", "citation_precision  0.333  1/3", "support             0.667  2/3", "written             0.500  1/2", "key_points          0.500  1/2",
		"why not the model's  n\nfailed               1\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text.String())
		}
	}
	for _, want := range []string{"m&lt;1&gt;", "桥在&lt;b&gt;河上", `桥在山里。 <b class="bad">not borne out`, "<th>failed</th><td>1</td>", "<th>citation_recall", "A judgement failed"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in the page\n%s", want, page.String())
		}
	}
	r.Model.Judging = nil
	text.Reset()
	if err := report.Text(&text, bot.Chinese, r); err != nil || !strings.Contains(text.String(), "按字词") || !strings.Contains(text.String(), "没有作答") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

func TestHTMLIsOnePageWithPlotsAndNoScript(t *testing.T) {
	t.Parallel()
	for _, lang := range []bot.Lang{bot.Chinese, bot.English} {
		var out strings.Builder
		if err := report.HTML(&out, lang, measured(t)); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		for _, want := range []string{
			"default-src &#39;none&#39;", "谁造的&lt;script&gt;", "李春造的桥", "FILE:a.txt:3-4", "别的一句话。", "a.txt:7-7",
			`<polyline class="curve c0" points="0,320 0,320 `, `<circle class="c0" cx="160" cy="160" r="5"/>`, // at .5: one of two, one of two
			`<rect class="fill" width="150"`, lang.Say("证据在第 2 段", "evidence in passage 2"), lang.Say("原文件里没有", "not in the file"),
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in the page", lang, want)
			}
		}
		if found := regexp.MustCompile(`(?i)<script|style="|\ssrc=|href=|https?:|ZgotmplZ`).FindString(text) + regexp.MustCompile(`NaN`).FindString(text); found != "" {
			t.Errorf("%s: %q is in the page", lang, found)
		}
		wellFormed(t, text)
	}
}

// wellFormed says whether every plot is closed as XML is.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	plots := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1)
	if len(plots) != 5 {
		t.Errorf("%d plots, want 3 bars, the curve and the reliability", len(plots))
	}
	for _, plot := range plots {
		for d := xml.NewDecoder(strings.NewReader(plot)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, plot)
			}
		}
	}
}
