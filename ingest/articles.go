package ingest

import "yinju/rag"

// articlesOf reads a source's articles from its raw bytes.
func articlesOf(raw []byte) ([]*rag.Article, error) {
	lines, err := linesOf(raw)
	if err != nil {
		return nil, err
	}
	var articles []*rag.Article
	pieces, _, style := segment(lines)
	for _, p := range pieces {
		a := p.article
		reflow(&a, p.rows, style)
		if a.Text != "" {
			articles = append(articles, &a)
		}
	}
	if len(articles) == 0 {
		return nil, ErrNoText
	}
	return articles, nil
}
