package ingest

import "yinju/rag"

// segmenter cuts the lines of one source into its articles, each with its own lines and what they say
// of title, authors, publication and date. Text and Places are filled by reflow afterwards.
type segmenter func(lines []line) []piece

// piece is one article of a source before reflow.
type piece struct {
	article rag.Article
	lines   []line
}

// wholeFile takes a source for one article without a title.
func wholeFile(lines []line) []piece {
	return []piece{{lines: lines}}
}

// articlesOf reads a source's articles from its raw bytes.
func articlesOf(raw []byte, segment segmenter) ([]*rag.Article, error) {
	lines, err := linesOf(raw)
	if err != nil {
		return nil, err
	}
	var articles []*rag.Article
	for _, p := range segment(lines) {
		a := p.article
		a.Text, a.Places = reflow(p.lines)
		if a.Text != "" {
			articles = append(articles, &a)
		}
	}
	if len(articles) == 0 {
		return nil, ErrNoText
	}
	return articles, nil
}
