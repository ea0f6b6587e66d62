package main

import "yinju/rag"

// writing is how the configured language model writes, nil where none is set.
func (a *app) writing() (*rag.Writing, error) { return nil, nil }

// answerer answers with the configured language model, where one is set.
func (a *app) answerer(retriever *rag.Retriever) (*rag.Answerer, error) {
	w, err := a.writing()
	answerer := rag.NewAnswerer(retriever, a.db)
	if w == nil || err != nil {
		return answerer, err
	}
	return answerer.WithWriting(*w), nil
}
