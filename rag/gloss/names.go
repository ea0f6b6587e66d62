package gloss

// addNames adds what is written like a name and has not been found as one.
func (q *question) addNames(found []placed) []placed {
	for i := 0; i < len(q.words); {
		j := q.nameEnd(i)
		for _, start := range q.nameStarts(i, j) {
			found = q.addName(found, start, j)
		}
		i = max(i+1, j)
	}
	return found
}

// nameEnd is where the name ends that begins at word i; i for none.
func (q *question) nameEnd(i int) int {
	if !q.isNameLike(i) {
		return i
	}
	j := i + 1
	for j < len(q.words) && q.isNameLike(j) && q.words[j].spaced {
		if q.beginsName(i) {
			return j + 1
		}
		if q.beginsName(j) {
			return j
		}
		j++
	}
	return j
}

// isNameLike says whether a word may be part of a name.
func (q *question) isNameLike(i int) bool {
	w := q.words[i]
	if len(w.key) < 2 || q.isSkipped(i) && (w.first || q.caseless) {
		return false
	}
	return w.shape == capital || q.caseless && w.shape == small && !q.isKnown(i)
}

func (q *question) isKnown(i int) bool {
	p, ok := q.render(i, i+1)
	return ok && !p.Name
}

// beginsName says whether word i is a surname and the next one is capitalised.
func (q *question) beginsName(i int) bool {
	return i+1 < len(q.words) && q.surnames[q.words[i].key] && q.capitals(i, i+2) && q.words[i+1].spaced
}

// nameStarts are the words at which the name that ends at j may begin: the first word of a sentence may belong
// to it or not.
func (q *question) nameStarts(i, j int) []int {
	switch {
	case j == i, j == i+1 && q.words[i].first && q.isKnown(i):
		return nil
	case j > i+1 && q.words[i].first && q.isKnown(i):
		return []int{i, i + 1}
	}
	return []int{i}
}

// addName adds a name, unless a phrase has been found that it is, or is in.
func (q *question) addName(found []placed, i, j int) []placed {
	for k := range found {
		if f := &found[k]; f.start <= i && j <= f.end {
			f.Name = f.Name || f.end-f.start == j-i
			return found
		}
	}
	p, _ := q.render(i, j)
	p.Name = true
	return append(found, p)
}
