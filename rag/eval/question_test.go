package eval_test

import (
	"errors"
	"strings"
	"testing"

	"yinju/rag"
	"yinju/rag/eval"
)

func TestReadTakesOneQuestionALine(t *testing.T) {
	t.Parallel()
	got, err := eval.Read(strings.NewReader("\ufeff" + `{"id": "a", "question": "桥在哪里？", "type": "fact", "answerable": true, "evidence": [{"article_id": "FILE:b.txt", "quote": "桥在河上", "start_line": 2, "end_line": 3}]}

{"question": "门票多少钱？", "note": "unknown keys are no fault"}
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].ID != "a" || got[0].Evidence[0].EndLine != 3 || got[1].ID != "3" || got[1].Type != "untyped" || got[1].Answerable {
		t.Errorf("got %+v", got)
	}
}

func TestReadSaysWhichLineCannotBeTakenAndWhy(t *testing.T) {
	t.Parallel()
	const good = `{"id": "a", "question": "桥在哪里？"}` + "\n"
	for name, c := range map[string]struct {
		text string
		line int
		want error
	}{
		"no JSON":               {good + "桥在哪里？", 2, nil},
		"a list":                {"[]", 1, nil},
		"no question":           {good + "\n" + `{"id": "b"}`, 3, rag.ErrNoQuestion},
		"no evidence":           {`{"question": "桥在哪里？", "answerable": true}`, 1, eval.ErrNoEvidence},
		"an empty quote":        {`{"question": "桥在哪里？", "answerable": true, "evidence": [{"quote": " ## \n12"}]}`, 1, nil},
		"lines that fall":       {`{"question": "桥在哪里？", "evidence": [{"quote": "桥", "start_line": 4, "end_line": 3}]}`, 1, nil},
		"the same id":           {good + good, 2, eval.ErrDuplicate},
		"a line that is long":   {good + strings.Repeat("长", 1<<20), 2, nil},
		"the number of a line":  {`{"id": "2", "question": "桥？"}` + "\n" + `{"question": "河？"}`, 2, eval.ErrDuplicate},
		"a question too long":   {`{"question": "` + strings.Repeat("长", 2001) + `"}`, 1, nil},
		"too many":              {strings.Repeat(`{"question": "桥？"}`+"\n", eval.MaxQuestions+1), eval.MaxQuestions + 1, eval.ErrTooMany},
		"a field of other type": {`{"question": 5}`, 1, nil},
	} {
		_, err := eval.Read(strings.NewReader(c.text))
		line, ok := errors.AsType[*eval.LineError](err)
		if !ok || line.Line != c.line || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := eval.Read(strings.NewReader("\n \n")); !errors.Is(err, eval.ErrNoQuestions) {
		t.Errorf("nothing: %v", err)
	}
}

func TestFloorsAreReadAndHeld(t *testing.T) {
	t.Parallel()
	floors, err := eval.ReadFloors(strings.NewReader("# of the examples\n\nhit@5 = 0.5 # half\nrefused/near-miss=1\nauc/other=0.1\n"))
	if err != nil || len(floors) != 3 || floors[1] != (eval.Floor{Name: "refused/near-miss", Value: 1}) {
		t.Fatalf("got %+v, %v", floors, err)
	}
	report := eval.NewReport([]eval.Outcome{with(0.9, 5), with(0.8, 6), without("near-miss", 0.7)})
	missed := report.Missed(floors)
	if len(missed) != 2 || missed[0].Name != "refused/near-miss" || !missed[0].Known || missed[0].Have != 0 || missed[1].Known {
		t.Errorf("missed %+v", missed)
	}
	for _, bad := range []string{"hit@5", "hit@5=1.1", "hit@5=-1", "hit@5=NaN", "hit@7=0.5", "=1", "false_refusals=0.1"} {
		if _, err := eval.ReadFloors(strings.NewReader(bad)); !errors.Is(err, eval.ErrFloor) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
