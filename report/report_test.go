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
