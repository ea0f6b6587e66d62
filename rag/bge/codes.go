package bge

import (
	_ "embed"
	"encoding/binary"
	"math"
)

// Code is a token as the model sees it in its text: the signs of its [Dimensions] numbers in the last hidden
// state, less those of the mean token. Number i is bit i%64 of word i/64, set where it is above the mean. Two
// tokens are the more alike the more of their bits agree, as in the late interaction of ColBERT (Khattab and
// Zaharia 2020). Codes of a query and of a document can be compared.
type Code = [Dimensions / 64]uint64

// CodesVersion names the way in which codes are made: change it with that way, or with mean.bin.
const CodesVersion = "codes1"

// Encoded is what one pass makes of a text. It is no type of this package's own, so that others can name it
// without importing the package.
type Encoded = struct {
	Vector []float32 // [Dimensions] numbers of length 1
	Codes  []Code    // of the text's tokens in their order, without markers and prefix
	Starts []int     // the rune of the text at which each of them begins; never decreasing
}

//go:embed mean.bin
var meanFile []byte

// mean is the mean token: the last hidden state averaged over the tokens of the index texts of
// examples/corpus. All tokens have much of it in common, and their signs would tell them apart less with it.
// TestMeanToken makes its file: [Dimensions]float32, little endian.
var mean = readMean(meanFile)

func readMean(file []byte) (mean [Dimensions]float32) {
	for i := range mean {
		mean[i] = math.Float32frombits(binary.LittleEndian.Uint32(file[4*i:]))
	}
	return mean
}

// appendCodes appends a code for each token of hidden, [tokens][Dimensions].
func appendCodes(codes []Code, hidden []float32) []Code {
	for ; len(hidden) >= Dimensions; hidden = hidden[Dimensions:] {
		codes = append(codes, codeOf((*[Dimensions]float32)(hidden)))
	}
	return codes
}

// codeOf takes the sign bit of mean - x: x > mean without a branch, which no processor could foretell.
func codeOf(token *[Dimensions]float32) (code Code) {
	for word := range code {
		var set uint64
		for bit := range 64 {
			i := 64*word + bit
			set |= uint64(math.Float32bits(mean[i]-token[i])>>31) << bit
		}
		code[word] = set
	}
	return code
}
