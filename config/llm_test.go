package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLanguageModelIsReadAndItsKeyHidden(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("sk-hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(env(
		"LLM_PROVIDER", "openai", "LLM_MODEL", "deepseek-chat", "LLM_BASE_URL", "https://api.example.com/v1", "LLM_API_KEY_FILE", file,
		"LLM_TIMEOUT", "2m", "LLM_SILENCE", "45s", "LLM_RETRIES", "0", "LLM_CONCURRENCY", "8", "LLM_CONTEXT", "65536", "LLM_TEMPERATURE", "0.2",
		"LLM_TOKENS_PER_QUESTION", "9000", "LLM_TOKENS_PER_DAY", "2000000", "LLM_PRICE_IN", "0.5", "LLM_PRICE_OUT", "8", "LLM_UNSUPPORTED", "mark",
	))
	if err != nil {
		t.Fatal(err)
	}
	want := LLM{
		Provider: "openai", Model: "deepseek-chat", BaseURL: "https://api.example.com/v1", APIKey: "sk-hunter2",
		Timeout: 2 * time.Minute, Silence: 45 * time.Second, Retries: -1, Concurrency: 8, Context: 65536, Temperature: .2,
		TokensPerQuestion: 9000, TokensPerDay: 2_000_000, PriceIn: .5, PriceOut: 8, Unsupported: Mark,
	}
	if c.LLM != want {
		t.Errorf("got %+v", c.LLM)
	}
	if printed := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(printed, "hunter2") {
		t.Errorf("the key was printed: %s", printed)
	}
	if c, err := Load(env()); err != nil || c.LLM != (LLM{Unsupported: Drop}) {
		t.Errorf("without keys: %+v, %v", c.LLM, err)
	}
	if c, err := Load(env("LLM_PROVIDER", "ollama", "LLM_MODEL", "m", "LLM_TOKENS_PER_QUESTION", "0", "LLM_RETRIES", "2")); err != nil || c.LLM.TokensPerQuestion != 0 || c.LLM.Retries != 2 {
		t.Errorf("%+v, %v", c.LLM, err)
	}
}

func TestEveryFaultOfTheLanguageModelIsNamed(t *testing.T) {
	t.Parallel()
	valid := []string{"LLM_PROVIDER", "openai", "LLM_MODEL", "m", "LLM_API_KEY", "k"}
	for name, values := range map[string][]string{
		"LLM_PROVIDER":            {"gemini", "OpenAI"},
		"LLM_BASE_URL":            {"api.example.com", "ftp://h", "http://", "https://u:hunter2@h", "https://h/v1?key=hunter2", "https://h/#hunter2", "http://hunter2 h"},
		"LLM_API_KEY":             {"hunter2 hunter2", "密钥hunter2"},
		"LLM_TIMEOUT":             {"3", "0s", "-1m", "2h"},
		"LLM_SILENCE":             {"soon", "10ms"},
		"LLM_RETRIES":             {"-1", "11", "x"},
		"LLM_CONCURRENCY":         {"0", "65"},
		"LLM_CONTEXT":             {"2047", "1000001"},
		"LLM_TEMPERATURE":         {"-0.1", "2.1", "NaN", "warm"},
		"LLM_TOKENS_PER_QUESTION": {"1999", "1000001", "-1"},
		"LLM_TOKENS_PER_DAY":      {"-1", "much"},
		"LLM_PRICE_IN":            {"-1", "Inf"},
		"LLM_PRICE_OUT":           {"free"},
		"LLM_UNSUPPORTED":         {"keep"},
	} {
		for _, value := range values {
			_, err := Load(env(append([]string{name, value}, valid...)...))
			if err == nil || !strings.Contains(err.Error(), name+":") || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		}
	}
}

func TestKeysOfTheLanguageModelGoTogether(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		env    []string
		faults []string // how each begins; none: it is right
	}{
		{[]string{"LLM_MODEL", "m", "LLM_API_KEY", "k"}, []string{"LLM_PROVIDER: unset, so no language model is used, but LLM_MODEL, LLM_API_KEY is set"}},
		{[]string{"LLM_TOKENS_PER_DAY", "0"}, []string{"LLM_PROVIDER: unset"}},
		{[]string{"LLM_PROVIDER", "anthropic"}, []string{"LLM_MODEL: unset", "LLM_API_KEY: unset"}},
		{[]string{"LLM_PROVIDER", "anthropic", "LLM_MODEL", "m", "LLM_BASE_URL", "http://h"}, []string{"LLM_API_KEY: unset"}},
		{[]string{"LLM_PROVIDER", "anthropic", "LLM_MODEL", "m", "LLM_API_KEY", "k", "LLM_TEMPERATURE", "1.5"}, []string{"LLM_TEMPERATURE:"}},
		{[]string{"LLM_PROVIDER", "openai", "LLM_MODEL", "m"}, []string{"LLM_API_KEY: unset"}},
		{[]string{"LLM_PROVIDER", "openai", "LLM_MODEL", "m", "LLM_BASE_URL", "ftp://h"}, []string{"LLM_BASE_URL:"}},
		{[]string{"LLM_PROVIDER", "other", "LLM_MODEL", "m"}, []string{"LLM_PROVIDER: want"}},
		{[]string{"LLM_PROVIDER", "openai", "LLM_MODEL", "m", "LLM_BASE_URL", "http://127.0.0.1:8000/v1"}, nil},
		{[]string{"LLM_PROVIDER", "ollama", "LLM_MODEL", "m"}, nil},
	} {
		_, err := Load(env(tc.env...))
		var got []string
		if err != nil {
			got = strings.Split(err.Error(), "\n")
		}
		if len(got) != len(tc.faults) {
			t.Errorf("%v: %q, want %q", tc.env, got, tc.faults)
			continue
		}
		for i, fault := range tc.faults {
			if !strings.HasPrefix(got[i], fault) {
				t.Errorf("%v: %q, want %q", tc.env, got[i], fault)
			}
		}
	}
}
