package bge

import (
	"errors"
	"fmt"
	"math"

	ort "github.com/yalue/onnxruntime_go"
)

// pass holds the memory of one forward pass, for the longest text, so that a run allocates next to nothing.
// It serves one goroutine at a time.
type pass struct {
	ids, mask, types []int64   // [MaxTokens]
	hidden           []float32 // [MaxTokens][Dimensions]
}

func newPass() *pass {
	p := &pass{
		ids:    make([]int64, MaxTokens),
		mask:   make([]int64, MaxTokens),
		types:  make([]int64, MaxTokens),
		hidden: make([]float32, MaxTokens*Dimensions),
	}
	for i := range p.mask {
		p.mask[i] = 1
	}
	return p
}

// forward runs the model over 1 to MaxTokens ids. The result is the last hidden state of every token,
// [len(ids)][Dimensions] row by row; it is p's memory, good until the next run.
func (p *pass) forward(session *ort.DynamicAdvancedSession, ids []int32) (hidden []float32, err error) {
	for i, id := range ids {
		p.ids[i] = int64(id)
	}
	tensors, err := p.tensors(len(ids))
	defer func() {
		for _, t := range tensors {
			err = errors.Join(err, t.Destroy())
		}
	}()
	if err != nil {
		return nil, err
	}
	if err := session.Run(tensors[:len(inputNames)], tensors[len(inputNames):]); err != nil {
		return nil, err
	}
	return p.hidden[:len(ids)*Dimensions], nil
}

// tensors shows the first n tokens of p to the runtime: the inputs in the order of inputNames, then the
// output. On an error it gives those made so far.
func (p *pass) tensors(n int) ([]ort.Value, error) {
	tensors := make([]ort.Value, 0, len(inputNames)+1)
	shape := ort.NewShape(1, int64(n))
	for _, data := range [][]int64{p.ids, p.mask, p.types} {
		t, err := ort.NewTensor(shape, data)
		if err != nil {
			return tensors, err
		}
		tensors = append(tensors, t)
	}
	t, err := ort.NewTensor(ort.NewShape(1, int64(n), Dimensions), p.hidden)
	if err != nil {
		return tensors, err
	}
	return append(tensors, t), nil
}

// pool gives the vector of the first token, [CLS], at length 1.
func pool(hidden []float32) ([]float32, error) {
	vector := make([]float32, Dimensions)
	copy(vector, hidden)
	return vector, normalise(vector)
}

// normalise scales vector to length 1 where it lies.
func normalise(vector []float32) error {
	var sum float64
	for _, x := range vector {
		sum += float64(x) * float64(x)
	}
	if length := math.Sqrt(sum); length > 0 && !math.IsInf(length, 1) {
		for i, x := range vector {
			vector[i] = float32(float64(x) / length)
		}
		return nil
	}
	return fmt.Errorf("vector of squared length %g", sum)
}
