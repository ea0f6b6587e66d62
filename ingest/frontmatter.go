package ingest

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"yinju/rag"
)

// Limits of a block of front matter.
const (
	maxFrontLines = 100
	maxFrontBytes = 64 << 10
)

// frontKeys are the keys that make a block between fences front matter, and what they say.
var frontKeys = map[string]rag.Field{
	"title": rag.TitleField, "标题": rag.TitleField, "author": rag.AuthorsField, "authors": rag.AuthorsField, "作者": rag.AuthorsField, "date": rag.DateField, "日期": rag.DateField,
	"publication": rag.PublicationField, "source": rag.PublicationField, "来源": rag.PublicationField,
	"section": rag.SectionField, "category": rag.SectionField, "栏目": rag.SectionField, "affiliation": rag.AffiliationField, "单位": rag.AffiliationField,
}

func factOf(key string) (rag.Field, bool) {
	name, known := frontKeys[strings.ToLower(strings.Trim(key, ` "'`))]
	return name, known
}

const fence = "---"

// frontMatter reads the block of YAML between two fences at the top of lines, blank lines before it
// allowed, and says how many lines it takes up. Without one, or where it says nothing of an article, there are no
// words: what begins with a fence is text then.
func frontMatter(lines []line) (words, int) {
	begin := 0
	for begin < len(lines) && isBlankText(lines[begin].Text) {
		begin++
	}
	if begin == len(lines) || !isFence(lines[begin]) {
		return nil, 0
	}
	var block strings.Builder
	known := false // the parser of YAML is not asked about what is plainly text
	for i := begin + 1; i < min(len(lines), begin+maxFrontLines); i++ {
		if isFence(lines[i]) {
			if !known {
				return nil, 0
			}
			if said := frontWords(block.String(), lines[begin].Number); len(said) > 0 {
				return said, i + 1
			}
			return nil, 0
		}
		if block.Len()+len(lines[i].Text) > maxFrontBytes {
			return nil, 0
		}
		key, _, _ := strings.Cut(lines[i].Text, ":")
		_, isKey := factOf(key)
		known = known || isKey
		block.WriteString(lines[i].Text + "\n")
	}
	return nil, 0
}

func isFence(l line) bool { return strings.TrimRightFunc(l.Text, isBlank) == fence }

// frontWords reads a block; above is the line of the file above it. Keys that other programs use are left
// alone, and so is a value that cannot be one, such as a date that is none.
func frontWords(block string, above int) words {
	doc, err := oneDocument([]byte(block))
	if err != nil || doc == nil || doc.Kind != yaml.MappingNode {
		return nil
	}
	said := words{}
	pairs := doc.Content
	for i := 0; i+1 < len(pairs); i += 2 {
		name, known := factOf(pairs[i].Value)
		if !known {
			continue
		}
		if name == rag.DateField {
			pairs[i+1].Value = looseDate(pairs[i+1].Value)
		}
		if values, err := valuesOf(name, pairs[i+1]); err == nil {
			said[name] = word{values: values, line: above + pairs[i].Line, inside: true}
		}
	}
	return said
}

// looseDate is the day of a date as sites write it, with a time or in Chinese.
func looseDate(value string) string {
	if found, ok := findDate(value); ok {
		return found.date
	}
	return value
}
