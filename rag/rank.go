package rag

import (
	"cmp"
	"math"
	"slices"
)

// mentionPassages is how many passages of each text that a question names are among the first, where it names several.
const mentionPassages = 3

// promoted puts the best passages of each text that the question names first, in turns: a comparison needs of all.
func (s *search) promoted(hits []Hit) []Hit {
	if len(s.scope) < 2 {
		return hits
	}
	first := make([]bool, len(hits))
	var promoted []Hit
	for range mentionPassages {
		for _, m := range s.scope {
			for i, h := range hits {
				if !first[i] && m.isOf(h.Passage.Article) {
					first[i], promoted = true, append(promoted, h)
					break
				}
			}
		}
	}
	for i, h := range hits {
		if !first[i] {
			promoted = append(promoted, h)
		}
	}
	return promoted
}

// lateLegWeight is what late interaction counts beside the mean of the two other legs, all as z-scores.
const lateLegWeight = 1.5

// What a passage gains, in z-scores, that is of an article which the question names: meantWeight where the question
// may be about other articles, too, else so much that no other one comes before it.
const (
	meantWeight = 2.0
	onlyWeight  = 6.0
)

// meant are the articles that the question names.
func (s *search) meant() (ids []int64) {
	for _, m := range s.scope {
		ids = append(ids, m.Articles...)
	}
	return distinct(ids)
}

// meantBy is what an article gains by being named.
func (s *search) meantBy(a *Article) (weight float64) {
	for _, m := range s.scope {
		switch {
		case !m.isOf(a):
		case m.Shared || m.Undated || m.Guessed:
			weight = max(weight, meantWeight)
		default:
			weight = onlyWeight
		}
	}
	return weight
}

// isOf says whether a mention is of an article; one that has only dates is of all that they cover.
func (m Mention) isOf(a *Article) bool {
	if m.Filter.Author+m.Filter.Publication+m.Filter.Title == "" {
		return m.Filter.covers(a.Date)
	}
	return slices.Contains(m.Articles, a.ID)
}

// rank sets each hit's score and sorts by it: the mean of the z-scores of both legs, and that of late interaction.
// Z-scores keep how far apart two passages are, which ranks forget; on the first corpus they beat reciprocal
// rank fusion. A leg that tells no passage from another does not vote.
func (s *search) rank(hits []Hit) {
	dense, words, tokens := make([]float64, len(hits)), make([]float64, len(hits)), make([]float64, len(hits))
	for i := range hits {
		hits[i].Lexical = s.lex.score[hits[i].Passage.ID]
		hits[i].near, hits[i].late = lateInteraction(s.codes, &hits[i].Passage)
		dense[i], words[i], tokens[i] = hits[i].Similarity, hits[i].Lexical, hits[i].late
	}
	fused := standard(meanOf(standard(dense), standard(words)))
	tokens = standard(tokens)
	for i := range hits {
		hits[i].Score += s.meantBy(hits[i].Passage.Article)
		if fused != nil {
			hits[i].Score += fused[i]
		}
		if tokens != nil {
			hits[i].Score += lateLegWeight * tokens[i]
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Passage.ID, b.Passage.ID))
	})
}

// standard gives z-scores; nil where all values are the same.
func standard(values []float64) []float64 {
	mean, deviation := moments(values)
	if deviation == 0 {
		return nil
	}
	z := make([]float64, len(values))
	for i, v := range values {
		z[i] = (v - mean) / deviation
	}
	return z
}

// meanOf is the mean of two legs, of which one or both may be nil.
func meanOf(a, b []float64) []float64 {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	mean := make([]float64, len(a))
	for i := range a {
		mean[i] = (a[i] + b[i]) / 2
	}
	return mean
}

func moments(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values))
	}
	return mean, math.Sqrt(deviation)
}
