package bge

import (
	"errors"
	"fmt"
	"slices"

	ort "github.com/yalue/onnxruntime_go"
)

// WrongModelError says that the file at Path is not the model this package knows, and why.
type WrongModelError struct{ Path, Reason string }

func (e *WrongModelError) Error() string {
	return fmt.Sprintf("%s is not bge-small-zh-v1.5: %s", e.Path, e.Reason)
}

const outputName = "last_hidden_state"

var inputNames = []string{"input_ids", "attention_mask", "token_type_ids"}

// openSession reads the graph at path for runs of one thread each, which many goroutines may make at once:
// on two cores that gives more passages than runs of two threads.
func openSession(path string) (*ort.DynamicAdvancedSession, error) {
	if err := checkGraph(path); err != nil {
		return nil, err
	}
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		options.SetIntraOpNumThreads(1),
		options.SetInterOpNumThreads(1),
		options.SetExecutionMode(ort.ExecutionModeSequential),
		// What goes wrong comes back as an error; it need not be on stderr as well.
		options.SetLogSeverityLevel(ort.LoggingLevelFatal),
	)
	if err != nil {
		return nil, errors.Join(err, options.Destroy())
	}
	session, err := ort.NewDynamicAdvancedSession(path, inputNames, []string{outputName}, options)
	if err != nil {
		return nil, errors.Join(&WrongModelError{path, err.Error()}, options.Destroy())
	}
	return session, options.Destroy()
}

// checkGraph reads the graph without optimising it, which takes a fraction of the time.
func checkGraph(path string) error {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return err
	}
	err = errors.Join(
		options.SetGraphOptimizationLevel(ort.GraphOptimizationLevelDisableAll),
		options.SetLogSeverityLevel(ort.LoggingLevelFatal),
	)
	if err == nil {
		err = checkShape(path, options)
	}
	return errors.Join(err, options.Destroy())
}

func checkShape(path string, options *ort.SessionOptions) error {
	inputs, outputs, err := ort.GetInputOutputInfoWithOptions(path, options)
	if err != nil {
		return &WrongModelError{path, err.Error()}
	}
	if reason := wrongInputs(inputs); reason != "" {
		return &WrongModelError{path, reason}
	}
	if reason := wrongOutput(outputs); reason != "" {
		return &WrongModelError{path, reason}
	}
	return nil
}

func wrongInputs(inputs []ort.InputOutputInfo) string {
	for _, in := range inputs {
		if !slices.Contains(inputNames, in.Name) {
			return fmt.Sprintf("it has an input %q", in.Name)
		}
		if in.DataType != ort.TensorElementDataTypeInt64 || len(in.Dimensions) != 2 {
			return fmt.Sprintf("input %s is %s%v, want int64[batch tokens]", in.Name, in.DataType, in.Dimensions)
		}
	}
	if len(inputs) != len(inputNames) {
		return fmt.Sprintf("it has %d inputs, want %v", len(inputs), inputNames)
	}
	return ""
}

func wrongOutput(outputs []ort.InputOutputInfo) string {
	for _, out := range outputs {
		if out.Name != outputName {
			continue
		}
		d := out.Dimensions
		if out.DataType != ort.TensorElementDataTypeFloat || len(d) != 3 || d[2] != Dimensions {
			return fmt.Sprintf("output %s is %s%v, want float[batch tokens %d]", out.Name, out.DataType, d, Dimensions)
		}
		return ""
	}
	return "it has no output " + outputName
}
