package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Unsupported says what becomes of a sentence of the language model that nothing in the corpus supports.
type Unsupported string

// What there is to choose.
const (
	Drop Unsupported = "drop" // it is left out
	Mark Unsupported = "mark" // it is shown, marked
)

// LLM is which language model writes answers, and how far it may go. The zero value of a limit means its default,
// which the part that owns it knows.
type LLM struct {
	Provider          string // openai, ollama or anthropic; "": there is none, and answers are quotes
	Model             string
	BaseURL           string // "": the provider's own
	APIKey            Secret
	Timeout           time.Duration // of a whole call
	Silence           time.Duration // longest wait for a piece of a reply
	Retries           int           // 0: the default; -1: none, which the environment writes as 0
	Concurrency       int           // calls at once
	Context           int           // tokens of prompt and reply
	Temperature       float64       // 0 to 2
	TokensPerQuestion int           // for all calls of one question
	TokensPerDay      int           // 0: no limit
	PriceIn, PriceOut float64       // for a million tokens, in any currency; 0: unknown
	Unsupported       Unsupported   // Drop unless set
}

var llmKeys = []key{
	{"LLM_PROVIDER", false, func(c *Config, v string) error { return oneOf(&c.LLM.Provider, v, "openai", "ollama", "anthropic") }},
	{"LLM_MODEL", false, text(func(c *Config) *string { return &c.LLM.Model })},
	{"LLM_BASE_URL", false, func(c *Config, v string) error { return setAddress(&c.LLM.BaseURL, v) }},
	{"LLM_API_KEY", true, setAPIKey},
	{"LLM_TIMEOUT", false, func(c *Config, v string) error { return duration(&c.LLM.Timeout, v, time.Second, time.Hour) }},
	{"LLM_SILENCE", false, func(c *Config, v string) error { return duration(&c.LLM.Silence, v, time.Second, time.Hour) }},
	{"LLM_RETRIES", false, setRetries},
	{"LLM_CONCURRENCY", false, func(c *Config, v string) error { return whole(&c.LLM.Concurrency, v, 1, 64) }},
	{"LLM_CONTEXT", false, func(c *Config, v string) error { return whole(&c.LLM.Context, v, 2048, 1_000_000) }},
	{"LLM_TEMPERATURE", false, func(c *Config, v string) error { return decimal(&c.LLM.Temperature, v, 2) }},
	{"LLM_TOKENS_PER_QUESTION", false, setPerQuestion},
	{"LLM_TOKENS_PER_DAY", false, func(c *Config, v string) error { return whole(&c.LLM.TokensPerDay, v, 0, 1_000_000_000) }},
	{"LLM_PRICE_IN", false, func(c *Config, v string) error { return decimal(&c.LLM.PriceIn, v, 1_000_000) }},
	{"LLM_PRICE_OUT", false, func(c *Config, v string) error { return decimal(&c.LLM.PriceOut, v, 1_000_000) }},
	{"LLM_UNSUPPORTED", false, func(c *Config, v string) error { return oneOf(&c.LLM.Unsupported, v, Drop, Mark) }},
}

func oneOf[T ~string](field *T, v string, choices ...T) error {
	for _, choice := range choices {
		if v == string(choice) {
			*field = choice
			return nil
		}
	}
	var names []string
	for _, choice := range choices {
		names = append(names, string(choice))
	}
	return errors.New("want " + strings.Join(names, " or "))
}

func setAddress(field *string, v string) error {
	err := setPlainAddress(field, v)
	if errors.Is(err, errUser) {
		return fmt.Errorf("%w: LLM_API_KEY is for that", err)
	}
	return err
}

func setAPIKey(c *Config, v string) error {
	if strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("it has characters that no key has: is there a blank or a line end in it?")
	}
	c.LLM.APIKey = Secret(v)
	return nil
}

// setRetries reads 0 as none, which in the struct is the default.
func setRetries(c *Config, v string) error {
	err := whole(&c.LLM.Retries, v, 0, 10)
	if err == nil && c.LLM.Retries == 0 {
		c.LLM.Retries = -1
	}
	return err
}

func setPerQuestion(c *Config, v string) error {
	if v == "0" {
		return nil
	}
	if err := whole(&c.LLM.TokensPerQuestion, v, 2000, 1_000_000); err != nil {
		return fmt.Errorf("%w, or 0 for the default", err)
	}
	return nil
}

func whole(field *int, v string, least, most int) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		return fmt.Errorf("want a number from %d to %d", least, most)
	}
	*field = n
	return nil
}

func decimal(field *float64, v string, most float64) error {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || !(f >= 0 && f <= most) { // also what is no number
		return fmt.Errorf("want a number from 0 to %.0f", most)
	}
	*field = f
	return nil
}

func duration(field *time.Duration, v string, least, most time.Duration) error {
	d, err := time.ParseDuration(v)
	if err != nil || d < least || d > most {
		return fmt.Errorf("want a time from %s to %s, such as 90s or 3m", least, most)
	}
	*field = d
	return nil
}

// check holds the keys against each other; set are those that have a value, right or wrong.
func (l LLM) check(set map[string]bool) []error {
	if !set["LLM_PROVIDER"] {
		var idle []string
		for _, k := range llmKeys {
			if set[k.name] {
				idle = append(idle, k.name)
			}
		}
		if len(idle) == 0 {
			return nil
		}
		return []error{fmt.Errorf("LLM_PROVIDER: unset, so no language model is used, but %s is set: set it too, or none of them", strings.Join(idle, ", "))}
	}
	var faults []error
	if !set["LLM_MODEL"] {
		faults = append(faults, errors.New("LLM_MODEL: unset: LLM_PROVIDER needs a model"))
	}
	switch {
	case set["LLM_API_KEY"]:
	case l.Provider == "anthropic":
		faults = append(faults, errors.New("LLM_API_KEY: unset: anthropic needs a key"))
	case l.Provider == "openai" && !set["LLM_BASE_URL"]:
		faults = append(faults, errors.New("LLM_API_KEY: unset: openai needs a key, unless LLM_BASE_URL is a server that asks for none"))
	}
	if l.Provider == "anthropic" && l.Temperature > 1 {
		faults = append(faults, errors.New("LLM_TEMPERATURE: anthropic takes 0 to 1"))
	}
	return faults
}
