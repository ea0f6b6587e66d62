package rag

import (
	"context"
	"errors"
)

// ErrNoArticle says that the store has no article of an id.
var ErrNoArticle = errors.New("there is no such article")

// Article gives one article whole, as Articles does. It returns ErrNoArticle, or what the database said.
func (s *Store) Article(ctx context.Context, id int64) (*Article, error) {
	var found *Article
	err := s.Articles(ctx, nil, func(a *Article) error {
		if a.ID == id {
			found = a
		}
		return nil
	})
	if err == nil && found == nil {
		err = ErrNoArticle
	}
	return found, err
}
