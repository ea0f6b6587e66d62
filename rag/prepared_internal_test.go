package rag

import "testing"

func passageOf(id int64) Passage {
	return Passage{ID: id, Text: "桥很长。", Article: &Article{}, digest: []byte{1}}
}

func TestKeptPassagesAreBounded(t *testing.T) {
	t.Parallel()
	var c passageCache
	isKept := func(id int64) bool { return len(c.prepare([]Hit{{Passage: passageOf(id)}})) == 0 }
	for id := range int64(5 * keptPassages) {
		p := passageOf(id)
		c.add(&p)
		if !isKept(0) {
			t.Fatalf("a passage that is used all the time is gone after %d others", id)
		}
		if n := len(c.young) + len(c.old); n > 2*keptPassages {
			t.Fatalf("%d passages are kept", n)
		}
	}
	if isKept(keptPassages) || !isKept(5*keptPassages-1) {
		t.Error("the passages that were not used for long are to go, and no others")
	}
}

func TestWindowsOfAPreparedPassageAreThoseOfTheText(t *testing.T) {
	t.Parallel()
	p := Passage{ID: 1, Text: "桥长３０米。渠在１９５８年通水。塔高四十米，", Opens: true, Article: &Article{}}
	for _, r := range p.cut().runs {
		switch text := string([]rune(p.Text)[r.span.Start:r.span.End]); {
		case r.isQuotable && r.text != text:
			t.Errorf("%q, want %q", r.text, text)
		case r.isQuotable:
			for range 2 { // the second time it is known
				if folded := r.told().text; folded != foldText(text) {
					t.Errorf("%q is folded to %q", text, folded)
				}
			}
		}
	}
	if first, again := p.cut(), p.cut(); first != again {
		t.Error("a passage is cut once")
	}
}
