package bot

import (
	"yinju/rag"
)

// CiteGBT7714 cites an article after GB/T 7714-2015.
func CiteGBT7714(a *rag.Article) string { return a.DisplayTitle() }

// CitePlain cites an article in words.
func CitePlain(a *rag.Article, lang Lang) string { return a.DisplayTitle() }
