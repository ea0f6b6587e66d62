// Package config reads the settings of the program from its environment.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lang is the language of what is shown to people.
type Lang string

// The languages there are.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Config is every setting. The zero value of a folder means its default, which the part that owns it knows.
type Config struct {
	DatabaseURL  Secret     // empty: the private server
	CorpusDir    string     // what ingest reads when no path is given: a folder or file, s3://BUCKET/PREFIX, or http(s)://HOST/FOLDER/
	DataDir      string     // the private server's data
	PartsDir     string     // the fetched parts
	ModelDir     string     // a folder with the model's two files, instead of the fetched one
	RuntimeLib   string     // an ONNX Runtime library, instead of the fetched one
	Dictionary   string     // a dictionary in the format of CC-CEDICT, instead of the fetched one
	EmbedWorkers int        // passages embedded at once; 0: one a CPU
	Lang         Lang       // of messages and help
	LogLevel     slog.Level // least level that is logged

	ArticleDelimiter *regexp.Regexp // matches a whole line that parts the articles of a file; nil: there is none

	Settle     time.Duration // for which a file has to be left alone before it is ingested
	MaxRemoved float64       // share of the sources that a sync removes at most without being forced
	S3         S3            // where CORPUS_DIR names a bucket

	LLM LLM // the language model; without a Provider there is none

	Reingest Reingest // goes with CorpusDir

	ListenAddr string   // host:port of the HTTP server; "": there is none
	PublicURL  string   // under which reading pages are seen from outside, without a slash at its end; "": they are not
	HTTP       HTTP     // the API
	Telegram   Telegram // the bot; without a Token there is none
}

// key is one setting: its name in the environment and how its text is read.
type key struct {
	name   string
	secret bool // NAME_FILE may name a file that holds it
	set    func(*Config, string) error
}

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		*field(c) = v
		return nil
	}
}

var keys = slices.Concat([]key{
	{"DATABASE_URL", true, func(c *Config, v string) error { c.DatabaseURL = Secret(v); return nil }},
	{"CORPUS_DIR", false, text(func(c *Config) *string { return &c.CorpusDir })},
	{"DATA_DIR", false, folder(func(c *Config) *string { return &c.DataDir })},
	{"PARTS_DIR", false, folder(func(c *Config) *string { return &c.PartsDir })},
	{"MODEL_DIR", false, folder(func(c *Config) *string { return &c.ModelDir })},
	{"ONNXRUNTIME_LIB", false, folder(func(c *Config) *string { return &c.RuntimeLib })},
	{"DICTIONARY_FILE", false, folder(func(c *Config) *string { return &c.Dictionary })},
	{"EMBED_WORKERS", false, setWorkers},
	{"ARTICLE_DELIMITER", false, setDelimiter},
	{"YINJU_LANG", false, setLang},
	{"LOG_LEVEL", false, func(c *Config, v string) error { return c.LogLevel.UnmarshalText([]byte(v)) }},
}, corpusKeys, reingestKeys, llmKeys, serveKeys, httpKeys, telegramKeys)

// folder reads a path and makes it absolute, so that a later change of folder does not move it.
func folder(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) (err error) {
		*field(c), err = filepath.Abs(v)
		return err
	}
}

func setWorkers(c *Config, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 256 {
		return errors.New("want a number from 0 to 256, 0 for one a CPU")
	}
	c.EmbedWorkers = n
	return nil
}

// setDelimiter anchors the expression: it matches a whole line or none of it.
func setDelimiter(c *Config, v string) error {
	if _, err := regexp.Compile(v); err != nil {
		return err
	}
	whole, err := regexp.Compile("^(?:" + v + ")$")
	if err != nil {
		return err
	}
	if whole.MatchString("") {
		return errors.New("it matches an empty line, and would part a file at each of them: use + in place of *")
	}
	c.ArticleDelimiter = whole
	return nil
}

func setLang(c *Config, v string) error {
	c.Lang = Lang(v)
	if c.Lang != Chinese && c.Lang != English {
		return errors.New("want zh or en")
	}
	return nil
}

// Load reads the settings; getenv is os.Getenv or the like. Every fault is in the error, not only the first.
func Load(getenv func(string) string) (Config, error) {
	c := Config{
		Lang: langOf(getenv), LogLevel: slog.LevelWarn, LLM: LLM{Unsupported: Drop}, ListenAddr: defaultListenAddr, HTTP: httpDefaults(), Telegram: telegramDefaults(), Settle: defaultSettle, MaxRemoved: defaultMaxRemoved, Reingest: reingestDefaults(),
	}
	c.HTTP.KeysFile = getenv("API_KEYS_FILE")
	var faults []error
	set := map[string]bool{}
	for _, k := range keys {
		v, err := k.value(getenv)
		set[k.name] = v != "" || err != nil
		if err == nil && v != "" {
			err = k.set(&c, v)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", k.name, err))
		}
	}
	if c.HTTP.KeysFile != "" && !set["API_KEYS"] {
		faults = append(faults, errors.New("API_KEYS: there is no key in the file of API_KEYS_FILE"))
	}
	faults = append(faults, c.checkReingest()...)
	if set["S3_ACCESS_KEY_ID"] != set["S3_SECRET_ACCESS_KEY"] {
		faults = append(faults, errors.New("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together: set both or none"))
	}
	faults = append(faults, c.LLM.check(set)...)
	faults = append(faults, c.checkTelegram(set)...)
	return c, errors.Join(faults...)
}

// value is the setting's text, read from the file that NAME_FILE names where it is a secret.
func (k key) value(getenv func(string) string) (string, error) {
	v := strings.TrimSpace(getenv(k.name))
	path := getenv(k.name + "_FILE")
	if !k.secret || path == "" {
		return v, nil
	}
	if v != "" {
		return "", fmt.Errorf("%s_FILE is set too: set one of them", k.name)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read %s_FILE: %w", k.name, err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// langOf follows the locale: English where it says English, else Chinese.
func langOf(getenv func(string) string) Lang {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			if strings.HasPrefix(v, "en") {
				return English
			}
			return Chinese
		}
	}
	return Chinese
}

// Keys lists the names of all settings, secrets also with their _FILE.
func Keys() []string {
	var names []string
	for _, k := range keys {
		names = append(names, k.name)
		if k.secret {
			names = append(names, k.name+"_FILE")
		}
	}
	return names
}
