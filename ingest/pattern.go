package ingest

import (
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// pattern is an anchored regular expression that is tried only on texts whose first character can begin a
// match. Nearly every row of a file is running text and fails there, at a fiftieth of the cost.
type pattern struct {
	*regexp.Regexp
	first *[0x10000 / 64]uint64 // the characters that begin a match, as bits; nil: any
}

func compile(expr string) pattern {
	p := pattern{Regexp: regexp.MustCompile(expr)}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return p
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return p
	}
	var bits [0x10000 / 64]uint64
	if collectFirst(prog, &bits) {
		p.first = &bits
	}
	return p
}

// collectFirst sets the bits of the characters that the program's first step takes; false where it can
// match without taking one.
func collectFirst(prog *syntax.Prog, bits *[0x10000 / 64]uint64) bool {
	seen := make([]bool, len(prog.Inst))
	stack := []uint32{uint32(prog.Start)} //nolint:gosec // an index of the program
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		in := &prog.Inst[at]
		switch in.Op {
		case syntax.InstMatch:
			return false
		case syntax.InstFail:
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			stack = append(stack, in.Out)
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			for r := range rune(0x10000) {
				if in.MatchRune(r) {
					bits[r/64] |= 1 << (r % 64)
				}
			}
		}
	}
	return true
}

// MatchString says whether text begins with a match.
func (p pattern) MatchString(text string) bool { return p.begins(text) && p.Regexp.MatchString(text) }

// FindStringSubmatch is the match at the beginning of text with its groups, or nil.
func (p pattern) FindStringSubmatch(text string) []string {
	if !p.begins(text) {
		return nil
	}
	return p.Regexp.FindStringSubmatch(text)
}

// begins says whether text's first character can begin a match.
func (p pattern) begins(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return p.first == nil || r >= 0x10000 || p.first[r/64]&(1<<(r%64)) != 0
}
