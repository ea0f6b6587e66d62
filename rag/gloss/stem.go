package gloss

import "strings"

var stem = rules

// rules takes off the endings of plurals, of persons and of times.
func rules(w string) string {
	n := len(w)
	switch {
	case n < 4:
		return w
	case strings.HasSuffix(w, "sses"), strings.HasSuffix(w, "shes"), strings.HasSuffix(w, "ches"), strings.HasSuffix(w, "xes"):
		return w[:n-2]
	case strings.HasSuffix(w, "ies") && n > 4, strings.HasSuffix(w, "ied") && n > 4:
		return w[:n-3] + "y"
	case strings.HasSuffix(w, "ss"), strings.HasSuffix(w, "us"), strings.HasSuffix(w, "is"):
		return w
	case strings.HasSuffix(w, "s"):
		return dropE(w[:n-1])
	case strings.HasSuffix(w, "ing") && n > 5:
		return bare(w[:n-3])
	case strings.HasSuffix(w, "ed") && n > 4:
		return bare(w[:n-2])
	}
	return dropE(w)
}

func dropE(w string) string {
	if len(w) > 3 {
		return strings.TrimSuffix(w, "e")
	}
	return w
}

// bare undoes the doubling of planned and planning.
func bare(w string) string {
	n := len(w)
	if !strings.ContainsAny(w, "aeiouy") {
		return w
	}
	if n > 3 && w[n-1] == w[n-2] && !strings.ContainsAny(w[n-1:], "lsz") {
		return w[:n-1]
	}
	return dropE(w)
}
