// Package bot holds the ways in which people reach the product.
package bot

// Lang is the language that people are spoken to in.
type Lang string

// The languages there are.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Say returns the text in the language.
func (l Lang) Say(zh, en string) string {
	if l == English {
		return en
	}
	return zh
}
