// Package bge embeds Chinese text with BAAI/bge-small-zh-v1.5 on ONNX Runtime: int8 weights, vectors of
// [Dimensions] numbers, taken from the [CLS] token and of length 1, as its model card asks. Texts of up to
// [MaxTokens] tokens fit; nothing is ever cut silently. The same pass gives a [Code] for each token.
package bge
