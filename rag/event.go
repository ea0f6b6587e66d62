package rag

// Stage is what an answer is waiting for.
type Stage string

// The stages.
const (
	StageSearch Stage = "searching" // passages are looked for
	StageWrite  Stage = "writing"   // a model writes about them
)

// Event is a piece of an answer on its way: a stage, a text or a citation. The texts of an answer's events, one
// behind the other, are its Text, and a citation comes before the text that has its number.
type Event struct {
	Stage    Stage
	Text     string
	Written  bool // the text is of an answer that a model wrote, as far as it holds
	Citation *Citation
}
