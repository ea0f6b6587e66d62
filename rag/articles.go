package rag

import (
	"context"
	"fmt"
)

// Articles calls fn with every article of the store, or of the files named, in the order of the files.
func (s *Store) Articles(ctx context.Context, files []string, fn func(*Article) error) error {
	rows, _ := s.pool.Query(ctx, `select a.id, s.path, a.title, a.authors, a.publication, a.published, a.section, a.body, a.places, a.affiliation, a.facts, a.tears,
			array(select twin_id from article_twins where article_id = a.id order by twin_id)
		from articles a join sources s on s.id = a.source_id
		where cardinality($1::text[]) = 0 or s.path = any($1) order by s.path, a.ordinal`, append([]string{}, files...))
	defer rows.Close()
	for rows.Next() {
		var a Article
		var places []int32
		if err := rows.Scan(&a.ID, &a.File, &a.Title, &a.Authors, &a.Publication, &a.Date, &a.Section, &a.Text, &places, &a.Affiliation, &a.Facts, &a.Tears, &a.SameAs); err != nil {
			return fmt.Errorf("read the articles: %w", err)
		}
		a.Places = placesOf(places)
		if err := fn(&a); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the articles: %w", err)
	}
	return nil
}
