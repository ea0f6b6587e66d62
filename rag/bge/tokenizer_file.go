package bge

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
)

// tokenizerFile is the part of a Hugging Face tokenizer.json that decides what tokens a text has.
// Truncation and padding, which such a file may also ask for, are left out on purpose.
type tokenizerFile struct {
	AddedTokens []struct {
		ID         int32  `json:"id"`
		Content    string `json:"content"`
		SingleWord bool   `json:"single_word"`
		Lstrip     bool   `json:"lstrip"`
		Rstrip     bool   `json:"rstrip"`
		Normalized bool   `json:"normalized"`
	} `json:"added_tokens"`
	Normalizer struct {
		Type               string `json:"type"`
		CleanText          bool   `json:"clean_text"`
		HandleChineseChars bool   `json:"handle_chinese_chars"`
		StripAccents       *bool  `json:"strip_accents"`
		Lowercase          bool   `json:"lowercase"`
	} `json:"normalizer"`
	PreTokenizer struct {
		Type string `json:"type"`
	} `json:"pre_tokenizer"`
	PostProcessor postProcessor `json:"post_processor"`
	Model         struct {
		Type             string           `json:"type"`
		UnkToken         string           `json:"unk_token"`
		ContinuingPrefix string           `json:"continuing_subword_prefix"`
		MaxWordChars     int              `json:"max_input_chars_per_word"`
		Vocab            map[string]int32 `json:"vocab"`
	} `json:"model"`
}

type postProcessor struct {
	Type   string `json:"type"`
	Single []struct {
		SpecialToken *struct {
			ID string `json:"id"`
		} `json:"SpecialToken"`
		Sequence *struct {
			ID string `json:"id"`
		} `json:"Sequence"`
	} `json:"single"`
	SpecialTokens map[string]struct {
		IDs []int32 `json:"ids"`
	} `json:"special_tokens"`
}

// LoadTokenizer reads a Hugging Face tokenizer.json of the BERT kind: BertNormalizer, BertPreTokenizer,
// WordPiece, and a TemplateProcessing that frames the text. Any other file is an error that says what is
// not as expected. Settings for truncation and padding are ignored.
func LoadTokenizer(path string) (*Tokenizer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load tokenizer: %w", err)
	}
	var file tokenizerFile
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("load tokenizer %s: %w", path, err)
	}
	t, err := file.tokenizer()
	if err != nil {
		return nil, fmt.Errorf("load tokenizer %s: %w", path, err)
	}
	return t, nil
}

func (f *tokenizerFile) tokenizer() (*Tokenizer, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	t := &Tokenizer{
		cleanText:    f.Normalizer.CleanText,
		isolateHan:   f.Normalizer.HandleChineseChars,
		stripAccents: f.Normalizer.Lowercase, // null follows lowercase, as in the first BERT
		lowercase:    f.Normalizer.Lowercase,
		pieces:       newPieces(f.Model.Vocab, f.Model.ContinuingPrefix),
		maxWordRunes: f.Model.MaxWordChars,
		unknown:      f.Model.Vocab[f.Model.UnkToken],
		vocabulary:   slices.Max(slices.Collect(maps.Values(f.Model.Vocab))) + 1,
	}
	if f.Normalizer.StripAccents != nil {
		t.stripAccents = *f.Normalizer.StripAccents
	}
	if err := f.addTokens(t); err != nil {
		return nil, err
	}
	return t, f.PostProcessor.frame(t)
}

// check says what makes the file another kind of tokenizer.
func (f *tokenizerFile) check() error {
	kinds := []struct{ part, got, want string }{
		{"normalizer", f.Normalizer.Type, "BertNormalizer"},
		{"pre_tokenizer", f.PreTokenizer.Type, "BertPreTokenizer"},
		{"model", f.Model.Type, "WordPiece"},
		{"post_processor", f.PostProcessor.Type, "TemplateProcessing"},
	}
	for _, k := range kinds {
		if k.got != k.want {
			return fmt.Errorf("%s is %q, want %q", k.part, k.got, k.want)
		}
	}
	if f.Model.MaxWordChars <= 0 {
		return fmt.Errorf("max_input_chars_per_word is %d, want more than 0", f.Model.MaxWordChars)
	}
	if _, ok := f.Model.Vocab[f.Model.UnkToken]; !ok {
		return fmt.Errorf("unk_token %q is not in the vocabulary", f.Model.UnkToken)
	}
	return f.checkVocabulary()
}

// checkVocabulary wants the numbers 0 to n-1, each once: they are rows of the model's embedding table.
func (f *tokenizerFile) checkVocabulary() error {
	seen := make([]bool, len(f.Model.Vocab))
	for content, id := range f.Model.Vocab {
		if id < 0 || int(id) >= len(seen) || seen[id] {
			return fmt.Errorf("token %q has id %d: want each of 0 to %d once", content, id, len(seen)-1)
		}
		seen[id] = true
	}
	return nil
}

func (f *tokenizerFile) addTokens(t *Tokenizer) error {
	for _, a := range f.AddedTokens {
		if a.SingleWord || a.Lstrip || a.Rstrip || a.Normalized || a.Content == "" {
			return fmt.Errorf("added token %q: only plain ones, matched in raw text, are known", a.Content)
		}
		if id, ok := f.Model.Vocab[a.Content]; !ok || id != a.ID {
			return fmt.Errorf("added token %q with id %d is not in the vocabulary", a.Content, a.ID)
		}
		t.added = append(t.added, newAddedToken(a.Content, a.ID))
	}
	slices.SortFunc(t.added, func(a, b addedToken) int { return cmp.Compare(len(b.content), len(a.content)) })
	return nil
}

// frame finds the markers that stand before and after a single text.
func (p *postProcessor) frame(t *Tokenizer) error {
	markers, texts := &t.before, 0
	for _, step := range p.Single {
		switch {
		case step.Sequence != nil:
			markers = &t.after
			texts++
		case step.SpecialToken != nil:
			*markers = append(*markers, p.SpecialTokens[step.SpecialToken.ID].IDs...)
		}
	}
	if texts != 1 || len(t.before) == 0 || len(t.after) == 0 {
		return errors.New("post_processor does not put markers before and after a text")
	}
	for _, id := range slices.Concat(t.before, t.after) {
		if id < 0 || id >= t.vocabulary {
			return fmt.Errorf("post_processor: marker %d is not in the vocabulary", id)
		}
	}
	return nil
}
